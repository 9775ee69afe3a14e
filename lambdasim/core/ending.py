"""Effects of reset and shutdown. A reset is a small shutdown after which the environment goes on, with /tmp as it was.

Order: SIGTERM to the runtime and its share of the budget; then SHUTDOWN to the external extensions that subscribed
to it and SIGKILL to the others; at the end of the budget SIGKILL to all. Without extensions: SIGKILL at once.
AWS: lambda-runtime-environment, "Shutdown phase"; RIE: internal/lambda/rapid/shutdown.go.
"""

from lambdasim.core import records
from lambdasim.core.actions import Dispose, Kill, KillAll, Measure, ShutdownEvent, Terminate
from lambdasim.core.delivery import hand_out
from lambdasim.core.invoking import record_measurement, report_invoke
from lambdasim.core.life import RUNTIME_EXIT_TIMER, SHUTDOWN_TIMER, Ending, Life
from lambdasim.core.limits import NO_EXTENSION_BUDGET_MS, NS_PER_MS, RUNTIME_SHARE_MS, shutdown_budget_ms
from lambdasim.core.phases import Phase
from lambdasim.core.roster import Party
from lambdasim.core.values import ExtensionEventType, InitPhase, ShutdownReason, Status

SIGTERM, SIGKILL = "SIGTERM", "SIGKILL"

# --- beginning -----------------------------------------------------------------------------------


def begin_ending(life: Life) -> None:
    roster = life.roster
    budget_ms = shutdown_budget_ms(external=bool(roster.externals()), internal=bool(roster.internals()))
    ending = life.ending = Ending(reason=_reason(life), began_ns=life.now_ns, budget_ms=budget_ms)
    life.registration_open = False
    for party in roster:
        party.owed = None
    life.record("sim.shutdown", records.shutdown(ending.reason, budget_ms=budget_ms))
    if budget_ms == NO_EXTENSION_BUDGET_MS:
        kill_all(life, "no extensions")
    elif roster.runtime is not None and roster.runtime.alive:
        _terminate(life, roster.runtime)
        life.arm(RUNTIME_EXIT_TIMER, life.now_ns + RUNTIME_SHARE_MS[budget_ms] * NS_PER_MS)


def _reason(life: Life) -> ShutdownReason:
    if life.phase is Phase.RESET_RUNTIME:
        timed_out = life.fault is not None and life.fault.status is Status.TIMEOUT
        return ShutdownReason.TIMEOUT if timed_out else ShutdownReason.FAILURE
    if life.shutdown_reason is None:
        raise AssertionError(f"no shutdown was requested in {life.phase}")
    return life.shutdown_reason


def shut_extensions_down(life: Life) -> None:
    life.disarm(RUNTIME_EXIT_TIMER)
    ending = _ending(life)
    deadline_ns = ending.began_ns + ending.budget_ms * NS_PER_MS
    event = ShutdownEvent(reason=ending.reason, deadline_ms=deadline_ns // NS_PER_MS)
    alive = [party for party in life.roster.externals() if party.alive]
    for party in alive:
        if party.subscribes(ExtensionEventType.SHUTDOWN):
            hand_out(life, party, event)
        else:
            kill(life, party, "not subscribed to SHUTDOWN")
    if alive:
        life.arm(SHUTDOWN_TIMER, deadline_ns)


# --- signals -------------------------------------------------------------------------------------


def _terminate(life: Life, party: Party) -> None:
    """A process that is still being started cannot get a signal: it is killed when it has started."""
    if party.pid is not None:
        life.actions.append(Terminate(party=party.name))
        life.record("sim.signal", records.signal(SIGTERM, reason=_ending(life).reason), party.name)


def kill(life: Life, party: Party, reason: str) -> None:
    if party.pid is not None:
        life.actions.append(Kill(party=party.name))
        life.record("sim.signal", records.signal(SIGKILL, reason=reason), party.name)


def kill_all(life: Life, reason: str) -> None:
    alive = [party for party in life.roster if party.alive]
    if alive:
        life.actions.append(KillAll())
    for party in alive:
        life.record("sim.signal", records.signal(SIGKILL, reason=reason), party.name)


def runtime_share_spent(life: Life) -> None:
    if life.roster.runtime is not None and life.roster.runtime.alive:
        kill(life, life.roster.runtime, "the runtime's share of the budget is spent")


def budget_spent(life: Life) -> None:
    kill_all(life, "the budget is spent")


# --- ending --------------------------------------------------------------------------------------


def sweep(life: Life) -> None:
    """Whatever the parties left behind must not live on into the next init."""
    life.disarm(SHUTDOWN_TIMER)
    life.actions.append(KillAll())
    life.actions.append(Measure())


def report_reset(life: Life) -> None:
    if life.open is None:
        record_measurement(life, InitPhase.INIT)
    else:
        report_invoke(life)
    life.forget_parties()


def measure_shutdown(life: Life) -> None:
    life.disarm(SHUTDOWN_TIMER)
    life.actions.append(Measure())


def end(life: Life) -> None:
    ending = _ending(life)
    record_measurement(life, "shutdown")
    life.record("sim.end", records.end(ending.reason))
    life.actions.append(Dispose())
    # An internal extension that registered before there was a runtime has no process whose end could end it.
    life.forget_parties()


def _ending(life: Life) -> Ending:
    if life.ending is None:
        raise AssertionError(f"neither reset nor shutdown is under way in {life.phase}")
    return life.ending

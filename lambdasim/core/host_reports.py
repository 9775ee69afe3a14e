"""Inputs of the host: processes, timers, marks, measurements, invocations and the request to shut down.

They are facts, so hardly any is refused: only what contradicts the life so far. A process's end is a fault where
the environment lives, and expected where it is being ended. RIE: internal/lambda/rapid/handlers.go, watchEvents.
"""

from collections.abc import Callable, Mapping

from lambdasim.core import records
from lambdasim.core.actions import Arm, Record
from lambdasim.core.ending import budget_spent, kill, runtime_share_spent
from lambdasim.core.errors import IllegalTransition, NotReady, SpecError
from lambdasim.core.faults import (
    EXTENSION_CRASH,
    EXTENSION_LAUNCH_ERROR,
    RUNTIME_EXIT_ERROR,
    RUNTIME_INVALID_ENTRYPOINT,
    exit_text,
    failure,
)
from lambdasim.core.initializing import init_timed_out
from lambdasim.core.inputs import (
    InitRequested,
    InvocationArrived,
    Marked,
    Measured,
    ProcessExited,
    ProcessNotStarted,
    ProcessStarted,
    ShutdownRequested,
    TimerFired,
)
from lambdasim.core.invoking import invoke_timed_out, turn_away
from lambdasim.core.life import INIT_TIMER, INVOKE_TIMER, RUNTIME_EXIT_TIMER, SHUTDOWN_TIMER, Life
from lambdasim.core.parties import TABLES, Move, State
from lambdasim.core.phases import ENDING_PHASES, MEASURE_PHASES, Phase
from lambdasim.core.roster import Party
from lambdasim.core.values import RUNTIME_PARTY, Role

# --- what is asked for ---------------------------------------------------------------------------


def init_requested(life: Life, input: InitRequested) -> None:
    if life.phase is not Phase.PREPARED:
        raise IllegalTransition("environment", life.phase, Phase.INIT_REGISTER)
    if RUNTIME_PARTY in input.extensions:
        raise SpecError("extensions", f"an extension cannot be called `{RUNTIME_PARTY}`, which is the name of the "
                                      f"runtime's own lane: rename the file in /opt/extensions")
    life.extension_names = input.extensions
    life.init_requested = True


def invocation_arrived(life: Life, input: InvocationArrived) -> None:
    if life.shutdown_reason is not None or life.phase is Phase.DEAD:
        raise NotReady("the environment is shutting down: it takes no further invocation")
    life.waiting.append(input.invocation)


def shutdown_requested(life: Life, input: ShutdownRequested) -> None:
    """An open invocation finishes first; those that only wait are turned away. A second request changes nothing."""
    if life.shutdown_reason is None and life.phase is not Phase.DEAD:
        life.shutdown_reason = input.reason
        turn_away(life)


# --- processes -----------------------------------------------------------------------------------


def process_started(life: Life, input: ProcessStarted) -> None:
    party = _with_process(life, input.party)
    party.pid = input.pid
    if life.init is not None and life.init.first_process_ns is None:
        life.init.first_process_ns = life.now_ns
    life.record("sim.processStart", records.process_start(party.role, input.pid), party.name)
    if life.phase in ENDING_PHASES:
        kill(life, party, "started after the end had begun")


def process_not_started(life: Life, input: ProcessNotStarted) -> None:
    party = _with_process(life, input.party)
    party.error_type = input.error_type
    _gone(life, party, Move.LAUNCH_ERROR)
    if party.role is Role.RUNTIME:
        given = input.error_type
        error_type = given if given.startswith("Runtime.") else RUNTIME_INVALID_ENTRYPOINT
    else:
        error_type = EXTENSION_LAUNCH_ERROR
    _note(life, error_type, input.reason)


def process_exited(life: Life, input: ProcessExited) -> None:
    party = _with_process(life, input.party)
    status = input.status
    life.record("sim.processExit", records.process_exit(party.role, party.pid, status), party.name)
    _gone(life, party, Move.EXIT)
    if party.role is Role.RUNTIME:
        for internal in life.roster.internals():
            _gone(life, internal, Move.EXIT)
    crash = RUNTIME_EXIT_ERROR if party.role is Role.RUNTIME else EXTENSION_CRASH
    _note(life, crash, exit_text(party.role, status))


def _gone(life: Life, party: Party, move: Move) -> None:
    """A process that was never there may have been registered for by somebody else: then it counts as exited."""
    party.alive = False
    party.owed = None
    life.roster.take_calls(party)
    life.set_state(party, TABLES[party.role][party.state].get(move, State.EXITED))


def _note(life: Life, error_type: str, text: str) -> None:
    """What a party reported before it went is the better reason."""
    if life.phase not in ENDING_PHASES:
        life.note_fault(failure(life.fatal_type or error_type, text))


def _with_process(life: Life, name: str) -> Party:
    party = life.roster.find(name)
    if party is None or not party.alive:
        raise NotReady(f"party {name} has no process in phase {life.phase}")
    return party


def marked(life: Life, input: Marked) -> None:
    life.actions.append(
        Record(type="sim.mark", record=records.mark(input.name), party=RUNTIME_PARTY, at_ns=input.marked_at_ns)
    )


# --- measurements and timers ---------------------------------------------------------------------


def measured(life: Life, input: Measured) -> None:
    if life.phase not in MEASURE_PHASES:
        raise NotReady(f"no measurement was asked for in phase {life.phase}")
    life.measured = input.measurement


TIMEOUTS: Mapping[str, Callable[[Life], None]] = {
    INIT_TIMER: init_timed_out,
    INVOKE_TIMER: invoke_timed_out,
    RUNTIME_EXIT_TIMER: runtime_share_spent,
    SHUTDOWN_TIMER: budget_spent,
}


def timer_fired(life: Life, input: TimerFired) -> None:
    """One that was disarmed while it was already on its way means nothing any more."""
    due_ns = life.timers.get(input.timer)
    if due_ns is None:
        return
    if life.now_ns < due_ns:
        # Early by the loop's resolution, or meant for the timer's former use: the present one is still to come.
        life.actions.append(Arm(timer=input.timer, at_ns=due_ns))
        return
    del life.timers[input.timer]
    TIMEOUTS[input.timer](life)

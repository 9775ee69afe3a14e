"""Effects of the Init phase, and of the same init inside an invocation ("suppressed init").

Order: external extensions are spawned and must register, then the runtime is spawned and calls next, then every
extension calls next. AWS: lambda-runtime-environment, "Init phase"; RIE: internal/lambda/rapid/handlers.go.
"""

from lambdasim.core import records
from lambdasim.core.actions import Measure, Spawn
from lambdasim.core.ending import begin_ending
from lambdasim.core.faults import (
    EXTENSION_CRASH,
    EXTENSION_LAUNCH_ERROR,
    SANDBOX_FAILURE,
    TOO_MANY_EXTENSIONS,
    failure,
    timeout,
)
from lambdasim.core.invoking import arm_timeout, hand_out_event, record_measurement, take_up
from lambdasim.core.life import INIT_TIMER, Init, Life
from lambdasim.core.limits import MAX_EXTENSIONS, NS_PER_MS, init_limit_ms
from lambdasim.core.parties import State
from lambdasim.core.roster import Party
from lambdasim.core.time import duration_ms
from lambdasim.core.values import RUNTIME_PARTY, InitializationType, InitPhase, Role, Status

# --- beginning -----------------------------------------------------------------------------------


def begin_init(life: Life) -> None:
    life.arm(INIT_TIMER, life.now_ns + init_limit_ms(life.spec) * NS_PER_MS)
    _start(life, InitPhase.INIT)


def begin_inline_init(life: Life) -> None:
    open = take_up(life, cold_start=life.spec.initialization_type is not InitializationType.PROVISIONED_CONCURRENCY)
    arm_timeout(life, open)
    _start(life, InitPhase.INVOKE)


def _start(life: Life, phase: InitPhase) -> None:
    life.init = Init(phase=phase, began_ns=life.now_ns)
    life.registration_open = True
    life.record("platform.initStart", records.init_start(life.spec, phase))
    for name in life.extension_names:
        life.roster.add_external(name)
    if len(life.extension_names) > MAX_EXTENSIONS:
        _refuse_too_many(life)
        return
    for party in life.roster.externals():
        _spawn(life, party)


def _refuse_too_many(life: Life) -> None:
    for party in life.roster.externals()[MAX_EXTENSIONS:]:
        party.error_type = TOO_MANY_EXTENSIONS
        life.set_state(party, State.LAUNCH_ERROR)
    life.note_fault(failure(EXTENSION_LAUNCH_ERROR, f"Extension limit ({MAX_EXTENSIONS}) reached"))


def _spawn(life: Life, party: Party) -> None:
    party.alive = True
    life.actions.append(Spawn(party=party.name, role=party.role))


def spawn_runtime(life: Life) -> None:
    life.roster.runtime = Party(name=RUNTIME_PARTY, role=Role.RUNTIME)
    _spawn(life, life.roster.runtime)


def end_runtime_init(life: Life) -> None:
    """The runtime's first next: from here on no internal extension may register."""
    life.registration_open = False
    _record_runtime_done(life, _init(life), status=Status.SUCCESS)


# --- ending well ---------------------------------------------------------------------------------


def end_init(life: Life) -> None:
    init = _init(life)
    life.disarm(INIT_TIMER)
    init.ended_ns = life.now_ns
    life.init_ns = init.duration_ns(life.now_ns)
    _record_extensions(life)
    life.actions.append(Measure())


def report_init(life: Life) -> None:
    record_measurement(life, InitPhase.INIT)
    _record_report(life, _init(life), status=Status.SUCCESS)


def end_inline_init(life: Life) -> None:
    """No measurement of its own: its memory and its time are the invocation's."""
    _record_extensions(life)
    _record_report(life, _init(life), status=Status.SUCCESS)
    hand_out_event(life)


# --- ending otherwise ----------------------------------------------------------------------------


def fail_init(life: Life) -> None:
    """Closes the records of an init under way with the fault's status; the time limit of Init is one."""
    init, fault = life.init, life.fault
    if init is None or fault is None:
        return
    life.disarm(INIT_TIMER)
    _close(life, init, status=fault.status, error_type=fault.recorded_type)


def abandon_init(life: Life) -> None:
    """A shutdown does not wait for an init that no invocation waits for."""
    life.disarm(INIT_TIMER)
    _close(life, _init(life), status=Status.FAILURE, error_type=SANDBOX_FAILURE)
    begin_ending(life)


def init_timed_out(life: Life) -> None:
    life.note_fault(timeout(init_limit_ms(life.spec)))


def _close(life: Life, init: Init, *, status: Status, error_type: str | None) -> None:
    if not init.runtime_done:
        _record_runtime_done(life, init, status=status, error_type=error_type)
    _record_extensions(life)
    _record_report(life, init, status=status, error_type=error_type)


# --- records -------------------------------------------------------------------------------------


def _record_runtime_done(life: Life, init: Init, *, status: Status, error_type: str | None = None) -> None:
    init.runtime_done = True
    record = records.init_done(life.spec, init.phase, status=status, error_type=error_type)
    life.record("platform.initRuntimeDone", record)


def _record_report(life: Life, init: Init, *, status: Status, error_type: str | None = None) -> None:
    ended_ns = life.now_ns if init.ended_ns is None else init.ended_ns
    life.record("platform.initReport", records.init_report(
        life.spec, init.phase, status=status, error_type=error_type,
        init_ms=duration_ms(0, init.duration_ns(ended_ns)),
    ))
    life.init = None


def _record_extensions(life: Life) -> None:
    """One each, also when Init failed. A process that is gone is shown in the last state it reached itself."""
    for party in life.roster.extensions.values():
        state, error_type = party.state, party.error_type
        if state is State.EXITED and party.previous is not None:
            state, error_type = party.previous, error_type or EXTENSION_CRASH
        life.record("platform.extension", records.extension(
            party.name, state=state, events=party.events, error_type=error_type,
        ))


def _init(life: Life) -> Init:
    if life.init is None:
        raise AssertionError(f"no init is under way in {life.phase}")
    return life.init

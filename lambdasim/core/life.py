"""The state of one environment's life, and the few ways to change it that all effects share.

Data and bookkeeping only: what a change means is decided by the tables (parties, phases) and carried out by the effects
(initializing, invoking, ending, freezing). Attributes are grouped by lifetime. Every action is appended to
`actions`, which belongs to the input being received.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from lambdasim.core import records
from lambdasim.core.actions import Action, Arm, Disarm, InvokeEvent, Record, RuntimeEvent
from lambdasim.core.faults import Fault
from lambdasim.core.freezer import Freezer
from lambdasim.core.parties import State
from lambdasim.core.phases import Phase
from lambdasim.core.roster import Party, Roster
from lambdasim.core.values import FunctionSpec, InitPhase, Invocation, Measurement, ShutdownReason, Status

INIT_TIMER = "init"
INVOKE_TIMER = "invoke"
RUNTIME_EXIT_TIMER = "runtime-exit"
SHUTDOWN_TIMER = "shutdown"


@dataclass(slots=True, kw_only=True)
class Init:
    """One attempt at Init, in its own phase or inside an invocation."""

    phase: InitPhase
    began_ns: int
    first_process_ns: int | None = None
    runtime_done: bool = False
    ended_ns: int | None = None

    def duration_ns(self, until_ns: int) -> int:
        """First process started → `until`."""
        return until_ns - (self.began_ns if self.first_process_ns is None else self.first_process_ns)


@dataclass(slots=True, kw_only=True)
class Open:
    """The invocation under way, from being taken up to its report."""

    invocation: Invocation
    tracing: dict[str, Any]
    began_ns: int
    init_ns: int | None
    """The Init Duration to be reported, and billed, with it."""
    deadline_ms: int = 0
    # the event, and who has it
    started: bool = False
    delivered_ns: int | None = None
    runtime_event: RuntimeEvent | None = None
    invoke_event: InvokeEvent | None = None
    holders: list[str] = field(default_factory=list)
    """Who has not called next since the event was handed out; the runtime first."""
    subscribed: bool = False
    """Somebody else than the runtime got the event."""
    # the response
    response_began_ns: int | None = None
    response_ended_ns: int | None = None
    produced_bytes: int = 0
    answered: bool = False
    # the end
    runtime_done_ns: int | None = None
    runtime_reported: bool = False
    duration_ns: int | None = None
    status: Status = Status.SUCCESS
    error_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A reset or shutdown under way."""

    reason: ShutdownReason
    began_ns: int
    budget_ms: int


class Life:
    __slots__ = (
        "actions", "ending", "extension_names", "fatal_type", "fault", "freezer", "frozen_ns", "init", "init_ns",
        "init_requested", "measured", "now_ns", "open", "phase", "registration_open", "roster", "shutdown_reason",
        "spec", "thaw_asked_ns", "timers", "waiting",
    )

    def __init__(self, spec: FunctionSpec) -> None:
        # the whole life
        self.spec = spec
        self.phase = Phase.PREPARED
        self.extension_names: tuple[str, ...] = ()
        self.init_requested = False
        self.shutdown_reason: ShutdownReason | None = None
        self.waiting: deque[Invocation] = deque()
        self.timers: dict[str, int] = {}
        self.now_ns = 0
        # since the last init or reset
        self.roster = Roster()
        self.registration_open = False
        self.init: Init | None = None
        self.init_ns: int | None = None
        self.fatal_type: str | None = None
        """The first fatal error that a party reported: it names the fault once a process ends."""
        self.fault: Fault | None = None
        self.ending: Ending | None = None
        # since the last invocation
        self.open: Open | None = None
        self.freezer = Freezer.RUNNING
        self.frozen_ns: int | None = None
        self.thaw_asked_ns = 0
        # of the present input
        self.measured: Measurement | None = None
        self.actions: list[Action] = []

    def record(self, type: str, record: dict[str, Any], party: str | None = None) -> None:
        self.actions.append(Record(type=type, record=record, party=party))

    def enter(self, phase: Phase) -> None:
        if phase is not self.phase:
            self.record("sim.phase", records.phase(self.phase, phase))
            self.phase = phase

    def set_state(self, party: Party, state: State) -> None:
        """The caller has looked the transition up; a state reached from itself is none."""
        if state is party.state:
            return
        party.previous, party.state = party.state, state
        request_id = None if self.open is None else self.open.invocation.request_id
        record = records.party(party.role, state=state, previous=party.previous, request_id=request_id)
        self.record("sim.party", record, party.name)

    def note_fault(self, fault: Fault) -> None:
        """The first one wins (RIE: internal/lambda/appctx/appctxutil.go, StoreFirstFatalError)."""
        if self.fault is None:
            self.fault = fault

    def note_fatal_type(self, error_type: str) -> None:
        if self.fatal_type is None:
            self.fatal_type = error_type

    def arm(self, timer: str, at_ns: int) -> None:
        self.timers[timer] = at_ns
        self.actions.append(Arm(timer=timer, at_ns=at_ns))

    def disarm(self, timer: str) -> None:
        if self.timers.pop(timer, None) is not None:
            self.actions.append(Disarm(timer=timer))

    def forget_parties(self) -> None:
        """After a reset nothing of the last init is left but /tmp."""
        self.roster = Roster()
        self.registration_open = False
        self.fault = self.fatal_type = self.init_ns = self.ending = None

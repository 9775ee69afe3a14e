"""Simulated processes under a clock that tests turn: performs the core's actions and reports what follows.

How this works: `feed` hands an input to the environment and performs what comes back; Measure and Thaw are answered
while they are performed, everything else that a real host would report later (starts, exits, Frozen) waits in
`backlog` until `run`. What a host may rely on is asserted here, so that every test of the core checks it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from lambdasim.core import actions, inputs
from lambdasim.core.actions import Action, InvokeEvent, Record, RuntimeEvent, ShutdownEvent
from lambdasim.core.environment import Environment
from lambdasim.core.values import (
    Answer,
    ExitStatus,
    FunctionSpec,
    Measurement,
    ProcessUse,
    Role,
)

EPOCH_NS = 1_700_000_000 * 1_000_000_000
MS = 1_000_000


class Call:
    """A parked request: opaque to the core, named here so that failures can be read."""

    def __init__(self, party: str) -> None:
        self.party = party
        self.event: RuntimeEvent | InvokeEvent | ShutdownEvent | None = None
        self.dropped = False

    def __repr__(self) -> str:
        return f"<call of {self.party}>"


@dataclass(slots=True, kw_only=True)
class Process:
    party: str
    role: Role
    pid: int
    started: bool = False


@dataclass(slots=True, kw_only=True)
class FakeMachine:
    spec: FunctionSpec = field(default_factory=lambda: FunctionSpec(function_name="f"))
    ignores_sigterm: set[str] = field(default_factory=set)
    cannot_start: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Party → (error_type, reason) of a failing exec."""
    holds_starts: bool = False
    """Starts stay in the backlog until the test lets them happen with `run`."""
    memory_mb: float = 40.2
    environment: Environment = field(init=False)
    now_ns: int = EPOCH_NS
    # what was done
    performed: list[Action] = field(default_factory=list)
    events: list[tuple[int, Record]] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    completed: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    disposed: bool = False
    # what is there
    processes: dict[str, Process] = field(default_factory=dict)
    identifiers: dict[str, str] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    """The last call of each party."""
    timers: dict[str, int] = field(default_factory=dict)
    backlog: deque[inputs.Input] = field(default_factory=deque)
    stopped: bool = False
    freezing: bool = False
    pids: int = 100

    def __post_init__(self) -> None:
        self.environment = Environment(self.spec)

    # --- the loop --------------------------------------------------------------------------------

    def feed(self, input: inputs.Input) -> list[Action]:
        returned = self.environment.receive(input, self.now_ns)
        assert not (self.disposed and returned), f"{returned} after Dispose"
        for action in returned:
            self.performed.append(action)
            _PERFORM[type(action)](self, action)
        return returned

    def run(self) -> Self:
        """Reports everything that has happened meanwhile."""
        while self.backlog:
            self.report_one()
        return self

    def report_one(self) -> None:
        input = self.backlog.popleft()
        if isinstance(input, inputs.ProcessExited):
            if input.party not in self.processes:
                return
            del self.processes[input.party]
        elif isinstance(input, inputs.ProcessStarted):
            process = self.processes.get(input.party)
            if process is None or process.pid != input.pid:
                return
            process.started = True
        elif isinstance(input, inputs.ProcessNotStarted):
            self.processes.pop(input.party, None)
        elif isinstance(input, inputs.Frozen):
            if not self.freezing:
                return
            self.freezing, self.stopped = False, True
        self.feed(input)

    def advance(self, by_ms: float) -> Self:
        """Turns the clock, serving every timer at its time."""
        until_ns = self.now_ns + round(by_ms * MS)
        while due := [(at_ns, name) for name, at_ns in self.timers.items() if at_ns <= until_ns]:
            at_ns, name = min(due)
            self.now_ns = max(self.now_ns, at_ns)
            del self.timers[name]
            self.feed(inputs.TimerFired(timer=name))
            self.run()
        self.now_ns = until_ns
        return self

    # --- performing ------------------------------------------------------------------------------

    def _spawn(self, action: actions.Spawn) -> None:
        assert action.party not in self.processes, f"{action.party} runs already"
        assert not self.stopped, "spawned into a frozen environment"
        self.pids += 1
        self.processes[action.party] = Process(party=action.party, role=action.role, pid=self.pids)
        if action.party in self.cannot_start:
            error_type, reason = self.cannot_start[action.party]
            self.backlog.append(inputs.ProcessNotStarted(party=action.party, error_type=error_type, reason=reason))
        else:
            self.backlog.append(inputs.ProcessStarted(party=action.party, pid=self.pids))

    def _deliver(self, action: actions.Deliver) -> None:
        call = action.call
        assert isinstance(call, Call)
        assert not self.stopped and not self.freezing, f"delivered to {call} while frozen"
        assert not call.dropped, f"delivered to {call}, which was dropped"
        assert call.event is None, f"delivered twice to {call}"
        assert call.party in self.processes or self.role(call.party) is Role.INTERNAL, f"{call.party} is gone"
        call.event = action.event

    def _answer(self, action: actions.AnswerCaller) -> None:
        request_id = action.answer.request_id
        assert request_id not in self.answers, f"{request_id} answered twice"
        assert request_id not in self.completed, f"{request_id} answered after Complete"
        self.answers[request_id] = action.answer

    def _complete(self, action: actions.Complete) -> None:
        assert action.request_id in self.answers, f"{action.request_id} complete without an answer"
        assert action.request_id not in self.completed, f"{action.request_id} completed twice"
        self.completed.append(action.request_id)

    def _terminate(self, action: actions.Terminate) -> None:
        assert self.processes[action.party].started
        if action.party not in self.ignores_sigterm:
            self.exit_later(action.party, -15)

    def _kill(self, action: actions.Kill) -> None:
        assert self.processes[action.party].started
        self.exit_later(action.party, -9)

    def _kill_all(self, action: actions.KillAll) -> None:
        for process in self.processes.values():
            if process.started:
                self.exit_later(process.party, -9)

    def _freeze(self, action: actions.Freeze) -> None:
        assert not self.stopped and not self.freezing
        self.freezing = True
        self.backlog.append(inputs.Frozen(took_ms=0.5, processes=len(self.processes)))

    def _thaw(self, action: actions.Thaw) -> None:
        assert self.stopped or self.freezing, "nothing to thaw"
        was_frozen, self.stopped, self.freezing = self.stopped, False, False
        self.feed(inputs.Thawed(was_frozen=was_frozen, took_ms=0.15))

    def _arm(self, action: actions.Arm) -> None:
        self.timers[action.timer] = action.at_ns

    def _disarm(self, action: actions.Disarm) -> None:
        del self.timers[action.timer]

    def _measure(self, action: actions.Measure) -> None:
        uses = tuple(
            ProcessUse(party=one.party, pid=one.pid, cpu_ms=1.5, max_memory_mb=20.0) for one in self.processes.values()
        )
        self.feed(inputs.Measured(measurement=Measurement(
            max_memory_mb=self.memory_mb, high_water_mb=self.memory_mb + 3, method="vmhwm", processes=uses,
        )))

    def _record(self, action: Record) -> None:
        self.events.append((self.now_ns, action))

    def _dispose(self, action: actions.Dispose) -> None:
        assert not self.processes, f"disposed with {list(self.processes)} running"
        assert not self.timers, f"disposed with {list(self.timers)} armed"
        self.disposed = True

    def exit_later(self, party: str, code: int) -> None:
        status = ExitStatus(code=code, cpu_ms=12.5, max_memory_mb=22.0)
        self.backlog.append(inputs.ProcessExited(party=party, status=status))

    def role(self, party: str) -> Role:
        return next(one.role for one in self.environment.parties if one.name == party)


_PERFORM: dict[type[Action], Callable[[FakeMachine, Any], None]] = {
    actions.Spawn: FakeMachine._spawn,
    actions.Deliver: FakeMachine._deliver,
    actions.AnswerCaller: FakeMachine._answer,
    actions.Complete: FakeMachine._complete,
    actions.Terminate: FakeMachine._terminate,
    actions.Kill: FakeMachine._kill,
    actions.KillAll: FakeMachine._kill_all,
    actions.Freeze: FakeMachine._freeze,
    actions.Thaw: FakeMachine._thaw,
    actions.Arm: FakeMachine._arm,
    actions.Disarm: FakeMachine._disarm,
    actions.Measure: FakeMachine._measure,
    actions.Record: FakeMachine._record,
    actions.Dispose: FakeMachine._dispose,
}

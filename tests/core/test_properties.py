"""What holds in every life, over random histories of processes that behave and that do not.

How this works: hypothesis chooses a history as numbers; each picks one of the steps that a host, a process or a
stranger could take now, legal or not. Refused steps must change nothing. At the end the environment is shut down,
and within the budgets it has to be dead. The promises are then read off the recorded events alone.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdasim.core import inputs
from lambdasim.core.errors import Refused
from lambdasim.core.parties import TABLES
from lambdasim.core.phases import LIVE_PHASES, PHASE_EDGES, Phase
from lambdasim.core.values import RUNTIME_PARTY, FunctionSpec, Role, ShutdownReason
from tests.core.fake_host import EPOCH_NS, Call, FakeHost
from tests.core.snapshot import snapshot

Step = Callable[[], object]
NAMES = ("a", "b", "internal")
EVENTS = (("INVOKE", "SHUTDOWN"), ("INVOKE",), ("SHUTDOWN",), (), ("FOO",))
CODES = (0, 1, 255, -9, -11)
DELAYS_MS = (0, 1, 40, 600, 2_000, 3_000, 10_000)


class History:
    """One life, driven by numbers."""

    def __init__(self, seed: list[int], *, externals: int, ignores_sigterm: bool, broken: bool) -> None:
        names = NAMES[:externals]
        self.host = FakeHost(
            spec=FunctionSpec(function_name="f", timeout_ms=3_000),
            ignores_sigterm={RUNTIME_PARTY} if ignores_sigterm else set(),
            cannot_start={names[0]: ("UnknownError", "exec format error")} if broken and names else {},
            holds_starts=True,
        )
        self.names = names
        self.seed = seed
        self.refused = 0
        self.requests = 0

    def play(self) -> "History":
        for number in self.seed:
            step = self._step(number)
            before = snapshot(self.host.environment)
            try:
                step()
            except Refused:
                self.refused += 1
                assert snapshot(self.host.environment) == before
            self._check_now()
        return self

    def end(self) -> "History":
        host = self.host
        host.run()
        if not host.disposed:
            host.feed(inputs.ShutdownRequested(reason=ShutdownReason.SPINDOWN))
            for _ in range(8):
                host.run()
                host.advance(3_000)
            host.run()
        return self

    def _step(self, number: int) -> Step:
        kinds = (
            self._honest, self._honest, self._honest, self._honest, self._report, self._wait, self._arrive, self._next,
            self._respond, self._strange, self._exit, self._honest,
        )
        return kinds[number % len(kinds)](number // len(kinds))

    def _honest(self, number: int) -> Step:
        """What well-behaved processes would do next: the way deep into a life."""
        host = self.host
        if host.phase is Phase.PREPARED:
            return lambda: host.feed(inputs.InitRequested(extensions=self.names))
        if host.backlog:
            return host.report_one
        for party in host.environment.parties:
            if party.state == "Started" and party.name != RUNTIME_PARTY and party.alive:
                return lambda name=party.name: host.register(name, EVENTS[number % 4])
            if party.state in ("Started", "Registered", "RuntimeResponseSentState"):
                return lambda name=party.name: host.next(name)
        current = host.environment.current
        if current is not None and RUNTIME_PARTY in host.environment.holders:
            return lambda: host.respond(current.request_id)
        for holder in host.environment.holders:
            return lambda name=holder: host.next(name)
        return self._arrive(number)

    def _report(self, number: int) -> Step:
        return self.host.report_one if self.host.backlog else lambda: None

    def _wait(self, number: int) -> Step:
        return lambda: self.host.advance(DELAYS_MS[number % len(DELAYS_MS)])

    def _arrive(self, number: int) -> Step:
        self.requests += 1
        return lambda: self.host.arrive(f"r{self.requests}")

    def _next(self, number: int) -> Step:
        callers = (RUNTIME_PARTY, *self.host.identifiers)
        return lambda: self._call_next(callers[number % len(callers)])

    def _call_next(self, name: str) -> None:
        if name == RUNTIME_PARTY and RUNTIME_PARTY not in self.host.processes:
            return
        self.host.next(name)

    def _respond(self, number: int) -> Step:
        current = self.host.environment.current
        request_id = current.request_id if current is not None and number % 5 else "stale"
        choices: tuple[inputs.Input, ...] = (
            inputs.RuntimeResponseBegan(request_id=request_id, is_error=number % 2 == 0),
            inputs.RuntimeResponseEnded(request_id=request_id, payload=b"1", content_type="t", is_error=False),
            inputs.RuntimeResponseFailed(
                request_id=request_id, error_type="Runtime.TruncatedResponse", produced_bytes=1
            ),
        )
        return lambda: self.host.feed(choices[number % 3])

    def _strange(self, number: int) -> Step:
        host = self.host
        identifier = (*host.identifiers.values(), "nobody")[number % (1 + len(host.identifiers))]
        parked = (*host.calls, None)[number % (1 + len(host.calls))]
        choices: tuple[Step, ...] = (
            lambda: host.feed(inputs.ExtensionInitError(identifier=identifier, error_type="Extension.X")),
            lambda: host.feed(inputs.ExtensionExitError(identifier=identifier, error_type="Extension.X")),
            lambda: host.feed(inputs.RuntimeInitError(payload=b"{}", content_type="t", error_type="Runtime.X")),
            lambda: host.register(NAMES[number % 3], EVENTS[number % 5]),
            lambda: host.drop(parked) if parked is not None else None,
            lambda: host.feed(inputs.CallDropped(call=Call("stranger"))),
            lambda: host.feed(inputs.TimerFired(timer=("init", "invoke", "shutdown", "runtime-exit")[number % 4])),
            lambda: host.feed(inputs.Marked(name="runtimeLoaded", marked_at_ns=host.now_ns)),
            lambda: host.feed(inputs.InitRequested(extensions=self.names)),
            lambda: host.feed(inputs.ShutdownRequested(reason=ShutdownReason.SPINDOWN)),
        )
        return choices[number % len(choices)]

    def _exit(self, number: int) -> Step:
        started = [process.party for process in self.host.processes.values() if process.started]
        if not started:
            return lambda: None
        return lambda: self.host.exit_later(started[number % len(started)], CODES[number % len(CODES)])

    def _check_now(self) -> None:
        environment = self.host.environment
        if environment.phase in LIVE_PHASES:
            gone = [party.name for party in environment.parties if party.state in ("Exited", "LaunchError")]
            assert not gone, f"{gone} in {environment.phase}"
        assert environment.frozen == self.host.stopped
        assert set(environment.holders) <= {party.name for party in environment.parties}


NUMBERS = st.integers(min_value=0, max_value=10_000)
HISTORIES = st.builds(
    History, st.lists(NUMBERS, max_size=30) | st.lists(NUMBERS, min_size=60, max_size=120), externals=st.integers(0, 2),
    ignores_sigterm=st.booleans(), broken=st.sampled_from([False, False, False, True]),
)
lives = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def _requests(host: FakeHost, type: str) -> list[str]:
    return [record["requestId"] for record in host.all_records(type)]


def _numbered(host: FakeHost) -> Iterator[tuple[int, str, Any]]:
    for number, (_, event) in enumerate(host.events):
        yield number, event.type, event.record


@lives
@given(HISTORIES)
def test_every_life_ends_and_leaves_nobody_waiting(history: History) -> None:
    host = history.play().end().host
    assert (host.phase, host.disposed, host.timers, host.processes) == (Phase.DEAD, True, {}, {})
    assert sorted(host.answers) == sorted(host.completed) == sorted(host.accepted)
    assert host.types()[-1] == "sim.end"
    assert host.types().count("sim.end") == 1


@lives
@given(HISTORIES)
def test_start_runtime_done_and_report_come_once_each_and_in_order(history: History) -> None:
    host = history.play().end().host
    begun = _requests(host, "sim.invoke")
    assert len(set(begun)) == len(begun)
    steps = [(type, record["requestId"]) for _, type, record in _numbered(host)
             if type in ("sim.invoke", "platform.start", "platform.runtimeDone", "platform.report")]
    assert steps == [
        (type, request_id) for request_id in begun
        for type in ("sim.invoke", "platform.start", "platform.runtimeDone", "platform.report")
    ], "one invocation in flight, each with all of its records"
    assert sorted(_requests(host, "sim.answered")) == sorted(host.accepted)


@lives
@given(HISTORIES)
def test_every_init_that_starts_is_done_and_reported(history: History) -> None:
    host = history.play().end().host
    steps = [type for type in host.types("platform.init")]
    assert steps == ["platform.initStart", "platform.initRuntimeDone", "platform.initReport"] * (len(steps) // 3)


@lives
@given(HISTORIES)
def test_freeze_and_thaw_alternate_and_nothing_moves_between_them(history: History) -> None:
    host = history.play().end().host
    frozen = False
    for _, type, record in _numbered(host):
        if type == "sim.freeze":
            assert not frozen
            frozen = True
        elif type == "sim.thaw":
            assert frozen
            frozen = False
        else:
            assert not (frozen and type == "sim.party" and record["state"] == "Running")
    assert not frozen


@lives
@given(HISTORIES)
def test_every_recorded_transition_is_in_the_tables(history: History) -> None:
    host = history.play().end().host
    steps = {(edge.source, edge.target) for edge in PHASE_EDGES}
    changes = [(record["from"], record["to"]) for record in host.all_records("sim.phase")]
    assert set(changes) <= steps
    assert all(one[1] == other[0] for one, other in pairwise(changes))
    for record in host.all_records("sim.party"):
        assert record["state"] in TABLES[Role(record["role"])][record["previous"]].values(), record


@lives
@given(HISTORIES)
def test_time_never_runs_backwards_and_figures_are_never_negative(history: History) -> None:
    host = history.play().end().host
    times = [at_ns for at_ns, _ in host.events]
    assert times == sorted(times)
    assert not times or times[0] >= EPOCH_NS
    for _, _, record in _numbered(host):
        assert all(value >= 0 for value in _durations(record)), record


def _durations(record: dict[str, Any]) -> list[float]:
    own = [value for key, value in record.items() if key.endswith(("Ms", "MB", "Bytes")) and key != "budgetMs"]
    nested = [*record.get("spans", []), record.get("metrics", {})]
    return own + [value for one in nested for key, value in one.items() if key.endswith("Ms")]


@lives
@given(HISTORIES)
def test_the_dead_emit_nothing(history: History) -> None:
    host = history.play().end().host
    for step in (
        inputs.TimerFired(timer="invoke"), inputs.CallDropped(call=Call("e")),
        inputs.ShutdownRequested(reason=ShutdownReason.FAILURE),
        inputs.Marked(name="runtimeLoaded", marked_at_ns=host.now_ns),
    ):
        assert host.feed(step) == []


def test_histories_reach_deep_into_lives() -> None:
    """The generator itself: a plain one serves invocations, and strange ones are refused."""
    busy = History([0] * 80, externals=2, ignores_sigterm=False, broken=False).play()
    assert len(busy.host.completed) >= 5
    strange = History([0, 0, 9, 21, 33, 45, 57, 8, 20] * 8, externals=1, ignores_sigterm=False, broken=False).play()
    assert strange.refused > 0

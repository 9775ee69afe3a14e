"""The fold on records of the real core, driven by its fake host: both sides use the same names."""

from lambdasim.core import inputs
from lambdasim.core.values import RUNTIME_PARTY, Status
from lambdasim.metrics.fold import FoldUpdate
from lambdasim.metrics.values import MarkerKind, SpanKind
from lambdasim.telemetry.catalogue import ALL_TYPES
from lambdasim.telemetry.event import TelemetryEvent
from tests.core.fake_host import MS, FakeHost
from tests.metrics.drawn import folded, one, seen

BOTH = ("alpha", "beta")


def recorded(host: FakeHost) -> list[TelemetryEvent]:
    return [
        TelemetryEvent(seq=seq, at_ns=at_ns if record.at_ns is None else record.at_ns, type=record.type,
                       record=record.record, party=record.party)
        for seq, (at_ns, record) in enumerate(host.events, start=1)
    ]


def drawn(host: FakeHost) -> FoldUpdate:
    return folded(recorded(host))


def whole_life() -> FakeHost:
    host = FakeHost().cold_start(BOTH)
    host.serve("r1", BOTH)
    host.advance(500)
    host.serve("r2", BOTH)
    host.shut_down()
    for name in BOTH:
        host.advance(5)
        host.exit(name, 0)
    assert host.disposed
    return host


def test_every_type_it_emits_is_in_the_catalogue() -> None:
    assert {event.type for event in recorded(whole_life())} <= ALL_TYPES


def test_a_whole_life_has_every_kind_of_span_and_leaves_none_open() -> None:
    spans = drawn(whole_life()).spans
    assert {span.kind for span in spans} == set(SpanKind) - {SpanKind.RESET, SpanKind.FUNCTION_INIT}
    assert all(span.end_us is not None for span in spans)


def test_the_figures_agree_with_the_reports() -> None:
    cold, warm = drawn(whole_life()).invocations
    assert (cold.cold_start, cold.init_duration_ms, cold.extension_init_ms) == (
        True, 70.0, {"alpha": 65.0, "beta": 70.0})
    assert (cold.runtime_init_ms, cold.function_init_ms) == (50.0, None)
    assert (cold.duration_ms, cold.billed_duration_ms) == (81.0, 151)
    assert (warm.cold_start, warm.init_duration_ms, warm.answered_after_ms) == (False, None, 21.0)
    for metrics in (cold, warm):
        assert metrics.post_runtime_extensions_duration_ms == 60.0
        assert [(extension.tail_ms, extension.slack_ms, extension.critical) for extension in metrics.extensions] == [
            (30.0, 30.0, False), (60.0, 0.0, True)]
        assert (metrics.runtime.cpu_ms, metrics.max_memory_used_mb, metrics.memory_method) == (1.5, 41, "vmhwm")


def test_the_mark_divides_the_runtimes_init() -> None:
    host = FakeHost().start(["alpha"])
    host.advance(10)
    host.register("alpha")
    host.advance(50)
    host.feed(inputs.Marked(name="functionInitStart", marked_at_ns=host.now_ns - 20 * MS))
    host.next(RUNTIME_PARTY)
    update = drawn(host)
    assert seen([one(update, "runtime", SpanKind.RUNTIME_INIT), one(update, "runtime", SpanKind.FUNCTION_INIT)]) == [
        ("runtime", "runtime-init", 10.0, 40.0), ("runtime", "function-init", 40.0, 60.0)]


def test_a_timeout_draws_a_reset_and_fails_the_invocation() -> None:
    host = FakeHost().cold_start(["alpha"])
    host.arrive("r1")
    host.advance(3000)
    host.exit("alpha", 0)
    host.advance(3000)
    update = drawn(host)
    assert [(metrics.status, metrics.duration_ms) for metrics in update.invocations] == [(Status.TIMEOUT, 3000.0)]
    assert one(update, "platform", SpanKind.RESET).end_us is not None
    assert one(update, "runtime", SpanKind.HANDLER).status == "timeout"
    assert [marker.kind for marker in update.markers].count(MarkerKind.TIMEOUT) == 1
    assert update.environment.to_json()["busy"] is False


def test_a_crash_and_the_init_inside_the_next_invocation() -> None:
    host = FakeHost().cold_start(BOTH)
    host.arrive("r1")
    host.advance(7)
    host.exit("beta", 3)
    host.advance(5)
    host.exit("alpha", 0)
    host.advance(3000)
    host.arrive("r2")
    host.run()
    host.initialise(BOTH)
    host.advance(20)
    host.respond("r2")
    for party in (RUNTIME_PARTY, *BOTH):
        host.advance(3)
        host.next(party)
    host.run()
    crashed, second = drawn(host).invocations
    assert (crashed.status, crashed.error_type) == ("error", "Extension.Crash")
    assert (second.status, second.init_duration_ms) == ("success", None)
    assert second.post_runtime_extensions_duration_ms == 6.0


def test_a_function_error_is_one_although_the_platform_calls_it_a_success() -> None:
    host = FakeHost().cold_start()
    host.arrive("r1")
    host.fail("r1")
    host.next(RUNTIME_PARTY)
    host.run()
    (metrics,) = drawn(host).invocations
    assert (metrics.status, metrics.error_type) == ("error", "Function.E")


def test_an_extension_without_invoke_takes_no_part() -> None:
    host = FakeHost().cold_start(["alpha"], events=("SHUTDOWN",))
    host.serve("r1")
    (metrics,) = drawn(host).invocations
    assert [(extension.name, extension.tail_ms) for extension in metrics.extensions] == [("alpha", None)]
    assert metrics.post_runtime_extensions_duration_ms == 0.0

"""What is drawn of each situation, and that no record type is forgotten."""

from lambdasim.core.time import NS_PER_MS
from lambdasim.metrics.spans import RULES
from lambdasim.metrics.values import MarkerKind, SpanKind
from lambdasim.telemetry.catalogue import ALL_TYPES
from lambdasim.telemetry.event import TelemetryEvent
from tests.metrics.drawn import after_begin_ms, folded, one, seen
from tests.metrics.recording import BEGIN_NS, Recording
from tests.metrics.recordings import crash, function_error, invocation, life, timeout, with_two_extensions


def test_every_record_type_has_a_rule_or_an_explicit_none() -> None:
    assert set(RULES) == ALL_TYPES


def test_a_life_is_drawn_span_by_span() -> None:
    assert seen(folded(life()).spans) == [
        ("platform", "init", 1.0, 97.0),
        ("alpha", "extension-init", 2.0, 60.0),
        ("beta", "extension-init", 3.0, 95.0),
        ("runtime", "runtime-init", 21.0, 55.0),
        ("runtime", "function-init", 55.0, 85.0),
        ("platform", "invoke", 100.0, 131.0),
        ("alpha", "working", 100.0, 120.0),
        ("beta", "working", 100.0, 120.0),
        ("runtime", "handler", 100.0, 120.0),
        ("alpha", "tail", 120.0, 124.0),
        ("beta", "tail", 120.0, 130.0),
        ("alpha", "slack", 124.0, 130.0),
        ("platform", "frozen", 132.0, 632.0),
        ("platform", "invoke", 633.0, 664.0),
        ("alpha", "working", 633.0, 653.0),
        ("beta", "working", 633.0, 653.0),
        ("runtime", "handler", 633.0, 653.0),
        ("alpha", "tail", 653.0, 657.0),
        ("beta", "tail", 653.0, 663.0),
        ("alpha", "slack", 657.0, 663.0),
        ("platform", "frozen", 665.0, 1665.0),
        ("platform", "shutdown", 1700.0, 3702.0),
        ("runtime", "shutdown", 1700.0, 1705.0),
        ("alpha", "shutdown", 1705.0, 1715.0),
        ("beta", "shutdown", 1705.0, 3701.0),
    ]


def test_only_the_critical_tail_is_critical() -> None:
    spans = folded(life()).spans
    assert {(span.lane, span.kind) for span in spans if span.critical} == {("beta", SpanKind.TAIL)}


def test_both_clocks_of_an_invocation_are_marked() -> None:
    markers = folded(life()).markers
    assert [(marker.kind, after_begin_ms(marker.at_us)) for marker in markers if marker.request_id == "r-1"] == [
        (MarkerKind.ANSWERED, 118.5), (MarkerKind.BUSY_UNTIL, 131.0)]


def test_registration_is_told_within_the_one_span_of_extension_init() -> None:
    assert one(folded(life()), "beta", SpanKind.EXTENSION_INIT).detail["registered_ms"] == 17.0


def test_frozen_ends_when_the_first_process_continues() -> None:
    frozen = [span for span in folded(life()).spans if span.kind is SpanKind.FROZEN]
    assert frozen[0].end_us is not None
    assert frozen[0].end_us - frozen[0].start_us == 500_000
    assert frozen[0].detail["thaw_took_ms"] == 0.25


def test_a_kill_is_marked_on_the_lane_of_who_was_killed() -> None:
    killed = [marker for marker in folded(life()).markers if marker.kind is MarkerKind.KILLED]
    assert [(marker.lane, marker.label) for marker in killed] == [("beta", "killed: budget exceeded")]


def test_a_timeout_cuts_everything_off_where_the_reset_begins() -> None:
    update = folded(timeout())
    invoke = one(update, "platform", SpanKind.INVOKE, request_id="r-1")
    assert (after_begin_ms(invoke.end_us or 0), invoke.status) == (3100.0, "timeout")
    assert invoke.detail["billed_duration_ms"] == 3093
    handler = one(update, "runtime", SpanKind.HANDLER, request_id="r-1")
    assert (after_begin_ms(handler.end_us or 0), handler.status) == (3100.0, "timeout")
    assert one(update, "beta", SpanKind.WORKING).status == "timeout"
    assert one(update, "alpha", SpanKind.WORKING).status is None
    assert seen([one(update, "platform", SpanKind.RESET)]) == [("platform", "reset", 3100.0, 5102.0)]


def test_a_timeout_has_one_marker_not_two() -> None:
    kinds = [marker.kind for marker in folded(timeout()).markers if marker.request_id == "r-1"]
    assert kinds.count(MarkerKind.TIMEOUT) == 1
    assert MarkerKind.ERROR not in kinds


def test_an_extension_that_hangs_is_drawn_as_stopping_until_it_is_killed() -> None:
    shutdown = one(folded(timeout()), "beta", SpanKind.SHUTDOWN)
    assert seen([shutdown]) == [("beta", "shutdown", 5100.0, 5101.0)]
    assert shutdown.detail["told_by"] == "SIGKILL"


def test_without_a_mark_one_span_says_that_it_covers_both() -> None:
    spans = [span for span in folded(timeout()).spans if span.kind is SpanKind.RUNTIME_INIT]
    assert spans[1].detail["covers"] == "runtime init and function init"
    assert "covers" not in spans[0].detail


def test_a_mark_that_comes_late_still_divides() -> None:
    recording = Recording()
    recording.init_start(0)
    recording.started(1, "runtime", pid=3)
    recording.state(41, "runtime", "Ready")
    late = TelemetryEvent(seq=4, at_ns=BEGIN_NS + 21 * NS_PER_MS, type="sim.mark",
                          record={"name": "functionInitStart"}, party="runtime")
    update = folded([*recording.events, late])
    assert seen(update.spans)[1:] == [("runtime", "runtime-init", 1.0, 21.0), ("runtime", "function-init", 21.0, 41.0)]
    assert "covers" not in one(update, "runtime", SpanKind.RUNTIME_INIT).detail


def test_an_internal_extensions_lane_begins_with_its_registration() -> None:
    recording = Recording()
    recording.state(5, "internal-tracer", "Registered")
    recording.state(9, "internal-tracer", "Ready")
    assert seen(folded(recording.events).spans) == [("internal-tracer", "extension-init", 5.0, 9.0)]


def test_a_crash_ends_the_lane_with_an_error_where_it_happened() -> None:
    update = folded(crash())
    assert one(update, "beta", SpanKind.WORKING).status == "error"
    assert [(marker.lane, marker.label) for marker in update.markers if marker.kind is MarkerKind.ERROR] == [
        ("beta", "exit status 3"), ("platform", "Extension.Crash"), ("platform", "the worker ended")]


def test_who_exits_untold_in_a_reset_is_stopping_since_its_beginning() -> None:
    assert seen([one(folded(crash()), "alpha", SpanKind.SHUTDOWN)]) == [("alpha", "shutdown", 107.0, 109.0)]


def test_nothing_stays_open_in_a_lost_environment() -> None:
    assert all(span.end_us is not None for span in folded(crash()).spans)


def test_a_functions_own_error_stands_on_the_runtimes_lane() -> None:
    errors = [marker for marker in folded(function_error()).markers if marker.kind is MarkerKind.ERROR]
    assert [(marker.lane, marker.label) for marker in errors] == [("runtime", "Function.ValueError")]


def test_an_extension_in_error_is_marked_by_its_state() -> None:
    recording = Recording()
    recording.started(1, "alpha", pid=4)
    recording.state(3, "alpha", "LaunchError")
    assert [marker.label for marker in folded(recording.events).markers] == ["LaunchError"]


def test_an_init_that_times_out_is_marked() -> None:
    recording = Recording()
    recording.init_start(0)
    recording.init_report(10_000, duration_ms=10_000.0, status="timeout")
    assert [marker.kind for marker in folded(recording.events).markers] == [MarkerKind.TIMEOUT]


def test_an_extension_that_does_not_take_part_has_no_span_in_the_invocation() -> None:
    recording = Recording()
    with_two_extensions(recording)
    recording.start(100, "r-1")
    recording.state(100, "runtime", "Running", request_id="r-1")
    recording.state(120, "runtime", "Ready", request_id="r-1")
    assert {span.lane for span in folded(recording.events).spans if span.request_id == "r-1"} == {
        "platform", "runtime"}


def test_a_slack_too_short_to_mean_anything_is_not_drawn() -> None:
    recording = Recording()
    recording.start(0, "r-1")
    for party in ("alpha", "beta", "runtime"):
        recording.state(0, party, "Running", request_id="r-1")
    for at_ms, party in ((10, "runtime"), (12, "alpha"), (12.05, "beta")):
        recording.state(at_ms, party, "Ready", request_id="r-1")
    assert not [span for span in folded(recording.events).spans if span.kind is SpanKind.SLACK]


def test_ids_are_unique_however_often_the_environment_initialises() -> None:
    for scenario in (life, timeout, crash):
        update = folded(scenario())
        ids = [span.id for span in update.spans] + [marker.id for marker in update.markers]
        assert len(ids) == len(set(ids))


def test_what_began_before_the_stream_is_not_drawn() -> None:
    events = life()
    middle = next(i for i, event in enumerate(events) if event.type == "platform.runtimeDone")
    update = folded(events[middle:])
    assert seen(update.spans)[0] == ("platform", "frozen", 132.0, 632.0)
    assert one(update, "platform", SpanKind.INVOKE).request_id == "r-2"


def test_a_stop_during_a_reset_becomes_a_shutdown() -> None:
    recording = Recording()
    recording.start(0, "r-1")
    recording.state(0, "runtime", "Running", request_id="r-1")
    recording.put(10, "sim.shutdown", {"reason": "failure", "budgetMs": 2000})
    recording.put(20, "sim.shutdown", {"reason": "spindown", "budgetMs": 2000})
    recording.put(30, "sim.end", {"reason": "spindown"})
    platform = [span for span in folded(recording.events).spans if span.lane == "platform"]
    assert [(kind, begin, end) for _, kind, begin, end in seen(platform)] == [
        ("invoke", 0.0, 10.0), ("reset", 10.0, 20.0), ("shutdown", 20.0, 30.0)]


def test_only_the_last_two_hundred_invocations_are_kept() -> None:
    recording = Recording()
    with_two_extensions(recording)
    for number in range(250):
        invocation(recording, 100 + number * 50, f"r-{number}")
    update = folded(recording.events)
    kept = {span.request_id for span in update.spans}
    assert kept == {f"r-{number}" for number in range(50, 250)}
    assert {marker.request_id for marker in update.markers} == kept
    assert len(update.invocations) == 200


def test_what_is_still_open_outlives_the_limit() -> None:
    recording = Recording()
    recording.started(0, "alpha", pid=9)
    for number in range(250):
        invocation(recording, 100 + number * 50, f"r-{number}")
    without_alpha = [event for event in recording.events if event.type != "sim.party" or event.party != "alpha"]
    assert one(folded(without_alpha), "alpha", SpanKind.EXTENSION_INIT).end_us is None

"""Each figure of an invocation against its definition, and which of them are not defined."""

from typing import Any

import pytest

from lambdasim.metrics.figures import InvocationMetrics
from lambdasim.metrics.fold import EnvironmentFold
from lambdasim.metrics.invocation import RULES
from lambdasim.telemetry.catalogue import ALL_TYPES
from lambdasim.telemetry.event import TelemetryEvent
from tests.metrics.drawn import after_begin_ms, folded
from tests.metrics.recording import Recording
from tests.metrics.recordings import crash, function_error, invocation, life, timeout, with_two_extensions

NAMES = [
    "request_id", "function_name", "version", "environment_id", "cold_start", "status", "error_type", "started_at",
    "started_at_us", "init_duration_ms", "extension_init_ms", "runtime_init_ms", "function_init_ms", "duration_ms",
    "billed_duration_ms", "answered_after_ms", "post_runtime_extensions_duration_ms", "max_memory_used_mb",
    "memory_size_mb", "memory_method", "extensions", "runtime", "report_line", "busy_until_us", "answered_at_us",
    "produced_bytes", "first_seq", "last_seq",
]


def of(events: list[TelemetryEvent], request_id: str) -> InvocationMetrics:
    return {metrics.request_id: metrics for metrics in folded(events).invocations}[request_id]


def test_every_record_type_has_a_rule_or_an_explicit_none() -> None:
    assert set(RULES) == ALL_TYPES


def test_its_json_has_exactly_the_names_of_the_read_api() -> None:
    assert list(of(life(), "r-1").to_json()) == NAMES


def test_a_cold_start_has_every_figure_of_its_init() -> None:
    cold = of(life(), "r-1")
    assert (cold.cold_start, cold.init_duration_ms) == (True, 93.0)
    assert cold.extension_init_ms == {"alpha": 58.0, "beta": 92.0}
    assert (cold.runtime_init_ms, cold.function_init_ms) == (34.0, 30.0)


def test_a_warm_invocation_has_no_figure_of_an_init() -> None:
    warm = of(life(), "r-2")
    assert not warm.cold_start
    assert (warm.init_duration_ms, warm.runtime_init_ms, warm.function_init_ms) == (None, None, None)
    assert warm.extension_init_ms == {}


def test_an_init_inside_the_invocation_is_in_its_duration_only() -> None:
    second = of(timeout(), "r-2")
    assert (second.init_duration_ms, second.duration_ms) == (None, 51.0)


def test_durations_are_the_reports() -> None:
    cold = of(life(), "r-1")
    assert (cold.duration_ms, cold.billed_duration_ms) == (30.0, 123)
    assert (cold.max_memory_used_mb, cold.memory_size_mb, cold.memory_method) == (81, 128, "pss")
    assert cold.report_line == (
        "REPORT RequestId: r-1\tDuration: 30.00 ms\tBilled Duration: 123 ms\tMemory Size: 128 MB"
        "\tMax Memory Used: 81 MB\tInit Duration: 93.00 ms\t")


def test_the_two_clocks_are_apart() -> None:
    warm = of(life(), "r-2")
    assert warm.answered_after_ms == 19.5
    assert after_begin_ms(warm.answered_at_us or 0) == 651.5
    assert after_begin_ms(warm.busy_until_us) == 664.0
    assert (warm.started_at, after_begin_ms(warm.started_at_us)) == ("2023-11-14T22:13:20.633Z", 633.0)


def test_each_extension_has_its_tail_its_slack_and_its_use() -> None:
    warm = of(life(), "r-2")
    assert warm.post_runtime_extensions_duration_ms == 10.0
    assert [extension.to_json() for extension in warm.extensions] == [
        {"name": "alpha", "tail_ms": 4.0, "slack_ms": 6.0, "critical": False, "cpu_ms": 1.5, "max_memory_mb": 10.25},
        {"name": "beta", "tail_ms": 10.0, "slack_ms": 0.0, "critical": True, "cpu_ms": 2.5, "max_memory_mb": 20.0},
    ]


def test_what_init_used_is_not_the_invocations_use() -> None:
    assert of(life(), "r-1").runtime.to_json() == {"cpu_ms": 15.0, "max_memory_mb": 50.5}


def test_an_extension_without_invoke_has_no_tail() -> None:
    recording = Recording()
    with_two_extensions(recording)
    invocation(recording, 100, "r-1")
    events = [event for event in recording.events
              if not (event.party == "beta" and event.type == "sim.party" and event.seq > 24)]
    metrics = of(events, "r-1")
    assert [(extension.name, extension.tail_ms) for extension in metrics.extensions] == [("alpha", 4.0), ("beta", None)]
    assert metrics.post_runtime_extensions_duration_ms == 4.0


def test_without_extensions_the_post_runtime_duration_is_zero() -> None:
    assert of(timeout(), "r-2").post_runtime_extensions_duration_ms == 0.0


def test_a_functions_own_error_is_an_error() -> None:
    metrics = of(function_error(), "r-1")
    assert (metrics.status, metrics.error_type, metrics.produced_bytes) == ("error", "Function.ValueError", 0)


def test_a_timeout_leaves_what_never_ended_undefined() -> None:
    metrics = of(timeout(), "r-1")
    assert (metrics.status, metrics.error_type, metrics.duration_ms) == ("timeout", "Sandbox.Timedout", 3000.0)
    assert metrics.post_runtime_extensions_duration_ms is None
    assert all(extension.tail_ms is None for extension in metrics.extensions)
    assert after_begin_ms(metrics.busy_until_us) == 5102.0


def test_a_crash_is_named_as_the_report_names_it() -> None:
    metrics = of(crash(), "r-1")
    assert (metrics.status, metrics.error_type) == ("error", "Extension.Crash")


def test_a_lost_environment_fails_the_invocation_it_had() -> None:
    metrics = of(crash(), "r-2")
    assert (metrics.status, metrics.error_type) == ("failure", "Sandbox.Failure")
    assert (metrics.report_line, metrics.duration_ms) == (None, None)


def test_a_cold_start_reaches_back_to_the_beginning_of_the_life() -> None:
    events = life()
    cold, warm = of(events, "r-1"), of(events, "r-2")
    assert cold.first_seq == 1
    assert events[cold.last_seq - 1].type == "platform.report"
    assert events[warm.first_seq - 1].type == "sim.invoke"
    assert events[warm.last_seq - 1].record["requestId"] == "r-2"  # type: ignore[index]


def test_it_is_published_when_its_report_is_seen_and_not_before() -> None:
    events = life()
    fold = EnvironmentFold()
    at_report = next(i for i, event in enumerate(events) if event.type == "platform.report")
    assert fold.feed(events[:at_report]).invocations == []
    assert [metrics.request_id for metrics in fold.feed(events[at_report:at_report + 1]).invocations] == ["r-1"]


@pytest.mark.parametrize(("type", "record", "name", "value"), [
    ("sim.measurement",
     {"phase": "invoke", "requestId": "r-1", "maxMemoryMB": 9.0, "highWaterMB": 9.0, "method": "rss", "processes": []},
     "memory_method", "rss"),
    ("sim.answered", {"requestId": "r-1", "status": "success", "producedBytes": 4, "answeredAfterMs": 77.5},
     "answered_after_ms", 77.5),
])
def test_a_record_that_follows_the_report_changes_it(type: str, record: Any, name: str, value: object) -> None:
    recording = Recording()
    with_two_extensions(recording)
    invocation(recording, 100, "r-1")
    fold = EnvironmentFold()
    fold.feed(recording.events)
    recording.put(140, type, record)
    (changed,) = fold.feed(recording.events[-1:]).invocations
    assert (changed.to_json()[name], changed.last_seq) == (value, recording.events[-1].seq)


def test_an_invocation_whose_beginning_was_not_seen_has_no_figures() -> None:
    events = life()
    middle = next(i for i, event in enumerate(events) if event.type == "platform.runtimeDone")
    assert [metrics.request_id for metrics in folded(events[middle:]).invocations] == ["r-2"]

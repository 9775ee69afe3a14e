"""Every text line, character for character as it stands in a log stream."""

from typing import Any

import pytest

from lambdasim.telemetry.catalogue import ALL_TYPES, SIM_TYPES
from lambdasim.telemetry.event import TelemetryEvent
from lambdasim.telemetry.report import TEXT, report_line, text_lines

ARN = "arn:aws:lambda:us-east-1::runtime:" + "a" * 64


def lines(type: str, record: Any) -> list[str]:
    return text_lines(TelemetryEvent(seq=1, at_ns=1_700_000_000_000_000_000, type=type, record=record))


def report(**members: Any) -> dict[str, Any]:
    metrics = {"durationMs": 20.6512, "billedDurationMs": 2678, "memorySizeMB": 2560, "maxMemoryUsedMB": 196}
    return {"requestId": "r-1", "status": "success", "metrics": metrics | members.pop("metrics", {}), **members}


def test_a_cold_report_ends_with_init_duration_and_a_tab() -> None:
    assert report_line(report(metrics={"initDurationMs": 2656.668})) == (
        "REPORT RequestId: r-1\tDuration: 20.65 ms\tBilled Duration: 2678 ms\tMemory Size: 2560 MB"
        "\tMax Memory Used: 196 MB\tInit Duration: 2656.67 ms\t"
    )


def test_a_warm_report_keeps_its_trailing_tab() -> None:
    assert report_line(report()).endswith("\tMax Memory Used: 196 MB\t")


@pytest.mark.parametrize(("members", "end"), [
    ({"status": "timeout"}, "\tMax Memory Used: 196 MB\tStatus: timeout"),
    ({"status": "error", "errorType": "Runtime.ExitError"},
     "\tMax Memory Used: 196 MB\tStatus: error\tError Type: Runtime.ExitError"),
])
def test_a_failed_report_says_how_at_its_end(members: dict[str, str], end: str) -> None:
    assert report_line(report(**members)).endswith(end)


def test_end_stands_before_report() -> None:
    assert [line.split(" ")[0] for line in lines("platform.report", report())] == ["END", "REPORT"]


def test_a_sampled_trace_follows_the_report() -> None:
    tracing = {"type": "X-Amzn-Trace-Id", "value": "Root=1-5bef4de7-ad;Parent=3fe4;Sampled=1"}
    assert lines("platform.report", report(tracing=tracing))[2] == (
        "XRAY TraceId: 1-5bef4de7-ad\tSegmentId: 3fe4\tSampled: true\t")


def test_a_trace_that_is_not_sampled_has_no_line() -> None:
    tracing = {"type": "X-Amzn-Trace-Id", "value": "Root=1-5bef4de7-ad;Parent=3fe4;Sampled=0"}
    assert len(lines("platform.report", report(tracing=tracing))) == 2


@pytest.mark.parametrize(("type", "record", "expected"), [
    ("platform.start", {"requestId": "r-1", "version": "$LATEST"}, ["START RequestId: r-1 Version: $LATEST"]),
    ("platform.initStart", {"runtimeVersion": "python:3.12.v7", "runtimeVersionArn": ARN},
     [f"INIT_START Runtime Version: python:3.12.v7\tRuntime Version ARN: {ARN}"]),
    ("platform.initStart", {"functionName": "f"}, []),
    ("platform.extension", {"name": "x", "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]},
     ["EXTENSION\tName: x\tState: Ready\tEvents: [INVOKE, SHUTDOWN]"]),
    ("platform.extension", {"name": "x", "state": "LaunchError", "events": [], "errorType": "UnknownError"},
     ["EXTENSION\tName: x\tState: LaunchError\tEvents: []\tError Type: UnknownError"]),
    ("platform.telemetrySubscription",
     {"name": "x", "state": "Subscribed", "types": ["platform", "function", "extension"]},
     ["TELEMETRY\tName: x\tState: Subscribed\tTypes: [Platform, Function, Extension]"]),
    ("platform.logsSubscription", {"name": "x", "state": "Subscribed", "types": ["platform"]},
     ["LOGS\tName: x\tState: Subscribed\tTypes: [Platform]"]),
    ("platform.initReport", {"phase": "init", "status": "timeout", "metrics": {"durationMs": 1236.041}},
     ["INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: timeout"]),
    ("platform.initReport",
     {"phase": "invoke", "status": "error", "errorType": "Extension.Crash", "metrics": {"durationMs": 9.0}},
     ["INIT_REPORT Init Duration: 9.00 ms\tPhase: invoke\tStatus: error\tError Type: Extension.Crash"]),
    ("platform.initReport", {"initializationType": "on-demand", "status": "success"}, []),
    ("platform.initReport",
     {"initializationType": "provisioned-concurrency", "status": "success", "metrics": {"durationMs": 9.0}},
     ["INIT_REPORT Init Duration: 9.00 ms\tPhase: init"]),
    ("platform.restoreReport", {"status": "timeout", "metrics": {"durationMs": 1236.04}},
     ["RESTORE_REPORT Restore Duration: 1236.04 ms\tStatus: timeout"]),
    ("platform.restoreReport", {"status": "success"}, []),
    ("function", "hello\n", ["hello"]),
    ("function", "Traceback\n  File\n", ["Traceback", "  File"]),
    ("function", "a\u2028b\r", ["a\u2028b\r"]),
    ("extension", {"level": "INFO", "message": "né"}, ['{"level":"INFO","message":"né"}']),
    ("sim.phase", {"from": "IDLE", "to": "DEAD"}, []),
    ("platform.unheardOf", {"a": 1}, []),
    ("platform.start", "not an object", []),
])
def test_each_record_has_its_lines(type: str, record: Any, expected: list[str]) -> None:
    assert lines(type, record) == expected


def test_every_type_of_aws_has_a_row() -> None:
    assert set(TEXT) == ALL_TYPES - SIM_TYPES

"""The text lines of a log stream, made from events: INIT_START, EXTENSION, START, END, REPORT and their kin.

Knows records, not files or streams. The Telemetry API has no `platform.end`; the END line stands directly before
REPORT, as in AWS's Runtime Interface Emulator (internal/lambda/rie/handlers.go, printEndReports).
Formats: AWS Lambda, monitoring-cloudwatchlogs, telemetry-schema-reference and lambda-runtime-environment
("Failures during the Init phase"). Fields of a line are separated by tabs.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from lambdasim.telemetry.event import TelemetryEvent

Record = Mapping[str, Any]


def report_line(record: Record) -> str:
    """The REPORT line of a `platform.report` record. It keeps the trailing tab of the real one."""
    metrics = _fields(record, "metrics")
    fields = [f"REPORT RequestId: {record.get('requestId', '')}"]
    fields += [
        f"{label}: {format(metrics[name], spec)} {unit}"
        for name, label, spec, unit in _REPORT_FIELDS
        if isinstance(metrics.get(name), int | float)
    ]
    return "\t".join([*fields, *_failure(record)]) + ("" if _failure(record) else "\t")


def text_lines(event: TelemetryEvent) -> list[str]:
    """What `event` adds to a log stream; nothing for records that have no text form, such as ours (`sim.`)."""
    lines = TEXT.get(event.type)
    if lines is None:
        return []
    return lines(event.record)


# metrics member, label, number format, unit: in the order of the line
_REPORT_FIELDS: tuple[tuple[str, str, str, str], ...] = (
    ("durationMs", "Duration", ".2f", "ms"),
    ("billedDurationMs", "Billed Duration", ".0f", "ms"),
    ("memorySizeMB", "Memory Size", ".0f", "MB"),
    ("maxMemoryUsedMB", "Max Memory Used", ".0f", "MB"),
    ("initDurationMs", "Init Duration", ".2f", "ms"),
    ("restoreDurationMs", "Restore Duration", ".2f", "ms"),
    ("billedRestoreDurationMs", "Billed Restore Duration", ".0f", "ms"),
)


def _fields(record: Record, name: str) -> Record:
    """A member that is an object; empty if it is absent, or is none in a recording from elsewhere."""
    value = record.get(name)
    return value if isinstance(value, Mapping) else {}


def _duration_ms(record: Record) -> float:
    value = _fields(record, "metrics").get("durationMs")
    return value if isinstance(value, int | float) else 0.0


def _failure(record: Record) -> list[str]:
    """`Status: timeout`, or `Status: error` and its type; a success says nothing."""
    status = record.get("status") or "success"
    if status == "success":
        return []
    error_type = record.get("errorType")
    return [f"Status: {status}", *([f"Error Type: {error_type}"] if error_type else [])]


def _version_line(word: str, record: Record) -> list[str]:
    """Only managed runtimes have a runtime version, hence this line."""
    if not record.get("runtimeVersion"):
        return []
    fields = [f"{word} Runtime Version: {record['runtimeVersion']}"]
    if record.get("runtimeVersionArn"):
        fields.append(f"Runtime Version ARN: {record['runtimeVersionArn']}")
    return ["\t".join(fields)]


def _init_report(record: Record) -> list[str]:
    """AWS writes it for an Init that failed, and always where Init is not part of an on-demand invocation."""
    if not _failure(record) and record.get("initializationType", "on-demand") == "on-demand":
        return []
    duration_ms = _duration_ms(record)
    phase = record.get("phase", "init")
    return ["\t".join([f"INIT_REPORT Init Duration: {duration_ms:.2f} ms", f"Phase: {phase}", *_failure(record)])]


def _restore_report(record: Record) -> list[str]:
    if not _failure(record):
        return []
    duration_ms = _duration_ms(record)
    return ["\t".join([f"RESTORE_REPORT Restore Duration: {duration_ms:.2f} ms", *_failure(record)])]


def _listed(record: Record, name: str) -> list[str]:
    value = record.get(name)
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _extension(record: Record) -> list[str]:
    fields = ["EXTENSION", f"Name: {record.get('name', '')}", f"State: {record.get('state', '')}",
              f"Events: [{', '.join(_listed(record, 'events'))}]"]
    if record.get("errorType"):
        fields.append(f"Error Type: {record['errorType']}")
    return ["\t".join(fields)]


def _subscription(word: str, record: Record) -> list[str]:
    types = ", ".join(name.capitalize() for name in _listed(record, "types"))
    return [f"{word}\tName: {record.get('name', '')}\tState: {record.get('state', '')}\tTypes: [{types}]"]


def _start(record: Record) -> list[str]:
    return [f"START RequestId: {record.get('requestId', '')} Version: {record.get('version', '$LATEST')}"]


def _report(record: Record) -> list[str]:
    end = f"END RequestId: {record.get('requestId', '')}"
    return [end, report_line(record), *_xray(_fields(record, "tracing"))]


def _xray(tracing: Record) -> list[str]:
    """Follows REPORT when the invocation was sampled: a trace that nobody keeps has no line."""
    parts = dict(part.split("=", 1) for part in str(tracing.get("value", "")).split(";") if "=" in part)
    segment = tracing.get("spanId") or parts.get("Parent")
    if parts.get("Sampled") != "1" or not segment or "Root" not in parts:
        return []
    return [f"XRAY TraceId: {parts['Root']}\tSegmentId: {segment}\tSampled: true\t"]


def _logged(record: Record | str) -> list[str]:
    """A line as its process printed it; what was printed as JSON stays one line of JSON."""
    if isinstance(record, str):
        return record.removesuffix("\n").split("\n")
    return [json.dumps(record, separators=(",", ":"), ensure_ascii=False)]


def _of_object(lines: Callable[[Record], list[str]]) -> Callable[[Record | str], list[str]]:
    """Platform records are objects; a string in their place has no fields to write a line of."""
    return lambda record: [] if isinstance(record, str) else lines(record)


TEXT: Mapping[str, Callable[[Record | str], list[str]] | None] = {
    "platform.initStart": _of_object(lambda record: _version_line("INIT_START", record)),
    "platform.initRuntimeDone": None,
    "platform.initReport": _of_object(_init_report),
    "platform.restoreStart": _of_object(lambda record: _version_line("RESTORE_START", record)),
    "platform.restoreRuntimeDone": None,
    "platform.restoreReport": _of_object(_restore_report),
    "platform.start": _of_object(_start),
    "platform.runtimeDone": None,
    "platform.report": _of_object(_report),
    "platform.extension": _of_object(_extension),
    "platform.telemetrySubscription": _of_object(lambda record: _subscription("TELEMETRY", record)),
    "platform.logsSubscription": _of_object(lambda record: _subscription("LOGS", record)),
    "platform.logsDropped": None,
    "function": _logged,
    "extension": _logged,
}
"""What AWS's types look like as text. Types of ours have no row: a log stream of AWS never shows them."""

"""Builders of the records that the core emits: the only place that spells their field names.

`platform.*` have the fields of AWS's telemetry-schema-reference, `sim.*` those of docs/architecture.md, "Records".
Keys of optional members are absent, never null. Pure functions of values: no state, no actions.
"""

from collections.abc import Iterable
from typing import Any

from lambdasim.core.limits import MIN_BILLED_MS, NS_PER_MS
from lambdasim.core.time import duration_ms, iso_time
from lambdasim.core.values import (
    ExitStatus,
    FunctionSpec,
    InitPhase,
    Invocation,
    Measurement,
    ProcessUse,
    Role,
    ShutdownReason,
    Status,
)

Fields = dict[str, Any]


def span(name: str, start_ns: int, end_ns: int) -> Fields:
    return {"name": name, "start": iso_time(start_ns), "durationMs": duration_ms(start_ns, end_ns)}


def tracing(trace_id: str) -> Fields:
    return {"type": "X-Amzn-Trace-Id", "value": trace_id}


# --- init ----------------------------------------------------------------------------------------


def init_start(spec: FunctionSpec, phase: InitPhase) -> Fields:
    return {
        "initializationType": spec.initialization_type,
        "phase": phase,
        "functionName": spec.function_name,
        "functionVersion": spec.version,
        "instanceMaxMemory": spec.memory_size_mb * 1024 * 1024,
    }


def init_done(spec: FunctionSpec, phase: InitPhase, *, status: Status, error_type: str | None = None) -> Fields:
    record: Fields = {"initializationType": spec.initialization_type, "phase": phase, "status": status}
    if error_type is not None:
        record["errorType"] = error_type
    return record


def init_report(
    spec: FunctionSpec, phase: InitPhase, *, status: Status, init_ms: float, error_type: str | None = None
) -> Fields:
    record = init_done(spec, phase, status=status, error_type=error_type)
    record["metrics"] = {"durationMs": init_ms}
    return record


def extension(name: str, *, state: str, events: Iterable[str], error_type: str | None = None) -> Fields:
    record: Fields = {"name": name, "state": state, "events": list(events)}
    if error_type is not None:
        record["errorType"] = error_type
    return record


# --- invoke --------------------------------------------------------------------------------------


def invoke(invocation: Invocation, *, cold_start: bool) -> Fields:
    return {
        "requestId": invocation.request_id,
        "acceptedAtNs": invocation.accepted_at_ns,
        "payloadBytes": len(invocation.payload),
        "coldStart": cold_start,
        "functionArn": invocation.function_arn,
    }


def start(invocation: Invocation, *, version: str, tracing: Fields) -> Fields:
    return {"requestId": invocation.request_id, "version": version, "tracing": tracing}


def runtime_done(
    request_id: str,
    *,
    status: Status,
    error_type: str | None,
    runtime_ms: float,
    produced_bytes: int,
    spans: list[Fields],
    tracing: Fields,
) -> Fields:
    record: Fields = {
        "requestId": request_id,
        "status": status,
        "metrics": {"durationMs": runtime_ms, "producedBytes": produced_bytes},
        "spans": spans,
        "tracing": tracing,
    }
    if error_type is not None:
        record["errorType"] = error_type
    return record


def report(
    request_id: str,
    *,
    status: Status,
    error_type: str | None,
    metrics: Fields,
    spans: list[Fields],
    tracing: Fields,
) -> Fields:
    record: Fields = {
        "requestId": request_id, "status": status, "metrics": metrics, "spans": spans, "tracing": tracing,
    }
    if error_type is not None:
        record["errorType"] = error_type
    return record


def report_metrics(spec: FunctionSpec, *, duration_ns: int, init_ns: int | None, max_memory_mb: float) -> Fields:
    """Init Duration is billed with the first invocation (AWS: lambda-runtime-environment; since August 2025)."""
    billed_ms = -(-(duration_ns + (init_ns or 0)) // NS_PER_MS)
    metrics: Fields = {
        "durationMs": duration_ms(0, duration_ns),
        "billedDurationMs": max(MIN_BILLED_MS, billed_ms),
        "memorySizeMB": spec.memory_size_mb,
        "maxMemoryUsedMB": -int(-max_memory_mb // 1),
    }
    if init_ns is not None:
        metrics["initDurationMs"] = duration_ms(0, init_ns)
    return metrics


def answered(
    request_id: str, *, status: Status, error_type: str | None, produced_bytes: int, answered_after_ms: float
) -> Fields:
    record: Fields = {
        "requestId": request_id, "status": status, "producedBytes": produced_bytes,
        "answeredAfterMs": answered_after_ms,
    }
    if error_type is not None:
        record["errorType"] = error_type
    return record


# --- what AWS never emits ------------------------------------------------------------------------


def phase(source: str, target: str) -> Fields:
    return {"from": source, "to": target}


def party(role: Role, *, state: str, previous: str, request_id: str | None) -> Fields:
    record: Fields = {"role": role, "state": state, "previous": previous}
    if request_id is not None:
        record["requestId"] = request_id
    return record


def process_start(role: Role, pid: int) -> Fields:
    return {"role": role, "pid": pid}


def process_exit(role: Role, pid: int | None, status: ExitStatus) -> Fields:
    """`pid` is None when the process was gone before its start could be reported."""
    record: Fields = {"role": role, "code": status.code, "cpuMs": status.cpu_ms, "maxMemoryMB": status.max_memory_mb}
    if pid is not None:
        record["pid"] = pid
    return record


def mark(name: str) -> Fields:
    return {"name": name}


def freeze(*, took_ms: float, processes: int) -> Fields:
    return {"tookMs": took_ms, "processes": processes}


def thaw(*, took_ms: float, frozen_ms: float) -> Fields:
    return {"tookMs": took_ms, "frozenMs": frozen_ms}


def signal(name: str, *, reason: str) -> Fields:
    return {"signal": name, "reason": reason}


def shutdown(reason: ShutdownReason, *, budget_ms: int) -> Fields:
    return {"reason": reason, "budgetMs": budget_ms}


def end(reason: ShutdownReason) -> Fields:
    return {"reason": reason}


def measurement(measured_phase: str, measured: Measurement, *, request_id: str | None = None) -> Fields:
    record: Fields = {"phase": measured_phase}
    if request_id is not None:
        record["requestId"] = request_id
    record["maxMemoryMB"] = measured.max_memory_mb
    record["highWaterMB"] = measured.high_water_mb
    record["method"] = measured.method
    record["processes"] = [process_use(use) for use in measured.processes]
    return record


def process_use(use: ProcessUse) -> Fields:
    return {"party": use.party, "pid": use.pid, "cpuMs": use.cpu_ms, "maxMemoryMB": use.max_memory_mb}

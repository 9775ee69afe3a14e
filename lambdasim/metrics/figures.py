"""The figures of one invocation, as they are shown, stored and exported.

A figure that is not defined for the invocation is None: Init Duration of a warm one, the tail of an extension that
never called next again or does not take part in invocations. Definitions: docs/architecture.md, "Figures"; AWS
Lambda, telemetry-schema-reference (platform.report) and monitoring-metrics-types.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionFigures:
    """`tail_ms`: own next - runtime's next. `slack_ms`: last extension's next - own next. `critical`: longest tail."""

    name: str
    tail_ms: float | None = None
    slack_ms: float | None = None
    critical: bool = False
    cpu_ms: float | None = None
    max_memory_mb: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name, "tail_ms": self.tail_ms, "slack_ms": self.slack_ms, "critical": self.critical,
            "cpu_ms": self.cpu_ms, "max_memory_mb": self.max_memory_mb,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeFigures:
    cpu_ms: float | None = None
    max_memory_mb: float | None = None

    def to_json(self) -> dict[str, Any]:
        return {"cpu_ms": self.cpu_ms, "max_memory_mb": self.max_memory_mb}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationMetrics:
    """`first_seq`…`last_seq`: the events to replay for this invocation's picture; on a cold start its init too."""

    request_id: str
    function_name: str
    version: str
    environment_id: str
    cold_start: bool
    status: str
    error_type: str | None = None
    started_at: str
    started_at_us: int
    init_duration_ms: float | None = None
    extension_init_ms: Mapping[str, float] = field(default_factory=dict)
    runtime_init_ms: float | None = None
    function_init_ms: float | None = None
    duration_ms: float | None = None
    billed_duration_ms: int | None = None
    answered_after_ms: float | None = None
    post_runtime_extensions_duration_ms: float | None = None
    max_memory_used_mb: float | None = None
    memory_size_mb: int | None = None
    memory_method: str | None = None
    extensions: tuple[ExtensionFigures, ...] = ()
    runtime: RuntimeFigures = RuntimeFigures()
    report_line: str | None = None
    busy_until_us: int
    answered_at_us: int | None = None
    produced_bytes: int | None = None
    first_seq: int
    last_seq: int

    def to_json(self) -> dict[str, Any]:
        return {
            "request_id": self.request_id, "function_name": self.function_name, "version": self.version,
            "environment_id": self.environment_id, "cold_start": self.cold_start, "status": self.status,
            "error_type": self.error_type, "started_at": self.started_at, "started_at_us": self.started_at_us,
            "init_duration_ms": self.init_duration_ms, "extension_init_ms": dict(self.extension_init_ms),
            "runtime_init_ms": self.runtime_init_ms, "function_init_ms": self.function_init_ms,
            "duration_ms": self.duration_ms, "billed_duration_ms": self.billed_duration_ms,
            "answered_after_ms": self.answered_after_ms,
            "post_runtime_extensions_duration_ms": self.post_runtime_extensions_duration_ms,
            "max_memory_used_mb": self.max_memory_used_mb, "memory_size_mb": self.memory_size_mb,
            "memory_method": self.memory_method,
            "extensions": [extension.to_json() for extension in self.extensions],
            "runtime": self.runtime.to_json(), "report_line": self.report_line, "busy_until_us": self.busy_until_us,
            "answered_at_us": self.answered_at_us, "produced_bytes": self.produced_bytes,
            "first_seq": self.first_seq, "last_seq": self.last_seq,
        }

"""Folds events into what an environment is and does right now: its phase, who holds it, whether it still lives.

`phase` and the names of isolation, freezer and estimators are passed on as they were recorded. A stream may begin
anywhere: what only the first event tells is empty or None then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambdasim.core.values import Role
from lambdasim.metrics.canvas import NS_PER_US
from lambdasim.metrics.details import Record, fields, number, rows, text
from lambdasim.metrics.turn import Turn
from lambdasim.telemetry.event import TelemetryEvent

KEPT_WARNINGS = 20

Described = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentState:
    """`holders`: parties that have not called next in the invocation under way, since `holder_since_us`: the
    delivery of the event, or the runtime's next once only extensions are left. `cold_start_ms`: its first Init."""

    description: Mapping[str, Described]
    extensions: tuple[str, ...]
    phase: str | None
    frozen: bool
    busy: bool
    request_id: str | None
    holders: tuple[str, ...]
    holder_since_us: int | None
    invocations: int
    started_at_us: int | None
    cold_start_ms: float | None
    max_memory_mb: float | None
    high_water_mb: float | None
    warnings: tuple[str, ...]
    last_seq: int
    ended: bool
    end_reason: str | None

    @property
    def environment_id(self) -> str:
        return str(self.description["environment_id"] or "")

    def to_json(self) -> dict[str, Any]:
        return {
            **self.description, "extensions": list(self.extensions), "phase": self.phase, "frozen": self.frozen,
            "busy": self.busy, "request_id": self.request_id, "holders": list(self.holders),
            "holder_since_us": self.holder_since_us, "invocations": self.invocations,
            "started_at_us": self.started_at_us, "cold_start_ms": self.cold_start_ms,
            "max_memory_mb": self.max_memory_mb, "high_water_mb": self.high_water_mb,
            "warnings": list(self.warnings), "last_seq": self.last_seq, "ended": self.ended,
            "end_reason": self.end_reason,
        }


DESCRIPTION: Mapping[str, str] = {
    "environmentId": "environment_id",
    "functionName": "function_name",
    "functionVersion": "version",
    "functionArn": "function_arn",
    "runtime": "runtime",
    "handler": "handler",
    "memorySizeMB": "memory_size_mb",
    "timeoutMs": "timeout_ms",
    "initializationType": "initialization_type",
    "isolation": "isolation",
    "network": "network",
    "freezer": "freezer",
    "memoryMethod": "memory_method",
    "cpuMethod": "cpu_method",
    "host": "host",
}
"""Members of `sim.environment` that are passed on, and under which name."""


class StateFold:
    def __init__(self) -> None:
        self._description: dict[str, Described] = dict.fromkeys(DESCRIPTION.values())
        self._extensions: list[str] = []
        self._phase: str | None = None
        self._frozen = False
        self._started_ns: int | None = None
        self._cold_start_ms: float | None = None
        self._memory: Record = {}
        self._warnings: list[str] = []
        self._last_seq = 0
        self._ended = False
        self._end_reason: str | None = None
        # the invocation under way
        self._request_id: str | None = None
        self._turn: Turn | None = None
        self._invocations = 0

    def feed(self, event: TelemetryEvent) -> None:
        self._last_seq = event.seq
        rule = RULES.get(event.type)
        if rule is not None and not isinstance(event.record, str):
            rule(self, event, event.record)

    def state(self) -> EnvironmentState:
        since_ns = self._turn.holder_since_ns() if self._turn is not None else None
        return EnvironmentState(
            description=dict(self._description), extensions=tuple(self._extensions), phase=self._phase,
            frozen=self._frozen, busy=self._request_id is not None, request_id=self._request_id,
            holders=tuple(self._turn.holders()) if self._turn is not None else (),
            holder_since_us=None if since_ns is None else since_ns // NS_PER_US, invocations=self._invocations,
            started_at_us=None if self._started_ns is None else self._started_ns // NS_PER_US,
            cold_start_ms=self._cold_start_ms, max_memory_mb=number(self._memory, "maxMemoryMB"),
            high_water_mb=number(self._memory, "highWaterMB"), warnings=tuple(self._warnings),
            last_seq=self._last_seq, ended=self._ended, end_reason=self._end_reason,
        )

    # --- rules -----------------------------------------------------------------------------------

    def _environment(self, event: TelemetryEvent, record: Record) -> None:
        self._description = {
            name: text(record, member) or number(record, member) for member, name in DESCRIPTION.items()
        }
        self._extensions = [str(name) for name in rows(record, "extensions")]
        self._started_ns = event.at_ns

    def _phase_changed(self, event: TelemetryEvent, record: Record) -> None:
        self._phase = text(record, "to")

    def _init_report(self, event: TelemetryEvent, record: Record) -> None:
        duration_ms = number(fields(record, "metrics"), "durationMs")
        if self._cold_start_ms is None and (text(record, "status") or "success") == "success":
            self._cold_start_ms = duration_ms

    def _party(self, event: TelemetryEvent, record: Record) -> None:
        if event.party is None:
            return
        if text(record, "role") in (Role.EXTERNAL, Role.INTERNAL) and event.party not in self._extensions:
            self._extensions.append(event.party)
        if self._turn is not None:
            self._turn.move(event.party, record, event.at_ns)

    def _accepted(self, event: TelemetryEvent, record: Record) -> None:
        self._begin(text(record, "requestId"))

    def _begin(self, request_id: str | None) -> None:
        if request_id != self._request_id:
            self._request_id, self._turn = request_id, None
            self._invocations += 1

    def _start(self, event: TelemetryEvent, record: Record) -> None:
        self._begin(text(record, "requestId"))
        self._turn = Turn()

    def _report(self, event: TelemetryEvent, record: Record) -> None:
        self._request_id, self._turn = None, None

    def _measurement(self, event: TelemetryEvent, record: Record) -> None:
        self._memory = record

    def _freeze(self, event: TelemetryEvent, record: Record) -> None:
        self._frozen = True

    def _thaw(self, event: TelemetryEvent, record: Record) -> None:
        self._frozen = False

    def _shutdown(self, event: TelemetryEvent, record: Record) -> None:
        self._turn = None

    def _end(self, event: TelemetryEvent, record: Record) -> None:
        self._ended, self._end_reason = True, text(record, "reason")
        self._frozen, self._request_id, self._turn = False, None, None

    def _warning(self, event: TelemetryEvent, record: Record) -> None:
        self._warnings = [*self._warnings, text(record, "message") or ""][-KEPT_WARNINGS:]


RULES: Mapping[str, Callable[[StateFold, TelemetryEvent, Record], None] | None] = {
    "platform.initStart": None,
    "platform.initRuntimeDone": None,
    "platform.initReport": StateFold._init_report,
    "platform.restoreStart": None,
    "platform.restoreRuntimeDone": None,
    "platform.restoreReport": None,
    "platform.start": StateFold._start,
    "platform.runtimeDone": None,
    "platform.report": StateFold._report,
    "platform.extension": None,
    "platform.telemetrySubscription": None,
    "platform.logsSubscription": None,
    "platform.logsDropped": None,
    "function": None,
    "extension": None,
    "sim.environment": StateFold._environment,
    "sim.phase": StateFold._phase_changed,
    "sim.processStart": None,
    "sim.processExit": None,
    "sim.party": StateFold._party,
    "sim.mark": None,
    "sim.invoke": StateFold._accepted,
    "sim.answered": None,
    "sim.measurement": StateFold._measurement,
    "sim.freeze": StateFold._freeze,
    "sim.thaw": StateFold._thaw,
    "sim.signal": None,
    "sim.shutdown": StateFold._shutdown,
    "sim.end": StateFold._end,
    "sim.lost": StateFold._end,
    "sim.warning": StateFold._warning,
}

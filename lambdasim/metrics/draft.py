"""One invocation while its records come in, and the arithmetic that makes its figures of them.

`Surroundings` is what its environment says about all of them. AWS's own figures are taken from its records as they
are; only what AWS has no member for is computed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lambdasim.core.time import NS_PER_MS, iso_time
from lambdasim.core.values import RUNTIME_PARTY, Status
from lambdasim.metrics.details import Record, fields, number, rows, text
from lambdasim.metrics.figures import ExtensionFigures, InvocationMetrics, RuntimeFigures
from lambdasim.metrics.startup import Startup
from lambdasim.metrics.turn import Turn
from lambdasim.telemetry.event import TelemetryEvent
from lambdasim.telemetry.report import report_line

NS_PER_US = 1_000


@dataclass(slots=True)
class Surroundings:
    environment_id: str = ""
    function_name: str = ""
    version: str = ""
    memory_size_mb: int | None = None
    memory_method: str | None = None
    extensions: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, record: Record) -> "Surroundings":
        """Of a `sim.environment` record."""
        memory_size_mb = number(record, "memorySizeMB")
        return cls(
            environment_id=text(record, "environmentId") or "", function_name=text(record, "functionName") or "",
            version=text(record, "functionVersion") or "",
            memory_size_mb=None if memory_size_mb is None else int(memory_size_mb),
            memory_method=text(record, "memoryMethod"), extensions=[str(name) for name in rows(record, "extensions")],
        )

    def meet(self, extension: str) -> None:
        """Internal extensions are not known before they register."""
        if extension not in self.extensions:
            self.extensions.append(extension)


@dataclass(slots=True, kw_only=True)
class Draft:
    request_id: str
    first_seq: int
    started_ns: int
    last_seq: int = 0
    cold_start: bool = False
    version: str | None = None
    turn: Turn | None = None
    finished_ns: int | None = None
    # what its own records said
    report: Record = field(default_factory=dict)
    runtime_done: Record = field(default_factory=dict)
    answered: Record = field(default_factory=dict)
    answered_ns: int | None = None
    measurement: Record = field(default_factory=dict)
    # the init it waited for, on a cold start
    extension_init_ms: Mapping[str, float] = field(default_factory=dict)
    runtime_init_ms: float | None = None
    function_init_ms: float | None = None

    def start(self, event: TelemetryEvent, record: Record) -> None:
        self.started_ns, self.last_seq, self.turn = event.at_ns, event.seq, Turn()
        self.version = text(record, "version")

    def finish(self, event: TelemetryEvent, startup: Startup) -> None:
        self.finished_ns, self.last_seq = event.at_ns, event.seq
        if self.cold_start:
            self.extension_init_ms = startup.extension_init_ms()
            self.runtime_init_ms, self.function_init_ms = startup.runtime_init_ms(), startup.function_init_ms()

    def figures(self, around: Surroundings) -> InvocationMetrics:
        metrics: Record = fields(self.report, "metrics")
        status, error_type = self._outcome()
        result = self.turn.post_runtime() if self.turn is not None else None
        finished_ns = self.started_ns if self.finished_ns is None else self.finished_ns
        return InvocationMetrics(
            request_id=self.request_id, function_name=around.function_name, version=self.version or around.version,
            environment_id=around.environment_id, cold_start=self.cold_start, status=status, error_type=error_type,
            started_at=iso_time(self.started_ns), started_at_us=self.started_ns // NS_PER_US,
            init_duration_ms=number(metrics, "initDurationMs") if self.cold_start else None,
            extension_init_ms=self.extension_init_ms, runtime_init_ms=self.runtime_init_ms,
            function_init_ms=self.function_init_ms, duration_ms=number(metrics, "durationMs"),
            billed_duration_ms=_whole(metrics, "billedDurationMs"),
            answered_after_ms=number(self.answered, "answeredAfterMs"),
            post_runtime_extensions_duration_ms=None if result is None else _ms(result.duration_ns),
            max_memory_used_mb=number(metrics, "maxMemoryUsedMB"),
            memory_size_mb=_whole(metrics, "memorySizeMB") or around.memory_size_mb,
            memory_method=text(self.measurement, "method") or around.memory_method,
            extensions=self._extensions(around.extensions), runtime=RuntimeFigures(**self._use(RUNTIME_PARTY)),
            report_line=report_line(self.report) if self.report else None, busy_until_us=finished_ns // NS_PER_US,
            answered_at_us=None if self.answered_ns is None else self.answered_ns // NS_PER_US,
            produced_bytes=self._produced_bytes(), first_seq=self.first_seq, last_seq=self.last_seq,
        )

    def _outcome(self) -> tuple[str, str | None]:
        """An error that the function reported itself is a success to AWS's platform, and an error to its user."""
        if not self.report:
            return Status.FAILURE.value, "Sandbox.Failure"
        status = text(self.report, "status") or Status.SUCCESS.value
        answered = text(self.answered, "errorType")
        if status != Status.SUCCESS:
            return status, text(self.report, "errorType") or answered
        return (Status.ERROR.value, answered) if answered is not None else (status, None)

    def _extensions(self, names: list[str]) -> tuple[ExtensionFigures, ...]:
        tails = self.turn.tails_ns() if self.turn is not None else {}
        result = self.turn.post_runtime() if self.turn is not None else None
        slacks = result.slacks_ns if result is not None else {}
        critical = result.critical if result is not None else None
        return tuple(
            ExtensionFigures(
                name=name, tail_ms=_ms(tails[name]) if name in tails else None,
                slack_ms=_ms(slacks[name]) if name in slacks else None, critical=name == critical,
                **self._use(name),
            )
            for name in names
        )

    def _use(self, party: str) -> dict[str, float | None]:
        for process in rows(self.measurement, "processes"):
            if isinstance(process, Mapping) and process.get("party") == party:
                return {"cpu_ms": number(process, "cpuMs"), "max_memory_mb": number(process, "maxMemoryMB")}
        return {"cpu_ms": None, "max_memory_mb": None}

    def _produced_bytes(self) -> int | None:
        """The platform's own count, which is 0 for an error; where it has none, what was answered."""
        produced = _whole(fields(self.runtime_done, "metrics"), "producedBytes")
        return _whole(self.answered, "producedBytes") if produced is None else produced


def _ms(duration_ns: int) -> float:
    return round(duration_ns / NS_PER_MS, 3)


def _whole(record: Record, name: str) -> int | None:
    value = number(record, name)
    return None if value is None else int(value)

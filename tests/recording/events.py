"""Events as an environment records them, small: a beginning, warm or cold invocations, an end."""

from itertools import count
from typing import Any
from uuid import uuid4

from lambdasim.telemetry.event import TelemetryEvent

START_NS = 1_764_000_000_000_000_000
MS = 1_000_000


class Life:
    """Builds one environment's events; the next number and moment follow by themselves."""

    def __init__(
        self, *, function_name: str = "hello", version: str = "1", start_ns: int = START_NS,
        environment_id: str | None = None,
    ) -> None:
        self.environment_id = environment_id or str(uuid4())
        self.function_name, self.version = function_name, version
        self._seq = count(1)
        self._at_ns = start_ns
        self._invocations = count(1)

    def event(self, type: str, record: dict[str, Any] | str, *, party: str | None = None) -> TelemetryEvent:
        self._at_ns += MS
        return TelemetryEvent(seq=next(self._seq), at_ns=self._at_ns, type=type, record=record, party=party)

    def begin(self) -> list[TelemetryEvent]:
        return [
            self.event("sim.environment", {
                "environmentId": self.environment_id, "functionName": self.function_name,
                "functionVersion": self.version, "functionArn": f"arn:aws:lambda:::function:{self.function_name}",
                "runtime": "python3.11", "handler": "app.handler", "memorySizeMB": 128, "timeoutMs": 3000,
                "initializationType": "on-demand", "isolation": "full", "network": "host", "freezer": "cgroup",
                "memoryMethod": "cgroup", "cpuMethod": "cgroup", "host": "here", "extensions": [],
            }),
            self.event("sim.phase", {"from": "NEW", "to": "IDLE"}),
        ]

    def log(self, text: str) -> TelemetryEvent:
        return self.event("function", text, party="runtime")

    def invocation(self, *, request_id: str | None = None, cold: bool = False) -> list[TelemetryEvent]:
        """Nine events, from sim.invoke to platform.report; 5 ms of Duration."""
        request_id = request_id or f"{self.environment_id}-{next(self._invocations)}"
        id_record = {"requestId": request_id}
        return [
            self.event("sim.invoke", {
                **id_record, "acceptedAtNs": self._at_ns, "payloadBytes": 2, "coldStart": cold,
                "functionArn": f"arn:aws:lambda:::function:{self.function_name}",
            }),
            self.event("platform.start", {**id_record, "version": self.version}),
            self.event("sim.party", {"role": "runtime", "state": "Running", "previous": "Ready"}, party="runtime"),
            self.event("function", f"hello from {request_id}\n", party="runtime"),
            self.event("sim.answered", {**id_record, "status": "success", "producedBytes": 2, "answeredAfterMs": 4.0}),
            self.event("sim.party", {"role": "runtime", "state": "Ready", "previous": "Running"}, party="runtime"),
            self.event("platform.runtimeDone", {
                **id_record, "status": "success", "metrics": {"durationMs": 5.0, "producedBytes": 2},
            }),
            self.event("sim.measurement", {
                **id_record, "phase": "invoke", "maxMemoryMB": 40.0, "highWaterMB": 41.0, "method": "cgroup",
                "processes": [{"party": "runtime", "pid": 7, "cpuMs": 1.0, "maxMemoryMB": 30.0}],
            }),
            self.event("platform.report", {
                **id_record, "status": "success",
                "metrics": {"durationMs": 5.0, "billedDurationMs": 5, "memorySizeMB": 128, "maxMemoryUsedMB": 40},
            }),
        ]

    def end(self, reason: str = "spindown") -> list[TelemetryEvent]:
        begun = self.event("sim.shutdown", {"reason": reason, "budgetMs": 2000})
        return [begun, self.event("sim.end", {"reason": reason})]


def seqs(events: list[TelemetryEvent]) -> list[int]:
    return [event.seq for event in events]

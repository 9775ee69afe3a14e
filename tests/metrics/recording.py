"""Spells each record once, with the catalogue's member names (docs/architecture.md, "Records").

Moments are milliseconds after BEGIN_NS.
"""

from collections.abc import Iterable
from typing import Any

from lambdasim.core.time import NS_PER_MS
from lambdasim.telemetry.event import TelemetryEvent

BEGIN_NS = 1_700_000_000_000_000_000


class Recording:
    def __init__(self, *, first_seq: int = 1) -> None:
        self.events: list[TelemetryEvent] = []
        self._next_seq = first_seq
        self._phase = "PREPARED"
        self._states: dict[str, str] = {}

    def put(self, at_ms: float, type: str, record: Any, party: str | None = None) -> "Recording":
        at_ns = BEGIN_NS + round(at_ms * NS_PER_MS)
        self.events.append(TelemetryEvent(seq=self._next_seq, at_ns=at_ns, type=type, record=record, party=party))
        self._next_seq += 1
        return self

    # --- the life --------------------------------------------------------------------------------

    def environment(self, at_ms: float, *, extensions: Iterable[str] = ()) -> None:
        self.put(at_ms, "sim.environment", {
            "environmentId": "env-1", "functionName": "hello", "functionVersion": "7",
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:hello", "runtime": "python3.11",
            "handler": "app.handler", "memorySizeMB": 128, "timeoutMs": 3000, "initializationType": "on-demand",
            "isolation": "bwrap", "network": "none", "freezer": "cgroup", "memoryMethod": "pss",
            "cpuMethod": "proc", "host": "bench", "extensions": list(extensions),
        })

    def phase(self, at_ms: float, to: str) -> None:
        self.put(at_ms, "sim.phase", {"from": self._phase, "to": to})
        self._phase = to

    def started(self, at_ms: float, party: str, *, pid: int) -> None:
        self._states[party] = "Started"
        self.put(at_ms, "sim.processStart", {"role": self._role(party), "pid": pid}, party)

    def state(self, at_ms: float, party: str, state: str, *, request_id: str | None = None) -> None:
        record = {"role": self._role(party), "state": state, "previous": self._states.get(party, "Started")}
        if request_id is not None:
            record["requestId"] = request_id
        self._states[party] = state
        self.put(at_ms, "sim.party", record, party)

    def exited(self, at_ms: float, party: str, *, code: int, pid: int) -> None:
        record = {"role": self._role(party), "pid": pid, "code": code, "cpuMs": 12.5, "maxMemoryMB": 20.0}
        self.put(at_ms, "sim.processExit", record, party)
        self.state(at_ms, party, "Exited")

    def measured(self, at_ms: float, phase: str, *, peak_mb: float, request_id: str | None = None,
                 use: dict[str, tuple[float, float]] | None = None) -> None:
        record: dict[str, Any] = {"phase": phase}
        if request_id is not None:
            record["requestId"] = request_id
        record |= {"maxMemoryMB": peak_mb, "highWaterMB": peak_mb, "method": "pss", "processes": [
            {"party": party, "pid": 10, "cpuMs": cpu_ms, "maxMemoryMB": memory_mb}
            for party, (cpu_ms, memory_mb) in (use or {}).items()
        ]}
        self.put(at_ms, "sim.measurement", record)

    # --- the platform ----------------------------------------------------------------------------

    def init_start(self, at_ms: float, *, phase: str = "init") -> None:
        self.put(at_ms, "platform.initStart", {
            "initializationType": "on-demand", "phase": phase, "functionName": "hello", "functionVersion": "7",
            "instanceMaxMemory": 134217728,
        })

    def init_report(self, at_ms: float, *, duration_ms: float, status: str = "success", phase: str = "init",
                    error_type: str | None = None) -> None:
        record: dict[str, Any] = {"initializationType": "on-demand", "phase": phase, "status": status}
        if error_type is not None:
            record["errorType"] = error_type
        self.put(at_ms, "platform.initReport", record | {"metrics": {"durationMs": duration_ms}})

    def accepted(self, at_ms: float, request_id: str, *, cold: bool, since_ms: float) -> None:
        self.put(at_ms, "sim.invoke", {
            "requestId": request_id, "acceptedAtNs": BEGIN_NS + round(since_ms * NS_PER_MS), "payloadBytes": 2,
            "coldStart": cold, "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:hello",
        })

    def start(self, at_ms: float, request_id: str) -> None:
        self.put(at_ms, "platform.start", {"requestId": request_id, "version": "7", "tracing": {
            "type": "X-Amzn-Trace-Id", "value": "Root=1-65538a00-000000000000000000000001;Parent=0000000000000002;"
                                                "Sampled=0",
        }})

    def answered(self, at_ms: float, request_id: str, *, after_ms: float, status: str = "success",
                 produced_bytes: int = 4, error_type: str | None = None) -> None:
        record: dict[str, Any] = {"requestId": request_id, "status": status, "producedBytes": produced_bytes,
                                  "answeredAfterMs": after_ms}
        if error_type is not None:
            record["errorType"] = error_type
        self.put(at_ms, "sim.answered", record)

    def runtime_done(self, at_ms: float, request_id: str, *, duration_ms: float, status: str = "success",
                     produced_bytes: int = 4, error_type: str | None = None) -> None:
        record: dict[str, Any] = {"requestId": request_id, "status": status, "metrics": {
            "durationMs": duration_ms, "producedBytes": produced_bytes}, "spans": []}
        if error_type is not None:
            record["errorType"] = error_type
        self.put(at_ms, "platform.runtimeDone", record)

    def report(self, at_ms: float, request_id: str, *, duration_ms: float, billed_ms: int, status: str = "success",
               init_ms: float | None = None, error_type: str | None = None) -> None:
        metrics: dict[str, Any] = {"durationMs": duration_ms, "billedDurationMs": billed_ms, "memorySizeMB": 128,
                                   "maxMemoryUsedMB": 81}
        if init_ms is not None:
            metrics["initDurationMs"] = init_ms
        record: dict[str, Any] = {"requestId": request_id, "status": status, "metrics": metrics, "spans": []}
        if error_type is not None:
            record["errorType"] = error_type
        self.put(at_ms, "platform.report", record)

    @staticmethod
    def _role(party: str) -> str:
        if party == "runtime":
            return "runtime"
        return "internal" if party.startswith("internal") else "external"

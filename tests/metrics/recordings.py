"""Recordings written by hand: what an environment emits in the situations that the figures must tell apart.

A scenario says what happens, in milliseconds after BEGIN_NS. Run as a program
(`python -m tests.metrics.recordings`) it writes tests/golden/*.ndjson and *.json anew.
"""

import json
from collections.abc import Callable
from pathlib import Path

from lambdasim.metrics.fold import EnvironmentFold
from lambdasim.telemetry.event import TelemetryEvent, encode_lines
from tests.metrics.recording import Recording

GOLDEN = Path(__file__).parent.parent / "golden"


def with_two_extensions(recording: Recording) -> None:
    """0…100 ms: alpha is ready at 60, beta at 95; the runtime is at 85, its handler module loads from 55 on."""
    recording.environment(0, extensions=["alpha", "beta"])
    recording.phase(0.1, "INIT_REGISTER")
    recording.init_start(1)
    recording.started(2, "alpha", pid=11)
    recording.started(3, "beta", pid=12)
    recording.state(10, "alpha", "Registered")
    recording.state(20, "beta", "Registered")
    recording.phase(20, "INIT_RUNTIME")
    recording.started(21, "runtime", pid=13)
    recording.put(40, "extension", "beta: starting\n", "beta")
    recording.put(55, "sim.mark", {"name": "functionInitStart"}, "runtime")
    recording.state(60, "alpha", "Ready")
    recording.put(84, "sim.mark", {"name": "functionInitEnd"}, "runtime")
    recording.state(85, "runtime", "Ready")
    recording.put(85, "platform.initRuntimeDone",
                  {"initializationType": "on-demand", "phase": "init", "status": "success"})
    recording.phase(85, "INIT_EXTENSIONS")
    recording.state(95, "beta", "Ready")
    recording.phase(95, "INIT_MEASURE")
    for name in ("alpha", "beta"):
        recording.put(95, "platform.extension", {"name": name, "state": "Ready", "events": ["INVOKE", "SHUTDOWN"]})
    recording.measured(97, "init", peak_mb=70.0, use={"runtime": (900.0, 50.0), "alpha": (90.0, 10.0)})
    recording.init_report(97, duration_ms=93.0)
    recording.phase(97, "IDLE")


def invocation(recording: Recording, begin_ms: float, request_id: str, *, cold: bool = False,
               error_type: str | None = None) -> None:
    """20 ms of handler; then alpha's tail of 4 ms and beta's, the critical one, of 10."""
    at = begin_ms
    recording.phase(at, "INVOKE_RUNTIME")
    recording.accepted(at, request_id, cold=cold, since_ms=0 if cold else at - 1)
    recording.start(at, request_id)
    for party in ("alpha", "beta", "runtime"):
        recording.state(at, party, "Running", request_id=request_id)
    recording.put(at + 5, "function", f"hello from {request_id}\n", "runtime")
    recording.state(at + 18, "runtime", "InvocationErrorResponse" if error_type else "InvocationResponse",
                    request_id=request_id)
    recording.answered(at + 18.5, request_id, after_ms=at + 18.5 if cold else 19.5,
                       status="error" if error_type else "success", error_type=error_type)
    recording.state(at + 18.5, "runtime", "RuntimeResponseSentState", request_id=request_id)
    recording.state(at + 20, "runtime", "Ready", request_id=request_id)
    recording.runtime_done(at + 20, request_id, duration_ms=20.0, produced_bytes=0 if error_type else 4)
    recording.phase(at + 20, "INVOKE_EXTENSIONS")
    recording.state(at + 24, "alpha", "Ready", request_id=request_id)
    recording.state(at + 30, "beta", "Ready", request_id=request_id)
    recording.phase(at + 30, "INVOKE_MEASURE")
    recording.measured(at + 31, "invoke", peak_mb=80.2, request_id=request_id,
                       use={"runtime": (15.0, 50.5), "alpha": (1.5, 10.25), "beta": (2.5, 20.0)})
    recording.report(at + 31, request_id, duration_ms=30.0, billed_ms=123 if cold else 30,
                     init_ms=93.0 if cold else None)
    recording.phase(at + 31, "IDLE")


def frozen(recording: Recording, begin_ms: float, *, frozen_ms: float) -> None:
    recording.put(begin_ms, "sim.freeze", {"tookMs": 0.5, "processes": 3})
    recording.put(begin_ms + frozen_ms + 0.25, "sim.thaw", {"tookMs": 0.25, "frozenMs": frozen_ms})


def ended(recording: Recording, begin_ms: float, *, reason: str, beta_hangs: bool = False) -> None:
    """Reset or shutdown, up to its last exit: alpha obeys, beta has to be killed; a hanging beta gets no event."""
    prefix = "SHUTDOWN" if reason == "spindown" else "RESET"
    recording.phase(begin_ms, f"{prefix}_RUNTIME")
    recording.put(begin_ms, "sim.shutdown", {"reason": reason, "budgetMs": 2000})
    recording.put(begin_ms, "sim.signal", {"signal": "SIGTERM", "reason": reason}, "runtime")
    recording.exited(begin_ms + 5, "runtime", code=-15, pid=13)
    recording.phase(begin_ms + 5, f"{prefix}_EXTENSIONS")
    recording.state(begin_ms + 5, "alpha", "Running")
    if not beta_hangs:
        recording.state(begin_ms + 5, "beta", "Running")
    recording.exited(begin_ms + 15, "alpha", code=0, pid=11)
    recording.put(begin_ms + 2000, "sim.signal", {"signal": "SIGKILL", "reason": "budget exceeded"}, "beta")
    recording.exited(begin_ms + 2001, "beta", code=-9, pid=12)
    recording.phase(begin_ms + 2001, f"{prefix}_MEASURE")


# --- scenarios -----------------------------------------------------------------------------------


def life() -> list[TelemetryEvent]:
    """Cold start with two extensions, frozen for 500 ms, a warm invocation, frozen again, shutdown."""
    recording = Recording()
    with_two_extensions(recording)
    invocation(recording, 100, "r-1", cold=True)
    frozen(recording, 132, frozen_ms=500)
    invocation(recording, 633, "r-2")
    frozen(recording, 665, frozen_ms=1000)
    ended(recording, 1700, reason="spindown")
    recording.measured(3702, "shutdown", peak_mb=80.0)
    recording.phase(3702, "DEAD")
    recording.put(3702, "sim.end", {"reason": "spindown"})
    return recording.events


def timeout() -> list[TelemetryEvent]:
    """The handler never comes back: at 3 s the reset begins; the next invocation initialises inside itself."""
    recording = Recording()
    with_two_extensions(recording)
    at = 100
    recording.phase(at, "INVOKE_RUNTIME")
    recording.accepted(at, "r-1", cold=True, since_ms=0)
    recording.start(at, "r-1")
    for party in ("alpha", "beta", "runtime"):
        recording.state(at, party, "Running", request_id="r-1")
    recording.state(at + 2, "alpha", "Ready", request_id="r-1")
    recording.runtime_done(at + 3000, "r-1", duration_ms=3000.4, status="timeout", produced_bytes=0)
    recording.answered(at + 3000, "r-1", after_ms=3100.0, status="timeout", produced_bytes=0,
                       error_type="Sandbox.Timedout")
    ended(recording, at + 3000, reason="timeout", beta_hangs=True)
    recording.measured(at + 5002, "invoke", peak_mb=80.2, request_id="r-1", use={"runtime": (15.0, 50.5)})
    recording.report(at + 5002, "r-1", duration_ms=3000.0, billed_ms=3093, status="timeout", init_ms=93.0)
    recording.phase(at + 5002, "NEW")
    _suppressed(recording, 6000, "r-2")
    return recording.events


def _suppressed(recording: Recording, at: float, request_id: str) -> None:
    """Init again, inside an invocation and without extensions; its runtime gives no mark."""
    recording.phase(at, "INIT_REGISTER")
    recording.accepted(at, request_id, cold=False, since_ms=at)
    recording.init_start(at, phase="invoke")
    recording.started(at + 1, "runtime", pid=23)
    recording.state(at + 41, "runtime", "Ready")
    recording.init_report(at + 41, duration_ms=40.0, phase="invoke")
    recording.phase(at + 41, "INVOKE_RUNTIME")
    recording.start(at + 41, request_id)
    recording.state(at + 41, "runtime", "Running", request_id=request_id)
    recording.answered(at + 50, request_id, after_ms=50.0)
    recording.state(at + 51, "runtime", "Ready", request_id=request_id)
    recording.runtime_done(at + 51, request_id, duration_ms=10.0)
    recording.report(at + 52, request_id, duration_ms=51.0, billed_ms=51)
    recording.phase(at + 52, "IDLE")


def crash() -> list[TelemetryEvent]:
    """beta exits in the middle of the invocation: reset. In the next one the whole environment is lost."""
    recording = Recording()
    with_two_extensions(recording)
    at = 100
    recording.phase(at, "INVOKE_RUNTIME")
    recording.accepted(at, "r-1", cold=True, since_ms=0)
    recording.start(at, "r-1")
    for party in ("alpha", "beta", "runtime"):
        recording.state(at, party, "Running", request_id="r-1")
    recording.exited(at + 7, "beta", code=3, pid=12)
    recording.runtime_done(at + 7, "r-1", duration_ms=7.0, status="error", produced_bytes=0,
                           error_type="Extension.Crash")
    recording.answered(at + 7, "r-1", after_ms=107.0, status="error", produced_bytes=0,
                       error_type="Extension.Crash")
    recording.phase(at + 7, "RESET_RUNTIME")
    recording.put(at + 7, "sim.shutdown", {"reason": "failure", "budgetMs": 2000})
    recording.put(at + 7, "sim.signal", {"signal": "SIGTERM", "reason": "failure"}, "runtime")
    recording.exited(at + 8, "runtime", code=-15, pid=13)
    recording.phase(at + 8, "RESET_EXTENSIONS")
    recording.exited(at + 9, "alpha", code=0, pid=11)
    recording.phase(at + 9, "RESET_MEASURE")
    recording.report(at + 10, "r-1", duration_ms=7.0, billed_ms=100, status="error", init_ms=93.0,
                     error_type="Extension.Crash")
    recording.phase(at + 10, "NEW")
    at = 200
    recording.phase(at, "INIT_REGISTER")
    recording.accepted(at, "r-2", cold=False, since_ms=at)
    recording.init_start(at, phase="invoke")
    recording.started(at + 1, "runtime", pid=23)
    recording.put(at + 90, "sim.lost", {"reason": "the worker ended"})
    return recording.events


def function_error() -> list[TelemetryEvent]:
    """The function raises and says so through /error: the platform calls that a success, its user does not."""
    recording = Recording()
    with_two_extensions(recording)
    invocation(recording, 100, "r-1", cold=True, error_type="Function.ValueError")
    return recording.events


SCENARIOS: dict[str, Callable[[], list[TelemetryEvent]]] = {
    "life": life,
    "timeout": timeout,
    "crash": crash,
    "function_error": function_error,
}


def write_golden() -> None:
    """The recording as it is stored, and beside it what a browser gets to draw."""
    GOLDEN.mkdir(exist_ok=True)
    for name, scenario in SCENARIOS.items():
        events = scenario()
        (GOLDEN / f"{name}.ndjson").write_bytes(encode_lines(events))
        fold = EnvironmentFold()
        fold.feed(events)
        drawn = json.dumps(fold.snapshot().to_json(), indent=1, ensure_ascii=False)
        (GOLDEN / f"{name}.json").write_text(drawn + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_golden()

"""A made-up life of an execution environment, as messages of the live feed: for tests that need something to draw.

Two extensions (tails of 80 ms and 12 ms), one cold and several warm invocations, freezes between, a shutdown. The shape
is that of FoldUpdate.to_json(); figures derive from the parts, so they agree with each other as real ones do.
"""

import json
import math
from dataclasses import dataclass, field
from typing import Any

BASE_US = 1_772_460_127_120_000
"""2026-03-02 14:02:07.120 UTC."""

Message = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Life:
    """One environment under construction; times in ms since its first moment."""

    environment_id: str
    function_name: str = "hello-two-extensions"
    version: str = "1"
    start_ms: float = 0.0
    extensions: dict[str, tuple[float, float]] = field(
        default_factory=lambda: {"otel-ext": (112.0, 80.0), "log-ext": (64.0, 12.0)}
    )
    """name → (init ms, tail ms)"""
    handler_ms: float = 48.0
    now_ms: float = 0.0
    seq: int = 0
    count: int = 0
    init_ms: float = 0.0
    frozen_span: Message | None = None
    spans: list[Message] = field(default_factory=list)
    markers: list[Message] = field(default_factory=list)
    logs: list[Message] = field(default_factory=list)
    invocations: list[Message] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    state: dict[str, Any] = field(default_factory=dict)

    def us(self, ms: float) -> int:
        return BASE_US + round((self.start_ms + ms) * 1000)

    def span(self, kind: str, lane: str, start: float, end: float | None, **more: Any) -> Message:
        made = {
            "id": f"{kind}:{lane}:{start:.3f}", "lane": lane, "kind": kind, "start_us": self.us(start),
            "end_us": None if end is None else self.us(end), "label": None, "request_id": None, "status": None,
            "critical": False, "detail": {}, **more,
        }
        self.spans.append(made)
        return made

    def mark(self, kind: str, at: float, request_id: str) -> None:
        self.markers.append({
            "id": f"{kind}:{request_id}", "kind": kind, "at_us": self.us(at), "lane": "platform",
            "request_id": request_id, "label": "",
        })

    def log(self, party: str, at: float, text: str, request_id: str | None = None) -> None:
        self.seq += 1
        line = {"seq": self.seq, "at_us": self.us(at), "party": party, "text": text, "request_id": request_id}
        self.logs.append(line)

    def flush(self, **state: Any) -> None:
        """Everything since the last message becomes one."""
        first, self.seq = self.seq + 1, self.seq + 8
        self.state = {
            "environment_id": self.environment_id, "function_name": self.function_name, "version": self.version,
            "phase": "IDLE", "frozen": False, "busy": False, "holders": [], "holder_since_us": None, "ended": False,
            "end_reason": None, "isolation": "namespaces", "memory_method": "pss", "freezer": "sigstop",
            "extensions": list(self.extensions), "last_seq": self.seq, **state,
        }
        self.messages.append({
            "environment_id": self.environment_id, "first_seq": first, "last_seq": self.seq, "spans": self.spans,
            "markers": self.markers, "logs": self.logs, "invocations": self.invocations, "environment": self.state,
        })
        self.spans, self.markers, self.logs, self.invocations = [], [], [], []

    def init(self) -> "Life":
        last = max((ms for ms, _ in self.extensions.values()), default=0.0)
        runtime_start = 9.0
        runtime_done, function_done = runtime_start + 58.0, runtime_start + 58.0 + 37.0
        self.init_ms = max(last, function_done) + 0.8
        for name, (ms, _) in self.extensions.items():
            self.span("extension-init", name, 0.6, ms)
            self.log(name, ms - 2, f"[{name}] registered for INVOKE, SHUTDOWN")
        self.span("runtime-init", "runtime", runtime_start, runtime_done)
        self.span("function-init", "runtime", runtime_done, function_done)
        self.span("init", "platform", 0.0, self.init_ms, status="success")
        self.log("runtime", runtime_done + 4, "loading model: 1,204 parameters")
        self.now_ms = self.init_ms + 1.2
        self.flush(phase="INVOKE_RUNTIME", busy=True, holders=["runtime"], holder_since_us=self.us(self.now_ms))
        return self

    def invoke(self, *, status: str = "success", tail_factor: float = 1.0) -> "Life":
        if self.frozen_span is not None:
            self.spans.append({**self.frozen_span, "end_us": self.us(self.now_ms)})
            self.frozen_span = None
        self.count += 1
        start = self.now_ms
        request_id = f"{self.count:08x}-5a1c-4e0f-9d53-{self.environment_id[:12]:0>12}"
        cold = self.count == 1
        ready = start + self.handler_ms + 1.4
        answered = start + self.handler_ms + 0.6
        tails = {name: tail * tail_factor for name, (_, tail) in self.extensions.items()}
        longest = max(tails.values(), default=0.0)
        done = ready + longest
        self.span("handler", "runtime", start + 0.3, answered, request_id=request_id, status=status)
        for name, tail in tails.items():
            critical = tail == longest
            self.span("working", name, start + 0.4, ready, request_id=request_id)
            self.span("tail", name, ready, ready + tail, request_id=request_id, critical=critical)
            if not critical:
                self.span("slack", name, ready + tail, done, request_id=request_id)
            self.log(name, ready + 2, f"[{name}] flushing 14 spans, 3.1 kB", request_id)
        self.span("invoke", "platform", start, done, request_id=request_id, status=status)
        self.log("runtime", start + 5, f"hello from invocation {self.count}", request_id)
        self.mark("answered", answered, request_id)
        self.mark("busy-until", done, request_id)
        if status != "success":
            self.mark("error", answered, request_id)
        self.invocations.append(self.figures(
            request_id=request_id, start=start, answered=answered, done=done, tails=tails, cold=cold, status=status))
        self.now_ms = done
        self.flush()
        return self

    def figures(self, *, request_id: str, start: float, answered: float, done: float, tails: dict[str, float],
                cold: bool, status: str) -> Message:
        duration = round(done - start, 3)
        billed = math.ceil(duration + (self.init_ms if cold else 0))
        init = round(self.init_ms, 3) if cold else None
        longest = max(tails.values(), default=0.0)
        parts = [f"REPORT RequestId: {request_id}", f"Duration: {duration:.2f} ms", f"Billed Duration: {billed} ms",
                 "Memory Size: 128 MB", "Max Memory Used: 81 MB", *([f"Init Duration: {init:.2f} ms"] if init else [])]
        report = "\t".join(parts) + "\t"
        return {
            "request_id": request_id, "function_name": self.function_name, "version": self.version,
            "environment_id": self.environment_id, "cold_start": cold, "status": status,
            "error_type": None if status == "success" else "Function.Unhandled",
            "started_at": "2026-03-02T14:02:07.120Z", "started_at_us": self.us(start), "init_duration_ms": init,
            "extension_init_ms": {name: ms for name, (ms, _) in self.extensions.items()} if cold else {},
            "runtime_init_ms": 58.0 if cold else None, "function_init_ms": 37.0 if cold else None,
            "duration_ms": duration, "billed_duration_ms": billed, "answered_after_ms": round(answered - start, 3),
            "post_runtime_extensions_duration_ms": round(longest, 3), "max_memory_used_mb": 81, "memory_size_mb": 128,
            "memory_method": "pss",
            "extensions": [
                {"name": name, "tail_ms": tail, "slack_ms": round(longest - tail, 3), "critical": tail == longest,
                 "cpu_ms": round(tail * 0.42, 2), "max_memory_mb": 18.4 if name == "otel-ext" else 11.2}
                for name, tail in tails.items()
            ],
            "runtime": {"cpu_ms": 21.7, "max_memory_mb": 49.3}, "report_line": report, "busy_until_us": self.us(done),
            "answered_at_us": self.us(answered),
        }

    def freeze(self, ms: float) -> "Life":
        """Frozen for `ms`; the span stays open until the next invocation or the shutdown ends it."""
        self.frozen_span = dict(self.span("frozen", "platform", self.now_ms + 1.5, None))
        self.flush(frozen=True)
        self.now_ms += ms
        return self

    def shutdown(self) -> "Life":
        if self.frozen_span is not None:
            self.spans.append({**self.frozen_span, "end_us": self.us(self.now_ms)})
            self.frozen_span = None
        self.span("shutdown", "platform", self.now_ms, self.now_ms + 34.0, status="success")
        self.now_ms += 34.0
        self.flush(phase="DEAD", ended=True, end_reason="spindown")
        return self


def example() -> list[Message]:
    """Two environments side by side: one lives through seven invocations and ends, one is frozen and waits."""
    one = Life(environment_id="3f9c1a7e-52b8-4c1d-a2f0-77d1c0ffee01").init().invoke().freeze(3_200).invoke().freeze(840)
    one.invoke(tail_factor=0.9).freeze(12_400).invoke(status="error", tail_factor=1.1).freeze(60_000).shutdown()
    other = Life(environment_id="b70e44d2-9a61-4f53-8c3e-0ddba11ca7e5", start_ms=3_330, version="2",
                 extensions={"otel-ext": (88.0, 31.0), "log-ext": (61.0, 12.0)})
    other.init().invoke().freeze(13_200).invoke().freeze(5_000)
    return sorted(one.messages + other.messages, key=lambda message: message["environment_id"])


def example_json() -> str:
    return json.dumps(example(), indent=None, separators=(",", ":"))

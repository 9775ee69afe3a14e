"""Draws how things end: reset and shutdown on the platform's lane, each process's way from being told to its exit.

A reset is the small shutdown after a failure or a time-out; the environment lives on (AWS Lambda,
lambda-runtime-environment, "Failures during the invoke phase").
"""

from collections.abc import Mapping

from lambdasim.core.values import ShutdownReason
from lambdasim.metrics.canvas import NS_PER_US, Canvas
from lambdasim.metrics.details import Record, detail, exit_label, number, text
from lambdasim.metrics.values import PLATFORM_LANE, MarkerKind, Span, SpanKind
from lambdasim.telemetry.event import TelemetryEvent

KIND_OF_REASON: Mapping[str, SpanKind] = {
    ShutdownReason.SPINDOWN: SpanKind.SHUTDOWN,
    ShutdownReason.TIMEOUT: SpanKind.RESET,
    ShutdownReason.FAILURE: SpanKind.RESET,
}

ENDING_PHASES = ("reset", "shutdown")
"""How the names of the phases begin in which processes are being stopped."""

KILL = "SIGKILL"


class EndingSpans:
    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._kind: SpanKind | None = None
        self._began_ns = 0

    @property
    def under_way(self) -> bool:
        return self._kind is not None

    def began(self, event: TelemetryEvent, record: Record, request_id: str | None) -> None:
        """Whatever is under way ends here; in a reset with the reason as its status."""
        reason = text(record, "reason") or ""
        kind = KIND_OF_REASON.get(reason, SpanKind.SHUTDOWN)
        status = reason if kind is SpanKind.RESET else None
        if self._kind is None:
            self._canvas.close_all(at_ns=event.at_ns, status=status)
            self._began_ns = event.at_ns
        else:
            # A stop during a reset: the processes' own spans go on.
            self._canvas.close(PLATFORM_LANE, self._kind, at_ns=event.at_ns)
        self._kind = kind
        self._canvas.open(PLATFORM_LANE, kind, seq=event.seq, at_ns=event.at_ns, label=kind.value,
                          request_id=request_id if status else None, detail=detail(record))
        if reason == ShutdownReason.TIMEOUT:
            self._canvas.mark(MarkerKind.TIMEOUT, seq=event.seq, at_ns=event.at_ns, lane=PLATFORM_LANE,
                              request_id=request_id, label="timed out")

    def told_to_stop(self, event: TelemetryEvent, party: str, how: str) -> None:
        """By the SHUTDOWN event or a signal: the first of them starts the span."""
        if self._kind is None:
            return
        if self._canvas.opened(party, SpanKind.SHUTDOWN) is None:
            self._canvas.open(party, SpanKind.SHUTDOWN, seq=event.seq, at_ns=event.at_ns, label="shutdown",
                              detail={"told_by": how})

    def signalled(self, event: TelemetryEvent, record: Record, request_id: str | None) -> None:
        if event.party is None:
            return
        signal, reason = text(record, "signal") or "signal", text(record, "reason")
        self.told_to_stop(event, event.party, signal)
        if signal == KILL:
            self._canvas.mark(MarkerKind.KILLED, seq=event.seq, at_ns=event.at_ns, lane=event.party,
                              request_id=request_id, label=f"killed: {reason}" if reason else "killed")

    def exited(self, event: TelemetryEvent, record: Record, request_id: str | None) -> None:
        """Outside of a reset or shutdown nobody is supposed to exit, not even with status 0."""
        party, code = event.party, number(record, "code")
        if party is None:
            return
        if self._kind is None:
            self._canvas.close_all(lane=party, at_ns=event.at_ns, status="error")
            self._canvas.mark(MarkerKind.ERROR, seq=event.seq, at_ns=event.at_ns, lane=party, request_id=request_id,
                              label="exited" if code is None else exit_label(code))
        elif self._canvas.opened(party, SpanKind.SHUTDOWN) is not None:
            self._canvas.close(party, SpanKind.SHUTDOWN, at_ns=event.at_ns, detail=detail(record))
        else:
            self._canvas.add_closed(Span(
                id=f"{SpanKind.SHUTDOWN}:{party}:{event.seq}", lane=party, kind=SpanKind.SHUTDOWN,
                start_us=self._began_ns // NS_PER_US, end_us=event.at_ns // NS_PER_US, label="shutdown",
                detail=detail(record),
            ))

    def phase_changed(self, event: TelemetryEvent, record: Record) -> None:
        if not (text(record, "to") or "").lower().startswith(ENDING_PHASES):
            self.over(event.at_ns)

    def over(self, at_ns: int) -> None:
        if self._kind is not None:
            self._canvas.close(PLATFORM_LANE, self._kind, at_ns=at_ns)
            self._kind = None

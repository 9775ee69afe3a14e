"""Draws invocations: the platform's phase, the handler, and each extension's working, tail and slack.

`answered` and `busy-until` are the two clocks of an invocation: the caller waits for the first, the environment is
taken until the second (AWS Lambda, lambda-runtime-environment, Invoke phase).
"""

from dataclasses import replace

from lambdasim.core.values import RUNTIME_PARTY, Status
from lambdasim.metrics.canvas import NS_PER_US, Canvas
from lambdasim.metrics.details import Record, detail, number, text
from lambdasim.metrics.turn import Move, Turn
from lambdasim.metrics.values import PLATFORM_LANE, MarkerKind, Span, SpanKind
from lambdasim.telemetry.event import TelemetryEvent

SHOWN_SLACK_NS = 50_000
"""A shorter wait for the last extension is a matter of scheduling, not of the extension."""

NOT_OF_THE_RUNTIME = ("Extension.", "Sandbox.")
"""Error types that blame somebody else, so that their marker does not stand on the runtime's lane."""


class InvokeSpans:
    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        # of the invocation under way
        self.request_id: str | None = None
        self._turn: Turn | None = None
        self._tails: dict[str, Span] = {}
        self._cut: Span | None = None
        """The invoke span, if a reset ended it before its report."""

    def accepted(self, event: TelemetryEvent, record: Record) -> None:
        self._begin(text(record, "requestId"))

    def started(self, event: TelemetryEvent, record: Record) -> None:
        self._begin(text(record, "requestId"))
        self._turn, self._tails = Turn(), {}
        self._open(event, PLATFORM_LANE, SpanKind.INVOKE, "invoke")

    def _begin(self, request_id: str | None) -> None:
        if request_id != self.request_id:
            self._canvas.begin_chapter()
            self.request_id, self._turn, self._tails, self._cut = request_id, None, {}, None

    def moved(self, event: TelemetryEvent, party: str, record: Record) -> None:
        if self._turn is None:
            return
        move = self._turn.move(party, record, event.at_ns)
        if move is Move.DELIVERED:
            self._delivered(event, party, self._turn)
        elif move is Move.NEXT:
            self._next(event, party, self._turn)

    def _delivered(self, event: TelemetryEvent, party: str, turn: Turn) -> None:
        if party == RUNTIME_PARTY:
            self._open(event, party, SpanKind.HANDLER, "handler")
        elif turn.runtime_next_ns is None:
            self._open(event, party, SpanKind.WORKING, "working")
        else:
            self._open(event, party, SpanKind.TAIL, "tail")

    def _next(self, event: TelemetryEvent, party: str, turn: Turn) -> None:
        if party == RUNTIME_PARTY:
            self._canvas.close(party, SpanKind.HANDLER, at_ns=event.at_ns)
            for lane in self._canvas.lanes_with_open(SpanKind.WORKING):
                self._canvas.close(lane, SpanKind.WORKING, at_ns=event.at_ns)
                self._open(event, lane, SpanKind.TAIL, "tail")
        else:
            self._canvas.close(party, SpanKind.WORKING, at_ns=event.at_ns)
            tail = self._canvas.close(party, SpanKind.TAIL, at_ns=event.at_ns)
            if tail is not None:
                self._tails[party] = tail
        self._settle(event, turn)

    def _settle(self, event: TelemetryEvent, turn: Turn) -> None:
        """Once the last one has called next: who was critical, and how long the others had to spare."""
        result = turn.post_runtime()
        if result is None:
            return
        if result.critical in self._tails:
            self._canvas.amend(replace(self._tails[result.critical], critical=True))
        for party, slack_ns in result.slacks_ns.items():
            if slack_ns <= SHOWN_SLACK_NS:
                continue
            start_us = turn.next_ns[party] // NS_PER_US
            self._canvas.add_closed(Span(
                id=f"{SpanKind.SLACK}:{party}:{event.seq}", lane=party, kind=SpanKind.SLACK, start_us=start_us,
                end_us=(turn.next_ns[party] + slack_ns) // NS_PER_US, label="slack", request_id=self.request_id,
            ))

    def runtime_done(self, event: TelemetryEvent, record: Record) -> None:
        """Finds the handler open only if it never came back: time-out or crash."""
        status = text(record, "status")
        self._canvas.close(RUNTIME_PARTY, SpanKind.HANDLER, at_ns=event.at_ns, status=status, detail=detail(record))

    def cut(self, at_ns: int, status: str) -> None:
        """A reset begins: nobody's next counts any more; the report is still to come."""
        self._turn = None
        self._cut = self._canvas.close(PLATFORM_LANE, SpanKind.INVOKE, at_ns=at_ns, status=status) or self._cut

    def reported(self, event: TelemetryEvent, record: Record) -> None:
        request_id, status, shown = text(record, "requestId"), text(record, "status") or "success", detail(record)
        if self._cut is not None:
            self._canvas.amend(replace(self._cut, status=status, detail={**self._cut.detail, **shown}))
        else:
            self._canvas.close(PLATFORM_LANE, SpanKind.INVOKE, at_ns=event.at_ns, status=status, detail=shown)
        self._canvas.mark(MarkerKind.BUSY_UNTIL, seq=event.seq, at_ns=event.at_ns, lane=PLATFORM_LANE,
                          request_id=request_id, label="busy until")
        self.request_id, self._turn, self._cut = None, None, None

    def answered(self, event: TelemetryEvent, record: Record) -> None:
        request_id, error_type = text(record, "requestId"), text(record, "errorType")
        after_ms = number(record, "answeredAfterMs")
        label = "answered" if after_ms is None else f"answered after {after_ms:.2f} ms"
        self._canvas.mark(MarkerKind.ANSWERED, seq=event.seq, at_ns=event.at_ns, lane=PLATFORM_LANE,
                          request_id=request_id, label=label)
        if error_type is not None and text(record, "status") != Status.TIMEOUT:
            # The reset that a time-out begins has a marker of its own.
            lane = PLATFORM_LANE if error_type.startswith(NOT_OF_THE_RUNTIME) else RUNTIME_PARTY
            self._canvas.mark(MarkerKind.ERROR, seq=event.seq, at_ns=event.at_ns, lane=lane,
                              request_id=request_id, label=error_type)

    def _open(self, event: TelemetryEvent, lane: str, kind: SpanKind, label: str) -> None:
        self._canvas.open(lane, kind, seq=event.seq, at_ns=event.at_ns, label=label, request_id=self.request_id)

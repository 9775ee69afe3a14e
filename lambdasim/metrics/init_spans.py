"""Draws Init: the platform's phase, each extension's start-up, and the runtime's, divided by its mark.

AWS Lambda, lambda-runtime-environment: extension init, runtime init, function init. Where a runtime gives no mark
between the last two they are one span that says so.
"""

from dataclasses import replace

from lambdasim.core.values import RUNTIME_PARTY, Role
from lambdasim.metrics.canvas import NS_PER_US, Canvas
from lambdasim.metrics.details import Record, detail, text
from lambdasim.metrics.values import PLATFORM_LANE, Span, SpanKind
from lambdasim.telemetry.event import TelemetryEvent

DIVIDING_MARK = "functionInitStart"
UNDIVIDED = {"covers": "runtime init and function init"}


class InitSpans:
    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._whole: Span | None = None
        """Runtime and function init in one, for as long as a late mark may still divide it."""

    def started(self, event: TelemetryEvent, record: Record) -> None:
        self._canvas.open(PLATFORM_LANE, SpanKind.INIT, seq=event.seq, at_ns=event.at_ns, label="init",
                          detail=detail(record))

    def reported(self, event: TelemetryEvent, record: Record) -> None:
        self._canvas.close(PLATFORM_LANE, SpanKind.INIT, at_ns=event.at_ns, status=text(record, "status") or "success",
                           detail=detail(record))

    def process_started(self, event: TelemetryEvent, record: Record) -> None:
        if event.party is None:
            return
        if record.get("role") == Role.RUNTIME:
            self._whole = None
            kind, label = SpanKind.RUNTIME_INIT, "runtime init"
        else:
            kind, label = SpanKind.EXTENSION_INIT, "extension init"
        self._canvas.open(event.party, kind, seq=event.seq, at_ns=event.at_ns, label=label, detail=detail(record))

    def registered(self, event: TelemetryEvent, party: str, record: Record) -> None:
        if record.get("role") == Role.INTERNAL:
            # It lives in the runtime's process and has no start of its own: its lane begins here.
            self._canvas.open(party, SpanKind.EXTENSION_INIT, seq=event.seq, at_ns=event.at_ns,
                              label="extension init", detail={"role": "internal"})
            return
        span = self._canvas.opened(party, SpanKind.EXTENSION_INIT)
        if span is not None:
            registered_ms = (event.at_ns // NS_PER_US - span.start_us) / 1_000
            self._canvas.annotate(party, SpanKind.EXTENSION_INIT, {"registered_ms": registered_ms})

    def ready(self, event: TelemetryEvent, party: str) -> None:
        """The party's next: the first one ends its start-up, later ones find nothing open."""
        if party != RUNTIME_PARTY:
            self._canvas.close(party, SpanKind.EXTENSION_INIT, at_ns=event.at_ns)
            return
        self._canvas.close(party, SpanKind.FUNCTION_INIT, at_ns=event.at_ns)
        whole = self._canvas.close(party, SpanKind.RUNTIME_INIT, at_ns=event.at_ns, detail=UNDIVIDED)
        self._whole = whole or self._whole

    def marked(self, event: TelemetryEvent, record: Record) -> None:
        if record.get("name") != DIVIDING_MARK:
            return
        if self._canvas.close(RUNTIME_PARTY, SpanKind.RUNTIME_INIT, at_ns=event.at_ns) is not None:
            self._canvas.open(RUNTIME_PARTY, SpanKind.FUNCTION_INIT, seq=event.seq, at_ns=event.at_ns,
                              label="function init")
        elif self._whole is not None:
            self._divide(self._whole, event)
            self._whole = None

    def _divide(self, whole: Span, event: TelemetryEvent) -> None:
        """The mark came to hand after the runtime's first next: cut what was drawn until then in two."""
        end_us = whole.end_us if whole.end_us is not None else whole.start_us
        cut_us = min(max(event.at_ns // NS_PER_US, whole.start_us), end_us)
        rest = {name: value for name, value in whole.detail.items() if name not in UNDIVIDED}
        self._canvas.amend(replace(whole, end_us=cut_us, detail=rest))
        self._canvas.add_closed(Span(
            id=f"{SpanKind.FUNCTION_INIT}:{RUNTIME_PARTY}:{event.seq}", lane=RUNTIME_PARTY,
            kind=SpanKind.FUNCTION_INIT, start_us=cut_us, end_us=end_us, label="function init",
        ))

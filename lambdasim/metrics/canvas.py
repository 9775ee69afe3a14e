"""Holds the spans and markers of one environment: opens, closes and amends them, and remembers what is new.

Knows nothing of records. At most one span of a kind is open on a lane. Bounded: `begin_chapter` (one per invocation)
forgets what was drawn more than KEPT_CHAPTERS chapters ago, unless it is still open.
"""

from collections import deque
from dataclasses import replace

from lambdasim.metrics.values import Detail, Marker, MarkerKind, Span, SpanKind

KEPT_CHAPTERS = 200
NS_PER_US = 1_000


class Canvas:
    def __init__(self) -> None:
        self._spans: dict[str, Span] = {}
        self._markers: dict[str, Marker] = {}
        self._open: dict[tuple[str, SpanKind], Span] = {}
        self._chapters: deque[list[str]] = deque([[]])
        # since the last take_changes
        self._new_spans: dict[str, Span] = {}
        self._new_markers: dict[str, Marker] = {}

    def begin_chapter(self) -> None:
        self._chapters.append([])
        if len(self._chapters) <= KEPT_CHAPTERS:
            return
        for old in self._chapters.popleft():
            self._markers.pop(old, None)
            span = self._spans.get(old)
            if span is None:
                continue
            if span.end_us is None:
                self._chapters[0].append(old)
            else:
                del self._spans[old]

    def open(
        self, lane: str, kind: SpanKind, *, seq: int, at_ns: int, label: str,
        request_id: str | None = None, detail: Detail | None = None,
    ) -> None:
        """Starts a span. `seq` is the event's that starts it: it makes the id stable."""
        self.close(lane, kind, at_ns=at_ns)
        span = Span(
            id=f"{kind}:{lane}:{seq}", lane=lane, kind=kind, start_us=at_ns // NS_PER_US, label=label,
            request_id=request_id, detail=detail or {},
        )
        self._open[lane, kind] = span
        self._chapters[-1].append(span.id)
        self._store(span)

    def close(
        self, lane: str, kind: SpanKind, *, at_ns: int, status: str | None = None, detail: Detail | None = None,
    ) -> Span | None:
        """Ends the open span of this kind, if there is one."""
        span = self._open.pop((lane, kind), None)
        if span is None:
            return None
        span = replace(
            span, end_us=max(span.start_us, at_ns // NS_PER_US), status=status or span.status,
            detail={**span.detail, **detail} if detail else span.detail,
        )
        self._store(span)
        return span

    def close_all(self, *, at_ns: int, status: str | None = None, lane: str | None = None) -> None:
        for key in list(self._open):
            if lane is None or key[0] == lane:
                self.close(*key, at_ns=at_ns, status=status)

    def amend(self, span: Span) -> None:
        """Replaces a closed span that was drawn before; one that is forgotten by now stays forgotten."""
        if span.id in self._spans:
            self._store(span)

    def add_closed(self, span: Span) -> None:
        self._chapters[-1].append(span.id)
        self._store(span)

    def annotate(self, lane: str, kind: SpanKind, detail: Detail) -> None:
        """Adds to the detail of the open span of this kind, if there is one."""
        span = self._open.get((lane, kind))
        if span is not None:
            span = replace(span, detail={**span.detail, **detail})
            self._open[lane, kind] = span
            self._store(span)

    def mark(
        self, kind: MarkerKind, *, seq: int, at_ns: int, lane: str, label: str, request_id: str | None = None,
    ) -> None:
        marker = Marker(
            id=f"{kind}:{lane}:{seq}", kind=kind, at_us=at_ns // NS_PER_US, lane=lane, request_id=request_id,
            label=label,
        )
        self._chapters[-1].append(marker.id)
        self._markers[marker.id] = self._new_markers[marker.id] = marker

    def opened(self, lane: str, kind: SpanKind) -> Span | None:
        return self._open.get((lane, kind))

    def lanes_with_open(self, kind: SpanKind) -> list[str]:
        return [lane for lane, open_kind in self._open if open_kind is kind]

    def take_changes(self) -> tuple[list[Span], list[Marker]]:
        """What was drawn or changed since the last call, each once, in its latest form."""
        changes = list(self._new_spans.values()), list(self._new_markers.values())
        self._new_spans, self._new_markers = {}, {}
        return changes

    def everything(self) -> tuple[list[Span], list[Marker]]:
        return list(self._spans.values()), list(self._markers.values())

    def _store(self, span: Span) -> None:
        self._spans[span.id] = self._new_spans[span.id] = span

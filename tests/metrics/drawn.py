"""Looks at a drawing as a person would: lane, kind, from, to, in milliseconds after the recording's beginning."""

from collections.abc import Iterable

from lambdasim.metrics.fold import EnvironmentFold, FoldUpdate
from lambdasim.metrics.values import Span, SpanKind
from lambdasim.telemetry.event import TelemetryEvent
from tests.metrics.recording import BEGIN_NS

Seen = tuple[str, str, float, float | None]


def folded(events: Iterable[TelemetryEvent]) -> FoldUpdate:
    fold = EnvironmentFold()
    fold.feed(list(events))
    return fold.snapshot()


def after_begin_ms(at_us: int) -> float:
    return (at_us - BEGIN_NS // 1000) / 1000


def seen(spans: Iterable[Span]) -> list[Seen]:
    return [
        (span.lane, span.kind.value, after_begin_ms(span.start_us),
         None if span.end_us is None else after_begin_ms(span.end_us))
        for span in spans
    ]


def one(update: FoldUpdate, lane: str, kind: SpanKind, *, request_id: str | None = None) -> Span:
    """The only span of this kind on the lane (of this invocation)."""
    found = [
        span for span in update.spans
        if span.lane == lane and span.kind is kind and (request_id is None or span.request_id == request_id)
    ]
    assert len(found) == 1, found
    return found[0]

"""Folds the events of ONE environment, as they come, into everything that is shown of it.

Any split of the stream into batches gives the same result; events seen before (seq not above the last one) are
passed over, so that a replay may overlap. Spans, figures, log and state each fold by themselves; this joins
their answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambdasim.metrics.figures import InvocationMetrics
from lambdasim.metrics.invocation import InvocationFold
from lambdasim.metrics.logs import LogFold
from lambdasim.metrics.spans import SpanFold
from lambdasim.metrics.state import EnvironmentState, StateFold
from lambdasim.metrics.values import LogLine, Marker, Span
from lambdasim.telemetry.event import TelemetryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldUpdate:
    """Spans and markers replace those of the same id, invocations those of the same request id."""

    spans: list[Span]
    markers: list[Marker]
    logs: list[LogLine]
    invocations: list[InvocationMetrics]
    environment: EnvironmentState

    def to_json(self) -> dict[str, Any]:
        return {
            "spans": [span.to_json() for span in self.spans],
            "markers": [marker.to_json() for marker in self.markers],
            "logs": [line.to_json() for line in self.logs],
            "invocations": [invocation.to_json() for invocation in self.invocations],
            "environment": self.environment.to_json(),
        }


class EnvironmentFold:
    def __init__(self) -> None:
        self._last_seq = 0
        self._spans = SpanFold()
        self._invocations = InvocationFold()
        self._logs = LogFold()
        self._state = StateFold()

    def feed(self, events: Sequence[TelemetryEvent]) -> FoldUpdate:
        """Only what is new or changed by these events."""
        for event in events:
            if event.seq <= self._last_seq:
                continue
            self._last_seq = event.seq
            self._spans.feed(event)
            self._invocations.feed(event)
            self._logs.feed(event)
            self._state.feed(event)
        spans, markers = self._spans.take_changes()
        return FoldUpdate(
            spans=spans, markers=markers, logs=self._logs.take_changes(),
            invocations=self._invocations.take_changes(), environment=self._state.state(),
        )

    def snapshot(self) -> FoldUpdate:
        """Everything still relevant: the last 200 invocations with their spans, the last 1,000 log lines."""
        spans, markers = self._spans.everything()
        return FoldUpdate(
            spans=spans, markers=markers, logs=self._logs.everything(), invocations=self._invocations.everything(),
            environment=self._state.state(),
        )

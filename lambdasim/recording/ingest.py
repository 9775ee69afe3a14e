"""Writes one environment's events: batches, derived rows and announcement in one transaction, each event once.

How this works: the row of the environment is claimed by a conditional update (last_seq is what we believe it is). If
that fails somebody else wrote in between (the control worker declared the environment lost, or wrote our spool), or an
earlier commit succeeded although we saw an error. Then the stored events are compared: what is there already
is dropped, the rest is numbered on from the end. So writing again is always safe.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from django.db import transaction

from lambdasim.metrics.figures import InvocationMetrics
from lambdasim.metrics.fold import EnvironmentFold, FoldUpdate
from lambdasim.metrics.state import EnvironmentState
from lambdasim.recording.batches import Batch, pack, recent_events, stored_events
from lambdasim.recording.models import Environment, EventBatch, Invocation
from lambdasim.telemetry.event import TelemetryEvent

log = logging.getLogger(__name__)

Announce = Callable[[Sequence[Batch]], None]


class Ingest:
    def __init__(self, environment_id: str, announce: Announce) -> None:
        self._environment_id = environment_id
        self._announce = announce
        # what has been folded: None after an error, then it is rebuilt from the database
        self._fold: EnvironmentFold | None = None
        self._folded_seq = 0
        self._function_name = self._version = ""

    def write(self, events: Sequence[TelemetryEvent]) -> None:
        """Returns when the events are committed; announces them then. On an error nothing is written."""
        if not events:
            return
        try:
            with transaction.atomic():
                self._write(events)
        except BaseException:
            self._fold = None
            raise

    def _write(self, events: Sequence[TelemetryEvent]) -> None:
        if self._fold is None or events[0].seq <= self._folded_seq or not self._claim(events):
            events = self._reconcile(events)
            if events and not self._claim(events):
                raise RuntimeError(f"environment {self._environment_id}: its row changed inside our transaction")
        if not events:
            return
        update = self._derive(events)
        batches = self._write_batches(events)
        if update is not None:
            write_state(self._environment_id, update.environment, ended_at_ns=events[-1].at_ns)
            write_invocations(self._environment_id, update.invocations)
        transaction.on_commit(lambda: self._announce(batches))

    def _claim(self, events: Sequence[TelemetryEvent]) -> bool:
        """Moves last_seq from what we believe it is to our last event's; False if it is something else."""
        claimed = Environment.objects.filter(pk=self._environment_id, last_seq=self._folded_seq).update(
            last_seq=events[-1].seq, updated_at_us=time.time_ns() // 1_000
        )
        return claimed == 1

    def _reconcile(self, events: Sequence[TelemetryEvent]) -> list[TelemetryEvent]:
        """Brings the fold to what is stored; returns the events that are not, numbered on from there."""
        row = Environment.objects.select_for_update().filter(pk=self._environment_id).first()
        if row is None:
            row = create_environment(self._environment_id, events[0])
        last_seq = row.last_seq
        self._function_name, self._version = row.function_name, row.version
        self._fold, self._folded_seq = EnvironmentFold(), 0
        self._derive(list(recent_events(self._environment_id, last_seq=last_seq)))
        self._folded_seq = last_seq
        if events[0].seq > last_seq:
            return list(events)
        stored = Counter(map(_content, stored_events(self._environment_id, after_seq=events[0].seq - 1)))
        fresh: list[TelemetryEvent] = []
        for event in events:
            content = _content(event)
            if stored[content]:
                stored[content] -= 1
            else:
                fresh.append(event)
        if fresh:
            log.warning("%s: %d events from seq %d are numbered on from %d",
                        self._environment_id, len(fresh), fresh[0].seq, last_seq + 1)
        return [replace(event, seq=last_seq + place) for place, event in enumerate(fresh, start=1)]

    def _derive(self, events: Sequence[TelemetryEvent]) -> FoldUpdate | None:
        """What follows from the events. None if that fails: they are the truth and are stored all the same."""
        if self._fold is None or not events:
            return None
        self._folded_seq = events[-1].seq
        try:
            update = self._fold.feed(events)
        except Exception:
            log.exception("%s: no figures can be derived from the events that end with seq %d",
                          self._environment_id, self._folded_seq)
            self._fold = None
            return None
        self._function_name = described(update.environment, "function_name") or self._function_name
        self._version = described(update.environment, "version") or self._version
        return update

    def _write_batches(self, events: Sequence[TelemetryEvent]) -> list[Batch]:
        batches = [
            Batch(
                environment_id=self._environment_id, function_name=self._function_name, version=self._version,
                first_seq=first_seq, last_seq=last_seq, data=data,
            )
            for first_seq, last_seq, data in pack(events)
        ]
        EventBatch.objects.bulk_create(
            EventBatch(
                environment_id=self._environment_id, first_seq=batch.first_seq, last_seq=batch.last_seq,
                data=batch.data,
            )
            for batch in batches
        )
        return batches


def create_environment(environment_id: str, first: TelemetryEvent) -> Environment:
    return Environment.objects.create(id=environment_id, created_at=_moment(first.at_ns))


def write_state(environment_id: str, state: EnvironmentState, *, ended_at_ns: int) -> None:
    Environment.objects.filter(pk=environment_id).update(
        function_name=described(state, "function_name"),
        version=described(state, "version"),
        ended_at=_moment(ended_at_ns) if state.ended else None,
        end_reason=(state.end_reason or "") if state.ended else "",
        state=state.to_json(),
    )


def described(state: EnvironmentState, name: str) -> str:
    """A member of the environment's description; empty while its first event has not been seen."""
    return str(state.description.get(name) or "")


INVOCATION_COLUMNS = (
    "environment_id", "function_name", "version", "started_at_us", "cold_start", "status", "duration_ms",
    "post_runtime_ms", "first_seq", "last_seq", "metrics",
)


def write_invocations(environment_id: str, invocations: Sequence[InvocationMetrics]) -> None:
    """Inserts or replaces: figures of an invocation may change after its report (late measurements)."""
    if not invocations:
        return
    rows = {
        metrics.request_id: Invocation(
            request_id=metrics.request_id, environment_id=environment_id,
            function_name=metrics.function_name, version=metrics.version,
            started_at_us=metrics.started_at_us, cold_start=metrics.cold_start, status=metrics.status,
            duration_ms=metrics.duration_ms, post_runtime_ms=metrics.post_runtime_extensions_duration_ms,
            first_seq=metrics.first_seq, last_seq=metrics.last_seq, metrics=metrics.to_json(),
        )
        for metrics in invocations
    }
    Invocation.objects.bulk_create(
        rows.values(), update_conflicts=True, unique_fields=["request_id"], update_fields=list(INVOCATION_COLUMNS)
    )


def _moment(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / 1_000_000_000, UTC)


def _content(event: TelemetryEvent) -> str:
    """Equal for the same event under another number."""
    return json.dumps([event.at_ns, event.type, event.party, event.record], sort_keys=True)

"""One environment as a web process knows it: folded as far as its events have come.

Events come from the live channel or from the database; whichever is first, each is folded once. Knows no subscriber.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lambdasim.metrics.fold import EnvironmentFold
from lambdasim.recording.batches import recent_events, stored_events
from lambdasim.recording.ingest import described
from lambdasim.recording.models import Environment
from lambdasim.telemetry.event import TelemetryEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What a subscriber wants to see; None means whatever."""

    function_name: str | None = None
    version: str | None = None
    environment_id: str | None = None

    def covers(self, *, environment_id: str, function_name: str, version: str) -> bool:
        return (
            self.environment_id in (None, environment_id)
            and self.function_name in (None, function_name)
            and self.version in (None, version)
        )


class Track:
    def __init__(self, environment_id: str) -> None:
        self.environment_id = environment_id
        self.function_name = self.version = ""
        self.ended = False
        self.last_seq = 0
        # Held while a thread reads the database and folds: nobody else folds then
        self.lock = asyncio.Lock()
        self.hinted_seq = 0
        """The newest event that is known to be committed."""
        self._fold = EnvironmentFold()

    def advance(self, events: Sequence[TelemetryEvent]) -> dict[str, Any] | None:
        """Folds what is new in these events; the message for those who have everything before it, or None."""
        fresh = [event for event in events if event.seq > self.last_seq]
        if not fresh:
            return None
        first_seq = self.last_seq + 1
        update = self._fold.feed(fresh)
        self.last_seq = fresh[-1].seq
        self.function_name = described(update.environment, "function_name") or self.function_name
        self.version = described(update.environment, "version") or self.version
        self.ended = update.environment.ended
        return self._message(update.to_json(), first_seq=first_seq)

    def advance_from_database(self) -> dict[str, Any] | None:
        """The same with what is stored. Blocks: to be called in a thread, with the lock held."""
        row = Environment.objects.filter(pk=self.environment_id).first()
        if row is None or row.last_seq <= self.last_seq:
            return None
        self.function_name, self.version = row.function_name, row.version
        if self.last_seq == 0:
            return self.advance(list(recent_events(self.environment_id, last_seq=row.last_seq)))
        return self.advance(list(stored_events(self.environment_id, after_seq=self.last_seq)))

    def snapshot(self, *, after_seq: int) -> dict[str, Any]:
        """A message for someone who knows the events up to after_seq: all spans there are, later log lines only."""
        update = self._fold.snapshot().to_json()
        update["logs"] = [line for line in update["logs"] if line["seq"] > after_seq]
        return {**self._message(update, first_seq=after_seq + 1), "snapshot": True}

    def _message(self, update: dict[str, Any], *, first_seq: int) -> dict[str, Any]:
        return {
            **update, "environment_id": self.environment_id, "function_name": self.function_name,
            "version": self.version, "first_seq": first_seq, "last_seq": self.last_seq,
        }

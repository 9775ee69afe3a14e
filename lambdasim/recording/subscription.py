"""One reader of the live feed: what it wants, what it was given, and a bounded queue in between.

Every message continues where the one before it ended, environment by environment, so nothing is lost or doubled. A
reader that is too slow is not waited for: its queue is emptied, it is told so, and snapshots bring it up to date.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from lambdasim.recording.track import Interest, Track

MAX_QUEUED = 200
"""Messages, each at most one batch every 50 ms of an environment."""


class Subscription:
    def __init__(self, interest: Interest, cursors: Mapping[str, int]) -> None:
        self.interest = interest
        self.overflowed = False
        self._queued_seq = dict(cursors)
        """Sequence number of each environment's newest event that is queued, or was delivered."""
        self._delivered_seq = dict(cursors)
        self._queue: deque[dict[str, Any]] = deque()
        self._wake = asyncio.Event()

    def wants(self, *, environment_id: str, function_name: str, version: str) -> bool:
        return self.interest.covers(environment_id=environment_id, function_name=function_name, version=version)

    def known_seq(self, environment_id: str) -> int:
        return self._queued_seq.get(environment_id, 0)

    def known_environments(self) -> list[str]:
        return list(self._queued_seq)

    def offer(self, track: Track, message: dict[str, Any] | None = None) -> None:
        """Queues the message if it continues what this reader has, else a snapshot; nothing if it has all that."""
        if self.overflowed or not self.wants(
            environment_id=track.environment_id, function_name=track.function_name, version=track.version
        ):
            return
        known_seq = self.known_seq(track.environment_id)
        if known_seq > track.last_seq:
            # It knows events that do not exist: they were of a database that is gone
            known_seq = 0
        if known_seq == track.last_seq:
            return
        if message is None or known_seq == 0 or message["first_seq"] != known_seq + 1:
            message = track.snapshot(after_seq=known_seq)
        if len(self._queue) >= MAX_QUEUED:
            self._overflow()
            return
        self._queue.append(message)
        self._queued_seq[track.environment_id] = track.last_seq
        self._wake.set()

    def _overflow(self) -> None:
        self._queue.clear()
        self._queued_seq = dict(self._delivered_seq)
        self.overflowed = True
        self._wake.set()

    async def next(self) -> dict[str, Any] | None:
        """The next message; None when this reader fell behind and `overflowed` is to be dealt with."""
        while not self._queue and not self.overflowed:
            self._wake.clear()
            await self._wake.wait()
        if self.overflowed:
            return None
        message = self._queue.popleft()
        self._delivered_seq[message["environment_id"]] = message["last_seq"]
        return message

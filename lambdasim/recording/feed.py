"""The live feed of a web process: recorded events, folded once, to every reader that wants them.

How this works: the live channel only hints that something was committed. What continues a Track is folded at once;
a gap, an unknown environment or silence from Redis makes the track read the database, which is the truth. Once
a second the feed also looks there for what no hint announced. Subscription sees to it that no reader loses or doubles
anything. Use `shared_feed()`: one feed a process and loop; its tasks live while it has subscribers.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from lambdasim.recording import queries
from lambdasim.recording.batches import Batch
from lambdasim.recording.subscription import Subscription
from lambdasim.recording.threads import in_thread
from lambdasim.recording.track import Interest, Track

log = logging.getLogger(__name__)

POLL_S = 1.0
FIRST_BACK_OFF_S, LAST_BACK_OFF_S = 0.1, 2.0
LOOK_BACK_US = 60_000_000
"""A batch counts as new by the clock of the machine that wrote it: so much may clocks differ."""
RECENT_ENVIRONMENTS = 5
MAX_RESUMED = 50
MAX_IDLE_TRACKS = 64
"""Ended environments that stay folded for the next reader."""


class Feed:
    def __init__(self, *, redis_url: str | None = None, poll_s: float = POLL_S) -> None:
        self._redis_url = redis_url or settings.REDIS_URL
        self._poll_s = poll_s
        # while there are subscribers
        self._subscriptions: set[Subscription] = set()
        self._tracks: dict[str, Track] = {}
        self._runner: asyncio.Task[None] | None = None
        self._poll_now = asyncio.Event()
        self._listening = asyncio.Event()

    async def subscribe(
        self,
        *,
        function_name: str | None = None,
        version: str | None = None,
        environment_id: str | None = None,
        cursors: Mapping[str, int] | None = None,
    ) -> AsyncGenerator[dict[str, Any], None]:
        """FoldUpdate.to_json() with environment_id, function_name, version, first_seq and last_seq, for ever.

        Begins with what is recent (or, with cursors, what came since: environment → last_seq already known). A
        message may be a snapshot: spans and invocations replace what has the same id. `{"resync": true}` says that the
        reader was too slow and is brought up to date by snapshots. Close the generator to unsubscribe.
        """
        interest = Interest(function_name=function_name, version=version, environment_id=environment_id)
        subscription = Subscription(interest, cursors or {})
        self._subscriptions.add(subscription)
        self._ensure_running()
        try:
            await self._catch_up_on(await self._recent(subscription), subscription)
            while True:
                message = await subscription.next()
                if message is not None:
                    yield message
                    continue
                yield {"resync": True}
                subscription.overflowed = False
                await self._catch_up_on(
                    {*subscription.known_environments(), *await self._recent(subscription)}, subscription
                )
        finally:
            self._subscriptions.discard(subscription)
            await self._tidy()

    async def until_listening(self) -> None:
        """Returns once Redis confirmed that live messages arrive."""
        await self._listening.wait()

    async def close(self) -> None:
        """Ends the feed's tasks; subscribers get nothing more."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.cancel()
            await asyncio.wait({runner})

    # --- tasks -----------------------------------------------------------------------------------

    def _ensure_running(self) -> None:
        if self._runner is None or self._runner.done():
            self._runner = asyncio.create_task(self._run(), name="feed")

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._listen(group))
                    group.create_task(self._poll(group))
            except* Exception:
                log.exception("the live feed failed and starts again")
                await asyncio.sleep(FIRST_BACK_OFF_S)

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        back_off_s = FIRST_BACK_OFF_S
        while True:
            # With a socket_timeout redis-py uses wait_for, which may lose a cancellation before Python 3.12
            client = redis.asyncio.Redis.from_url(self._redis_url, health_check_interval=10, socket_timeout=None)
            try:
                async with client, client.pubsub() as pubsub:
                    await pubsub.subscribe(settings.LIVE_CHANNEL)
                    async for item in pubsub.listen():
                        if item["type"] == "subscribe":
                            back_off_s = FIRST_BACK_OFF_S
                            self._listening.set()
                            # What was announced while nobody listened is in the database
                            self._poll_now.set()
                        else:
                            self._hinted(Batch.from_message(item["data"]), group)
            except (RedisError, OSError) as error:
                if self._listening.is_set():
                    log.warning("Redis is away, the live feed reads the database instead: %s", error)
            finally:
                self._listening.clear()
            await asyncio.sleep(back_off_s)
            back_off_s = min(back_off_s * 2, LAST_BACK_OFF_S)

    async def _poll(self, group: asyncio.TaskGroup) -> None:
        while True:
            # Not wait_for: before Python 3.12 it may lose a cancellation
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._poll_now.wait()
            self._poll_now.clear()
            since_us = time.time_ns() // 1_000 - LOOK_BACK_US
            try:
                rows = await in_thread(partial(queries.environments_updated_since, since_us))
            except DatabaseError as error:
                log.warning("the live feed cannot read the database: %s", error)
                continue
            for row in rows:
                last_seq = row.pop("last_seq")
                if any(
                    subscription.wants(**row) and subscription.known_seq(row["environment_id"]) < last_seq
                    for subscription in self._subscriptions
                ):
                    group.create_task(self._catch_up(self._track(row["environment_id"]), seq=last_seq))

    # --- events ----------------------------------------------------------------------------------

    def _hinted(self, batch: Batch, group: asyncio.TaskGroup) -> None:
        if not any(
            subscription.wants(
                environment_id=batch.environment_id, function_name=batch.function_name, version=batch.version
            )
            for subscription in self._subscriptions
        ):
            # Not followed; should somebody ask for it later, the gap is read from the database
            return
        track = self._track(batch.environment_id)
        if track.lock.locked():
            track.hinted_seq = max(track.hinted_seq, batch.last_seq)
        elif batch.first_seq <= track.last_seq + 1:
            self._offer(track, track.advance(batch.events()))
        else:
            group.create_task(self._catch_up(track, seq=batch.last_seq))

    async def _catch_up(self, track: Track, *, seq: int) -> None:
        """Reads the database until the track has come as far as `seq` and whatever was hinted at meanwhile."""
        track.hinted_seq = max(track.hinted_seq, seq)
        async with track.lock:
            while True:
                try:
                    message = await in_thread(track.advance_from_database)
                except DatabaseError as error:
                    log.warning("the live feed cannot read %s, and tries again: %s", track.environment_id, error)
                    return
                self._offer(track, message)
                if message is None or track.last_seq >= track.hinted_seq:
                    return

    def _offer(self, track: Track, message: dict[str, Any] | None) -> None:
        for subscription in self._subscriptions:
            subscription.offer(track, message)

    async def _catch_up_on(self, environment_ids: set[str], subscription: Subscription) -> None:
        for environment_id in sorted(environment_ids):
            track = self._track(environment_id)
            await self._catch_up(track, seq=0)
            subscription.offer(track)

    async def _recent(self, subscription: Subscription) -> set[str]:
        """What a new reader is shown first: the one environment it asks for, or those alive and the newest."""
        interest = subscription.interest
        if interest.environment_id is not None:
            return {interest.environment_id} if queries.is_environment_id(interest.environment_id) else set()
        known = [one for one in subscription.known_environments() if queries.is_environment_id(one)]

        def read() -> list[dict[str, Any]]:
            name, version = interest.function_name, interest.version
            alive = queries.environments(name, version=version, alive=True, limit=MAX_RESUMED)
            return alive + queries.environments(name, version=version, limit=RECENT_ENVIRONMENTS)

        return {row["environment_id"] for row in await in_thread(read)} | set(known[:MAX_RESUMED])

    # --- tracks ----------------------------------------------------------------------------------

    def _track(self, environment_id: str) -> Track:
        if environment_id not in self._tracks:
            self._tracks[environment_id] = Track(environment_id)
            self._forget_ended()
        return self._tracks[environment_id]

    def _forget_ended(self) -> None:
        ended = [track for track in self._tracks.values() if track.ended and not track.lock.locked()]
        for track in ended[: max(0, len(ended) - MAX_IDLE_TRACKS)]:
            del self._tracks[track.environment_id]

    async def _tidy(self) -> None:
        """Forgets what nobody follows, and stops when nobody is left."""
        for track in list(self._tracks.values()):
            wanted = any(
                subscription.wants(
                    environment_id=track.environment_id, function_name=track.function_name, version=track.version
                )
                for subscription in self._subscriptions
            )
            if not wanted and not track.lock.locked():
                del self._tracks[track.environment_id]
        if not self._subscriptions:
            await self.close()


_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, Feed] = WeakKeyDictionary()


def shared_feed() -> Feed:
    """The feed of this process (of its running loop)."""
    return _feeds.setdefault(asyncio.get_running_loop(), Feed())

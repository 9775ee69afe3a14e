"""The live channel, from the writing side: tells readers what was committed. A hint: the table is the truth.

Whoever misses an announcement sees the gap in the sequence numbers and reads the database.
"""

import logging
import time
from collections.abc import Sequence

import redis
from django.conf import settings

from lambdasim.recording.batches import Batch

log = logging.getLogger(__name__)

TIMEOUT_S = 0.5
RETRY_AFTER_S = 1.0
"""While Redis is away, writing must not wait TIMEOUT_S for it with every batch."""


class Publisher:
    def __init__(self, redis_url: str | None = None) -> None:
        self._redis = redis.Redis.from_url(
            redis_url or settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        )
        self._away_until_s = 0.0

    def __call__(self, batches: Sequence[Batch]) -> None:
        """Announces the batches, or leaves it if Redis is away."""
        if time.monotonic() < self._away_until_s:
            return
        try:
            for batch in batches:
                self._redis.publish(settings.LIVE_CHANNEL, batch.to_message())
        except redis.RedisError as error:
            if not self._away_until_s:
                log.warning("Redis is away, readers will find new events in the database only: %s", error)
            self._away_until_s = time.monotonic() + RETRY_AFTER_S
        else:
            self._away_until_s = 0.0

    def close(self) -> None:
        self._redis.close()

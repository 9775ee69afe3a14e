"""Connections to Redis: one way to open them, and how long anybody waits for it to come back.

Commands are never repeated by the client library: repeating "place this invocation" after a lost connection could run
it twice. Who may repeat does so himself, with `until_back`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import redis
import redis.asyncio
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, ReadOnlyError, TimeoutError
from redis.retry import Retry

PREFIX = "lambdasim:"

AWAY = (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError)
"""Redis is not there, or is still loading what it wrote before it was restarted."""

CONNECT_TIMEOUT_S = 2.0
COMMAND_TIMEOUT_S = 5.0
RECONNECT_PAUSE_S = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Pauses between attempts, the last one for all further ones."""

AsyncClient = redis.asyncio.Redis
SyncClient = redis.Redis
Result = TypeVar("Result")

log = logging.getLogger(__name__)


def async_client(*, longest_wait_s: float = 0.0) -> AsyncClient:
    """A client of its own pool. `longest_wait_s` is the longest blocking command it is used for."""
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL, retry=AsyncRetry(NoBackoff(), 0), socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=COMMAND_TIMEOUT_S + longest_wait_s,
    )


def sync_client() -> SyncClient:
    return redis.Redis.from_url(
        settings.REDIS_URL, retry=Retry(NoBackoff(), 0), socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_timeout=COMMAND_TIMEOUT_S,
    )


async def until_back(
    command: Callable[[], Awaitable[Result]], *, what: str, patience_s: float | None = None
) -> Result:
    """The command's result, repeated while Redis is away; after `patience_s` (None: never) the error itself."""
    loop = asyncio.get_running_loop()
    give_up_at = None if patience_s is None else loop.time() + patience_s
    attempt = 0
    while True:
        try:
            return await command()
        except AWAY as error:
            pause_s = RECONNECT_PAUSE_S[min(attempt, len(RECONNECT_PAUSE_S) - 1)]
            if give_up_at is not None and loop.time() + pause_s > give_up_at:
                raise
            if attempt == 0:
                log.warning("%s: Redis is away (%s); trying again", what, error)
            attempt += 1
            await asyncio.sleep(pause_s)


async def move(
    client: AsyncClient, source: str, target: str, *, wait_s: float, empty: bool = False
) -> bytes | None:
    """Moves the first item of one list to the end of another, waiting for one to come; `empty` the target before."""
    pipeline = client.pipeline(transaction=False)
    if empty:
        pipeline.delete(target)
    pipeline.execute_command("BLMOVE", source, target, "LEFT", "RIGHT", wait_s)
    data: bytes | None = (await pipeline.execute())[-1]
    return data


async def items(client: AsyncClient, key: str) -> list[bytes]:
    found: list[Any] = await client.lrange(key, 0, -1)
    return found


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancels the task until it has ended: the client library, when it is just connecting, may turn a cancellation
    into a connection error, which a loop that bears with those survives."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)

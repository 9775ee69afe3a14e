"""A web process's side of Redis: places an invocation and waits for its reply.

How this works: one reader per event loop moves replies off this process's own list and wakes who waits for them. A
waiting call looks once a second for itself whether its environment is alive and still has this invocation, so that
neither a dead reaper nor an emptied Redis leaves it hanging.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable

from lambdasim.core.values import Invocation
from lambdasim.host.identifiers import new_environment_id
from lambdasim.invocations.broker import AWAY, PREFIX, async_client, end, items, move, until_back
from lambdasim.invocations.errors import BrokerAway, EnvironmentLost
from lambdasim.invocations.messages import Invoke, Reply, decode_reply, encode
from lambdasim.invocations.placement import Patience, Placed, Placement

PLACING_PATIENCE_S = 5.0
WAITING_PATIENCE_S = 15.0
WATCH_S = 1.0
SHORT_PATIENCE_S, LONG_PATIENCE_S = 0.02, 2.0
"""For an environment that has just answered, before another is started; and, when none can be had, for one whose
extensions are still at work, before the caller is throttled."""
SOON_PAUSE_S, LONGEST_SOON_PAUSE_S = 0.0005, 0.02
LONGEST_READ_S = 10.0

Start = Callable[[Placed], Awaitable[None]]

log = logging.getLogger(__name__)


class Caller:
    """Owns the reader task: `close` ends it."""

    def __init__(self) -> None:
        self.reply_to = f"{PREFIX}replies:{uuid.uuid4().hex}"
        self._read = f"{self.reply_to}:read"
        self._client = async_client()
        self._blocking = async_client(longest_wait_s=LONGEST_READ_S)
        self.placement = Placement(self._client)
        self._waiting: dict[str, asyncio.Future[Reply]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self._reader is not None:
            await end(self._reader)
        await self._client.aclose()
        await self._blocking.aclose()

    async def call(self, version_key: str, invocation: Invocation, *, start: Start) -> Reply:
        """The reply; `start` is awaited when an environment has to be started for it. Raises Throttled, NotServed."""
        self._keep_reading()
        request_id = invocation.request_id
        reply: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = reply
        try:
            placed = await self._place(version_key, invocation)
            if placed.cold:
                await start(placed)
            return await self._watch(placed.environment_id, request_id, reply)
        finally:
            del self._waiting[request_id]

    async def _place(self, version_key: str, invocation: Invocation) -> Placed:
        message = encode(Invoke(invocation=invocation, reply_to=self.reply_to))
        new_id = new_environment_id()
        loop = asyncio.get_running_loop()
        begun_at_s, pause_s = loop.time(), SOON_PAUSE_S

        async def acquire() -> Placed | None:
            return await self.placement.acquire(
                version_key, request_id=invocation.request_id, reply_to=self.reply_to, new_id=new_id, message=message,
                patience=_patience(loop.time() - begun_at_s),
            )

        try:
            # Repeating is safe: placement recognises the request.
            while (
                placed := await until_back(acquire, what="placing an invocation", patience_s=PLACING_PATIENCE_S)
            ) is None:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 1.3, LONGEST_SOON_PAUSE_S)
            return placed
        except AWAY as error:
            raise BrokerAway(
                f"Redis has not answered for {PLACING_PATIENCE_S:g} s ({error}): the invocation could not be placed."
            ) from error

    async def _watch(self, environment_id: str, request_id: str, reply: "asyncio.Future[Reply]") -> Reply:
        loop = asyncio.get_running_loop()
        missed, heard_at_s = 0, loop.time()
        while not (await asyncio.wait({reply}, timeout=WATCH_S))[0]:
            try:
                held = await self.placement.holds(environment_id, request_id)
            except AWAY as error:
                if loop.time() - heard_at_s > WAITING_PATIENCE_S:
                    raise BrokerAway(
                        f"Redis has not answered for {WAITING_PATIENCE_S:g} s ({error}) while the function ran; "
                        "its answer is lost."
                    ) from error
                continue
            heard_at_s = loop.time()
            missed = 0 if held else missed + 1
            # Once may be the moment between the reply and its arrival here.
            if missed == 2:
                raise EnvironmentLost("The execution environment ended unexpectedly: nothing is known of it any more.")
        return reply.result()

    # --- reader ----------------------------------------------------------------------------------

    def _keep_reading(self) -> None:
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_replies())
            self._reader.add_done_callback(self._reading_ended)

    async def _read_replies(self) -> None:
        while True:
            try:
                for left in await items(self._client, self._read):
                    self._dispatch(left)
                while True:
                    data = await move(self._blocking, self.reply_to, self._read, wait_s=LONGEST_READ_S, empty=True)
                    if data is not None:
                        self._dispatch(data)
            except AWAY as error:
                log.warning("replies cannot be read while Redis is away: %s", error)
                await until_back(self._client.ping, what="reading replies")

    def _dispatch(self, data: bytes) -> None:
        reply = decode_reply(data)
        waiting = self._waiting.get(reply.request_id)
        # Nobody waits: a second copy, or the caller has gone.
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def _reading_ended(self, reader: "asyncio.Task[None]") -> None:
        if reader.cancelled():
            return
        error = reader.exception()
        log.error("the reader of replies failed: %r", error, exc_info=error)
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(EnvironmentLost(f"The reply could not be read: {error!r}"))


def _patience(waited_s: float) -> Patience:
    if waited_s < SHORT_PATIENCE_S:
        return "short"
    return "long" if waited_s < LONG_PATIENCE_S else "none"

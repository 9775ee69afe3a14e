"""An environment's side of Redis: takes what it is sent, answers, and says once a second that it lives.

How this works: a message moves atomically from the inbox to `taken` and stays there until its work is over, so a
connection that breaks in between loses nothing; one that was worked on already is recognised by its request id. The
truth is here: whatever Redis forgot is told again by the next beat.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from lambdasim.core.values import ShutdownReason
from lambdasim.invocations.broker import AWAY, async_client, items, move, until_back
from lambdasim.invocations.messages import Invoke, Message, Reply, decode, encode_reply
from lambdasim.invocations.placement import BEAT_S, Placement, State, Whereabouts, inbox_of, taken_of

LONGEST_TAKE_S = 10.0
REPLY_PATIENCE_S = 30.0
REMEMBERED_REQUESTS = 64

log = logging.getLogger(__name__)


class Link:
    """`on_buried` is called once when others have declared this environment dead."""

    def __init__(
        self, environment_id: str, version_key: str, at: Whereabouts, *, on_buried: Callable[[], None]
    ) -> None:
        self.environment_id = environment_id
        self._at = at
        self._on_buried = on_buried
        self._client = async_client()
        self._blocking = async_client(longest_wait_s=LONGEST_TAKE_S)
        self._placement = Placement(self._client)
        self._inbox, self._taken = inbox_of(environment_id), taken_of(environment_id)
        self._state = State(version_key=version_key, state="starting")
        self._n = 0
        self._seen: deque[str] = deque(maxlen=REMEMBERED_REQUESTS)

    async def begin(self) -> bool:
        """False: nobody waits for this environment any more."""
        return await until_back(
            lambda: self._placement.begin(self.environment_id, self._at), what="begin", patience_s=REPLY_PATIENCE_S
        )

    async def close(self) -> None:
        await self._client.aclose()
        await self._blocking.aclose()

    # --- alive -----------------------------------------------------------------------------------

    async def beat_for_ever(self) -> None:
        while True:
            try:
                alive = await self._placement.beat(self.environment_id, self._next_n(), self._state, self._at)
            except AWAY as error:
                log.warning("environment %s: Redis is away (%s); beating on", self.environment_id, error)
            else:
                if not alive:
                    self._on_buried()
                    return
            await asyncio.sleep(BEAT_S)

    def _next_n(self) -> int:
        self._n += 1
        return self._n

    # --- messages --------------------------------------------------------------------------------

    async def take(self, patience_s: float) -> Message | None:
        """The next message, or None when none came in that time. A taken invocation makes this environment busy."""
        data = await self._next_data(patience_s)
        if data is None:
            return None
        message = decode(data)
        if not isinstance(message, Invoke):
            self._state = replace(self._state, state="stopping")
            return message
        request_id = message.invocation.request_id
        if request_id in self._seen:
            log.warning("environment %s: %s came again and was left alone", self.environment_id, request_id)
            await self.release()
            return None
        self._seen.append(request_id)
        self._state = replace(self._state, state="busy", request_id=request_id, reply_to=message.reply_to)
        return message

    async def _next_data(self, patience_s: float) -> bytes | None:
        wait_s = max(0.01, min(patience_s, LONGEST_TAKE_S))
        try:
            return await move(self._blocking, self._inbox, self._taken, wait_s=wait_s)
        except AWAY:
            # The move may have happened, and only its result been lost.
            left = await until_back(
                lambda: items(self._client, self._taken), what=f"environment {self.environment_id}"
            )
            return left[0] if left else None

    async def reply(self, reply_to: str, reply: Reply) -> None:
        """Pushes the answer, for up to 30 s while Redis is away. A second copy does no harm: nobody waits for it."""
        data = encode_reply(reply)

        try:
            await until_back(
                lambda: self._placement.answer(self.environment_id, self._state.version_key, reply_to, data),
                what=f"reply to {reply.request_id}", patience_s=REPLY_PATIENCE_S,
            )
        except AWAY as error:
            log.error("reply to %s was given up after %g s: %s", reply.request_id, REPLY_PATIENCE_S, error)

    async def release(self) -> None:
        """The invocation is over for everybody: the next may come."""
        await until_back(
            lambda: self._placement.release(self.environment_id, self._next_n()),
            what=f"release of {self.environment_id}",
        )
        self._state = replace(self._state, state="idle", request_id="", reply_to="")

    async def retire(self, reason: ShutdownReason) -> bool:
        """False: an invocation is on its way, so the environment has to go on."""
        try:
            retired = await self._placement.retire(self.environment_id, self._next_n(), reason)
        except AWAY as error:
            log.warning("environment %s retires without Redis (%s)", self.environment_id, error)
            retired = True
        if retired:
            self._state = replace(self._state, state="stopping")
        return retired

    async def finish(self, failure: str) -> None:
        """Nothing is left of the environment: whoever still waits for an answer of it gets `failure`."""
        try:
            leftover = await until_back(
                lambda: self._placement.finish(self.environment_id), what="finish", patience_s=BEAT_S
            )
        except AWAY as error:
            log.warning("environment %s ended without Redis (%s): its lease will end", self.environment_id, error)
            return
        if leftover is None:
            return
        owed = {leftover.request_id: leftover.reply_to}
        for message in map(decode, leftover.messages):
            if isinstance(message, Invoke):
                owed[message.invocation.request_id] = message.reply_to
        for request_id, reply_to in owed.items():
            if request_id:
                await self.reply(reply_to, Reply(request_id=request_id, failure=failure))

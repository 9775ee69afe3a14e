"""The live WebSocket: one page, one subscription to the feed of recorded events. Holds no rule and no ORM.

The page sends `{"subscribe": {"function_name" | "environment_id", "version", "cursors": {environment: seq}}}` and gets
the feed's messages. A second subscribe replaces the first: cursors make it go on where the page is.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing, suppress
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from dashboard.fitting import fitting
from lambdasim.recording.feed import shared_feed

log = logging.getLogger(__name__)

BAD_REQUEST = 4400
FAILED = 4500
MAX_CURSORS = 500


class BadSubscribe(ValueError):
    """What the page sent cannot be meant."""


def parse_subscribe(content: object) -> dict[str, Any]:
    """The feed's arguments, checked. Raises BadSubscribe, which says what is wrong."""
    wanted = content.get("subscribe") if isinstance(content, Mapping) else None
    if not isinstance(wanted, Mapping):
        raise BadSubscribe('expected {"subscribe": {…}}')
    names = {name: wanted.get(name) for name in ("function_name", "version", "environment_id")}
    for name, value in names.items():
        if value is not None and not isinstance(value, str):
            raise BadSubscribe(f"{name}: expected a string")
    cursors = wanted.get("cursors", {})
    if not isinstance(cursors, Mapping) or len(cursors) > MAX_CURSORS:
        raise BadSubscribe(f"cursors: expected an object of at most {MAX_CURSORS} members")
    for environment_id, seq in cursors.items():
        if isinstance(seq, bool) or not isinstance(seq, int) or seq < 0:
            raise BadSubscribe(f"cursors: {environment_id}: expected a sequence number")
    return {**{name: value or None for name, value in names.items()}, "cursors": dict(cursors)}


class LiveConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # channels ships no types
    _relay: asyncio.Task[None] | None = None

    async def receive_json(self, content: object, **_: Any) -> None:
        try:
            wanted = parse_subscribe(content)
        except BadSubscribe as error:
            await self.send_json({"error": str(error)})
            await self.close(code=BAD_REQUEST)
            return
        await self._end_relay()
        self._relay = asyncio.create_task(self._relay_feed(wanted), name="live-relay")

    async def disconnect(self, code: int) -> None:
        await self._end_relay()

    async def _relay_feed(self, wanted: dict[str, Any]) -> None:
        """Everything of the subscription. Should the feed fail, the page is told by the close and connects again."""
        try:
            async with aclosing(shared_feed().subscribe(**wanted)) as messages:
                async for message in messages:
                    await self.send_json(fitting(message))
        except Exception:
            log.exception("the live feed failed; the page is told to connect again")
            await self.close(code=FAILED)

    async def _end_relay(self) -> None:
        relay, self._relay = self._relay, None
        if relay is None:
            return
        relay.cancel()
        with suppress(asyncio.CancelledError):
            await relay

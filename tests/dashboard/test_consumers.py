import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from dashboard import consumers
from dashboard.consumers import BadSubscribe, parse_subscribe
from dashboard.routing import websocket_urlpatterns


class FakeFeed:
    """Gives `messages`, then waits for ever, or fails; remembers who subscribed and who has left."""

    def __init__(self, messages: list[dict[str, Any]], *, fails: bool = False) -> None:
        self.messages, self.fails = messages, fails
        self.subscribed: list[dict[str, Any]] = []
        self.left = asyncio.Event()

    async def subscribe(self, **wanted: Any) -> AsyncIterator[dict[str, Any]]:
        self.subscribed.append(wanted)
        try:
            for message in self.messages:
                yield message
            if self.fails:
                raise RuntimeError("the feed broke")
            await asyncio.Event().wait()
        finally:
            self.left.set()


@pytest.fixture
def feed(monkeypatch) -> FakeFeed:
    made = FakeFeed([{"environment_id": "e", "last_seq": 3}, {"environment_id": "e", "last_seq": 4}])
    monkeypatch.setattr(consumers, "shared_feed", lambda: made)
    return made


async def connected() -> WebsocketCommunicator:
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/live/")
    accepted, _ = await socket.connect()
    assert accepted
    return socket


async def test_a_subscription_is_relayed_in_order(feed: FakeFeed) -> None:
    socket = await connected()
    await socket.send_json_to({"subscribe": {"function_name": "hello", "version": None, "cursors": {"e": 2}}})
    assert [(await socket.receive_json_from())["last_seq"] for _ in range(2)] == [3, 4]
    assert feed.subscribed == [
        {"function_name": "hello", "version": None, "environment_id": None, "cursors": {"e": 2}}
    ]
    await socket.disconnect()


async def test_leaving_ends_the_subscription(feed: FakeFeed) -> None:
    socket = await connected()
    await socket.send_json_to({"subscribe": {}})
    await socket.receive_json_from()
    await socket.disconnect()
    await asyncio.wait_for(feed.left.wait(), 5)


async def test_a_second_subscription_replaces_the_first(feed: FakeFeed) -> None:
    socket = await connected()
    await socket.send_json_to({"subscribe": {"function_name": "a"}})
    await socket.receive_json_from()
    await socket.send_json_to({"subscribe": {"function_name": "b"}})
    await asyncio.wait_for(feed.left.wait(), 5)
    await socket.disconnect()
    assert [one["function_name"] for one in feed.subscribed] == ["a", "b"]


async def test_when_the_feed_breaks_the_page_is_told_to_connect_again(monkeypatch) -> None:
    broken = FakeFeed([], fails=True)
    monkeypatch.setattr(consumers, "shared_feed", lambda: broken)
    socket = await connected()
    await socket.send_json_to({"subscribe": {}})
    assert await socket.receive_output() == {"type": "websocket.close", "code": consumers.FAILED}


async def test_what_cannot_be_meant_is_refused_by_name(feed: FakeFeed) -> None:
    socket = await connected()
    await socket.send_json_to({"subscribe": {"version": 3}})
    assert await socket.receive_json_from() == {"error": "version: expected a string"}
    assert (await socket.receive_output())["code"] == consumers.BAD_REQUEST
    assert feed.subscribed == []


@pytest.mark.parametrize("content", [
    None, [], {}, {"subscribe": []}, {"subscribe": {"function_name": 1}}, {"subscribe": {"cursors": []}},
    {"subscribe": {"cursors": {"e": -1}}}, {"subscribe": {"cursors": {"e": "1"}}},
    {"subscribe": {"cursors": {"e": True}}},
    {"subscribe": {"cursors": {str(number): 1 for number in range(consumers.MAX_CURSORS + 1)}}},
])
def test_a_wrong_subscribe_is_told_from_a_right_one(content: object) -> None:
    with pytest.raises(BadSubscribe):
        parse_subscribe(content)


def test_an_empty_subscribe_means_everything() -> None:
    assert parse_subscribe({"subscribe": {}}) == {
        "function_name": None, "version": None, "environment_id": None, "cursors": {}
    }

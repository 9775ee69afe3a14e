import asyncio
import random
from contextlib import aclosing

import pytest

from lambdasim.recording import subscription
from lambdasim.recording.channel import Publisher
from lambdasim.recording.feed import Feed, shared_feed
from lambdasim.recording.ingest import Ingest
from lambdasim.recording.threads import in_thread
from tests.recording.events import Life
from tests.redis_server import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_S = 10.0
NEVER_S = 3_600.0


class Reader:
    """Reads a subscription and insists that every message continues where its predecessor ended."""

    def __init__(self, messages, cursors=None) -> None:
        self._messages = messages
        self.seqs = dict(cursors or {})
        self.logs: list[tuple[str, int, str]] = []
        self.invocations: dict[str, dict] = {}
        self.spans: dict[tuple[str, str], dict] = {}
        self.received: list[dict] = []
        self.resyncs = 0

    async def read_until(self, life: Life, seq: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while self.seqs.get(life.environment_id, 0) < seq:
                self._take(await anext(self._messages))

    def _take(self, message: dict) -> None:
        self.received.append(message)
        if message.get("resync"):
            self.resyncs += 1
            return
        environment_id = message["environment_id"]
        assert message["first_seq"] == self.seqs.get(environment_id, 0) + 1
        self.seqs[environment_id] = message["last_seq"]
        self.logs += [(environment_id, line["seq"], line["text"]) for line in message["logs"]]
        self.invocations |= {one["request_id"]: one for one in message["invocations"]}
        self.spans |= {(environment_id, span["id"]): span for span in message["spans"]}

    def handler_lines(self, life: Life) -> list[str]:
        return [text for environment_id, _, text in self.logs if environment_id == life.environment_id
                and text.startswith("hello from")]


class Writer:
    """Commits events of lives, and announces them or not."""

    def __init__(self, redis_url: str) -> None:
        self._publisher = Publisher(redis_url)

    async def write(self, life: Life, events: list, *, announced: bool = True) -> None:
        announce = self._publisher if announced else (lambda batches: None)
        await in_thread(lambda: Ingest(life.environment_id, announce).write(events))


@pytest.fixture
def writer(redis_url: str) -> Writer:
    return Writer(redis_url)


@pytest.fixture
async def feed(redis_url: str):
    """Polls so rarely that whatever a test sees came over the live channel, or because of a gap in it."""
    feed = Feed(redis_url=redis_url, poll_s=NEVER_S)
    yield feed
    await feed.close()


async def test_a_new_reader_gets_what_is_there_and_then_what_comes(feed, writer):
    life = Life()
    await writer.write(life, [*life.begin(), *life.invocation(request_id="r1")])
    async with aclosing(feed.subscribe(function_name="hello")) as messages:
        reader = Reader(messages)
        await reader.read_until(life, 11)
        assert reader.received[0]["snapshot"]
        assert reader.received[0]["environment"]["function_name"] == "hello"
        await feed.until_listening()
        await writer.write(life, life.invocation(request_id="r2"))
        await reader.read_until(life, 20)
    assert "snapshot" not in reader.received[-1]
    assert list(reader.invocations) == ["r1", "r2"]
    assert reader.handler_lines(life) == ["hello from r1", "hello from r2"]
    assert {"invoke", "handler"} <= {span["kind"] for span in reader.spans.values()}


async def test_an_environment_that_begins_later_appears_by_itself(feed, writer):
    life = Life()
    async with aclosing(feed.subscribe()) as messages:
        reader = Reader(messages)
        reading = asyncio.create_task(reader.read_until(life, 11))
        await asyncio.sleep(0)
        await feed.until_listening()
        await writer.write(life, life.begin())
        await writer.write(life, life.invocation())
        await reading


async def test_a_lost_message_is_read_from_the_database_when_the_next_one_shows_the_gap(feed, writer):
    life = Life()
    await writer.write(life, life.begin())
    async with aclosing(feed.subscribe(function_name="hello")) as messages:
        reader = Reader(messages)
        await reader.read_until(life, 2)
        await feed.until_listening()
        await writer.write(life, life.invocation(request_id="lost"), announced=False)
        await writer.write(life, life.invocation(request_id="seen"))
        await reader.read_until(life, 20)
    assert list(reader.invocations) == ["lost", "seen"]
    assert reader.handler_lines(life) == ["hello from lost", "hello from seen"]


async def test_the_last_message_may_be_lost_too_since_the_feed_looks_by_itself(redis_url, writer):
    life, later = Life(), Life()
    feed = Feed(redis_url=redis_url, poll_s=0.02)
    await writer.write(life, life.begin())
    async with aclosing(feed.subscribe(function_name="hello")) as messages:
        reader = Reader(messages)
        await reader.read_until(life, 2)
        await writer.write(life, life.invocation(), announced=False)
        await reader.read_until(life, 11)
        await writer.write(later, later.begin(), announced=False)
        await reader.read_until(later, 2)


async def test_a_message_that_comes_twice_is_given_once(feed, writer, redis_url):
    life = Life()
    twice = []
    await writer.write(life, life.begin())
    async with aclosing(feed.subscribe(function_name="hello")) as messages:
        reader = Reader(messages)
        await reader.read_until(life, 2)
        await feed.until_listening()
        first = life.invocation()
        await in_thread(lambda: Ingest(life.environment_id, twice.extend).write(first))
        await in_thread(lambda: Publisher(redis_url)([*twice, *twice]))
        await writer.write(life, life.invocation())
        await reader.read_until(life, 20)
    assert len(reader.handler_lines(life)) == 2


async def test_a_reader_that_comes_back_goes_on_where_it_was(feed, writer):
    life = Life()
    await writer.write(life, [*life.begin(), *life.invocation(request_id="r1")])
    async with aclosing(feed.subscribe(function_name="hello")) as messages:
        before = Reader(messages)
        await before.read_until(life, 11)
    await writer.write(life, life.invocation(request_id="r2"))
    async with aclosing(feed.subscribe(function_name="hello", cursors=before.seqs)) as messages:
        after = Reader(messages, before.seqs)
        await after.read_until(life, 20)
    assert after.handler_lines(life) == ["hello from r2"]
    assert after.invocations.keys() >= {"r2"}


async def test_a_reader_that_missed_nothing_gets_nothing_again(feed, writer):
    life = Life()
    await writer.write(life, [*life.begin(), *life.invocation()])
    async with aclosing(feed.subscribe(cursors={life.environment_id: 11})) as messages:
        reader = Reader(messages, {life.environment_id: 11})
        reading = asyncio.create_task(reader.read_until(life, 20))
        await asyncio.sleep(0)
        await feed.until_listening()
        await writer.write(life, life.invocation())
        await reading
    assert len(reader.handler_lines(life)) == 1


async def test_a_cursor_beyond_what_exists_begins_anew(feed, writer):
    """The database was replaced while a page stood open."""
    life = Life()
    await writer.write(life, [*life.begin(), *life.invocation()])
    async with aclosing(feed.subscribe(cursors={life.environment_id: 900})) as messages:
        async with asyncio.timeout(PATIENCE_S):
            message = await anext(messages)
    assert (message["snapshot"], message["first_seq"], message["last_seq"]) == (True, 1, 11)


async def test_a_reader_sees_only_what_it_asked_for(feed, writer):
    lives = {
        "other function": Life(function_name="other"), "other version": Life(version="2"), "wanted": Life(),
    }
    for life in lives.values():
        await writer.write(life, life.begin())
    async with aclosing(feed.subscribe(function_name="hello", version="1")) as messages:
        reader = Reader(messages)
        await reader.read_until(lives["wanted"], 2)
        await feed.until_listening()
        for life in lives.values():
            await writer.write(life, life.invocation())
        await reader.read_until(lives["wanted"], 11)
    assert list(reader.seqs) == [lives["wanted"].environment_id]


async def test_one_environment_can_be_followed_even_if_it_ended_long_ago(feed, writer):
    old = Life(start_ns=1_000_000_000)
    await writer.write(old, [*old.begin(), *old.invocation(), *old.end()])
    for _ in range(6):
        other = Life()
        await writer.write(other, [*other.begin(), *other.end()])
    async with aclosing(feed.subscribe(environment_id=old.environment_id)) as messages:
        reader = Reader(messages)
        await reader.read_until(old, 13)
    assert reader.received[-1]["environment"]["ended"]


async def test_a_slow_reader_is_told_so_and_brought_up_to_date(feed, writer, monkeypatch):
    monkeypatch.setattr(subscription, "MAX_QUEUED", 3)
    life, witness = Life(), Life(function_name="witness")
    await writer.write(life, life.begin())
    async with aclosing(feed.subscribe(function_name="hello")) as slow, aclosing(feed.subscribe()) as messages:
        reader, quick = Reader(slow), Reader(messages)
        await reader.read_until(life, 2)
        await quick.read_until(life, 2)
        await feed.until_listening()
        for place in range(8):
            await writer.write(life, life.invocation())
            # The other reader shows that the feed has dealt with it
            await quick.read_until(life, 11 + 9 * place)
        await writer.write(witness, witness.begin())
        await reader.read_until(life, 74)
        assert reader.resyncs == 1
        await writer.write(life, life.invocation())
        await reader.read_until(life, 83)
    assert len(reader.handler_lines(life)) == len(set(reader.handler_lines(life))) == 9


async def test_it_lives_without_redis_and_takes_it_up_again(tmp_path, monkeypatch):
    server = RedisServer(tmp_path / "redis.sock")
    writer, life = Writer(server.url), Life()
    feed = Feed(redis_url=server.url, poll_s=0.02)
    await writer.write(life, life.begin())
    async with aclosing(feed.subscribe(function_name="hello")) as messages:
        reader = Reader(messages)
        await reader.read_until(life, 2)
        await writer.write(life, life.invocation())
        await reader.read_until(life, 11)

        await asyncio.to_thread(server.start)
        async with asyncio.timeout(PATIENCE_S):
            await feed.until_listening()
        await writer.write(life, life.invocation())
        await reader.read_until(life, 20)

        await asyncio.to_thread(server.stop)
        await writer.write(life, life.invocation())
        await reader.read_until(life, 29)
    assert len(reader.handler_lines(life)) == 3


async def test_whatever_gets_lost_and_whoever_joins_when_everybody_sees_everything_once(redis_url, writer):
    chance = random.Random(7)
    lives = [Life() for _ in range(3)]
    feed = Feed(redis_url=redis_url, poll_s=0.05)
    last_seq = 2 + 9 * 15

    async def read() -> Reader:
        async with aclosing(feed.subscribe(function_name="hello")) as messages:
            reader = Reader(messages)
            for life in lives:
                await reader.read_until(life, last_seq)
            return reader

    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(read())]
        for life in lives:
            await writer.write(life, life.begin())
        for turn in range(15):
            for life in lives:
                await writer.write(life, life.invocation(), announced=chance.random() > 0.3)
            if turn % 5 == 0:
                readers.append(group.create_task(read()))
    for reader in (task.result() for task in readers):
        for life in lives:
            lines = reader.handler_lines(life)
            assert len(lines) == len(set(lines)) == 15
        assert len(reader.invocations) == 45


async def test_nothing_runs_on_when_the_last_reader_left(feed, writer):
    before = asyncio.all_tasks()
    async with aclosing(feed.subscribe()) as first, aclosing(feed.subscribe()) as second:
        life = Life()
        await writer.write(life, life.begin())
        await Reader(first).read_until(life, 2)
        await Reader(second).read_until(life, 2)
        assert asyncio.all_tasks() > before
    assert asyncio.all_tasks() == before


async def test_a_process_shares_one_feed():
    assert shared_feed() is shared_feed()

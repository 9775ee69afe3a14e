import sys
import threading
import time

import pytest
import redis

from lambdasim.recording import queries, spool
from lambdasim.recording.batches import Batch
from lambdasim.recording.writer import Recorder
from tests.recording.conftest import PATIENCE_S
from tests.recording.events import Life, seqs

pytestmark = pytest.mark.django_db(transaction=True)


def recorded(life: Life) -> list:
    return list(queries.events(life.environment_id))


@pytest.fixture
def record(announced):
    """Starts recorders, and ends those that a test leaves running."""
    running = []

    def start(life: Life) -> Recorder:
        recorder = Recorder(life.environment_id, announce=announced)
        recorder.start()
        running.append(recorder)
        return recorder

    yield start
    for recorder in running:
        recorder.close()


def test_it_writes_soon_without_being_asked(record, announced):
    life = Life()
    recorder = record(life)
    events = [*life.begin(), *life.invocation(request_id="r1")]
    for event in events:
        recorder.put(event)
    announced.until(events[-1].seq)
    assert recorded(life) == events
    assert queries.invocation("r1")["status"] == "success"


def test_closing_writes_everything_that_was_put(record, announced):
    life = Life()
    recorder = record(life)
    events = [*life.begin(), *(event for _ in range(100) for event in life.invocation())]
    for event in events:
        recorder.put(event)
    recorder.close()
    assert recorded(life) == events


def test_it_collects_what_comes_together_into_one_batch(record, announced):
    life = Life()
    recorder = record(life)
    events = [*life.begin(), *life.invocation()]
    for event in events:
        recorder.put(event)
    recorder.close()
    assert len(announced) == 1


def test_recorders_at_once_are_gapless_and_write_each_event_once(record, announced):
    lives = [Life() for _ in range(4)]
    put = {}

    def run(life: Life) -> None:
        recorder = record(life)
        put[life.environment_id] = [*life.begin(), *(event for _ in range(60) for event in life.invocation())]
        for event in put[life.environment_id]:
            recorder.put(event)
        recorder.close()

    threads = [threading.Thread(target=run, args=(life,)) for life in lives]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for life in lives:
        assert recorded(life) == put[life.environment_id]
        its_own = [batch for batch in announced if batch.environment_id == life.environment_id]
        spans = [(batch.first_seq, batch.last_seq) for batch in its_own]
        assert [first for first, _ in spans] == [1, *(last + 1 for _, last in spans[:-1])]
    assert len(queries.invocations(limit=500)) == 240


def test_it_refuses_an_environment_id_that_the_database_would_refuse():
    with pytest.raises(ValueError, match="UUID"):
        Recorder("environment-1")


def test_events_go_to_the_spool_while_the_database_is_away_and_are_written_later_in_order(
    database, record, announced, spooled
):
    life = Life()
    recorder = record(life)
    events = [*life.begin(), *life.invocation(request_id="r1")]
    with database.away():
        for event in events[:6]:
            recorder.put(event)
        assert spooled.wait(PATIENCE_S)
        assert spool.waiting() == [life.environment_id]
        for event in events[6:]:
            recorder.put(event)
    announced.until(events[-1].seq)
    recorder.close()
    assert recorded(life) == events
    assert queries.invocation("r1")["duration_ms"] == 5.0
    assert spool.waiting() == []


def test_the_database_may_go_away_in_the_middle_of_a_life(database, record, announced, spooled):
    life = Life()
    recorder = record(life)
    for event in (first := [*life.begin(), *life.invocation()]):
        recorder.put(event)
    announced.until(first[-1].seq)
    with database.away():
        for event in (second := life.invocation()):
            recorder.put(event)
        assert spooled.wait(PATIENCE_S)
    for event in (third := [*life.invocation(), *life.end()]):
        recorder.put(event)
    recorder.close()
    assert recorded(life) == [*first, *second, *third]
    assert len(queries.invocations("hello")) == 3


def test_what_a_recorder_leaves_in_the_spool_is_written_by_whoever_drains_it(database, announced):
    life = Life()
    recorder = Recorder(life.environment_id, announce=announced)
    recorder.start()
    events = [*life.begin(), *life.invocation(request_id="r1"), *life.end()]
    with database.away():
        for event in events:
            recorder.put(event)
        recorder.close()
    assert recorded(life) == []
    assert spool.drain_spool(announced) == len(events)
    assert recorded(life) == events
    assert queries.invocation("r1")["duration_ms"] == 5.0
    assert spool.waiting() == []


def test_closing_does_not_wait_for_ever_for_the_database(transactional_db, announced, settings):
    """The lock is held for longer than `close` waits: what is left is spooled, and written once in the end."""
    from django.db import transaction

    life = Life()
    recorder = Recorder(life.environment_id, announce=announced)
    recorder.start()
    events = [*life.begin(), *life.invocation()]
    with transaction.atomic():
        for event in events:
            recorder.put(event)
        began_s = time.monotonic()
        recorder.close(timeout_s=0.3)
        assert time.monotonic() - began_s < 2
        assert spool.waiting() == [life.environment_id]
    announced.until(events[-1].seq)
    spool.drain_spool(announced)
    assert recorded(life) == events


def test_recording_goes_on_without_redis(record, settings, caplog):
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    life = Life()
    recorder = Recorder(life.environment_id)
    recorder.start()
    events = [*life.begin(), *life.invocation()]
    for event in events:
        recorder.put(event)
    recorder.close()
    assert recorded(life) == events
    assert "Redis is away" in caplog.text


def test_it_publishes_what_it_committed(redis_url, settings):
    life = Life()
    with redis.Redis.from_url(redis_url) as client, client.pubsub(ignore_subscribe_messages=False) as pubsub:
        pubsub.subscribe(settings.LIVE_CHANNEL)
        assert pubsub.get_message(timeout=PATIENCE_S)["type"] == "subscribe"
        recorder = Recorder(life.environment_id)
        recorder.start()
        for event in (events := life.begin()):
            recorder.put(event)
        batch = Batch.from_message(pubsub.get_message(timeout=PATIENCE_S)["data"])
        recorder.close()
    assert batch.environment_id == life.environment_id
    assert batch.events() == events


def test_put_neither_waits_nor_costs_much(record, database):
    """An append while the database is away and the thread at work: 5 µs is ten times what it takes here."""
    life = Life()
    recorder = record(life)
    events = [life.log("x") for _ in range(5_000)]
    with database.away():
        costs_ns = []
        for event in events:
            began_ns = time.perf_counter_ns()
            recorder.put(event)
            costs_ns.append(time.perf_counter_ns() - began_ns)
    assert sorted(costs_ns)[len(costs_ns) // 2] < 5_000


def test_the_interpreter_is_given_back_soon(record):
    record(Life())
    assert sys.getswitchinterval() <= 0.0001


def test_an_idle_recorder_does_not_wake_up(record, announced, monkeypatch):
    """Sixteen environments that wait for work must not keep the machine busy."""
    life = Life()
    recorder = record(life)
    for event in life.begin():
        recorder.put(event)
    announced.until(2)
    waits = []
    wait = recorder._wake.wait
    monkeypatch.setattr(recorder._wake, "wait", lambda timeout=None: waits.append(timeout) or wait(timeout))
    recorder.put(life.log("x"))
    announced.until(3)
    recorder.close()
    # Either caught before or after it fell asleep, but never with a timer while there is nothing to do
    assert [timeout for timeout in waits if timeout is not None] == [0.05] * (len(waits) - waits.count(None))


def test_a_spool_with_a_torn_last_line_gives_all_whole_ones(announced, home, database, caplog):
    life = Life()
    events = life.begin()
    spool.append(life.environment_id, events)
    with (home / "spool" / f"{life.environment_id}.ndjson").open("ab") as file:
        file.write(b'{"seq": 3, "at_')
    assert spool.drain_spool(announced) == 2
    assert seqs(recorded(life)) == [1, 2]
    assert "torn line" in caplog.text


def test_a_broken_spool_file_does_not_hold_up_the_others(announced, home, database):
    life = Life()
    spool.append(life.environment_id, life.begin())
    (home / "spool" / "00000000-broken.ndjson").write_text('{"no": "event"}\n')
    with pytest.raises(ExceptionGroup) as caught:
        spool.drain_spool(announced)
    assert "broken.ndjson stays where it is" in str(caught.value.exceptions[0].__notes__)
    assert seqs(recorded(life)) == [1, 2]


def test_a_full_disk_leaves_no_half_line_in_the_spool(home, monkeypatch):
    life = Life()
    spool.append(life.environment_id, life.begin())
    path = home / "spool" / f"{life.environment_id}.ndjson"
    whole = path.read_bytes()
    real_truncate, real_open = spool.os.ftruncate, type(path).open

    class Full:
        """A file on a disk that takes eleven bytes more."""

        def __init__(self, file) -> None:
            self._file = file

        def __enter__(self):
            return self

        def __exit__(self, *error) -> None:
            self._file.close()

        def fileno(self) -> int:
            return self._file.fileno()

        def write(self, data: bytes) -> None:
            self._file.write(data[:11])
            self._file.flush()
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "open", lambda self, mode: Full(real_open(self, mode)))
    with pytest.raises(OSError, match="No space left"):
        spool.append(life.environment_id, [life.log("more")])
    monkeypatch.undo()
    assert real_truncate is spool.os.ftruncate
    assert path.read_bytes() == whole

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from lambdasim.recording import queries
from lambdasim.recording.batches import MAX_BATCH_BYTES, pack, unpack
from lambdasim.recording.ingest import Ingest
from lambdasim.recording.models import EventBatch
from tests.recording.events import Life, seqs

pytestmark = pytest.mark.django_db(transaction=True)


def stored(life: Life) -> list:
    return list(queries.events(life.environment_id))


def test_it_stores_events_and_what_follows_from_them(announced):
    life = Life(function_name="hello", version="2")
    events = [*life.begin(), *life.invocation(request_id="r1", cold=True)]
    Ingest(life.environment_id, announced).write(events)

    assert stored(life) == events
    environment = queries.environment(life.environment_id)
    assert (environment["function_name"], environment["version"], environment["last_seq"]) == ("hello", "2", 11)
    assert environment["alive"]
    metrics = queries.invocation("r1")
    assert (metrics["cold_start"], metrics["status"], metrics["duration_ms"]) == (True, "success", 5.0)
    assert metrics["environment_id"] == life.environment_id


def test_it_announces_what_it_committed(announced):
    life = Life()
    events = [*life.begin(), *life.invocation()]
    Ingest(life.environment_id, announced).write(events)
    (batch,) = announced
    assert (batch.environment_id, batch.function_name, batch.version) == (life.environment_id, "hello", "1")
    assert (batch.first_seq, batch.last_seq) == (1, 11)
    assert batch.events() == events
    assert type(batch).from_message(batch.to_message()) == batch


def test_it_ends_the_environment_with_its_last_event(announced):
    life = Life()
    Ingest(life.environment_id, announced).write([*life.begin(), *life.end("spindown")])
    environment = queries.environment(life.environment_id)
    assert not environment["alive"]
    assert environment["end_reason"] == "spindown"
    assert queries.environments(alive=True) == []


def test_it_cuts_batches_at_their_size_and_loses_nothing():
    life = Life()
    events = [*life.begin(), *(life.log("x" * 20_000) for _ in range(10))]
    batches = list(pack(events))
    assert [event for _, _, data in batches for event in unpack(data)] == events
    assert len(batches) > 3
    for first_seq, last_seq, data in batches:
        lines = unpack(data)
        assert (lines[0].seq, lines[-1].seq) == (first_seq, last_seq)
        assert sum(len(str(line.record)) for line in lines) < MAX_BATCH_BYTES


def test_a_line_larger_than_a_batch_is_a_batch_of_its_own():
    life = Life()
    events = [life.log("short"), life.log("x" * 200_000), life.log("short")]
    assert [(first, last) for first, last, _ in pack(events)] == [(1, 1), (2, 2), (3, 3)]


def test_writing_the_same_again_stores_nothing_twice(announced):
    life = Life()
    events = [*life.begin(), *life.invocation()]
    Ingest(life.environment_id, announced).write(events)
    Ingest(life.environment_id, announced).write(events)
    assert stored(life) == events
    assert EventBatch.objects.count() == 1
    assert len(announced) == 1


def test_an_overlapping_batch_adds_only_what_is_new(announced):
    life = Life()
    events = [*life.begin(), *life.invocation(), *life.invocation()]
    Ingest(life.environment_id, announced).write(events[:7])
    Ingest(life.environment_id, announced).write(events[4:])
    assert stored(life) == events
    assert len(queries.invocations("hello")) == 2


def test_what_somebody_else_wrote_in_between_is_kept_and_the_rest_is_numbered_on(announced):
    life = Life()
    ingest = Ingest(life.environment_id, announced)
    ingest.write(life.begin())
    queries.mark_lost(life.environment_id, "its worker died", announce=announced)
    late = life.invocation()
    ingest.write(late)
    ingest.write(life.end())

    events = stored(life)
    assert seqs(events) == list(range(1, 15))
    assert events[2].type == "sim.lost"
    assert [event.type for event in events[3:]] == [event.type for event in late] + ["sim.shutdown", "sim.end"]


def test_an_ingest_that_starts_later_derives_the_same_figures(announced):
    life = Life()
    events = [*life.begin(), *life.invocation(request_id="r1")]
    for event in events:
        Ingest(life.environment_id, announced).write([event])
    assert queries.invocation("r1")["duration_ms"] == 5.0
    assert queries.invocation("r1")["first_seq"] == 3


def test_a_failed_transaction_leaves_nothing_and_can_be_repeated(announced, monkeypatch):
    life = Life()
    ingest = Ingest(life.environment_id, announced)
    events = [*life.begin(), *life.invocation()]
    with monkeypatch.context() as patch:
        patch.setattr("lambdasim.recording.ingest.write_invocations", _fail)
        with pytest.raises(RuntimeError, match="in the middle"):
            ingest.write(events)
    assert queries.environments() == []
    assert announced == []
    ingest.write(events)
    assert stored(life) == events


def _fail(*_: object) -> None:
    raise RuntimeError("in the middle")


def test_events_are_stored_even_if_no_figures_can_be_derived(announced, monkeypatch, caplog):
    life = Life()
    ingest = Ingest(life.environment_id, announced)
    ingest.write(life.begin())
    invocation = life.invocation(request_id="r1")
    with monkeypatch.context() as patch:
        patch.setattr("lambdasim.metrics.fold.EnvironmentFold.feed", _fail)
        ingest.write(invocation[:3])
    assert "no figures can be derived" in caplog.text
    assert seqs(stored(life)) == [1, 2, 3, 4, 5]
    ingest.write(invocation[3:])
    assert queries.invocation("r1")["duration_ms"] == 5.0


def test_many_writers_at_once_leave_every_environment_gapless(announced):
    lives = [Life() for _ in range(6)]
    expected = {}

    def write(life: Life) -> None:
        chance = random.Random(life.environment_id)
        ingest = Ingest(life.environment_id, announced)
        events = [*life.begin(), *(event for _ in range(20) for event in life.invocation())]
        expected[life.environment_id] = events
        try:
            while events:
                size = chance.randint(1, 15)
                ingest.write(events[:size])
                events = events[size:]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, lives))
    for life in lives:
        assert stored(life) == expected[life.environment_id]
    assert len(queries.invocations(limit=500)) == 120


def test_two_writers_of_one_environment_lose_and_double_nothing(announced):
    """The recorder and the control worker, which writes what was spooled, may meet at the same events."""
    life = Life()
    events = [*life.begin(), *(event for _ in range(10) for event in life.invocation())]

    def write(size: int) -> None:
        ingest = Ingest(life.environment_id, announced)
        try:
            for start in range(0, len(events), size):
                ingest.write(events[start:start + size])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (7, 10)))
    found = stored(life)
    assert seqs(found) == list(range(1, len(events) + 1))
    key = lambda event: (event.at_ns, event.type)  # noqa: E731
    assert sorted(map(key, found)) == sorted(map(key, events))

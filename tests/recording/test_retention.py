import pytest

from lambdasim.recording import queries, retention
from lambdasim.recording.ingest import Ingest
from lambdasim.recording.models import Environment, EventBatch, Invocation
from tests.recording.events import MS, START_NS, Life

pytestmark = pytest.mark.django_db(transaction=True)

HOUR_NS = 3_600_000 * MS


def record(life: Life, *parts: list, announced) -> Life:
    ingest = Ingest(life.environment_id, announced)
    for part in parts:
        ingest.write(part)
    return life


def test_nothing_is_forgotten_before_there_is_too_much(announced):
    life = Life()
    record(life, life.begin(), *(life.invocation() for _ in range(3)), announced=announced)
    assert retention.prune(3) == retention.Pruned()
    assert len(queries.invocations("hello")) == 3


def test_the_oldest_invocations_go_with_the_environments_that_ended_with_them(announced):
    lives = [Life(start_ns=START_NS + hour * HOUR_NS) for hour in range(4)]
    for life in lives:
        record(life, life.begin(), life.invocation(), life.invocation(), life.end(), announced=announced)
    pruned = retention.prune(4)
    assert (pruned.invocations, pruned.environments) == (4, 2)
    assert {row["environment_id"] for row in queries.environments()} == {life.environment_id for life in lives[2:]}
    for life in lives[2:]:
        assert len(list(queries.events(life.environment_id))) == 2 + 18 + 2
    assert EventBatch.objects.exclude(environment__in=Environment.objects.all()).count() == 0


def test_a_long_life_keeps_its_beginning_and_what_its_newest_invocations_need(announced):
    life = Life()
    record(life, life.begin(), *(life.invocation() for _ in range(20)), announced=announced)
    pruned = retention.prune(5)
    assert (pruned.invocations, pruned.environments, pruned.batches) == (15, 0, 15)
    kept = [event.seq for event in queries.events(life.environment_id)]
    assert kept == [1, 2, *range(2 + 15 * 9 + 1, 2 + 20 * 9 + 1)]
    assert queries.environment(life.environment_id)["function_name"] == "hello"


def test_writing_goes_on_after_pruning(announced):
    life = Life()
    record(life, life.begin(), *(life.invocation() for _ in range(6)), announced=announced)
    retention.prune(2)
    record(life, life.invocation(request_id="later"), announced=announced)
    assert queries.invocation("later")["duration_ms"] == 5.0


def test_a_living_environment_without_invocations_stays_and_a_failed_one_goes(announced):
    waiting, failed = Life(), Life()
    record(waiting, waiting.begin(), announced=announced)
    record(failed, failed.begin(), failed.end("failure"), announced=announced)
    busy = Life(start_ns=START_NS + HOUR_NS)
    record(busy, busy.begin(), busy.invocation(), busy.invocation(), announced=announced)
    retention.prune(1)
    left = {row["environment_id"] for row in queries.environments()}
    assert left == {waiting.environment_id, busy.environment_id}


def test_more_than_one_transaction_holds_is_deleted_too(announced, monkeypatch, settings):
    monkeypatch.setattr(retention, "ROWS_A_TRANSACTION", 3)
    settings.LAMBDASIM_KEEP_INVOCATIONS = 2
    life = Life()
    record(life, life.begin(), *(life.invocation() for _ in range(12)), announced=announced)
    assert retention.prune().invocations == 10
    assert Invocation.objects.count() == 2

import pytest

from lambdasim.recording import queries, spool
from lambdasim.recording.ingest import Ingest
from tests.recording.events import Life, seqs

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_lost_environment_ends_with_the_next_number(announced):
    life = Life()
    Ingest(life.environment_id, announced).write([*life.begin(), *life.invocation()])
    assert queries.mark_lost(life.environment_id, "its worker died", announce=announced)

    last = list(queries.events(life.environment_id))[-1]
    assert (last.seq, last.type, last.record) == (12, "sim.lost", {"reason": "its worker died"})
    environment = queries.environment(life.environment_id)
    assert (environment["alive"], environment["end_reason"]) == (False, "its worker died")
    assert announced[-1].last_seq == 12


def test_the_invocation_under_way_fails_with_it(announced):
    life = Life()
    Ingest(life.environment_id, announced).write([*life.begin(), *life.invocation(request_id="cut")[:4]])
    queries.mark_lost(life.environment_id, "its worker died", announce=announced)
    cut = queries.invocation("cut")
    assert (cut["status"], cut["error_type"]) == ("failure", "Sandbox.Failure")


def test_what_the_dead_worker_had_spooled_comes_before_it(announced):
    life = Life()
    Ingest(life.environment_id, announced).write(life.begin())
    spool.append(life.environment_id, life.invocation(request_id="spooled"))
    queries.mark_lost(life.environment_id, "its worker died", announce=announced)
    events = list(queries.events(life.environment_id))
    assert seqs(events) == list(range(1, 13))
    assert events[-1].type == "sim.lost"
    assert queries.invocation("spooled")["status"] == "success"
    assert spool.waiting() == []


def test_time_does_not_run_backwards_even_if_the_dead_workers_clock_was_ahead(announced):
    life = Life(start_ns=4_000_000_000_000_000_000)
    Ingest(life.environment_id, announced).write(life.begin())
    queries.mark_lost(life.environment_id, "its worker died", announce=announced)
    *_, before, last = queries.events(life.environment_id)
    assert last.at_ns >= before.at_ns


@pytest.mark.parametrize("ended", [True, False], ids=["ended", "unknown"])
def test_what_has_ended_or_was_never_recorded_is_left_alone(announced, ended):
    life = Life()
    if ended:
        Ingest(life.environment_id, announced).write([*life.begin(), *life.end("spindown")])
    before = list(queries.events(life.environment_id))
    assert not queries.mark_lost(life.environment_id, "its worker died", announce=announced)
    assert list(queries.events(life.environment_id)) == before

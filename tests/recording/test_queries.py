import pytest

from lambdasim.recording import queries
from lambdasim.recording.ingest import Ingest
from lambdasim.recording.summary import percentile, summarise
from tests.recording.events import START_NS, Life

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lives(announced) -> dict[str, Life]:
    lives = {
        "old": Life(start_ns=START_NS), "second version": Life(version="2", start_ns=START_NS + 10**12),
        "other": Life(function_name="other", start_ns=START_NS + 2 * 10**12),
    }
    for name, life in lives.items():
        events = [*life.begin(), *life.invocation(request_id=f"{name} 1", cold=True),
                  *life.invocation(request_id=f"{name} 2")]
        Ingest(life.environment_id, announced).write(events)
    Ingest(lives["old"].environment_id, announced).write(lives["old"].end())
    return lives


def ids(rows: list) -> list[str]:
    return [row["environment_id"] for row in rows]


def test_environments_are_newest_first_and_filtered(lives):
    old, second, other = (life.environment_id for life in lives.values())
    assert ids(queries.environments()) == [other, second, old]
    assert ids(queries.environments("hello")) == [second, old]
    assert ids(queries.environments("hello", version="1")) == [old]
    assert ids(queries.environments(alive=True)) == [other, second]
    assert ids(queries.environments(alive=False)) == [old]
    assert ids(queries.environments(limit=1)) == [other]


def test_invocations_are_newest_first_and_come_page_by_page(lives):
    def names(**options) -> list[str]:
        return [one["request_id"] for one in queries.invocations("hello", **options)]

    assert names() == ["second version 2", "second version 1", "old 2", "old 1"]
    assert names(qualifier="1") == ["old 2", "old 1"]
    first_page = queries.invocations("hello", limit=3)
    assert names(before=first_page[-1]["started_at_us"]) == ["old 1"]
    assert len(queries.invocations()) == 6


def test_events_begin_after_a_number(lives):
    environment_id = lives["other"].environment_id
    assert [event.seq for event in queries.events(environment_id, after_seq=17)] == [18, 19, 20]
    assert list(queries.events(environment_id, after_seq=20)) == []


@pytest.mark.parametrize("environment_id", ["00000000-0000-0000-0000-000000000000", "no-uuid", ""])
def test_an_environment_that_was_never_recorded_is_none_and_has_no_events(environment_id):
    assert queries.environment(environment_id) is None
    assert list(queries.events(environment_id)) == []


def test_a_summary_keeps_cold_and_warm_apart(lives):
    summary = queries.function_summary("hello")
    assert (summary.invocations, summary.sampled, summary.errors, summary.cold_starts) == (4, 4, 0, 2)
    assert (summary.warm_duration_p50_ms, summary.cold_duration_p95_ms) == (5.0, 5.0)
    assert summary.last_seen == queries.invocation("second version 2")["started_at"]
    assert queries.function_summary("hello", "2").invocations == 2


def test_a_function_that_was_never_invoked_has_counts_and_no_figures():
    summary = queries.function_summary("ghost")
    assert (summary.invocations, summary.warm_duration_p50_ms, summary.last_seen) == (0, None, None)


def test_percentiles_are_those_of_numpy():
    assert percentile([], 0.5) is None
    assert percentile([7.0], 0.95) == 7.0
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert percentile([float(value) for value in range(101)], 0.95) == 95.0
    assert percentile([1.0, 2.0], 0.95) == 1.95


def test_figures_that_are_not_defined_do_not_count():
    rows = [(2, False, "timeout", None, None), (1, False, "success", 10.0, 3.0)]
    summary = summarise(rows, count=7)
    assert (summary.invocations, summary.sampled, summary.errors) == (7, 2, 1)
    assert (summary.warm_duration_p50_ms, summary.post_runtime_p95_ms) == (10.0, 3.0)
    assert summary.cold_duration_p50_ms is None

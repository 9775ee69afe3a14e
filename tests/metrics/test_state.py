"""What an environment is said to do at each moment of its life."""

from lambdasim.metrics.fold import EnvironmentFold
from lambdasim.metrics.state import DESCRIPTION, RULES, EnvironmentState
from lambdasim.telemetry.catalogue import ALL_TYPES
from tests.metrics.drawn import after_begin_ms, folded
from tests.metrics.recording import Recording
from tests.metrics.recordings import crash, life, timeout


def at(at_ms: float) -> EnvironmentState:
    return folded(event for event in life() if after_begin_ms(event.at_ns // 1000) <= at_ms).environment


def test_every_record_type_has_a_rule_or_an_explicit_none() -> None:
    assert set(RULES) == ALL_TYPES


def test_it_describes_itself_by_its_first_event() -> None:
    described = at(0).to_json()
    assert (described["environment_id"], described["function_name"], described["version"]) == ("env-1", "hello", "7")
    assert (described["isolation"], described["memory_method"], described["freezer"]) == ("bwrap", "pss", "cgroup")
    assert described["extensions"] == ["alpha", "beta"]


def test_everybody_holds_it_while_the_handler_runs() -> None:
    state = at(110)
    assert (state.busy, state.request_id, state.holders) == (True, "r-1", ("alpha", "beta", "runtime"))
    assert after_begin_ms(state.holder_since_us or 0) == 100.0


def test_the_last_extension_holds_it_since_the_runtimes_next() -> None:
    state = at(125)
    assert (state.busy, state.holders) == (True, ("beta",))
    assert after_begin_ms(state.holder_since_us or 0) == 120.0


def test_nobody_holds_it_between_invocations() -> None:
    state = at(131)
    assert (state.busy, state.holders, state.phase, state.invocations) == (False, (), "IDLE", 1)
    assert state.cold_start_ms == 93.0


def test_it_is_frozen_until_it_is_thawed() -> None:
    assert at(200).frozen
    assert not at(633).frozen


def test_its_end_is_told_with_its_reason() -> None:
    state = at(5000)
    assert (state.ended, state.end_reason, state.phase) == (True, "spindown", "DEAD")


def test_a_lost_environment_has_ended_and_is_not_busy() -> None:
    state = folded(crash()).environment
    assert (state.ended, state.end_reason, state.busy) == (True, "the worker ended", False)


def test_nobody_holds_it_during_a_reset() -> None:
    state = folded(event for event in timeout() if after_begin_ms(event.at_ns // 1000) <= 4000).environment
    assert (state.busy, state.holders) == (True, ())


def test_a_stream_that_begins_later_leaves_the_description_empty() -> None:
    state = EnvironmentFold().feed(life()[30:]).environment
    assert state.environment_id == ""
    assert set(state.description) == set(DESCRIPTION.values())
    assert state.to_json()["function_name"] is None


def test_warnings_are_passed_on_and_bounded() -> None:
    recording = Recording()
    for number in range(30):
        recording.put(number, "sim.warning", {"message": f"warning {number}"})
    warnings = folded(recording.events).environment.warnings
    assert (len(warnings), warnings[-1]) == (20, "warning 29")

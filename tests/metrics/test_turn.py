"""The arithmetic of one turn: tails, slack, who was critical, who holds."""

from hypothesis import given
from hypothesis import strategies as st

from lambdasim.metrics.turn import Move, Turn


def turn_of(nexts: dict[str, int], *, hanging: tuple[str, ...] = ()) -> Turn:
    turn = Turn()
    for party in (*nexts, *hanging):
        turn.move(party, {"state": "Running"}, 0)
    for party, at_ns in sorted(nexts.items(), key=lambda item: item[1]):
        turn.move(party, {"state": "Ready"}, at_ns)
    return turn


def test_a_next_without_a_delivery_is_none() -> None:
    assert Turn().move("alpha", {"state": "Ready"}, 5) is None


def test_a_repeated_next_counts_once() -> None:
    turn = turn_of({"runtime": 5})
    assert turn.move("runtime", {"state": "Ready"}, 9) is None
    assert turn.runtime_next_ns == 5


def test_states_between_delivery_and_next_are_no_moves() -> None:
    turn = Turn()
    assert turn.move("runtime", {"state": "Running"}, 0) is Move.DELIVERED
    assert turn.move("runtime", {"state": "InvocationResponse"}, 3) is None
    assert turn.move("runtime", {"state": "Ready"}, 4) is Move.NEXT


def test_a_closed_turn_takes_nothing_in() -> None:
    turn = turn_of({"runtime": 5}, hanging=("alpha",))
    turn.close()
    assert turn.move("alpha", {"state": "Ready"}, 9) is None
    assert turn.post_runtime() is None


def test_the_longest_tail_is_critical_and_is_the_duration() -> None:
    result = turn_of({"runtime": 10, "alpha": 14, "beta": 20}).post_runtime()
    assert result is not None
    assert (result.duration_ns, result.critical) == (10, "beta")
    assert result.tails_ns == {"alpha": 4, "beta": 10}
    assert result.slacks_ns == {"alpha": 6, "beta": 0}


def test_an_extension_that_is_done_before_the_runtime_has_no_tail_and_is_not_critical() -> None:
    result = turn_of({"alpha": 3, "beta": 7, "runtime": 10}).post_runtime()
    assert result is not None
    assert (result.duration_ns, result.critical) == (0, None)
    assert result.tails_ns == {"alpha": 0, "beta": 0}


def test_without_extensions_nothing_runs_after_the_runtime() -> None:
    result = turn_of({"runtime": 10}).post_runtime()
    assert result is not None
    assert (result.duration_ns, result.critical) == (0, None)


def test_it_is_undefined_while_somebody_holds() -> None:
    turn = turn_of({"runtime": 10, "alpha": 12}, hanging=("beta",))
    assert turn.post_runtime() is None
    assert turn.tails_ns() == {"alpha": 2}
    assert turn.holders() == ["beta"]
    assert turn.holder_since_ns() == 10


def test_while_the_runtime_holds_it_holds_since_the_delivery() -> None:
    assert turn_of({"alpha": 3}, hanging=("runtime",)).holder_since_ns() == 0


def test_nobody_holds_when_everybody_has_called_next() -> None:
    turn = turn_of({"runtime": 10, "alpha": 12})
    assert (turn.holders(), turn.holder_since_ns()) == ([], None)


@given(st.integers(0, 10**12), st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 10**12)))
def test_the_duration_is_a_maximum_never_a_sum_and_never_negative(runtime_ns: int, nexts: dict[str, int]) -> None:
    result = turn_of({**nexts, "runtime": runtime_ns}).post_runtime()
    assert result is not None
    assert result.duration_ns == max(result.tails_ns.values(), default=0) >= 0
    assert all(slack_ns >= 0 for slack_ns in result.slacks_ns.values())
    assert (result.critical is None) == (result.duration_ns == 0)

"""The arithmetic of the benchmark's table."""

import pytest

from tests.benchmarks.figures import Series, median, noise, percentile, ratio, table


def _series(*rounds: list[float]) -> Series:
    return Series(scenario="s", contestant="c", rounds=list(rounds))


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1.0), (0.5, 3.0), (1.0, 5.0), (0.95, 4.8), (0.125, 1.5)])
def test_a_percentile_lies_between_its_neighbours(share: float, expected: float) -> None:
    assert percentile([5.0, 1.0, 4.0, 2.0, 3.0], share) == pytest.approx(expected)


def test_the_median_of_one_is_itself() -> None:
    assert median([7.0]) == 7.0


def test_figures_say_how_many_there_were() -> None:
    assert _series([1.0, 2.0], [3.0]).figures() == {
        "scenario": "s", "contestant": "c", "unit": "ms", "n": 3, "p50": 2.0, "p95": 2.9, "min": 1.0,
    }


def test_a_ratio_compares_within_each_round() -> None:
    ours, theirs = _series([2.0], [20.0], [3.0]), _series([1.0], [10.0], [1.0])
    assert ratio(ours, theirs) == {"ratio": 2.0, "low": 2.0, "high": 3.0}


def test_noise_is_a_contestant_against_itself() -> None:
    assert noise(_series([1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0])) == {"ratio": 0.75, "low": 0.5, "high": 1.0}


def test_a_table_aligns_its_columns() -> None:
    assert table([["a", "b", "n"], ["long", "x", "100"]]) == "a     b    n\nlong  x  100"

import json
from pathlib import Path

import pytest

from dashboard import states, units
from lambdasim.core.phases import Phase

FIXTURES = Path(__file__).parent / "fixtures"
CASES = json.loads((FIXTURES / "units.json").read_text())
STATES = json.loads((FIXTURES / "states.json").read_text())


@pytest.mark.parametrize(
    ("name", "value", "expected"), [(name, *pair) for name, pairs in CASES.items() for pair in pairs]
)
def test_numbers_are_written_as_the_browser_writes_them(name: str, value: float | None, expected: str) -> None:
    assert getattr(units, name)(value) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_undefined(value: float) -> None:
    assert {units.figure(value), units.duration(value), units.coarse(value)} == {units.UNDEFINED}


def test_a_clock_shows_milliseconds() -> None:
    assert units.clock(1_772_460_127_120_999) == "14:02:07.120"
    assert units.clock(None) == units.UNDEFINED


def test_a_short_id_is_its_beginning() -> None:
    assert units.short_id("3f9c1a7e-52b8") == "3f9c1a7e"
    assert units.short_id("") == units.UNDEFINED


@pytest.mark.parametrize(("environment", "words", "sign"), STATES)
def test_a_state_is_told_in_words_and_by_a_sign(environment: dict[str, object], words: str, sign: str) -> None:
    assert (states.state_words(environment), states.state_class(environment)) == (words, sign)


def test_every_phase_of_the_core_has_words() -> None:
    assert [phase for phase in Phase if states.state_words({"phase": phase}) == "starting"] == []

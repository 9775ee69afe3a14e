import re
from pathlib import Path

import pytest

from dashboard import palette
from lambdasim.metrics.values import SpanKind

CSS = (Path(palette.__file__).parents[1] / "static/css/tokens.css").read_text()


def tokens_of(selector: str) -> dict[str, str]:
    block = CSS[CSS.index(selector) :].partition("}")[0]
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block))


@pytest.mark.parametrize(
    ("selector", "theme"),
    [(":root {", "light"), (':root[data-theme="dark"] {', "dark"), (':root:not([data-theme="light"]) {', "dark")],
)
def test_the_stylesheet_carries_the_palette(selector: str, theme: str) -> None:
    assert tokens_of(selector) == {name: getattr(colour, theme) for name, colour in palette.TOKENS.items()}


@pytest.mark.parametrize("surface", ["page", "surface", "surface-raised", "selection"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_drawn_can_be_told_from_what_it_stands_on(theme: str, surface: str) -> None:
    least = 4.5 if surface in ("page", "surface") else 3.0
    background = getattr(palette.SURFACES[surface], theme)
    weak = {
        name: round(ratio, 2) for name, colour in palette.READABLE.items()
        if (ratio := palette.contrast(getattr(colour, theme), background)) < least
    }
    assert not weak


def test_every_kind_of_span_has_a_colour() -> None:
    assert set(palette.KIND_TOKENS) == {kind.value for kind in SpanKind}
    assert set(palette.KIND_TOKENS.values()) <= set(palette.TOKENS)


def test_the_browser_draws_every_kind_in_the_same_token() -> None:
    kinds = (Path(palette.__file__).parents[1] / "static/js/timeline/kinds.js").read_text()
    drawn = re.findall(r'^  "?([a-z-]+)"?: kind\("[^"]+", "([a-z-]+)"', kinds, re.MULTILINE)
    assert dict(drawn) == palette.KIND_TOKENS


def test_every_phase_and_status_has_a_second_cue() -> None:
    told = {**palette.PHASES, **palette.STATUSES, **palette.SERIES}
    assert [name for name, colour in told.items() if not colour.cue] == []


def test_processes_never_take_a_phases_colour() -> None:
    phases = {shade for colour in palette.PHASES.values() for shade in (colour.light, colour.dark)}
    assert not phases & {shade for colour in palette.SERIES.values() for shade in (colour.light, colour.dark)}


def test_contrast_is_wcags() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)

"""The catalogue and the page that describes it say the same."""

import re
from pathlib import Path

from lambdasim.telemetry.catalogue import ALL_TYPES, LOG_TYPES, PLATFORM_TYPES, SIM_TYPES

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"


def test_every_type_of_ours_is_described() -> None:
    assert set(re.findall(r"^\| `(sim\.\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)) == SIM_TYPES


def test_prefixes_tell_whose_type_it_is() -> None:
    assert all(name.startswith("platform.") for name in PLATFORM_TYPES)
    assert ALL_TYPES == PLATFORM_TYPES | LOG_TYPES | SIM_TYPES

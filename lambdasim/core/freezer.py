"""Whether the environment's processes run: the states of freezing, and who may move between them.

The host answers Freeze with Frozen and Thaw with Thawed. A Thaw asked before Frozen abandons the freeze under way: then
there was none, and neither sim.freeze nor sim.thaw is recorded. AWS: lambda-runtime-environment, "Invoke phase".
"""

from collections.abc import Mapping
from enum import StrEnum


class Freezer(StrEnum):
    RUNNING = "running"
    FREEZING = "freezing"
    FROZEN = "frozen"
    THAWING = "thawing"


FROZEN_MOVES: Mapping[Freezer, Freezer] = {
    Freezer.FREEZING: Freezer.FROZEN,
    # Frozen and Thaw have crossed: it was stopped for a moment after all.
    Freezer.THAWING: Freezer.THAWING,
}
THAWED_MOVES: Mapping[Freezer, Freezer] = {Freezer.THAWING: Freezer.RUNNING}

"""From timings to the figures of the table: median, 95th percentile, and a ratio with its range over the rounds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


def percentile(values: Sequence[float], share: float) -> float:
    """By linear interpolation between the closest ranks."""
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What one contestant did in one scenario, kept by rounds: contestants took turns within each."""

    scenario: str
    contestant: str
    unit: str = "ms"
    rounds: list[list[float]] = field(default_factory=list)

    @property
    def values(self) -> list[float]:
        return [value for values in self.rounds for value in values]

    def figures(self) -> dict[str, Any]:
        values = self.values
        return {
            "scenario": self.scenario, "contestant": self.contestant, "unit": self.unit, "n": len(values),
            "p50": round(median(values), 3), "p95": round(percentile(values, 0.95), 3), "min": round(min(values), 3),
        }


def ratio(ours: Series, theirs: Series) -> dict[str, float]:
    """Of the medians of each round, since both met the same load in it: their median, the smallest and the largest."""
    each = [median(a) / median(b) for a, b in zip(ours.rounds, theirs.rounds, strict=True)]
    return {"ratio": round(median(each), 3), "low": round(min(each), 3), "high": round(max(each), 3)}


def noise(series: Series) -> dict[str, float]:
    """The same contestant against itself: the first half of each round against the second. What differs less than this
    differs by chance."""
    halves = [(values[: len(values) // 2], values[len(values) // 2:]) for values in series.rounds]
    first, second = (Series(scenario="", contestant="", rounds=list(half)) for half in zip(*halves, strict=True))
    return ratio(first, second)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the first two flush left, figures flush right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )

"""One line a function: how many, how slow, how often cold, what the extensions cost. Pure arithmetic on rows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lambdasim.core.time import iso_time
from lambdasim.core.values import Status

Row = tuple[int, bool, str, float | None, float | None]
"""started_at_us, cold_start, status, duration_ms, post_runtime_ms; newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSummary:
    """Figures are None where no invocation defines them. Percentiles and rates are of `sampled` invocations."""

    invocations: int
    sampled: int
    errors: int
    cold_starts: int
    last_seen: str | None
    warm_duration_p50_ms: float | None
    warm_duration_p95_ms: float | None
    cold_duration_p50_ms: float | None
    cold_duration_p95_ms: float | None
    post_runtime_p50_ms: float | None
    post_runtime_p95_ms: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def summarise(rows: Sequence[Row], *, count: int) -> FunctionSummary:
    warm = [duration_ms for _, cold, _, duration_ms, _ in rows if not cold and duration_ms is not None]
    cold = [duration_ms for _, cold, _, duration_ms, _ in rows if cold and duration_ms is not None]
    post_runtime = [post_runtime_ms for *_, post_runtime_ms in rows if post_runtime_ms is not None]
    return FunctionSummary(
        invocations=count,
        sampled=len(rows),
        errors=sum(1 for row in rows if row[2] != Status.SUCCESS),
        cold_starts=sum(1 for row in rows if row[1]),
        last_seen=iso_time(rows[0][0] * 1_000) if rows else None,
        warm_duration_p50_ms=percentile(warm, 0.50), warm_duration_p95_ms=percentile(warm, 0.95),
        cold_duration_p50_ms=percentile(cold, 0.50), cold_duration_p95_ms=percentile(cold, 0.95),
        post_runtime_p50_ms=percentile(post_runtime, 0.50), post_runtime_p95_ms=percentile(post_runtime, 0.95),
    )


def percentile(values: Sequence[float], share: float) -> float | None:
    """Linear between the two nearest ranks (Hyndman and Fan's type 7, as in numpy); None without values."""
    if not values:
        return None
    ranked = sorted(values)
    place = (len(ranked) - 1) * share
    below = int(place)
    above = min(below + 1, len(ranked) - 1)
    return round(ranked[below] + (ranked[above] - ranked[below]) * (place - below), 3)

"""Numbers as people read them: three significant digits, the unit once, – where there is nothing to tell.

`static/js/format.js` follows the same rules in the browser; tests/dashboard/fixtures/units.json holds the two together.
"""

import math
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

UNDEFINED = "–"

DECIMALS: tuple[tuple[float, int], ...] = ((99.95, 0), (9.995, 1), (0.9995, 2), (0.0, 3))
"""From this size on, so many decimals: three significant digits, never fewer than the integer part has."""


def figure(value: float | int | None) -> str:
    """`0.123`, `4.57`, `52.3`, `1,234`; whole numbers as they are. A column's head carries the unit."""
    if value is None or not math.isfinite(value):
        return UNDEFINED
    size = abs(value)
    if float(value).is_integer():
        return f"{value:,.0f}"
    if size < 0.001:
        return "> -0.001" if value < 0 else "< 0.001"
    decimals = next(decimals for least, decimals in DECIMALS if size >= least)
    return f"{_rounded(value, decimals):,.{decimals}f}"


def duration(ms: float | int | None) -> str:
    """A measured duration with its unit: ms below 10 s, then seconds, then minutes."""
    if ms is None or not math.isfinite(ms):
        return UNDEFINED
    return f"{figure(ms)} ms" if abs(ms) < 10_000 else coarse(ms)


def coarse(ms: float | int) -> str:
    """A span whose exact length does not matter: `839 ms`, `3.2 s`, `45 s`, `2 min 5 s`, `3 h 20 min`."""
    if not math.isfinite(ms):
        return UNDEFINED
    if ms < 1_000:
        return f"{_rounded(ms, 0):.0f} ms"
    if ms < 9_950:
        return f"{_rounded(ms / 1_000, 1):.1f} s"
    seconds = int(_rounded(ms / 1_000, 0))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3_600} h {seconds % 3_600 // 60} min"


def clock(us: int | None) -> str:
    """Time of day in UTC with milliseconds; the page turns it into the reader's zone."""
    if us is None:
        return UNDEFINED
    at = datetime.fromtimestamp(us // 1_000_000, UTC)
    return f"{at:%H:%M:%S}.{us // 1_000 % 1_000:03d}"


def short_id(identifier: str | None) -> str:
    """The first eight characters, enough to tell two apart on one page."""
    return identifier[:8] if identifier else UNDEFINED


def _rounded(value: float, decimals: int) -> Decimal:
    """Half away from zero, of the number as it is written: what the browser's toLocaleString does."""
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)

"""Epoch nanoseconds to the two notations of the Telemetry API."""

from datetime import UTC, datetime
from functools import lru_cache

NS_PER_MS = 1_000_000


def iso_time(at_ns: int) -> str:
    """`2022-10-12T00:03:50.000Z`: UTC with milliseconds (AWS: telemetry-schema-reference)."""
    seconds, ns = divmod(at_ns, 1_000_000_000)
    return f"{_iso_second(seconds)}.{ns // NS_PER_MS:03d}Z"


def duration_ms(start_ns: int, end_ns: int) -> float:
    """Milliseconds with microsecond precision, as AWS's records carry them."""
    return round((end_ns - start_ns) / NS_PER_MS, 3)


@lru_cache(maxsize=8)
def _iso_second(seconds: int) -> str:
    # Neighbouring events share their second, and formatting it costs more than all the rest of a record.
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"

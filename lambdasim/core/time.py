"""Epoch nanoseconds to the two notations of the Telemetry API."""

from datetime import UTC, datetime

NS_PER_MS = 1_000_000


def iso_time(at_ns: int) -> str:
    """`2022-10-12T00:03:50.000Z`: UTC with milliseconds (AWS: telemetry-schema-reference)."""
    seconds, ns = divmod(at_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ns // NS_PER_MS:03d}Z"


def duration_ms(start_ns: int, end_ns: int) -> float:
    """Milliseconds with microsecond precision, as AWS's records carry them."""
    return round((end_ns - start_ns) / NS_PER_MS, 3)

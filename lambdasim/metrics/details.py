"""Reads record members for people: hover details, labels, and members that may be absent.

AWS's spelling (`billedDurationMs`) ends here: what leaves is snake_case with its unit in its name.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any

Record = Mapping[str, Any]

_MEMBERS = {
    "durationMs": "duration_ms",
    "billedDurationMs": "billed_duration_ms",
    "initDurationMs": "init_duration_ms",
    "maxMemoryUsedMB": "max_memory_used_mb",
    "memorySizeMB": "memory_size_mb",
    "errorType": "error_type",
    "initializationType": "initialization_type",
    "phase": "phase",
    "tookMs": "took_ms",
    "frozenMs": "frozen_ms",
    "processes": "processes",
    "reason": "reason",
    "budgetMs": "budget_ms",
    "pid": "pid",
    "version": "version",
    "code": "exit_code",
    "cpuMs": "cpu_ms",
    "maxMemoryMB": "max_memory_mb",
}


def detail(record: Record) -> dict[str, str | int | float]:
    """The members worth showing, of a record and of its `metrics`."""
    members = {**record, **fields(record, "metrics")}
    return {
        shown: value for name, shown in _MEMBERS.items()
        if (value := text(members, name) or number(members, name)) is not None
    }


def text(record: Record, name: str) -> str | None:
    value = record.get(name)
    return str(value) if isinstance(value, str) else None


def number(record: Record, name: str) -> float | None:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return value


def fields(record: Record, name: str) -> Record:
    """A member that is an object; empty if it is absent, or is none in a recording from elsewhere."""
    value = record.get(name)
    return value if isinstance(value, Mapping) else {}


def rows(record: Record, name: str) -> list[Any]:
    value = record.get(name)
    return list(value) if isinstance(value, list | tuple) else []


def exit_label(code: float) -> str:
    """`exit status 1`, or `signal 9` for the negated numbers of signals."""
    return f"signal {-code:.0f}" if code < 0 else f"exit status {code:.0f}"

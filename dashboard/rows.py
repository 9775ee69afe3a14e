"""What the pages list, put together from the queries of the packages: plain dicts and values, no ORM, no request."""

from dataclasses import dataclass
from typing import Any

from lambdasim.functions import queries as functions
from lambdasim.functions.models import LATEST
from lambdasim.recording import queries as recording
from lambdasim.recording.summary import FunctionSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionRow:
    """One line of the list of functions; `newest` describes its newest version."""

    name: str
    description: str
    runtime: str
    memory_size_mb: int
    versions: int
    extensions: list[str]
    summary: FunctionSummary

    @property
    def cold_percent(self) -> float | None:
        return 100 * self.summary.cold_starts / self.summary.sampled if self.summary.sampled else None


def function_rows() -> list[FunctionRow]:
    return [_function_row(function) for function in functions.list_functions()]


def _function_row(function: Any) -> FunctionRow:
    versions = list(function.versions.all())
    newest = versions[-1]
    return FunctionRow(
        name=function.name, description=function.description, runtime=newest.runtime,
        memory_size_mb=newest.memory_size_mb, versions=len([one for one in versions if one.version != LATEST]),
        extensions=sorted({name for one in versions for name in functions.extensions_of(one)}),
        summary=recording.function_summary(function.name),
    )


def environment_rows(
    function_name: str | None = None, *, alive: bool | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """State and row of each environment in one dict, so that a template asks one thing."""
    return [flat(row) for row in recording.environments(function_name, alive=alive, limit=limit)]


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """The recorded state with the row over it: the row is right where an environment was lost."""
    state = row.get("state") or {}
    return {
        **state, "environment_id": row["environment_id"], "function_name": row["function_name"],
        "version": row["version"], "created_at": row["created_at"], "ended": not row["alive"],
        "end_reason": row["end_reason"], "last_seq": row["last_seq"],
    }

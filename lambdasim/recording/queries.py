"""All reading of what was recorded, for pages, consumers and the read API. No model leaves this module.

Environments and invocations are dicts that can be answered as JSON. An environment: environment_id, function_name,
version, created_at, ended_at, end_reason, alive, last_seq, and state (JSON of metrics.state.EnvironmentState as of its
newest event). An invocation: the JSON of metrics.figures.InvocationMetrics. Moments are ISO 8601 in UTC.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from lambdasim.recording.batches import stored_events
from lambdasim.recording.lost import mark_lost as mark_lost
from lambdasim.recording.models import Environment, Invocation
from lambdasim.recording.summary import FunctionSummary, summarise
from lambdasim.telemetry.event import TelemetryEvent

SUMMARISED_INVOCATIONS = 1_000
"""Percentiles of a function are those of its newest invocations: what it is like now."""


def environments(
    function_name: str | None = None, *, version: str | None = None, alive: bool | None = None, limit: int = 50
) -> list[dict[str, Any]]:
    """Newest first. `alive`: only those that have (not) ended."""
    rows = Environment.objects.all()
    if function_name is not None:
        rows = rows.filter(function_name=function_name)
    if version is not None:
        rows = rows.filter(version=version)
    if alive is not None:
        rows = rows.filter(ended_at__isnull=alive)
    return [_recorded(row) for row in rows.order_by("-created_at")[:limit]]


def environment(environment_id: str) -> dict[str, Any] | None:
    """None where there is none of this id, or where it is no UUID."""
    if not is_environment_id(environment_id):
        return None
    row = Environment.objects.filter(pk=environment_id).first()
    return _recorded(row) if row else None


def events(environment_id: str, after_seq: int = 0) -> Iterator[TelemetryEvent]:
    """The environment's events with a higher sequence number, in order, read batch by batch."""
    return stored_events(environment_id, after_seq=after_seq) if is_environment_id(environment_id) else iter(())


def invocations(
    function_name: str | None = None, qualifier: str | None = None, *, limit: int = 50, before: int | None = None
) -> list[dict[str, Any]]:
    """Newest first; `qualifier` is a version, `before` a `started_at_us`: give the last one's for the next page."""
    rows = _invocations(function_name, qualifier)
    if before is not None:
        rows = rows.filter(started_at_us__lt=before)
    return list(rows.order_by("-started_at_us").values_list("metrics", flat=True)[:limit])


def invocation(request_id: str) -> dict[str, Any] | None:
    row = Invocation.objects.filter(pk=request_id).first()
    return row.metrics if row else None


def function_summary(function_name: str, qualifier: str | None = None) -> FunctionSummary:
    """Counts everything kept; percentiles are those of the newest invocations, warm and cold apart."""
    rows = _invocations(function_name, qualifier)
    newest = rows.order_by("-started_at_us").values_list(
        "started_at_us", "cold_start", "status", "duration_ms", "post_runtime_ms"
    )[:SUMMARISED_INVOCATIONS]
    return summarise(list(newest), count=rows.count())


def environments_updated_since(updated_at_us: int, *, limit: int = 200) -> list[dict[str, Any]]:
    """environment_id, function_name, version and last_seq of those with new events since, newest events first."""
    rows = Environment.objects.filter(updated_at_us__gte=updated_at_us).order_by("-updated_at_us")[:limit]
    return [
        {"environment_id": str(pk), "function_name": name, "version": version, "last_seq": last_seq}
        for pk, name, version, last_seq in rows.values_list("id", "function_name", "version", "last_seq")
    ]


def is_environment_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _invocations(function_name: str | None, qualifier: str | None) -> QuerySet[Invocation]:
    rows = Invocation.objects.all()
    if function_name is not None:
        rows = rows.filter(function_name=function_name)
    if qualifier is not None:
        rows = rows.filter(version=qualifier)
    return rows


def _recorded(row: Environment) -> dict[str, Any]:
    return {
        "environment_id": str(row.id),
        "function_name": row.function_name,
        "version": row.version,
        "created_at": row.created_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "end_reason": row.end_reason or None,
        "alive": row.ended_at is None,
        "last_seq": row.last_seq,
        "state": row.state,
    }

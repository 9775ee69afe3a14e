"""Forgets what is old: keeps the newest invocations, the events they came from, and what is alive.

Deletes a little at a time, since a long transaction would hold up those who write. Run by the control worker.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min, QuerySet

from lambdasim.recording.models import Environment, EventBatch, Invocation

ROWS_A_TRANSACTION = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    invocations: int = 0
    environments: int = 0
    batches: int = 0


def prune(keep_invocations: int | None = None) -> Pruned:
    """Keeps that many invocations (LAMBDASIM_KEEP_INVOCATIONS) and everything younger than the oldest of them."""
    keep = keep_invocations if keep_invocations is not None else settings.LAMBDASIM_KEEP_INVOCATIONS
    oldest_kept = Invocation.objects.order_by("-started_at_us")[keep - 1 : keep].first()
    if oldest_kept is None:
        return Pruned()
    # Whoever has the same microsecond stays too
    old = Invocation.objects.filter(started_at_us__lt=oldest_kept.started_at_us)
    invocations = _delete(lambda: old)
    horizon = oldest_kept.environment.created_at
    # An environment without invocations (its init failed) goes when it ended before the oldest one kept began
    emptied = Environment.objects.filter(ended_at__lt=horizon, invocations__isnull=True)
    batches = _delete(lambda: EventBatch.objects.filter(environment__in=emptied))
    environments = _delete(lambda: emptied)
    batches += sum(_prune_living(row) for row in Environment.objects.filter(created_at__lte=horizon))
    return Pruned(invocations=invocations, environments=environments, batches=batches)


def _prune_living(environment: Environment) -> int:
    """Batches between the environment's beginning, which says what it is, and its oldest invocation kept."""
    bounds = environment.invocations.aggregate(oldest=Min("first_seq"))
    needed_seq = bounds["oldest"]
    if needed_seq is None:
        return 0
    beginning = environment.batches.aggregate(first=Min("first_seq"), newest=Max("last_seq"))["first"]
    return _delete(lambda: EventBatch.objects.filter(
        environment=environment, first_seq__gt=beginning, last_seq__lt=needed_seq
    ))


def _delete(rows: Callable[[], QuerySet]) -> int:  # type: ignore[type-arg]
    count = 0
    while True:
        with transaction.atomic():
            keys = list(rows().values_list("pk", flat=True)[:ROWS_A_TRANSACTION])
            if not keys:
                return count
            rows().model._default_manager.filter(pk__in=keys).delete()
        count += len(keys)

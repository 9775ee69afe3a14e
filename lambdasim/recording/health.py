"""GET /healthz: does everything answer that an invocation needs? One check a part, each with its own sentence.

Workers show themselves in a hash in Redis; a field that is older than STALE_AFTER_S belongs to one that is gone.
"""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection
from kombu.exceptions import KombuError

STALE_AFTER_S = 5.0
TIMEOUT_S = 1.0

BROKER_ERRORS = (redis.RedisError, KombuError, OSError)


class Unhealthy(Exception):
    """The sentence says what does not answer."""


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    parts = {name: _state(check) for name, check in CHECKS.items()}
    ok = all(part["ok"] for part in parts.values())
    return JsonResponse({"ok": ok, "parts": parts}, status=200 if ok else 503)


def live_workers() -> dict[str, dict[str, Any]]:
    """What each live worker says of itself, by name; raises redis.RedisError."""
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
    ) as client:
        found = client.hgetall(settings.WORKERS_KEY)
    workers = {name.decode(): json.loads(value) for name, value in found.items()}
    return {name: worker for name, worker in workers.items() if time.time() - worker["at"] < STALE_AFTER_S}


def _check_web() -> str:
    return "answers"


def _check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        raise Unhealthy(f"the database does not answer: {error}") from error
    return connection.vendor


def _check_broker() -> str:
    broker = Connection(settings.CELERY_BROKER_URL, connect_timeout=TIMEOUT_S)
    try:
        broker.ensure_connection(max_retries=1, interval_start=0, timeout=TIMEOUT_S)
    except BROKER_ERRORS as error:
        raise Unhealthy(f"the broker does not answer: {error}") from error
    finally:
        broker.release()
    return "answers"


def _check_workers() -> str:
    try:
        workers = live_workers()
    except redis.RedisError as error:
        raise Unhealthy(f"Redis does not answer, so no worker can be seen: {error}") from error
    if not workers:
        raise Unhealthy("no worker has shown itself in the last seconds: is one running?")
    slots = sum(worker["slots"] for worker in workers.values())
    return f"{len(workers)} with {slots} slots"


CHECKS: Mapping[str, Callable[[], str]] = {
    "web": _check_web, "database": _check_database, "broker": _check_broker, "workers": _check_workers,
}


def _state(check: Callable[[], str]) -> dict[str, Any]:
    try:
        return {"ok": True, "says": check()}
    except Unhealthy as problem:
        return {"ok": False, "says": str(problem)}

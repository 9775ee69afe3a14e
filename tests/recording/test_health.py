import json
import time

import pytest
import redis
from django.test import Client

from lambdasim.recording.openapi import DOCUMENT
from tests.recording.schema import check

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workers(redis_url: str, settings):
    """Sets the hash in which workers show themselves."""
    with redis.Redis.from_url(redis_url) as client:
        client.delete(settings.WORKERS_KEY)
        yield lambda name, age_s: client.hset(
            settings.WORKERS_KEY, name, json.dumps({"at": time.time() - age_s, "slots": 4, "capabilities": {}})
        )
        client.delete(settings.WORKERS_KEY)


def parts(client: Client, status: int) -> dict:
    answer = client.get("/healthz")
    assert answer.status_code == status, answer.content
    check(answer.json(), DOCUMENT["components"]["schemas"]["Health"])
    assert answer.json()["ok"] == (status == 200)
    return answer.json()["parts"]


def test_it_is_well_when_everything_answers(client: Client, workers):
    workers("environments@here", 0.5)
    workers("environments@there", 0.5)
    found = parts(client, 200)
    assert all(part["ok"] for part in found.values())
    assert found["workers"]["says"] == "2 with 8 slots"


@pytest.mark.parametrize("shown", [False, True], ids=["never", "long ago"])
def test_a_worker_that_does_not_show_itself_is_missed(client: Client, workers, shown):
    if shown:
        workers("environments@here", 6)
    found = parts(client, 503)
    assert [name for name, part in found.items() if not part["ok"]] == ["workers"]
    assert "no worker has shown itself" in found["workers"]["says"]


def test_without_redis_it_says_which_parts_do_not_answer_and_soon(client: Client, settings):
    settings.REDIS_URL, settings.CELERY_BROKER_URL = "unix:///nowhere/r.sock", "redis+socket:///nowhere/r.sock"
    began_s = time.monotonic()
    found = parts(client, 503)
    assert time.monotonic() - began_s < 3
    assert {name for name, part in found.items() if not part["ok"]} == {"broker", "workers"}
    assert "the broker does not answer" in found["broker"]["says"]


def test_a_database_that_does_not_answer_is_named(client: Client, workers, monkeypatch):
    from django.db import OperationalError, connection

    workers("environments@here", 0)

    def refuse(*_):
        raise OperationalError("unable to open database file")

    monkeypatch.setattr(connection, "cursor", refuse)
    found = parts(client, 503)
    assert [name for name, part in found.items() if not part["ok"]] == ["database"]
    assert "unable to open" in found["database"]["says"]


def test_it_is_never_cached(client: Client, workers):
    assert "no-cache" in client.get("/healthz")["Cache-Control"]

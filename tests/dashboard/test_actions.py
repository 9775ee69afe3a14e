"""What a page can set going: invoking and stopping. The services are stood in for; what they are asked is checked."""

import json
from typing import Any

import pytest
from django.test import AsyncClient, Client

from lambdasim.core.values import Status
from lambdasim.functions.queries import FunctionNotFound
from lambdasim.invocations import services
from lambdasim.invocations.errors import EnvironmentLost, NoWorker, Throttled

RESULT = services.InvokeResult(
    status=Status.SUCCESS, payload=b'{"ok":true}', error_type=None, executed_version="2", request_id="r-1",
    log_tail=b"REPORT",
)


class Service:
    """Answers every invoke with `outcome`, raising it if it is an exception."""

    def __init__(self, outcome: services.InvokeResult | Exception) -> None:
        self.outcome = outcome
        self.asked: list[tuple[Any, ...]] = []

    async def invoke(self, name: str, qualifier: str | None, payload: bytes, *, log_tail: bool = False) -> Any:
        self.asked.append((name, qualifier, payload, log_tail))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


async def post(outcome: services.InvokeResult | Exception, body: object, monkeypatch: Any) -> tuple[int, Any, Service]:
    service = Service(outcome)
    monkeypatch.setattr(services, "invoke", service.invoke)
    response = await AsyncClient().post("/functions/hello/invoke/", data=body, content_type="application/json")
    return response.status_code, json.loads(response.content), service


async def test_the_event_reaches_the_function_as_it_was_written(monkeypatch) -> None:
    event = '{"b": 1,   "a": [1.0]}'
    status, answer, service = await post(RESULT, {"qualifier": "2", "payload": event}, monkeypatch)
    assert service.asked == [("hello", "2", event.encode(), True)]
    assert status == 200
    assert (answer["status"], answer["executed_version"], answer["payload"]) == ("success", "2", '{"ok":true}')
    assert answer["round_trip_ms"] >= 0


@pytest.mark.parametrize("body", [{"payload": "{"}, {"payload": 3}, {}, [], "{"])
async def test_an_event_that_is_no_json_invokes_nothing(body: object, monkeypatch) -> None:
    status, answer, service = await post(RESULT, body, monkeypatch)
    assert status == 400
    assert service.asked == []
    assert answer["remedy"]


@pytest.mark.parametrize(("outcome", "expected", "says"), [
    (FunctionNotFound("hello", "9"), 404, "Function not found"),
    (Throttled(4), 429, "Rate Exceeded"),
    (NoWorker(), 503, "No worker"),
    (EnvironmentLost("its worker died"), 503, "its worker died"),
])
async def test_a_refusal_says_what_failed_and_what_to_try(
    outcome: Exception, expected: int, says: str, monkeypatch
) -> None:
    status, answer, _ = await post(outcome, {"payload": "{}"}, monkeypatch)
    assert status == expected
    assert says in answer["problem"]
    assert answer["remedy"]


async def test_it_says_whether_the_function_may_have_run(monkeypatch) -> None:
    _, certain, _ = await post(NoWorker(), {"payload": "{}"}, monkeypatch)
    _, unknown, _ = await post(EnvironmentLost("gone"), {"payload": "{}"}, monkeypatch)
    assert "Nothing was invoked" in certain["remedy"]
    assert "may have run" in unknown["remedy"]


def test_nobody_else_can_make_the_browser_invoke() -> None:
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post("/functions/hello/invoke/", data={}, content_type="application/json").status_code == 403
    assert stranger.post("/environments/e/stop/").status_code == 403


@pytest.mark.parametrize("path", ["/functions/hello/invoke/", "/environments/e/stop/"])
def test_looking_changes_nothing(client: Client, path: str) -> None:
    assert client.get(path).status_code == 405


async def test_stopping_asks_for_that_environment_and_returns_to_it(monkeypatch) -> None:
    asked = []

    async def stop(environment_id: str) -> bool:
        asked.append(environment_id)
        return False

    monkeypatch.setattr(services, "stop_environment", stop)
    response = await AsyncClient().post("/environments/e-1/stop/")
    assert asked == ["e-1"]
    assert response["Location"] == "/environments/e-1/"

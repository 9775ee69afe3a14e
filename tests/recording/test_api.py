import json

import pytest
from django.test import AsyncClient, Client
from django.urls import get_resolver

from lambdasim.functions import services
from lambdasim.recording.ingest import Ingest
from lambdasim.recording.openapi import DOCUMENT
from lambdasim.telemetry.event import TelemetryEvent
from tests.recording.events import Life
from tests.recording.schema import check

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def life(announced, tmp_path) -> Life:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/app.py").write_text("x = 1")
    layer = services.put_layer("quick", tmp_path / "code")
    services.put_function("hello", code_dir=tmp_path / "code", runtime="python3.11", layers=[layer])
    services.publish_version("hello")
    life = Life()
    Ingest(life.environment_id, announced).write(
        [*life.begin(), *life.invocation(request_id="r1", cold=True), *life.invocation(request_id="r2")]
    )
    return life


def paths(life: Life) -> dict[str, str]:
    """A real address of every documented path."""
    return {
        "/api/functions": "/api/functions",
        "/api/functions/{name}/invocations": "/api/functions/hello/invocations",
        "/api/invocations/{request_id}": "/api/invocations/r1",
        "/api/environments": "/api/environments",
        "/api/environments/{environment_id}": f"/api/environments/{life.environment_id}",
    }


def test_every_answer_is_as_the_document_says(client: Client, life: Life):
    apart = {"/healthz", "/api/environments/{environment_id}/events"}
    assert set(paths(life)) == set(DOCUMENT["paths"]) - apart
    for path, address in paths(life).items():
        answer = client.get(address)
        assert answer.status_code == 200, address
        schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        check(answer.json(), schema, path)


def test_every_path_is_in_the_document():
    patterns = next(one for one in get_resolver().url_patterns if str(one.pattern) == "api/").url_patterns
    routes = {"/api/" + str(one.pattern).replace("<str:", "{").replace(">", "}") for one in patterns}
    assert routes - {"/api/openapi.json", "/api/docs"} == set(DOCUMENT["paths"]) - {"/healthz"}


def test_functions_show_versions_layers_and_a_summary(client: Client, life: Life):
    (function,) = client.get("/api/functions").json()["functions"]
    assert [version["version"] for version in function["versions"]] == ["$LATEST", "1"]
    assert function["versions"][1]["layers"] == ["quick:1"]
    assert (function["summary"]["invocations"], function["summary"]["cold_starts"]) == (2, 1)


def test_invocations_are_filtered_and_come_page_by_page(client: Client, life: Life):
    def names(**query) -> list[str]:
        answer = client.get("/api/functions/hello/invocations", query)
        return [one["request_id"] for one in answer.json()["invocations"]]

    assert names() == ["r2", "r1"]
    assert names(limit=1) == ["r2"]
    assert names(qualifier="1") == ["r2", "r1"]
    assert names(qualifier="$LATEST") == []
    newest = client.get("/api/invocations/r2").json()
    assert names(before=newest["started_at_us"]) == ["r1"]


def test_environments_are_filtered(client: Client, life: Life):
    def found(**query) -> list[str]:
        return [one["environment_id"] for one in client.get("/api/environments", query).json()["environments"]]

    assert found() == found(alive="true") == found(function_name="hello", version="1") == [life.environment_id]
    assert found(alive="false") == found(function_name="other") == found(version="9") == []


@pytest.mark.parametrize(("address", "field", "problem"), [
    ("/api/functions/hello/invocations?limit=0", "limit", "'0' is not a whole number from 1 to 500"),
    ("/api/functions/hello/invocations?limit=501", "limit", "'501' is not"),
    ("/api/functions/hello/invocations?limit=ten", "limit", "'ten' is not"),
    ("/api/functions/hello/invocations?limit=%D9%A3", "limit", "is not a whole number"),
    ("/api/functions/hello/invocations?before=-1", "before", "'-1' is not"),
    ("/api/functions/hello/invocations?before=99999999999999999999", "before", "is not"),
    ("/api/functions/hello/invocations?qualifier=", "qualifier", "must not be empty"),
    ("/api/functions/hello/invocations?limit=1&limit=2", "limit", "more than once"),
    ("/api/functions?page=2", "page", "is no parameter of this path; known: none"),
    ("/api/environments?alive=yes", "alive", "'yes' is neither true nor false"),
    ("/api/environments/no-matter/events?after=x", "after", "'x' is not"),
])
async def test_a_bad_parameter_is_named(async_client: AsyncClient, life: Life, address, field, problem):
    answer = await async_client.get(address)
    assert answer.status_code == 400
    check(answer.json(), DOCUMENT["components"]["schemas"]["Error"])
    assert answer.json()["error"]["field"] == field
    assert problem in answer.json()["error"]["problem"]


@pytest.mark.parametrize(("address", "field"), [
    ("/api/functions/ghost/invocations", "name"),
    ("/api/functions/hello/invocations?qualifier=9", "qualifier"),
    ("/api/invocations/ghost", "request_id"),
    ("/api/environments/no-uuid", "environment_id"),
    ("/api/environments/00000000-0000-0000-0000-000000000000", "environment_id"),
    ("/api/environments/00000000-0000-0000-0000-000000000000/events", "environment_id"),
])
async def test_what_is_not_there_is_named(async_client: AsyncClient, life: Life, address, field):
    answer = await async_client.get(address)
    assert answer.status_code == 404
    check(answer.json(), DOCUMENT["components"]["schemas"]["Error"])
    assert answer.json()["error"]["field"] == field


@pytest.mark.parametrize("address", ["/api/functions", "/api/environments/x/events", "/healthz"])
async def test_nothing_can_be_changed(async_client: AsyncClient, address):
    answer = await async_client.post(address)
    assert answer.status_code == 405
    assert "GET" in answer["Allow"]


def test_a_function_that_is_gone_keeps_its_recordings(client: Client, announced):
    life = Life(function_name="deleted")
    Ingest(life.environment_id, announced).write([*life.begin(), *life.invocation()])
    assert len(client.get("/api/functions/deleted/invocations").json()["invocations"]) == 1


async def read_events(client: AsyncClient, life: Life, query: str = "") -> list[dict]:
    answer = await client.get(f"/api/environments/{life.environment_id}/events{query}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/x-ndjson")
    body = b"".join([chunk async for chunk in answer.streaming_content])
    return [json.loads(line) for line in body.splitlines()]


async def test_events_are_sent_as_they_were_recorded(async_client: AsyncClient, life: Life, monkeypatch):
    monkeypatch.setattr("lambdasim.recording.api.EVENTS_A_CHUNK", 3)
    lines = await read_events(async_client, life)
    assert [line["seq"] for line in lines] == list(range(1, 21))
    assert TelemetryEvent.from_json(lines[0]).record["functionName"] == "hello"
    schema = DOCUMENT["components"]["schemas"]["Event"]
    for line in lines:
        check(line, schema)
    assert [line["seq"] for line in await read_events(async_client, life, "?after=17")] == [18, 19, 20]


def test_the_document_is_served_and_shown(client: Client):
    assert client.get("/api/openapi.json").json() == json.loads(json.dumps(DOCUMENT))
    page = client.get("/api/docs").content.decode()
    for path in DOCUMENT["paths"]:
        assert path in page
    for name in DOCUMENT["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
    assert "http://" not in page and "https://" not in page

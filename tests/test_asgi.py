"""Who answers which path, and that a foreign page can reach none of it."""

import pytest
from channels.testing import HttpCommunicator, WebsocketCommunicator
from django.test import AsyncClient

from lambdasim import asgi

pytestmark = pytest.mark.django_db(transaction=True)


async def get(path: str, *, host: str = "localhost") -> dict:
    request = HttpCommunicator(asgi.application, "GET", path, headers=[(b"host", host.encode())])
    answer = await request.get_response(timeout=10)
    await request.wait()
    return answer


async def test_the_paths_of_aws_are_answered_by_its_own_application():
    answer = await get("/2015-03-31/functions/hello/invocations")
    assert answer["status"] >= 400
    assert any(name.lower() == b"x-amzn-errortype" for name, _ in answer["headers"])


async def test_static_files_are_served_where_they_lie():
    answer = await get("/static/recording/api_docs.css")
    assert answer["status"] == 200
    assert dict(answer["headers"])[b"Content-Type"].startswith(b"text/css")
    assert b"font" in answer["body"]


async def test_a_browser_that_has_a_static_file_gets_it_not_again(async_client: AsyncClient):
    first = await async_client.get("/static/recording/api_docs.css")
    assert int(first["Content-Length"]) == len(first.content)
    known = {"If-Modified-Since": first["Last-Modified"]}
    again = await async_client.get("/static/recording/api_docs.css", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    head = await async_client.head("/static/recording/api_docs.css")
    assert (head.status_code, head.content, head["Content-Length"]) == (200, b"", first["Content-Length"])


async def test_plotly_comes_out_of_its_package():
    answer = await get("/static/plotly/plotly.min.js")
    assert answer["status"] == 200
    assert len(answer["body"]) > 1_000_000


async def test_a_foreign_host_name_is_refused():
    assert (await get("/api/functions", host="evil.example"))["status"] == 400
    assert (await get("/api/functions", host="localhost:8000"))["status"] == 200


@pytest.mark.parametrize(("origin", "accepted"), [
    ("http://localhost:8000", True), ("http://127.0.0.1:8000", True), ("http://evil.example", False), (None, False),
])
async def test_a_websocket_is_for_our_own_pages_only(origin, accepted):
    headers = [(b"origin", origin.encode())] if origin else []
    socket = WebsocketCommunicator(asgi.application, "/ws/live/", headers=headers)
    connected, _ = await socket.connect()
    assert connected is accepted
    await socket.disconnect()


async def test_pages_forbid_frames_and_guessed_types(async_client: AsyncClient):
    answer = await async_client.get("/api/docs")
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"

"""Which paths and methods exist: AWS's router is strict, and so is this one (RIE: rapi/router.go)."""

import pytest

from lambdasim.api import runtime
from lambdasim.api.http import Connection
from lambdasim.api.messages import Request
from lambdasim.api.routes import Router
from lambdasim.api.server import ApiServer
from lambdasim.core import inputs
from lambdasim.core.errors import InvalidRequestId
from lambdasim.core.inputs import Input
from tests.api.builders import ERROR, EXTENSION_NEXT, INIT_ERROR, NEXT, REGISTER, RESPONSE
from tests.api.client import Client

pytestmark = pytest.mark.asyncio

PING = "/2018-06-01/ping"
TELEMETRY = "/2022-07-01/telemetry"
LOGS = "/2020-08-15/logs"
ROUTES = {
    PING: "GET", NEXT: "GET", RESPONSE: "POST", ERROR: "POST", INIT_ERROR: "POST", REGISTER: "POST",
    EXTENSION_NEXT: "GET", "/2020-01-01/extension/init/error": "POST", "/2020-01-01/extension/exit/error": "POST",
    TELEMETRY: "PUT", LOGS: "PUT",
}


METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")


@pytest.mark.parametrize(
    ("path", "method"), [(path, method) for path in ROUTES for method in METHODS if method != ROUTES[path]]
)
async def test_another_method_on_a_known_path_is_405_with_allow_and_no_body(client: Client, path: str, method: str):
    answer = await client.ask(method, path)
    assert (answer.status, answer.body) == (405, b"")
    assert answer.headers["Allow"] == ROUTES[path]


@pytest.mark.parametrize("path", [
    "/", "/2018-06-01", "/2018-06-01/", f"{PING}/", f"{NEXT}/", f"/{NEXT}", f"{RESPONSE}/", f"{RESPONSE}/x",
    "/2018-06-01/runtime/invocation/response", "/2018-06-01/%70ing", "/2018-06-01/runtime/restore/next",
    "/2018-06-01/runtime/restore/error", "/2021-04-23/credentials", f"{REGISTER}/", "/2020-01-01/extension",
    f"{TELEMETRY}/", f"{LOGS}/x", "/2019-01-01/runtime/invocation/next",
])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
async def test_any_other_path_is_404(client: Client, gateway, method: str, path: str):
    answer = await client.ask(method, path, b"{}" if method != "GET" else None)
    assert (answer.status, answer.body) == (404, b"404 page not found\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert gateway.inputs == []


async def test_ping_says_pong(client: Client):
    answer = await client.ask("GET", PING)
    assert (answer.status, answer.body) == (200, b"pong")


async def test_a_query_and_an_absolute_url_do_not_matter(client: Client):
    assert (await client.ask("GET", f"{PING}?x=/y")).body == b"pong"
    assert (await client.ask("GET", f"http://127.0.0.1:9001{PING}?x")).body == b"pong"


async def test_the_answer_to_head_has_no_body_and_the_connection_goes_on(client: Client):
    answer = await client.ask("HEAD", "/nowhere")
    assert (answer.status, answer.headers["Content-Length"]) == (404, "19")
    assert (await client.ask("GET", PING)).body == b"pong"


@pytest.mark.parametrize("path", [
    REGISTER, EXTENSION_NEXT, "/2020-01-01/extension/init/error", "/2020-01-01", "/2020-01-01/nowhere", TELEMETRY, LOGS,
])
async def test_with_extensions_disabled_everything_of_theirs_is_404_and_empty(gateway, sock, path: str):
    server = ApiServer(gateway, extensions_enabled=False)
    await server.start(sock)
    client = await Client.connect(sock.getsockname()[1])
    for method in ("GET", "POST", "PUT"):
        answer = await client.ask(method, path, b"")
        assert (answer.status, answer.body) == (404, b"")
    assert (await client.ask("GET", PING)).body == b"pong"
    assert (await client.ask("GET", "/2020-01-0")).body == b"404 page not found\n"
    assert gateway.inputs == []
    await client.close()
    await server.close()


async def test_the_body_of_a_refused_request_is_not_kept(gateway):
    gateway.failures[inputs.RuntimeResponseBegan] = InvalidRequestId("x")
    router = Router(runtime.routes(gateway))
    refused = Request(via=Connection(router, set(), max_peers=1))
    refused.method, refused.target = "POST", RESPONSE.encode()
    router.begin(refused)
    refused.add_body(b"abc")
    assert (refused.body, refused.body_bytes) == (b"", 3)


OF_THE_HOST = {
    inputs.InitRequested, inputs.ProcessStarted, inputs.ProcessNotStarted, inputs.ProcessExited, inputs.Marked,
    inputs.InvocationArrived, inputs.ShutdownRequested, inputs.TimerFired, inputs.Measured, inputs.Frozen,
    inputs.Thawed,
}


async def test_every_input_that_is_not_the_hosts_comes_out_of_some_request(client: Client, connect, gateway):
    headers = {"Lambda_Extension_Identifier": "8fdbb1a7-57ae-4d3c-9ee4-b1b2bfe2d0ff"}
    await client.ask("POST", RESPONSE, b"{}")
    await client.ask("POST", RESPONSE, b"{}", Lambda_Runtime_Function_Response_Mode="slow")
    await client.ask("POST", INIT_ERROR, b"{}")
    await client.ask("POST", REGISTER, b"{}", Lambda_Extension_Name="x")
    for path in ("/2020-01-01/extension/init/error", "/2020-01-01/extension/exit/error"):
        await client.ask("POST", path, b"", Lambda_Extension_Function_Error_Type="Extension.X", **headers)
    for path in (NEXT, EXTENSION_NEXT):
        parked = await connect()
        parked.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode()
                    + f"Lambda-Extension-Identifier: {headers['Lambda_Extension_Identifier']}\r\n\r\n".encode())
    await gateway.wait_for(inputs.RuntimeNext)
    await gateway.wait_for(inputs.ExtensionNext)
    await parked.close()
    await gateway.wait_for(inputs.CallDropped)
    assert {type(input) for input in gateway.inputs} == set(Input.__args__) - OF_THE_HOST

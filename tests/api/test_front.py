"""The callers' door: one route, as in AWS's emulator (RIE: rie/http.go, rie/handlers.go)."""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from lambdasim.api.front import FrontRequest, FrontResponse, InvokeFront
from tests.api.client import Client, request

pytestmark = pytest.mark.asyncio

PATH = "/2015-03-31/functions/function/invocations"


class Function:
    """Answers with its payload, once it is allowed to."""

    def __init__(self) -> None:
        self.requests: list[FrontRequest] = []
        self.called = asyncio.Semaphore(0)
        self.ended = asyncio.Event()
        self.allowed = asyncio.Event()
        self.allowed.set()
        self.failure: Exception | None = None

    async def __call__(self, front_request: FrontRequest) -> FrontResponse:
        self.requests.append(front_request)
        self.called.release()
        try:
            await self.allowed.wait()
        finally:
            self.ended.set()
        if self.failure:
            raise self.failure
        return FrontResponse(
            status=200, headers={"X-Amz-Function-Error": "Unhandled", "Content-Length": "9"}, body=front_request.body
        )


@pytest_asyncio.fixture
async def function() -> Function:
    return Function()


@pytest_asyncio.fixture
async def client(function: Function, sock: socket.socket) -> AsyncIterator[Client]:
    front = InvokeFront(function)
    await front.start(sock)
    client = await Client.connect(sock.getsockname()[1])
    yield client
    await client.close()
    await front.close()


async def test_an_invocation_passes_body_and_headers_on_and_the_answer_back(client: Client, function: Function):
    answer = await client.ask(
        "POST", f"{PATH}?Qualifier=1", b'{"a":1}', X_Amz_Client_Context=base64.b64encode(b'{"c":"\xc3\xa9"}').decode(),
        X_Amzn_Trace_Id="Root=1", X_Amz_Log_Type="Tail", X_Amz_Invocation_Type="DryRun",
    )
    assert (answer.status, answer.body) == (200, b'{"a":1}')
    assert answer.headers["X-Amz-Function-Error"] == "Unhandled"
    assert answer.headers["Content-Length"] == "7"
    front_request = function.requests[0]
    assert front_request.headers["x-amz-log-type"] == "Tail"
    assert front_request == FrontRequest(
        body=b'{"a":1}', headers=front_request.headers, client_context='{"c":"é"}', trace_id="Root=1", log_tail=True,
        invocation_type="DryRun",
    )


async def test_the_server_alone_frames_the_answer(client: Client):
    client.send(request("POST", PATH, b"{}", Connection="close"))
    answer = await client.rest()
    assert answer.count(b"Content-Length:") == 1
    assert b"Content-Length: 2\r\n" in answer


async def test_absent_headers_are_empty(client: Client, function: Function):
    await client.ask("POST", PATH, b"")
    assert function.requests[0] == FrontRequest(body=b"", headers=function.requests[0].headers)


@pytest.mark.parametrize("path", [
    "/", "/2015-03-31/functions/other/invocations", f"{PATH}/", "/2018-06-01/runtime/invocation/next",
])
async def test_only_the_function_named_function_exists(client: Client, function: Function, path: str):
    answer = await client.ask("POST", path, b"{}")
    assert (answer.status, answer.body) == (404, b"404 page not found\n")
    assert function.requests == []


async def test_only_post_invokes(client: Client, function: Function):
    answer = await client.ask("GET", PATH)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    assert function.requests == []


async def test_a_client_context_that_is_not_base64_is_500_and_no_invocation(client: Client, function: Function):
    assert (await client.ask("POST", PATH, b"{}", X_Amz_Client_Context="{}")).status == 500
    assert function.requests == []


async def test_a_payload_over_the_limit_is_413_and_no_invocation(client: Client, function: Function):
    answer = await client.ask("POST", PATH, b"x" * 6_291_557)
    assert (answer.status, answer.headers["x-amzn-ErrorType"]) == (413, "RequestTooLargeException")
    assert function.requests == []


async def test_calls_run_side_by_side(client: Client, function: Function, sock):
    function.allowed.clear()
    other = await Client.connect(sock.getsockname()[1])
    client.send(request("POST", PATH, b"1"))
    other.send(request("POST", PATH, b"2"))
    async with asyncio.timeout(5):
        await function.called.acquire()
        await function.called.acquire()
    function.allowed.set()
    assert ((await client.answer()).body, (await other.answer()).body) == (b"1", b"2")
    await other.close()


async def test_pipelined_calls_are_answered_in_order(client: Client):
    client.send(b"".join(request("POST", PATH, str(n).encode()) for n in range(20)))
    assert [(await client.answer()).body for n in range(20)] == [str(n).encode() for n in range(20)]


async def test_a_caller_that_has_ended_its_side_gets_its_answer(client: Client, function: Function, sock):
    function.allowed.clear()
    client.send(request("POST", PATH, b"1"))
    async with asyncio.timeout(5):
        await function.called.acquire()
    client.end()
    other = await Client.connect(sock.getsockname()[1])
    assert (await other.ask("GET", "/")).status == 404  # by now the server knows of the end
    function.allowed.set()
    assert (await client.answer()).body == b"1"
    assert await client.rest() == b""
    await other.close()


async def test_a_failure_of_ours_is_logged_and_answered_with_500(client: Client, function: Function, caplog):
    function.failure = ZeroDivisionError("ours")
    assert (await client.ask("POST", PATH, b"")).status == 500
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


async def test_a_body_cut_short_is_no_invocation(client: Client, function: Function):
    client.send(request("POST", PATH, b"0123")[:-1])
    client.end()
    assert (await client.answer()).status == 400
    assert function.requests == []


async def test_closing_cancels_the_calls_under_way(function: Function):
    sock = socket.create_server(("127.0.0.1", 0))
    front = InvokeFront(function)
    await front.start(sock)
    function.allowed.clear()
    client = await Client.connect(sock.getsockname()[1])
    client.send(request("POST", PATH, b"1"))
    async with asyncio.timeout(5):
        await function.called.acquire()
    await front.close()
    assert function.ended.is_set()
    assert await client.rest() == b""
    await client.close()

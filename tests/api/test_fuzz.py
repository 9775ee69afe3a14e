"""Whatever bytes arrive, every connection is answered or closed in time, and nothing of ours fails."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdasim.api.server import ApiServer
from lambdasim.core.inputs import ExtensionNext, RuntimeNext
from tests.api.builders import ERROR, EXTENSION_NEXT, IDENTIFIER, NEXT, REGISTER, RESPONSE, runtime_event
from tests.api.client import Client, request
from tests.api.fake_gateway import FakeGateway

VALID = [
    request("GET", "/2018-06-01/ping"), request("GET", NEXT), request("POST", RESPONSE, b'{"a":1}'),
    request("POST", ERROR, b"{}", Content_Type="application/vnd.aws.lambda.error.cause+json"),
    request("POST", REGISTER, b'{"events":["INVOKE"]}', Lambda_Extension_Name="spy"),
    request("GET", EXTENSION_NEXT, Lambda_Extension_Identifier=IDENTIFIER),
    request("POST", RESPONSE, Transfer_Encoding="chunked", Expect="100-continue") + b"3\r\nabc\r\n0\r\nA: b\r\n\r\n",
    request("POST", RESPONSE, b"abc", Connection="Upgrade", Upgrade="h2c"),
    request("PUT", "/2022-07-01/telemetry", b"{}", Connection="close"), request("CONNECT", "x:1"),
]
TOKENS = [
    b"\r\n", b"\r\n\r\n", b"\n", b"\x00", b"\xff", b" ", b":", b"HTTP/1.1", b"HTTP/0.9", b"Host: x\r\n",
    b"Content-Length: 5\r\n", b"Content-Length: 99999999999999999999\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: x\r\n", b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\nConnection: upgrade\r\n",
    b"Connection: close\r\n", b"0\r\n\r\n", b"5\r\n", b"fffffffffffffffff\r\n", b"GET ", b"POST ", b"/%zz?", b"[[[[{",
    b"Trailer: A\r\n", b"Lambda-Extension-Identifier: \xf0\x28\r\n",
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid request with some places cut out, doubled or overwritten."""
    data = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 12)))
        data = data[:start] + draw(st.sampled_from([b"", data[start:end] * 2, *TOKENS])) + data[end:]
    return data


streams = st.lists(
    st.one_of(st.sampled_from(VALID), mutated(), st.sampled_from(TOKENS), st.binary(max_size=40)), max_size=6
)


def exchange(port: int, pieces: list[bytes]) -> bytes:
    """Sends piece by piece, ends its side, and reads to the end. Raises TimeoutError."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock, suppress(ConnectionError):
        # The server may close at any time, which is an end as good as another.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            sock.sendall(piece)
        end(sock)
        while part := sock.recv(65536):
            answer += part
    return answer


def end(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError as error:
        if error.errno != errno.ENOTCONN:  # reset by the server already
            raise


class Attacked:
    """A server whose parked calls are all answered, so that nothing may stay open."""

    def __init__(self) -> None:
        self.gateway = FakeGateway()
        self.server = ApiServer(self.gateway)
        self.sock = socket.create_server(("127.0.0.1", 0))
        for kind in (RuntimeNext, ExtensionNext):
            self.gateway.reactions[kind] = lambda input: self.server.deliver(input.call, runtime_event())

    async def start(self) -> None:
        await self.server.start(self.sock)

    async def send(self, pieces: list[bytes]) -> bytes:
        answer = await asyncio.to_thread(exchange, self.sock.getsockname()[1], pieces)
        check = await Client.connect(self.sock.getsockname()[1])
        assert (await check.ask("GET", "/2018-06-01/ping")).body == b"pong"
        await check.close()
        return answer


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_any_bytes_are_answered_or_the_connection_is_closed(
    new_loop: Callable[[], asyncio.AbstractEventLoop], caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        failures: list[dict[str, object]] = []
        runner.get_loop().set_exception_handler(lambda loop, context: failures.append(context))
        attacked = Attacked()
        runner.run(attacked.start())

        @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(streams)
        def attack(pieces: list[bytes]) -> None:
            answer = runner.run(attacked.send(pieces))
            assert answer == b"" or answer.startswith(b"HTTP/1.")
            assert failures == []
            assert [r for r in caplog.records if r.exc_info or r.levelno >= logging.ERROR] == []

        attack()
        runner.run(attacked.server.close())

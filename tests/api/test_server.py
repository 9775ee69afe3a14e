"""Starting, resetting and closing the server, and clients that were written by others."""

import asyncio
import http.client
import json
import socket
import urllib.request
from pathlib import Path

import pytest

from lambdasim.api.server import ApiServer
from lambdasim.core.inputs import CallDropped, ExtensionNext, RuntimeNext, RuntimeResponseBegan, RuntimeResponseEnded
from tests.api.builders import EXTENSION_NEXT, IDENTIFIER, NEXT, REGISTER, RESPONSE, runtime_event, shutdown_event
from tests.api.client import Client, request
from tests.api.fake_gateway import FakeGateway

pytestmark = pytest.mark.asyncio


async def test_a_reset_closes_every_connection_without_an_input(client: Client, connect, server, gateway):
    extension, idle, halfway = await connect(), await connect(), await connect()
    client.send(request("GET", NEXT))
    extension.send(request("GET", EXTENSION_NEXT, Lambda_Extension_Identifier=IDENTIFIER))
    halfway.send(request("POST", RESPONSE, b"0123456789")[:-1])
    await idle.ask("GET", "/2018-06-01/ping")
    calls = [(await gateway.wait_for(kind)).call for kind in (RuntimeNext, ExtensionNext)]
    await gateway.wait_for(RuntimeResponseBegan)
    server.drop_all()
    for one in (client, extension, idle, halfway):
        assert await one.rest() == b""
    server.deliver(calls[0], runtime_event())
    server.deliver(calls[1], shutdown_event())
    assert (await (await connect()).ask("GET", "/2018-06-01/ping")).body == b"pong"
    assert {type(input) for input in gateway.inputs} == {RuntimeNext, ExtensionNext, RuntimeResponseBegan}


async def test_a_reset_may_be_the_consequence_of_the_request_itself(client: Client, server, gateway, caplog):
    gateway.reactions[RuntimeResponseBegan] = lambda input: server.drop_all()
    client.send(request("POST", RESPONSE, b"abc"))
    assert await client.rest() == b""
    assert gateway.received(RuntimeResponseEnded) == []
    assert caplog.records == []


async def test_requests_behind_the_one_that_caused_a_reset_are_not_looked_at(client: Client, server, gateway):
    gateway.reactions[RuntimeResponseEnded] = lambda input: server.drop_all()
    client.send(request("POST", RESPONSE, b"abc") + request("GET", NEXT) * 3)
    assert await client.rest() == b""
    assert [type(input) for input in gateway.inputs] == [RuntimeResponseBegan, RuntimeResponseEnded]


async def test_a_call_may_be_answered_by_the_request_of_another(client: Client, connect, server, gateway):
    client.send(request("GET", NEXT))
    call = (await gateway.wait_for(RuntimeNext)).call
    gateway.reactions[RuntimeResponseEnded] = lambda input: server.deliver(call, runtime_event(payload=b"second"))
    assert (await (await connect()).ask("POST", RESPONSE, b"{}")).status == 202
    assert (await client.answer()).body == b"second"


async def test_a_dropped_call_whose_report_fails_is_logged(client: Client, gateway, caplog):
    gateway.failures[CallDropped] = ZeroDivisionError("ours")
    client.send(request("GET", NEXT))
    await gateway.wait_for(RuntimeNext)
    await client.close()
    await gateway.wait_for(CallDropped)
    assert [record.exc_info[0] for record in caplog.records] == [ZeroDivisionError]


async def test_closing_ends_parked_calls_and_frees_the_port(gateway, sock):
    server = ApiServer(gateway)
    await server.start(sock)
    port = sock.getsockname()[1]
    client = await Client.connect(port)
    client.send(request("GET", NEXT))
    await gateway.wait_for(RuntimeNext)
    await server.close()
    assert await client.rest() == b""
    with pytest.raises(ConnectionRefusedError):
        await Client.connect(port)
    await server.close()  # again, and harmless
    await client.close()


async def test_it_serves_on_a_unix_socket_too(gateway, tmp_path: Path):
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(tmp_path / "api"))
    server = ApiServer(gateway)
    await server.start(sock)
    client = Client(*await asyncio.open_unix_connection(str(tmp_path / "api")))
    assert (await client.ask("GET", "/2018-06-01/ping")).body == b"pong"
    await client.close()
    await server.close()


async def test_two_servers_know_nothing_of_each_other(client: Client, gateway):
    sock = socket.create_server(("127.0.0.1", 0))
    other_gateway = FakeGateway()
    other = ApiServer(other_gateway)
    await other.start(sock)
    await client.ask("POST", REGISTER, b"{}", Lambda_Extension_Name="spy")
    assert other_gateway.inputs == []
    await other.close()
    assert (await client.ask("GET", "/2018-06-01/ping")).body == b"pong"


async def test_pythons_own_http_clients_get_along_with_it(server, gateway, sock):
    gateway.reactions[RuntimeNext] = lambda input: server.deliver(input.call, runtime_event())
    port = sock.getsockname()[1]

    def work() -> tuple[list[object], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        seen: list[object] = []
        for _ in range(3):
            connection.request("GET", NEXT)
            event = connection.getresponse()
            seen.append(json.loads(event.read()))
            connection.request("POST", RESPONSE, iter([b"a", b"b"]), encode_chunked=True,
                               headers={"Transfer-Encoding": "chunked"})
            seen.append(connection.getresponse().read())
        connection.close()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/2018-06-01/ping", timeout=5) as answer:
            return seen, answer.read()

    seen, ping = await asyncio.to_thread(work)
    assert seen == [{"key": "value"}, b'{"status":"OK"}\n'] * 3
    assert ping == b"pong"
    assert [ended.payload for ended in gateway.received(RuntimeResponseEnded)] == [b"ab"] * 3

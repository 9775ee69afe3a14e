"""HTTP/1.1 on the wire: keep-alive, pipelining, chunks, limits, and what is done with clients that misbehave."""

import asyncio
import socket

import pytest

from lambdasim.api import runtime
from lambdasim.api.http import Connection
from lambdasim.api.routes import Router
from lambdasim.core.inputs import CallDropped, RuntimeNext, RuntimeResponseBegan, RuntimeResponseEnded
from tests.api.builders import NEXT, REQUEST_ID, RESPONSE, runtime_event
from tests.api.client import LIMIT_S, Client, request
from tests.api.fake_gateway import FakeGateway

pytestmark = pytest.mark.asyncio



class WrittenDown(asyncio.Transport):
    """Every write by itself: an answer is to be one of them."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.reading = True
        self.aborted = self.ended = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.written.append(data)

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.aborted = True


def connected(
    gateway: FakeGateway, peers: set[Connection] | None = None, *, max_peers: int = 1
) -> tuple[Connection, WrittenDown]:
    connection = Connection(Router(runtime.routes(gateway)), set() if peers is None else peers, max_peers=max_peers)
    transport = WrittenDown()
    connection.connection_made(transport)
    return connection, transport


PING = "/2018-06-01/ping"
GET_PING = request("GET", PING)


# --- keep-alive ----------------------------------------------------------------------------------


async def test_a_connection_serves_many_requests(client: Client):
    for _ in range(50):
        answer = await client.ask("GET", PING)
        assert "Connection" not in answer.headers


@pytest.mark.parametrize("value", ["close", "Close", "keep-alive, close"])
async def test_connection_close_is_honoured_and_echoed(client: Client, value: str):
    answer = await client.ask("GET", PING, Connection=value)
    assert answer.headers["Connection"] == "close"
    assert await client.rest() == b""


async def test_a_parked_call_that_asked_for_close_is_answered_and_closed(client: Client, server, gateway):
    client.send(request("GET", NEXT, Connection="close"))
    server.deliver((await gateway.wait_for(RuntimeNext)).call, runtime_event())
    assert (await client.answer()).headers["Connection"] == "close"
    assert await client.rest() == b""
    assert gateway.received(CallDropped) == []


async def test_http_1_0_closes_unless_it_asks_not_to(client: Client):
    client.send(f"GET {PING} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n".encode())
    assert (await client.answer()).headers["Connection"] == "keep-alive"
    client.send(f"GET {PING} HTTP/1.0\r\n\r\n".encode())
    assert (await client.rest()).startswith(b"HTTP/1.0 200 OK\r\n")


# --- pipelining ----------------------------------------------------------------------------------


async def test_pipelined_requests_are_answered_in_order(client: Client):
    client.send(GET_PING + request("GET", "/x") + request("POST", RESPONSE, b"a") + GET_PING)
    assert [(await client.answer()).status for _ in range(4)] == [200, 404, 202, 200]


async def test_nothing_overtakes_a_parked_call(client: Client, connect, server, gateway):
    client.send(request("GET", NEXT) + request("POST", RESPONSE, b"abc"))
    call = (await gateway.wait_for(RuntimeNext)).call
    await (await connect()).ask("GET", PING)
    assert gateway.received(RuntimeResponseBegan) == []
    server.deliver(call, runtime_event())
    assert (await client.answer()).body == b'{"key": "value"}'
    assert (await client.answer()).status == 202
    assert gateway.received(RuntimeResponseEnded)[0].payload == b"abc"


async def test_a_pipelined_body_may_arrive_before_and_after_its_turn(client: Client, server, gateway):
    late = request("POST", RESPONSE, b"0123456789")
    client.send(request("GET", NEXT) + late[:-5])
    server.deliver((await gateway.wait_for(RuntimeNext)).call, runtime_event())
    await client.answer()
    await gateway.wait_for(RuntimeResponseBegan)
    client.send(late[-5:])
    assert (await client.answer()).status == 202
    assert gateway.received(RuntimeResponseEnded)[0].payload == b"0123456789"


async def test_a_thousand_requests_behind_a_parked_call_are_answered_after_it(client: Client, server, gateway):
    client.send(request("GET", NEXT) + GET_PING * 1000)
    server.deliver((await gateway.wait_for(RuntimeNext)).call, runtime_event())
    assert (await client.answer()).body == b'{"key": "value"}'
    for _ in range(1000):
        assert (await client.answer()).body == b"pong"


async def test_a_client_that_does_not_read_is_not_read_from_and_loses_nothing(client: Client, server, gateway):
    payload = bytes(4_000_000)
    gateway.reactions[RuntimeNext] = lambda input: server.deliver(input.call, runtime_event(payload=payload))
    client.send(request("GET", NEXT) * 20)
    for _ in range(20):
        assert (await client.answer()).body == payload
    assert len(gateway.received(RuntimeNext)) == 20


async def test_answers_are_not_piled_up_for_a_client_that_does_not_read(connect, server, gateway):
    gateway.reactions[RuntimeNext] = lambda input: server.deliver(
        input.call, runtime_event(payload=bytes(6_000_000))
    )
    slow, other = await connect(), await connect()
    slow.writer.transport.pause_reading()
    slow.send(request("GET", NEXT) * 50)
    await gateway.wait_for(RuntimeNext)
    for _ in range(50):  # as many turns as an unhindered server would need
        await other.ask("GET", PING)
    assert len(gateway.received(RuntimeNext)) < 10


async def test_reading_pauses_behind_a_parked_call_and_goes_on_after_it(server, gateway):
    connection, transport = connected(gateway)
    connection.data_received(request("GET", NEXT) + GET_PING * 7)
    assert transport.reading
    connection.data_received(GET_PING)
    assert not transport.reading
    server.deliver(gateway.received(RuntimeNext)[0].call, runtime_event())
    assert transport.reading
    assert len(transport.written) == 9


async def test_malformed_bytes_behind_a_parked_call_wait_for_their_turn(client: Client, server, gateway):
    client.send(request("GET", NEXT) + b"\x00garbage\r\n\r\n")
    server.deliver((await gateway.wait_for(RuntimeNext)).call, runtime_event())
    assert (await client.answer()).status == 200
    assert (await client.rest()).startswith(b"HTTP/1.1 400 Bad Request\r\n")


# --- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 7, 4096])
async def test_a_request_may_arrive_in_pieces_of_any_size(gateway, size: int):
    connection, transport = connected(gateway)
    data = request("POST", RESPONSE, b"0123456789") + GET_PING
    for start in range(0, len(data), size):
        connection.data_received(data[start:start + size])
    accepted, pong = transport.written
    assert accepted.startswith(b"HTTP/1.1 202 Accepted\r\n")
    assert pong.endswith(b"\r\n\r\npong")
    assert gateway.received(RuntimeResponseEnded)[0].payload == b"0123456789"


async def test_chunks_with_extensions_and_trailers_are_put_together(client: Client, gateway):
    client.send(
        f"POST {RESPONSE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        + b"3;a=b\r\nabc\r\n0a\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n" + GET_PING
    )
    assert (await client.answer()).status == 202
    assert (await client.answer()).body == b"pong"
    assert gateway.received(RuntimeResponseEnded)[0].payload == b"abc0123456789"


async def test_the_first_of_repeated_headers_counts_and_blanks_around_values_do_not(client: Client, gateway):
    client.send(
        f"POST {RESPONSE} HTTP/1.1\r\nhost: x\r\ncontent-type:  a/b \t\r\nContent-Type: c\r\n"
        "Content-Length: 0\r\n\r\n".encode()
    )
    await client.answer()
    assert gateway.received(RuntimeResponseEnded)[0].content_type == "a/b"


async def test_the_body_of_a_get_is_ignored(client: Client):
    assert (await client.ask("GET", PING, b"x" * 100_000)).body == b"pong"
    assert (await client.ask("GET", PING)).body == b"pong"


async def test_expect_100_continue_is_answered_before_the_body(client: Client, gateway):
    head, body = request("POST", RESPONSE, b"abc", Expect="100-continue").split(b"\r\n\r\n")
    client.send(head + b"\r\n\r\n")
    assert (await client.answer()).status == 100
    assert gateway.inputs == [RuntimeResponseBegan(request_id=REQUEST_ID, is_error=False)]
    client.send(body)
    assert (await client.answer()).status == 202


async def test_100_continue_is_sent_to_a_client_that_did_not_wait_for_it(client: Client):
    client.send(request("POST", RESPONSE, b"abc", Expect="100-Continue"))
    assert [(await client.answer()).status for _ in range(2)] == [100, 202]


async def test_100_continue_waits_for_the_requests_turn(client: Client, server, gateway):
    head = request("POST", RESPONSE, b"abc", Expect="100-continue").split(b"\r\n\r\n")[0] + b"\r\n\r\n"
    client.send(request("GET", NEXT) + head)
    server.deliver((await gateway.wait_for(RuntimeNext)).call, runtime_event())
    assert (await client.answer()).status == 200
    assert (await client.answer()).status == 100
    client.send(b"abc")
    assert (await client.answer()).status == 202


# --- upgrades ------------------------------------------------------------------------------------

H2C = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2_Settings": "AAEAAEAAAAIAAAABAAMAAABkAAQ"}


async def test_an_offer_of_h2c_is_declined_by_answering(client: Client, gateway):
    for _ in range(3):
        assert (await client.ask("GET", PING, **H2C)).body == b"pong"
        assert (await client.ask("POST", RESPONSE, b"abc", **H2C)).status == 202
    assert [ended.payload for ended in gateway.received(RuntimeResponseEnded)] == [b"abc"] * 3


async def test_pipelined_offers_of_h2c_are_declined_one_by_one(client: Client, gateway):
    chunked = request("POST", RESPONSE, **H2C, Transfer_Encoding="chunked") + b"3\r\nabc\r\n0\r\n\r\n"
    client.send((request("GET", PING, **H2C) + request("POST", RESPONSE, b"abc", **H2C) + chunked) * 500)
    for _ in range(500):
        assert [(await client.answer()).status for _ in range(3)] == [200, 202, 202]
    assert {ended.payload for ended in gateway.received(RuntimeResponseEnded)} == {b"abc"}


async def test_an_upgrade_whose_body_comes_in_pieces_is_read_to_its_end(client: Client, gateway):
    whole = request("POST", RESPONSE, b"0123456789", **H2C)
    client.send(whole[:-4])
    await gateway.wait_for(RuntimeResponseBegan)
    client.send(whole[-4:] + GET_PING)
    assert (await client.answer()).status == 202
    assert (await client.answer()).body == b"pong"
    assert gateway.received(RuntimeResponseEnded)[0].payload == b"0123456789"


async def test_connect_is_no_way_through(client: Client):
    client.send(b"CONNECT 10.0.0.1:80 HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n")
    answer = await client.answer()
    assert (answer.status, answer.headers["Connection"]) == (404, "close")
    assert await client.rest() == b""


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("data", "status"), [
    (b"garbage\r\n\r\n", 400),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400),
    (b"FOO /x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    (b"GET /x\r\n\r\n", 400),
    (b"GET /x HTTP/1.1\r\n\r\n", 400),
    (b"GET /x HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n", 400),
    (b"GET /x HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n", 400),
    (b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    (b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n", 400),
    (b"POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"GET /x HTTP/2.0\r\nHost: x\r\n\r\n", 505),
    (b"POST /x HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n", 417),
    (b"GET /x HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 66_000 + b"\r\n\r\n", 431),
    (b"GET /x HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 35_000 + b"\r\n", 431),
    (b"GET /x HTTP/1.1\r\nLambda-Runtime-Function-XRay-Error-Cause: " + b"a" * 1_100_000 + b"\r\n\r\n", 431),
])
async def test_what_is_not_http_is_refused_and_the_connection_closed(client: Client, data: bytes, status: int):
    client.send(data)
    answer = await client.answer()
    assert (answer.status, answer.headers["Connection"]) == (status, "close")
    assert await client.rest() == b""


async def test_a_head_that_never_ends_is_refused(client: Client):
    client.send(b"GET /x HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 1_200_000)
    assert (await client.answer()).status == 431


async def test_trailers_that_never_end_are_refused(client: Client):
    client.send(f"POST {RESPONSE} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n".encode())
    client.send(b"A: " + b"a" * 1_500_000)
    assert (await client.answer()).error[:2] == (400, "TruncatedHTTPRequest")
    assert await client.rest() == b""


async def test_a_refused_client_may_go_on_sending_and_still_gets_its_answer(server, sock):
    def send_first_and_read_then() -> bytes:
        with socket.create_connection(sock.getsockname(), timeout=LIMIT_S) as client:
            client.sendall(b"garbage\r\n\r\n")
            for _ in range(30):
                client.sendall(b"x" * 100_000)
            return client.recv(65536)

    assert (await asyncio.to_thread(send_first_and_read_then)).startswith(b"HTTP/1.1 400 Bad Request\r\n")


async def test_bytes_behind_a_parked_call_that_asked_for_close_are_ignored(client: Client, server, gateway):
    client.send(request("GET", NEXT, Connection="close") + b"\x00\x01garbage")
    server.deliver((await gateway.wait_for(RuntimeNext)).call, runtime_event())
    assert (await client.rest()).count(b"HTTP/1.1") == 1


async def test_bytes_behind_connection_close_are_ignored(client: Client):
    client.send(request("GET", PING, Connection="close") + b"\x00\x01garbage")
    assert (await client.answer()).body == b"pong"
    assert await client.rest() == b""


@pytest.mark.parametrize("data", [b"G", b"GET /x HTT", b"GET /x HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_ends_too_early_is_a_bad_request(client: Client, data: bytes):
    client.send(data)
    client.end()
    assert (await client.answer()).status == 400
    assert await client.rest() == b""


async def test_a_client_that_says_nothing_gets_nothing(client: Client):
    client.send(b"\r\n")
    client.end()
    assert await client.rest() == b""


async def test_answers_reach_a_client_that_has_ended_its_side(client: Client):
    client.send(GET_PING * 3)
    client.end()
    assert (await client.rest()).count(b"pong") == 3


async def test_requests_behind_a_call_are_gone_with_its_client(client: Client, gateway):
    client.send(request("GET", NEXT) + request("POST", RESPONSE, b"abc"))
    await gateway.wait_for(RuntimeNext)
    await client.close()
    await gateway.wait_for(CallDropped)
    assert len(gateway.inputs) == 2


# --- many connections ----------------------------------------------------------------------------


async def test_one_connection_too_many_is_told_so_and_others_go_on(connect, client: Client):
    clients = [client] + [await connect() for _ in range(255)]
    for one in clients:
        await one.ask("GET", PING)
    extra = await connect()
    answer = await extra.answer()
    assert (answer.status, answer.headers["Connection"]) == (503, "close")
    assert await extra.rest() == b""
    assert (await clients[255].ask("GET", PING)).body == b"pong"
    assert await clients[0].end().rest() == b""
    assert (await (await connect()).ask("GET", PING)).body == b"pong"


async def test_a_crowd_is_turned_away_without_a_word(gateway):
    peers: set[Connection] = set()
    crowd = [connected(gateway, peers, max_peers=2) for _ in range(5)]
    assert [len(transport.written) for _, transport in crowd] == [0, 0, 1, 1, 0]
    assert [transport.aborted for _, transport in crowd] == [False, False, False, False, True]
    for connection, _ in crowd:
        connection.connection_lost(None)
    assert peers == set()

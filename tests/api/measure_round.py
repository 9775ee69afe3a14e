"""What one round of a runtime costs here: GET next answered at once, POST response accepted. Not a test.

`python -m tests.api.measure_round [rounds]`: the client is a blocking socket in another process, the gateway does
nothing, so what remains is the server, the kernel and the client's own share, which an echo of the same bytes shows.
"""

import asyncio
import multiprocessing
import socket
import statistics
import sys
import time
from collections.abc import Callable

import uvloop

from lambdasim.api.server import ApiServer
from lambdasim.core.inputs import RuntimeNext
from tests.api.builders import NEXT, RESPONSE, runtime_event
from tests.api.client import request
from tests.api.fake_gateway import FakeGateway

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop,
}
HEADERS = {"User_Agent": "aws-lambda-python/3.11", "Content_Type": "application/json", "Accept": "*/*"}


class Trivial(FakeGateway):
    server: ApiServer

    def receive(self, input: object) -> None:  # type: ignore[override]
        if type(input) is RuntimeNext:
            self.server.deliver(input.call, runtime_event())


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)  # type: ignore[attr-defined]


def rounds_us(port: int, rounds: int, result: "multiprocessing.SimpleQueue[list[float]]") -> None:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    first, second = request("GET", NEXT, **HEADERS), request("POST", RESPONSE, b'{"statusCode": 200}', **HEADERS)
    taken_us = []
    for _ in range(rounds):
        start_ns = time.perf_counter_ns()
        sock.sendall(first)
        sock.recv(65536)
        sock.sendall(second)
        sock.recv(65536)
        taken_us.append((time.perf_counter_ns() - start_ns) / 1000)
    result.put(taken_us)


async def serve(rounds: int, *, echo: bool) -> tuple[list[float], float]:
    """Each round's time at the client, and the server's CPU time for a round."""
    sock = socket.create_server(("127.0.0.1", 0))
    gateway = Trivial()
    gateway.server = ApiServer(gateway)
    if echo:
        await asyncio.get_running_loop().create_server(Echo, sock=sock)
    else:
        await gateway.server.start(sock)
    result: multiprocessing.SimpleQueue[list[float]] = multiprocessing.get_context("spawn").SimpleQueue()
    client = multiprocessing.get_context("spawn").Process(
        target=rounds_us, args=(sock.getsockname()[1], rounds, result)
    )
    client.start()
    start_ns = time.thread_time_ns()
    taken_us = await asyncio.to_thread(result.get)
    cpu_us = (time.thread_time_ns() - start_ns) / 1000 / rounds
    client.join()
    await gateway.server.close()
    return taken_us, cpu_us


def main(rounds: int) -> None:
    for name, new_loop in LOOPS.items():
        for echo in (True, False):
            with asyncio.Runner(loop_factory=new_loop) as runner:
                taken_us, cpu_us = runner.run(serve(rounds, echo=echo))
            taken_us = sorted(taken_us[rounds // 10:])
            print(
                f"{name:8} {'echo' if echo else 'api':5} median {statistics.median(taken_us):6.0f} µs  "
                f"p99 {taken_us[int(len(taken_us) * 0.99)]:6.0f} µs  server CPU {cpu_us:5.0f} µs a round (n={rounds})"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)

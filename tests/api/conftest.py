"""One server on a free loopback port, with a fake gateway behind it; everything runs on both kinds of event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
import uvloop

from lambdasim.api.server import ApiServer
from tests.api.client import Client
from tests.api.fake_gateway import FakeGateway


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
def sock() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@pytest_asyncio.fixture
async def gateway() -> FakeGateway:
    return FakeGateway()


@pytest_asyncio.fixture
async def server(gateway: FakeGateway, sock: socket.socket) -> AsyncIterator[ApiServer]:
    server = ApiServer(gateway)
    await server.start(sock)
    yield server
    await server.close()


@pytest_asyncio.fixture
async def connect(server: ApiServer, sock: socket.socket):
    """Opens one more connection to the server."""
    port = sock.getsockname()[1]
    clients = []

    async def connect() -> Client:
        clients.append(await Client.connect(port))
        return clients[-1]

    yield connect
    for client in clients:
        await client.close()


@pytest_asyncio.fixture
async def client(connect) -> Client:
    return await connect()

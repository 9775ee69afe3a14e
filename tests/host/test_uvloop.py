"""The sandbox on uvloop, the loop that serves the Runtime API in production."""

import asyncio

import pytest
import uvloop

from tests.host.builders import inside, possible_levels


@pytest.mark.parametrize("level", possible_levels())
def test_a_sandbox_lives_its_life_on_uvloop(level: str) -> None:
    async def life() -> None:
        async with inside(level) as it:
            served = asyncio.Event()

            async def client(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.close()
                served.set()

            server = await asyncio.start_server(client, sock=it.sandbox.api_socket)
            host, port = it.sandbox.api_address.split(":")
            source = "import socket, sys; socket.create_connection(sys.argv[1:]); print('ok')"
            await it.run_python("ext", source, host, port)
            await it.line("ext", "ok")
            await served.wait()
            await it.until(lambda: "ext" in it.exits)
            await it.shell("sh", "echo hello; exec sleep 100")
            await it.line("sh", "hello")
            assert await it.sandbox.freeze() == 1
            assert it.sandbox.measure().max_memory_mb > 0
            it.sandbox.thaw()
            await it.sandbox.kill_all()
            assert it.exits["sh"].code == -9
            server.close()

    uvloop.run(life())

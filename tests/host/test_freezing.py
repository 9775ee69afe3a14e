"""Freeze and thaw of real processes. A frozen process uses no CPU at all: its clock is read twice to see that."""

import asyncio
import dataclasses
import time

import pytest

from lambdasim.host.capabilities import Capabilities
from lambdasim.host.errors import FreezeAbandoned
from lambdasim.host.probe import probe
from tests.host.builders import Inside, inside, possible_levels, run_async

FROZEN_FOR_S = 0.15


def machines() -> list[Capabilities]:
    """Every level with every freezer that this machine has: SIGSTOP is everywhere."""
    found = []
    for level in possible_levels():
        capabilities = probe(wanted=level, allow_unisolated=True)
        found.append(capabilities)
        if capabilities.freezer != "sigstop":
            found.append(dataclasses.replace(capabilities, freezer="sigstop"))
    return found


every_machine = pytest.mark.parametrize(
    "capabilities", machines(), ids=lambda capabilities: f"{capabilities.isolation}-{capabilities.freezer}"
)


def cpu_ns(host_pid: int) -> int:
    return time.clock_gettime_ns((~host_pid << 3) | 2)


async def runs(host_pid: int) -> None:
    start_ns = cpu_ns(host_pid)
    async with asyncio.timeout(10):
        while cpu_ns(host_pid) == start_ns:
            await asyncio.sleep(0)


@every_machine
@run_async
async def test_a_spinner_uses_no_cpu_while_frozen_and_goes_on_afterwards(capabilities: Capabilities) -> None:
    async with inside(capabilities.isolation, capabilities=capabilities) as it:
        process = await it.run_python("ext", "while True: pass")
        await runs(process.host_pid)
        for _ in range(3):
            assert await it.sandbox.freeze() == 1
            before_ns = cpu_ns(process.host_pid)
            await asyncio.sleep(FROZEN_FOR_S)  # the frozen time itself: nothing is waited for
            assert cpu_ns(process.host_pid) == before_ns
            it.sandbox.thaw()
            await runs(process.host_pid)


STORM = "for i in 1 2 3; do (while :; do (:); /bin/true; done) & done; echo storm; wait"
THREADS = """
import threading
def spin():
    while True: pass
for _ in range(4): threading.Thread(target=spin, daemon=True).start()
print("threads")
spin()
"""


@every_machine
@run_async
async def test_nobody_escapes_a_freeze_in_a_fork_storm(capabilities: Capabilities) -> None:
    async with inside(capabilities.isolation, capabilities=capabilities) as it:
        await it.shell("storm", STORM)
        await it.run_python("threads", THREADS)
        await it.line("storm", "storm")
        await it.line("threads", "threads")
        for _ in range(8):
            stopped = await it.sandbox.freeze()
            assert stopped >= 5
            it.sandbox.measure()
            before = it.sandbox._table.pids()
            await asyncio.sleep(0.02)
            again = it.sandbox.measure()
            # One that runs would have used 20 ms. The kernel's own work for one that was just ending is no program's.
            assert sum(use.cpu_ms for use in again.processes) < 1
            assert it.sandbox._table.pids() == before
            it.sandbox.thaw()
        await it.sandbox.kill_all()


@every_machine
@run_async
async def test_a_thaw_abandons_the_freeze_under_way(capabilities: Capabilities) -> None:
    async with inside(capabilities.isolation, capabilities=capabilities) as it:
        process = await it.run_python("ext", "while True: pass")
        await runs(process.host_pid)
        freezing = asyncio.create_task(it.sandbox.freeze())
        await asyncio.sleep(0)  # it has begun
        it.sandbox.thaw()
        try:
            await freezing
        except FreezeAbandoned as error:
            assert "thawed" in str(error)  # else it was faster than the thaw, which is as well
        await runs(process.host_pid)


@every_machine
@run_async
async def test_a_cancelled_freeze_leaves_everybody_running(capabilities: Capabilities) -> None:
    async with inside(capabilities.isolation, capabilities=capabilities) as it:
        process = await it.run_python("ext", THREADS)
        await it.line("ext", "threads")
        freezing = asyncio.create_task(it.sandbox.freeze())
        await asyncio.sleep(0)
        freezing.cancel()
        await asyncio.wait([freezing])
        if not freezing.cancelled():  # it was done already
            it.sandbox.thaw()
        await runs(process.host_pid)


@every_machine
@run_async
async def test_frozen_processes_can_be_killed(capabilities: Capabilities) -> None:
    async with inside(capabilities.isolation, capabilities=capabilities) as it:
        await it.shell("ext", "(sleep 100 &) ; echo up; sleep 100")
        await it.line("ext", "up")
        await it.sandbox.freeze()
        await it.sandbox.kill_all()
        assert it.exits["ext"].code == -9
        await again(it)


async def again(it: Inside) -> None:
    """The environment is usable: it is not frozen any more."""
    await it.shell("next", "echo alive")
    await it.line("next", "alive")


@every_machine
@run_async
async def test_connections_and_sleeps_survive_a_freeze(capabilities: Capabilities) -> None:
    source = """
    import socket, time
    server = socket.create_server(("127.0.0.1", 0)); print("port", server.getsockname()[1])
    client, _ = server.accept()
    while data := client.recv(100): print("got", data.decode())
    """
    async with inside(capabilities.isolation, capabilities=capabilities) as it:
        await it.run_python("ext", source)
        connection = await it.sandbox.connect(int((await it.line("ext", "port")).split()[1]))
        await it.sandbox.freeze()
        await asyncio.get_running_loop().sock_sendall(connection, b"while-frozen")
        await asyncio.sleep(FROZEN_FOR_S)
        it.sandbox.read_lines()
        assert not any(line.startswith("got") for line in it.text("ext"))
        it.sandbox.thaw()
        await it.line("ext", "got while-frozen")
        connection.close()
        await it.until(lambda: "ext" in it.exits)

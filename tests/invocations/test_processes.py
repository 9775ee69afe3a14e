"""The keeper of processes, with small real ones."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from honcho.printer import Printer

from lambdasim.invocations import processes
from lambdasim.invocations.alive import is_alive, name_of
from lambdasim.invocations.processes import Manager, ProcessSpec


class Output:
    """Where the printer writes; wakes whoever waits for a line."""

    def __init__(self) -> None:
        self.text = ""
        self._more = asyncio.Event()

    def write(self, text: str) -> None:
        self.text += text
        self._more.set()

    def flush(self) -> None: ...

    async def has(self, text: str, *, times: int = 1) -> None:
        async with asyncio.timeout(15):
            while self.text.count(text) < times:
                self._more.clear()
                await self._more.wait()


@pytest_asyncio.fixture
async def output() -> Output:
    return Output()


@pytest_asyncio.fixture
async def manager(output) -> AsyncIterator[Manager]:
    manager = Manager(printer=Printer(output))
    yield manager
    manager.kill()
    await manager.stop()


def shell(name: str, script: str, **options: object) -> ProcessSpec:
    return ProcessSpec(name=name, argv=["sh", "-c", script], **options)


async def test_every_line_is_printed_with_the_name_of_its_process(manager, output):
    manager.start(shell("talker", "echo one; echo two >&2; printf three; exec cat; "))
    await output.has("talker | one")
    await output.has("talker | two")


async def test_a_line_longer_than_any_buffer_does_not_stop_the_reading(manager, output):
    manager.start(shell("talker", "head -c 300000 /dev/zero | tr '\\0' x; echo; echo after; exec sleep 60"))
    await output.has("after")


async def test_a_process_that_dies_is_started_again(manager, output):
    managed = manager.start(shell("mortal", "echo born; exec sleep 60"))
    await output.has("born")
    os.kill(managed.pid, signal.SIGKILL)
    await output.has("born", times=2)
    assert "mortal | ended (signal SIGKILL); starting it again in 0.2 s" in output.text


async def test_the_pause_before_another_start_grows(manager, output, monkeypatch):
    monkeypatch.setattr(processes, "FIRST_PAUSE_S", 0.01)
    manager.start(shell("failing", "exit 3"))
    await output.has("ended (exit status 3); starting it again in 0.04 s")
    assert output.text.index("in 0.01 s") < output.text.index("in 0.02 s") < output.text.index("in 0.04 s")


async def test_a_stop_is_gentle_first(manager, output):
    manager.start(shell("polite", "trap 'echo goodbye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"))
    await output.has("ready")
    await manager.stop()
    await output.has("goodbye")


async def test_who_ignores_the_stop_is_killed_with_all_of_its_group(manager, output):
    managed = manager.start(shell("deaf", "trap '' TERM; sleep 60 & echo child $!; wait", grace_s=0.2))
    await output.has("child ")
    child = name_of(int(output.text.split("child ")[1].split()[0]))
    main = name_of(managed.pid)
    await manager.stop()
    assert not is_alive(main)
    async with asyncio.timeout(5):
        while is_alive(child):
            await asyncio.sleep(0.01)


async def test_later_phases_stop_first(manager, output):
    script = "trap 'echo {0} goes; exit 0' TERM; echo {0} ready; while :; do sleep 0.01; done"
    manager.start(shell("below", script.format("below"), phase=0))
    manager.start(shell("above", script.format("above"), phase=1))
    await output.has("ready", times=2)
    await manager.stop()
    assert output.text.index("above goes") < output.text.index("below goes")


async def test_a_program_that_is_missing_is_an_error_not_a_loop(manager):
    manager.start(ProcessSpec(name="missing", argv=["/nonexistent/program"]))
    with pytest.raises(FileNotFoundError):
        await asyncio.wait_for(manager.run_until(asyncio.Event()), 5)


MANAGER_SCRIPT = """
import asyncio
from lambdasim.invocations.processes import Manager, ProcessSpec
async def main():
    manager = Manager()
    manager.start(ProcessSpec(name="child", argv=["sh", "-c", "echo pid $$; exec sleep 60"]))
    await manager.run_until(asyncio.Event())
asyncio.run(main())
"""


def test_a_killed_manager_takes_its_processes_with_it():
    manager = subprocess.Popen(
        [sys.executable, "-u", "-c", MANAGER_SCRIPT], stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert manager.stdout is not None
    child = os.pidfd_open(int(manager.stdout.readline().split("pid ")[1]))
    manager.kill()
    manager.wait()
    manager.stdout.close()
    # A pidfd is readable once its process has ended.
    assert select.select([child], [], [], 5)[0] == [child]
    os.close(child)

"""Stops every process of an environment, and knows when that is true.

How this works: with cgroup2 the kernel stops the group and says when it is done. Without, SIGSTOP goes to everybody
until a whole look at all threads finds them stopped and no process has appeared meanwhile: whoever was created after
the first listing had a parent that still ran, so it shows in the second. The kernel offers no event for either, hence
the short waits. Processes notice a freeze only as time that passed; SIGSTOP is visible to their parents as well.
"""

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Protocol

from lambdasim.host.errors import FreezeAbandoned, SandboxError
from lambdasim.host.procfs import ProcessTable

DEADLINE_S = 5.0
"""A process in uninterruptible sleep stops when its disk answers."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.0002, 0.002

STOPPED = frozenset(b"TtZX")
_PENDING = (b"SigPnd:", b"ShdPnd:")
_SIGSTOP_BIT = 1 << (signal.SIGSTOP - 1)


class Freezer(Protocol):
    """The two ways to stop processes; `Freezing` adds patience and abandonment."""

    def stop(self) -> bool:
        """Asks everybody to stop. True once that is verified."""
        ...

    def resume(self) -> None: ...


class SignalFreezer:
    def __init__(self, table: ProcessTable) -> None:
        self._table = table

    def stop(self) -> bool:
        table = self._table
        before = table.pids()
        for pid in before:
            table.signal(pid, signal.SIGSTOP)
        return all(self._is_stopped(pid) for pid in before) and table.pids() == before

    def resume(self) -> None:
        for pid in self._table.pids():
            self._table.signal(pid, signal.SIGCONT)

    def _is_stopped(self, pid: int) -> bool:
        return all(self._thread_is_stopped(pid, thread) for thread in self._table.threads(pid))

    def _thread_is_stopped(self, pid: int, thread: str) -> bool:
        text = self._table.read(pid, f"task/{thread}/stat")
        if not text:
            return True
        state = text[text.rindex(b")") + 2]
        if state in STOPPED:
            return True
        # A vfork parent sleeps uninterruptibly for as long as its child is stopped: it will stop before it runs.
        return state == ord("D") and self._stop_is_pending(pid, thread)

    def _stop_is_pending(self, pid: int, thread: str) -> bool:
        text = self._table.read(pid, f"task/{thread}/status") or b""
        masks = [int(line.split()[1], 16) for line in text.split(b"\n") if line.startswith(_PENDING)]
        return any(mask & _SIGSTOP_BIT for mask in masks)


class CgroupFreezer:
    """`group` is the environment's in the cgroup2 hierarchy. Processes do not see this at all."""

    def __init__(self, group: Path) -> None:
        self._freeze_fd = os.open(group / "cgroup.freeze", os.O_WRONLY | os.O_CLOEXEC)
        self._events_fd = os.open(group / "cgroup.events", os.O_RDONLY | os.O_CLOEXEC)
        self._asked = False

    def stop(self) -> bool:
        if not self._asked:
            os.pwrite(self._freeze_fd, b"1", 0)
            self._asked = True
        events = os.pread(self._events_fd, 256, 0)
        # An empty group reports frozen 0 on some kernels: nobody is in it, so nobody runs.
        return b"frozen 1" in events or b"populated 0" in events

    def resume(self) -> None:
        if self._asked:
            os.pwrite(self._freeze_fd, b"0", 0)
            self._asked = False

    def close(self) -> None:
        os.close(self._freeze_fd)
        os.close(self._events_fd)


class Freezing:
    """freeze and thaw of one environment."""

    def __init__(self, freezer: Freezer, table: ProcessTable) -> None:
        self._freezer = freezer
        self._table = table
        self._generation = 0
        self.is_frozen = False

    async def freeze(self) -> int:
        """How many processes are now verified stopped. Cancelled, it continues what it had stopped.

        Raises FreezeAbandoned when `thaw` came first.
        """
        self._generation += 1
        generation = self._generation
        self.is_frozen = True
        try:
            await self._stop_all(generation)
        except asyncio.CancelledError:
            if generation == self._generation:
                self.thaw()
            raise
        return len(self._table.pids())

    async def _stop_all(self, generation: int) -> None:
        give_up_at, wait_s = time.monotonic() + DEADLINE_S, FIRST_WAIT_S
        while not self._freezer.stop():
            if time.monotonic() > give_up_at:
                raise SandboxError(f"freeze: not all processes stopped within {DEADLINE_S:.0f} s")
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 1.5, LONGEST_WAIT_S)
            if generation != self._generation:
                raise FreezeAbandoned("thawed before every process had stopped")

    def thaw(self) -> None:
        self._generation += 1
        self.is_frozen = False
        self._freezer.resume()

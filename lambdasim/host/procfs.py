"""The processes of one environment, read from /proc: a pid namespace's own, or the descendants of one process.

Every read may find the process gone; that is an answer (None, False), not an error. Fields: man 5 proc.
"""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
NS_PER_TICK = 1_000_000_000 // TICKS_PER_SECOND
NAMESPACE_INIT = 1


@dataclass(frozen=True, slots=True)
class Stat:
    """What this package uses of /proc/PID/stat."""

    state: bytes
    parent: int
    group: int
    session: int
    own_ns: int
    waited_ns: int
    """CPU time of children that ended and were waited for, in whole ticks."""
    started_ticks: int


def parse_stat(text: bytes) -> Stat:
    # The name in parentheses may contain anything, parentheses and spaces too.
    fields = text[text.rindex(b")") + 2 :].split(None, 20)
    return Stat(
        fields[0], int(fields[1]), int(fields[2]), int(fields[3]),
        (int(fields[11]) + int(fields[12])) * NS_PER_TICK, (int(fields[13]) + int(fields[14])) * NS_PER_TICK,
        int(fields[19]),
    )


class ProcessTable:
    """`root` None: the whole table is a pid namespace's and only its init is left out."""

    def __init__(self, proc_fd: int, *, root: int | None) -> None:
        self._proc_fd = proc_fd
        self.root = root
        self.hidden: set[int] = set()
        """The launcher's children that still wait for their program: nobody's processes yet."""

    def pids(self) -> list[int]:
        everybody = sorted(int(name) for name in os.listdir(self._proc_fd) if name.isdigit())
        found = everybody if self.root is None else self._descendants(self.root, everybody)
        return [pid for pid in found if pid != NAMESPACE_INIT and pid not in self.hidden]

    def _descendants(self, root: int, everybody: list[int]) -> list[int]:
        children: dict[int, list[int]] = {}
        for pid in everybody:
            stat = self.stat(pid)
            if stat is not None:
                children.setdefault(stat.parent, []).append(pid)
        found: list[int] = []
        frontier = [root]
        while frontier:
            frontier = [child for parent in frontier for child in children.get(parent, ())]
            found += frontier
        return sorted(found)

    def stat(self, pid: int) -> Stat | None:
        text = self.read(pid, "stat")
        return parse_stat(text) if text else None

    def read(self, pid: int, name: str) -> bytes | None:
        try:
            fd = os.open(f"{pid}/{name}", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._proc_fd)
        except (FileNotFoundError, ProcessLookupError):
            return None
        try:
            return os.read(fd, 16384)
        except ProcessLookupError:
            return None
        finally:
            os.close(fd)

    def open(self, pid: int, name: str, flags: int) -> int | None:
        try:
            return os.open(f"{pid}/{name}", flags | os.O_CLOEXEC, dir_fd=self._proc_fd)
        except (FileNotFoundError, ProcessLookupError):
            return None

    def threads(self, pid: int) -> list[str]:
        fd = self.open(pid, "task", os.O_RDONLY | os.O_DIRECTORY)
        if fd is None:
            return []
        try:
            return os.listdir(fd)
        except (FileNotFoundError, ProcessLookupError):
            return []
        finally:
            os.close(fd)

    def signal(self, pid: int, signum: int) -> bool:
        """A directory of /proc is a pidfd, so this cannot hit a process that took over the number."""
        try:
            fd = os.open(str(pid), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._proc_fd)
        except FileNotFoundError:
            return False
        try:
            signal.pidfd_send_signal(fd, signum)
        except ProcessLookupError:
            return False
        finally:
            os.close(fd)
        return True

    def close(self) -> None:
        os.close(self._proc_fd)


def pid_of_pidfd(pidfd: int) -> int:
    """The pid as this process sees it, whatever namespace the pidfd came from."""
    with open(f"/proc/self/fdinfo/{pidfd}") as lines:
        for line in lines:
            if line.startswith("Pid:"):
                return int(line.split()[1])
    raise ProcessLookupError(f"descriptor {pidfd} is not a pidfd")


def namespace_pids(root: int) -> dict[int, int]:
    """Pid inside → pid here, of all descendants of `root` (a pid here)."""
    here = ProcessTable(os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC), root=None)
    found: dict[int, int] = {}
    try:
        frontier = list(_children(here, root))
        while frontier:
            pid = frontier.pop()
            status = here.read(pid, "status") or b""
            start = status.find(b"NSpid:")
            if start >= 0:
                found[int(status[start : status.index(b"\n", start)].split()[-1])] = pid
            frontier += _children(here, pid)
    finally:
        here.close()
    return found


def _children(table: ProcessTable, pid: int) -> Iterator[int]:
    for thread in table.threads(pid):
        yield from map(int, (table.read(pid, f"task/{thread}/children") or b"").split())


def start_ticks(pid: int) -> int | None:
    """When this process started, in ticks since boot: with the pid, an identity that is never reused."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return parse_stat(file.read()).started_ticks
    except (FileNotFoundError, ProcessLookupError):
        return None

"""Marks what belongs to an environment of which supervisor, so that leftovers of dead supervisors can be removed.

The mark is `<supervisor pid>-<its start in ticks>-<environment id>`: the name of cgroups and temporary directories,
and a variable of processes that no pid namespace holds together.
"""

import os
import re
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lambdasim.host.procfs import start_ticks

OWNER_VARIABLE = "LAMBDASIM_OWNER"
KILL_WITHIN_S = 2.0
"""A process in uninterruptible sleep dies when its disk answers, not when it is told to."""

_MARK = re.compile(r"(\d+)-(\d+)-([A-Za-z0-9_.-]+)")


@dataclass(frozen=True, slots=True)
class Owner:
    supervisor: int
    started_ticks: int
    environment_id: str

    @classmethod
    def me(cls, environment_id: str) -> "Owner":
        ticks = start_ticks(os.getpid())
        if ticks is None:
            raise ProcessLookupError("/proc does not show this process: mount /proc")
        return cls(os.getpid(), ticks, environment_id)

    @classmethod
    def parse(cls, mark: str) -> "Owner | None":
        match = _MARK.fullmatch(mark)
        return cls(int(match[1]), int(match[2]), match[3]) if match else None

    def __str__(self) -> str:
        return f"{self.supervisor}-{self.started_ticks}-{self.environment_id}"

    @property
    def is_alive(self) -> bool:
        return start_ticks(self.supervisor) == self.started_ticks


def kill_marked(owner: Owner | None = None) -> int:
    """SIGKILL to every process marked with this owner or, without one, with any dead supervisor's. Returns how many.

    Repeats until none is found: a process may fork between being found and being killed.
    """
    killed = 0
    give_up_at = time.monotonic() + KILL_WITHIN_S
    while time.monotonic() < give_up_at and (found := list(_marked(owner))):
        for pidfd in found:
            try:
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue  # it ended by itself
            finally:
                os.close(pidfd)
    return killed


def _marked(owner: Owner | None) -> Iterator[int]:
    """Pidfds. The environment is read after the pidfd is open, so the two belong to the same process."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            pidfd = os.open(f"/proc/{entry}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        mark = _mark_of(pidfd)
        if mark is not None and (mark == owner if owner else not mark.is_alive):
            yield pidfd
        else:
            os.close(pidfd)


def _mark_of(proc_dir: int) -> Owner | None:
    try:
        fd = os.open("environ", os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc_dir)
    except OSError:  # another user's, or gone: not ours to judge
        return None
    try:
        environment = os.read(fd, 1 << 18)
    except ProcessLookupError:
        return None
    finally:
        os.close(fd)
    prefix = OWNER_VARIABLE.encode() + b"="
    for entry in environment.split(b"\0"):
        if entry.startswith(prefix):
            return Owner.parse(entry[len(prefix) :].decode(errors="replace"))
    return None


def stale_entries(parent: Path) -> Iterator[Path]:
    """Entries of a directory that carry the mark of a dead supervisor."""
    if parent.is_dir():
        for entry in parent.iterdir():
            owner = Owner.parse(entry.name.removeprefix("lambdasim-"))
            if owner is not None and not owner.is_alive:
                yield entry

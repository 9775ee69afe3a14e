"""How a worker's main process tells its children to stop: a pipe whose one end all of them watch.

A byte that nobody reads stays readable, so a child that starts late sees it too; the end of the main process makes the
pipe readable as well. Signals would be lost between two tasks, and Redis may be away just then.
"""

import ctypes
import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

PR_SET_PDEATHSIG = 1
"""prctl(2)"""

_libc = ctypes.CDLL(None, use_errno=True)


class Loop(Protocol):
    def add_reader(self, fd: int, callback: Callable[[], object]) -> None: ...
    def remove_reader(self, fd: int) -> object: ...


@dataclass(slots=True)
class _Ends:
    read: int | None = None
    write: int | None = None
    owner: int = 0


_ends = _Ends()


def make() -> None:
    """In the main process, before it forks."""
    _ends.read, _ends.write = os.pipe()
    _ends.owner = os.getpid()


def pull() -> None:
    """In the main process: every child, now and later, is asked to stop."""
    if _ends.write is not None:
        os.write(_ends.write, b".")


def is_pulled() -> bool:
    return _ends.read is not None and bool(select.select([_ends.read], [], [], 0)[0])


def hold() -> None:
    """In a child, first thing: it dies with the main process, however that ends."""
    die_with_main()
    if _ends.write is not None:
        os.close(_ends.write)
        _ends.write = None


def die_with_main() -> None:
    die_with_parent(_ends.owner)


def die_with_parent(parent: int, signum: int = signal.SIGKILL) -> None:
    """This process gets the signal when the thread that forked it ends."""
    if _libc.prctl(PR_SET_PDEATHSIG, int(signum)) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    # It may have ended before the line above.
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)


@contextmanager
def watched(loop: Loop, on_pull: Callable[[], object]) -> Iterator[None]:
    """Calls `on_pull` once, from the loop, when the main process wants its children to stop."""
    read = _ends.read
    if read is None:
        yield
        return

    def pulled() -> None:
        loop.remove_reader(read)
        on_pull()

    loop.add_reader(read, pulled)
    try:
        yield
    finally:
        loop.remove_reader(read)

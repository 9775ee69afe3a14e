"""One process that was started in a sandbox, and the pipes it writes to."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field

from lambdasim.core.errors import SpecError
from lambdasim.core.values import ExitStatus
from lambdasim.host.control import Message
from lambdasim.host.errors import LaunchError
from lambdasim.host.lines import LinePipe

log = logging.getLogger(__name__)

MARK_VARIABLES = {"LAMBDASIM_MARK_FD": "3"}
"""Its number inside the process: the first after standard input, output and error."""

OnLine = Callable[[str, bytes], None]
"""Party, and a line without its newline."""
OnMark = Callable[[str, int], None]
"""Name, and the moment on CLOCK_MONOTONIC."""


@dataclass(slots=True, kw_only=True, eq=False)
class Process:
    party: str
    pid: int
    """As the environment sees it."""
    host_pid: int
    """As this machine sees it."""
    pipes: "Pipes"
    ended: ExitStatus | None = None
    over_memory_limit: bool = field(default=False)
    """It was killed because the environment used more memory than the function has."""


class Pipes:
    """stdout, stderr and, if wanted, the marks of one process."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, party: str, *, on_line: OnLine, on_mark: OnMark | None
    ) -> None:
        def line(text: bytes) -> None:
            on_line(party, text)

        self._pipes = [LinePipe(loop, line), LinePipe(loop, line)]
        if on_mark is not None:
            self._pipes.append(LinePipe(loop, lambda text: _mark(text, on_mark)))

    @property
    def write_fds(self) -> list[int]:
        return [pipe.write_fd for pipe in self._pipes]

    @property
    def is_open(self) -> bool:
        return any(pipe.is_open for pipe in self._pipes)

    def started(self) -> None:
        for pipe in self._pipes:
            pipe.started()

    def read_now(self) -> None:
        for pipe in self._pipes:
            pipe.read_now()

    def flush(self) -> None:
        for pipe in self._pipes:
            pipe.flush()

    def close(self) -> None:
        """What is still in the pipes is read first."""
        for pipe in self._pipes:
            pipe.flush()
            pipe.close()


def _mark(text: bytes, on_mark: OnMark) -> None:
    name, _, moment = text.decode(errors="replace").partition(" ")
    if not moment.isdecimal():
        # The descriptor is the runtime's, but a function can find it and write anything.
        log.warning("not a mark: %r; expected `name monotonic_ns`", text[:100])
        return
    on_mark(name, int(moment))


def monitor(pidfd: int, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[None]":
    """Done when the process has ended. Takes over the descriptor."""
    ended: asyncio.Future[None] = loop.create_future()

    def readable() -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
        if not ended.done():
            ended.set_result(None)

    loop.add_reader(pidfd, readable)
    return ended


def entry(variable: tuple[str, str]) -> bytes:
    """NAME=value. Raises SpecError."""
    name, value = variable
    if not name or "=" in name:
        raise SpecError("environment", f"{name!r} cannot be the name of a variable; use letters, digits and _")
    return os.fsencode(f"{name}={value}")


def launch_error(message: Message, *, path: str, cwd: str) -> LaunchError:
    """From the launcher's `failed`: what was tried to start, and where."""
    number, stage = int(message.fields[2]), message.fields[3]
    if stage == b"chdir":
        return LaunchError(number=number, path=cwd, operation="chdir")
    return LaunchError(number=number, path=path)

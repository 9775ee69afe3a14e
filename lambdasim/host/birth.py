"""Starts a launcher, inside bwrap or plain, and waits for nothing: the launcher says itself when it is ready.

The environment of the new process is empty, always: what bwrap is started with stays readable as pid 1's environment
(bubblewrap issue 725), and this process's own may hold secrets.
"""

import functools
import importlib.util
import marshal
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER_SOURCE = Path(__file__).with_name("launcher.py")
CONTROL_BUFFER_BYTES = 1 << 20
"""Room for one spawn message: arguments and environment of a process."""
PYC_FLAGS, PYC_TIMESTAMP, PYC_SIZE = b"\0" * 4, b"\0" * 4, b"\0" * 4


class Descriptors:
    """Descriptors that the new process inherits; closed here as soon as it has them."""

    def __init__(self) -> None:
        self.fds: list[int] = []

    def data(self, content: bytes | str) -> str:
        """A file that exists only as a descriptor, whose number is returned as text for a command line."""
        fd = os.memfd_create("lambdasim", os.MFD_CLOEXEC)
        os.write(fd, content.encode() if isinstance(content, str) else content)
        os.lseek(fd, 0, os.SEEK_SET)
        self.fds.append(fd)
        return str(fd)

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)


@dataclass(frozen=True, slots=True)
class Born:
    process: "subprocess.Popen[bytes]"
    control: socket.socket
    errors_fd: int
    """What bwrap and the launcher write to their standard error."""

    def errors(self) -> str:
        text = os.pread(self.errors_fd, 65536, 0).decode(errors="replace").strip()
        return text.splitlines()[-1] if text else "no message"


Command = Callable[[Descriptors, int], Sequence[str]]
"""Given the descriptors to add to and the number of the control socket: the argument vector."""


def start(command: Command) -> Born:
    """Call this on the thread that will live as long as the sandbox: bwrap's --die-with-parent is bound to it."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (mine, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CONTROL_BUFFER_BYTES)
    errors_fd = os.memfd_create("lambdasim-errors", os.MFD_CLOEXEC)
    descriptors = Descriptors()
    try:
        argv = command(descriptors, theirs.fileno())
        process = subprocess.Popen(
            argv, env={}, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors_fd,
            pass_fds=[theirs.fileno(), *descriptors.fds],
            # A session of its own: Ctrl-C at a terminal reaches the supervisor, which then shuts down in order.
            start_new_session=True,
        )
    except BaseException:
        mine.close()
        os.close(errors_fd)
        raise
    finally:
        theirs.close()
        descriptors.close()
    return Born(process, mine, errors_fd)


@functools.cache
def launcher_bytecode() -> bytes:
    """The launcher compiled: Python runs this whatever the file is called."""
    code = compile(LAUNCHER_SOURCE.read_bytes(), "/var/rapid/init", "exec", optimize=2, dont_inherit=True)
    return importlib.util.MAGIC_NUMBER + PYC_FLAGS + PYC_TIMESTAMP + PYC_SIZE + marshal.dumps(code)


@functools.cache
def interpreter_prefix() -> Path:
    """Of the Python that runs the launcher: this one, seen past a virtual environment."""
    return Path(sys.base_prefix).resolve()


def interpreter_name() -> str:
    return f"bin/python{sys.version_info.major}.{sys.version_info.minor}"

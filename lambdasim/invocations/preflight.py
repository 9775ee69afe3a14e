"""What must hold before anything is started: the port is free, there is room, nobody else uses the data directory.

Each check returns or raises SpecError with one sentence that says what to do.
"""

import errno
import fcntl
import os
import shutil
import socket
from pathlib import Path
from typing import TextIO

from lambdasim.core.errors import SpecError

LEAST_FREE_BYTES = 200 * 1024 * 1024


def port_is_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: a connection of the one before us that lingers is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SpecError("LAMBDASIM_PORT", _port_problem(host, port, error)) from error


def _port_problem(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use by another program; stop that one, or choose another with --port"
    if error.errno == errno.EACCES:
        return f"this user may not listen on port {port}; choose one above 1023 with --port"
    return f"cannot listen on {host}:{port} ({error.strerror}); choose another address with --host"


def disk_has_room(home: Path) -> None:
    free_bytes = shutil.disk_usage(home).free
    if free_bytes < LEAST_FREE_BYTES:
        raise SpecError(
            "LAMBDASIM_HOME",
            f"only {free_bytes // 2**20} MB are free where {home} lies and {LEAST_FREE_BYTES // 2**20} MB are needed; "
            "free some, or choose another directory with --home",
        )


def lock(home: Path) -> TextIO:
    """Held as long as the file is open, and given back by the kernel however this process ends."""
    path = home / "up.lock"
    file = open(path, "a+")  # noqa: SIM115 - the caller keeps it open
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise SpecError(
            "LAMBDASIM_HOME",
            f"another lambdasim (process {holder}) is running with the data directory {home}; stop it, or choose "
            "another directory with --home",
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file

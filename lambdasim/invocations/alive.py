"""Is that process still alive? Names a process so that a reused pid is not mistaken for it (proc(5), starttime)."""

import os
import platform
from pathlib import Path


def here() -> str:
    """This machine and pid namespace: only within one of these can somebody look for a process."""
    return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"


def this_process() -> str:
    return name_of(os.getpid())


def name_of(pid: int) -> str:
    """`<pid>.<start time>`. Raises ProcessLookupError."""
    return f"{pid}.{_start_time(pid)}"


def pid_of(process: str) -> int:
    return int(process.partition(".")[0])


def is_alive(process: str) -> bool:
    """A zombie counts as dead: it only waits to be reaped."""
    try:
        return name_of(pid_of(process)) == process
    except ProcessLookupError:
        return False


def _start_time(pid: int) -> str:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(pid) from None
    # The name (field 2) may contain anything but ends with the last parenthesis; state is field 3, starttime 22.
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        raise ProcessLookupError(pid)
    return fields[19].decode()

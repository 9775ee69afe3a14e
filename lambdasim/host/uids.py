"""A user of its own for each environment of a root supervisor, since the kernel counts processes per user.

Slots are files under a lock: a slot is free again when its holder has closed it or died, however it died.
"""

import fcntl
import os
import pwd
from pathlib import Path

from lambdasim.host.errors import SandboxError

FIRST_UID = 20_000
SLOTS = 1_000
DIRECTORY = Path("/run/lambdasim/uids")


class UserSlot:
    """`uid`, used as the group as well, belongs to the holder until `release`."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for uid in range(FIRST_UID, FIRST_UID + SLOTS):
            if _is_somebody(uid):
                continue
            fd = os.open(directory / str(uid), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                continue
            self.uid = uid
            self._fd = fd
            return
        raise SandboxError(f"{directory}: all {SLOTS} users are taken; run fewer environments on this machine")

    def release(self) -> None:
        os.close(self._fd)


def _is_somebody(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True

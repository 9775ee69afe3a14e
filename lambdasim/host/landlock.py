"""File, network and signal limits where there are no namespaces: a Landlock ruleset, made here, entered by each child.

The supervisor builds the ruleset and passes its descriptor to the launcher; a child enters it between fork and exec.
Every process tree so has a domain of its own: parties can be signalled by the platform, not by one another. TCP may be
bound anywhere (telemetry listeners) but connected only to the API's port. UDP is not limited. Kernel documentation:
userspace-api/landlock.
"""

import ctypes
import os
import stat
import struct
from collections.abc import Sequence

SYS_CREATE_RULESET, SYS_ADD_RULE = 444, 445
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH, RULE_NET_PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
CONNECT_TCP = 2
SCOPE_ABSTRACT_UNIX_SOCKET, SCOPE_SIGNAL = 1, 2

READ_ONLY = EXECUTE | READ_FILE | READ_DIR
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""The rights that a rule on something else than a directory may carry."""

ABI_NETWORK, ABI_SIGNALS = 4, 6


def abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    return max(0, _syscall(SYS_CREATE_RULESET, None, 0, CREATE_RULESET_VERSION))


def network_limit(version: int) -> str:
    if version >= ABI_NETWORK:
        return "TCP: API port only; UDP open"
    return f"open (Landlock ABI {version} < {ABI_NETWORK})"


def signal_limit(version: int) -> str:
    return "own processes only" if version >= ABI_SIGNALS else f"open (Landlock ABI {version} < {ABI_SIGNALS})"


def ruleset(*, read_only: Sequence[str], read_write: Sequence[str], connect_port: int) -> int:
    """Descriptor of a ruleset that allows this and nothing else. Paths that do not exist are left out."""
    version = abi()
    handled = _handled_file_rights(version)
    attributes = struct.pack(
        "<QQQ", handled, CONNECT_TCP if version >= ABI_NETWORK else 0,
        SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL if version >= ABI_SIGNALS else 0,
    )
    # An older kernel knows only a prefix of the structure.
    size = 8 if version < ABI_NETWORK else 16 if version < ABI_SIGNALS else 24
    fd = _checked(SYS_CREATE_RULESET, attributes[:size], size, 0)
    try:
        for path in read_only:
            _allow_path(fd, path, READ_ONLY & handled)
        for path in read_write:
            _allow_path(fd, path, handled)
        if version >= ABI_NETWORK:
            _checked(SYS_ADD_RULE, fd, RULE_NET_PORT, struct.pack("<QQ", CONNECT_TCP, connect_port), 0)
    except OSError:
        os.close(fd)
        raise
    return fd


def _handled_file_rights(version: int) -> int:
    rights = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):  # REFER, TRUNCATE, IOCTL_DEV
        if version >= since:
            rights |= 1 << bit
    return rights


def _allow_path(fd: int, path: str, rights: int) -> None:
    try:
        target = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(target).st_mode):
            rights &= FILE_RIGHTS
        _checked(SYS_ADD_RULE, fd, RULE_PATH_BENEATH, struct.pack("<Qi", rights, target), 0)
    finally:
        os.close(target)


_libc = ctypes.CDLL(None, use_errno=True)


def _syscall(*arguments: object) -> int:
    return int(_libc.syscall(*arguments))


def _checked(*arguments: object) -> int:
    result = _syscall(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"landlock: {os.strerror(number)}")
    return result

"""The system call filter of every process in a sandbox, as a classic BPF program.

A deny-list: namespaces, mounts, keyrings, BPF, perf, io_uring, kernel modules, and sockets of every family but the four
that programs need (AF_VSOCK is not confined by a network namespace). Numbers: the kernel's asm/unistd.h of x86_64 and
arm64; program format: man 2 seccomp. A machine of another kind gets no filter, and the probe says so.
"""

import errno
import platform
import struct
from dataclasses import dataclass

LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, FAIL_WITH = 0x7FFF0000, 0x00050000
OFFSET_NUMBER, OFFSET_ARCHITECTURE, OFFSET_ARGUMENT_0 = 0, 4, 16
X32_BIT = 0x40000000
CLONE_NEW_NAMESPACE = 0x7E020080
"""CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""

SOCKET_FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}

# Same number on both architectures (asm-generic since Linux 5.1).
_SHARED = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "mount_setattr": 442,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    audit_id: int
    clone: int
    clone3: int
    socket: int
    denied: dict[str, int]


ARCHITECTURES = {
    "x86_64": Architecture(
        audit_id=0xC000003E, clone=56, clone3=435, socket=41,
        denied={
            "syslog": 103, "vhangup": 153, "pivot_root": 155, "acct": 163, "settimeofday": 164, "mount": 165,
            "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169, "init_module": 175, "delete_module": 176,
            "quotactl": 179, "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272,
            "perf_event_open": 298, "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308,
            "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323, **_SHARED,
        },
    ),
    "aarch64": Architecture(
        audit_id=0xC00000B7, clone=220, clone3=435, socket=198,
        denied={
            "syslog": 116, "vhangup": 58, "pivot_root": 41, "acct": 89, "settimeofday": 170, "mount": 40,
            "umount2": 39, "swapon": 224, "swapoff": 225, "reboot": 142, "init_module": 105, "delete_module": 106,
            "quotactl": 60, "kexec_load": 104, "add_key": 217, "request_key": 218, "keyctl": 219, "unshare": 97,
            "perf_event_open": 241, "name_to_handle_at": 264, "open_by_handle_at": 265, "setns": 268,
            "finit_module": 273, "kexec_file_load": 294, "bpf": 280, "userfaultfd": 282, **_SHARED,
        },
    ),
}


def build(machine: str | None = None) -> bytes | None:
    """The program, or None for a machine whose system call numbers are not listed here."""
    machine = machine or platform.machine()
    architecture = ARCHITECTURES.get(machine)
    if architecture is None:
        return None
    program = _foreign_abi(architecture, machine)
    # glibc and Go fall back to clone, whose flags a filter can read; clone3 hides them behind a pointer.
    program += _refuse(architecture.clone3, errno.ENOSYS)
    for number in architecture.denied.values():
        program += _refuse(number, errno.EPERM)
    program += _socket_families(architecture) + _clone_flags(architecture) + [(RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("<HBBI", *instruction) for instruction in program)


Instruction = tuple[int, int, int, int]
"""Operation, instructions to skip if true, if false, operand."""


def _fail(number: int) -> Instruction:
    return (RETURN, 0, 0, FAIL_WITH | number)


def _refuse(number: int, error: int) -> list[Instruction]:
    return [(JUMP_EQUAL, 0, 1, number), _fail(error)]


def _foreign_abi(architecture: Architecture, machine: str) -> list[Instruction]:
    """i386 and x32 calls have other numbers: refused whole. Leaves the number loaded."""
    program: list[Instruction] = [
        (LOAD, 0, 0, OFFSET_ARCHITECTURE),
        (JUMP_EQUAL, 1, 0, architecture.audit_id), _fail(errno.ENOSYS),
        (LOAD, 0, 0, OFFSET_NUMBER),
    ]
    if machine == "x86_64":
        program += [(JUMP_GREATER_EQUAL, 0, 1, X32_BIT), _fail(errno.ENOSYS)]
    return program


def _socket_families(architecture: Architecture) -> list[Instruction]:
    families = list(SOCKET_FAMILIES.values())
    tests: list[Instruction] = [(JUMP_EQUAL, len(families) - i, 0, family) for i, family in enumerate(families)]
    body: list[Instruction] = [
        (LOAD, 0, 0, OFFSET_ARGUMENT_0), *tests, _fail(errno.EAFNOSUPPORT), (LOAD, 0, 0, OFFSET_NUMBER)
    ]
    return [(JUMP_EQUAL, 0, len(body), architecture.socket), *body]


def _clone_flags(architecture: Architecture) -> list[Instruction]:
    return [
        (JUMP_EQUAL, 0, 3, architecture.clone),
        (LOAD, 0, 0, OFFSET_ARGUMENT_0),
        (JUMP_ANY_BIT, 0, 1, CLONE_NEW_NAMESPACE), _fail(errno.EPERM),
    ]

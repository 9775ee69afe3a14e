"""The filter, run by a small interpreter of classic BPF: what the kernel decides for a call can be told from it."""

import errno
import struct

import pytest

from lambdasim.host.seccomp import ALLOW, ARCHITECTURES, FAIL_WITH, SOCKET_FAMILIES, build

LOAD, EQUAL, GREATER_EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
COMPARE = {EQUAL: lambda a, k: a == k, GREATER_EQUAL: lambda a, k: a >= k, ANY_BIT: lambda a, k: bool(a & k)}
CLONE_THREAD_FLAGS, CLONE_NEWUSER, CLONE_NEWNET = 0x3D0F00, 0x10000000, 0x40000000


def decide(machine: str, number: int, argument: int = 0, *, audit_id: int | None = None) -> int:
    """0 when the call is allowed, else its errno."""
    program = build(machine)
    assert program is not None
    instructions = list(struct.iter_unpack("<HBBI", program))
    data = struct.pack("<IIQQ", number, audit_id or ARCHITECTURES[machine].audit_id, 0, argument)
    at, accumulator = 0, 0
    while True:
        code, if_true, if_false, operand = instructions[at]
        at += 1
        if code == RETURN:
            return 0 if operand == ALLOW else operand ^ FAIL_WITH
        if code == LOAD:
            accumulator = struct.unpack_from("<I", data, operand)[0]
        else:
            at += if_true if COMPARE[code](accumulator, operand) else if_false


every_machine = pytest.mark.parametrize("machine", ARCHITECTURES)


@every_machine
def test_every_denied_call_is_refused(machine: str) -> None:
    for name, number in ARCHITECTURES[machine].denied.items():
        assert decide(machine, number) == errno.EPERM, name


@every_machine
def test_ordinary_calls_pass(machine: str) -> None:
    special = {ARCHITECTURES[machine].socket, ARCHITECTURES[machine].clone3, *ARCHITECTURES[machine].denied.values()}
    assert {decide(machine, number) for number in set(range(440)) - special} == {0}


@every_machine
def test_sockets_of_four_families_only(machine: str) -> None:
    allowed = {family for family in range(60) if decide(machine, ARCHITECTURES[machine].socket, family) == 0}
    assert allowed == set(SOCKET_FAMILIES.values())
    assert decide(machine, ARCHITECTURES[machine].socket, 40) == errno.EAFNOSUPPORT


@every_machine
def test_threads_may_be_cloned_and_namespaces_not(machine: str) -> None:
    clone = ARCHITECTURES[machine].clone
    assert decide(machine, clone, CLONE_THREAD_FLAGS) == 0
    assert decide(machine, clone, CLONE_NEWUSER) == decide(machine, clone, CLONE_NEWNET | 17) == errno.EPERM
    assert decide(machine, ARCHITECTURES[machine].clone3) == errno.ENOSYS


def test_calls_of_another_abi_are_unknown() -> None:
    assert decide("x86_64", 0, audit_id=0x40000003) == errno.ENOSYS
    assert decide("x86_64", 0x40000000 | 1) == errno.ENOSYS


def test_a_machine_without_a_table_gets_no_filter() -> None:
    assert build("riscv64") is None

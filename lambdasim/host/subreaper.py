"""The launcher without namespaces, for machines that forbid them: a parent that orphans fall back to.

Files stay at their host paths. With Landlock, children are fenced in and get a private directory for their files.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from lambdasim.host.birth import Command, Descriptors, launcher_bytecode
from lambdasim.host.bwrap import FROM_ETC, USR_LINKS
from lambdasim.host.landlock import ruleset
from lambdasim.host.owners import Owner
from lambdasim.host.spec import SandboxSpec

ETC_OF_THE_MACHINE = ("hosts", "nsswitch.conf", "resolv.conf", "passwd", "group")
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
FREE_PORT = 0


def command(spec: SandboxSpec, *, drop_to: int | None) -> Command:
    def build_argv(descriptors: Descriptors, control_fd: int) -> Sequence[str]:
        launcher = descriptors.data(launcher_bytecode())
        drop = f"{drop_to}:{drop_to}" if drop_to is not None else "-"
        # The kernel counts processes per user: with the supervisor's own user, its processes would count too.
        whose = "own-user" if drop_to is not None else "shared-user"
        return (
            os.path.realpath(sys.executable), "-I", "-S", f"/proc/self/fd/{launcher}", str(control_fd), "subreaper",
            spec.api_host, str(FREE_PORT), drop, whose,
        )

    return build_argv


class PrivateDirectory:
    """TMPDIR of an environment whose /tmp is everybody's."""

    def __init__(self, owner: Owner, *, uid: int | None) -> None:
        self.path = Path(tempfile.gettempdir()) / f"lambdasim-{owner}"
        self.path.mkdir(mode=0o700)
        if uid is not None:
            os.chown(self.path, uid, uid)

    def remove(self) -> None:
        remove_tree(self.path)


def remove_tree(path: Path) -> None:
    shutil.rmtree(path)


def fence(spec: SandboxSpec, *, private: Path, api_port: int) -> int:
    """Descriptor of the Landlock ruleset: the sandbox's files, its own directory, its own API."""
    system = ["/usr", *(f"/{name}" for name in USR_LINKS)]
    etc = [f"/etc/{name}" for name in (*FROM_ETC, *ETC_OF_THE_MACHINE)]
    # /proc as a whole: what is secret in it (environ, mem, fd) is refused across Landlock domains like ptrace.
    own = [str(path.resolve()) for path in spec.directories().values()]
    bound = [str(source.resolve()) for source, _ in spec.binds]
    return ruleset(
        read_only=[*system, *etc, "/proc", *own, *bound],
        read_write=[str(private), *(f"/dev/{name}" for name in DEVICES)],
        connect_port=api_port,
    )

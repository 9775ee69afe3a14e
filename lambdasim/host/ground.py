"""What one sandbox stands on, by level of isolation: its launcher, control groups, user and private directory.

Made before the sandbox's first process and given back after its last. `sweep` removes what dead supervisors left.
"""

import os
import tempfile
from pathlib import Path

from lambdasim.core.errors import SpecError
from lambdasim.host import birth, bwrap, seccomp, subreaper
from lambdasim.host.capabilities import LANDLOCK, NAMESPACES, Capabilities
from lambdasim.host.cgroups import Groups, find_bases, sweep_groups
from lambdasim.host.control import Control
from lambdasim.host.errors import SandboxError
from lambdasim.host.owners import OWNER_VARIABLE, Owner, kill_marked, stale_entries
from lambdasim.host.spec import SandboxSpec
from lambdasim.host.subreaper import PrivateDirectory, fence
from lambdasim.host.uids import UserSlot

KERNEL_HEADROOM_MB = 64
"""Page cache and kernel memory that the hard limit counts and Lambda's memory size does not."""

MAX_EXTENSIONS = 10
"""AWS Lambda: gettingstarted-limits."""


class Ground:
    def __init__(self, spec: SandboxSpec, capabilities: Capabilities) -> None:
        self.spec = spec
        self.isolation = capabilities.isolation
        self.freezer = capabilities.freezer
        self.has_namespaces = capabilities.isolation == NAMESPACES
        self.owner = Owner.me(spec.environment_id)
        self._user: UserSlot | None = None
        self._private: PrivateDirectory | None = None
        self.groups: Groups
        if Owner.parse(str(self.owner)) is None:
            raise SpecError("environment_id", f"{spec.environment_id!r}: use letters, digits, dots, dashes, _")
        if capabilities.own_user:
            spec.check_readable_by_others(in_place=not self.has_namespaces)
        try:
            self._make(capabilities)
        except BaseException as error:
            self._give_back()
            if isinstance(error, OSError):
                raise SandboxError(f"sandbox: {error}") from error
            raise

    def _make(self, capabilities: Capabilities) -> None:
        spec = self.spec
        self._user = UserSlot() if capabilities.own_user else None
        uid = self._user.uid if self._user else None
        if not self.has_namespaces:
            self._private = PrivateDirectory(self.owner, uid=uid)
        self.groups = Groups(
            capabilities.bases, self.owner,
            hard_limit_mb=spec.memory_size_mb + spec.ephemeral_storage_mb + KERNEL_HEADROOM_MB,
        )
        if self.has_namespaces:
            command = bwrap.command(
                spec, bwrap=capabilities.bwrap, drop_to=uid, disable_userns=capabilities.disable_userns
            )
        else:
            command = subreaper.command(spec, drop_to=uid)
        self.born = birth.start(command)

    @property
    def variables(self) -> dict[str, str]:
        """Of every process, where no namespace does it: who it belongs to, and where it may write."""
        if self._private is None:
            return {}
        return {OWNER_VARIABLE: str(self.owner), "TMPDIR": str(self._private.path)}

    def equip(self, control: Control, *, api_port: int) -> None:
        """Passes the launcher what its children have to enter."""
        if self.isolation == LANDLOCK and self._private is not None:
            ruleset = fence(self.spec, private=self._private.path, api_port=api_port)
            control.send(b"landlock", fds=[ruleset])
            os.close(ruleset)
            self._filter(control)
        groups = self.groups.open_procs()
        control.send(b"prepare", b"%d" % (self._parties() if groups else 0), fds=groups)
        for fd in groups:
            os.close(fd)

    def _parties(self) -> int:
        """How many processes Init will start: the runtime, and as many extensions as there are files."""
        extensions = self.spec.opt_dir / "extensions" if self.spec.opt_dir else None
        found = len(os.listdir(extensions)) if extensions and extensions.is_dir() else 0
        return 1 + min(found, MAX_EXTENSIONS)

    def _filter(self, control: Control) -> None:
        program = seccomp.build()
        if program is not None:
            descriptors = birth.Descriptors()
            descriptors.data(program)
            control.send(b"seccomp", fds=descriptors.fds)
            descriptors.close()

    def release(self) -> None:
        os.close(self.born.errors_fd)
        self._give_back()

    def _give_back(self) -> None:
        if hasattr(self, "groups"):
            self.groups.remove()
        if self._private is not None:
            self._private.remove()
        if self._user is not None:
            self._user.release()


def sweep() -> int:
    """Kills and removes what supervisors left that were killed. For a worker's start; returns how many things."""
    count = kill_marked() + sweep_groups(find_bases())
    for directory in stale_entries(Path(tempfile.gettempdir())):
        subreaper.remove_tree(directory)
        count += 1
    return count

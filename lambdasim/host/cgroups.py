"""Control groups of one environment: freezing it at once, its memory peak and limit. One group in each hierarchy.

Groups are made under `lambdasim/` in the supervisor's own group and carry its mark. The launcher stays outside: it has
to work while everything else is frozen. The freezer of version 1 is never used, since what it holds cannot be killed.
Kernel documentation: admin-guide/cgroup-v2 and cgroup-v1/memory.
"""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lambdasim.host.owners import Owner, stale_entries

PARENT = "lambdasim"
REMOVE_WITHIN_S = 1.0
UNIFIED, MEMORY_V1 = "cgroup2", "cgroup1 memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """Where this process may make groups, by hierarchy."""

    unified: Path | None = None
    memory_v1: Path | None = None
    has_freezer: bool = False
    has_peak: bool = False
    """`memory.peak` exists and can be reset (Linux 6.12)."""
    why: dict[str, str] = field(default_factory=dict)

    def paths(self) -> list[Path]:
        return [path for path in (self.unified, self.memory_v1) if path is not None]


def find_bases() -> Bases:
    """Found by making a group and removing it again: permissions say too little about what is possible."""
    own, mounts, why = _own_groups(), _mounts(), {}
    usable: dict[str, Path] = {}
    files: dict[str, set[str]] = {}
    for hierarchy in (UNIFIED, MEMORY_V1):
        if hierarchy not in mounts or hierarchy not in own:
            why[hierarchy] = "not mounted on this machine"
            continue
        base = Path(mounts[hierarchy] + own[hierarchy].rstrip("/")) / PARENT
        try:
            files[hierarchy] = _trial(base)
            usable[hierarchy] = base
        except OSError as error:
            why[hierarchy] = f"{base.parent}: {error.strerror}"
    unified = files.get(UNIFIED, set())
    if UNIFIED in usable and "memory.peak" not in unified:
        why["memory.peak"] = "the memory controller is not enabled for cgroup2 here, or its peak cannot be reset"
    return Bases(
        unified=usable.get(UNIFIED), memory_v1=usable.get(MEMORY_V1), why=why,
        has_freezer="cgroup.freeze" in unified, has_peak="memory.peak" in unified,
    )


def _own_groups() -> dict[str, str]:
    groups = {}
    for line in _lines("/proc/self/cgroup"):
        number, controllers, path = line.split(":", 2)
        if number == "0":
            groups[UNIFIED] = path
        elif "memory" in controllers.split(","):
            groups[MEMORY_V1] = path
    return groups


def _mounts() -> dict[str, str]:
    mounts = {}
    for line in _lines("/proc/self/mountinfo"):
        before, after = line.split(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2":
            mounts[UNIFIED] = before.split()[4]
        elif kind == "cgroup" and "memory" in options.split(","):
            mounts[MEMORY_V1] = before.split()[4]
    return mounts


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if os.path.exists(path) else []


def _trial(base: Path) -> set[str]:
    base.mkdir(exist_ok=True)
    if "memory" in _words(base.parent / "cgroup.subtree_control"):
        (base / "cgroup.subtree_control").write_text("+memory")
    group = base / str(Owner.me(f"probe-{time.monotonic_ns()}"))
    group.mkdir()
    try:
        files = set(os.listdir(group))
        # Both are needed: joining is refused where making is allowed, for example across a delegation's border.
        os.close(os.open(group / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC))
        if "memory.peak" in files and not _can_reset(group / "memory.peak"):
            files.discard("memory.peak")
        return files
    finally:
        group.rmdir()


def _words(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def _can_reset(peak: Path) -> bool:
    try:
        fd = os.open(peak, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        os.write(fd, b"0")
    except OSError:
        return False
    finally:
        os.close(fd)
    return True


class Groups:
    """The groups of one environment; empty where none can be made."""

    def __init__(self, bases: Bases, owner: Owner, *, hard_limit_mb: int) -> None:
        self._paths = [base / str(owner) for base in bases.paths()]
        self.unified = bases.unified / str(owner) if bases.unified else None
        self.memory: MemoryGroup | None = None
        try:
            for path in self._paths:
                path.mkdir()
            if bases.has_peak and self.unified:
                self.memory = MemoryGroup.version_2(self.unified, hard_limit_mb=hard_limit_mb)
            elif bases.memory_v1:
                self.memory = MemoryGroup.version_1(bases.memory_v1 / str(owner), hard_limit_mb=hard_limit_mb)
        except OSError:
            self.remove()
            raise

    @property
    def open_count(self) -> int:
        """How many hierarchies a process of this environment joins."""
        return len(self._paths)

    def open_procs(self) -> list[int]:
        """Writing `0` to these moves the writer in. Opened here: the right to join is that of who opened them."""
        return [os.open(path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for path in self._paths]

    def remove(self) -> None:
        if self.memory is not None:
            self.memory.close()
        for path in self._paths:
            remove_group(path)


class MemoryGroup:
    """Peak since the last reset, and what of the usage is anonymous memory or files in /tmp."""

    def __init__(self, path: Path, *, method: str, peak: str, anonymous: bytes) -> None:
        self.method = method
        self._anonymous = anonymous
        self._peak_fd = os.open(path / peak, os.O_RDWR | os.O_CLOEXEC)
        self._stat_fd = os.open(path / "memory.stat", os.O_RDONLY | os.O_CLOEXEC)

    @classmethod
    def version_2(cls, path: Path, *, hard_limit_mb: int) -> "MemoryGroup":
        (path / "memory.max").write_text(str(hard_limit_mb << 20))
        return cls(path, method="cgroup2", peak="memory.peak", anonymous=b"anon ")

    @classmethod
    def version_1(cls, path: Path, *, hard_limit_mb: int) -> "MemoryGroup":
        (path / "memory.limit_in_bytes").write_text(str(hard_limit_mb << 20))
        return cls(path, method="cgroup1", peak="memory.max_usage_in_bytes", anonymous=b"rss ")

    def take_peak_bytes(self) -> int:
        """Without the files in /tmp, which Lambda keeps on a disk. Begins a new peak."""
        peak = int(os.pread(self._peak_fd, 64, 0))
        os.pwrite(self._peak_fd, b"0", 0)
        return max(0, peak - self._stat(b"shmem "))

    def anonymous_bytes(self) -> int:
        return self._stat(self._anonymous)

    def _stat(self, name: bytes) -> int:
        text = b"\n" + os.pread(self._stat_fd, 8192, 0)
        start = text.index(b"\n" + name) + 1 + len(name)
        return int(text[start : text.index(b"\n", start)])

    def close(self) -> None:
        os.close(self._peak_fd)
        os.close(self._stat_fd)


def remove_group(path: Path) -> None:
    """A group is busy until its last process is gone from the kernel, a moment after it was reaped."""
    give_up_at = time.monotonic() + REMOVE_WITHIN_S
    while True:
        try:
            path.rmdir()
            return
        except FileNotFoundError:
            return
        except OSError:
            if time.monotonic() > give_up_at:
                raise
        time.sleep(0.001)


def sweep_groups(bases: Bases) -> int:
    """Kills and removes what dead supervisors left behind. Returns how many groups."""
    removed = 0
    for base in bases.paths():
        for group in stale_entries(base):
            for pid in _members(group):
                os.kill(pid, signal.SIGKILL)
            remove_group(group)
            removed += 1
    return removed


def _members(group: Path) -> Iterator[int]:
    for word in _words(group / "cgroup.procs"):
        if (pid := int(word)) > 0:  # 0: a process of a pid namespace that is not visible from here
            yield pid

"""What the processes of one environment used since the last reading: memory peaks and CPU time, by party.

How this works: the kernel keeps each process's memory peak (VmHWM), which clear_refs resets, and its CPU clock, so a
reading needs no sampling and misses no short peak. A process belongs to the party whose session it is in, else to its
parent's. Ended processes count once: through their resource usage when the launcher reaped them, through their
parent's otherwise. Kernel documentation: man 5 proc, man 2 clock_getres, admin-guide/cgroup-v1/memory.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass

from lambdasim.core.values import Measurement, ProcessUse
from lambdasim.host.cgroups import MemoryGroup
from lambdasim.host.procfs import PAGE_BYTES, ProcessTable, Stat

DETACHED = "(detached)"
"""Party of a process that left its session before it was first seen."""
CLEAR_PEAK = b"5"
BYTES_PER_MB = 1 << 20
KB_PER_MB = 1 << 10
NS_PER_MS = 1_000_000
CPU_CLOCK = 2
"""CPUCLOCK_SCHED of the kernel's posix-timers: a process's clock is (~pid << 3) | this."""


@dataclass(slots=True)
class Account:
    """What was already counted of one process."""

    party: str
    started_ticks: int
    parent: int
    own_ns: int = 0
    waited_ns: int = 0
    shared_kb: int = 0
    host_pid: int | None = None

    @property
    def counted_ns(self) -> int:
        return self.own_ns + self.waited_ns


@dataclass(slots=True)
class Use:
    """Of one party, since the last reading."""

    pid: int
    cpu_ns: int = 0
    living_kb: int = 0
    shared_kb: int = 0
    ended_kb: int = 0
    """The largest of those that ended: they need not have lived at the same time."""

    @property
    def peak_kb(self) -> int:
        return self.living_kb + self.ended_kb


class Meter:
    """`resolve` finds the pids on this machine of processes that nobody told it about."""

    def __init__(
        self, table: ProcessTable, *, memory: MemoryGroup | None, resolve: Callable[[], dict[int, int]]
    ) -> None:
        self._table = table
        self._memory = memory
        self._resolve = resolve
        self._accounts: dict[int, Account] = {}
        self._gone: dict[int, Account] = {}
        self._mains: dict[int, str] = {}
        self._uses: dict[str, Use] = {}
        self._high_water_mb = 0.0
        self._resolved: dict[int, int] | None = None

    # --- told by the sandbox ---------------------------------------------------------------------

    def started(self, party: str, *, pid: int, host_pid: int) -> None:
        """A process that leads its own session, so what it starts is known by that."""
        self._mains[pid] = party
        self._accounts[pid] = Account(party, 0, 0, host_pid=host_pid)
        self._use(party).pid = pid

    def ended(self, pid: int, *, session: int, cpu_ns: int, max_kb: int) -> None:
        """The launcher reaped it: one of its own, or an orphan.

        `max_kb` is never below what the launcher itself had when it forked (10 MB): exec does not reset it.
        """
        account = self._accounts.pop(pid, None) or self._gone.pop(pid, None)
        party = account.party if account else self._mains.get(session, DETACHED)
        use = self._use(party)
        use.cpu_ns += max(0, cpu_ns - (account.counted_ns if account else 0))
        use.ended_kb = max(use.ended_kb, max_kb)

    # --- readings --------------------------------------------------------------------------------

    def measure(self) -> Measurement:
        """Reads, and begins anew. Synchronous: it is done before the invocation it belongs to is reported."""
        self._resolved = None
        stats = self._stats()
        self._settle_gone(stats)
        for pid, stat in stats.items():
            self._read_process(pid, stat)
        max_memory_mb = self._peak_mb()
        self._high_water_mb = max(self._high_water_mb, max_memory_mb)
        uses, self._uses = self._uses, {}
        self._forget_sessions(stats)
        return Measurement(
            max_memory_mb=round(max_memory_mb, 3),
            high_water_mb=round(self._high_water_mb, 3),
            method=self._memory.method if self._memory else "vmhwm",
            processes=tuple(
                ProcessUse(
                    party=party, pid=use.pid, cpu_ms=round(use.cpu_ns / NS_PER_MS, 3),
                    max_memory_mb=round(use.peak_kb / KB_PER_MB, 3),
                )
                for party, use in uses.items()
            ),
        )

    def calibrate_shared(self) -> None:
        """How much of each process is shared with others (1 to 7 ms a process: only when nobody waits for it)."""
        if self._memory is not None:
            return
        self._resolved = None
        for pid, stat in self._stats().items():
            self._account(pid, stat).shared_kb = self._shared_kb(pid)

    def anonymous_bytes(self) -> int:
        """Memory in use now that is neither code nor files: what a limit is about."""
        if self._memory is not None:
            return self._memory.anonymous_bytes()
        pages = 0
        # Looking through all of the machine's processes 20 times a second would disturb more than it tells.
        for pid in self._table.pids() if self._table.root is None else list(self._accounts):
            fields = (self._table.read(pid, "statm") or b"0 0 0").split()
            pages += int(fields[1]) - int(fields[2])
        return pages * PAGE_BYTES

    def _forget_sessions(self, stats: dict[int, Stat]) -> None:
        """A session outlives its leader for as long as somebody is in it."""
        known = self._accounts.keys() | {stat.session for stat in stats.values()}
        self._mains = {pid: party for pid, party in self._mains.items() if pid in known}
        for pid, party in self._mains.items():
            self._use(party).pid = pid

    def resident_bytes(self, pid: int) -> int:
        return int((self._table.read(pid, "statm") or b"0 0").split()[1]) * PAGE_BYTES

    # --- one process -----------------------------------------------------------------------------

    def _stats(self) -> dict[int, Stat]:
        read = self._table.stat
        return {pid: stat for pid in self._table.pids() if (stat := read(pid)) is not None}

    def _settle_gone(self, stats: dict[int, Stat]) -> None:
        """What vanished was waited for by its parent, whose clock of waited-for time contains it: not again."""
        gone = {pid: self._accounts.pop(pid) for pid in self._accounts.keys() - stats.keys()}
        for account in gone.values():
            parent = self._accounts.get(account.parent)
            if parent is not None:
                parent.waited_ns += account.counted_ns
        # One of them may also have been reaped by the launcher, whose message is on its way.
        self._gone = gone

    def _read_process(self, pid: int, stat: Stat) -> None:
        account = self._account(pid, stat)
        use = self._use(account.party)
        use.pid = use.pid or pid
        own_ns = self._own_ns(account, stat)
        # `waited_ns` may be ahead of the kernel's, which counts in ticks: then nothing is new.
        use.cpu_ns += max(0, own_ns - account.own_ns) + max(0, stat.waited_ns - account.waited_ns)
        account.own_ns = max(own_ns, account.own_ns)
        account.waited_ns = max(stat.waited_ns, account.waited_ns)
        use.living_kb += self._take_peak_kb(pid)
        use.shared_kb += account.shared_kb

    def _account(self, pid: int, stat: Stat) -> Account:
        account = self._accounts.get(pid)
        if account is not None and account.started_ticks == 0:
            account.started_ticks = stat.started_ticks
        if account is None or account.started_ticks != stat.started_ticks:
            account = Account(self._party_of(pid, stat), stat.started_ticks, stat.parent)
            if self._resolved is None:
                self._resolved = self._resolve()
            account.host_pid = self._resolved.get(pid)
            self._accounts[pid] = account
        account.parent = stat.parent
        return account

    def _party_of(self, pid: int, stat: Stat) -> str:
        party = self._mains.get(stat.session)
        if party is not None:
            return party
        parent = self._accounts.get(stat.parent)
        return parent.party if parent is not None else DETACHED

    def _own_ns(self, account: Account, stat: Stat) -> int:
        if account.host_pid is not None:
            try:
                return time.clock_gettime_ns((~account.host_pid << 3) | CPU_CLOCK)
            except OSError:
                pass  # a zombie has no clock any more; its ticks are still there
        return stat.own_ns

    def _take_peak_kb(self, pid: int) -> int:
        """VmHWM, reset to what is resident now. 0 for a zombie, which has no memory."""
        status = self._table.read(pid, "status") or b""
        start = status.find(b"VmHWM:")
        if start < 0:
            return 0
        fd = self._table.open(pid, "clear_refs", os.O_WRONLY)
        if fd is not None:
            try:
                os.write(fd, CLEAR_PEAK)
            except ProcessLookupError:
                pass  # it ended just now: nothing to reset
            finally:
                os.close(fd)
        return int(status[start + 6 : status.index(b"kB", start)])

    def _shared_kb(self, pid: int) -> int:
        rollup = self._table.read(pid, "smaps_rollup") or b""
        fields = {line.split()[0]: int(line.split()[1]) for line in rollup.split(b"\n") if line.endswith(b" kB")}
        return max(0, fields.get(b"Rss:", 0) - fields.get(b"Pss:", 0))

    def _use(self, party: str) -> Use:
        return self._uses.setdefault(party, Use(0))

    def _peak_mb(self) -> float:
        if self._memory is not None:
            return self._memory.take_peak_bytes() / BYTES_PER_MB
        return sum(max(0, use.peak_kb - use.shared_kb) for use in self._uses.values()) / KB_PER_MB

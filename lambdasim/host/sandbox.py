"""One sandbox as its supervisor sees it: start processes in it, stop, measure and kill them, and be told when they end.

Everything here runs on one event loop, and nothing of it knows phases, parties' states or HTTP. The levels of isolation
differ in how the launcher is started (`ground.py`) and in nothing else.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from lambdasim.core.errors import SpecError
from lambdasim.core.values import ExitStatus, Measurement
from lambdasim.host.capabilities import Capabilities
from lambdasim.host.control import Control, Message
from lambdasim.host.errors import FreezeAbandoned, LaunchError, SandboxError
from lambdasim.host.freezer import CgroupFreezer, Freezing, SignalFreezer
from lambdasim.host.ground import Ground
from lambdasim.host.meter import Meter
from lambdasim.host.owners import kill_marked
from lambdasim.host.processes import MARK_VARIABLES, OnLine, OnMark, Pipes, Process, entry, launch_error, monitor
from lambdasim.host.procfs import ProcessTable, namespace_pids, pid_of_pidfd
from lambdasim.host.spec import SandboxSpec
from lambdasim.host.watchdog import MemoryWatchdog

__all__ = ["FreezeAbandoned", "LaunchError", "OnExit", "Process", "Sandbox", "SandboxError", "SandboxSpec"]

log = logging.getLogger(__name__)

READY_WITHIN_S = 10.0
ENDED_WITHIN_S = 5.0
OnExit = Callable[[Process, ExitStatus], None]


class Sandbox:
    """Made by `start`, given back by `close`. `died` resolves to a reason when it ends without `close`."""

    api_socket: socket.socket
    """Listening, made inside the sandbox's network namespace; the server that accepts from it is outside."""
    api_address: str

    @classmethod
    async def start(cls, spec: SandboxSpec, capabilities: Capabilities, *, on_exit: OnExit) -> "Sandbox":
        """`on_exit` is told of every process of `spawn`, after its last line. Raises SpecError, SandboxError."""
        sandbox = cls(spec, Ground(spec, capabilities), on_exit)
        try:
            await sandbox._begin()
        except BaseException:
            await sandbox.close()
            raise
        return sandbox

    def __init__(self, spec: SandboxSpec, ground: Ground, on_exit: OnExit) -> None:
        loop = asyncio.get_running_loop()
        self.died: asyncio.Future[str] = loop.create_future()
        self._loop = loop
        self._spec = spec
        self._ground = ground
        self._on_exit = on_exit
        self._processes: dict[int, Process] = {}
        self._by_party: dict[str, Process] = {}
        self._lingering: list[Pipes] = []
        """Of ended processes whose children still write."""
        self._is_closing = False
        self._ready: asyncio.Future[Message] = loop.create_future()
        self._control = Control(ground.born.control, loop, on_message=self._told)
        self._ended = monitor(os.pidfd_open(ground.born.process.pid), loop)
        self._ended.add_done_callback(self._launcher_ended)
        self._hidden: set[int] = set()
        # made once the launcher is ready
        self._table: ProcessTable | None = None
        self._meter: Meter
        self._freezing: Freezing
        self._watchdog: MemoryWatchdog | None = None
        self._cgroup_freezer: CgroupFreezer | None = None

    async def _begin(self) -> None:
        try:
            message = await asyncio.wait_for(asyncio.shield(self._ready), READY_WITHIN_S)
        except TimeoutError as error:
            raise SandboxError(f"sandbox: the launcher was not ready within {READY_WITHIN_S:.0f} s") from error
        pidfd, proc_fd, listener = message.fds
        launcher_pid = pid_of_pidfd(pidfd)
        os.close(pidfd)
        self.api_socket = socket.socket(fileno=listener)
        self.api_socket.setblocking(False)
        host, port = self.api_socket.getsockname()
        self.api_address = f"{host}:{port}"
        ground = self._ground
        self._table = table = ProcessTable(proc_fd, root=None if ground.has_namespaces else launcher_pid)
        self._hidden = table.hidden
        self._meter = Meter(
            table, memory=ground.groups.memory,
            resolve=lambda: namespace_pids(launcher_pid) if ground.has_namespaces else {p: p for p in table.pids()},
        )
        if ground.freezer == "cgroup2" and ground.groups.unified is not None:
            self._cgroup_freezer = CgroupFreezer(ground.groups.unified)
        self._freezing = Freezing(self._cgroup_freezer or SignalFreezer(table), table)
        ground.equip(self._control, api_port=port)
        self._watchdog = MemoryWatchdog(
            self._loop, limit_mb=self._spec.memory_size_mb, read_bytes=self._meter.anonymous_bytes,
            on_exceeded=self._over_memory_limit,
        )
        self._watchdog.resume()

    # --- processes -------------------------------------------------------------------------------

    async def spawn(
        self, party: str, argv: Sequence[str], env: Mapping[str, str], *, cwd: str, on_line: OnLine,
        on_mark: OnMark | None = None,
    ) -> Process:
        """A process that leads a session of its own. `on_line(party, line)` gets what it and its children write.

        With `on_mark` it finds a descriptor in LAMBDASIM_MARK_FD for lines `name monotonic_ns`. Raises LaunchError.
        """
        if self._freezing.is_frozen:
            raise SandboxError(f"spawn {party}: the environment is frozen; thaw it first")
        variables = {**self._ground.variables, **env, **(MARK_VARIABLES if on_mark is not None else {})}
        fields = [os.fsencode(cwd), b"%d" % len(argv), *map(os.fsencode, argv), *map(entry, variables.items())]
        if any(b"\0" in field for field in fields):
            raise SpecError("environment", "contains a NUL character, which no process can be given; remove it")
        pipes = Pipes(self._loop, party, on_line=on_line, on_mark=on_mark)

        def take(message: Message) -> Process:
            if message.kind == "failed":
                self._hidden.discard(int(message.fields[1]))
                pipes.close()
                raise launch_error(message, path=argv[0], cwd=cwd)
            return self._born(party, message, pipes)

        try:
            return await self._control.request(b"spawn", *fields, fds=pipes.write_fds, take=take)
        except SandboxError:
            pipes.close()
            raise
        finally:
            pipes.started()

    def _born(self, party: str, message: Message, pipes: Pipes) -> Process:
        pid, pidfd = int(message.fields[1]), message.fds[0]
        self._hidden.discard(pid)
        process = Process(party=party, pid=pid, host_pid=pid_of_pidfd(pidfd), pipes=pipes)
        os.close(pidfd)
        self._processes[pid] = self._by_party[party] = process
        self._meter.started(party, pid=pid, host_pid=process.host_pid)
        return process

    def signal(self, party: str, signum: int) -> None:
        """To the party's process group and to whoever else is in its session. A party that is gone is left alone."""
        process = self._by_party.get(party)
        if process is None or self._table is None:
            return
        if process.ended is None:
            with suppress(ProcessLookupError):  # it ended just now
                os.killpg(process.host_pid, signum)
        for pid in self._table.pids():
            stat = self._table.stat(pid)
            already = process.ended is None and stat is not None and stat.group == process.pid
            if stat is not None and stat.session == process.pid and not already:
                self._table.signal(pid, signum)

    async def kill_all(self) -> None:
        """SIGKILL to everything but pid 1; all of it is reaped and reported when this returns."""
        await self._control.request(b"killall", take=lambda message: None)
        self.thaw()

    async def connect(self, port: int) -> socket.socket:
        """A TCP connection to a port of the sandbox's own loopback, such as an extension's telemetry listener."""

        def take(message: Message) -> socket.socket:
            return socket.socket(fileno=message.fds[0])

        made = await self._control.request(b"socket", take=take)
        made.setblocking(False)
        try:
            await self._loop.sock_connect(made, (self._spec.api_host, port))
        except BaseException:
            made.close()
            raise
        return made

    # --- time and use ----------------------------------------------------------------------------

    async def freeze(self) -> int:
        """How many processes are now verified stopped. Raises FreezeAbandoned when `thaw` came first."""
        if self._watchdog is not None:
            self._watchdog.pause()
        return await self._freezing.freeze()

    def thaw(self) -> None:
        self._freezing.thaw()
        if self._watchdog is not None and not self._is_closing:
            self._watchdog.resume()

    def measure(self) -> Measurement:
        """Reads the peaks and clocks of all processes and begins anew."""
        return self._meter.measure()

    def calibrate_shared(self) -> None:
        """Once after Init, frozen: what processes share is then taken off their sum. Only needed without cgroups."""
        self._meter.calibrate_shared()

    def read_lines(self) -> None:
        """Whole lines that were written before this call."""
        for pipes in self._all_pipes():
            pipes.read_now()

    def flush_lines(self) -> None:
        """Everything that was written before this call, unfinished lines as well."""
        for pipes in self._all_pipes():
            pipes.flush()

    def _all_pipes(self) -> list[Pipes]:
        self._lingering = [pipes for pipes in self._lingering if pipes.is_open]
        return [process.pipes for process in self._processes.values()] + self._lingering

    def _over_memory_limit(self) -> None:
        """What the kernel would do: the process that uses most is killed, and its party's end tells the rest."""
        used, spec = self._meter.resident_bytes, self._spec
        largest = max(self._processes.values(), key=lambda process: used(process.pid), default=None)
        if largest is not None:
            log.warning("%s: over %d MB, killed %s", spec.environment_id, spec.memory_size_mb, largest.party)
            largest.over_memory_limit = True
            self.signal(largest.party, signal.SIGKILL)

    # --- what the launcher tells -----------------------------------------------------------------

    def _told(self, message: Message) -> None:
        if message.kind == "ready":
            self._ready.set_result(message)
        elif message.kind == "spare":
            self._hidden.add(int(message.fields[0]))
        elif message.kind == "exit":
            pid, code, cpu_us, max_kb, session = map(int, message.fields[:5])
            if pid in self._hidden:
                return self._hidden.discard(pid)
            self._meter.ended(pid, session=session, cpu_ns=cpu_us * 1000, max_kb=max_kb)
            if message.fields[5]:
                status = ExitStatus(code=code, cpu_ms=cpu_us / 1000, max_memory_mb=round(max_kb / 1024, 3))
                self._process_ended(self._processes.pop(pid), status)
        else:
            raise SandboxError(f"the launcher sent {message.kind!r}, which nobody expects")

    def _process_ended(self, process: Process, status: ExitStatus) -> None:
        process.pipes.flush()
        if process.pipes.is_open:
            self._lingering.append(process.pipes)
        process.ended = status
        self._on_exit(process, status)

    def _launcher_ended(self, _: "asyncio.Future[None]") -> None:
        born = self._ground.born
        code = born.process.wait()
        self._control.close()
        reason = f"the launcher ended with {code}: {born.errors()}"
        if not self._ready.done():
            self._ready.set_exception(SandboxError(f"sandbox: {reason}"))
        elif not self._is_closing:
            if not self._ground.has_namespaces:
                kill_marked(self._ground.owner)  # nothing else holds its orphans together
            self._lost_everything()
            self.died.set_result(reason)

    def _lost_everything(self) -> None:
        processes, self._processes = self._processes, {}
        for process in processes.values():
            self._process_ended(process, ExitStatus(code=-signal.SIGKILL))

    # --- end -------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Everything in it is dead and nothing is left on the machine when this returns. May be called again."""
        if self._is_closing:
            await asyncio.shield(self._ended)
            return
        self._is_closing = True
        if self._watchdog is not None:
            self._watchdog.pause()
        self.flush_lines()
        self._control.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._ended), ENDED_WITHIN_S)
        except TimeoutError:
            log.error("%s: the launcher did not end by itself, killing it", self._spec.environment_id)
            self._ground.born.process.kill()
            await self._ended
        self._release()

    def _release(self) -> None:
        for pipes in self._all_pipes():
            pipes.close()
        if self._cgroup_freezer is not None:
            self._cgroup_freezer.close()
        if self._table is not None:
            self._table.close()
            self.api_socket.close()
        self._ground.release()

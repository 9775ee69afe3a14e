"""Runs the processes of `manage.py up`: prefixed output, started again when they die, none left when it ends.

How this works: every process leads a session of its own and gets SIGKILL from the kernel when the manager ends,
however that happens. A stop goes in phases (SIGTERM to all of a phase, SIGKILL to what is left of their groups at its
deadline), so that workers can still reach Redis while they shut down. Printing is honcho's.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from honcho.colour import get_colours
from honcho.printer import Message, Printer

from lambdasim.invocations.leash import die_with_parent

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
STEADY_S = 30.0
"""Who ran that long is started again without a pause that grew before."""
READ_BYTES = 65_536

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """`phase`: lower ones start first and stop last. `grace_s`: between SIGTERM and SIGKILL."""

    name: str
    argv: Sequence[str]
    phase: int = 1
    grace_s: float = 3.0
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


class Managed:
    """One process and its successors. `run` is cancelled to end it; `stop` does so gently."""

    def __init__(self, spec: ProcessSpec, say: Callable[[str, str | bytes], None]) -> None:
        self.spec = spec
        self._say = say
        # per process
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def run(self) -> None:
        """Until `stop`: starts it again whenever it ends."""
        loop, pause_s = asyncio.get_running_loop(), FIRST_PAUSE_S
        while not self._stopping:
            started_s = loop.time()
            code = await self._run_once()
            if self._stopping:
                return
            if loop.time() - started_s > STEADY_S:
                pause_s = FIRST_PAUSE_S
            self._say(self.spec.name, f"ended ({_ending(code)}); starting it again in {pause_s:g} s")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _run_once(self) -> int:
        manager = os.getpid()
        # A pipe of our own: asyncio's `wait` would wait for the end of its pipe, which a stray grandchild may hold.
        read_end, write_end = os.pipe()
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                *self.spec.argv, stdin=asyncio.subprocess.DEVNULL, stdout=write_end, stderr=write_end,
                env={**os.environ, **self.spec.env}, cwd=self.spec.cwd, start_new_session=True,
                preexec_fn=lambda: die_with_parent(manager),
            )
        except BaseException:
            os.close(read_end)
            raise
        finally:
            os.close(write_end)
        reading = asyncio.create_task(self._read(os.fdopen(read_end, "rb", buffering=0)))
        try:
            return await process.wait()
        finally:
            # What it left behind in its group must not outlive it.
            self._signal_group(signal.SIGKILL)
            # Its last lines are read, unless a stranger still holds the pipe open.
            await asyncio.wait({reading}, timeout=0.5)
            reading.cancel()

    async def _read(self, pipe: BinaryIO) -> None:
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        rest = b""
        try:
            while chunk := await reader.read(READ_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._say(self.spec.name, line)
        finally:
            transport.close()
        if rest:
            self._say(self.spec.name, rest)

    async def stop(self) -> None:
        """SIGTERM, then SIGKILL for what is left of its group."""
        self._stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self.spec.grace_s)
        except TimeoutError:
            self._say(self.spec.name, f"did not end within {self.spec.grace_s:g} s: killed")
            self.kill()
            await process.wait()

    def kill(self) -> None:
        self._stopping = True
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: int) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return


class Manager:
    """Starts processes phase by phase and keeps them running; `stop` ends them in the opposite order."""

    def __init__(self, *, printer: Printer | None = None) -> None:
        self._printer = printer or Printer()
        self._colours = get_colours()
        self._colour_of: dict[str, str] = {}
        self._managed: list[tuple[Managed, asyncio.Task[None]]] = []

    def start(self, spec: ProcessSpec) -> Managed:
        self._colour_of[spec.name] = next(self._colours)
        self._printer.width = max(self._printer.width, len(spec.name))
        managed = Managed(spec, self.say)
        task = asyncio.create_task(managed.run(), name=f"process {spec.name}")
        self._managed.append((managed, task))
        return managed

    def say(self, name: str, line: str | bytes) -> None:
        self._printer.write(
            Message(type="line", data=line, time=datetime.now(), name=name, colour=self._colour_of.get(name))
        )

    async def run_until(self, stop: asyncio.Event) -> None:
        """Returns when `stop` is set; raises what a keeper of a process raises, e.g. that a program is missing."""
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait(
                {stopping, *(task for _, task in self._managed)}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {stopping}:
                task.result()
        finally:
            stopping.cancel()

    async def stop(self) -> None:
        for phase in sorted({managed.spec.phase for managed, _ in self._managed}, reverse=True):
            of_phase = [pair for pair in self._managed if pair[0].spec.phase == phase]
            await asyncio.gather(*(managed.stop() for managed, _ in of_phase))
            for _, task in of_phase:
                task.cancel()
            await asyncio.gather(*(task for _, task in of_phase), return_exceptions=True)

    def kill(self) -> None:
        """At once, for the impatient."""
        for managed, _ in self._managed:
            managed.kill()


async def until_true(
    look: Callable[[], Awaitable[str | None]], *, patience_s: float, pause_s: float = 0.05
) -> str | None:
    """Asks until `look` says None (all is well). After `patience_s` the last complaint is returned."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience_s
    while (complaint := await look()) is not None and loop.time() < give_up_at:
        await asyncio.sleep(pause_s)
    return complaint


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"

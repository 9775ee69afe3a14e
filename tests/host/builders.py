"""A sandbox in a test: real processes from source text, their lines, marks and ends, and waiting for each of them."""

import asyncio
import functools
import json
import os
import signal
import sys
import textwrap
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lambdasim.core.errors import SpecError
from lambdasim.core.values import ExitStatus
from lambdasim.host.capabilities import LEVELS, NAMESPACES, Capabilities
from lambdasim.host.probe import probe
from lambdasim.host.sandbox import Process, Sandbox, SandboxSpec

WITHIN_S = 20.0
PYTHON = f"bin/python{sys.version_info.major}.{sys.version_info.minor}"


def run_async(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """The test on a loop of its own, which must end with no task left behind."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def possible_levels() -> list[str]:
    """What the probe says this machine can do; `none` always."""
    levels = []
    for level in LEVELS:
        try:
            levels.append(probe(wanted=level, allow_unisolated=True).isolation)
        except SpecError:
            continue
    return levels


def open_to_everybody(directory: Path) -> Path:
    """pytest's directories are 0700, the sandbox's user is another."""
    for part in (directory, *directory.parents):
        if part.stat().st_uid == os.geteuid() and not part.stat().st_mode & 1 and part != Path.home():
            part.chmod(0o755)
    return directory


def is_open(path: Path) -> bool:
    return path.exists() and all(above.stat().st_mode & 1 for above in path.resolve().parents)


def interpreter(level: str) -> tuple[Path | None, str]:
    """Prefix to mount, and the interpreter as processes see it."""
    own = Path(sys.base_prefix).resolve()
    if level == NAMESPACES:
        return own, f"/var/lang/{PYTHON}"
    if is_open(own / PYTHON):
        return own, str(own / PYTHON)
    return None, "/usr/bin/python3"


class Inside:
    """One sandbox under test. Party names are the caller's."""

    def __init__(self, level: str) -> None:
        self.level = level
        self.python = interpreter(level)[1]
        self.sandbox: Sandbox
        self.lines: list[tuple[str, str]] = []
        self.marks: list[tuple[str, int]] = []
        self.exits: dict[str, ExitStatus] = {}
        self._changed = asyncio.Event()

    def on_line(self, party: str, line: bytes) -> None:
        self.lines.append((party, line.decode()))
        self._changed.set()

    def on_mark(self, name: str, monotonic_ns: int) -> None:
        self.marks.append((name, monotonic_ns))
        self._changed.set()

    def on_exit(self, process: Process, status: ExitStatus) -> None:
        self.exits[process.party] = status
        self._changed.set()

    async def until(self, condition: Callable[[], Any]) -> Any:
        """What the condition returns, once that is true."""

        async def wait() -> Any:
            while not (result := condition()):
                self._changed.clear()
                await self._changed.wait()
            return result

        return await asyncio.wait_for(wait(), WITHIN_S)

    def text(self, party: str) -> list[str]:
        return [line for who, line in self.lines if who == party]

    async def line(self, party: str, start: str) -> str:
        found: str = await self.until(
            lambda: next((line for line in self.text(party) if line.startswith(start)), None)
        )
        return found

    async def spawn(self, party: str, *argv: str, cwd: str = "/", marks: bool = False, **env: str) -> Process:
        return await self.sandbox.spawn(
            party, argv, {"PATH": "/usr/bin:/bin", **env}, cwd=cwd, on_line=self.on_line,
            on_mark=self.on_mark if marks else None,
        )

    async def shell(self, party: str, script: str, **env: str) -> Process:
        return await self.spawn(party, "/bin/sh", "-c", script, **env)

    async def run_python(self, party: str, source: str, *args: str, **env: str) -> Process:
        return await self.spawn(party, self.python, "-S", "-u", "-c", textwrap.dedent(source), *args, **env)

    async def ask_python(self, source: str, *args: str) -> Any:
        """The JSON that the program prints, once it has ended."""
        party = f"asked-{uuid.uuid4().hex[:8]}"
        await self.run_python(party, source, *args)
        status: ExitStatus = await self.until(lambda: self.exits.get(party))
        assert status.code == 0, self.text(party)
        return json.loads(self.text(party)[-1])

    def poke(self, party: str) -> None:
        self.sandbox.signal(party, signal.SIGUSR1)


WAIT_FOR_POKE = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
def wait(): signal.sigwait([signal.SIGUSR1])
"""
"""For programs that go on when the test says so."""


@asynccontextmanager
async def inside(level: str, *, capabilities: Capabilities | None = None, **spec: Any) -> AsyncIterator[Inside]:
    harness = Inside(level)
    settings: dict[str, Any] = {
        "environment_id": uuid.uuid4().hex, "task_dir": None, "opt_dir": None, "runtime_dir": None,
        "lang_prefix": interpreter(level)[0], "memory_size_mb": 512,
    }
    harness.sandbox = await Sandbox.start(
        SandboxSpec(**{**settings, **spec}), capabilities or probe(wanted=level, allow_unisolated=True),
        on_exit=harness.on_exit,
    )
    try:
        yield harness
    finally:
        await harness.sandbox.close()

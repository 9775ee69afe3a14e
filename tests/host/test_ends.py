"""However a sandbox ends, nothing is left of it: no process, no control group, no directory."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import pytest

from lambdasim.host.capabilities import LEVELS, NAMESPACES
from lambdasim.host.cgroups import find_bases
from lambdasim.host.errors import SandboxError
from lambdasim.host.ground import sweep
from lambdasim.host.procfs import pid_of_pidfd
from tests.host.builders import inside, possible_levels, run_async

POSSIBLE = possible_levels()
every_level = pytest.mark.parametrize("level", POSSIBLE)
ROOT = Path(__file__).parents[2]

# Everything that has tried to get away: own sessions, double forks, ignored signals.
RUNAWAYS = """
setsid sh -c 'trap "" TERM INT HUP; echo "pid $(cut -d" " -f1 /proc/self/stat)"; while :; do sleep 1; done' &
(setsid sh -c '(sleep 1000 &) ; echo daemon; sleep 1000' &)
trap "" TERM
echo up
while :; do sleep 1; done
"""

SUPERVISOR = f"""
import asyncio, os, sys
from tests.host.builders import inside
from lambdasim.host.procfs import ProcessTable, namespace_pids

async def main(level, environment_id, freeze):
    async with inside(level, environment_id=environment_id) as it:
        await it.shell("ext", {RUNAWAYS!r})
        await it.shell("runtime", "echo up; while :; do sleep 1; done")
        for party, text in (("ext", "up"), ("ext", "pid"), ("ext", "daemon"), ("runtime", "up")):
            await it.line(party, text)
        launcher = it.sandbox._ground.born.process.pid
        print(launcher, *namespace_pids(launcher).values(), flush=True)
        if freeze == "frozen":
            await it.sandbox.freeze()
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


class Supervisor:
    """Another process with a sandbox, and pidfds of all that is in it."""

    def __init__(self, level: str, state: str) -> None:
        self.environment_id = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISOR, level, self.environment_id, state], cwd=ROOT, stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT, *sys.path[1:]]))},
        )
        assert self.process.stdout is not None
        self.pids = [int(pid) for pid in self.process.stdout.readline().split()]
        assert len(self.pids) >= 6, "the sandbox did not start"
        self.pidfds = [os.pidfd_open(pid) for pid in self.pids]
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def survivors(self, *, within_s: float = 10.0) -> list[int]:
        left = list(self.pidfds)
        poll = select.poll()
        for fd in left:
            poll.register(fd, select.POLLIN)
        while left and (ended := poll.poll(within_s * 1000)):
            for fd, _ in ended:
                poll.unregister(fd)
                left.remove(fd)
        survivors = [pid_of_pidfd(fd) for fd in left]
        for fd in self.pidfds:
            os.close(fd)
        return survivors

    def traces(self) -> list[Path]:
        places = [*find_bases().paths(), Path(tempfile.gettempdir())]
        return [entry for place in places for entry in place.iterdir() if self.environment_id in entry.name]


@every_level
@pytest.mark.parametrize("state", ["running", "frozen"])
def test_no_process_survives_a_killed_supervisor_and_a_sweep_removes_the_rest(level: str, state: str) -> None:
    supervisor = Supervisor(level, state)
    supervisor.kill()
    assert supervisor.survivors() == []
    sweep()
    assert supervisor.traces() == []


@pytest.mark.parametrize("level", [level for level in POSSIBLE if level != NAMESPACES])
def test_a_sweep_kills_the_orphans_of_a_launcher_that_was_killed_as_well(level: str) -> None:
    supervisor = Supervisor(level, "running")
    supervisor.process.send_signal(signal.SIGSTOP)  # so that it does not clean up itself
    os.kill(supervisor.pids[0], signal.SIGKILL)
    supervisor.kill()
    sweep()
    assert supervisor.survivors() == []
    assert supervisor.traces() == []


@every_level
def test_a_sweep_leaves_living_supervisors_alone(level: str) -> None:
    supervisor = Supervisor(level, "running")
    try:
        sweep()
        poll = select.poll()
        for fd in supervisor.pidfds:
            poll.register(fd, select.POLLIN)
        assert poll.poll(0) == []
    finally:
        supervisor.kill()
        supervisor.survivors()
        sweep()


@every_level
@run_async
async def test_close_leaves_nothing(level: str) -> None:
    environment_id = uuid.uuid4().hex
    async with inside(level, environment_id=environment_id) as it:
        process = await it.shell("ext", RUNAWAYS)
        await it.line("ext", "up")
        pidfd = os.pidfd_open(process.host_pid)
        descriptors = set(os.listdir("/proc/self/fd"))
    assert select.select([pidfd], [], [], 0)[0] == [pidfd]
    os.close(pidfd)
    places = [*find_bases().paths(), Path(tempfile.gettempdir())]
    assert not [entry for place in places for entry in place.iterdir() if environment_id in entry.name]
    assert len(os.listdir("/proc/self/fd")) < len(descriptors)


@every_level
@run_async
async def test_many_lives_leak_no_descriptor(level: str) -> None:
    async def one_life() -> None:
        async with inside(level) as it:
            await it.shell("ext", "echo up; exec sleep 100")
            await it.line("ext", "up")
            await it.sandbox.kill_all()

    await one_life()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        await one_life()
    assert len(os.listdir("/proc/self/fd")) == before


@every_level
@run_async
async def test_a_launcher_that_dies_is_reported_with_its_processes(level: str) -> None:
    async with inside(level) as it:
        process = await it.shell("ext", RUNAWAYS)
        await it.line("ext", "up")
        pidfd = os.pidfd_open(process.host_pid)
        os.kill(it.sandbox._ground.born.process.pid, signal.SIGKILL)
        reason = await asyncio.wait_for(asyncio.shield(it.sandbox.died), 10)
        assert "-9" in reason
        assert it.exits["ext"].code == -9
        assert select.select([pidfd], [], [], 10)[0] == [pidfd]
        os.close(pidfd)
        with pytest.raises(SandboxError, match="has ended"):
            await it.shell("late", "true")


@every_level
@run_async
async def test_a_planned_end_is_not_reported_as_a_death(level: str) -> None:
    async with inside(level) as it:
        await it.shell("ext", "exec sleep 100")
    await it.sandbox.close()
    assert not it.sandbox.died.done()


def test_every_level_of_the_catalogue_is_tried_somewhere() -> None:
    assert set(POSSIBLE) <= set(LEVELS)
    assert "none" in POSSIBLE

"""Callers and environments over a real Redis; only the inside of an environment is made up."""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from lambdasim.core.errors import LambdasimError
from lambdasim.core.values import Invocation, ShutdownReason
from lambdasim.host.identifiers import new_environment_id, new_trace_id
from lambdasim.invocations import caller as caller_module
from lambdasim.invocations import link as link_module
from lambdasim.invocations.alive import here, this_process
from lambdasim.invocations.caller import Caller
from lambdasim.invocations.errors import BrokerAway, EnvironmentLost, NoWorker, Throttled
from lambdasim.invocations.life import Life
from lambdasim.invocations.link import Link
from lambdasim.invocations.messages import Invoke, Reply, encode
from lambdasim.invocations.placement import Placed, Whereabouts

from .conftest import show_worker
from .fake_host import FakeHost

HERE = Whereabouts(worker="w", host=here(), process=this_process())
INVOCATION = Invocation(request_id="r", payload=b"x", accepted_at_ns=1, function_arn="arn", trace_id="t")


class World:
    """A caller, and workers that take up whatever is to be started."""

    def __init__(self) -> None:
        self.caller = Caller()
        self.hosts: dict[str, FakeHost] = {}
        self.lives: dict[str, Life] = {}
        self.buried: list[str] = []
        self.prepare = lambda host: None
        self.idle_s = 60.0
        self.hosted = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, placed: Placed) -> None:
        task = asyncio.create_task(self._host(placed.environment_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _host(self, environment_id: str, version_key: str = "f:1") -> None:
        link = Link(environment_id, version_key, HERE, on_buried=lambda: self.buried.append(environment_id))
        if await link.begin():
            host = self.hosts[environment_id] = FakeHost()
            self.prepare(host)
            self.lives[environment_id] = Life(host, link, idle_s=self.idle_s)
            self.hosted.set()
            await self.lives[environment_id].live()
        await link.close()

    async def invoke(self, payload: bytes = b"a", version_key: str = "f:1") -> Reply:
        invocation = Invocation(
            request_id=str(uuid.uuid4()), payload=payload, accepted_at_ns=time.time_ns(), function_arn="arn",
            trace_id=new_trace_id(),
        )
        return await asyncio.wait_for(self.caller.call(version_key, invocation, start=self.start), 40)

    async def ended(self) -> None:
        """Every environment has come to its end."""
        while self._tasks:
            await asyncio.wait_for(asyncio.wait(set(self._tasks)), 20)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.caller.close()


@pytest_asyncio.fixture
async def world(broker) -> AsyncIterator[World]:
    show_worker(broker, 2)
    world = World()
    yield world
    await world.close()


async def test_an_invocation_is_answered(world):
    assert (await world.invoke(b"hello")).answer.payload == b"HELLO"


async def test_six_megabytes_come_back(world):
    payload = os.urandom(6 * 1024 * 1024).lower()
    world.prepare = lambda host: setattr(host, "handler", lambda payload: payload)
    assert (await world.invoke(payload)).answer.payload == payload


async def test_one_after_the_other_uses_one_environment(world):
    for _ in range(50):
        await world.invoke()
    assert len(world.hosts) == 1


async def test_the_answer_does_not_wait_for_the_tail_but_the_next_invocation_does_not_get_the_environment(world):
    world.prepare = lambda host: host.tail.clear()
    await world.invoke()
    await world.invoke()
    assert [len(host.invocations) for host in world.hosts.values()] == [1, 1]
    with pytest.raises(Throttled):
        await world.invoke()


async def test_a_hundred_callers_at_once_are_all_served_and_never_share_an_environment(world, broker):
    show_worker(broker, 8)

    async def until_served(number: int) -> bytes:
        while True:
            try:
                return (await world.invoke(b"n%d" % number)).answer.payload
            except Throttled:
                await asyncio.sleep(0.01)

    answers = await asyncio.gather(*(until_served(number) for number in range(100)))
    assert answers == [b"N%d" % number for number in range(100)]
    assert len(world.hosts) <= 8
    assert sum(len(host.invocations) for host in world.hosts.values()) == 100


async def test_another_version_takes_the_place_of_an_idle_environment(world, broker):
    show_worker(broker, 1)
    await world.invoke()
    await world.invoke(version_key="f:2")
    [first, second] = world.hosts.values()
    assert first.shutdowns == [ShutdownReason.SPINDOWN]
    assert second.shutdowns == []


async def test_without_a_worker_the_caller_is_told_so(world, broker):
    broker.delete("lambdasim:workers")
    with pytest.raises(NoWorker, match="No worker hosts"):
        await world.invoke()


async def test_an_environment_that_is_idle_for_long_spins_down(world):
    world.idle_s = 0.05
    await world.invoke()
    await world.ended()
    assert [host.shutdowns for host in world.hosts.values()] == [[ShutdownReason.SPINDOWN]]
    assert await world.caller.placement.list() == []


async def test_a_stop_reaches_an_idle_environment(world):
    await world.invoke()
    [environment_id] = world.hosts
    assert await world.caller.placement.stop(environment_id, ShutdownReason.FAILURE)
    await world.ended()
    assert world.hosts[environment_id].shutdowns == [ShutdownReason.FAILURE]


async def test_a_stopping_worker_lets_the_invocation_finish_first(world):
    world.prepare = lambda host: host.gate.clear()
    invoking = asyncio.create_task(world.invoke(b"x"))
    await world.hosted.wait()
    [(environment_id, host)] = world.hosts.items()
    await host.invoked.wait()
    world.lives[environment_id].stop_requested.set()
    host.gate.set()
    assert (await invoking).answer.payload == b"X"
    await world.ended()
    assert host.shutdowns == [ShutdownReason.SPINDOWN]


async def test_a_stopping_worker_ends_an_idle_environment_at_once(world):
    await world.invoke()
    [(environment_id, host)] = world.hosts.items()
    world.lives[environment_id].stop_requested.set()
    await world.ended()
    assert host.shutdowns == [ShutdownReason.SPINDOWN]


async def test_a_sandbox_that_dies_is_an_answer_not_a_hang(world):
    world.prepare = lambda host: host.gate.clear()
    invoking = asyncio.create_task(world.invoke())
    await world.hosted.wait()
    [host] = world.hosts.values()
    await host.invoked.wait()
    host.die()
    assert "the sandbox died" in (await invoking).failure
    await world.ended()
    assert await world.caller.placement.list() == []


async def test_an_environment_that_cannot_start_says_why(world):
    world.prepare = lambda host: setattr(host, "fail_start", LambdasimError("task_dir: there is none"))
    assert (await world.invoke()).failure == (
        "The execution environment could not be hosted: task_dir: there is none"
    )


async def test_a_defect_in_the_host_is_an_answer_too(world):
    world.prepare = lambda host: setattr(host, "fail_start", RuntimeError("a bug"))
    assert "RuntimeError('a bug')" in (await world.invoke()).failure


async def test_what_nobody_hosts_is_noticed_by_the_caller_itself(world, broker, monkeypatch):
    """No reaper runs here: the caller looks for itself."""
    monkeypatch.setattr(caller_module, "WATCH_S", 0.05)

    async def nobody(placed: Placed) -> None:
        await asyncio.to_thread(broker.flushall)

    world.start = nobody
    with pytest.raises(EnvironmentLost):
        await world.invoke()


async def test_an_emptied_redis_heals(world, broker, monkeypatch):
    monkeypatch.setattr(link_module, "BEAT_S", 0.05)
    await world.invoke()
    await asyncio.to_thread(broker.flushall)
    show_worker(broker, 2)
    while not await world.caller.placement.list():
        await asyncio.sleep(0.01)
    await world.invoke()
    assert len(world.hosts) == 1


async def test_a_redis_killed_during_an_invocation_costs_no_answer(world, redis_process):
    world.prepare = lambda host: host.gate.clear()
    invoking = asyncio.create_task(world.invoke(b"x"))
    await world.hosted.wait()
    [host] = world.hosts.values()
    await host.invoked.wait()
    redis_process.kill()
    host.gate.set()
    await asyncio.to_thread(redis_process.start)
    assert (await invoking).answer.payload == b"X"
    assert (await world.invoke(b"y")).answer.payload == b"Y"
    assert [invocation.payload for host in world.hosts.values() for invocation in host.invocations] == [b"x", b"y"]


async def test_without_redis_the_caller_is_told_so_in_time(world, redis_process, monkeypatch):
    monkeypatch.setattr(caller_module, "PLACING_PATIENCE_S", 0.2)
    redis_process.kill()
    try:
        with pytest.raises(BrokerAway, match="could not be placed"):
            await world.invoke()
    finally:
        await asyncio.to_thread(redis_process.start)


async def test_a_caller_whose_redis_stays_away_gets_an_error(world, redis_process, monkeypatch):
    monkeypatch.setattr(caller_module, "WATCH_S", 0.05)
    monkeypatch.setattr(caller_module, "WAITING_PATIENCE_S", 0.2)
    world.prepare = lambda host: host.gate.clear()
    invoking = asyncio.create_task(world.invoke())
    await world.hosted.wait()
    [host] = world.hosts.values()
    await host.invoked.wait()
    redis_process.kill()
    try:
        with pytest.raises(BrokerAway, match="its answer is lost"):
            await invoking
    finally:
        host.gate.set()
        await asyncio.to_thread(redis_process.start)


async def test_an_invocation_whose_move_was_cut_off_is_found_again(broker):
    """As when the connection breaks after Redis has moved the message and before we have read it."""
    link = Link(new_environment_id(), "f:1", HERE, on_buried=lambda: None)
    taking = asyncio.create_task(link.take(5))
    while not broker.info("clients")["blocked_clients"]:
        await asyncio.sleep(0.001)
    message = encode(Invoke(invocation=INVOCATION, reply_to="list"))
    broker.rpush(f"lambdasim:taken:{link.environment_id}", message)
    broker.client_kill_filter(_type="normal", skipme=True)
    assert (await taking).invocation == INVOCATION
    await link.close()


async def test_the_same_invocation_is_never_run_twice(broker):
    link = Link(new_environment_id(), "f:1", HERE, on_buried=lambda: None)
    for _ in range(2):
        broker.rpush(
            f"lambdasim:inbox:{link.environment_id}", encode(Invoke(invocation=INVOCATION, reply_to="list"))
        )
    assert await link.take(5) is not None
    assert await link.take(5) is None
    await link.close()


async def test_the_buried_are_told(world, broker):
    await world.invoke()
    [environment_id] = world.hosts
    broker.set(f"lambdasim:buried:{environment_id}", "1")
    while not world.buried:
        await asyncio.sleep(0.01)
    assert world.buried == [environment_id]

"""Placement alone, against a real Redis: who gets which environment."""

import time

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from lambdasim.invocations.broker import PREFIX
from lambdasim.invocations.placement import SOURCE, leftover_of

from .conftest import show_worker


class Operations:
    """The Lua operations by name, without asyncio."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self._script = client.register_script(SOURCE)
        self.requests = 0

    def call(self, operation: str, *arguments: object) -> object:
        return self._script(keys=[PREFIX], args=[operation, *arguments])

    def acquire(
        self, version: str, *, request: str | None = None, new_id: str | None = None, lease_ms: int = 60_000,
        patience: str = "none",
    ):
        self.requests += 1
        request = request or f"request-{self.requests}"
        outcome, *rest = self.call(
            "acquire", version, request, "replies", new_id or f"env-{self.requests}", lease_ms, patience, b"STOP",
            b"INVOKE",
        )
        return outcome.decode(), *(part.decode() if isinstance(part, bytes) else part for part in rest)

    def begin(self, environment: str) -> int:
        return self.call("begin", environment, 60_000, "worker", "host", "1.1")

    def take(self, environment: str) -> bytes | None:
        return self.client.lmove(f"{PREFIX}inbox:{environment}", f"{PREFIX}taken:{environment}", "LEFT", "RIGHT")

    def beat(self, environment: str, state: str, *, n: int, version: str = "f:1", request: str = "") -> str:
        return self.call(
            "beat", environment, 60_000, n, state, version, request, "replies", "worker", "host", "1.1"
        ).decode()

    def release(self, environment: str, n: int = 1) -> str:
        return self.call("release", environment, n).decode()

    def state(self, environment: str) -> str | None:
        found = self.client.hget(f"{PREFIX}environment:{environment}", "state")
        return found.decode() if found else None

    def run(self, environment: str, n: int = 1) -> None:
        self.take(environment)
        self.release(environment, n)


@pytest.fixture
def operations(broker: redis.Redis) -> Operations:
    show_worker(broker, 2)
    return Operations(broker)


def test_the_first_invocation_starts_an_environment(operations):
    assert operations.acquire("f:1", new_id="a") == ("cold", "a", "")
    assert operations.take("a") == b"INVOKE"


def test_a_free_environment_is_used_again(operations):
    operations.acquire("f:1", new_id="a")
    operations.run("a")
    assert operations.acquire("f:1") == ("warm", "a")


def test_the_most_recently_used_environment_is_preferred(operations):
    for id in ("a", "b"):
        operations.acquire("f:1", new_id=id)
    operations.run("b")
    operations.run("a")
    assert operations.acquire("f:1") == ("warm", "a")


def test_an_environment_of_another_version_is_never_used(operations):
    operations.acquire("f:1", new_id="a")
    operations.run("a")
    assert operations.acquire("f:2", new_id="b") == ("cold", "b", "")


def test_the_least_recently_used_idle_environment_makes_room(operations):
    for id, version in (("a", "f:1"), ("b", "f:2")):
        operations.acquire(version, new_id=id)
        operations.run(id)
    assert operations.acquire("g:1", new_id="c") == ("cold", "c", "a")
    assert operations.state("a") == "stopping"
    assert operations.take("a") == b"STOP"
    assert operations.acquire("f:1", new_id="d") == ("cold", "d", "b")


def test_it_throttles_when_every_environment_is_busy(operations):
    operations.acquire("f:1")
    operations.acquire("f:1")
    assert operations.acquire("f:1") == ("throttled", 2)


def test_without_a_live_worker_nothing_is_placed(broker):
    operations = Operations(broker)
    assert operations.acquire("f:1") == ("no worker",)
    show_worker(broker, 4, at=time.time() - 6)
    assert operations.acquire("f:1") == ("no worker",)


def test_the_slots_of_all_live_workers_count(operations, broker):
    show_worker(broker, 1, name="another")
    assert [operations.acquire("f:1")[0] for _ in range(4)] == ["cold", "cold", "cold", "throttled"]


def test_a_patient_caller_is_told_that_an_environment_will_be_free_in_a_moment(operations):
    operations.acquire("f:1", new_id="a")
    operations.take("a")
    assert operations.acquire("f:1", patience="short", new_id="b")[0] == "cold"
    operations.run("b")
    operations.acquire("f:1")
    operations.call("answer", "a", "f:1", "replies", b"REPLY")
    assert operations.acquire("f:1", patience="short") == ("soon",)
    assert operations.acquire("f:1", patience="long") == ("soon",)
    assert operations.acquire("f:1", patience="none") == ("throttled", 2)
    operations.release("a")
    assert operations.acquire("f:1", patience="short") == ("warm", "a")


def test_a_caller_who_has_waited_a_moment_gets_a_slot_that_is_free_rather_than_waiting_on(operations):
    operations.run("a")
    operations.acquire("f:1")
    operations.call("answer", "a", "f:1", "replies", b"REPLY")
    assert operations.acquire("f:1", patience="long", new_id="b") == ("cold", "b", "")


def test_a_repeated_request_is_placed_once(operations):
    assert operations.acquire("f:1", request="r", new_id="a") == ("cold", "a", "")
    assert operations.acquire("f:1", request="r", new_id="b") == ("cold", "a", "")
    operations.begin("a")
    assert operations.acquire("f:1", request="r", new_id="c") == ("warm", "a")
    assert operations.client.llen(f"{PREFIX}inbox:a") == 1


def test_an_idle_environment_whose_lease_ended_gets_nothing(operations):
    operations.acquire("f:1", new_id="a", lease_ms=-1)
    operations.run("a")
    assert operations.acquire("f:1", new_id="b")[:2] == ("cold", "b")


def test_a_beat_brings_back_what_redis_forgot(operations, broker):
    operations.acquire("f:1", new_id="a")
    operations.run("a")
    broker.flushall()
    show_worker(broker, 2)
    operations.beat("a", "idle", n=2)
    assert operations.acquire("f:1") == ("warm", "a")


def test_a_beat_on_its_way_does_not_free_an_environment_that_was_just_given_work(operations):
    operations.acquire("f:1", new_id="a")
    operations.run("a", n=1)
    operations.acquire("f:1")
    operations.beat("a", "idle", n=2)
    assert operations.state("a") == "busy"
    operations.take("a")
    operations.beat("a", "idle", n=3)
    assert operations.state("a") == "busy"


def test_a_beat_overtaken_by_a_release_does_not_make_it_busy_again(operations):
    operations.acquire("f:1", new_id="a")
    operations.take("a")
    operations.release("a", n=5)
    operations.beat("a", "busy", n=4, request="request-1")
    assert operations.state("a") == "idle"


def test_a_beat_of_an_environment_that_is_starting_leaves_its_invocation(operations):
    operations.acquire("f:1", request="r", new_id="a")
    operations.beat("a", "starting", n=1)
    assert operations.call("holds", "a", "r") == 1


def test_a_stop_during_an_invocation_comes_after_it(operations):
    operations.acquire("f:1", new_id="a")
    operations.take("a")
    assert operations.call("stop", "a", "spindown", b"STOP") == 1
    assert operations.release("a") == "stopping"
    assert operations.acquire("f:1", new_id="b")[:2] == ("cold", "b")
    assert operations.take("a") == b"STOP"


def test_stopping_what_is_not_there_is_refused(operations):
    assert operations.call("stop", "nobody", "spindown", b"STOP") == 0


def test_an_environment_may_not_retire_while_an_invocation_is_on_its_way(operations):
    operations.acquire("f:1", new_id="a")
    assert operations.call("retire", "a", 1, "spindown") == 0
    operations.run("a", n=2)
    assert operations.call("retire", "a", 3, "spindown") == 1
    assert operations.acquire("f:1", new_id="b")[:2] == ("cold", "b")


def test_burying_hands_over_what_nobody_answered(operations):
    operations.acquire("f:1", request="r", new_id="a")
    assert leftover_of(operations.call("bury", "a", "0", "why")) is None
    leftover = leftover_of(operations.call("bury", "a", "1", "why"))
    assert (leftover.request_id, leftover.reply_to, leftover.messages) == ("r", "replies", (b"INVOKE",))
    assert leftover_of(operations.call("bury", "a", "1", "why")) is None


def test_what_was_buried_is_told_so(operations):
    operations.acquire("f:1", new_id="a")
    operations.call("bury", "a", "1", "why")
    assert operations.beat("a", "idle", n=9) == "buried"
    assert operations.begin("a") == 0


def test_ended_leases_are_found(operations):
    operations.acquire("f:1", new_id="a", lease_ms=-500)
    operations.acquire("f:1", new_id="b")
    [(id, late_ms, host, process)] = operations.call("expired")
    assert (id, host, process) == (b"a", b"", b"")
    assert 500 <= late_ms < 5_000


class PlacementMachine(RuleBasedStateMachine):
    """Random histories of callers, environments, evictions, deaths and an emptied Redis."""

    client: redis.Redis
    SLOTS = 3

    def __init__(self) -> None:
        super().__init__()
        self.client.flushall()
        show_worker(self.client, self.SLOTS)
        self.operations = Operations(self.client)
        self.alive: dict[str, str] = {}
        self.holding: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.told_to_stop: set[str] = set()
        self.to_stop_afterwards: set[str] = set()

    def n(self, id: str) -> int:
        self.counts[id] = self.counts.get(id, 0) + 1
        return self.counts[id]

    @rule(version=st.sampled_from(["f:1", "f:2", "g:1"]))
    def invoke(self, version: str) -> None:
        outcome, *rest = self.operations.acquire(version)
        placeable = len(set(self.alive) - self.told_to_stop)
        if outcome == "throttled":
            assert placeable >= self.SLOTS
            assert all(id in self.holding for id in set(self.alive) - self.told_to_stop)
            return
        id = rest[0]
        if outcome == "warm":
            assert self.alive[id] == version
            assert id not in self.told_to_stop
        else:
            assert id not in self.alive
            self.alive[id] = version
            if rest[1]:
                assert rest[1] not in self.holding
                self.told_to_stop.add(rest[1])
        assert id not in self.holding, "two invocations in one environment"
        self.holding[id] = f"request-{self.operations.requests}"

    @precondition(lambda self: self.holding)
    @rule(data=st.data(), early_beat=st.booleans())
    def finish_invocation(self, data: st.DataObject, early_beat: bool) -> None:
        id = data.draw(st.sampled_from(sorted(self.holding)))
        if early_beat and self.client.exists(f"{PREFIX}inbox:{id}"):
            # Not taken yet: it still says what it was before.
            self.operations.beat(id, "idle", n=self.n(id), version=self.alive[id])
        self.operations.take(id)
        self.operations.beat(id, "busy", n=self.n(id), version=self.alive[id], request=self.holding[id])
        stale = self.n(id)
        self.operations.release(id, self.n(id))
        self.operations.beat(id, "busy", n=stale, version=self.alive[id], request=self.holding[id])
        del self.holding[id]
        if id in self.to_stop_afterwards:
            self.to_stop_afterwards.remove(id)
            self.told_to_stop.add(id)

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.alive)))
        assert self.operations.call("stop", id, "spindown", b"STOP") == 1
        (self.to_stop_afterwards if id in self.holding else self.told_to_stop).add(id)

    @precondition(lambda self: set(self.alive) - set(self.holding))
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(set(self.alive) - set(self.holding))))
        self.operations.call("finish", id)
        self._gone(id)

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def die(self, data: st.DataObject) -> None:
        id = data.draw(st.sampled_from(sorted(self.alive)))
        leftover = leftover_of(self.operations.call("bury", id, "1", "died"))
        assert leftover.request_id == self.holding.get(id, "")
        self._gone(id)

    @rule()
    def empty_redis(self) -> None:
        """Everything is forgotten; before the next caller comes, every environment has said what it does."""
        self.client.flushall()
        show_worker(self.client, self.SLOTS)
        self.to_stop_afterwards.clear()
        for id, version in self.alive.items():
            request = self.holding.get(id, "")
            state = "busy" if request else "stopping" if id in self.told_to_stop else "idle"
            assert self.operations.beat(id, state, n=self.n(id), version=version, request=request) == "ok"

    def _gone(self, id: str) -> None:
        del self.alive[id]
        self.holding.pop(id, None)
        self.told_to_stop.discard(id)
        self.to_stop_afterwards.discard(id)

    @invariant()
    def never_more_than_the_slots(self) -> None:
        assert len(set(self.alive) - self.told_to_stop) <= self.SLOTS

    @invariant()
    def an_idle_environment_holds_nothing(self) -> None:
        idle = {id.decode() for id in self.client.zrange(f"{PREFIX}idle", 0, -1)}
        assert idle == set(self.alive) - set(self.holding) - self.told_to_stop


def test_no_history_puts_two_invocations_in_one_environment_or_exceeds_the_slots(broker):
    PlacementMachine.client = broker
    run_state_machine_as_test(
        PlacementMachine,
        settings=settings(
            max_examples=60, stateful_step_count=40, deadline=None,
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        ),
    )

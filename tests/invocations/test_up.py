"""The whole product as `manage.py up` runs it, with real functions: it serves, it heals, it leaves nothing behind."""

import http.client
import itertools
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import redis
from botocore.exceptions import ClientError

from .running_stack import BASE_DIR, RunningStack, Watched, children, command_line, descendants, free_port, kill

ENVIRONMENTS = 8


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    stack = RunningStack(environments=ENVIRONMENTS)
    try:
        stack.start()
        yield stack
    finally:
        stack.end()


STOP_ALL = """
import asyncio
from lambdasim.invocations import services

async def stop():
    await services.stop_all("sleeper")
    await services.close()

asyncio.run(stop())
"""


@pytest.fixture
def alone(stack: RunningStack) -> RunningStack:
    """No environment is left of an earlier test."""


    def is_empty() -> bool:
        return not any(descendants(pid) for pid in children(stack.worker))

    def emptied() -> bool:
        # More than once: an environment that an emptied Redis has forgotten can be stopped after its next beat.
        if not is_empty():
            done = stack.manage("shell", "-v", "0", "-c", STOP_ALL)
            assert done.returncode == 0, done.stderr
        return is_empty()

    stack.until(emptied)
    return stack


def in_flight(stack: RunningStack, pool: ThreadPoolExecutor, *, seconds: float) -> "Future[dict]":
    """An invocation that has reached its function."""
    before = len(recorded_starts(stack))
    future = pool.submit(stack.invoke, seconds=seconds, echo="in flight")
    stack.until(lambda: len(recorded_starts(stack)) > before or future.done())
    return future


def recorded_starts(stack: RunningStack) -> list[str]:
    """Every platform.start that has been recorded."""
    found = []
    for environment in stack.get("/api/environments?limit=100")["environments"]:
        found += [event for event in events(stack, environment["environment_id"]) if event["type"] == "platform.start"]
    return found


def events(stack: RunningStack, environment_id: str) -> list[dict]:
    connection = http.client.HTTPConnection("127.0.0.1", stack.port, timeout=10)
    connection.request("GET", f"/api/environments/{environment_id}/events")
    body = connection.getresponse().read()
    connection.close()
    return [json.loads(line) for line in body.splitlines() if line]


def test_health_says_that_all_parts_answer(stack):
    assert stack.get("/healthz")["ok"] is True


def test_it_prints_what_a_user_needs(stack):
    text = "".join(stack.output)
    for part in (f"http://127.0.0.1:{stack.port}", str(stack.home), "Isolation:", "versions: Python"):
        assert part in text


def test_boto3_invokes_a_function(stack):
    answer = stack.client().invoke(FunctionName="sleeper", Qualifier="1", Payload=b'{"echo": 5}', LogType="Tail")
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "1")
    assert json.load(answer["Payload"])["echo"] == 5
    assert answer["LogResult"]


def test_boto3_knows_the_error_of_an_unknown_function(stack):
    client = stack.client()
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Function not found: arn:aws:lambda"):
        client.invoke(FunctionName="nobody")


def test_an_environment_is_used_again(alone):
    answers = [alone.invoke() for _ in range(10)]
    assert [answer["count"] for answer in answers] == list(range(1, 11))
    assert len({answer["environment"] for answer in answers}) == 1


def test_a_hundred_at_once_share_eight_environments_and_never_one_of_them(alone):
    def until_served(number: int) -> dict:
        while True:
            try:
                return alone.invoke(seconds=0.02, echo=number)
            except ClientError as error:
                assert error.response["Error"]["Code"] == "TooManyRequestsException"
                time.sleep(0.05)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(until_served, range(100)))
    assert [answer["echo"] for answer in answers] == list(range(100))
    by_environment = defaultdict(list)
    for answer in answers:
        by_environment[answer["environment"]].append((answer["began"], answer["ended"]))
    assert 1 < len(by_environment) <= ENVIRONMENTS
    for spans in by_environment.values():
        spans.sort()
        assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans))


def test_a_killed_child_is_an_error_at_once_and_leaves_no_process(alone):
    with ThreadPoolExecutor(1) as pool:
        future = in_flight(alone, pool, seconds=30)
        child = alone.hosting_child()
        sandbox = Watched(descendants(child))
        assert len(sandbox) >= 2
        killed_at_s = time.monotonic()
        kill(child)
        with pytest.raises(ClientError, match=r"ServiceException.*ended unexpectedly"):
            future.result(20)
        assert time.monotonic() - killed_at_s < 6
        assert sandbox.survivors(within_s=5) == []
    [lost] = alone.until(lambda: [
        events(alone, environment["environment_id"])[-1]
        for environment in alone.get("/api/environments?limit=1")["environments"] if not environment["alive"]
    ])
    assert (lost["type"], lost["record"]) == ("sim.lost", {"reason": "its worker process died"})
    assert alone.invoke_until_served()["count"] == 1


def test_a_killed_worker_is_an_error_in_time_and_is_started_again(alone):
    with ThreadPoolExecutor(1) as pool:
        future = in_flight(alone, pool, seconds=30)
        below = Watched(descendants(alone.worker))
        killed_at_s = time.monotonic()
        kill(alone.worker)
        with pytest.raises(ClientError, match="ServiceException"):
            future.result(20)
        assert time.monotonic() - killed_at_s < 10
        assert below.survivors(within_s=5) == []
    assert alone.invoke_until_served()["count"] == 1


def test_a_killed_redis_costs_no_answer(alone):
    with ThreadPoolExecutor(1) as pool:
        future = in_flight(alone, pool, seconds=3)
        kill(alone.pid("redis-server"))
        assert future.result(30)["echo"] == "in flight"
    assert alone.invoke_until_served()["count"] == 2


def test_an_emptied_redis_heals(alone):
    alone.invoke()
    with redis.Redis(unix_socket_path=str(alone.home / "redis" / "redis.sock")) as client:
        client.flushall()
    assert alone.invoke_until_served()["count"] in (1, 2)
    alone.until(lambda: alone.get("/healthz")["ok"])


def test_a_killed_web_process_comes_back_to_the_same_environments(alone):
    alone.invoke()
    kill(alone.pid("lambdasim.web"))
    assert alone.invoke_until_served()["count"] == 2


def test_a_killed_control_worker_comes_back(alone):
    control = alone.pid("-Q control")
    below = Watched(descendants(control))
    kill(control)
    assert below.survivors(within_s=5) == []
    alone.until(lambda: [
        pid for pid in children(alone.manager.pid) if pid != control and "-Q control" in command_line(pid)
    ])


def test_a_second_one_on_the_same_directory_is_refused(stack):
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--home", str(stack.home), "--port", str(stack.port)],
        cwd=BASE_DIR, env=stack.env, text=True, capture_output=True, timeout=30,
    )
    assert "is in use by another program" in done.stderr
    done = subprocess.run(
        [sys.executable, "manage.py", "up", "--home", str(stack.home), "--port", str(free_port())],
        cwd=BASE_DIR, env=stack.env, text=True, capture_output=True, timeout=30,
    )
    assert f"another lambdasim (process {stack.manager.pid}) is running" in done.stderr


def test_a_killed_manager_leaves_no_process_and_can_be_started_again(stack):
    stack.invoke_until_served()
    everything = Watched(descendants(stack.manager.pid))
    assert len(everything) > ENVIRONMENTS
    stack.manager.kill()
    stack.manager.wait()
    assert everything.survivors(within_s=5) == []
    stack.start_manager()
    assert stack.invoke_until_served()["count"] == 1


def test_ctrl_c_shuts_environments_down_properly_and_leaves_no_process(stack):
    stack.invoke_until_served()
    everything = Watched(descendants(stack.manager.pid))
    began_s = time.monotonic()
    stack.manager.send_signal(signal.SIGINT)
    assert stack.manager.wait(10) == 0
    assert time.monotonic() - began_s < 5
    assert everything.survivors(within_s=0.5) == []
    with sqlite3.connect(stack.home / "lambdasim.sqlite3") as database:
        rows = database.execute(
            "SELECT ended_at, end_reason FROM recording_environment ORDER BY created_at DESC LIMIT 1"
        ).fetchall()
    [(ended_at, reason)] = rows
    assert ended_at is not None
    assert "died" not in reason

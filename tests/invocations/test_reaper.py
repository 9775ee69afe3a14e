"""Finding the dead, against a real Redis, real processes and the database."""

import os
import signal
import subprocess
import uuid
from collections.abc import Iterator

import pytest

from lambdasim.core.values import Invocation
from lambdasim.invocations import reaper
from lambdasim.invocations.alive import here, is_alive, name_of, this_process
from lambdasim.invocations.broker import PREFIX
from lambdasim.invocations.messages import Invoke, decode_reply, encode
from lambdasim.recording import queries as recording
from lambdasim.recording.writer import Recorder
from lambdasim.telemetry.event import TelemetryEvent

from .conftest import show_worker
from .test_placement import Operations

pytestmark = pytest.mark.django_db(transaction=True)

INVOCATION = Invocation(request_id="r", payload=b"{}", accepted_at_ns=1, function_arn="arn", trace_id="t")


@pytest.fixture
def operations(broker) -> Operations:
    show_worker(broker, 4)
    return Operations(broker)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()
    process.stdin.close()


def place(operations: Operations, *, late_ms: int, process: str = "", host: str | None = None) -> str:
    """An environment with an invocation, whose lease ended `late_ms` ago."""
    environment_id = str(uuid.uuid4())
    message = encode(Invoke(invocation=INVOCATION, reply_to="replies"))
    operations.call("acquire", "f:1", "r", "replies", environment_id, -late_ms, 0, b"STOP", message)
    if process:
        operations.call("begin", environment_id, -late_ms, "w", host or here(), process)
    return environment_id


def record_start(environment_id: str) -> None:
    recorder = Recorder(environment_id)
    recorder.start()
    recorder.put(TelemetryEvent(seq=1, at_ns=1, type="sim.environment", record={
        "environmentId": environment_id, "functionName": "f", "functionVersion": "1", "functionArn": "arn",
        "runtime": "provided", "handler": "h", "memorySizeMB": 128, "timeoutMs": 3000,
        "initializationType": "on-demand", "isolation": "none", "network": "host", "freezer": "sigstop",
        "memoryMethod": "vmhwm", "cpuMethod": "clock", "host": "h", "extensions": [],
    }))
    recorder.close()


def test_a_process_is_not_mistaken_for_another_of_the_same_pid():
    assert is_alive(this_process())
    assert not is_alive(f"{os.getpid()}.1")


def test_a_dead_process_is_dead_even_before_its_parent_has_noticed(stranger):
    name = name_of(stranger.pid)
    stranger.kill()
    os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)
    assert not is_alive(name)


def test_who_waits_on_a_dead_environment_is_answered(operations, stranger):
    environment_id = place(operations, late_ms=100, process=name_of(stranger.pid))
    stranger.kill()
    stranger.wait()
    assert reaper.reap(operations.client) == [environment_id]
    replies = [decode_reply(data) for data in operations.client.lrange("replies", 0, -1)]
    assert [(reply.request_id, reply.failure) for reply in replies] == [
        ("r", "The execution environment ended unexpectedly: its worker process died.")
    ]
    assert operations.call("list") == []


def test_a_lease_that_runs_is_left_alone(operations):
    place(operations, late_ms=-5_000)
    assert reaper.reap(operations.client) == []


def test_an_environment_that_nobody_took_up_is_buried(operations):
    environment_id = place(operations, late_ms=1)
    assert reaper.reap(operations.client) == [environment_id]


def test_a_late_but_living_process_gets_time(operations, stranger):
    place(operations, late_ms=100, process=name_of(stranger.pid))
    assert reaper.reap(operations.client) == []
    assert stranger.poll() is None


def test_a_living_process_that_is_silent_for_long_is_killed_and_then_buried(operations, stranger):
    os.kill(stranger.pid, signal.SIGSTOP)
    environment_id = place(operations, late_ms=11_000, process=name_of(stranger.pid))
    assert reaper.reap(operations.client) == []
    assert stranger.wait(5) == -signal.SIGKILL
    assert reaper.reap(operations.client) == [environment_id]


@pytest.mark.parametrize(("late_ms", "buried"), [(5_000, False), (11_000, True)])
def test_on_another_machine_only_time_tells(operations, late_ms, buried):
    place(operations, late_ms=late_ms, process=this_process(), host="elsewhere")
    assert bool(reaper.reap(operations.client)) is buried


def test_the_recording_of_a_lost_environment_ends(operations):
    environment_id = place(operations, late_ms=1)
    record_start(environment_id)
    reaper.reap(operations.client)
    assert [event.type for event in recording.events(environment_id)] == ["sim.environment", "sim.lost"]
    assert operations.client.hlen(f"{PREFIX}lost") == 0


def test_what_cannot_be_recorded_now_is_recorded_in_a_later_round(operations, monkeypatch):
    environment_id = place(operations, late_ms=1)
    record_start(environment_id)

    def away(*arguments: object) -> None:
        raise OSError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(recording, "mark_lost", away)
        with pytest.raises(OSError, match="away"):
            reaper.reap(operations.client)
    reaper.reap(operations.client)
    assert [event.type for event in recording.events(environment_id)] == ["sim.environment", "sim.lost"]


def test_a_recording_that_nobody_knows_is_ended_by_the_second_sweep(operations):
    known, forgotten = place(operations, late_ms=-60_000), str(uuid.uuid4())
    record_start(known)
    record_start(forgotten)
    assert reaper.sweep(operations.client) == []
    assert reaper.sweep(operations.client) == [forgotten]
    assert reaper.sweep(operations.client) == []

"""A Redis of our own per session, so that tests may kill and empty it."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from lambdasim.invocations import redis_server


class RedisProcess:
    """A real server on a Unix socket; `kill` is SIGKILL, `start` brings it back with what it had written."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.socket = directory, directory / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = open(self.directory / "redis.log", "ab")  # noqa: SIM115
        self.process = subprocess.Popen(
            redis_server.arguments(self.socket, self.directory / "data"), stdout=log, stderr=log
        )
        log.close()
        deadline = time.monotonic() + 10
        while not self._answers():
            assert self.process.poll() is None, (self.directory / "redis.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def _answers(self) -> bool:
        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            try:
                return bool(client.ping())
            except redis.exceptions.RedisError:
                return False

    def kill(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisProcess]:
    # A short path: a socket's may have 107 bytes.
    with tempfile.TemporaryDirectory(prefix="lsim-", dir="/tmp") as directory:
        server = RedisProcess(Path(directory))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def broker(redis_process: RedisProcess, settings) -> Iterator[redis.Redis]:
    """An empty Redis that the settings name."""
    settings.REDIS_URL = redis_process.url
    with redis.Redis.from_url(redis_process.url) as client:
        client.flushall()
        yield client
        client.flushall()


def show_worker(client: redis.Redis, slots: int, *, name: str = "environments@here", at: float | None = None) -> None:
    """As a worker does every second; this one lasts for the whole test."""
    line = {"at": time.time() + 3600 if at is None else at, "slots": slots, "capabilities": {}, "lines": []}
    client.hset("lambdasim:workers", name, json.dumps(line))

"""`manage.py up` as a user starts it, and what a test wants to see of its processes."""

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

BASE_DIR = Path(__file__).resolve().parents[2]
FUNCTIONS = Path(__file__).parent / "functions"
READY_WITHIN_S = 90


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class RunningStack:
    """Owns the manager process; `end` leaves nothing behind even when a test failed."""

    def __init__(self, *, environments: int) -> None:
        # A short path: the socket of Redis lies below it.
        self._directory = tempfile.TemporaryDirectory(prefix="lsup-", dir="/tmp")
        self.home = Path(self._directory.name)
        self.port = free_port()
        self.env = {key: value for key, value in os.environ.items() if not key.startswith("LAMBDASIM_")}
        for name in ("DJANGO_SETTINGS_MODULE", "REDIS_URL", "DATABASE_URL", "CELERY_BROKER_URL"):
            self.env.pop(name, None)
        self._arguments = ["up", "--home", str(self.home), "--port", str(self.port),
                           "--environments", str(environments), "--no-samples"]
        self.manager: subprocess.Popen[str] | None = None
        self.output: list[str] = []
        self._changed = threading.Condition()

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=BASE_DIR, text=True, capture_output=True, timeout=60,
            env={**self.env, "LAMBDASIM_HOME": str(self.home)},
        )

    def start(self) -> None:
        for command in (["migrate", "-v", "0"], ["load_samples", str(FUNCTIONS)]):
            done = self.manage(*command)
            assert done.returncode == 0, done.stderr
        self.start_manager()

    def start_manager(self) -> None:
        self.output = []
        self.manager = subprocess.Popen(
            [sys.executable, "-u", "manage.py", *self._arguments], cwd=BASE_DIR, text=True, env=self.env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        threading.Thread(target=self._read, args=(self.manager,), daemon=True).start()
        self.has_said("lambdasim is ready at", within_s=READY_WITHIN_S)

    def _read(self, manager: "subprocess.Popen[str]") -> None:
        assert manager.stdout is not None
        for line in manager.stdout:
            with self._changed:
                self.output.append(line)
                self._changed.notify_all()

    def has_said(self, text: str, *, within_s: float, times: int = 1) -> None:
        with self._changed:
            found = self._changed.wait_for(lambda: "".join(self.output).count(text) >= times, within_s)
        assert found, f"{text!r} was not printed:\n{''.join(self.output)}"

    # --- processes -------------------------------------------------------------------------------

    def pid(self, words: str) -> int:
        """The manager's child whose command line matches."""
        [pid] = [pid for pid in children(self.manager.pid) if re.search(words, command_line(pid))]
        return pid

    @property
    def worker(self) -> int:
        return self.pid("-Q environments")

    def hosting_child(self) -> int:
        """The worker's child that hosts the only environment: it has children of its own."""
        [pid] = [pid for pid in children(self.worker) if children(pid)]
        return pid

    def end(self) -> None:
        if self.manager is not None and self.manager.poll() is None:
            self.manager.kill()
            self.manager.wait()
        self._directory.cleanup()

    # --- clients ---------------------------------------------------------------------------------

    def client(self, **config: Any) -> Any:
        return boto3.client(
            "lambda", endpoint_url=f"http://127.0.0.1:{self.port}", region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 0}, read_timeout=60, **config),
        )

    def invoke(self, *, seconds: float = 0, echo: object = None, function: str = "sleeper") -> dict[str, Any]:
        answer = self.client().invoke(
            FunctionName=function, Payload=json.dumps({"seconds": seconds, "echo": echo}).encode()
        )
        assert "FunctionError" not in answer, answer["Payload"].read()
        return json.load(answer["Payload"])

    def invoke_until_served(self, *, within_s: float = 30) -> dict[str, Any]:
        """While something is being started again, requests may fail."""
        deadline = time.monotonic() + within_s
        while True:
            try:
                return self.invoke()
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def get(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        body = connection.getresponse().read()
        connection.close()
        return json.loads(body)

    def until(self, look: Any, *, within_s: float = 15) -> Any:
        deadline = time.monotonic() + within_s
        while not (found := look()):
            assert time.monotonic() < deadline, "".join(self.output[-40:])
            time.sleep(0.05)
        return found


def children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            state, parent = stat[stat.rindex(")") + 2 :].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(entry.name))
    return found


def descendants(pid: int) -> list[int]:
    below = children(pid)
    return [*below, *(deeper for child in below for deeper in descendants(child))]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


class Watched:
    """Processes held by pidfd, so that a reused pid is no witness."""

    def __init__(self, pids: list[int]) -> None:
        self._fds = {}
        for pid in pids:
            try:
                self._fds[os.pidfd_open(pid)] = (pid, command_line(pid))
            except ProcessLookupError:
                continue

    def __len__(self) -> int:
        return len(self._fds)

    def survivors(self, *, within_s: float) -> list[tuple[int, str]]:
        deadline = time.monotonic() + within_s
        alive = dict(self._fds)
        while alive and (left_s := deadline - time.monotonic()) > 0:
            for fd in select.select(list(alive), [], [], left_s)[0]:
                del alive[fd]
        for fd in self._fds:
            os.close(fd)
        return list(alive.values())


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    os.kill(pid, number)

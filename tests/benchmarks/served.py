"""Ours as processes of their own, reached over HTTP: `python -m lambdasim serve` and the whole of `manage.py up`."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.driven import Package
from tests.benchmarks.http_client import HttpClient
from tests.benchmarks.rie import INVOKE_PATH

REPOSITORY = Path(__file__).parents[2]
AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=test/20150331/us-east-1/lambda/aws4_request, " \
    "SignedHeaders=host, Signature=0"
UP_SECONDS, STOP_SECONDS = 90.0, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    process: "subprocess.Popen[bytes]"
    port: int

    def client(self, function: str = "function", qualifier: str = "") -> HttpClient:
        path = INVOKE_PATH.replace("/function/", f"/{function}/") + (f"?Qualifier={qualifier}" if qualifier else "")
        return HttpClient(self.port, path, {"Authorization": AUTHORIZATION})


@contextmanager
def serve(package: Package, *, layers: list[Path]) -> Iterator[Served]:
    """`python -m lambdasim serve`: the drop-in for RIE, one environment."""
    port = free_port()
    command = [sys.executable, "-m", "lambdasim", "serve", "--port", str(port), "--task", str(package.task_dir)]
    command += ["--handler", package.handler, "--memory", str(package.memory_size_mb)]
    for layer in layers:
        command += ["--layer", str(layer)]
    with _running(command, {}) as process:
        yield Served(process=process, port=port)


@contextmanager
def up(home: Path, *, environments: int) -> Iterator[Served]:
    """`manage.py up` with the samples, until it is ready."""
    port = free_port()
    command = [sys.executable, "manage.py", "up", "--port", str(port), "--home", str(home)]
    command += ["--environments", str(environments)]
    with (home.parent / "up.log").open("wb") as log, _running(command, {"LAMBDASIM_HOME": str(home)}, log) as process:
        served = Served(process=process, port=port)
        _wait_until_healthy(port, process)
        yield served


def _wait_until_healthy(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline_s = time.monotonic() + UP_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError) as error:
            if process.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError(f"`manage.py up` did not become healthy: {error}") from error
            time.sleep(0.2)


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], output: object = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
        stdout=output, stderr=subprocess.STDOUT,  # type: ignore[call-overload]
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

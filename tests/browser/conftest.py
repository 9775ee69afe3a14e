"""A headless Chromium, a plain file server for components that need nothing of Django, and the whole of it running."""

import functools
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.dashboard.recording import example_json

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
UNSET = ("LAMBDASIM_HOME", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE")


class _Handler(http.server.SimpleHTTPRequestHandler):
    """`/static/…` from the tree, `/harness` and the recording from here."""

    def do_GET(self) -> None:
        made = {"/recording.json": ("application/json", example_json().encode())}
        made["/harness"] = ("text/html", (ROOT / "tests/browser/harness.html").read_bytes())
        found = made.get(self.path.partition("?")[0])
        if found is None:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", found[0])
        self.end_headers()
        self.wfile.write(found[1])

    def log_message(self, format: str, *args: object) -> None:
        """Quiet: a test's output is its failures."""


@pytest.fixture(scope="session")
def files_url() -> Iterator[str]:
    handler = functools.partial(_Handler, directory=str(ROOT))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of everything running, as `manage.py up` runs it, on a data directory of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    environment = {**kept, "LAMBDASIM_HOME": str(tmp_path_factory.mktemp("home"))}
    command = [sys.executable, "manage.py", "up", "--port", str(port), "--environments", "4"]
    running = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = _until_ready(running)
    reader = threading.Thread(target=lambda: said.extend(running.stdout or ()), daemon=True)
    reader.start()
    yield f"http://127.0.0.1:{port}"
    running.send_signal(signal.SIGINT)
    running.wait(60)
    reader.join()


def _until_ready(running: subprocess.Popen[str]) -> list[str]:
    said: list[str] = []
    assert running.stdout is not None
    for line in running.stdout:
        said.append(line)
        if "is ready at" in line:
            return said
    raise AssertionError(f"manage.py up ended: {''.join(said)}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Gone with its module: while it lives, its event loop runs in this thread, and no other test could have one."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()

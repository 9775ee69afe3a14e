"""A Runtime API for one runtime process: hands out given events, keeps what comes back."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NEXT_HEADERS = {
    "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    "Lambda-Runtime-Deadline-Ms": "9999999999999",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:hello",
    "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
    "Content-Type": "application/json",
}
"""All of those the service always sends: the native client does not survive a missing one."""


class FakeRuntimeApi:
    def __init__(self) -> None:
        self.events: queue.Queue[bytes] = queue.Queue()
        self.posts: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        self.first_next = threading.Event()
        self.address = ""

    def invoke(self, event: object) -> dict[str, Any]:
        """The document the runtime posts for this event, with the path it chose under `path`."""
        self.events.put(json.dumps(event).encode())
        return self.next_post()

    def next_post(self) -> dict[str, Any]:
        path, body = self.posts.get(timeout=10)
        return {"path": path.rsplit("/", 1)[-1], "body": body}


@contextmanager
def fake_runtime_api() -> Iterator[FakeRuntimeApi]:
    api = FakeRuntimeApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            api.first_next.set()
            body = api.events.get()
            if body == b"":
                self.close_connection = True
                return
            self._send(200, body, NEXT_HEADERS)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            api.posts.put((self.path, json.loads(body)))
            self._send(202, b'{"status":"OK"}', {})

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    api.address = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield api
    finally:
        api.events.put(b"")
        server.shutdown()
        thread.join()
        server.server_close()

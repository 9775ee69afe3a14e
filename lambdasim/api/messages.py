"""One HTTP request and one reply, what serves them (`Application`), and the bytes of a reply.

Knows no sockets and no routes. Header names are lower-case bytes; of a repeated header the first value counts.
Replies look like those of Go's net/http, which serves the Runtime API on AWS (RIE: rapi/server.go).
"""

from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from time import time
from typing import Any, Protocol

from lambdasim.core.limits import MAX_RESPONSE_BYTES

MAX_PAYLOAD_BYTES = MAX_RESPONSE_BYTES
"""Largest event and largest buffered response (RIE: interop/model.go, MaxPayloadSize): no endpoint keeps more."""

_STATUS_LINES = {
    (minor, status.value): f"HTTP/1.{minor} {status.value} {status.phrase}\r\n".encode()
    for minor in (0, 1) for status in HTTPStatus
}
_BODILESS = frozenset({204, 304})
_CONTROLS = {code: " " for code in range(32) if code != 9} | {127: " "}


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` are rendered lines (see `header_lines`); framing, Date and Connection are added on the way out."""

    status: int
    body: bytes = b""
    headers: bytes = b""


class Answering(Protocol):
    def answer(self, request: "Request", reply: Reply) -> None: ...


class Request:
    """Grows while its bytes arrive. It is also the token of a parked call: `answer` may come any time later."""

    __slots__ = (
        "answered", "begun", "body_bytes", "body_limit_bytes", "broken", "early", "endpoint", "expects_continue",
        "finished", "headed", "headers", "http_minor", "keep_alive", "method", "note", "parameter", "parts", "target",
        "trailers", "via", "whole",
    )

    def __init__(self, via: Answering) -> None:
        self.via = via
        # head
        self.method = ""
        self.target = b""
        self.http_minor = 1
        self.headers: dict[bytes, bytes] = {}
        self.keep_alive = True
        self.expects_continue = False
        # body
        self.parts: list[bytes] = []
        self.body_bytes = 0
        self.body_limit_bytes = MAX_PAYLOAD_BYTES
        self.trailers: dict[bytes, bytes] = {}
        # how far it is: the connection's
        self.headed = self.begun = self.whole = self.broken = self.finished = self.answered = False
        # what was made of it: the application's
        self.endpoint: Any = None
        self.parameter = ""
        self.early: Reply | None = None
        self.note: Any = None

    @property
    def path(self) -> str:
        """Undecoded and without the query: AWS's router compares raw paths."""
        target = self.target.partition(b"?")[0]
        if not target.startswith(b"/") and b"://" in target:
            target = b"/" + target.split(b"://", 1)[1].partition(b"/")[2]
        return target.decode("latin-1")

    def header(self, name: bytes) -> str:
        """The value, or "" where the header is absent; `name` in lower case."""
        return _text(self.headers.get(name, b""))

    def trailer(self, name: bytes) -> str:
        return _text(self.trailers.get(name, b""))

    def add_body(self, data: bytes) -> None:
        self.body_bytes += len(data)
        if self.body_bytes <= self.body_limit_bytes:
            self.parts.append(data)
        else:
            self.parts.clear()

    def limit_body(self, limit_bytes: int) -> None:
        """Beyond the limit a body is counted (`body_bytes`), not kept."""
        self.body_limit_bytes = limit_bytes
        if self.body_bytes > limit_bytes:
            self.parts.clear()

    @property
    def oversized(self) -> bool:
        return self.body_bytes > self.body_limit_bytes

    @property
    def body(self) -> bytes:
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)

    def answer(self, reply: Reply) -> None:
        """Does nothing if the connection has gone, or was answered already."""
        self.via.answer(self, reply)


class Application(Protocol):
    """What is served. Nothing here may raise. Each method is called at most once for a request."""

    keeps_half_closed: bool
    """Whether a client that has ended its side still waits for its parked answer."""

    def begin(self, request: Request) -> None:
        """The head is complete."""

    def finish(self, request: Request) -> Reply | None:
        """The body is complete. None: the answer comes later, through `request.answer`."""

    def cut_off(self, request: Request) -> Reply:
        """The body will never be complete. There may be nobody left to read the answer."""

    def dropped(self, request: Request) -> None:
        """The client of a parked request has gone."""


def header_lines(*headers: tuple[str, str]) -> bytes:
    """Rendered header lines. Empty values are left out; control characters become blanks, so that a value can
    never end its line (Go does the same with line breaks)."""
    return "".join(
        f"{name}: {value if value.isprintable() else value.translate(_CONTROLS)}\r\n"
        for name, value in headers if value
    ).encode("utf-8", "replace")


def render(reply: Reply, *, method: str, http_minor: int, keep_alive: bool) -> bytes:
    """The whole reply, to be written in one piece."""
    if not keep_alive:
        connection = b"Connection: close\r\n"
    elif http_minor == 0:
        connection = b"Connection: keep-alive\r\n"
    else:
        connection = b""
    status_line = _STATUS_LINES.get((http_minor, reply.status)) or b"HTTP/1.%d %d \r\n" % (http_minor, reply.status)
    if reply.status in _BODILESS:
        return b"%b%b%b%b\r\n" % (status_line, reply.headers, _date.line(), connection)
    body = b"" if method == "HEAD" else reply.body
    return b"%b%b%b%bContent-Length: %d\r\n\r\n%b" % (
        status_line, reply.headers, _date.line(), connection, len(reply.body), body,
    )


class _DateLine:
    """Formatting a date costs more than parsing a request, so it is done once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._line = b""

    def line(self) -> bytes:
        second = int(time())
        if second != self._second:
            self._second = second
            self._line = b"Date: " + formatdate(second, usegmt=True).encode() + b"\r\n"
        return self._line


_date = _DateLine()


def _text(value: bytes) -> str:
    return value.strip(b" \t").decode("utf-8", "replace")

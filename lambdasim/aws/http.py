"""ASGI ↔ values, for the AWS surface only: a request with its whole body, a response in one piece."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from lambdasim.aws.errors import ApiError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024
"""AWS: Lambda quotas, "Invocation payload (request and response)", synchronous."""


class Disconnected(Exception):
    """The client went away before its request was complete: there is nobody to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case; of repeated ones the last."""

    def header(self, name: str, default: str = "") -> str:
        return self.headers.get(name, default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def request_of(scope: Scope) -> Request:
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
    )


async def read_body(request: Request, receive: Receive) -> bytes:
    """Raises ApiError 413 as soon as it is known to be too large, and Disconnected."""
    declared = request.header("content-length")
    if declared.isdecimal() and int(declared) > PAYLOAD_LIMIT_BYTES:
        raise _too_large()
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > PAYLOAD_LIMIT_BYTES:
            raise _too_large()
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


async def respond(response: Response, send: Send) -> None:
    headers = {**response.headers, "content-length": str(len(response.body))}
    if response.status == 204:
        del headers["content-length"]
    await send({
        "type": "http.response.start", "status": response.status,
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    })
    await send({"type": "http.response.body", "body": response.body})


def _too_large() -> ApiError:
    return ApiError(
        "RequestTooLargeException", f"Request must be smaller than {PAYLOAD_LIMIT_BYTES} bytes for the InvokeFunction "
        "operation",
    )

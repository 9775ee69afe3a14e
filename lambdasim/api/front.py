"""The HTTP front of one environment for callers: what `python -m lambdasim serve` listens with, a drop-in for RIE.

One route, as in AWS's emulator (RIE: rie/http.go, rie/handlers.go): POST to the function named `function`. What an
invocation is and how it ends is the business of the callable that is handed in.
"""

import asyncio
import base64
import binascii
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from lambdasim.api.listener import HttpListener
from lambdasim.api.messages import MAX_PAYLOAD_BYTES, Reply, Request, header_lines
from lambdasim.api.replies import INTERNAL_SERVER_ERROR, json_reply
from lambdasim.api.routes import Endpoint, Router

log = logging.getLogger(__name__)

INVOCATIONS_PATH = "/2015-03-31/functions/function/invocations"

_UNREADABLE_CONTEXT = Reply(500)
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "date"})
"""Headers of a response that only the server itself can know."""
_TOO_LARGE = json_reply(
    413, {"Type": "User", "message": f"Request must not be larger than {MAX_PAYLOAD_BYTES} bytes"},
    ("x-amzn-ErrorType", "RequestTooLargeException"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontRequest:
    """One call of the Invoke API. Absent headers are empty texts."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    """All of them, names in lower case."""
    client_context: str = ""
    """X-Amz-Client-Context, decoded from base64: a JSON text."""
    trace_id: str = ""
    """X-Amzn-Trace-Id."""
    log_tail: bool = False
    """X-Amz-Log-Type: Tail."""
    invocation_type: str = "RequestResponse"
    """X-Amz-Invocation-Type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontResponse:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class InvokeFront:
    """`invoke` may take its time; calls run side by side, each in a task that this front owns."""

    def __init__(self, invoke: Callable[[FrontRequest], Awaitable[FrontResponse]]) -> None:
        self._invocations = _Invocations(invoke)
        self._listener = HttpListener(_FrontRouter({INVOCATIONS_PATH: {"POST": self._invocations}}))

    async def start(self, sock: socket.socket) -> None:
        await self._listener.start(sock)

    async def close(self) -> None:
        """Calls under way are cancelled and their connections closed."""
        await self._listener.close()
        await self._invocations.cancel()


class _FrontRouter(Router):
    # A caller may send its request, end its side, and wait for the answer (`nc -N`, some shell clients).
    keeps_half_closed = True


class _Invocations(Endpoint):
    body_limit_bytes = MAX_PAYLOAD_BYTES

    def __init__(self, invoke: Callable[[FrontRequest], Awaitable[FrontResponse]]) -> None:
        self._invoke = invoke
        self._tasks: set[asyncio.Task[None]] = set()

    def finish(self, request: Request) -> Reply | None:
        if request.oversized:
            return _TOO_LARGE
        try:
            client_context = base64.b64decode(request.header(b"x-amz-client-context"), validate=True)
        except binascii.Error as error:
            log.warning("X-Amz-Client-Context is not base64: %s", error)
            return _UNREADABLE_CONTEXT
        task = asyncio.get_running_loop().create_task(self._run(request, _front_request(request, client_context)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return None

    async def cancel(self) -> None:
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, request: Request, front_request: FrontRequest) -> None:
        try:
            response = await self._invoke(front_request)
            headers = [(name, value) for name, value in response.headers.items() if name.lower() not in _FRAMING]
            reply = Reply(response.status, response.body, header_lines(*headers))
        except Exception:
            log.exception("invoking the function failed")
            reply = INTERNAL_SERVER_ERROR
        request.answer(reply)


def _front_request(request: Request, client_context: bytes) -> FrontRequest:
    return FrontRequest(
        body=request.body,
        headers={name.decode("latin-1"): request.header(name) for name in request.headers},
        client_context=client_context.decode("utf-8", "replace"),
        trace_id=request.header(b"x-amzn-trace-id"),
        log_tail=request.header(b"x-amz-log-type") == "Tail",
        invocation_type=request.header(b"x-amz-invocation-type") or "RequestResponse",
    )

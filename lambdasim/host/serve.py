"""`python -m lambdasim serve`: a drop-in for AWS's Runtime Interface Emulator.

One environment until SIGTERM, answering `POST /2015-03-31/functions/function/invocations`. Differences to RIE: Init
starts at once instead of at the first invoke; the caller is answered at the runtime's response, not after the
extensions; function errors and timeouts are answered as the service does (200 with X-Amz-Function-Error).
"""

import argparse
import asyncio
import json
import signal
import socket
import sys

import uvloop

from lambdasim.api.front import FrontRequest, FrontResponse, InvokeFront
from lambdasim.core.errors import SpecError
from lambdasim.core.values import ShutdownReason
from lambdasim.host.config import EnvironmentConfig
from lambdasim.host.environment import EnvironmentEnded, EnvironmentHost
from lambdasim.host.options import environment_config
from lambdasim.host.run import PrintingSink, invocation_of

FLUSH_SECONDS = 0.05


def serve(options: argparse.Namespace) -> int:
    with environment_config(options) as config:
        front = listening_socket(options.host, options.port)
        try:
            return uvloop.run(_serve(config, front))
        finally:
            front.close()


def listening_socket(host: str, port: int) -> socket.socket:
    """Raises SpecError when the port is taken."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except OSError as error:
        sock.close()
        raise SpecError("--port", f"cannot listen on {host}:{port} ({error.strerror}); choose another port") from None
    sock.listen(128)
    return sock


async def _serve(config: EnvironmentConfig, sock: socket.socket) -> int:
    sink = PrintingSink(as_json=False)
    environment = EnvironmentHost(config, sink)
    await environment.start()
    one_at_a_time = asyncio.Lock()

    async def invoke(request: FrontRequest) -> FrontResponse:
        async with one_at_a_time:
            return await _answer(config, environment, request)

    front = InvokeFront(invoke)
    await front.start(sock)
    host, port = sock.getsockname()[:2]
    print(f"listening on http://{host}:{port}/2015-03-31/functions/function/invocations", file=sys.stderr, flush=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    environment.ended.add_done_callback(lambda _: stopped.set())
    while not stopped.is_set():
        await _either(stopped, FLUSH_SECONDS)
        sink.flush()
    await front.close()
    await environment.shutdown(ShutdownReason.SPINDOWN)
    sink.flush()
    return 0


async def _answer(config: EnvironmentConfig, environment: EnvironmentHost, request: FrontRequest) -> FrontResponse:
    try:
        invocation = invocation_of(
            config, environment, request.body,
            trace_id=request.trace_id, client_context=request.client_context,
        )
        answer = await environment.invoke(invocation)
    except EnvironmentEnded as error:
        return _ended(error)
    headers = {"content-type": answer.content_type, "x-amzn-requestid": answer.request_id}
    if answer.error_type is not None:
        headers["x-amz-function-error"] = "Unhandled"
    return FrontResponse(status=200, headers=headers, body=answer.payload)


def _ended(error: EnvironmentEnded) -> FrontResponse:
    body = {"errorType": "Sandbox.Failure", "errorMessage": str(error)}
    return FrontResponse(status=502, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


async def _either(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return

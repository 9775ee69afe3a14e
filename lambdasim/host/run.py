"""`python -m lambdasim run`: some invocations of one function, and what its log says."""

import argparse
import asyncio
import signal
import sys

import uvloop

from lambdasim.core.values import Answer, Invocation, ShutdownReason
from lambdasim.host.config import EnvironmentConfig
from lambdasim.host.environment import EnvironmentHost
from lambdasim.host.identifiers import new_request_id, new_trace_id
from lambdasim.host.options import environment_config, read_event
from lambdasim.telemetry.event import TelemetryEvent, encode_lines
from lambdasim.telemetry.report import text_lines


class PrintingSink:
    """Keeps events until `flush`, so that printing never delays the Runtime API."""

    def __init__(self, *, as_json: bool) -> None:
        self._events: list[TelemetryEvent] = []
        self._as_json = as_json

    def put(self, event: TelemetryEvent) -> None:
        self._events.append(event)

    def flush(self) -> None:
        events, self._events = self._events, []
        if self._as_json:
            sys.stdout.write(encode_lines(events).decode())
        else:
            sys.stdout.writelines(line.rstrip("\n") + "\n" for event in events for line in text_lines(event))
        sys.stdout.flush()


def run(options: argparse.Namespace) -> int:
    """0 when every invocation succeeded, else 1."""
    payload = read_event(options.event)
    with environment_config(options) as config:
        return uvloop.run(_invoke_all(options, config, payload))


async def _invoke_all(options: argparse.Namespace, config: EnvironmentConfig, payload: bytes) -> int:
    sink = PrintingSink(as_json=options.json)
    environment = EnvironmentHost(config, sink)
    failed = False
    await environment.start()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        for count in range(options.count):
            if count and options.pause:
                await _pause(stopped, options.pause)
            if stopped.is_set():
                break
            answer = await environment.invoke(invocation_of(config, environment, payload))
            await environment.wait_free()
            sink.flush()
            failed = failed or answer.error_type is not None
            if not options.json:
                print(f"=> {_shown(answer)}", flush=True)
    finally:
        await environment.shutdown(ShutdownReason.SPINDOWN)
        sink.flush()
    return 1 if failed else 0


def invocation_of(
    config: EnvironmentConfig, environment: EnvironmentHost, payload: bytes, *,
    trace_id: str = "", client_context: str = "",
) -> Invocation:
    return Invocation(
        request_id=new_request_id(), payload=payload, accepted_at_ns=environment.now_ns(),
        function_arn=config.function.function_arn, trace_id=trace_id or new_trace_id(), client_context=client_context,
    )


async def _pause(stopped: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopped.wait(), seconds)
    except TimeoutError:
        return


def _shown(answer: Answer) -> str:
    error = f"[{answer.error_type}] " if answer.error_type else ""
    return error + answer.payload.decode(errors="replace")

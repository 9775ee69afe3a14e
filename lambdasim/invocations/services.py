"""What other packages may ask for: invoke a version, stop environments, list those that are placed.

Asynchronous; one Caller per event loop, made when it is first needed. AWS: Invoke.
"""

import asyncio
import time
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from lambdasim.core.values import Answer, Invocation, ShutdownReason, Status
from lambdasim.host.identifiers import new_request_id, new_trace_id
from lambdasim.invocations.caller import Caller
from lambdasim.invocations.errors import BrokerAway, EnvironmentLost
from lambdasim.invocations.placement import Listed, Placed
from lambdasim.invocations.tasks import host_environment
from lambdasim.invocations.versions import ResolvedVersion, resolve

_STATUS_OF = {"Sandbox.Timedout": Status.TIMEOUT}
_PLATFORM_ERRORS = ("Runtime.", "Extension.", "Sandbox.")
"""Error types that the platform gives, not the function's own code (AWS: Telemetry API, Status `failure`)."""

_callers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Caller]" = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeResult:
    """`error_type` is None when the function succeeded; a function's error is a result, not an exception."""

    status: Status
    payload: bytes
    error_type: str | None
    executed_version: str
    request_id: str
    log_tail: bytes = b""


async def invoke(
    name: str, qualifier: str | None, payload: bytes, *, log_tail: bool = False, client_context: str = "",
    trace_id: str | None = None,
) -> InvokeResult:
    """Raises functions.queries.FunctionNotFound, errors.Throttled and errors.NotServed."""
    version = await resolve(name, qualifier)
    invocation = Invocation(
        request_id=new_request_id(), payload=payload, accepted_at_ns=time.time_ns(),
        function_arn=f"{version.function_arn}:{qualifier}" if qualifier else version.function_arn,
        trace_id=trace_id or new_trace_id(), client_context=client_context, log_tail=log_tail,
    )

    async def start(placed: Placed) -> None:
        await _start(placed, version)

    reply = await caller().call(version.key, invocation, start=start)
    if reply.answer is None:
        raise EnvironmentLost(reply.failure)
    return _result(reply.answer, version)


async def stop_environment(environment_id: str, reason: ShutdownReason = ShutdownReason.SPINDOWN) -> bool:
    """Shuts it down, at once or after its invocation. False: no such environment is alive."""
    return await caller().placement.stop(environment_id, reason)


async def stop_all(function_name: str) -> list[str]:
    """Shuts down every environment of the function, whatever its version; their ids."""
    stopped = []
    for environment in await environments():
        if environment.version_key.partition(":")[0] == function_name:
            await stop_environment(environment.environment_id)
            stopped.append(environment.environment_id)
    return stopped


async def environments() -> list[Listed]:
    """What is placed now, with its state: starting, busy, idle or stopping."""
    return await caller().placement.list()


def caller() -> Caller:
    """The running loop's own."""
    loop = asyncio.get_running_loop()
    found = _callers.get(loop)
    if found is None:
        found = _callers[loop] = Caller()
    return found


async def close() -> None:
    """Ends this loop's caller: for who makes loops of his own (commands, tests)."""
    found = _callers.pop(asyncio.get_running_loop(), None)
    if found is not None:
        await found.close()


async def _start(placed: Placed, version: ResolvedVersion) -> None:
    arguments = (placed.environment_id, version.function_name, version.version)
    try:
        # Celery's publishing blocks.
        await asyncio.to_thread(host_environment.apply_async, arguments)
    except host_environment.OperationalError as error:
        await caller().placement.finish(placed.environment_id)
        raise BrokerAway(f"No worker could be asked to host an environment: {error}", may_have_run=False) from error


def _result(answer: Answer, version: ResolvedVersion) -> InvokeResult:
    return InvokeResult(
        status=_status(answer.error_type), payload=answer.payload, error_type=answer.error_type,
        executed_version=version.version, request_id=answer.request_id, log_tail=answer.log_tail,
    )


def _status(error_type: str | None) -> Status:
    if error_type is None:
        return Status.SUCCESS
    if error_type.startswith(_PLATFORM_ERRORS):
        return _STATUS_OF.get(error_type, Status.FAILURE)
    return Status.ERROR

"""The Invoke operation: headers and body in, the function's answer out. Knows nothing of environments.

AWS: Lambda API reference, Invoke; function errors are 200 with X-Amz-Function-Error.
"""

import asyncio
import base64
import binascii
import json
from typing import NoReturn

from channels.db import database_sync_to_async

from lambdasim.aws.errors import ApiError, not_supported
from lambdasim.aws.http import Receive, Request, Response, read_body
from lambdasim.aws.names import FunctionReference, parse
from lambdasim.functions.queries import FunctionNotFound, find_version
from lambdasim.invocations import services
from lambdasim.invocations.errors import NotServed, Throttled

CLIENT_CONTEXT_LIMIT_BYTES = 3_583
LARGE_BODY_BYTES = 256 * 1024
"""Parsing more than this takes milliseconds, which other requests on this loop should not wait for."""

_CHOICES = {
    "x-amz-invocation-type": ("RequestResponse", "Event", "DryRun"),
    "x-amz-log-type": ("None", "Tail"),
}
_UNSUPPORTED_HEADERS = {
    "x-amz-tenant-id": "Tenant isolation (X-Amz-Tenant-Id)",
    "x-amz-durable-execution-name": "Durable execution (X-Amz-Durable-Execution-Name)",
}


async def invoke(request: Request, function: str, receive: Receive) -> Response:
    """Raises ApiError."""
    reference = parse(function, request.query.get("Qualifier") or None)
    invocation_type = _choice(request, "x-amz-invocation-type")
    log_tail = _choice(request, "x-amz-log-type") == "Tail"
    client_context = _client_context(request)
    for name, what in _UNSUPPORTED_HEADERS.items():
        if request.header(name):
            raise not_supported(what)
    payload = await read_body(request, receive) or b"{}"
    await _check_json(payload)
    try:
        if invocation_type == "Event":
            raise not_supported("Asynchronous invocation (X-Amz-Invocation-Type: Event)")
        if invocation_type == "DryRun":
            await database_sync_to_async(find_version)(reference.name, reference.qualifier)
            return Response(status=204)
        return await _request_response(
            reference, payload, log_tail=log_tail, client_context=client_context,
            trace_id=_trace_id(request),
        )
    except FunctionNotFound as error:
        raise ApiError("ResourceNotFoundException", str(error)) from error


async def _request_response(
    reference: FunctionReference, payload: bytes, *, log_tail: bool, client_context: str, trace_id: str | None
) -> Response:
    try:
        result = await services.invoke(
            reference.name, reference.qualifier, payload, log_tail=log_tail, client_context=client_context,
            trace_id=trace_id,
        )
    except Throttled as error:
        raise ApiError(
            "TooManyRequestsException", str(error), members={"Reason": error.reason},
            headers={"retry-after": str(error.retry_after_s)},
        ) from error
    except NotServed as error:
        raise ApiError("ServiceException", str(error)) from error
    headers = {
        "content-type": "application/json",
        "x-amzn-requestid": result.request_id,
        "x-amz-executed-version": result.executed_version,
    }
    if result.error_type is not None:
        headers["x-amz-function-error"] = "Unhandled"
    if log_tail:
        headers["x-amz-log-result"] = base64.b64encode(result.log_tail).decode()
    return Response(status=200, body=result.payload, headers=headers)


def _choice(request: Request, name: str) -> str:
    choices = _CHOICES[name]
    value = request.header(name, choices[0])
    if value not in choices:
        raise ApiError("InvalidParameterValueException", f"{name}: {value!r} is not one of {', '.join(choices)}.")
    return value


def _client_context(request: Request) -> str:
    """The JSON text that the caller sent in base64, as the runtime is to get it."""
    encoded = request.header("x-amz-client-context")
    if not encoded:
        return ""
    if len(encoded) > CLIENT_CONTEXT_LIMIT_BYTES:
        raise ApiError(
            "InvalidRequestContentException",
            f"Client context must be no more than {CLIENT_CONTEXT_LIMIT_BYTES} bytes when Base64-encoded.",
        )
    try:
        text = base64.b64decode(encoded, validate=True).decode()
        # It travels on in a header, where a line break would end it.
        return json.dumps(_strict_object(text), separators=(",", ":"))
    except (binascii.Error, ValueError) as error:
        raise ApiError(
            "InvalidRequestContentException", f"Client context must be a valid Base64-encoded JSON object. ({error})"
        ) from error


def _strict_object(text: str) -> dict[str, object]:
    value = _strict_json(text)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _trace_id(request: Request) -> str | None:
    """The caller's tracing header completed by what runtimes rely on; None when it has no root."""
    header = request.header("x-amzn-trace-id")
    if not header.startswith("Root="):
        return None
    return header if "Sampled=" in header else f"{header};Sampled=0"


async def _check_json(payload: bytes) -> None:
    try:
        if len(payload) > LARGE_BODY_BYTES:
            await asyncio.to_thread(_strict_json, payload)
        else:
            _strict_json(payload)
    except (ValueError, RecursionError) as error:
        raise ApiError("InvalidRequestContentException", f"Could not parse request body into json: {error}") from error


def _strict_json(text: str | bytes) -> object:
    """Python's parser takes NaN and Infinity, which are not JSON; and bytes in UTF-16, which AWS does not."""
    if isinstance(text, bytes):
        text = text.decode()
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")

"""The AWS-compatible HTTP surface as a thin ASGI application beside Django: guard, find the operation, answer.

Everything that is refused gets AWS's error envelope. Every response has a request id.
"""

import logging

from lambdasim.aws import guard
from lambdasim.aws.errors import ApiError, not_supported, render
from lambdasim.aws.http import Disconnected, Receive, Request, Response, Scope, Send, request_of, respond
from lambdasim.aws.invoke import invoke
from lambdasim.aws.operations import INVOKE, operation_of
from lambdasim.host.identifiers import new_request_id

log = logging.getLogger(__name__)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    request = request_of(scope)
    try:
        response = await _answer(request, receive)
    except Disconnected:
        return
    except ApiError as error:
        response = _error_response(error)
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        response = _error_response(
            ApiError("ServiceException", "The request failed inside lambdasim; the web process's log says why.")
        )
    await respond(response, send)


async def _answer(request: Request, receive: Receive) -> Response:
    guard.check(request)
    found = operation_of(request.method, request.path)
    if found is None:
        raise ApiError("UnknownOperationException", f"{request.method} {request.path} is no operation of AWS Lambda.")
    operation, function = found
    if operation != INVOKE:
        raise not_supported(f"The operation {operation}")
    return await invoke(request, function, receive)


def _error_response(error: ApiError) -> Response:
    status, headers, body = render(error)
    return Response(status=status, body=body, headers={"x-amzn-requestid": new_request_id(), **headers})

"""The Runtime API, version 2018-06-01: requests of the runtime process to inputs of the core, and back.

Checks what can be checked without knowing the environment's state; order of checks and texts follow AWS's Runtime
Interface Emulator (RIE: rapi/router.go, rapi/handler/invocationresponse.go, invocationerror.go, initerror.go).
AWS Lambda, runtimes-api and runtimes-custom.
"""

import base64
import binascii
import json
import re
from typing import Any

from lambdasim.api import gojson
from lambdasim.api.gateway import Gateway
from lambdasim.api.messages import MAX_PAYLOAD_BYTES, Reply, Request
from lambdasim.api.replies import (
    ACCEPTED,
    INVALID_RESPONSE_MODE,
    PAYLOAD_TOO_LARGE,
    PONG,
    RUNTIME_REFUSALS,
    TRUNCATED,
)
from lambdasim.api.routes import Endpoint, Fixed, Routes
from lambdasim.core.inputs import (
    CallDropped,
    RuntimeInitError,
    RuntimeNext,
    RuntimeResponseBegan,
    RuntimeResponseEnded,
    RuntimeResponseFailed,
)

_CONTENT_TYPE = b"content-type"
_ERROR_TYPE = b"lambda-runtime-function-error-type"
_ERROR_BODY = b"lambda-runtime-function-error-body"
_RESPONSE_MODE = b"lambda-runtime-function-response-mode"
_STREAMING = "streaming"
_JSON = "application/json"
_BYTES = "application/octet-stream"
_ERROR_CAUSE_JSON = "application/vnd.aws.lambda.error.cause+json"
_VALID_ERROR_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")


def routes(gateway: Gateway) -> Routes:
    base = "/2018-06-01"
    return {
        f"{base}/ping": {"GET": Fixed(PONG)},
        f"{base}/runtime/invocation/next": {"GET": Next(gateway)},
        f"{base}/runtime/invocation/{{}}/response": {"POST": Response(gateway)},
        f"{base}/runtime/invocation/{{}}/error": {"POST": Error(gateway)},
        f"{base}/runtime/init/error": {"POST": InitError(gateway)},
    }


def sanitized_error_type(value: str) -> str:
    """The category that a runtime may give to an error (RIE: fatalerror/fatalerror.go)."""
    if _VALID_ERROR_TYPE.search(value):
        return value
    return "Function.Unknown" if value.startswith("Function.") else "Runtime.Unknown"


class RuntimeEndpoint(Endpoint):
    refusals = RUNTIME_REFUSALS

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway


class Next(RuntimeEndpoint):
    body_limit_bytes = 0

    def finish(self, request: Request) -> None:
        self._gateway.receive(RuntimeNext(call=request))

    def dropped(self, request: Request) -> None:
        self._gateway.receive(CallDropped(call=request))


class Answer(RuntimeEndpoint):
    """What /response and /error share: the core judges the head at once, the body is taken whole or not at all."""

    body_limit_bytes = MAX_PAYLOAD_BYTES
    is_error: bool

    def begin(self, request: Request) -> Reply | None:
        self._gateway.receive(RuntimeResponseBegan(request_id=request.parameter, is_error=self.is_error))
        return None

    def finish(self, request: Request) -> Reply:
        if request.oversized:
            self._fail(request, "Function.ResponseSizeTooLarge")
            return PAYLOAD_TOO_LARGE
        self._gateway.receive(self._ended(request))
        return ACCEPTED

    def cut_off(self, request: Request) -> Reply:
        self._fail(request, "Runtime.TruncatedResponse")
        return TRUNCATED

    def _ended(self, request: Request) -> RuntimeResponseEnded:
        raise NotImplementedError

    def _fail(self, request: Request, error_type: str) -> None:
        self._gateway.receive(RuntimeResponseFailed(
            request_id=request.parameter, error_type=error_type, produced_bytes=request.body_bytes,
        ))


class Response(Answer):
    """Streamed responses are taken like buffered ones: whole, with the same limit."""

    is_error = False

    def begin(self, request: Request) -> Reply | None:
        super().begin(request)
        if request.header(_RESPONSE_MODE) not in ("", _STREAMING):
            self._fail(request, "Runtime.InvalidResponseModeHeader")
            return INVALID_RESPONSE_MODE
        return None

    def _ended(self, request: Request) -> RuntimeResponseEnded:
        error_type, error_body = request.trailer(_ERROR_TYPE), request.trailer(_ERROR_BODY)
        if request.header(_RESPONSE_MODE) == _STREAMING and (error_type or error_body):
            # An error in the middle of a stream (AWS: runtimes-custom): what was streamed before is not an answer.
            return RuntimeResponseEnded(
                request_id=request.parameter, payload=_decoded(error_body) or request.body, content_type=_JSON,
                is_error=True, error_type=sanitized_error_type(error_type),
            )
        return RuntimeResponseEnded(
            request_id=request.parameter, payload=request.body, content_type=request.header(_CONTENT_TYPE),
            is_error=False,
        )


class Error(Answer):
    is_error = True

    def _ended(self, request: Request) -> RuntimeResponseEnded:
        payload, content_type = request.body, request.header(_CONTENT_TYPE)
        if content_type == _ERROR_CAUSE_JSON:
            payload, content_type = _without_error_cause(payload)
        return RuntimeResponseEnded(
            request_id=request.parameter, payload=payload, content_type=content_type, is_error=True,
            error_type=sanitized_error_type(request.header(_ERROR_TYPE)),
        )


class InitError(RuntimeEndpoint):
    body_limit_bytes = MAX_PAYLOAD_BYTES

    def finish(self, request: Request) -> Reply:
        if request.oversized:
            return PAYLOAD_TOO_LARGE
        self._gateway.receive(RuntimeInitError(
            payload=request.body, content_type=_JSON if _is_json(request.body) else _BYTES,
            error_type=sanitized_error_type(request.header(_ERROR_TYPE)),
        ))
        return ACCEPTED


def _decoded(trailer: str) -> bytes:
    """The error document of a trailer. What is not base64 is relayed as it came rather than lost."""
    try:
        return base64.b64decode(trailer, validate=True)
    except binascii.Error:
        return trailer.encode()


def _is_json(body: bytes) -> bool:
    try:
        gojson.decode(body)
    except gojson.GoJsonError:
        return False
    return True


def _without_error_cause(body: bytes) -> tuple[bytes, str]:
    """Payload and content type for the caller: X-Ray's `errorCause` is not for it (RIE:
    rapi/handler/mime_type_error_cause_json.go)."""
    try:
        document = gojson.decode(body)
    except gojson.GoJsonError:
        document = False
    document = {} if document is None else document
    relayed = _relayed_error(document) if isinstance(document, dict) else None
    if relayed is None:
        return json.dumps("Invalid error body").encode(), _BYTES
    return gojson.encode(relayed), _JSON


def _relayed_error(document: dict[str, Any]) -> dict[str, Any] | None:
    """None if a field has the wrong type."""
    message, error_type, trace = (
        gojson.field(document, name) for name in ("errorMessage", "errorType", "stackTrace")
    )
    if not isinstance(message, str | None) or not isinstance(error_type, str | None):
        return None
    if not isinstance(trace, list | None) or not all(isinstance(frame, str | None) for frame in trace or ()):
        return None
    relayed: dict[str, Any] = {"errorMessage": message or "", "errorType": error_type or ""}
    if trace:
        relayed["stackTrace"] = [frame or "" for frame in trace]
    return relayed

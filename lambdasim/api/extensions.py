"""The Extensions API, version 2020-01-01: requests of extensions to inputs of the core, and back.

Checks headers and bodies in the order of AWS's Runtime Interface Emulator (RIE: rapi/middleware/middleware.go,
rapi/handler/agentregister.go, agentnext.go, agentiniterror.go, agentexiterror.go); names, events and states are the
core's business. AWS Lambda, runtimes-extensions-api.
"""

import uuid
from typing import Any

from lambdasim.api import gojson
from lambdasim.api.gateway import Gateway
from lambdasim.api.identifiers import IDENTIFIER_HEADER, Identifiers, identifier_or_refusal
from lambdasim.api.messages import Reply, Request
from lambdasim.api.replies import (
    ACCEPTED,
    EMPTY_EXTENSION_NAME,
    EXTENSION_REFUSALS,
    MISSING_ERROR_TYPE,
    UNKNOWN_IDENTIFIER_HEADER,
    invalid_request_format,
    json_reply,
)
from lambdasim.api.routes import Endpoint, Routes
from lambdasim.core.errors import UnknownExtension
from lambdasim.core.inputs import (
    CallDropped,
    ExtensionExitError,
    ExtensionInitError,
    ExtensionNext,
    ExtensionRegister,
)

MAX_BODY_BYTES = 1024 * 1024
"""AWS's newer emulator takes no larger bodies from extensions (RIE: lambda-managed-instances/rapi)."""

_NAME = b"lambda-extension-name"
_FEATURES = b"lambda-extension-accept-feature"
_ERROR_TYPE = b"lambda-extension-function-error-type"
_EVENTS_TYPE = "Go struct field .RegisterRequest.events of type"
_KEYS_TYPE = "Go struct field .configurationKeys of type"
_REQUEST_TYPE = 'Go value of type struct { handler.RegisterRequest; ConfigurationKeys []string "json:\\"' \
    'configurationKeys\\"" }'


def routes(gateway: Gateway, identifiers: Identifiers) -> Routes:
    base = "/2020-01-01/extension"
    return {
        f"{base}/register": {"POST": Register(gateway, identifiers)},
        f"{base}/event/next": {"GET": Next(gateway)},
        f"{base}/init/error": {"POST": FatalError(gateway, ExtensionInitError)},
        f"{base}/exit/error": {"POST": FatalError(gateway, ExtensionExitError)},
    }


class ExtensionEndpoint(Endpoint):
    refusals = EXTENSION_REFUSALS
    body_limit_bytes = 0

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway


class Register(ExtensionEndpoint):
    body_limit_bytes = MAX_BODY_BYTES

    def __init__(self, gateway: Gateway, identifiers: Identifiers) -> None:
        super().__init__(gateway)
        self._identifiers = identifiers

    def finish(self, request: Request) -> Reply:
        name = request.header(_NAME)
        if not name:
            return EMPTY_EXTENSION_NAME
        if request.oversized:
            return invalid_request_format("http: request body too large")
        try:
            events = _events(request.body)
        except gojson.GoJsonError as error:
            return invalid_request_format(str(error))
        identifier = str(uuid.uuid4())
        self._gateway.receive(ExtensionRegister(name=name, identifier=identifier, events=events))
        self._identifiers.add(identifier)
        return self._registered(request, identifier)

    def cut_off(self, request: Request) -> Reply:
        return invalid_request_format("unexpected EOF") if request.header(_NAME) else EMPTY_EXTENSION_NAME

    def _registered(self, request: Request, identifier: str) -> Reply:
        info = self._gateway.registration
        features = [feature.strip() for feature in request.header(_FEATURES).split(",")]
        document = {"accountId": info.account_id} if "accountId" in features and info.account_id else {}
        document |= {
            "functionName": info.function_name, "functionVersion": info.function_version, "handler": info.handler,
        }
        return json_reply(200, document, (IDENTIFIER_HEADER, identifier))


class Next(ExtensionEndpoint):
    def finish(self, request: Request) -> Reply | None:
        identifier = identifier_or_refusal(request)
        if isinstance(identifier, Reply):
            return identifier
        request.note = identifier
        self._gateway.receive(ExtensionNext(identifier=identifier, call=request))
        return None

    def dropped(self, request: Request) -> None:
        self._gateway.receive(CallDropped(call=request))


class FatalError(ExtensionEndpoint):
    """init/error and exit/error. The body is optional, and nobody reads it."""

    def __init__(self, gateway: Gateway, input_type: type[ExtensionInitError] | type[ExtensionExitError]) -> None:
        super().__init__(gateway)
        self._input_type = input_type

    def finish(self, request: Request) -> Reply:
        identifier = identifier_or_refusal(request)
        if isinstance(identifier, Reply):
            return identifier
        error_type = request.header(_ERROR_TYPE)
        if not error_type:
            return MISSING_ERROR_TYPE
        try:
            self._gateway.receive(self._input_type(identifier=identifier, error_type=error_type))
        except UnknownExtension:
            return UNKNOWN_IDENTIFIER_HEADER  # another text than that of next
        return ACCEPTED


def _events(body: bytes) -> tuple[str, ...]:
    """The events of a register request. Raises GoJsonError. Content types are not looked at: curl sends a form's."""
    document = gojson.decode(body)
    if document is None:
        return ()
    if not isinstance(document, dict):
        raise _mismatch(document, _REQUEST_TYPE)
    events = _strings(gojson.field(document, "events"), f"{_EVENTS_TYPE} []core.Event", f"{_EVENTS_TYPE} core.Event")
    if _strings(gojson.field(document, "configurationKeys"), f"{_KEYS_TYPE} []string", f"{_KEYS_TYPE} string"):
        raise gojson.GoJsonError("configurationKeys are deprecated; use environment variables instead")
    return events


def _strings(value: Any, list_type: str, item_type: str) -> tuple[str, ...]:
    """Go reads null as "nothing here", in place of the list as of an item."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise _mismatch(value, list_type)
    for item in value:
        if not isinstance(item, str | None):
            raise _mismatch(item, item_type)
    return tuple(item or "" for item in value)


def _mismatch(value: Any, go_type: str) -> gojson.GoJsonError:
    return gojson.GoJsonError(f"json: cannot unmarshal {gojson.kind(value)} into {go_type}")

"""Every answer of the environment's HTTP server that is not an event: acknowledgements and the catalogue of errors.

Maps what the core refuses (core.errors) to statuses, types and messages. Texts are those of AWS's Runtime Interface
Emulator (RIE: rapi/rendering/render_error.go, rapi/handler/constants.go, rapi/router.go).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdasim.api import gojson
from lambdasim.api.messages import MAX_PAYLOAD_BYTES, Reply, header_lines
from lambdasim.core import errors

JSON_HEADER = header_lines(("Content-Type", "application/json"))
_PLAIN_HEADER = header_lines(("Content-Type", "text/plain; charset=utf-8"))


def json_reply(status: int, document: Mapping[str, Any], *headers: tuple[str, str]) -> Reply:
    return Reply(status, gojson.encode_line(document), JSON_HEADER + header_lines(*headers))


def error_reply(status: int, error_type: str, message: str) -> Reply:
    return json_reply(status, {"errorMessage": message, "errorType": error_type})


def text_reply(status: int, text: str) -> Reply:
    return Reply(status, text.encode(), _PLAIN_HEADER)


ACCEPTED = json_reply(202, {"status": "OK"})
PONG = text_reply(200, "pong")
NOT_FOUND = text_reply(404, "404 page not found\n")
EXTENSIONS_DISABLED = Reply(404)
INTERNAL_SERVER_ERROR = error_reply(500, "InternalServerError", "Internal Server Error")
INVALID_REQUEST_ID = error_reply(400, "InvalidRequestID", "Invalid request ID")
INVALID_RESPONSE_MODE = error_reply(400, "InvalidFunctionResponseMode", "Invalid function response mode")
TRUNCATED = error_reply(400, "TruncatedHTTPRequest", "HTTP request detected as truncated")
PAYLOAD_TOO_LARGE = error_reply(
    413, "RequestEntityTooLarge", f"Exceeded maximum allowed payload size ({MAX_PAYLOAD_BYTES} bytes)."
)
EMPTY_EXTENSION_NAME = error_reply(403, "Extension.InvalidExtensionName", "Empty extension name")
MISSING_IDENTIFIER = error_reply(
    403, "Extension.MissingExtensionIdentifier", "Missing Lambda-Extension-Identifier header"
)
INVALID_IDENTIFIER = error_reply(403, "Extension.InvalidExtensionIdentifier", "Invalid Lambda-Extension-Identifier")
MISSING_ERROR_TYPE = error_reply(403, "Extension.MissingHeader", "Lambda-Extension-Function-Error-Type not found")
UNKNOWN_IDENTIFIER_HEADER = error_reply(
    403, "Extension.UnknownExtensionIdentifier", "Unknown Lambda-Extension-Identifier"
)
LOGS_NOT_SUPPORTED = error_reply(202, "Logs.NotSupported", "Logs API is not supported")
TELEMETRY_NOT_SUPPORTED = error_reply(202, "Telemetry.NotSupported", "Telemetry API is not supported")


def method_not_allowed(allowed: str) -> Reply:
    return Reply(405, b"", header_lines(("Allow", allowed)))


def invalid_request_format(message: str) -> Reply:
    return error_reply(403, "InvalidRequestFormat", message)


@dataclass(frozen=True, slots=True)
class Refusal:
    """`message` may contain `{}` for the text of the refusal itself."""

    status: int
    error_type: str
    message: str = "{}"

    def reply(self, refused: errors.Refused) -> Reply:
        return error_reply(self.status, self.error_type, self.message.format(refused))


Refusals = Mapping[type[errors.Refused], Refusal]

_NOT_ALLOWED = "{}. Error: State transition is not allowed"
_NOT_READY = Refusal(500, "InternalServerError", "Internal Server Error")

RUNTIME_REFUSALS: Refusals = {
    errors.InvalidRequestId: Refusal(400, "InvalidRequestID", "Invalid request ID"),
    errors.IllegalTransition: Refusal(403, "InvalidStateTransition", _NOT_ALLOWED),
    errors.NotReady: _NOT_READY,
}

EXTENSION_REFUSALS: Refusals = {
    errors.IllegalTransition: Refusal(403, "Extension.InvalidExtensionState", _NOT_ALLOWED),
    errors.ExtensionAlreadyRegistered: Refusal(
        403, "Extension.InvalidExtensionState", "Extension with this name already registered"
    ),
    errors.InvalidEventType: Refusal(403, "Extension.InvalidEventType"),
    errors.RegistrationClosed: Refusal(403, "Extension.RegistrationClosed", "Extension registration closed already"),
    errors.TooManyExtensions: Refusal(403, "Extension.TooManyExtensions"),
    errors.UnknownExtension: Refusal(403, "Extension.UnknownExtensionIdentifier"),
    errors.NotReady: _NOT_READY,
}

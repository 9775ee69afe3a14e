"""AWS's API errors: type, status, and how each one spells its message member.

AWS: Lambda API reference, "Common errors" and the errors of Invoke; the spelling is botocore's service model
lambda/2015-03-31.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from lambdasim.core.errors import LambdasimError


@dataclass(frozen=True, slots=True)
class ErrorShape:
    status: int
    message_member: str = "message"
    fault: str = "User"


SHAPES: Mapping[str, ErrorShape] = {
    "AccessDeniedException": ErrorShape(403, "Message"),
    "InvalidParameterValueException": ErrorShape(400),
    "InvalidRequestContentException": ErrorShape(400),
    "MissingAuthenticationTokenException": ErrorShape(403),
    "RequestTooLargeException": ErrorShape(413),
    "ResourceNotFoundException": ErrorShape(404, "Message"),
    "ServiceException": ErrorShape(500, "Message", "Service"),
    "TooManyRequestsException": ErrorShape(429),
    "UnknownOperationException": ErrorShape(404),
    "ValidationException": ErrorShape(400),
}


@dataclass(slots=True)
class ApiError(LambdasimError):
    """`status` only where it is not the type's own, e.g. 501 for what AWS has and lambdasim has not."""

    type: str
    message: str
    status: int | None = None
    members: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.type}: {self.message}"


def not_supported(what: str) -> ApiError:
    """AWS has it, lambdasim does not: refused by name, never ignored."""
    return ApiError("InvalidParameterValueException", f"{what} is not supported by lambdasim yet.", status=501)


def render(error: ApiError) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body. botocore takes the class from the header, other clients read `Type`."""
    shape = SHAPES[error.type]
    body = {"Type": shape.fault, shape.message_member: error.message, **error.members}
    headers = {"content-type": "application/json", "x-amzn-errortype": error.type, **error.headers}
    return error.status or shape.status, headers, json.dumps(body).encode()

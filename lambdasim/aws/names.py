"""Function name, partial ARN or ARN, each with or without a qualifier: which function is meant?

AWS: Invoke, URI parameter FunctionName and its pattern; the messages are the service's.
"""

import re
from dataclasses import dataclass

from lambdasim.aws.errors import ApiError
from lambdasim.core.values import FunctionSpec

_PATTERN = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z]{2}(?:-[a-z]+)+-\d):)?(?:(?P<account>\d{12}):)?(?P<kind>function:)?"
    r"(?P<name>[a-zA-Z0-9-_]{1,64})(?::(?P<qualifier>\$LATEST|[a-zA-Z0-9-_]{1,128}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionReference:
    name: str
    qualifier: str | None


def parse(text: str, qualifier: str | None) -> FunctionReference:
    """Raises ApiError for what is not a name, names somebody else's function, or has two different qualifiers."""
    match = _PATTERN.fullmatch(text)
    if match is None or (match["region"] and not match["account"]) or (match["account"] and not match["kind"]):
        raise ApiError(
            "ValidationException",
            f"1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: Member must "
            f"satisfy regular expression pattern: {_PATTERN.pattern}",
        )
    here = FunctionSpec(function_name=match["name"])
    if match["region"] not in (None, here.region) or match["account"] not in (None, here.account_id):
        raise ApiError(
            "ResourceNotFoundException",
            f"Function not found: {text}. Functions here are in region {here.region} of account {here.account_id}.",
        )
    in_name = match["qualifier"]
    if in_name and qualifier and in_name != qualifier:
        raise ApiError(
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        )
    return FunctionReference(name=match["name"], qualifier=qualifier or in_name)

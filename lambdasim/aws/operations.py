"""Which API operation a method and path mean; those that lambdasim does not have are at least refused by name.

AWS: botocore's service model lambda/2015-03-31, all paths of this date.
"""

import re

_F = r"/2015-03-31/functions/(?P<function>[^/]+)"
_E = "/2015-03-31/event-source-mappings"

INVOKE = "Invoke"

_OPERATIONS = (
    ("POST", _F + "/invocations", INVOKE),
    ("POST", "/2015-03-31/functions", "CreateFunction"),
    ("GET", "/2015-03-31/functions", "ListFunctions"),
    ("GET", _F, "GetFunction"),
    ("DELETE", _F, "DeleteFunction"),
    ("PUT", _F + "/code", "UpdateFunctionCode"),
    ("GET", _F + "/configuration", "GetFunctionConfiguration"),
    ("PUT", _F + "/configuration", "UpdateFunctionConfiguration"),
    ("GET", _F + "/versions", "ListVersionsByFunction"),
    ("POST", _F + "/versions", "PublishVersion"),
    ("GET", _F + "/aliases", "ListAliases"),
    ("POST", _F + "/aliases", "CreateAlias"),
    ("GET", _F + "/aliases/[^/]+", "GetAlias"),
    ("PUT", _F + "/aliases/[^/]+", "UpdateAlias"),
    ("DELETE", _F + "/aliases/[^/]+", "DeleteAlias"),
    ("GET", _F + "/policy", "GetPolicy"),
    ("POST", _F + "/policy", "AddPermission"),
    ("DELETE", _F + "/policy/[^/]+", "RemovePermission"),
    ("GET", _E, "ListEventSourceMappings"),
    ("POST", _E, "CreateEventSourceMapping"),
    ("GET", _E + "/[^/]+", "GetEventSourceMapping"),
    ("PUT", _E + "/[^/]+", "UpdateEventSourceMapping"),
    ("DELETE", _E + "/[^/]+", "DeleteEventSourceMapping"),
)

_COMPILED = tuple((method, re.compile(pattern + "/?"), name) for method, pattern, name in _OPERATIONS)


def operation_of(method: str, path: str) -> tuple[str, str] | None:
    """The operation's name and the function's (or ''); None when AWS has no such operation either."""
    for known_method, pattern, name in _COMPILED:
        if method == known_method and (match := pattern.fullmatch(path)):
            return name, match.groupdict().get("function", "")
    return None

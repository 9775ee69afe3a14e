"""Query parameters of the read API: one row a parameter, refused by name when it makes no sense."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

MAX_LIMIT = 500
MAX_INTEGER = 2**53 - 1
"""The largest number that every JSON reader keeps exactly; database columns hold it too."""


class BadParameter(Exception):
    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`schema` is what the OpenAPI document says of it; `default` is used where it is absent."""

    parse: Callable[[str], Any]
    schema: Mapping[str, Any]
    description: str
    default: Any = None


def integer(*, least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdecimal()) or not least <= int(text) <= most:
            raise ValueError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return parse


def boolean(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text == "true"


def words(text: str) -> str:
    if not text or "\x00" in text:
        raise ValueError("must not be empty")
    return text


STRING: Mapping[str, Any] = {"type": "string", "minLength": 1}
COUNT: Mapping[str, Any] = {"type": "integer", "minimum": 0, "maximum": MAX_INTEGER}

PARAMETERS: Mapping[str, Parameter] = {
    "qualifier": Parameter(
        parse=words, schema=STRING, description="A published version number or $LATEST; all versions without it."
    ),
    "limit": Parameter(
        parse=integer(least=1, most=MAX_LIMIT), default=50,
        schema={"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50},
        description="How many at most, newest first.",
    ),
    "before": Parameter(
        parse=integer(least=0, most=MAX_INTEGER), schema=COUNT,
        description="Only invocations that started before this `started_at_us`: the last one's, for the next page.",
    ),
    "after": Parameter(
        parse=integer(least=0, most=MAX_INTEGER), default=0, schema={**COUNT, "default": 0},
        description="Only events with a higher `seq`.",
    ),
    "function_name": Parameter(parse=words, schema=STRING, description="Only environments of this function."),
    "version": Parameter(parse=words, schema=STRING, description="Only environments of this version."),
    "alive": Parameter(
        parse=boolean, schema={"type": "boolean"}, description="Only environments that have not (true) or have ended."
    ),
}


def read(query: QueryDict, names: Iterable[str]) -> dict[str, Any]:
    """The parameters by name, with defaults; raises BadParameter for a bad, repeated or unknown one."""
    names = tuple(names)
    for name in query:
        if name not in names:
            known = ", ".join(names) or "none"
            raise BadParameter(name, f"is no parameter of this path; known: {known}")
        if len(query.getlist(name)) > 1:
            raise BadParameter(name, "is given more than once")
    values = {}
    for name in names:
        parameter = PARAMETERS[name]
        try:
            given = query.get(name)
            values[name] = parameter.default if given is None else parameter.parse(str(given))
        except ValueError as error:
            raise BadParameter(name, str(error)) from error
    return values

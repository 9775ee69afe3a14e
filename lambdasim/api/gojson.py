"""JSON as Go's encoding/json writes and refuses it: AWS's server is a Go program, and its texts are on the wire.

Encoding is compact and escapes `<`, `>`, `&`, U+2028 and U+2029 (RIE: rapi/rendering/render_json.go). Decoding errors
carry Go's words for the common mistakes; an unusual one may name another character than Go would.
"""

import json
import re
from collections.abc import Callable
from typing import Any

_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
_SURROGATES = re.compile("[\ud800-\udfff]")


class GoJsonError(ValueError):
    """`str()` is what Go's json.Unmarshal would say."""


def encode(value: Any) -> bytes:
    """Like json.Marshal: no newline at the end."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False).translate(_ESCAPES)
    return _SURROGATES.sub("\ufffd", text).encode()


def encode_line(value: Any) -> bytes:
    """Like json.Encoder.Encode: with a newline at the end."""
    return encode(value) + b"\n"


def decode(data: bytes) -> Any:
    """Raises GoJsonError."""
    text = data.decode("utf-8", "replace")
    if not text.strip(" \t\r\n"):
        raise GoJsonError("unexpected end of JSON input")
    try:
        # Numbers are of no interest to any caller, and Python's int() refuses long ones.
        return json.loads(text, parse_int=float, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise GoJsonError(_go_message(text, error)) from error
    except RecursionError as error:
        raise GoJsonError("exceeded max depth") from error


def kind(value: Any) -> str:
    """Go's name for the kind of a JSON value, as its type errors use it."""
    return _KINDS[type(value)]


def field(document: dict[str, Any], name: str) -> Any:
    """The value of a struct field: like Go, without regard to case, the last one winning. None if absent."""
    value = None
    for key, candidate in document.items():
        if key.lower() == name.lower():
            value = candidate
    return value


_KINDS = {dict: "object", list: "array", str: "string", bool: "bool", float: "number", type(None): "null"}


def _refuse_constant(name: str) -> Any:
    raise GoJsonError(f"invalid character '{name[0]}' looking for beginning of value")


def _after_value(text: str, pos: int) -> str:
    """`text[:pos]` ends behind a complete value inside an object or an array: which of them?"""
    depth = 0
    without_strings = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text[:pos])
    for character in reversed(without_strings):
        depth += (character in "]}") - (character in "[{")
        if depth < 0:
            return "after array element" if character == "[" else "after object key:value pair"
    return "after top-level value"


_GO_CONTEXTS: dict[str, Callable[[str, int], str]] = {
    "Expecting value": lambda text, pos: "looking for beginning of value",
    "Expecting property name enclosed in double quotes": lambda text, pos: "looking for beginning of object key string",
    "Illegal trailing comma before end of object": lambda text, pos: "looking for beginning of object key string",
    "Illegal trailing comma before end of array": lambda text, pos: "looking for beginning of value",
    "Expecting ':' delimiter": lambda text, pos: "after object key",
    "Expecting ',' delimiter": _after_value,
    "Extra data": lambda text, pos: "after top-level value",
    "Invalid control character at": lambda text, pos: "in string literal",
    "Invalid \\escape": lambda text, pos: "in string escape code",
    "Invalid \\uXXXX escape": lambda text, pos: "in \\u hexadecimal character escape",
}
"""Python's reason for refusing → Go's words for the place. Other reasons mean that the text ends too early."""

_REACH = {"Invalid \\escape": 1}
"""Where Python points this far before the character that Go names."""


def _go_message(text: str, error: json.JSONDecodeError) -> str:
    context = _GO_CONTEXTS.get(error.msg)
    if context is None:
        return "unexpected end of JSON input"
    pos = error.pos + _REACH.get(error.msg, 0)
    if error.msg.startswith("Illegal trailing comma"):
        pos = len(text) - len(text[pos + 1:].lstrip(" \t\r\n"))
    if pos >= len(text):
        return "unexpected end of JSON input"
    # Go looks at bytes, so of a longer character it names the first one.
    character = chr(text[pos].encode("utf-8", "replace")[0])
    shown = {"'": "\\'", '"': '"'}.get(character) or repr(character)[1:-1]
    return f"invalid character '{shown}' {context(text, pos)}"

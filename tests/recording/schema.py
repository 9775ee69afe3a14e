"""Checks a JSON value against the part of JSON Schema that our OpenAPI document uses; unknown keywords are an error."""

from datetime import datetime
from typing import Any

from lambdasim.recording.openapi import DOCUMENT

TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float),
    "null": type(None),
}
KNOWN = {"type", "description", "properties", "required", "additionalProperties", "items", "$ref", "enum", "format"}


def check(value: Any, schema: dict[str, Any], where: str = "answer") -> None:
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/components/schemas/")
        check(value, DOCUMENT["components"]["schemas"][name], f"{where}({name})")
        return
    assert set(schema) <= KNOWN, f"{where}: schema says more than is checked: {set(schema) - KNOWN}"
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    fits = any(isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)) for kind in kinds)
    assert fits, f"{where}: {value!r} is not of type {kinds}"
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r}"
    if schema.get("format") == "date-time" and value is not None:
        assert datetime.fromisoformat(value).utcoffset() is not None, f"{where}: {value!r} has no time zone"
    if isinstance(value, list):
        for place, item in enumerate(value):
            check(item, schema["items"], f"{where}[{place}]")
    if isinstance(value, dict):
        _check_members(value, schema, where)


def _check_members(value: dict[str, Any], schema: dict[str, Any], where: str) -> None:
    properties, further = schema.get("properties", {}), schema.get("additionalProperties", True)
    missing = set(schema.get("required", ())) - set(value)
    assert not missing, f"{where}: {missing} are missing"
    for name, member in value.items():
        if name in properties:
            check(member, properties[name], f"{where}.{name}")
        elif isinstance(further, dict):
            check(member, further, f"{where}.{name}")
        else:
            assert further, f"{where}: {name} is not in the document"

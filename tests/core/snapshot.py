"""The whole state of an environment as plain nested values, to prove that a refused input has left it as it was."""

import dataclasses
from collections import deque
from enum import Enum
from typing import Any

from lambdasim.core.environment import Environment


def snapshot(environment: Environment) -> Any:
    # The list of the last actions belongs to the input that was received, not to the state.
    return _plain(environment._life, without=frozenset({"actions"}), seen=set())


def _plain(value: Any, *, seen: set[int], without: frozenset[str] = frozenset()) -> Any:
    if isinstance(value, Enum) or value is None or isinstance(value, str | bytes | int | float):
        return value
    if isinstance(value, dict):
        return {key: _plain(one, seen=seen) for key, one in value.items()}
    if isinstance(value, list | tuple | deque):
        return [_plain(one, seen=seen) for one in value]
    names = _attributes(value)
    if not names or id(value) in seen:
        return f"{type(value).__name__}@{id(value)}"
    seen.add(id(value))
    return {name: _plain(getattr(value, name), seen=seen) for name in names if name not in without}


def _attributes(value: Any) -> list[str]:
    if dataclasses.is_dataclass(value):
        return [one.name for one in dataclasses.fields(value)]
    return list(getattr(type(value), "__slots__", ()))

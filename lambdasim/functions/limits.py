"""What a function's configuration may say: one row a field, refused with the field's name.

AWS Lambda: gettingstarted-limits (quotas), CreateFunction and PublishLayerVersion (patterns), configuration-envvars.
"""

import re
from collections.abc import Mapping

from lambdasim.core.errors import SpecError

RANGES = {
    "memory_size_mb": (128, 10_240),
    "timeout_ms": (1, 900_000),
    "ephemeral_storage_mb": (512, 10_240),
}
MAX_LAYERS = 5
MAX_ENVIRONMENT_BYTES = 4_096
FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
LAYER_NAME = re.compile(r"[a-zA-Z0-9_-]{1,140}")
VARIABLE_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")


def check_name(field: str, name: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(name):
        raise SpecError(field, f"{name!r} does not match {pattern.pattern}")


def check_range(field: str, value: object) -> None:
    least, most = RANGES[field]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SpecError(field, f"{value!r} is not a whole number from {least} to {most}")


def check_layer_count(count: int) -> None:
    if count > MAX_LAYERS:
        raise SpecError("layers", f"{count} layers, at most {MAX_LAYERS} are allowed: merge some of them")


def check_environment(environment: Mapping[str, object]) -> None:
    for name, value in environment.items():
        if not VARIABLE_NAME.fullmatch(name):
            raise SpecError("environment", f"{name!r} does not match {VARIABLE_NAME.pattern}")
        if not isinstance(value, str):
            raise SpecError("environment", f"{name} is {value!r}: values are strings, put it in quotes")
    size_bytes = sum(len(name.encode()) + len(str(value).encode()) for name, value in environment.items())
    if size_bytes > MAX_ENVIRONMENT_BYTES:
        raise SpecError("environment", f"{size_bytes} bytes, at most {MAX_ENVIRONMENT_BYTES} are allowed")

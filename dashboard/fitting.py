"""Makes a message of the live feed fit a page: functions may print megabytes, a WebSocket message holds one.

Only log text is shortened, and it says so; every line is whole among the environment's events.
"""

import json
from collections.abc import Mapping
from typing import Any

MAX_LINE_CHARS = 4_000
MAX_LOG_BYTES = 400_000
"""As JSON; leaves room for the spans of 200 invocations below Daphne's limit of 1 MiB a message."""


def fitting(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message with long lines cut and, where that is not enough, only its newest lines."""
    kept: list[dict[str, Any]] = []
    left_bytes = MAX_LOG_BYTES
    for line in reversed(message.get("logs", ())):
        short = {**line, "text": shortened(line["text"])}
        left_bytes -= len(json.dumps(short["text"]))
        if left_bytes < 0:
            kept.append({**line, "text": "… earlier lines are among the environment's events\n"})
            break
        kept.append(short)
    return {**message, "logs": kept[::-1]}


def shortened(text: str) -> str:
    if len(text) <= MAX_LINE_CHARS:
        return text
    return f"{text[:MAX_LINE_CHARS]} … ({len(text):,} characters, whole among the environment's events)\n"

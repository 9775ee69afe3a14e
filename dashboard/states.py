"""An environment's state in words and as a CSS class; who holds it when it is busy.

static/js/states.js says the same of what changes while a page is open; tests/dashboard/fixtures/states.json holds the
two together.
"""

from collections.abc import Mapping
from typing import Any

PHASE_WORDS: tuple[tuple[str, str], ...] = (
    ("PREPARED", "prepared"), ("INIT", "initialising"), ("IDLE", "idle"), ("INVOKE", "invoke"), ("RESET", "reset"),
    ("NEW", "initialises with the next invocation"), ("SHUTDOWN", "shutting down"), ("DEAD", "ended"),
)
"""What is said of a phase, by the beginning of its name (lambdasim.core.phases)."""

INITIALISING = ("PREPARED", "INIT", "NEW")


def state_words(environment: Mapping[str, Any]) -> str:
    """`ended: spindown`, `frozen`, `held by otel-ext`, `init`, …"""
    if environment.get("ended"):
        reason = environment.get("end_reason")
        return f"ended: {reason}" if reason else "ended"
    if environment.get("frozen"):
        return "frozen"
    holders = environment.get("holders") or []
    if environment.get("busy") and holders:
        return f"held by {', '.join(holders)}"
    phase = str(environment.get("phase") or "")
    return next((words for beginning, words in PHASE_WORDS if phase.startswith(beginning)), "starting")


def state_class(environment: Mapping[str, Any]) -> str:
    """`ended`, `frozen`, `busy`, `init` or `idle`: the sign beside the words."""
    if environment.get("ended"):
        return "ended"
    if environment.get("frozen"):
        return "frozen"
    if str(environment.get("phase") or "INIT").startswith(INITIALISING):
        return "init"
    return "busy" if environment.get("busy") else "idle"

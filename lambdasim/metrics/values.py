"""What a timeline is made of: spans, markers and log lines, as a browser draws them without knowing records.

Times are integer microseconds since the Unix epoch (`_us`): exact in JavaScript, whose numbers are exact to 2^53.
An `id` names one span for ever: a later value with the same id replaces the earlier one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PLATFORM_LANE = "platform"

Detail = Mapping[str, str | int | float]
"""What hovering over a span tells: few members, each with its unit in its name."""


class SpanKind(StrEnum):
    # platform lane
    INIT = "init"
    INVOKE = "invoke"
    FROZEN = "frozen"
    RESET = "reset"
    SHUTDOWN = "shutdown"
    """On a process's lane: told to stop → its exit."""
    # runtime lane
    RUNTIME_INIT = "runtime-init"
    FUNCTION_INIT = "function-init"
    HANDLER = "handler"
    # lanes of extensions
    EXTENSION_INIT = "extension-init"
    WORKING = "working"
    TAIL = "tail"
    SLACK = "slack"


class MarkerKind(StrEnum):
    ANSWERED = "answered"
    BUSY_UNTIL = "busy-until"
    ERROR = "error"
    KILLED = "killed"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`end_us` is None while it lasts. `critical`: the extension that alone decided how long the tail was."""

    id: str
    lane: str
    kind: SpanKind
    start_us: int
    end_us: int | None = None
    label: str
    request_id: str | None = None
    status: str | None = None
    critical: bool = False
    detail: Detail = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id, "lane": self.lane, "kind": self.kind.value, "start_us": self.start_us,
            "end_us": self.end_us, "label": self.label, "request_id": self.request_id, "status": self.status,
            "critical": self.critical, "detail": dict(self.detail),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    id: str
    kind: MarkerKind
    at_us: int
    lane: str
    request_id: str | None = None
    label: str

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id, "kind": self.kind.value, "at_us": self.at_us, "lane": self.lane,
            "request_id": self.request_id, "label": self.label,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """What one event adds to the log: `seq` is the event's own, so it is unique; `text` may have several lines."""

    seq: int
    at_us: int
    party: str
    text: str
    request_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "seq": self.seq, "at_us": self.at_us, "party": self.party, "text": self.text,
            "request_id": self.request_id,
        }

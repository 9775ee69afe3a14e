"""Folds events into the lines of a log: what function and extensions printed, and the platform's own lines between.

The last KEPT_LINES stay. A line belongs to the invocation it says it belongs to, else to the one under way.
"""

from collections import deque
from collections.abc import Mapping

from lambdasim.core.values import RUNTIME_PARTY
from lambdasim.metrics.canvas import NS_PER_US
from lambdasim.metrics.details import text
from lambdasim.metrics.values import PLATFORM_LANE, LogLine
from lambdasim.telemetry.event import TelemetryEvent
from lambdasim.telemetry.report import text_lines

KEPT_LINES = 1_000

PARTY_OF_TYPE: Mapping[str, str] = {"function": RUNTIME_PARTY, "extension": "extension"}
"""Who printed it, should the event not say. What is not printed by a process is the platform's."""


class LogFold:
    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=KEPT_LINES)
        self._new: list[LogLine] = []
        self._request_id: str | None = None

    def feed(self, event: TelemetryEvent) -> None:
        if event.type.startswith("sim."):
            return
        record = event.record
        named = text(record, "requestId") if isinstance(record, Mapping) else None
        if event.type == "platform.start":
            self._request_id = named
        lines = text_lines(event)
        if lines:
            party = PLATFORM_LANE
            if event.type in PARTY_OF_TYPE:
                party = event.party or PARTY_OF_TYPE[event.type]
            line = LogLine(seq=event.seq, at_us=event.at_ns // NS_PER_US, party=party, text="\n".join(lines),
                           request_id=named or self._request_id)
            self._lines.append(line)
            self._new.append(line)
        if event.type == "platform.report":
            self._request_id = None

    def take_changes(self) -> list[LogLine]:
        changes, self._new = self._new, []
        return changes

    def everything(self) -> list[LogLine]:
        return list(self._lines)

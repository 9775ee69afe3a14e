"""The one record format: the Telemetry API's envelope `{time, type, record}` with its place in a life.

Stored, streamed and exported as one JSON line. What extensions receive is the envelope alone; `seq`
(gapless per environment, from 1), `at_ns` and `party` stand beside it. Types under `sim.` are ours and are
never delivered to extensions. Envelope: AWS Lambda, telemetry-schema-reference.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdasim.core.time import iso_time


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetryEvent:
    seq: int
    at_ns: int
    type: str
    record: Mapping[str, Any] | str
    party: str | None = None

    def envelope(self) -> dict[str, Any]:
        return {"time": iso_time(self.at_ns), "type": self.type, "record": self.record}

    def to_json(self) -> dict[str, Any]:
        line: dict[str, Any] = {"seq": self.seq, "at_ns": self.at_ns, **self.envelope()}
        if self.party is not None:
            line["party"] = self.party
        return line

    @classmethod
    def from_json(cls, line: Mapping[str, Any]) -> "TelemetryEvent":
        return cls(
            seq=line["seq"], at_ns=line["at_ns"], type=line["type"], record=line["record"],
            party=line.get("party"),
        )


def encode_lines(events: list[TelemetryEvent]) -> bytes:
    """NDJSON, one event a line, newline-terminated."""
    return b"".join(json.dumps(event.to_json(), separators=(",", ":")).encode() + b"\n" for event in events)


def decode_lines(data: bytes) -> list[TelemetryEvent]:
    return [TelemetryEvent.from_json(json.loads(line)) for line in data.splitlines() if line]

"""How long each party of an environment took to start: process started → its first next.

The last init is kept; a new `platform.initStart` begins the next. The runtime's start is divided by its mark
`functionInitStart`; without it there is one figure for both (AWS Lambda, lambda-runtime-environment, Init phase).
"""

from lambdasim.core.time import duration_ms
from lambdasim.core.values import RUNTIME_PARTY
from lambdasim.metrics.details import Record, text
from lambdasim.metrics.turn import READY
from lambdasim.telemetry.event import TelemetryEvent


class Startup:
    def __init__(self) -> None:
        self.first_seq: int | None = None
        """Of the life, or of a later init in it."""
        self._life_began = False
        self._started_ns: dict[str, int] = {}
        self._next_ns: dict[str, int] = {}
        self._function_init_ns: int | None = None

    def life_began(self, event: TelemetryEvent) -> None:
        self.first_seq, self._life_began = event.seq, True

    def init_started(self, event: TelemetryEvent) -> None:
        if not self._life_began:
            self.first_seq = event.seq
        self._life_began = False
        self._started_ns, self._next_ns, self._function_init_ns = {}, {}, None

    def process_started(self, event: TelemetryEvent) -> None:
        if event.party is not None:
            self._started_ns[event.party] = event.at_ns

    def moved(self, event: TelemetryEvent, party: str, record: Record) -> None:
        if record.get("state") == READY and party not in self._next_ns:
            self._next_ns[party] = event.at_ns

    def marked(self, event: TelemetryEvent, record: Record) -> None:
        if text(record, "name") == "functionInitStart":
            self._function_init_ns = event.at_ns

    def extension_init_ms(self) -> dict[str, float]:
        """Of every extension with a process of its own; an internal one has no start to count from."""
        return {
            party: duration_ms(started_ns, self._next_ns[party])
            for party, started_ns in self._started_ns.items()
            if party != RUNTIME_PARTY and party in self._next_ns
        }

    def runtime_init_ms(self) -> float | None:
        started_ns = self._started_ns.get(RUNTIME_PARTY)
        end_ns = self._function_init_ns or self._next_ns.get(RUNTIME_PARTY)
        return None if started_ns is None or end_ns is None else duration_ms(started_ns, end_ns)

    def function_init_ms(self) -> float | None:
        next_ns = self._next_ns.get(RUNTIME_PARTY)
        if self._function_init_ns is None or next_ns is None:
            return None
        return duration_ms(self._function_init_ns, max(next_ns, self._function_init_ns))

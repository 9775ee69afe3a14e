"""Batches of events: NDJSON in zlib, in the database and on the live channel. Knows bytes and rows, no figures."""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lambdasim.recording.models import EventBatch
from lambdasim.telemetry.event import TelemetryEvent, decode_lines, encode_lines

MAX_BATCH_BYTES = 64 * 1024
"""Of NDJSON; a single longer line is a batch of its own."""

COMPRESSION_LEVEL = 1
"""Telemetry compresses about tenfold at any level; the lowest takes a third of the time."""

HISTORY_EVENTS = 20_000
"""How far back a reader looks that has to know an environment as it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    environment_id: str
    function_name: str
    version: str
    first_seq: int
    last_seq: int
    data: bytes

    def events(self) -> list[TelemetryEvent]:
        return unpack(self.data)

    def to_message(self) -> bytes:
        """For the live channel: one line of JSON that says what it is, then the compressed events."""
        header = {
            "environment_id": self.environment_id, "function_name": self.function_name, "version": self.version,
            "first_seq": self.first_seq, "last_seq": self.last_seq,
        }
        return json.dumps(header, separators=(",", ":")).encode() + b"\n" + self.data

    @classmethod
    def from_message(cls, message: bytes) -> "Batch":
        header, _, data = message.partition(b"\n")
        return cls(**json.loads(header), data=data)


def pack(events: Sequence[TelemetryEvent]) -> Iterator[tuple[int, int, bytes]]:
    """(first_seq, last_seq, data) of batches of at most MAX_BATCH_BYTES before compression."""
    lines: list[bytes] = []
    first_seq = last_seq = size_bytes = 0
    for event in events:
        line = encode_lines([event])
        if lines and size_bytes + len(line) > MAX_BATCH_BYTES:
            yield first_seq, last_seq, zlib.compress(b"".join(lines), COMPRESSION_LEVEL)
            lines, size_bytes = [], 0
        if not lines:
            first_seq = event.seq
        lines.append(line)
        size_bytes += len(line)
        last_seq = event.seq
    if lines:
        yield first_seq, last_seq, zlib.compress(b"".join(lines), COMPRESSION_LEVEL)


def unpack(data: bytes) -> list[TelemetryEvent]:
    return decode_lines(zlib.decompress(data))


def stored_events(environment_id: str, *, after_seq: int = 0) -> Iterator[TelemetryEvent]:
    """The environment's events with a higher sequence number, in order, one batch in memory at a time."""
    rows = EventBatch.objects.filter(environment_id=environment_id, last_seq__gt=after_seq).order_by("first_seq")
    for data in rows.values_list("data", flat=True).iterator(chunk_size=20):
        for event in unpack(bytes(data)):
            if event.seq > after_seq:
                yield event


def recent_events(environment_id: str, *, last_seq: int) -> Iterator[TelemetryEvent]:
    """What to fold to know an environment as it is now: its beginning, and its last HISTORY_EVENTS events."""
    first = EventBatch.objects.filter(environment_id=environment_id).order_by("first_seq").first()
    if first is None:
        return
    yield from unpack(bytes(first.data))
    yield from stored_events(environment_id, after_seq=max(first.last_seq, last_seq - HISTORY_EVENTS))

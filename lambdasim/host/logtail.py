"""The log of one invocation as CloudWatch would show it, for `X-Amz-Log-Type: Tail`.

AWS: API_Invoke, "LogResult": the last 4 KB of the execution log.
"""

from lambdasim.telemetry.event import TelemetryEvent
from lambdasim.telemetry.report import text_lines

LOG_TAIL_BYTES = 4096


class LogTail:
    def __init__(self) -> None:
        self._log = bytearray()

    def add(self, event: TelemetryEvent) -> None:
        for line in text_lines(event):
            self._log += line.rstrip("\n").encode() + b"\n"
        if len(self._log) > 4 * LOG_TAIL_BYTES:
            del self._log[:-LOG_TAIL_BYTES]

    def last(self) -> bytes:
        return bytes(self._log[-LOG_TAIL_BYTES:])

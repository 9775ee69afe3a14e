"""Lines out of a pipe that a process writes to: stdout, stderr, marks.

Bounded everywhere: so many bytes per wake-up, so that a flood of logs cannot keep the Runtime API waiting, and so many
bytes per line (256 KB, an event in CloudWatch Logs: AWS, cloudwatch_limits_cwl). Order within a pipe is kept.
"""

import asyncio
import os
from collections.abc import Callable

MAX_LINE_BYTES = 256 * 1024
BYTES_PER_WAKEUP = 16 * 1024
PIPE_BYTES = 64 * 1024
"""A pipe's capacity: what is in it when somebody asks for everything so far."""


class LinePipe:
    """`write_fd` is for the process; close it with `started` once the process has its copy."""

    def __init__(self, loop: asyncio.AbstractEventLoop, on_line: Callable[[bytes], None]) -> None:
        self._loop = loop
        self._on_line = on_line
        self._partial = bytearray()
        self._read_fd, self.write_fd = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._read_fd, False)
        self.is_open = True
        loop.add_reader(self._read_fd, self._readable)

    def started(self) -> None:
        os.close(self.write_fd)

    def _readable(self) -> None:
        self._read(BYTES_PER_WAKEUP)

    def _read(self, limit_bytes: int) -> int:
        if not self.is_open:
            return 0
        try:
            data = os.read(self._read_fd, limit_bytes)
        except BlockingIOError:
            return 0
        if data:
            self._take(data)
        else:
            self.close()
        return len(data)

    def _take(self, data: bytes) -> None:
        self._partial += data
        *lines, rest = self._partial.split(b"\n")
        self._partial = rest
        for line in lines:
            self._emit(bytes(line))
        while len(self._partial) > MAX_LINE_BYTES:
            self._on_line(bytes(self._partial[:MAX_LINE_BYTES]))
            del self._partial[:MAX_LINE_BYTES]

    def _emit(self, line: bytes) -> None:
        self._on_line(line[:MAX_LINE_BYTES])
        for start in range(MAX_LINE_BYTES, len(line), MAX_LINE_BYTES):
            self._on_line(line[start : start + MAX_LINE_BYTES])

    def read_now(self) -> None:
        """What was written before this call, up to a pipe's capacity; the rest of an unfinished line stays."""
        self._read(PIPE_BYTES)

    def flush(self) -> None:
        """What was written before this call, an unfinished line as well."""
        self.read_now()
        self._flush_partial()

    def _flush_partial(self) -> None:
        if self._partial:
            line, self._partial = bytes(self._partial), bytearray()
            self._emit(line)

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self._loop.remove_reader(self._read_fd)
            os.close(self._read_fd)
            self._flush_partial()

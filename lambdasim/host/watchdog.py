"""Watches the memory of one environment against the function's memory size, and says when it is over it.

The kernel's own limit cannot do this alone: it counts files in /tmp, which Lambda keeps on a disk. So the anonymous
memory is read 20 times a second while processes run; a peak that is shorter passes. AWS Lambda: configuration-memory.
"""

import asyncio
from collections.abc import Callable

INTERVAL_S = 0.05
BYTES_PER_MB = 1 << 20


class MemoryWatchdog:
    def __init__(
        self, loop: asyncio.AbstractEventLoop, *, limit_mb: int, read_bytes: Callable[[], int],
        on_exceeded: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._limit_bytes = limit_mb * BYTES_PER_MB
        self._read_bytes = read_bytes
        self._on_exceeded = on_exceeded
        self._timer: asyncio.TimerHandle | None = None

    def resume(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(INTERVAL_S, self._look)

    def pause(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._read_bytes() > self._limit_bytes:
            self._on_exceeded()
        self.resume()

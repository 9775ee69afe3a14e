"""The environment's clock: epoch nanoseconds that never run backwards.

Anchored to the wall clock once, then driven by CLOCK_MONOTONIC, which sandboxed processes share, so that marks
they take can be placed on the same axis.
"""

import time


class Clock:
    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        return time.monotonic_ns() + self._offset_ns

    def from_monotonic_ns(self, monotonic_ns: int) -> int:
        return monotonic_ns + self._offset_ns

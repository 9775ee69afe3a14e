"""One turn of an invocation: who got the event when, who called next when, and who was waited for.

Follows `sim.party` records from `platform.start` on. Knows neither spans nor reports. The arithmetic is that of the
span `extensionOverhead` of AWS's Runtime Interface Emulator (internal/lambda/rapid/handlers.go): the runtime's
next → the last INVOKE-subscribed extension's next, never negative. State names are the emulator's too
(internal/lambda/core/runtime_state_names.go, agent_state_names.go).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lambdasim.core.values import RUNTIME_PARTY

READY = "Ready"
RUNNING = "Running"
REGISTERED = "Registered"


class Move(StrEnum):
    DELIVERED = "delivered"
    NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRuntime:
    """What the extensions cost after the runtime was done. `critical` is None if nobody outlasted it."""

    duration_ns: int
    tails_ns: Mapping[str, int]
    slacks_ns: Mapping[str, int]
    critical: str | None


class Turn:
    __slots__ = ("_closed", "delivered_ns", "next_ns")

    def __init__(self) -> None:
        self.delivered_ns: dict[str, int] = {}
        self.next_ns: dict[str, int] = {}
        self._closed = False

    def close(self) -> None:
        """A reset begins: a next that follows says nothing about the invocation."""
        self._closed = True

    def move(self, party: str, record: Mapping[str, Any], at_ns: int) -> Move | None:
        """Takes a transition in; None if it is neither the event's delivery nor the party's next."""
        if self._closed:
            return None
        state = record.get("state")
        if state == RUNNING and party not in self.delivered_ns:
            self.delivered_ns[party] = at_ns
            return Move.DELIVERED
        if state == READY and party in self.delivered_ns and party not in self.next_ns:
            self.next_ns[party] = at_ns
            return Move.NEXT
        return None

    @property
    def runtime_next_ns(self) -> int | None:
        return self.next_ns.get(RUNTIME_PARTY)

    def holders(self) -> list[str]:
        """Everybody who got the event and has not called next since."""
        return [party for party in self.delivered_ns if party not in self.next_ns]

    def holder_since_ns(self) -> int | None:
        """While the runtime holds: since the delivery. When only extensions do: since the runtime let go."""
        holders = self.holders()
        if not holders:
            return None
        delivered_ns = min(self.delivered_ns[party] for party in holders)
        if RUNTIME_PARTY in holders or self.runtime_next_ns is None:
            return delivered_ns
        return max(delivered_ns, self.runtime_next_ns)

    def post_runtime(self) -> PostRuntime | None:
        """None as long as somebody has not called next: then the figure is not defined (yet)."""
        runtime_next_ns = self.runtime_next_ns
        if runtime_next_ns is None or len(self.next_ns) < len(self.delivered_ns):
            return None
        nexts = {party: at_ns for party, at_ns in self.next_ns.items() if party != RUNTIME_PARTY}
        last_ns = max(nexts.values(), default=runtime_next_ns)
        tails = self.tails_ns()
        slacks = {party: last_ns - at_ns for party, at_ns in nexts.items()}
        longest = max(tails, key=lambda party: tails[party], default=None)
        critical = longest if longest is not None and tails[longest] > 0 else None
        return PostRuntime(
            duration_ns=max(0, last_ns - runtime_next_ns), tails_ns=tails, slacks_ns=slacks, critical=critical,
        )

    def tails_ns(self) -> dict[str, int]:
        """Of every extension that has called next, once the runtime has."""
        runtime_next_ns = self.runtime_next_ns
        if runtime_next_ns is None:
            return {}
        return {
            party: max(0, at_ns - runtime_next_ns)
            for party, at_ns in self.next_ns.items() if party != RUNTIME_PARTY
        }

"""Who is in the environment since the last init: the runtime and the extensions, each with its parked calls.

A reset empties the roster: identifiers and registrations are void then, and the next init fills it with new
processes. It knows no phases and no time. AWS: runtimes-extensions-api, "Register".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from lambdasim.core.actions import InvokeEvent, RuntimeEvent, ShutdownEvent
from lambdasim.core.parties import State
from lambdasim.core.values import RUNTIME_PARTY, ExtensionEventType, Role


@dataclass(slots=True, kw_only=True)
class Party:
    name: str
    role: Role
    state: State = State.STARTED
    previous: State | None = None
    # of its process; an internal extension has none of its own
    alive: bool = False
    pid: int | None = None
    # of its registration
    identifier: str | None = None
    events: tuple[str, ...] = ()
    initialised: bool = False
    """It has called next at least once."""
    error_type: str | None = None
    """What it, or its launch, gave as the reason of its failure."""
    # of its parked calls
    calls: list[object] = field(default_factory=list)
    owed: RuntimeEvent | InvokeEvent | ShutdownEvent | None = None
    """An event that found no call to be delivered to: the next call gets it."""

    def subscribes(self, event: ExtensionEventType) -> bool:
        return event in self.events


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyView:
    """What others may see of a party."""

    name: str
    role: Role
    state: State
    identifier: str | None
    events: tuple[str, ...]
    pid: int | None
    alive: bool


class Roster:
    __slots__ = ("_by_call", "_by_identifier", "extensions", "runtime", "subscribers")

    def __init__(self) -> None:
        self.runtime: Party | None = None
        self.extensions: dict[str, Party] = {}
        self.subscribers: list[Party] = []
        """Of INVOKE, in the order of delivery: external extensions first (RIE: internal/lambda/rapid/handlers.go)."""
        self._by_identifier: dict[str, Party] = {}
        self._by_call: dict[int, Party] = {}
        """By identity: a call is opaque, and two that look equal are still two."""

    def add_external(self, name: str) -> Party:
        party = self.extensions[name] = Party(name=name, role=Role.EXTERNAL)
        return party

    def add_internal(self, name: str) -> Party:
        party = self.extensions[name] = Party(name=name, role=Role.INTERNAL)
        return party

    def register(self, party: Party, identifier: str, events: tuple[str, ...]) -> None:
        party.identifier, party.events = identifier, events
        self._by_identifier[identifier] = party
        if party.subscribes(ExtensionEventType.INVOKE):
            self.subscribers.append(party)
            self.subscribers.sort(key=lambda one: one.role is Role.INTERNAL)

    def identified(self, identifier: str) -> Party | None:
        return self._by_identifier.get(identifier)

    def find(self, name: str) -> Party | None:
        return self.runtime if name == RUNTIME_PARTY else self.extensions.get(name)

    # --- parked calls ----------------------------------------------------------------------------

    def park(self, party: Party, call: object) -> None:
        party.calls.append(call)
        self._by_call[id(call)] = party

    def take_calls(self, party: Party) -> list[object]:
        calls, party.calls = party.calls, []
        for call in calls:
            del self._by_call[id(call)]
        return calls

    def drop(self, call: object) -> None:
        party = self._by_call.pop(id(call), None)
        if party is not None:
            party.calls = [parked for parked in party.calls if parked is not call]

    # --- who is there ----------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Party]:
        if self.runtime is not None:
            yield self.runtime
        yield from self.extensions.values()

    def externals(self) -> list[Party]:
        return [party for party in self.extensions.values() if party.role is Role.EXTERNAL]

    def internals(self) -> list[Party]:
        return [party for party in self.extensions.values() if party.role is Role.INTERNAL]

    def views(self) -> tuple[PartyView, ...]:
        return tuple(
            PartyView(
                name=party.name, role=party.role, state=party.state, identifier=party.identifier,
                events=party.events, pid=party.pid, alive=party.alive,
            )
            for party in self
        )

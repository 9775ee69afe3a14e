"""A host without a machine: what runtimes, extensions and callers do, as verbs, and what tests ask about it.

Performing the core's actions is `fake_machine`'s part. A verb feeds one input, or a whole usual sequence of them,
and most return the host, so that a test reads as the story of a life.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lambdasim.core import inputs
from lambdasim.core.phases import Phase
from lambdasim.core.values import RUNTIME_PARTY, Invocation, ShutdownReason
from tests.core.fake_machine import EPOCH_NS, MS, Call, FakeMachine

__all__ = ["EPOCH_NS", "MS", "Call", "FakeHost"]


@dataclass(slots=True, kw_only=True)
class FakeHost(FakeMachine):
    # --- what processes and callers do -----------------------------------------------------------

    def start(self, extensions: Iterable[str] = ()) -> "FakeHost":
        self.feed(inputs.InitRequested(extensions=tuple(extensions)))
        return self if self.holds_starts else self.run()

    def register(self, name: str, events: Iterable[str] = ("INVOKE", "SHUTDOWN")) -> "FakeHost":
        identifier = f"id-of-{name}-{len(self.identifiers)}-{self.pids}"
        self.feed(inputs.ExtensionRegister(name=name, identifier=identifier, events=tuple(events)))
        self.identifiers[name] = identifier
        return self.run()

    def next(self, party: str) -> Call:
        call = Call(party)
        if party == RUNTIME_PARTY:
            self.feed(inputs.RuntimeNext(call=call))
        else:
            self.feed(inputs.ExtensionNext(identifier=self.identifiers[party], call=call))
        self.calls[party] = call
        return call

    def drop(self, party: str) -> None:
        call = self.calls.pop(party)
        call.dropped = True
        self.feed(inputs.CallDropped(call=call))

    def exit(self, party: str, code: int = 1) -> "FakeHost":
        self.exit_later(party, code)
        return self.run()

    def cold_start(
        self, extensions: Iterable[str] = (), *, events: Iterable[str] = ("INVOKE", "SHUTDOWN")
    ) -> "FakeHost":
        """A whole Init: 10 ms to register, 50 ms to the runtime's next, 5 ms to each extension's."""
        names = tuple(extensions)
        return self.start(names).initialise(names, events=events)

    def initialise(self, names: Iterable[str] = (), *, events: Iterable[str] = ("INVOKE", "SHUTDOWN")) -> "FakeHost":
        self.advance(10)
        for name in names:
            self.register(name, events)
        self.advance(50)
        self.next(RUNTIME_PARTY)
        for name in names:
            self.advance(5)
            self.next(name)
        return self.run()

    def arrive(self, request_id: str = "r1", payload: bytes = b"{}") -> str:
        self.feed(inputs.InvocationArrived(invocation=self.invocation(request_id, payload)))
        self.accepted.append(request_id)
        return request_id

    def invocation(self, request_id: str = "r1", payload: bytes = b"{}") -> Invocation:
        return Invocation(
            request_id=request_id, payload=payload, accepted_at_ns=self.now_ns,
            function_arn=self.spec.function_arn, trace_id="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
        )

    def respond(self, request_id: str = "r1", payload: bytes = b'"ok"') -> None:
        self.feed(inputs.RuntimeResponseBegan(request_id=request_id, is_error=False))
        self.advance(1)
        self.feed(inputs.RuntimeResponseEnded(
            request_id=request_id, payload=payload, content_type="application/json", is_error=False,
        ))

    def fail(
        self, request_id: str = "r1", payload: bytes = b'{"errorType":"E"}', error_type: str = "Function.E"
    ) -> None:
        self.feed(inputs.RuntimeResponseBegan(request_id=request_id, is_error=True))
        self.feed(inputs.RuntimeResponseEnded(
            request_id=request_id, payload=payload, content_type="application/json", is_error=True,
            error_type=error_type,
        ))

    def serve(self, request_id: str, extensions: Iterable[str] = ()) -> "FakeHost":
        """A whole invocation: 20 ms of handler, 1 ms of response, then 30 ms of tail for each extension."""
        self.arrive(request_id)
        self.advance(20)
        self.respond(request_id)
        self.next(RUNTIME_PARTY)
        for name in extensions:
            self.advance(30)
            self.next(name)
        return self.run()

    def shut_down(self, reason: ShutdownReason = ShutdownReason.SPINDOWN) -> "FakeHost":
        self.feed(inputs.ShutdownRequested(reason=reason))
        return self.run()

    # --- what tests ask --------------------------------------------------------------------------

    def state(self, party: str) -> str:
        return next(one.state for one in self.environment.parties if one.name == party)

    @property
    def phase(self) -> Phase:
        return self.environment.phase

    def types(self, prefix: str = "") -> list[str]:
        return [event.type for _, event in self.events if event.type.startswith(prefix)]

    def all_records(self, type: str) -> list[dict[str, Any]]:
        return [
            dict(event.record) for _, event in self.events
            if event.type == type and not isinstance(event.record, str)
        ]

    def record(self, type: str) -> dict[str, Any]:
        """The last one of this type."""
        return self.all_records(type)[-1]

    def clear(self) -> "FakeHost":
        self.events.clear()
        self.performed.clear()
        return self

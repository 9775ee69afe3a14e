"""One tree of errors. The core refuses an input with one of these and is left unchanged by it.

The api renders a `Refused` as the HTTP answer that AWS's Runtime Interface Emulator gives for it.
"""


class LambdasimError(Exception):
    """Root of everything that lambdasim raises on purpose."""


class SpecError(LambdasimError):
    """A setting is wrong: which field, and what to do about it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


class Refused(LambdasimError):
    """The environment does not accept this input now."""


class IllegalTransition(Refused):
    """`party_label` is how AWS names the party in the message: `runtime`, or the extension."""

    def __init__(self, party_label: str, source: str, target: str) -> None:
        super().__init__(f"State transition from {source} to {target} failed for {party_label}")
        self.party_label, self.source, self.target = party_label, source, target


class InvalidRequestId(Refused):
    """The id in the path is not the one of the invocation under way."""


class UnknownExtension(Refused):
    def __init__(self, identifier: str) -> None:
        super().__init__(f"Unknown extension {identifier}")
        self.identifier = identifier


class InvalidEventType(Refused):
    """`problem` is ErrorInvalidEventType or ShutdownEventNotSupportedForInternalExtension."""

    def __init__(self, event: str, problem: str) -> None:
        super().__init__(f"{event}: {problem}")
        self.event, self.problem = event, problem


class ExtensionAlreadyRegistered(Refused):
    """An internal extension of this name exists."""


class RegistrationClosed(Refused):
    """The runtime has called next: no internal extension may register any more."""


class TooManyExtensions(Refused):
    def __init__(self, limit: int) -> None:
        super().__init__(f"Extension limit ({limit}) reached")
        self.limit = limit


class NotReady(Refused):
    """Between a reset and the next Init there is no event to wait for (500 InternalServerError)."""

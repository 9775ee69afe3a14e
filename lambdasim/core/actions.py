"""Everything the core can ask of the host: the only way out of it, in the order to be performed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdasim.core.values import Answer, Invocation, Role, ShutdownReason

# --- what a parked `next` returns ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeEvent:
    invocation: Invocation
    deadline_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvokeEvent:
    request_id: str
    function_arn: str
    trace_id: str
    deadline_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownEvent:
    reason: ShutdownReason
    deadline_ms: int


# --- actions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Spawn:
    """Start the runtime, or the extension `/opt/extensions/<party>`."""

    party: str
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """Answer the parked call with this event."""

    call: object
    event: RuntimeEvent | InvokeEvent | ShutdownEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCaller:
    """The caller's answer is known; extensions may still be at work."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """The invocation is over for everybody: the environment is free again, or is being reset."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminate:
    """SIGTERM to the party's process group."""

    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """SIGKILL to the party's process group."""

    party: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KillAll:
    """SIGKILL to every process of the environment but its pid 1; /tmp and the API socket survive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Stop every process; answer with Frozen once that is verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thaw:
    """Continue every process; answer with Thawed before anything else is performed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    timer: str
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disarm:
    timer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Read and reset the memory peaks and CPU clocks; answer with Measured at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One event in the Telemetry API's envelope. `party` says whose lane it belongs to."""

    type: str
    record: Mapping[str, Any] | str
    party: str | None = None
    at_ns: int | None = None
    """Only where the moment is earlier than the input that reports it (marks)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispose:
    """The environment is DEAD: nothing follows; give the sandbox back."""


Action = (
    Spawn | Deliver | AnswerCaller | Complete | Terminate | Kill | KillAll | Freeze | Thaw
    | Arm | Disarm | Measure | Record | Dispose
)

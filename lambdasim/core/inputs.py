"""Everything that can happen to an execution environment: the only way into the core.

The api package makes the first group out of HTTP requests, the host makes the second. `call` is an
opaque token of the HTTP side for a parked request; the core only hands it back in `Deliver`.
"""

from dataclasses import dataclass

from lambdasim.core.values import ExitStatus, Invocation, Measurement, ShutdownReason

# --- from the Runtime API and the Extensions API -------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeNext:
    call: object


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeResponseBegan:
    """Headers of POST …/response or …/error arrived: request id, then state are checked now."""

    request_id: str
    is_error: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeResponseEnded:
    """The body arrived whole. `error_type` is the sanitised category header of …/error."""

    request_id: str
    payload: bytes
    content_type: str
    is_error: bool
    error_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeResponseFailed:
    """The body was refused: `error_type` is Runtime.TruncatedResponse, Function.ResponseSizeTooLarge
    or Runtime.InvalidResponseModeHeader; `produced_bytes` is what was sent of it."""

    request_id: str
    error_type: str
    produced_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeInitError:
    payload: bytes
    content_type: str
    error_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRegister:
    """`identifier` is a fresh UUID made by the api, valid if the registration is accepted."""

    name: str
    identifier: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionNext:
    identifier: str
    call: object


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionInitError:
    identifier: str
    error_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionExitError:
    identifier: str
    error_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDropped:
    """The connection of a parked `next` closed: the call must never be delivered to."""

    call: object


# --- from the host -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class InitRequested:
    """Begin Init with these external extensions (file names in /opt/extensions, sorted by bytes)."""

    extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStarted:
    party: str
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessNotStarted:
    """exec failed. `reason` is a text such as `fork/exec /opt/extensions/x: exec format error`;
    `error_type` is PermissionDenied, UnknownError or, for the runtime, Runtime.InvalidEntrypoint."""

    party: str
    error_type: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessExited:
    party: str
    status: ExitStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A moment inside the runtime process: `functionInitStart`, `functionInitEnd`, `runtimeLoaded`."""

    name: str
    marked_at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationArrived:
    invocation: Invocation


@dataclass(frozen=True, slots=True, kw_only=True)
class ShutdownRequested:
    reason: ShutdownReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    timer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    measurement: Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """Every process is verified stopped. `took_ms` counts from the Freeze action."""

    took_ms: float
    processes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thawed:
    """Every process was continued (or the freeze under way was abandoned: then `was_frozen` is False)."""

    was_frozen: bool
    took_ms: float


Input = (
    RuntimeNext | RuntimeResponseBegan | RuntimeResponseEnded | RuntimeResponseFailed | RuntimeInitError
    | ExtensionRegister | ExtensionNext | ExtensionInitError | ExtensionExitError | CallDropped
    | InitRequested | ProcessStarted | ProcessNotStarted | ProcessExited | Marked
    | InvocationArrived | ShutdownRequested | TimerFired | Measured | Frozen | Thawed
)

"""Values that cross every border of the core: what is invoked, by which rules, and how it ended.

Pure data. Times are `at_ns`: nanoseconds since the Unix epoch on the environment's own clock, which is
anchored once and then follows CLOCK_MONOTONIC, so it never runs backwards.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    RUNTIME = "runtime"
    EXTERNAL = "external"
    INTERNAL = "internal"


class ExtensionEventType(StrEnum):
    INVOKE = "INVOKE"
    SHUTDOWN = "SHUTDOWN"


class Status(StrEnum):
    """The four outcomes of the Telemetry API's shared type Status (AWS: telemetry-schema-reference)."""

    SUCCESS = "success"
    ERROR = "error"
    FAILURE = "failure"
    TIMEOUT = "timeout"


class ShutdownReason(StrEnum):
    SPINDOWN = "spindown"
    TIMEOUT = "timeout"
    FAILURE = "failure"


class InitializationType(StrEnum):
    ON_DEMAND = "on-demand"
    PROVISIONED_CONCURRENCY = "provisioned-concurrency"
    SNAP_START = "snap-start"


class InitPhase(StrEnum):
    """`init` is the Init phase; `invoke` is an init run again inside an invocation ("suppressed init")."""

    INIT = "init"
    INVOKE = "invoke"


RUNTIME_PARTY = "runtime"
"""Lane and party name of the runtime process. Extensions are parties under their own names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """One function version, as far as an execution environment has to know it."""

    function_name: str
    version: str = "$LATEST"
    handler: str = ""
    runtime: str = "provided"
    memory_size_mb: int = 128
    timeout_ms: int = 3_000
    ephemeral_storage_mb: int = 512
    environment: dict[str, str] = field(default_factory=dict)
    account_id: str = "000000000000"
    region: str = "us-east-1"
    initialization_type: InitializationType = InitializationType.ON_DEMAND

    @property
    def function_arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account_id}:function:{self.function_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One accepted invoke. `function_arn` is what the caller used, with its qualifier if it gave one."""

    request_id: str
    payload: bytes
    accepted_at_ns: int
    function_arn: str
    trace_id: str
    """`Root=…;Parent=…;Sampled=…`; never empty, since typed clients need it (RIE issue 109)."""
    content_type: str = "application/json"
    client_context: str = ""
    cognito_identity: str = ""
    log_tail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the caller of an invocation gets. `error_type` is None when the function succeeded."""

    request_id: str
    payload: bytes
    content_type: str = "application/json"
    error_type: str | None = None
    log_tail: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitStatus:
    """How a process ended: `code` ≥ 0 is an exit status, < 0 the negated signal number."""

    code: int
    cpu_ms: float = 0.0
    max_memory_mb: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUse:
    """CPU time and memory peak of one party (its process and descendants) since the last measurement."""

    party: str
    pid: int
    cpu_ms: float
    max_memory_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Peak of the whole environment since the last measurement; `method` names the estimator."""

    max_memory_mb: float
    high_water_mb: float
    method: str
    processes: tuple[ProcessUse, ...] = ()

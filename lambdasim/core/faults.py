"""What ends an init or an invocation before its time, in the words the caller reads.

Platform-made bodies are `{"errorType", "errorMessage"}` in this order; the message begins with the request id.
AWS: lambda-runtime-environment, "Failures during the invoke phase"; texts as in RIE,
internal/lambda/rapid/handlers.go, internal/lambda/interop/model.go and internal/lambda/fatalerror/fatalerror.go.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from lambdasim.core.limits import MAX_RESPONSE_BYTES
from lambdasim.core.values import ExitStatus, Role, Status

EXTENSION_LAUNCH_ERROR = "Extension.LaunchError"
EXTENSION_INIT_ERROR = "Extension.InitError"
EXTENSION_EXIT_ERROR = "Extension.ExitError"
EXTENSION_CRASH = "Extension.Crash"
RUNTIME_EXIT_ERROR = "Runtime.ExitError"
RUNTIME_INVALID_ENTRYPOINT = "Runtime.InvalidEntrypoint"
RUNTIME_INVALID_RESPONSE_MODE = "Runtime.InvalidResponseModeHeader"
RUNTIME_TRUNCATED_RESPONSE = "Runtime.TruncatedResponse"
FUNCTION_RESPONSE_TOO_LARGE = "Function.ResponseSizeTooLarge"
FUNCTION_UNKNOWN = "Function.Unknown"
SANDBOX_FAILURE = "Sandbox.Failure"
SANDBOX_TIMEDOUT = "Sandbox.Timedout"
TOO_MANY_EXTENSIONS = "TooManyExtensions"

SIGNAL_TEXTS: Mapping[int, str] = {
    1: "hangup", 2: "interrupt", 3: "quit", 4: "illegal instruction", 5: "trace/breakpoint trap", 6: "aborted",
    7: "bus error", 8: "floating point exception", 9: "killed", 10: "user defined signal 1",
    11: "segmentation fault", 12: "user defined signal 2", 13: "broken pipe", 14: "alarm clock", 15: "terminated",
}
"""Go's names (syscall/zerrors_linux_amd64.go), since RIE's texts are Go's; others are `signal N` there too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`error_type` is what the caller reads; records leave it out when `status` is timeout."""

    status: Status
    error_type: str
    text: str

    @property
    def recorded_type(self) -> str | None:
        return None if self.status is Status.TIMEOUT else self.error_type


def failure(error_type: str, text: str) -> Fault:
    """A platform fault (`Sandbox.…`) is a failure, all else an error (RIE: internal/lambda/rapid/handlers.go)."""
    status = Status.FAILURE if error_type.startswith("Sandbox.") else Status.ERROR
    return Fault(status=status, error_type=error_type, text=text)


def timeout(timeout_ms: int) -> Fault:
    text = f"Task timed out after {timeout_ms / 1000:.2f} seconds"
    return Fault(status=Status.TIMEOUT, error_type=SANDBOX_TIMEDOUT, text=text)


def exit_text(role: Role, status: ExitStatus) -> str:
    """How AWS says that a process ended. No exit of a runtime or extension is expected, not even with 0."""
    code = status.code
    if code == 0:
        return "Runtime exited without providing a reason" if role is Role.RUNTIME else "exit code 0"
    how = f"exit status {code}" if code > 0 else f"signal: {SIGNAL_TEXTS.get(-code, f'signal {-code}')}"
    return f"Runtime exited with error: {how}" if role is Role.RUNTIME else how


def error_body(error_type: str, text: str, *, request_id: str | None = None) -> bytes:
    message = text if request_id is None else f"RequestId: {request_id} Error: {text}"
    return json.dumps(
        {"errorType": error_type, "errorMessage": message}, separators=(",", ":"), ensure_ascii=False
    ).encode()


def refused_response_body(error_type: str, *, request_id: str, produced_bytes: int) -> bytes:
    """What the caller gets instead of a response that was not taken."""
    if error_type == FUNCTION_RESPONSE_TOO_LARGE:
        return error_body(error_type, f"Response payload size ({produced_bytes} bytes) exceeded maximum allowed "
                                      f"payload size ({MAX_RESPONSE_BYTES} bytes).")
    if error_type == RUNTIME_INVALID_RESPONSE_MODE:
        return b""
    return error_body(error_type, "HTTP request detected as truncated", request_id=request_id)

"""The environment variables of the runtime process and of external extensions.

Two lists made from one set of tables: later rows win over the function's configuration, and extensions see fewer.
AWS Lambda: configuration-envvars, runtimes-extensions-api ("excluded variables"); the order of composition is that of
RIE (internal/lambda/rapidcore/env/environment.go). The metadata endpoint is not served, so AWS_LAMBDA_METADATA_* is
not set.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lambdasim.core.errors import SpecError
from lambdasim.core.values import FunctionSpec
from lambdasim.runtimes.paths import SANDBOX, Paths
from lambdasim.runtimes.runtime import Runtime

__all__ = [
    "FAKE_CREDENTIALS", "NOT_FOR_EXTENSIONS", "RESERVED", "Credentials", "Paths", "check_environment",
    "extension_variables", "runtime_variables",
]

MAX_TOTAL_BYTES = 4096
"""All keys and values of a function together (AWS Lambda: gettingstarted-limits)."""

RESERVED = frozenset({
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API", "AWS_LAMBDA_METADATA_TOKEN",
})
"""A function's configuration cannot set these (AWS Lambda: configuration-envvars, "Reserved environment variables")."""

NOT_FOR_EXTENSIONS = frozenset({
    "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
})
"""Beside every key that starts with `_` (AWS Lambda: runtimes-extensions-api)."""

_XRAY_HOST, _XRAY_PORT = "169.254.100.1", "2000"
"""Where Lambda's own environments find the X-Ray daemon. None listens here; clients send UDP and expect no answer."""

_KEY = re.compile(r"[a-zA-Z][a-zA-Z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The defaults are no credentials and say so; they only keep SDKs from looking for real ones."""

    access_key_id: str = "AKIALAMBDASIMNOTREAL"
    secret_access_key: str = "lambdasim-not-a-real-secret-access-key00"
    session_token: str = "lambdasim-not-a-real-session-token"


FAKE_CREDENTIALS = Credentials()


def check_environment(environment: Mapping[str, str]) -> None:
    """Refuses what Lambda's control plane refuses. Raises SpecError."""
    if reserved := sorted(RESERVED & environment.keys()):
        raise SpecError("environment", f"{', '.join(reserved)}: reserved by Lambda; remove it from the configuration")
    for key in environment:
        if not _KEY.fullmatch(key):
            raise SpecError(
                "environment", f"{key!r}: a key starts with a letter, has two characters or more, of a-z A-Z 0-9 _"
            )
    total_bytes = sum(len(key.encode()) + len(value.encode()) for key, value in environment.items())
    if total_bytes > MAX_TOTAL_BYTES:
        raise SpecError("environment", f"keys and values are {total_bytes} bytes; at most {MAX_TOTAL_BYTES}")


def runtime_variables(
    function: FunctionSpec, *, api_address: str, runtime: Runtime, log_stream: str,
    credentials: Credentials = FAKE_CREDENTIALS, paths: Paths = SANDBOX,
) -> dict[str, str]:
    """Everything the runtime process sees."""
    variables = runtime.environment(paths) | {
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": f"{_XRAY_HOST}:{_XRAY_PORT}",
    }
    variables |= _configured(function)
    variables |= _platform(function, api_address) | _credentials(credentials)
    variables |= {
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.function_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "LAMBDA_TASK_ROOT": paths.task_root,
        "LAMBDA_RUNTIME_DIR": paths.runtime_dir,
        "_HANDLER": function.handler,
        "_AWS_XRAY_DAEMON_ADDRESS": _XRAY_HOST,
        "_AWS_XRAY_DAEMON_PORT": _XRAY_PORT,
    }
    if runtime.execution_env is not None:
        variables["AWS_EXECUTION_ENV"] = runtime.execution_env
    return variables | _moved(paths)


def extension_variables(
    function: FunctionSpec, *, api_address: str, runtime: Runtime,
    credentials: Credentials = FAKE_CREDENTIALS, paths: Paths = SANDBOX,
) -> dict[str, str]:
    """Everything an external extension sees."""
    variables = runtime.environment(paths) | _configured(function)
    variables |= _platform(function, api_address) | _credentials(credentials) | _moved(paths)
    return {
        key: value for key, value in variables.items() if key not in NOT_FOR_EXTENSIONS and not key.startswith("_")
    }


def _configured(function: FunctionSpec) -> dict[str, str]:
    """The function's own variables. What `check_environment` would refuse is dropped: a container's environment,
    which `serve` takes for the function's, may well carry it."""
    return {
        key: value for key, value in function.environment.items()
        if key not in RESERVED and not key.startswith("_")
    }


def _platform(function: FunctionSpec, api_address: str) -> dict[str, str]:
    return {
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size_mb),
        "AWS_LAMBDA_INITIALIZATION_TYPE": function.initialization_type.value,
        "AWS_LAMBDA_RUNTIME_API": api_address,
    }


def _credentials(credentials: Credentials) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token,
    }


def _moved(paths: Paths) -> dict[str, str]:
    """Without mount namespaces /opt is elsewhere, and only this variable can say where."""
    return {} if paths.opt == SANDBOX.opt else {"LAMBDASIM_OPT_DIR": paths.opt}

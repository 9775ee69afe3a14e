"""Which variable reaches whom, with which value: one row each, and the two whole lists against it."""

from typing import Any

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.core.values import FunctionSpec, InitializationType
from lambdasim.host.variables import (
    FAKE_CREDENTIALS,
    NOT_FOR_EXTENSIONS,
    RESERVED,
    Paths,
    check_environment,
    extension_variables,
    runtime_variables,
)
from lambdasim.runtimes.registry import custom, find
from lambdasim.runtimes.runtime import Runtime

MANAGED = Runtime(name="python3.11", start=lambda code, paths: [], managed=True, execution_env="AWS_Lambda_python3.11")
LIBRARIES = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"

BOTH, RUNTIME_ONLY = True, False
MATRIX: dict[str, tuple[bool, str]] = {
    "AWS_ACCESS_KEY_ID": (BOTH, FAKE_CREDENTIALS.access_key_id),
    "AWS_SECRET_ACCESS_KEY": (BOTH, FAKE_CREDENTIALS.secret_access_key),
    "AWS_SESSION_TOKEN": (BOTH, FAKE_CREDENTIALS.session_token),
    "AWS_REGION": (BOTH, "eu-central-1"),
    "AWS_DEFAULT_REGION": (BOTH, "eu-central-1"),
    "AWS_LAMBDA_FUNCTION_NAME": (BOTH, "orders"),
    "AWS_LAMBDA_FUNCTION_VERSION": (BOTH, "7"),
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": (BOTH, "512"),
    "AWS_LAMBDA_INITIALIZATION_TYPE": (BOTH, "provisioned-concurrency"),
    "AWS_LAMBDA_RUNTIME_API": (BOTH, "127.0.0.1:9001"),
    "LANG": (BOTH, "en_US.UTF-8"),
    "LD_LIBRARY_PATH": (BOTH, LIBRARIES),
    "PATH": (BOTH, "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
    "TZ": (BOTH, ":UTC"),
    "TABLE": (BOTH, "orders-table"),
    "AWS_LAMBDA_LOG_GROUP_NAME": (RUNTIME_ONLY, "/aws/lambda/orders"),
    "AWS_LAMBDA_LOG_STREAM_NAME": (RUNTIME_ONLY, "2026/11/23/[7]0123"),
    "LAMBDA_TASK_ROOT": (RUNTIME_ONLY, "/var/task"),
    "LAMBDA_RUNTIME_DIR": (RUNTIME_ONLY, "/var/runtime"),
    "_HANDLER": (RUNTIME_ONLY, "app.handler"),
    "AWS_EXECUTION_ENV": (RUNTIME_ONLY, "AWS_Lambda_python3.11"),
    "AWS_XRAY_DAEMON_ADDRESS": (RUNTIME_ONLY, "169.254.100.1:2000"),
    "AWS_XRAY_CONTEXT_MISSING": (RUNTIME_ONLY, "LOG_ERROR"),
    "_AWS_XRAY_DAEMON_ADDRESS": (RUNTIME_ONLY, "169.254.100.1"),
    "_AWS_XRAY_DAEMON_PORT": (RUNTIME_ONLY, "2000"),
}


def _function(**environment: str) -> FunctionSpec:
    return FunctionSpec(
        function_name="orders", version="7", handler="app.handler", memory_size_mb=512, region="eu-central-1",
        initialization_type=InitializationType.PROVISIONED_CONCURRENCY, environment=environment,
    )


def _runtime(function: FunctionSpec, *, runtime: Runtime = MANAGED, **more: Any) -> dict[str, str]:
    return runtime_variables(
        function, api_address="127.0.0.1:9001", runtime=runtime, log_stream="2026/11/23/[7]0123", **more
    )


def _extension(function: FunctionSpec, *, runtime: Runtime = MANAGED, **more: Any) -> dict[str, str]:
    return extension_variables(function, api_address="127.0.0.1:9001", runtime=runtime, **more)


def test_the_runtime_sees_every_row_and_nothing_else() -> None:
    assert _runtime(_function(TABLE="orders-table")) == {key: value for key, (_, value) in MATRIX.items()}


def test_an_extension_sees_its_rows_and_nothing_else() -> None:
    expected = {key: value for key, (who, value) in MATRIX.items() if who is BOTH}
    assert _extension(_function(TABLE="orders-table")) == expected


def test_what_extensions_must_not_see_is_what_the_matrix_says() -> None:
    hidden = {key for key, (who, _) in MATRIX.items() if who is RUNTIME_ONLY}
    assert hidden == NOT_FOR_EXTENSIONS | {"_HANDLER", "_AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT"}


@pytest.mark.parametrize("key", sorted(RESERVED))
def test_a_reserved_key_of_the_function_never_gets_through(key: str) -> None:
    function = _function(**{key: "mine"})
    assert _runtime(function) == _runtime(_function())
    assert _extension(function) == _extension(_function())


def test_a_key_that_starts_with_an_underscore_is_dropped() -> None:
    assert "_MINE" not in _runtime(_function(_MINE="1")) | _extension(_function(_MINE="1"))


@pytest.mark.parametrize(
    ("key", "extension_too"),
    [
        ("LANG", True), ("PATH", True), ("TZ", True), ("LD_LIBRARY_PATH", True), ("AWS_LAMBDA_LOG_FORMAT", True),
        ("AWS_LAMBDA_LOG_LEVEL", True), ("PYTHONPATH", True), ("AWS_XRAY_CONTEXT_MISSING", False),
        ("AWS_XRAY_DAEMON_ADDRESS", False), ("AWS_LAMBDA_EXEC_WRAPPER", True),
    ],
)
def test_an_unreserved_key_may_be_set_by_the_function(key: str, *, extension_too: bool) -> None:
    function = _function(**{key: "mine"})
    assert _runtime(function)[key] == "mine"
    assert (_extension(function).get(key) == "mine") is extension_too


@pytest.mark.parametrize("key", ["AWS_LAMBDA_LOG_FORMAT", "AWS_LAMBDA_LOG_LEVEL", "PYTHONPATH", "NODE_PATH"])
def test_what_is_not_configured_is_not_set(key: str) -> None:
    assert key not in _runtime(_function()) | _extension(_function())


def test_an_os_only_runtime_has_no_execution_env_and_no_language_directory_on_its_path() -> None:
    variables = _runtime(_function(), runtime=find("provided.al2023"))
    assert "AWS_EXECUTION_ENV" not in variables
    assert variables["PATH"] == "/usr/local/bin:/usr/bin/:/bin:/opt/bin"


def test_a_given_command_counts_as_an_image() -> None:
    assert _runtime(_function(), runtime=custom(["x"]))["AWS_EXECUTION_ENV"] == "AWS_Lambda_Image"


def test_without_a_mount_namespace_variables_name_the_host_paths() -> None:
    paths = Paths(task_root="/srv/task", opt="/srv/opt", runtime_dir="/srv/runtime", lang="/srv/lang")
    runtime, extension = _runtime(_function(), paths=paths), _extension(_function(), paths=paths)
    assert (runtime["LAMBDA_TASK_ROOT"], runtime["LAMBDA_RUNTIME_DIR"]) == ("/srv/task", "/srv/runtime")
    assert runtime["LAMBDASIM_OPT_DIR"] == extension["LAMBDASIM_OPT_DIR"] == "/srv/opt"
    assert runtime["PATH"] == extension["PATH"] == "/srv/lang/bin:/usr/local/bin:/usr/bin/:/bin:/srv/opt/bin"
    assert runtime["LD_LIBRARY_PATH"] == (
        "/srv/lang/lib:/lib64:/usr/lib64:/srv/runtime:/srv/runtime/lib:/srv/task:/srv/task/lib:/srv/opt/lib"
    )


def test_the_dummy_credentials_say_what_they_are() -> None:
    assert "NOTREAL" in FAKE_CREDENTIALS.access_key_id
    assert "not-a-real" in FAKE_CREDENTIALS.secret_access_key
    assert "not-a-real" in FAKE_CREDENTIALS.session_token


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"AWS_REGION": "x", "AWS_LAMBDA_RUNTIME_API": "y"}, "AWS_LAMBDA_RUNTIME_API, AWS_REGION: reserved"),
        ({"_HANDLER": "x"}, "_HANDLER: reserved"),
        ({"_MINE": "x"}, "'_MINE': a key starts with a letter"),
        ({"A": "x"}, "'A': a key starts with a letter, has two characters"),
        ({"MY-KEY": "x"}, "'MY-KEY': a key"),
        ({"BIG": "x" * 4094}, "keys and values are 4097 bytes; at most 4096"),
    ],
)
def test_it_refuses_what_the_service_refuses(environment: dict[str, str], problem: str) -> None:
    with pytest.raises(SpecError) as refusal:
        check_environment(environment)
    assert refusal.value.field == "environment"
    assert problem in refusal.value.problem


def test_it_accepts_what_the_service_accepts() -> None:
    check_environment({"TABLE": "a=b", "PATH": "/x", "aB_9": "", "BIG": "x" * 4000})

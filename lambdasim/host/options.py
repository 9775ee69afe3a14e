"""The options of `python -m lambdasim run` and `serve`, and the environment they describe."""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lambdasim.core.errors import SpecError
from lambdasim.core.values import FunctionSpec
from lambdasim.host.config import EnvironmentConfig
from lambdasim.host.identifiers import new_environment_id
from lambdasim.host.packages import merge_layers
from lambdasim.host.probe import LEVELS, probe

# Defaults of AWS's Runtime Interface Emulator (internal/lambda/rie/handlers.go), for `serve` to be a drop-in.
RIE_DEFAULTS = {
    "AWS_LAMBDA_FUNCTION_NAME": "test_function",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_TIMEOUT": "300",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008",
    "AWS_LAMBDA_FUNCTION_HANDLER": "",
}
RIE_ACCOUNT, AWS_ACCOUNT = "012345678912", "000000000000"


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="lambdasim", description="One emulated Lambda execution environment.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="invoke a function and print its log with REPORT lines")
    serve = verbs.add_parser("serve", help="answer invokes over HTTP until SIGTERM, like AWS's RIE")
    for verb in (run, serve):
        _environment_options(verb)
    run.add_argument("--event", default="{}", help="JSON, @FILE or - for standard input (default {})")
    run.add_argument("--count", type=int, default=1, help="how many invocations, one after the other")
    run.add_argument("--pause", type=float, default=0.0, metavar="SECONDS", help="frozen time between invocations")
    run.add_argument("--json", action="store_true", help="print every event as NDJSON instead of the log")
    serve.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, default=8080)
    serve.add_argument("--api-port", type=int, default=9001, help="port of the Runtime API")
    serve.add_argument("command", nargs="*", metavar="COMMAND", help="after --: the runtime's command and handler")
    return parser.parse_args(argv)


def _environment_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--task", type=Path, metavar="DIR", help="function code, mounted at /var/task")
    parser.add_argument("--handler", default="", help="e.g. app.handler")
    parser.add_argument("--runtime", default=None, help="python, python3.x, provided, provided.al2023")
    parser.add_argument("--layer", type=Path, action="append", default=[], metavar="DIR_OR_ZIP")
    parser.add_argument("--extension", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--memory", type=int, default=None, metavar="MB")
    parser.add_argument("--timeout", type=float, default=None, metavar="SECONDS")
    parser.add_argument("--env", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--name", default=None, help="the function's name")
    parser.add_argument("--isolation", choices=LEVELS, default=None, help="default: the best this machine has")
    parser.add_argument("--bind", action="append", default=[], metavar="HOST:INSIDE", help="further read-only mount")


@contextmanager
def environment_config(options: argparse.Namespace) -> Iterator[EnvironmentConfig]:
    """The environment that the options describe; its merged /opt is removed afterwards. Raises SpecError."""
    capabilities = probe(wanted=options.isolation, allow_unisolated=options.isolation == "none")
    with tempfile.TemporaryDirectory(prefix="lambdasim-") as scratch:
        os.chmod(scratch, 0o755)  # the sandbox's unprivileged user reads it
        function, command = _function(options)
        yield EnvironmentConfig(
            environment_id=new_environment_id(),
            function=function,
            capabilities=capabilities,
            task_dir=_task_dir(options, in_place=capabilities.isolation == "none"),
            opt_dir=_opt_dir(options, Path(scratch)),
            command=command,
            working_dir=os.getcwd() if command and capabilities.isolation == "none" else None,
            binds=tuple(_bind(text) for text in options.bind),
            variables=_image_variables() if options.verb == "serve" and options.isolation == "none" else {},
            api_port=getattr(options, "api_port", 9001),
        )


def _function(options: argparse.Namespace) -> tuple[FunctionSpec, tuple[str, ...]]:
    defaults: Mapping[str, str] = RIE_DEFAULTS | {k: os.environ[k] for k in RIE_DEFAULTS if k in os.environ}
    serving = options.verb == "serve"
    command = tuple(getattr(options, "command", ()))
    # RIE: with a command of two or more words, the last one is the handler (internal/lambda/rie/run.go).
    handler = options.handler or (command[-1] if len(command) > 1 else "")
    if serving:
        handler = handler or defaults["AWS_LAMBDA_FUNCTION_HANDLER"]
    name = options.name or (defaults["AWS_LAMBDA_FUNCTION_NAME"] if serving else "function")
    timeout_s = options.timeout or (float(defaults["AWS_LAMBDA_FUNCTION_TIMEOUT"]) if serving else 3.0)
    return FunctionSpec(
        function_name=name,
        version=defaults["AWS_LAMBDA_FUNCTION_VERSION"] if serving else "$LATEST",
        handler=handler,
        runtime=options.runtime or ("provided" if command else "python"),
        memory_size_mb=options.memory or (int(defaults["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]) if serving else 128),
        timeout_ms=round(timeout_s * 1000),
        environment=dict(_variable(text) for text in options.env),
        account_id=RIE_ACCOUNT if serving else AWS_ACCOUNT,
    ), command


def _task_dir(options: argparse.Namespace, *, in_place: bool) -> Path | None:
    if options.task is None:
        if in_place:
            return None
        raise SpecError("--task", "name the directory with the function's code")
    if not options.task.is_dir():
        raise SpecError("--task", f"{options.task} is not a directory")
    return Path(options.task).resolve()


def _opt_dir(options: argparse.Namespace, scratch: Path) -> Path | None:
    if not options.layer and not options.extension:
        return None
    for path in (*options.layer, *options.extension):
        if not path.exists():
            raise SpecError("--layer" if path in options.layer else "--extension", f"{path} does not exist")
    opt = scratch / "opt"
    opt.mkdir()
    merge_layers(options.layer, opt)
    for file in options.extension:
        (opt / "extensions").mkdir(exist_ok=True)
        shutil.copy2(file, opt / "extensions" / file.name)
    return opt


def _bind(text: str) -> tuple[Path, str]:
    host, separator, inside = text.partition(":")
    if not separator or not inside.startswith("/") or not Path(host).exists():
        raise SpecError("--bind", f"{text!r} is not HOST:INSIDE with an existing HOST and an absolute INSIDE")
    return Path(host).resolve(), inside


def _variable(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise SpecError("--env", f"{text!r} is not KEY=VALUE")
    return key, value


def _image_variables() -> dict[str, str]:
    """Inside a container image its own environment is the function's, as with RIE."""
    return dict(os.environ)


def read_event(text: str) -> bytes:
    """The bytes of a JSON event given literally, as @FILE, or as - for standard input. Raises SpecError."""
    try:
        if text == "-":
            data = sys.stdin.buffer.read()
        else:
            data = Path(text[1:]).read_bytes() if text.startswith("@") else text.encode()
        json.loads(data)
    except (OSError, ValueError) as error:
        raise SpecError("--event", f"not a JSON document: {error}") from None
    return data

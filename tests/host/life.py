"""A whole execution environment in a test: code and extensions from source text, real processes, what was recorded."""

import stat
import textwrap
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from lambdasim.core.values import Answer, FunctionSpec, Invocation
from lambdasim.host.config import EnvironmentConfig
from lambdasim.host.environment import EnvironmentHost
from lambdasim.host.identifiers import new_environment_id, new_request_id, new_trace_id
from lambdasim.host.probe import probe
from lambdasim.metrics.figures import InvocationMetrics
from lambdasim.metrics.fold import EnvironmentFold
from lambdasim.telemetry.event import TelemetryEvent

EXTENSION = '''\
#!/usr/bin/env python3
import http.client, json, os, sys, time

connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def call(method, path, headers, body=None):
    connection.request(method, "/2020-01-01/extension/" + path, body=body, headers=headers)
    answer = connection.getresponse()
    return answer.headers, answer.read()

name = os.path.basename(sys.argv[0])
headers, _ = call("POST", "register", {"Lambda-Extension-Name": name}, json.dumps({"events": EVENTS}))
me = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
BEFORE_NEXT
while True:
    event = json.loads(call("GET", "event/next", me)[1])
    if event["eventType"] == "SHUTDOWN":
        ON_SHUTDOWN
        sys.exit(0)
    ON_INVOKE
'''


def extension(
    *, on_invoke: str = "pass", on_shutdown: str = "pass", before_next: str = "",
    events: tuple[str, ...] = ("INVOKE", "SHUTDOWN"),
) -> str:
    """Source of an extension; the snippets are statements on one line each."""
    return (
        EXTENSION.replace("EVENTS", repr(list(events))).replace("BEFORE_NEXT", before_next)
        .replace("ON_SHUTDOWN", on_shutdown).replace("ON_INVOKE", on_invoke)
    )


class Recording:
    """A sink that keeps everything, and what the metrics make of it."""

    def __init__(self) -> None:
        self.events: list[TelemetryEvent] = []

    def put(self, event: TelemetryEvent) -> None:
        self.events.append(event)

    def of(self, type: str) -> list[TelemetryEvent]:
        return [event for event in self.events if event.type == type]

    def lines(self, party: str) -> list[str]:
        spoken = (e for e in self.events if e.type in ("function", "extension") and e.party == party)
        return [str(event.record).rstrip("\n") for event in spoken]

    def invocations(self) -> list[InvocationMetrics]:
        fold = EnvironmentFold()
        fold.feed(self.events)
        return fold.snapshot().invocations


class Life:
    def __init__(self, host: EnvironmentHost, recording: Recording) -> None:
        self.host, self.recording = host, recording

    async def invoke(self, payload: bytes = b"{}", *, log_tail: bool = False) -> Answer:
        return await self.host.invoke(Invocation(
            request_id=new_request_id(), payload=payload, accepted_at_ns=self.host.now_ns(),
            function_arn=self.host.config.function.function_arn, trace_id=new_trace_id(), log_tail=log_tail,
        ))


@asynccontextmanager
async def life(
    where: Path, code: str | None, extensions: Mapping[str, str] | None = None, *, isolation: str | None = None,
    runtime: str = "python", handler: str = "app.handler", memory_size_mb: int = 512, timeout_ms: int = 10_000,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Life]:
    """Started, and shut down at the end. `isolation` None: the best level of this machine."""
    where.chmod(0o755)
    for parent in where.parents:  # pytest's own directories are 0700, the sandbox's user is another
        if parent.name.startswith("pytest-"):
            parent.chmod(0o755)
    config = EnvironmentConfig(
        environment_id=new_environment_id(),
        function=FunctionSpec(
            function_name="hello", version="1", handler=handler, runtime=runtime, memory_size_mb=memory_size_mb,
            timeout_ms=timeout_ms, environment=dict(environment or {}),
        ),
        capabilities=probe(wanted=isolation, allow_unisolated=isolation == "none"),
        task_dir=where / "task" if code is None else write_code(where / "task", code, runtime),
        opt_dir=write_extensions(where / "opt", extensions or {}),
    )
    recording = Recording()
    host = EnvironmentHost(config, recording)
    await host.start()
    try:
        yield Life(host, recording)
    finally:
        await host.shutdown()


def write_code(task_dir: Path, code: str, runtime: str = "python") -> Path:
    task_dir.mkdir(exist_ok=True)
    file = task_dir / ("app.py" if runtime.startswith("python") else "bootstrap")
    file.write_text(textwrap.dedent(code))
    file.chmod(0o755)
    return task_dir


def write_extensions(opt_dir: Path, extensions: Mapping[str, str]) -> Path:
    (opt_dir / "extensions").mkdir(parents=True, exist_ok=True)
    for name, source in extensions.items():
        file = opt_dir / "extensions" / name
        file.write_text(source)
        file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return opt_dir

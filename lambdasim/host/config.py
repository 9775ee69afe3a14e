"""What one execution environment is made of: the function, its files, and how it is to be isolated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from lambdasim.core.values import FunctionSpec
from lambdasim.host.probe import Capabilities
from lambdasim.telemetry.event import TelemetryEvent


class Sink(Protocol):
    """Takes every event of the environment, in order. Called on the loop that serves the Runtime API, so an
    implementation appends and returns."""

    def put(self, event: TelemetryEvent) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentConfig:
    environment_id: str
    function: FunctionSpec
    capabilities: Capabilities
    task_dir: Path | None
    """/var/task. None (isolation `none` only): the machine's own."""
    opt_dir: Path | None
    """/opt, layers already merged. None: no layers, or with isolation `none` the machine's own."""
    command: tuple[str, ...] = ()
    """Instead of the runtime's own start command, e.g. `python -m awslambdaric app.handler`."""
    working_dir: str | None = None
    binds: tuple[tuple[Path, str], ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """Further variables of every process that are not the function's configuration (`serve` passes the
    image's environment)."""
    api_port: int = 9001

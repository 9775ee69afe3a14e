"""Recordings and functions to show: written the way the product writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lambdasim.functions import services
from lambdasim.recording.ingest import Ingest
from lambdasim.telemetry.event import TelemetryEvent, decode_lines

GOLDEN = Path(__file__).parents[1] / "golden"
ENVIRONMENT_ID = "3f9c1a7e-52b8-4c1d-a2f0-77d1c0ffee01"

Record = Callable[[str], str]


def golden_events(name: str, environment_id: str = ENVIRONMENT_ID) -> list[TelemetryEvent]:
    """A golden recording as the life of this environment."""
    text = (GOLDEN / f"{name}.ndjson").read_text()
    return decode_lines(text.replace('"environmentId":"env-1"', f'"environmentId":"{environment_id}"').encode())


@pytest.fixture
def record(db: None) -> Record:
    """Writes a golden recording; returns the environment's id."""

    def write(name: str, environment_id: str = ENVIRONMENT_ID) -> str:
        Ingest(environment_id, announce=lambda batches: None).write(golden_events(name, environment_id))
        return environment_id

    return write


@pytest.fixture
def hello(db: None, tmp_path: Path) -> str:
    """A function with one published version, without layers."""
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return event\n")
    services.put_function(
        "hello", code_dir=tmp_path, description="says <b>hello</b>", runtime="python", handler="app.handler",
        memory_size_mb=128, timeout_ms=3_000, layers=[],
    )
    services.publish_version("hello")
    return "hello"

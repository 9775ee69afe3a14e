"""The samples as their files describe them, for tests."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdasim import samples

ROOT = Path(samples.__file__).parent
LAYERS = ROOT / "layers"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleVersion:
    function: str
    number: int
    description: str
    runtime: str
    handler: str
    memory_size_mb: int
    timeout_ms: int
    environment: dict[str, str]
    code: Path
    layers: tuple[Path, ...]

    def __str__(self) -> str:
        return f"{self.function}:{self.number}"


def documents() -> dict[str, dict[str, Any]]:
    return {file.parent.name: tomllib.loads(file.read_text()) for file in sorted(ROOT.glob("*/sample.toml"))}


def versions() -> list[SampleVersion]:
    return [
        SampleVersion(
            function=name, number=number, description=version["description"], runtime=document["runtime"],
            handler=version.get("handler", document["handler"]),
            memory_size_mb=version.get("memory_size_mb", document["memory_size_mb"]),
            timeout_ms=version.get("timeout_ms", document["timeout_ms"]),
            environment={**document.get("environment", {}), **version.get("environment", {})},
            code=ROOT / name / document["code"], layers=tuple(LAYERS / layer for layer in version["layers"]),
        )
        for name, document in documents().items()
        for number, version in enumerate(document["versions"], 1)
    ]


def version(function: str, number: int) -> SampleVersion:
    return next(item for item in versions() if (item.function, item.number) == (function, number))

"""From a function's `runtime` to what starts it, or to a sentence that says what is missing.

One row a family. The names are AWS's (AWS Lambda: lambda-runtimes); `python` stands for the version lambdasim runs on.
"""

from pathlib import Path

from lambdasim.core.errors import SpecError
from lambdasim.runtimes import provided, python
from lambdasim.runtimes.provided import custom
from lambdasim.runtimes.runtime import Code, InvalidEntrypoint, Runtime

__all__ = ["AVAILABLE", "Code", "InvalidEntrypoint", "Runtime", "canonical", "custom", "find"]

AVAILABLE = (python.NAME, python.ALIAS, *provided.NAMES)

_REMEDIES = {
    "python": f"install lambdasim on that Python (this one runs on {python.VERSION})",
    "nodejs": "install its runtime interface client and package it as provided.al2023 with a bootstrap of its own",
    "java": "package it as provided.al2023 with a bootstrap of its own",
    "dotnet": "package it as provided.al2023 with a bootstrap of its own",
    "ruby": "package it as provided.al2023 with a bootstrap of its own",
    "go": "build it as an executable named bootstrap and use provided.al2023",
}
"""Families that AWS has and this machine has not: what to do instead."""


def find(runtime: str, *, cache_dir: Path | None = None) -> Runtime:
    """Raises SpecError("runtime", …) naming the remedy and what is available."""
    if runtime in provided.NAMES:
        return provided.provided(runtime)
    if runtime in (python.NAME, python.ALIAS):
        return python.python(cache_dir)
    remedy = next(
        (text for family, text in _REMEDIES.items() if runtime.startswith(family)),
        "use one of Lambda's runtime identifiers",
    )
    raise SpecError("runtime", f"{runtime!r} not available: {remedy}; available: {', '.join(AVAILABLE)}")


def canonical(runtime: str) -> str:
    """The name to store with a version: an alias must not change its meaning when the host's Python does."""
    return python.NAME if runtime == python.ALIAS else runtime

"""Which version a caller means, kept for a second so that a warm invocation asks no database.

The key of a version names its content too: environments of $LATEST as it was are not used for $LATEST as it is.
"""

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

from channels.db import database_sync_to_async

from lambdasim.core.values import FunctionSpec
from lambdasim.functions import queries

KEPT_S = 1.0
KEPT_VERSIONS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedVersion:
    function_name: str
    version: str
    function_arn: str
    """Without a qualifier."""
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedVersion:
    """What a worker needs to host the version."""

    key: str
    function: FunctionSpec
    task_dir: Path
    opt_dir: Path | None


_kept: dict[tuple[str, str | None], tuple[float, ResolvedVersion]] = {}


async def resolve(name: str, qualifier: str | None = None) -> ResolvedVersion:
    """Raises functions.queries.FunctionNotFound."""
    kept = _kept.get((name, qualifier))
    if kept is not None and kept[0] > time.monotonic():
        return kept[1]
    resolved: ResolvedVersion = await database_sync_to_async(_look_up)(name, qualifier)
    if len(_kept) >= KEPT_VERSIONS:
        _kept.clear()
    _kept[name, qualifier] = (time.monotonic() + KEPT_S, resolved)
    return resolved


def forget() -> None:
    """For who has just changed a function and wants to see it at once in this process."""
    _kept.clear()


def _look_up(name: str, qualifier: str | None) -> ResolvedVersion:
    hosted = hosted_version(name, qualifier)
    spec = hosted.function
    return ResolvedVersion(
        function_name=spec.function_name, version=spec.version, function_arn=spec.function_arn, key=hosted.key
    )


def hosted_version(name: str, qualifier: str | None) -> HostedVersion:
    """Reads the database and, for layers that were never used together, merges them. Raises FunctionNotFound."""
    found = queries.find_version(name, qualifier)
    spec = queries.spec_of(found)
    task_dir, opt_dir = queries.code_of(found)
    content = hashlib.sha256(repr((spec, task_dir, opt_dir)).encode()).hexdigest()[:12]
    return HostedVersion(
        key=f"{spec.function_name}:{spec.version}:{content}", function=spec, task_dir=task_dir, opt_dir=opt_dir
    )

"""Events that wait on this machine's disk because the database was away: HOME/spool/<environment>.ndjson.

Written by the environment's recorder, put into the database by it or by the control worker, in order and under a lock
on the file. A crash between writing and removing is harmless: Ingest recognises what it has stored already.
"""

import fcntl
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import OperationalError

from lambdasim.recording.ingest import Announce, Ingest
from lambdasim.telemetry.event import TelemetryEvent, decode_lines, encode_lines

log = logging.getLogger(__name__)

EVENTS_A_TRANSACTION = 2_000


def append(environment_id: str, events: Sequence[TelemetryEvent]) -> None:
    """Puts the events on disk; they survive the end of this process, though not of the machine."""
    path = _path(environment_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path) as file:
        size_bytes = os.fstat(file.fileno()).st_size
        try:
            file.write(encode_lines(list(events)))
            file.flush()
        except OSError:
            # A full disk takes half a line: it must not stand between this and the next attempt
            os.ftruncate(file.fileno(), size_bytes)
            raise


def write_back(environment_id: str, ingest: Ingest) -> int:
    """Writes what waits for this environment into the database and removes it; returns the number of events."""
    path = _path(environment_id)
    if not path.exists():
        return 0
    count = 0
    with _locked(path), path.open("rb") as file:
        while events := list(islice(_events(file, path), EVENTS_A_TRANSACTION)):
            ingest.write(events)
            count += len(events)
        path.unlink()
    return count


def waiting() -> list[str]:
    """Environments of which something waits."""
    return sorted(path.stem for path in _directory().glob("*.ndjson"))


def drain_spool(announce: Announce) -> int:
    """Writes back everything that waits on this machine. What one environment's file raises does not hold up the
    others; everything raised is raised together in the end."""
    count, problems = 0, []
    for environment_id in waiting():
        try:
            count += write_back(environment_id, Ingest(environment_id, announce))
        except OperationalError:
            # The database is away: it is for the other files too
            raise
        except Exception as problem:
            problem.add_note(f"{_path(environment_id)} stays where it is")
            problems.append(problem)
    if problems:
        raise ExceptionGroup("spooled events could not be written", problems)
    return count


def _directory() -> Path:
    return settings.LAMBDASIM_HOME / "spool"


def _path(environment_id: str) -> Path:
    return _directory() / f"{environment_id}.ndjson"


def _events(file: BinaryIO, path: Path) -> Iterator[TelemetryEvent]:
    for line in file:
        if not line.endswith(b"\n"):
            # The writer died in the middle of its last line: there is no whole event to save
            log.warning("%s ends in a torn line of %d bytes, which is dropped", path, len(line))
            return
        yield from decode_lines(line)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The file, held alone; opened again if somebody removed it while we waited for the lock."""
    while True:
        with path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_nlink:
                yield file
                return

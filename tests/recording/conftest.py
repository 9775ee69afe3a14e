"""A recording database that writer threads share with the test, an own spool, and somebody who hears announcements."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection, transaction

from lambdasim.recording import spool
from lambdasim.recording.batches import Batch

PATIENCE_S = 10.0


class Announced(list[Batch]):
    """Stands where the live channel does; lets a test wait for what a writer thread announces."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def __call__(self, batches: list[Batch]) -> None:
        with self._changed:
            self.extend(batches)
            self._changed.notify_all()

    def until(self, last_seq: int) -> None:
        with self._changed:
            reached = self._changed.wait_for(lambda: any(batch.last_seq >= last_seq for batch in self), PATIENCE_S)
        assert reached, f"seq {last_seq} was never announced: {[batch.last_seq for batch in self]}"


@pytest.fixture
def announced() -> Announced:
    return Announced()


@pytest.fixture(autouse=True)
def home(settings, tmp_path: Path) -> Path:
    settings.LAMBDASIM_HOME = tmp_path
    return tmp_path


@pytest.fixture
def spooled(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once something lies in the spool."""
    happened = threading.Event()
    append = spool.append

    def and_tell(*arguments) -> None:
        append(*arguments)
        happened.set()

    monkeypatch.setattr(spool, "append", and_tell)
    return happened


class Database:
    """The test's database, which can be away for everybody else: no writer gets its lock."""

    @contextmanager
    def away(self) -> Iterator[None]:
        # SQLite's transactions begin IMMEDIATE here: this one keeps every other writer out
        with transaction.atomic():
            yield


@pytest.fixture
def database(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "timeout", 0.05)
    return Database()

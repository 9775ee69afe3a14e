"""Takes the events of one environment and writes them behind its back: the environment only appends to a deque.

A thread collects for at most 50 ms (or until there is much) and hands everything to Ingest: one transaction. While the
database is away, events go to the spool file instead, in order, and from there into the database when it is back.
Whatever goes wrong here never reaches the environment, whose phases are being measured.
"""

import logging
import sys
import threading
import time
from collections import deque
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connections

from lambdasim.recording import spool
from lambdasim.recording.channel import Publisher
from lambdasim.recording.ingest import Announce, Ingest
from lambdasim.telemetry.event import TelemetryEvent

log = logging.getLogger(__name__)

COLLECT_S = 0.05
FULL_EVENTS = 400
"""About 64 KB of NDJSON: then the rest of COLLECT_S is not waited for."""
RETRY_S = 1.0
SWITCH_INTERVAL_S = 0.0001
"""For how long this thread's Python keeps the interpreter from the environment's loop. With the default of 5 ms a timer
of that loop was up to 1.6 ms late at the 95th percentile of 450 recorded invocations a second, with this 0.3 ms."""


class Recorder:
    """`put` from the environment's loop; `start` and `close` from anywhere. Not to be started twice."""

    def __init__(self, environment_id: str, *, announce: Announce | None = None) -> None:
        # Refused now, not by the database in the thread
        self._environment_id = str(UUID(environment_id))
        self._publisher = Publisher()
        self._ingest = Ingest(self._environment_id, self._publisher if announce is None else announce)
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        # between the environment's loop and the thread
        self._pending: deque[TelemetryEvent] = deque()
        self._wake = threading.Event()
        self._asleep = False
        self._closing = False
        # the thread's own
        self._unwritten: list[TelemetryEvent] = []
        self._spooled = False
        self._retry_at_s = 0.0

    def put(self, event: TelemetryEvent) -> None:
        self._pending.append(event)
        # The thread sets the flag before it looks at the deque, so one of the two always sees the other
        if self._asleep or len(self._pending) == FULL_EVENTS:
            self._wake.set()

    def start(self) -> None:
        sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_INTERVAL_S))
        self._thread.start()

    def close(self, *, timeout_s: float = 5.0) -> None:
        """Returns when every event is in the database or, if that takes too long, in the spool file."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            left = [*self._unwritten, *self._pending]
            log.warning("%s: the database takes longer than %s s, %d events are spooled",
                        self._environment_id, timeout_s, len(left))
            spool.append(self._environment_id, left)
        self._publisher.close()

    def _run(self) -> None:
        try:
            while not self._closing or self._pending:
                self._collect()
                self._flush()
            if self._unwritten:
                self._to_spool()
        finally:
            connections.close_all()

    def _collect(self) -> None:
        """Waits until there is something, then a little for more; takes it."""
        self._wake.clear()
        self._asleep = True
        if not self._pending and not self._closing:
            self._wake.wait(RETRY_S if self._spooled or self._unwritten else None)
        self._asleep = False
        self._wake.clear()
        if not self._closing and len(self._pending) < FULL_EVENTS:
            self._wake.wait(COLLECT_S)
        while self._pending:
            self._unwritten.append(self._pending.popleft())

    def _flush(self) -> None:
        if self._retry_at_s and time.monotonic() < self._retry_at_s and not self._closing:
            self._to_spool()
            return
        try:
            if self._spooled:
                spool.write_back(self._environment_id, self._ingest)
                self._spooled = False
            self._ingest.write(self._unwritten)
        except DatabaseError as error:
            self._database_away(error)
        except Exception:
            # The thread must outlive a defect in what is derived: the events are safe in the spool
            log.exception("%s: events could not be written", self._environment_id)
            self._database_away(None)
        else:
            self._unwritten = []
            self._retry_at_s = 0.0

    def _database_away(self, error: DatabaseError | None) -> None:
        if not self._retry_at_s:
            log.warning("%s: the database is away, events are spooled: %s", self._environment_id, error)
        self._retry_at_s = time.monotonic() + RETRY_S
        connections.close_all()
        self._to_spool()

    def _to_spool(self) -> None:
        if not self._unwritten:
            return
        try:
            spool.append(self._environment_id, self._unwritten)
        except OSError as error:
            # Kept in memory and tried again with the next batch
            log.error("%s: %d events can be neither written nor spooled: %s",
                      self._environment_id, len(self._unwritten), error)
        else:
            self._unwritten, self._spooled = [], True

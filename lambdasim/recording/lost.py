"""Ends the recording of an environment whose worker died: nobody else can write its last event any more."""

import time

from lambdasim.recording import spool
from lambdasim.recording.batches import stored_events
from lambdasim.recording.channel import Publisher
from lambdasim.recording.ingest import Announce, Ingest
from lambdasim.recording.models import Environment
from lambdasim.telemetry.event import TelemetryEvent


def mark_lost(environment_id: str, reason: str, *, announce: Announce | None = None) -> bool:
    """Appends `sim.lost` after whatever was recorded or spooled here; False if there is nothing to end.

    Events that turn up later all the same (a spool on a machine that comes back) are numbered on from here.
    """
    publisher = Publisher()
    try:
        ingest = Ingest(environment_id, publisher if announce is None else announce)
        spool.write_back(environment_id, ingest)
        row = Environment.objects.filter(pk=environment_id).first()
        if row is None or row.ended_at is not None:
            return False
        last = list(stored_events(environment_id, after_seq=row.last_seq - 1))
        # The dead worker's clock may have been ahead of ours: time never runs backwards in a recording
        at_ns = max(time.time_ns(), *(event.at_ns for event in last)) if last else time.time_ns()
        ingest.write([
            TelemetryEvent(seq=row.last_seq + 1, at_ns=at_ns, type="sim.lost", record={"reason": reason})
        ])
    finally:
        publisher.close()
    return True

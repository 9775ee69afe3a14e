"""What the control worker does for recordings, at times that Celery's beat keeps (settings.CELERY_BEAT_SCHEDULE)."""

from lambdasim.celery import CONTROL, app
from lambdasim.recording import retention, spool
from lambdasim.recording.channel import Publisher


@app.task(queue=CONTROL)
def prune_recordings() -> None:
    retention.prune()


@app.task(queue=CONTROL)
def write_spooled_events() -> None:
    """Fails while the database is away, and is called again."""
    publisher = Publisher()
    try:
        spool.drain_spool(publisher)
    finally:
        publisher.close()

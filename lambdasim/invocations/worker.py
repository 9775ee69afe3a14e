"""What a worker that hosts environments does beside running tasks: shows itself, hears of dying children, stops well.

Hooked to Celery's signals by `connect`. The main process writes its line into `lambdasim:workers` every second; a child
that dies is buried at once instead of after its lease.
"""

import json
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from billiard.exceptions import WorkerLostError
from celery import signals
from django.conf import settings
from django.db import close_old_connections

from lambdasim.celery import ENVIRONMENTS
from lambdasim.host.ground import sweep
from lambdasim.host.probe import Capabilities, probe
from lambdasim.invocations import leash, reaper
from lambdasim.invocations.broker import AWAY, sync_client

SHOW_EVERY_S = 1.0

log = logging.getLogger(__name__)


class Presence:
    """The worker's line in the hash of workers while it lives. Has its own thread: the main one runs Celery's loop."""

    def __init__(self, name: str, *, slots: int, capabilities: Capabilities) -> None:
        self._name, self._slots = name, slots
        self._capabilities = asdict(capabilities)
        self._lines = capabilities.lines()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """No invocation is placed with this worker's slots from now on."""
        self._ended.set()

    def _run(self) -> None:
        client = sync_client()
        while not self._ended.is_set():
            line = {"at": time.time(), "slots": self._slots, "capabilities": self._capabilities, "lines": self._lines}
            try:
                client.hset(settings.WORKERS_KEY, self._name, json.dumps(line, default=str))
            except AWAY as error:
                log.warning("worker %s cannot show itself while Redis is away: %s", self._name, error)
            self._ended.wait(SHOW_EVERY_S)
        try:
            client.hdel(settings.WORKERS_KEY, self._name)
        except AWAY as error:
            log.warning("worker %s leaves without Redis: %s", self._name, error)
        client.close()


class Undertaker:
    """Buries the environments of children that died, one after the other, off the main thread."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="undertaker")

    def send(self, environment_id: str) -> None:
        self._thread.submit(self._bury, environment_id)

    def _bury(self, environment_id: str) -> None:
        client = sync_client()
        close_old_connections()
        try:
            reaper.bury(client, environment_id, reason="its worker process died", sure=True)
            reaper.record_lost(client)
            _sweep()
        except Exception:
            # The reaper finds it again by its lease; a silent executor would hide why this did not work.
            log.exception("environment %s could not be buried at once", environment_id)
        finally:
            client.close()
            close_old_connections()


class HostingWorker:
    """Celery's signals, for the worker that consumes the queue of environments."""

    def __init__(self) -> None:
        self._presence: Presence | None = None
        self._undertaker = Undertaker()

    def connect(self) -> None:
        signals.worker_init.connect(self.on_init, weak=False)
        signals.worker_process_init.connect(self.on_child, weak=False)
        signals.beat_embedded_init.connect(self.on_beat, weak=False)
        signals.worker_process_shutdown.connect(self.on_child_end, weak=False)
        signals.worker_ready.connect(self.on_ready, weak=False)
        signals.task_failure.connect(self.on_failure, weak=False)
        signals.worker_shutting_down.connect(self.on_shutting_down, weak=False)

    def on_init(self, **_: Any) -> None:
        leash.make()

    def on_child(self, **_: Any) -> None:
        leash.hold()

    def on_child_end(self, exitcode: int | None = None, **_: Any) -> None:
        # A child waits a second for the main process to read its notice of death. When all of them end, nobody
        # reads it, and the user waits for his prompt.
        if leash.is_pulled():
            os._exit(exitcode or 0)

    def on_beat(self, **_: Any) -> None:
        # Celery has closed every file of this process before.
        leash.die_with_main()

    def on_ready(self, sender: Any, **_: Any) -> None:
        if ENVIRONMENTS not in sender.app.amqp.queues.consume_from:
            return
        _sweep()
        self._presence = Presence(sender.hostname, slots=sender.pool.num_processes, capabilities=probe())
        self._presence.start()

    def on_failure(self, exception: BaseException, args: Any = (), sender: Any = None, **_: Any) -> None:
        if isinstance(exception, WorkerLostError) and sender.name.endswith(".host_environment"):
            self._undertaker.send(args[0])

    def on_shutting_down(self, **_: Any) -> None:
        if self._presence is not None:
            self._presence.end()
        leash.pull()


def _sweep() -> None:
    """What environments left on this machine whose supervisor was killed: control groups, users, directories."""
    if removed := sweep():
        log.warning("%d leftovers of dead environments were removed", removed)

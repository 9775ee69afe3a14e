"""Celery's tasks: `host_environment` is one environment's whole life; `reap` and `sweep` look for the dead.

Messages are acknowledged before the work: an environment that died with its worker is not started a second time.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop
from celery import Celery, Task
from django.conf import settings

from lambdasim.celery import ENVIRONMENTS, app
from lambdasim.core.errors import LambdasimError
from lambdasim.host.config import EnvironmentConfig
from lambdasim.host.environment import EnvironmentHost
from lambdasim.host.probe import probe
from lambdasim.invocations import leash, reaper
from lambdasim.invocations.alive import here, this_process
from lambdasim.invocations.broker import SyncClient, sync_client
from lambdasim.invocations.life import Life
from lambdasim.invocations.link import Link
from lambdasim.invocations.placement import Whereabouts
from lambdasim.invocations.versions import hosted_version
from lambdasim.invocations.worker import HostingWorker
from lambdasim.recording.writer import Recorder

REAP_EVERY_S = 1.0
SWEEP_EVERY_S = 30.0

log = logging.getLogger(__name__)

HostingWorker().connect()


@app.task(bind=True, queue=ENVIRONMENTS, acks_late=False, ignore_result=True, expires=60)
def host_environment(self: Task, environment_id: str, function_name: str, version: str) -> None:
    """From Init to Shutdown. Ends at once when nobody waits for this environment any more."""
    at = Whereabouts(worker=self.request.hostname or "", host=here(), process=this_process())
    try:
        hosted = hosted_version(function_name, version)
        config = EnvironmentConfig(
            environment_id=environment_id, function=hosted.function, capabilities=probe(), task_dir=hosted.task_dir,
            opt_dir=hosted.opt_dir,
        )
    except LambdasimError as error:
        uvloop.run(_refuse(environment_id, at, f"The execution environment could not be hosted: {error}"))
    else:
        uvloop.run(_host(Link(environment_id, hosted.key, at, on_buried=_end_at_once), config))


async def _refuse(environment_id: str, at: Whereabouts, failure: str) -> None:
    link = Link(environment_id, "", at, on_buried=_end_at_once)
    await link.finish(failure)
    await link.close()


async def _host(link: Link, config: EnvironmentConfig) -> None:
    if not await link.begin():
        log.warning("environment %s is not wanted any more", config.environment_id)
        await link.close()
        return
    recorder = Recorder(config.environment_id)
    recorder.start()
    try:
        life = Life(EnvironmentHost(config, recorder), link, idle_s=settings.LAMBDASIM_IDLE_SECONDS)
        with leash.watched(asyncio.get_running_loop(), life.stop_requested.set):
            await life.live()
    finally:
        await asyncio.to_thread(recorder.close)
        await link.close()


def _end_at_once() -> None:
    """Others have recorded that this environment is dead: nothing more may come from it."""
    log.error("this environment was declared dead: its process ends")
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(ignore_result=True, expires=5)
def reap() -> None:
    with _client() as client:
        reaper.reap(client)


@app.task(ignore_result=True, expires=30)
def sweep() -> None:
    with _client() as client:
        reaper.sweep(client)


@app.on_after_finalize.connect
def schedule(sender: Celery, **_: object) -> None:
    sender.add_periodic_task(REAP_EVERY_S, reap, name="bury dead environments")
    sender.add_periodic_task(SWEEP_EVERY_S, sweep, name="find forgotten environments")


@contextmanager
def _client() -> Iterator[SyncClient]:
    client = sync_client()
    try:
        yield client
    finally:
        client.close()

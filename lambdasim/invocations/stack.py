"""What `manage.py up` runs: Redis, the web process, the worker of environments, the control worker.

Knows their command lines and when they are ready; how processes are kept running is processes.py's business.
"""

import asyncio
import http.client
import json
import logging
import platform
import signal
import sys
import time
from pathlib import Path

import celery
import django
from django.conf import settings

from lambdasim.celery import CONTROL, ENVIRONMENTS
from lambdasim.invocations import redis_server
from lambdasim.invocations.broker import AWAY, async_client
from lambdasim.invocations.processes import Manager, ProcessSpec, until_true

REDIS_PATIENCE_S = 15.0
HEALTH_PATIENCE_S = 90.0
REDIS_GRACE_S, WEB_GRACE_S, WORKER_GRACE_S = 1.0, 2.0, 3.3
"""Together less than 5 s. A worker's environments need up to 2 s for their extensions' Shutdown phase."""

CONTROL_PROCESSES = 2

log = logging.getLogger(__name__)


class StartFailed(Exception):
    """One sentence for the user."""


async def run(base_dir: Path) -> None:
    """Until SIGINT, SIGTERM or SIGHUP. Raises StartFailed when the stack does not get ready."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    manager = Manager()

    def on_signal() -> None:
        if stop.is_set():
            manager.kill()
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    try:
        starting = asyncio.create_task(_start(manager, base_dir))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            print(starting.result(), flush=True)
            await manager.run_until(stop)
        starting.cancel()
        stopping.cancel()
    finally:
        manager.say("up", "stopping")
        await manager.stop()


async def _start(manager: Manager, base_dir: Path) -> str:
    """What to print when everything is ready."""
    if settings.REDIS_IS_EMBEDDED:
        manager.start(_redis(base_dir))
    if complaint := await until_true(_redis_answers, patience_s=REDIS_PATIENCE_S):
        raise StartFailed(f"Redis at {settings.REDIS_URL} does not answer: {complaint}.{_where_redis_says_why()}")
    for spec in (_web(base_dir), _environments(base_dir), _control(base_dir)):
        manager.start(spec)
    # Asking /healthz before there is a worker would only fill the log.
    complaint = await until_true(_worker_shows_itself, patience_s=HEALTH_PATIENCE_S)
    if complaint := complaint or await until_true(_healthy, patience_s=HEALTH_PATIENCE_S, pause_s=0.3):
        raise StartFailed(f"lambdasim did not get ready within {HEALTH_PATIENCE_S:g} s: {complaint}")
    return await _banner()


async def _banner() -> str:
    client = async_client()
    try:
        workers = await client.hvals(settings.WORKERS_KEY)
        redis_version = (await client.info("server"))["redis_version"]
    finally:
        await client.aclose()
    lines = [line for worker in workers[:1] for line in json.loads(worker)["lines"]]
    versions = (
        f"Python {platform.python_version()}, Django {django.get_version()}, Celery {celery.__version__}, "
        f"Redis {redis_version}"
    )
    return "\n".join(
        ["", *(f"  {line}" for line in lines), f"  versions: {versions}", f"  data: {settings.LAMBDASIM_HOME}",
         f"  AWS endpoint: aws --endpoint-url {base_url()} lambda invoke …", "",
         f"  lambdasim is ready at {base_url()}   (Ctrl-C ends it)", ""]
    )


def _redis_dir() -> Path:
    return Path(settings.LAMBDASIM_HOME) / "redis"


def _where_redis_says_why() -> str:
    return f" Its log is {redis_server.log_file(_redis_dir())}." if settings.REDIS_IS_EMBEDDED else ""


def base_url() -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.LAMBDASIM_HOST, settings.LAMBDASIM_HOST)
    return f"http://{host}:{settings.LAMBDASIM_PORT}"


# --- the processes -----------------------------------------------------------------------------------


def _redis(base_dir: Path) -> ProcessSpec:
    argv = redis_server.arguments(settings.REDIS_SOCKET, _redis_dir())
    return ProcessSpec(name="redis", argv=argv, phase=0, grace_s=REDIS_GRACE_S, cwd=base_dir)


def _web(base_dir: Path) -> ProcessSpec:
    # Without -v 0 Daphne prints a line for every request, which costs more than a warm invocation may.
    argv = [
        sys.executable, "-m", "lambdasim.web", "-v", "0", "-b", settings.LAMBDASIM_HOST,
        "-p", str(settings.LAMBDASIM_PORT), "lambdasim.asgi:application",
    ]
    return ProcessSpec(name="web", argv=argv, grace_s=WEB_GRACE_S, cwd=base_dir, env=_python_env())


def _environments(base_dir: Path) -> ProcessSpec:
    argv = [*_celery_worker(ENVIRONMENTS, settings.LAMBDASIM_ENVIRONMENTS), "--disable-prefetch", "-O", "fair"]
    return ProcessSpec(
        name=ENVIRONMENTS, argv=argv, grace_s=WORKER_GRACE_S, cwd=base_dir, env=_python_env()
    )


def _control(base_dir: Path) -> ProcessSpec:
    argv = [*_celery_worker(CONTROL, CONTROL_PROCESSES), "-B", "-s", str(settings.CELERY_BEAT_SCHEDULE_FILENAME)]
    return ProcessSpec(name=CONTROL, argv=argv, grace_s=WORKER_GRACE_S, cwd=base_dir, env=_python_env())


def _celery_worker(queue: str, processes: int) -> list[str]:
    return [
        sys.executable, "-m", "celery", "--quiet", "-A", "lambdasim.celery", "worker", "-Q", queue, "-n", f"{queue}@%h",
        "-c", str(processes), "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING",
    ]


def _python_env() -> dict[str, str]:
    """The settings of this process, whatever way they came in, and output line by line."""
    return {
        "PYTHONUNBUFFERED": "1",
        # Celery warns of running as root; there, functions run as unprivileged users of their own.
        "PYTHONWARNINGS": "ignore::UserWarning:celery.platforms",
        "DJANGO_SETTINGS_MODULE": "lambdasim.settings",
        "LAMBDASIM_HOME": str(settings.LAMBDASIM_HOME),
        "LAMBDASIM_HOST": settings.LAMBDASIM_HOST,
        "LAMBDASIM_PORT": str(settings.LAMBDASIM_PORT),
        "LAMBDASIM_ENVIRONMENTS": str(settings.LAMBDASIM_ENVIRONMENTS),
    }


# --- ready? ------------------------------------------------------------------------------------------


async def _redis_answers() -> str | None:
    client = async_client()
    try:
        await client.ping()
    except AWAY as error:
        return str(error)
    finally:
        await client.aclose()
    return None


async def _worker_shows_itself() -> str | None:
    client = async_client()
    try:
        workers = await client.hvals(settings.WORKERS_KEY)
    except AWAY as error:
        return str(error)
    finally:
        await client.aclose()
    live = any(json.loads(worker)["at"] > time.time() - 2 for worker in workers)
    return None if live else "no worker of environments has shown itself"


async def _healthy() -> str | None:
    return await asyncio.to_thread(_ask_health)


def _ask_health() -> str | None:
    host = base_url().removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
        return None if response.status == 200 else f"/healthz says {response.status}: {text[:300]}"
    except OSError as error:
        return f"the web process does not answer: {error}"
    finally:
        connection.close()

"""The product's recorder for environments of this process: a data directory, a database and a Redis of their own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdasim.recording.writer import Recorder


class Recordings:
    """Makes a started recorder for an environment; all are closed together."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def sink(self, environment_id: str) -> "Recorder":
        from lambdasim.recording.writer import Recorder

        recorder = Recorder(environment_id)
        recorder.start()
        self._stack.callback(recorder.close)
        return recorder


@contextmanager
def recordings(home: Path) -> Iterator[Recordings]:
    """Django can be set up once in a process, so once in a run."""
    os.environ["LAMBDASIM_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "lambdasim.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from tests.redis_server import RedisServer

    call_command("migrate", verbosity=0)
    redis = RedisServer(Path(settings.REDIS_SOCKET))
    redis.start()
    try:
        with ExitStack() as stack:
            yield Recordings(stack)
    finally:
        redis.stop()

"""`python manage.py up`: checks, migrates, loads the samples, then runs everything until Ctrl-C."""

import argparse
import asyncio
import contextlib
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from lambdasim.core.errors import LambdasimError
from lambdasim.host.probe import probe
from lambdasim.invocations import options, preflight, redis_server, stack


class Command(BaseCommand):
    help = "Runs lambdasim: web process, workers and an embedded Redis, until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        options.add_arguments(parser)

    def handle(self, *args: Any, **given: Any) -> None:
        try:
            self._check(given)
            preflight.port_is_free(settings.LAMBDASIM_HOST, settings.LAMBDASIM_PORT)
            preflight.disk_has_room(settings.LAMBDASIM_HOME)
            with contextlib.closing(preflight.lock(settings.LAMBDASIM_HOME)):
                self._run(load_samples=not given["no_samples"])
        except (LambdasimError, stack.StartFailed) as error:
            raise CommandError(str(error)) from error

    def _check(self, given: dict[str, Any]) -> None:
        """Options only work where manage.py saw them before the settings were read."""
        for name in ("host", "port", "environments"):
            if given[name] is not None and given[name] != getattr(settings, f"LAMBDASIM_{name.upper()}"):
                raise CommandError(f"--{name}: start it as `python manage.py up`, or set LAMBDASIM_{name.upper()}")
        probe()
        if settings.REDIS_IS_EMBEDDED:
            redis_server.program()

    def _run(self, *, load_samples: bool) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        if load_samples:
            call_command("load_samples")
        asyncio.run(stack.run(settings.BASE_DIR))

"""`manage.py load_samples [DIRECTORY]`: puts the sample functions and their layers in place."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lambdasim.core.errors import SpecError
from lambdasim.functions import samples

SAMPLES_DIR = Path(__file__).resolve().parents[3] / "samples"


class Command(BaseCommand):
    help = "Publishes the sample functions; what is there already is left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", nargs="?", type=Path, default=SAMPLES_DIR)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            published = samples.load(options["directory"])
        except SpecError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"published {', '.join(published)}" if published else "samples are up to date")

"""The options of `manage.py up`, and the settings they stand for.

Settings are read when Django starts, so manage.py turns the options into environment variables before that. Knows no
Django.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (LAMBDASIM_HOST, 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (LAMBDASIM_PORT, 8000)")
    parser.add_argument("--home", help="data directory (LAMBDASIM_HOME, ./var)")
    parser.add_argument("--environments", type=int, help="most environments at once (LAMBDASIM_ENVIRONMENTS, 16)")
    parser.add_argument("--no-samples", action="store_true", help="do not load the sample functions")


def variables_of(arguments: Sequence[str]) -> dict[str, str]:
    """The variables that the given options stand for. Unknown options are left for Django to complain about."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    add_arguments(parser)
    options, _ = parser.parse_known_args(arguments)
    variables = {
        "LAMBDASIM_HOST": options.host,
        "LAMBDASIM_PORT": options.port,
        "LAMBDASIM_HOME": options.home and Path(options.home).expanduser().absolute(),
        "LAMBDASIM_ENVIRONMENTS": options.environments,
    }
    return {name: str(value) for name, value in variables.items() if value is not None}

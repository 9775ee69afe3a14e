"""`python -m lambdasim run …` and `python -m lambdasim serve …`: one execution environment without Django, Redis or a
database."""

import logging
import sys

from lambdasim.core.errors import LambdasimError
from lambdasim.host.options import parse
from lambdasim.host.run import run
from lambdasim.host.serve import serve

VERBS = {"run": run, "serve": serve}


def main(argv: list[str] | None = None) -> int:
    """0: done; 1: a function error happened; 2: the command could not be carried out."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    options = parse(argv)
    try:
        return VERBS[options.verb](options)
    except LambdasimError as error:
        print(f"lambdasim {options.verb}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())

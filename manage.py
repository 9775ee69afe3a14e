#!/usr/bin/env python3
"""Django's command line for lambdasim."""

import os
import sys

from django.core.management import execute_from_command_line

from lambdasim.invocations.options import variables_of

if __name__ == "__main__":
    if sys.argv[1:2] == ["up"]:
        # Settings are read when Django starts: its options have to be there by then
        os.environ.update(variables_of(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lambdasim.settings")
    execute_from_command_line(sys.argv)

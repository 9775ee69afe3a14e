"""Entry of the managed Python runtime: `python3.X /var/runtime/bootstrap.py`, the command line of AWS's own images.

Sets up what the managed runtime promises (sys.path, PYTHONPATH, .pth files of function and layers), then hands over to
the unmodified runtime interface client. On the way it writes `name monotonic_ns` lines to the descriptor
LAMBDASIM_MARK_FD, so that runtime init and function init can be told apart. This file is copied to /var/runtime and
imports nothing of lambdasim. AWS Lambda: configuration-envvars, packaging-layers.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any


class Marks:
    """The supervisor's descriptor. The function never sees it: the variable and the descriptor are gone before."""

    def __init__(self) -> None:
        self.fd = int(os.environ.pop("LAMBDASIM_MARK_FD", "-1"))
        if self.fd >= 0:
            os.set_inheritable(self.fd, False)

    def write(self, name: str) -> None:
        if self.fd >= 0:
            os.write(self.fd, b"%s %d\n" % (name.encode(), time.monotonic_ns()))

    def close(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def without_site_packages(path: list[str]) -> list[str]:
    """What the machine has installed for this interpreter is no part of an execution environment."""
    return [entry for entry in path if not entry.endswith(("/site-packages", "/dist-packages"))]


def finish_site() -> None:
    """With -S (no mount namespace: the machine's own .pth files would run) do what is left of `site`."""
    import site

    site.setquit()
    site.setcopyright()
    site.sethelper()
    site.execsitecustomize()


def set_paths(task: str, opt: str) -> None:
    """sys.path: the function first, then layers, then the runtime, then the standard library."""
    import site

    libraries = f"{opt}/python/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    layers = [] if "PYTHONPATH" in os.environ else [libraries, f"{opt}/python"]
    os.environ.setdefault("PYTHONPATH", os.environ.get("LAMBDA_RUNTIME_DIR", "/var/runtime"))
    sys.path[:] = [task, *layers, *without_site_packages(sys.path)]
    for directory in (task, *layers):
        if os.path.isdir(directory):
            site.addsitedir(directory)


def marked(get_handler: Callable[[str], Any], marks: Marks) -> Callable[[str], Any]:
    def _get_handler(handler: str) -> Any:
        marks.write("functionInitStart")
        try:
            return get_handler(handler)
        finally:
            marks.write("functionInitEnd")
            marks.close()

    return _get_handler


def main() -> None:
    marks = Marks()
    if sys.flags.no_site:
        finish_site()
    # Before sys.path is set: the client is the platform's, whatever the function brings under the same name.
    from awslambdaric import __main__ as client

    set_paths(os.environ.get("LAMBDA_TASK_ROOT", "/var/task"), os.environ.get("LAMBDASIM_OPT_DIR", "/opt"))
    marks.write("runtimeLoaded")
    client.bootstrap._get_handler = marked(client.bootstrap._get_handler, marks)
    client.main([sys.argv[0], os.environ["_HANDLER"]])


if __name__ == "__main__":
    main()

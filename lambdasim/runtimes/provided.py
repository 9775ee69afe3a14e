"""OS-only runtimes: the function, or a layer, brings its own `bootstrap`; and a command given outright.

AWS Lambda, runtimes-custom: the package root is searched, then the layers. RIE (internal/lambda/rie/run.go) searches
/var/task, /opt, /var/runtime; the last only matters inside a container image.
"""

from collections.abc import Sequence
from pathlib import Path

from lambdasim.core.errors import SpecError
from lambdasim.runtimes.paths import SANDBOX, Paths
from lambdasim.runtimes.runtime import Code, InvalidEntrypoint, Runtime

NAMES = ("provided", "provided.al2", "provided.al2023")


def provided(name: str) -> Runtime:
    return Runtime(name=name, start=find_bootstrap)


def custom(command: Sequence[str]) -> Runtime:
    """The runtime of `serve -- COMMAND… [HANDLER]`: this command, whatever it is, like an image's entry point."""
    if not command:
        raise SpecError("command", "is empty; give the runtime's command after --")
    argv = list(command)
    return Runtime(name="image", start=lambda code, paths: list(argv), execution_env="AWS_Lambda_Image")


def find_bootstrap(code: Code, paths: Paths) -> list[str]:
    """The first `bootstrap` that exists and is no directory; that one is not executable is for exec to say."""
    for host_dir, inside in _candidates(code, paths):
        file = host_dir / "bootstrap"
        if file.is_symlink() or (file.exists() and not file.is_dir()):
            return [f"{inside}/bootstrap"]
    raise InvalidEntrypoint("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")


def _candidates(code: Code, paths: Paths) -> list[tuple[Path, str]]:
    found = [(code.task_dir, paths.task_root), (code.opt_dir, paths.opt)]
    if code.task_dir == Path(SANDBOX.task_root):  # the machine is itself the image
        found.append((Path(SANDBOX.runtime_dir), SANDBOX.runtime_dir))
    return [(host_dir, inside) for host_dir, inside in found if host_dir is not None]

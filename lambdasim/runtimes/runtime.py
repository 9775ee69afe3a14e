"""What a runtime is: which command starts its process, which files and default variables it needs.

Knows nothing of processes or sandboxes. AWS Lambda: configuration-envvars (defaults), runtimes-modify (exec wrapper),
runtimes-custom (bootstrap).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lambdasim.core.errors import LambdasimError
from lambdasim.core.values import FunctionSpec
from lambdasim.runtimes.paths import SANDBOX, Paths

WRAPPER_VARIABLE = "AWS_LAMBDA_EXEC_WRAPPER"


class InvalidEntrypoint(LambdasimError):
    """There is nothing to start: data of the invocation (Init ends with this error type), not a wrong setting."""

    error_type = "Runtime.InvalidEntrypoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """Host directories of a version: where to look for a file before the sandbox exists. None: there is none."""

    task_dir: Path | None = None
    opt_dir: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    name: str
    """Its canonical name, e.g. python3.11 for the alias python."""
    start: Callable[[Code, Paths], list[str]]
    runtime_dir: Path | None = None
    """Host directory to appear at /var/runtime."""
    lang_prefix: Path | None = None
    """Interpreter prefix to appear at /var/lang."""
    managed: bool = False
    """Has the platform's own bootstrap: honours the exec wrapper and has /var/lang/bin on PATH."""
    marks: bool = False
    """Writes `name monotonic_ns` lines to LAMBDASIM_MARK_FD around function init."""
    execution_env: str | None = None
    """AWS_EXECUTION_ENV, unset for OS-only runtimes."""

    def command(self, function: FunctionSpec, *, code: Code | None = None, paths: Paths = SANDBOX) -> list[str]:
        """The argument vector of the runtime process. Raises InvalidEntrypoint."""
        argv = self.start(code or Code(), paths)
        wrapper = function.environment.get(WRAPPER_VARIABLE, "")
        if self.managed and wrapper:
            return ["/bin/sh", "-c", _WRAPPED, "bootstrap", paths.locate(wrapper), *argv]
        return argv

    def environment(self, paths: Paths = SANDBOX) -> dict[str, str]:
        """Default variables of its processes, which the function's configuration may override."""
        path = "/usr/local/bin:/usr/bin/:/bin:" + f"{paths.opt}/bin"
        libraries = (
            f"{paths.lang}/lib", "/lib64", "/usr/lib64", paths.runtime_dir, f"{paths.runtime_dir}/lib",
            paths.task_root, f"{paths.task_root}/lib", f"{paths.opt}/lib",
        )
        return {
            "LANG": "en_US.UTF-8",
            "LD_LIBRARY_PATH": ":".join(libraries),
            "PATH": f"{paths.lang}/bin:{path}" if self.managed else path,
            "TZ": ":UTC",
        }


# The managed runtimes start through a shell: a wrapper that is missing therefore ends as exit status 127, one that is
# not executable as 126, and never as a failed exec.
_WRAPPED = """\
if [ ! -f "$1" ]; then echo "$1: does not exist"; exit 127; fi
if [ ! -x "$1" ]; then echo "$1: is not an executable"; exit 126; fi
exec "$@"
"""

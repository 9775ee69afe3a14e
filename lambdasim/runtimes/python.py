"""Managed Python: AWS's unmodified runtime interface client on the interpreter that lambdasim itself runs on.

The interpreter's prefix appears at /var/lang and the prepared client at /var/runtime, as in AWS's images; the command
line is theirs as well. AWS Lambda: lambda-python, runtimes-modify.
"""

import functools
import sys
from pathlib import Path

from lambdasim.core.errors import SpecError
from lambdasim.runtimes.paths import SANDBOX, Paths
from lambdasim.runtimes.prepare import default_cache_dir, python_runtime_dir
from lambdasim.runtimes.runtime import Code, Runtime

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
NAME = f"python{VERSION}"
ALIAS = "python"


def python(cache_dir: Path | None = None) -> Runtime:
    """Raises SpecError when the client is not installed or does not fit this interpreter."""
    return _prepared((cache_dir or default_cache_dir()).resolve())


@functools.cache
def _prepared(cache_dir: Path) -> Runtime:
    # base_prefix: a virtual environment's own prefix would bring its site-packages along
    prefix = Path(sys.base_prefix).resolve()
    interpreter = prefix / "bin" / NAME
    if not interpreter.exists():
        raise SpecError("runtime", f"{NAME} not available: there is no {interpreter}; run lambdasim on a full Python")
    return Runtime(
        name=NAME, start=_command, lang_prefix=prefix, managed=True, marks=True,
        runtime_dir=python_runtime_dir(cache_dir, interpreter=interpreter), execution_env=f"AWS_Lambda_{NAME}",
    )


def _command(code: Code, paths: Paths) -> list[str]:
    # Full isolation hides the machine's site-packages; anywhere else `site` must not see them in the first place.
    options = [] if paths.lang == SANDBOX.lang else ["-S"]
    return [f"{paths.lang}/bin/{NAME}", *options, f"{paths.runtime_dir}/bootstrap.py"]

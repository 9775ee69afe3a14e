"""Builds the directory that appears at /var/runtime for managed Python: client, its dependencies, our entry, bytecode.

Built once per content below a cache directory, under a lock, and renamed into place whole. The files are those that
pip recorded for the installed distribution, so nothing else of the machine's site-packages comes along.
"""

import fcntl
import hashlib
import os
import py_compile
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path, PurePosixPath

from lambdasim.core.errors import SpecError

CLIENT = "awslambdaric"
BOOTSTRAP = Path(__file__).with_name("python_bootstrap.py")
_LAYOUT = "1"  # part of the key: raise it when what is built changes other than by its inputs


def default_cache_dir() -> Path:
    """LAMBDASIM_HOME/runtimes, else the user's cache directory."""
    if home := os.environ.get("LAMBDASIM_HOME"):
        return Path(home).resolve() / "runtimes"
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "lambdasim" / "runtimes"


def python_runtime_dir(cache_dir: Path, *, interpreter: Path) -> Path:
    """The prepared directory, built now if it is not there. Raises SpecError."""
    distributions = _closure(CLIENT)
    target = cache_dir / f"python{sys.version_info.major}.{sys.version_info.minor}-{_key(distributions)}"
    if target.is_dir():
        return target
    cache_dir.mkdir(parents=True, exist_ok=True)
    with _locked(cache_dir / ".lock"):
        if not target.is_dir():
            building = Path(tempfile.mkdtemp(prefix=".building-", dir=cache_dir))
            try:
                _build(building, distributions)
                _check_native_client(building, interpreter)
                building.rename(target)
            except BaseException:
                shutil.rmtree(building)
                raise
    return target


def _closure(name: str) -> list[metadata.Distribution]:
    """The distribution and everything it requires without extras."""
    found: dict[str, metadata.Distribution] = {}
    wanted = [name]
    while wanted:
        name = wanted.pop()
        if name.lower() in found:
            continue
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise SpecError("runtime", f"the Python runtime needs {name}: pip install {CLIENT}") from None
        found[name.lower()] = distribution
        requirements = [text for text in distribution.requires or () if ";" not in text]
        wanted += [match.group() for text in requirements if (match := re.match(r"[\w.-]+", text))]
    return [found[key] for key in sorted(found)]


def _key(distributions: list[metadata.Distribution]) -> str:
    named = [f"{item.metadata['Name']}=={item.version}" for item in distributions]
    parts = [_LAYOUT, str(sysconfig.get_config_var("SOABI")), sys.version, *named, BOOTSTRAP.read_text()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _build(into: Path, distributions: list[metadata.Distribution]) -> None:
    for distribution in distributions:
        for file in _files(distribution):
            _copy(Path(str(distribution.locate_file(file))), into / file)
    _copy(BOOTSTRAP, into / "bootstrap.py")
    for source in into.rglob("*.py"):
        # Unchecked: the directory is read-only in the sandbox and never changes, so no stat of the source at import.
        py_compile.compile(
            str(source), dfile=f"/var/runtime/{source.relative_to(into)}", doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    for directory in (into, *(path for path in into.rglob("*") if path.is_dir())):
        directory.chmod(0o755)


def _files(distribution: metadata.Distribution) -> list[PurePosixPath]:
    if distribution.files is None:
        name = distribution.metadata["Name"]
        raise SpecError("runtime", f"{name} has no list of its files (no RECORD); reinstall it with pip")
    return [
        file for file in distribution.files
        if ".." not in file.parts and "__pycache__" not in file.parts and "tests" not in file.parts
    ]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _check_native_client(runtime_dir: Path, interpreter: Path) -> None:
    """The client polls through a native module; one built for another interpreter would only fail at the first next."""
    check = "import sys; sys.path.insert(0, sys.argv[1]); import runtime_client"
    done = subprocess.run(
        [str(interpreter), "-I", "-S", "-c", check, str(runtime_dir)],
        env={}, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )
    if done.returncode != 0:
        reason = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise SpecError("runtime", f"{CLIENT} does not load in {interpreter} ({reason[0]}): reinstall it with pip")


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

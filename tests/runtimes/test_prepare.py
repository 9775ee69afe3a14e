"""The prepared /var/runtime: complete, compiled, alone, and built once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.runtimes import prepare
from lambdasim.runtimes.registry import Runtime

INTERPRETER = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"


def test_it_holds_the_client_its_dependencies_and_our_entry_and_nothing_else(python_runtime: Runtime) -> None:
    assert python_runtime.runtime_dir is not None
    names = {path.name for path in python_runtime.runtime_dir.iterdir() if not path.name.endswith(".dist-info")}
    native = {name for name in names if name.startswith("runtime_client.") and name.endswith(".so")}
    assert len(native) == 1
    assert names - native == {"awslambdaric", "simplejson", "snapshot_restore_py.py", "bootstrap.py", "__pycache__"}


def test_every_module_has_bytecode_that_is_never_checked_against_its_source(python_runtime: Runtime) -> None:
    assert python_runtime.runtime_dir is not None
    sources = list(python_runtime.runtime_dir.rglob("*.py"))
    assert sources
    for source in sources:
        cached = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        flags = int.from_bytes(cached.read_bytes()[4:8], "little")
        assert flags == 0b01, source  # PEP 552: hash-based, check_source not set


def test_every_user_may_read_it(python_runtime: Runtime) -> None:
    assert python_runtime.runtime_dir is not None
    for path in (python_runtime.runtime_dir, *python_runtime.runtime_dir.rglob("*")):
        wanted = 0o555 if path.is_dir() else 0o444
        assert path.stat().st_mode & wanted == wanted, path


def test_the_native_client_loads_in_the_bare_interpreter(python_runtime: Runtime) -> None:
    check = f"import sys; sys.path.insert(0, {str(python_runtime.runtime_dir)!r}); import runtime_client"
    subprocess.run([INTERPRETER, "-I", "-S", "-c", check], check=True, timeout=30)


def test_several_at_once_build_one(tmp_path: Path) -> None:
    def build(_: int) -> Path:
        return prepare.python_runtime_dir(tmp_path, interpreter=INTERPRETER)

    with ThreadPoolExecutor(4) as pool:
        built = set(pool.map(build, range(4)))
    assert len(built) == 1
    assert {path.name for path in tmp_path.iterdir()} == {built.pop().name, ".lock"}


def test_a_second_use_builds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare.python_runtime_dir(tmp_path, interpreter=INTERPRETER)
    changed = first.stat().st_mtime_ns
    second = prepare.python_runtime_dir(tmp_path, interpreter=Path("/no/such/interpreter"))
    assert (second, second.stat().st_mtime_ns) == (first, changed)


def test_another_bootstrap_is_another_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prepare.python_runtime_dir(tmp_path / "cache", interpreter=INTERPRETER)
    changed = tmp_path / "python_bootstrap.py"
    changed.write_text(prepare.BOOTSTRAP.read_text() + "\n# changed\n")
    monkeypatch.setattr(prepare, "BOOTSTRAP", changed)
    assert prepare.python_runtime_dir(tmp_path / "cache", interpreter=INTERPRETER) != first


def test_a_failed_build_leaves_nothing_and_names_the_remedy(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'ImportError: wrong ELF class' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(SpecError, match=r"runtime: awslambdaric does not load .*wrong ELF class.*reinstall"):
        prepare.python_runtime_dir(tmp_path / "cache", interpreter=broken)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_missing_client_is_named_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "CLIENT", "no-such-distribution")
    with pytest.raises(SpecError, match="needs no-such-distribution: pip install no-such-distribution"):
        prepare.python_runtime_dir(tmp_path, interpreter=INTERPRETER)


def test_the_cache_follows_lambdasim_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMBDASIM_HOME", str(tmp_path))
    assert prepare.default_cache_dir() == tmp_path / "runtimes"
    monkeypatch.delenv("LAMBDASIM_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert prepare.default_cache_dir() == tmp_path / "xdg" / "lambdasim" / "runtimes"

"""Everything again for an ordinary user: run by root, the other tests see only what root can do.

The tests, the package and pytest are copied to where that user can read them; nothing else of the machine is needed
but an interpreter that anybody may run.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lambdasim.host.capabilities import NAMESPACES
from lambdasim.host.probe import probe
from tests.host.builders import is_open

ROOT = Path(__file__).parents[2]
NOBODY = 65534
NEEDED = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
FILES = ("test_sandbox.py", "test_isolation.py", "test_freezing.py", "test_measuring.py", "test_ends.py")


def interpreter() -> str:
    candidates = [Path(sys.executable).resolve(), *(Path(f"/usr/bin/python3.{minor}") for minor in range(11, 16))]
    for candidate in candidates:
        if is_open(candidate):
            return str(candidate)
    raise AssertionError("no Python ≥ 3.11 that every user may run: apt install python3")


def test_the_sandbox_keeps_its_promises_when_run_by_an_ordinary_user() -> None:
    if os.geteuid() != 0:  # then the other tests were that already
        capabilities = probe(allow_unisolated=True)
        assert not capabilities.own_user
        assert capabilities.isolation != NAMESPACES or "user namespace" in capabilities.isolation_detail
        return
    with tempfile.TemporaryDirectory(prefix="lambdasim-as-another-user-") as where:
        copy = Path(where)
        copy.chmod(0o755)
        ignored = shutil.ignore_patterns("__pycache__", "static", "node_modules")
        shutil.copytree(ROOT / "lambdasim" / "host", copy / "lambdasim" / "host", ignore=ignored)
        shutil.copytree(ROOT / "lambdasim" / "core", copy / "lambdasim" / "core", ignore=ignored)
        shutil.copytree(ROOT / "tests" / "host", copy / "tests" / "host", ignore=ignored)
        for package in ("lambdasim", "tests"):
            (copy / package / "__init__.py").touch()
        for package in NEEDED:
            spec = importlib.util.find_spec(package)
            assert spec is not None and spec.origin is not None
            shutil.copytree(Path(spec.origin).parent, copy / "site" / package, ignore=ignored)
        shutil.copy(Path(spec.origin).parents[1] / "py.py", copy / "site")  # pytest's own shim, a single file
        scratch = copy / "scratch"
        scratch.mkdir(mode=0o755)
        os.chown(scratch, NOBODY, NOBODY)
        run = subprocess.run(
            [interpreter(), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={scratch}/pytest",
             *(f"tests/host/{name}" for name in FILES)],
            cwd=copy, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{copy}:{copy}/site", "PYTHONDONTWRITEBYTECODE": "1",
                 "TMPDIR": str(scratch)},
        )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert " passed" in run.stdout
    assert "skipped" not in run.stdout

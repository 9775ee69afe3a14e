"""Runs the tests of the browser's pure modules with node's own test runner."""

import subprocess
from pathlib import Path

import playwright

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "static"


def node() -> str:
    """Playwright brings one, the same everywhere."""
    return str(Path(playwright.__file__).parent / "driver" / "node")


def test_the_pure_modules_keep_what_their_tests_say() -> None:
    files = sorted(str(path) for path in HERE.glob("test_*.mjs"))
    done = subprocess.run([node(), "--test", *files], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_longer_than_200_lines() -> None:
    long = {str(path): count for path in STATIC.rglob("*.js") if (count := len(path.read_text().splitlines())) > 200}
    assert not long


def test_data_never_becomes_markup() -> None:
    markup = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write")
    guilty = [str(path) for path in STATIC.rglob("*.js") if any(name in path.read_text() for name in markup)]
    assert not guilty

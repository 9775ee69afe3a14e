"""Names of runtimes, and the sentences for those that this machine has not."""

import sys
from pathlib import Path

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.runtimes.registry import AVAILABLE, Runtime, canonical, custom, find
from tests.runtimes.builders import function

HERE = f"python{sys.version_info.major}.{sys.version_info.minor}"


def test_python_is_an_alias_of_the_version_lambdasim_runs_on(python_runtime: Runtime, cache_dir: Path) -> None:
    assert python_runtime.name == HERE
    assert find(HERE, cache_dir=cache_dir) == python_runtime
    assert canonical("python") == HERE
    assert canonical("provided.al2") == "provided.al2"


def test_managed_python_is_managed_and_gives_marks(python_runtime: Runtime) -> None:
    assert python_runtime.managed
    assert python_runtime.marks
    assert python_runtime.execution_env == f"AWS_Lambda_{HERE}"
    assert python_runtime.lang_prefix == Path(sys.base_prefix).resolve()


@pytest.mark.parametrize("name", ["provided", "provided.al2", "provided.al2023"])
def test_os_only_runtimes_are_not_managed(name: str) -> None:
    runtime = find(name)
    assert (runtime.name, runtime.managed, runtime.marks, runtime.execution_env) == (name, False, False, None)
    assert (runtime.runtime_dir, runtime.lang_prefix) == (None, None)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("nodejs22.x", "install its runtime interface client"),
        ("python2.7", "install lambdasim on that Python"),
        ("java21", "package it as provided.al2023"),
        ("go1.x", "build it as an executable named bootstrap"),
        ("cobol", "use one of Lambda's runtime identifiers"),
    ],
)
def test_it_refuses_a_runtime_it_has_not_and_says_what_to_do(name: str, remedy: str) -> None:
    with pytest.raises(SpecError) as refusal:
        find(name)
    assert refusal.value.field == "runtime"
    assert f"'{name}' not available: " in refusal.value.problem
    assert remedy in refusal.value.problem
    assert refusal.value.problem.endswith(f"; available: {', '.join(AVAILABLE)}")


def test_a_given_command_is_taken_as_it_is() -> None:
    runtime = custom(["node", "index.js"])
    assert runtime.command(function()) == ["node", "index.js"]
    assert runtime.execution_env == "AWS_Lambda_Image"


def test_it_refuses_an_empty_command() -> None:
    with pytest.raises(SpecError, match="command: is empty"):
        custom([])


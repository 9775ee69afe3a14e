"""Where a custom runtime's bootstrap is looked for."""

from pathlib import Path

import pytest

from lambdasim.runtimes.paths import Paths
from lambdasim.runtimes.registry import Code, InvalidEntrypoint, find
from tests.runtimes.builders import function

PROVIDED = find("provided.al2023")


def _code(tmp_path: Path, *bootstraps: str) -> Code:
    for name in ("task", "opt"):
        (tmp_path / name).mkdir()
        if name in bootstraps:
            (tmp_path / name / "bootstrap").write_text("#!/bin/sh\n")
    return Code(task_dir=tmp_path / "task", opt_dir=tmp_path / "opt")


def test_the_package_comes_before_the_layers(tmp_path: Path) -> None:
    code = _code(tmp_path, "task", "opt")
    assert PROVIDED.command(function(), code=code) == ["/var/task/bootstrap"]


def test_a_layer_may_bring_it(tmp_path: Path) -> None:
    assert PROVIDED.command(function(), code=_code(tmp_path, "opt")) == ["/opt/bootstrap"]


def test_a_directory_of_that_name_is_none(tmp_path: Path) -> None:
    code = _code(tmp_path, "opt")
    (tmp_path / "task" / "bootstrap").mkdir()
    assert PROVIDED.command(function(), code=code) == ["/opt/bootstrap"]


def test_a_link_that_only_resolves_in_the_sandbox_counts(tmp_path: Path) -> None:
    code = _code(tmp_path)
    (tmp_path / "task" / "bootstrap").symlink_to("/opt/run")
    assert PROVIDED.command(function(), code=code) == ["/var/task/bootstrap"]


def test_none_at_all_is_an_invalid_entrypoint_in_the_words_of_the_service(tmp_path: Path) -> None:
    with pytest.raises(InvalidEntrypoint) as missing:
        PROVIDED.command(function(), code=_code(tmp_path))
    assert missing.value.error_type == "Runtime.InvalidEntrypoint"
    assert str(missing.value) == "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"


def test_without_a_mount_namespace_it_is_named_by_its_host_path(tmp_path: Path) -> None:
    code = _code(tmp_path, "task")
    paths = Paths(task_root=str(tmp_path / "task"), opt=str(tmp_path / "opt"))
    assert PROVIDED.command(function(), code=code, paths=paths) == [f"{tmp_path}/task/bootstrap"]


def test_the_exec_wrapper_is_not_for_custom_runtimes(tmp_path: Path) -> None:
    spec = function(AWS_LAMBDA_EXEC_WRAPPER="/opt/wrapper")
    assert PROVIDED.command(spec, code=_code(tmp_path, "task")) == ["/var/task/bootstrap"]

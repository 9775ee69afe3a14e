"""The managed Python runtime as a real process against a small Runtime API, with parts at their host paths."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lambdasim.host.variables import runtime_variables
from lambdasim.runtimes.paths import Paths
from lambdasim.runtimes.registry import Runtime
from tests.runtimes.builders import function
from tests.runtimes.fake_runtime_api import FakeRuntimeApi, fake_runtime_api

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
REPORT = "import os, sys\ndef handler(event, context):\n    return {expression}\n"


@contextmanager
def started(
    runtime: Runtime, tmp_path: Path, *, app: str, mark_fd: int = -1, **environment: str
) -> Iterator[tuple[FakeRuntimeApi, "subprocess.Popen[str]"]]:
    task, opt = tmp_path / "task", tmp_path / "opt"
    task.mkdir(exist_ok=True)
    opt.mkdir(exist_ok=True)
    (task / "app.py").write_text(textwrap.dedent(app))
    paths = Paths(
        task_root=str(task), opt=str(opt), runtime_dir=str(runtime.runtime_dir), lang=str(runtime.lang_prefix)
    )
    spec = function(**environment)
    with fake_runtime_api() as api:
        env = runtime_variables(spec, api_address=api.address, runtime=runtime, log_stream="stream", paths=paths)
        fds = []
        if mark_fd >= 0:
            env["LAMBDASIM_MARK_FD"], fds = str(mark_fd), [mark_fd]
        process = subprocess.Popen(
            runtime.command(spec, paths=paths), env=env, cwd=task, pass_fds=fds, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        try:
            yield api, process
        finally:
            process.kill()
            process.communicate(timeout=20)


def test_the_command_line_is_that_of_the_service(python_runtime: Runtime) -> None:
    assert python_runtime.command(function()) == [f"/var/lang/bin/python{VERSION}", "/var/runtime/bootstrap.py"]


def test_it_answers_an_invocation(python_runtime: Runtime, tmp_path: Path) -> None:
    with started(python_runtime, tmp_path, app="def handler(event, context):\n    return event['a'] + 1") as (api, _):
        assert api.invoke({"a": 1}) == {"path": "response", "body": 2}
        assert api.invoke({"a": 41}) == {"path": "response", "body": 42}


def test_marks_come_in_order_and_the_function_never_sees_their_descriptor(
    python_runtime: Runtime, tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    app = """
        import os
        SEEN = {"variable": "LAMBDASIM_MARK_FD" in os.environ, "inheritable": any(
            os.get_inheritable(int(fd)) for fd in os.listdir("/proc/self/fd")
            if int(fd) > 2 and os.path.exists(f"/proc/self/fd/{fd}"))}
        def handler(event, context):
            return {**SEEN, "pipes": [
                fd for fd in os.listdir("/proc/self/fd") if int(fd) > 2 and
                os.path.exists(f"/proc/self/fd/{fd}") and os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:")]}
    """
    with started(python_runtime, tmp_path, app=app, mark_fd=writer) as (api, _):
        os.close(writer)
        with os.fdopen(reader) as marks:
            lines = marks.read().split("\n")  # ends: the descriptor is closed after function init
        assert api.invoke({})["body"] == {"variable": False, "inheritable": False, "pipes": []}
    names, times = zip(*(line.split() for line in lines if line), strict=True)
    assert names == ("runtimeLoaded", "functionInitStart", "functionInitEnd")
    assert sorted(map(int, times)) == list(map(int, times))
    assert lines[-1] == ""


def test_function_init_ends_with_a_mark_even_when_it_fails(python_runtime: Runtime, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with started(python_runtime, tmp_path, app="raise ValueError('no')", mark_fd=writer) as (api, process):
        os.close(writer)
        with os.fdopen(reader) as marks:
            assert [line.split()[0] for line in marks] == ["runtimeLoaded", "functionInitStart", "functionInitEnd"]
        error = api.next_post()
        assert error["body"]["errorType"] == "ValueError"
        assert not any("/bootstrap.py" in frame for frame in error["body"]["stackTrace"][:1])
        assert process.wait(timeout=20) == 1


def test_the_path_is_function_layers_runtime_and_nothing_of_the_machine(
    python_runtime: Runtime, tmp_path: Path
) -> None:
    app = REPORT.format(expression="[sys.path, os.environ['PYTHONPATH']]")
    with started(python_runtime, tmp_path, app=app) as (api, _):
        path, pythonpath = api.invoke({})["body"]
    opt, runtime_dir = f"{tmp_path}/opt", str(python_runtime.runtime_dir)
    assert path[:4] == [
        f"{tmp_path}/task", f"{opt}/python/lib/python{VERSION}/site-packages", f"{opt}/python", runtime_dir,
    ]
    assert path[4:6] == [
        f"{python_runtime.lang_prefix}/lib/python{VERSION.replace('.', '')}.zip",
        f"{python_runtime.lang_prefix}/lib/python{VERSION}",
    ]
    assert not any("dist-packages" in entry for entry in path)
    assert [entry for entry in path if "site-packages" in entry] == [path[1]]
    assert pythonpath == runtime_dir


def test_a_layer_s_module_is_found_and_the_function_s_own_wins(python_runtime: Runtime, tmp_path: Path) -> None:
    libraries = tmp_path / "opt" / "python" / "lib" / f"python{VERSION}" / "site-packages"
    libraries.mkdir(parents=True)
    (tmp_path / "task").mkdir()
    (libraries / "one.py").write_text("WHERE = 'layer'")
    (tmp_path / "opt" / "python" / "two.py").write_text("WHERE = 'layer'")
    (tmp_path / "task" / "two.py").write_text("WHERE = 'function'")
    app = "import one, two\ndef handler(event, context):\n    return [one.WHERE, two.WHERE]"
    with started(python_runtime, tmp_path, app=app) as (api, _):
        assert api.invoke({})["body"] == ["layer", "function"]


def test_a_pth_file_of_the_function_is_honoured(python_runtime: Runtime, tmp_path: Path) -> None:
    vendored = tmp_path / "task" / "vendor"
    vendored.mkdir(parents=True)
    (vendored / "lib.py").write_text("X = 7")
    (tmp_path / "task" / "vendor.pth").write_text("vendor\n")
    with started(python_runtime, tmp_path, app="import lib\ndef handler(e, c):\n    return lib.X") as (api, _):
        assert api.invoke({})["body"] == 7


def test_a_configured_pythonpath_replaces_the_layers_as_in_the_service(
    python_runtime: Runtime, tmp_path: Path
) -> None:
    app = REPORT.format(expression="[sys.path[:3], os.environ['PYTHONPATH']]")
    with started(python_runtime, tmp_path, app=app, PYTHONPATH="/mine") as (api, _):
        path, pythonpath = api.invoke({})["body"]
    assert path == [f"{tmp_path}/task", str(python_runtime.runtime_dir), "/mine"]
    assert pythonpath == "/mine"


def test_nothing_installed_on_the_machine_can_be_imported(python_runtime: Runtime, tmp_path: Path) -> None:
    app = """
        import importlib.util
        def handler(event, context):
            return [name for name in event if importlib.util.find_spec(name)]
    """
    with started(python_runtime, tmp_path, app=app) as (api, _):
        assert api.invoke(["pytest", "django", "lambdasim", "pip", "json"])["body"] == ["json"]


def test_builtins_that_site_adds_are_there(python_runtime: Runtime, tmp_path: Path) -> None:
    app = "def handler(event, context):\n    return [callable(exit), callable(quit), callable(help)]"
    with started(python_runtime, tmp_path, app=app) as (api, _):
        assert api.invoke({})["body"] == [True, True, True]


def test_a_client_in_the_function_s_package_does_not_replace_the_platform_s(
    python_runtime: Runtime, tmp_path: Path
) -> None:
    (tmp_path / "task" / "awslambdaric").mkdir(parents=True)
    (tmp_path / "task" / "awslambdaric" / "__init__.py").write_text("raise RuntimeError('the wrong one')")
    with started(python_runtime, tmp_path, app="def handler(e, c):\n    return 1") as (api, _):
        assert api.invoke({})["body"] == 1


WRAPPER = '#!/bin/sh\nexport SEEN="$*"\nexec "$@"\n'


def test_an_exec_wrapper_of_a_layer_gets_the_whole_command_line(python_runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "opt").mkdir()
    wrapper = tmp_path / "opt" / "wrapper"
    wrapper.write_text(WRAPPER)
    wrapper.chmod(0o755)
    app = REPORT.format(expression="os.environ['SEEN']")
    with started(python_runtime, tmp_path, app=app, AWS_LAMBDA_EXEC_WRAPPER="/opt/wrapper") as (api, _):
        seen = api.invoke({})["body"].split()
    assert (seen[0], seen[-1]) == (
        f"{python_runtime.lang_prefix}/bin/python{VERSION}", f"{python_runtime.runtime_dir}/bootstrap.py",
    )


@pytest.mark.parametrize(
    ("content", "status", "line"),
    [(None, 127, "wrapper: does not exist"), (WRAPPER, 126, "wrapper: is not an executable")],
)
def test_a_wrapper_that_cannot_run_ends_the_runtime_as_a_shell_would(
    python_runtime: Runtime, tmp_path: Path, content: str | None, status: int, line: str
) -> None:
    (tmp_path / "opt").mkdir()
    if content is not None:
        (tmp_path / "opt" / "wrapper").write_text(content)
    with started(python_runtime, tmp_path, app="", AWS_LAMBDA_EXEC_WRAPPER="/opt/wrapper") as (_, process):
        assert process.wait(timeout=20) == status
        assert process.stdout is not None
        assert line in process.stdout.read()

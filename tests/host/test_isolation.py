"""What a function can reach in each level of isolation that this machine allows. The spy is a real process in it."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.host.capabilities import LANDLOCK, NAMESPACES, NONE
from lambdasim.host.errors import SandboxError
from lambdasim.host.probe import probe
from lambdasim.host.uids import FIRST_UID, SLOTS
from tests.host.builders import inside, open_to_everybody, possible_levels, run_async

LEVELS = possible_levels()
SPY = Path(__file__).with_name("spy.py").read_text()

ALWAYS_WORKS = {"connect to the API", "write in the temporary directory"}
NEVER_WORKS = {
    "read the launcher's environment", "read the launcher's memory", "list the launcher's descriptors",
    "trace the launcher", "take the launcher's descriptors",
}
FENCED = {
    "make a user namespace", "open a vsock",
    "read a file of the project", "list the project", "read the supervisor's environment",
    "signal the supervisor", "connect to the host's loopback", "write a file of the function", "write in the root",
    "write in /etc", "write in /dev/shm", "write a sysctl", "mount", "become root", "stop the launcher",
}
MUST_FAIL = {
    NAMESPACES: NEVER_WORKS | FENCED,
    LANDLOCK: NEVER_WORKS | FENCED,
    NONE: set(),
}


async def spy(where: Path, level: str) -> dict:
    project, code = where / "project", where / "code"
    for directory in (project, code):
        directory.mkdir()
        open_to_everybody(directory)
    secret = project / "settings.py"
    secret.write_text("SECRET_KEY = 'x'")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with inside(level, task_dir=code) as it:
            return await it.ask_python(
                SPY, str(secret), str(project), "/var/task" if level == NAMESPACES else str(code),
                str(listener.getsockname()[1]), str(os.getpid()), it.sandbox.api_address,
                "harmless" if level == NONE else "all",
            )


@pytest.mark.parametrize("level", LEVELS)
@run_async
async def test_a_function_reaches_only_what_its_level_says(level: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("LAMBDASIM_TEST_SECRET", "hunter2")
    found = await spy(tmp_path, level)
    assert not MUST_FAIL[level] & set(found["worked"])
    assert set(found["worked"]) >= ALWAYS_WORKS, found["refused"]
    assert "hunter2" not in str(found["environment"])


@pytest.mark.parametrize("level", [level for level in LEVELS if level == NONE])
@run_async
async def test_the_spy_sees_what_is_open_so_its_silence_means_something(level: str, tmp_path: Path) -> None:
    found = await spy(tmp_path, level)
    assert set(found["worked"]) >= {
        "read a file of the project", "list the project", "connect to the host's loopback", "signal the supervisor"
    }


@pytest.mark.parametrize("level", [level for level in LEVELS if level != NONE])
@run_async
async def test_functions_have_no_capability_and_no_other_group(level: str, tmp_path: Path) -> None:
    found = await spy(tmp_path, level)
    assert int(found["capabilities"], 16) == 0
    if probe(wanted=level).own_user:
        assert FIRST_UID <= found["uid"] == found["gid"] < FIRST_UID + SLOTS
        assert found["groups"] in ([], [found["gid"]])


@pytest.mark.parametrize("level", [level for level in LEVELS if level == NAMESPACES])
@run_async
async def test_three_environments_have_their_own_port_9001_at_once(level: str) -> None:
    async def serve(sandbox, answer: bytes) -> asyncio.Server:
        async def client(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(answer)
            writer.close()

        return await asyncio.start_server(client, sock=sandbox.api_socket)

    source = """
    import json, socket
    client = socket.create_connection(("127.0.0.1", 9001))
    print(json.dumps([client.makefile().read(), socket.gethostbyname("sandbox.localdomain"),
                      socket.gethostbyname("sandbox"), socket.gethostname()]))
    """
    async with inside(level) as a, inside(level) as b, inside(level) as c:
        servers = [await serve(each.sandbox, name) for each, name in ((a, b"A"), (b, b"B"), (c, b"C"))]
        answers = [await each.ask_python(source) for each in (a, b, c)]
        for server in servers:
            server.close()
        assert {each.sandbox.api_address for each in (a, b, c)} == {"127.0.0.1:9001"}
    assert answers == [[name, "127.0.0.1", "127.0.0.1", "sandbox"] for name in "ABC"]


@pytest.mark.parametrize("level", [level for level in LEVELS if level != NAMESPACES])
@run_async
async def test_without_namespaces_each_environment_gets_a_free_port(level: str) -> None:
    async with inside(level) as a, inside(level) as b:
        assert a.sandbox.api_address != b.sandbox.api_address


@pytest.mark.parametrize("level", [level for level in LEVELS if level == LANDLOCK])
@run_async
async def test_landlock_refuses_the_api_of_another_environment(level: str) -> None:
    source = "import json, socket, sys\ntry: socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n" \
        "except PermissionError: print(json.dumps('refused'))\nelse: print(json.dumps('connected'))"
    async with inside(level) as a, inside(level) as b:
        ports = [each.sandbox.api_address.split(":")[1] for each in (a, b)]
        assert [await a.ask_python(source, port) for port in ports] == ["connected", "refused"]


@pytest.mark.parametrize("level", [level for level in LEVELS if level == NAMESPACES])
@run_async
async def test_the_layout_is_lambdas_and_nothing_of_the_machines_home(level: str, tmp_path: Path) -> None:
    for name in ("task", "opt", "runtime"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "here").write_text(name)
        open_to_everybody(tmp_path / name)
    extra = tmp_path / "data.txt"
    extra.write_text("bound")
    source = """
    import json, os, sys
    print(json.dumps({
        "task": open("/var/task/here").read(), "opt": open("/opt/here").read(),
        "runtime": open("/var/runtime/here").read(), "data": open("/mnt/data.txt").read(),
        "python": sys.executable, "root": sorted(os.listdir("/")), "tmp": os.listdir("/tmp"),
        "tmp_mb": os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize >> 20,
        "packages": [os.listdir(p + "/site-packages") for p in sys.path if os.path.isdir(p + "/site-packages")],
    }))
    """
    async with inside(
        level, task_dir=tmp_path / "task", opt_dir=tmp_path / "opt", runtime_dir=tmp_path / "runtime",
        binds=((extra, "/mnt/data.txt"),), ephemeral_storage_mb=600,
    ) as it:
        seen = await it.ask_python(source)
    assert (seen["task"], seen["opt"], seen["runtime"], seen["data"]) == ("task", "opt", "runtime", "bound")
    assert seen["python"].startswith("/var/lang/bin/python")
    assert (seen["tmp"], seen["tmp_mb"]) == ([], 600)
    assert not {"root", "home", "run", "sys", "srv", "work"} & set(seen["root"])
    assert all(packages == [] for packages in seen["packages"])


@pytest.mark.parametrize("level", [level for level in LEVELS if level == NAMESPACES])
@run_async
async def test_tmp_is_no_larger_than_the_ephemeral_storage(level: str) -> None:
    source = """
    import errno, json
    try:
        with open("/tmp/big", "wb") as file:
            for _ in range(12): file.write(bytes(1 << 20)); file.flush()
    except OSError as error:
        print(json.dumps(errno.errorcode[error.errno]))
    """
    async with inside(level, ephemeral_storage_mb=10) as it:
        assert await it.ask_python(source) == "ENOSPC"


@run_async
async def test_a_code_directory_that_is_closed_to_the_sandbox_is_refused_with_the_remedy(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    capabilities = probe(allow_unisolated=True)
    if capabilities.own_user:
        with pytest.raises(SpecError, match="chmod -R o\\+rX"):
            async with inside(capabilities.isolation, task_dir=closed):
                pass
    else:  # the function has the supervisor's own rights on files: it may read it
        async with inside(capabilities.isolation, task_dir=closed) as it:
            assert it.sandbox.api_address


@pytest.mark.parametrize("level", [level for level in LEVELS if level == NAMESPACES])
@run_async
async def test_a_mount_that_cannot_be_made_is_reported_in_bwraps_words(level: str, tmp_path: Path) -> None:
    open_to_everybody(tmp_path)
    with pytest.raises(SandboxError, match="/opt/missing"):
        async with inside(level, opt_dir=tmp_path, binds=((tmp_path, "/opt/missing"),)):
            pass

"""Processes in a sandbox: how they start, what they write, how they end. Real ones, at every level this machine has."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.host.capabilities import NAMESPACES
from lambdasim.host.cgroups import remove_group
from lambdasim.host.errors import LaunchError, SandboxError
from lambdasim.host.lines import MAX_LINE_BYTES
from lambdasim.host.procfs import namespace_pids
from tests.host.builders import WAIT_FOR_POKE, inside, open_to_everybody, possible_levels, run_async

LEVELS = possible_levels()
every_level = pytest.mark.parametrize("level", LEVELS)


@every_level
@run_async
async def test_a_process_gets_its_arguments_variables_and_directory(level: str) -> None:
    async with inside(level) as it:
        process = await it.spawn("ext", "/bin/sh", "-c", 'echo "$0|$A|$(pwd)|$$"; exit 3', "zero", cwd="/usr", A="b c")
        status = await it.until(lambda: it.exits.get("ext"))
        assert it.text("ext") == [f"zero|b c|/usr|{process.pid}"]
        assert status.code == 3
        assert status.cpu_ms > 0
        assert process.ended == status


@every_level
@run_async
async def test_lines_of_both_streams_arrive_whole_and_the_last_one_without_newline(level: str) -> None:
    async with inside(level) as it:
        await it.shell("ext", "printf 'a\\nb'; printf 'c\\n\\n'; printf 'error\\nend' >&2")
        await it.until(lambda: "ext" in it.exits)
        text = it.text("ext")
        assert [line for line in text if line in ("a", "bc", "")] == ["a", "bc", ""]
        assert [line for line in text if line in ("error", "end")] == ["error", "end"]


@every_level
@run_async
async def test_an_unfinished_line_is_shown_when_asked_for(level: str) -> None:
    async with inside(level) as it:
        await it.shell("ext", "printf 'one\\ntwo'; exec sleep 100")
        await it.line("ext", "one")
        it.sandbox.read_lines()
        assert it.text("ext") == ["one"]
        it.sandbox.flush_lines()
        assert it.text("ext") == ["one", "two"]


@every_level
@run_async
async def test_a_flood_of_lines_does_not_starve_the_loop(level: str) -> None:
    async with inside(level) as it:
        await it.shell("flood", "yes")
        await it.line("flood", "y")
        # The loop's own work between two turns: waiting for a busy machine's CPU is not its fault.
        longest_s, last = 0.0, time.thread_time()
        for _ in range(200):
            await asyncio.sleep(0)
            now = time.thread_time()
            longest_s, last = max(longest_s, now - last), now
        assert len(it.lines) > 1000
        assert longest_s < 0.1
        await it.sandbox.kill_all()


@every_level
@run_async
async def test_a_line_of_a_megabyte_is_cut_into_pieces(level: str) -> None:
    async with inside(level) as it:
        await it.shell("ext", "head -c 1000000 /dev/zero | tr '\\0' x; echo; echo end")
        await it.until(lambda: "ext" in it.exits and "end" in it.text("ext"))
        pieces = it.text("ext")[:-1]
        assert max(map(len, pieces)) == MAX_LINE_BYTES
        assert sum(map(len, pieces)) == 1_000_000


@every_level
@run_async
async def test_marks_carry_the_moment_of_the_process(level: str) -> None:
    source = """
    import os, time
    fd = int(os.environ["LAMBDASIM_MARK_FD"])
    os.write(fd, b"functionInitStart %d\\n" % time.monotonic_ns())
    os.write(fd, b"nonsense\\nfunctionInitEnd %d\\n" % time.monotonic_ns())
    """
    async with inside(level) as it:
        before_ns = time.monotonic_ns()
        await it.spawn("runtime", it.python, "-S", "-c", "\n".join(x.strip() for x in source.splitlines()), marks=True)
        await it.until(lambda: "runtime" in it.exits)
        assert [name for name, _ in it.marks] == ["functionInitStart", "functionInitEnd"]
        assert before_ns < it.marks[0][1] < it.marks[1][1] < time.monotonic_ns()


FAILURES = {
    "script": ("echo no shebang\n", 0o755, "fork/exec {}: exec format error", "UnknownError"),
    "plain": ("#!/bin/sh\n", 0o644, "fork/exec {}: permission denied", "PermissionDenied"),
    "lost": ("#!/no/such/interpreter\n", 0o755, "fork/exec {}: no such file or directory", "UnknownError"),
}


@every_level
@pytest.mark.parametrize("name", FAILURES)
@run_async
async def test_a_failed_exec_is_worded_as_go_words_it(level: str, name: str, tmp_path: Path) -> None:
    content, mode, text, error_type = FAILURES[name]
    file = open_to_everybody(tmp_path) / name
    file.write_text(content)
    file.chmod(mode)
    path = f"/opt/{name}" if level == NAMESPACES else str(file)
    async with inside(level, opt_dir=tmp_path) as it:
        with pytest.raises(LaunchError) as caught:
            await it.spawn("ext", path)
        assert (caught.value.text, caught.value.error_type) == (text.format(path), error_type)
        assert it.exits == {}
        await it.shell("ext", "echo still works")
        await it.line("ext", "still works")


@every_level
@run_async
async def test_a_missing_working_directory_is_named(level: str) -> None:
    async with inside(level) as it:
        with pytest.raises(LaunchError, match="chdir /no/where: no such file or directory"):
            await it.spawn("ext", "/bin/true", cwd="/no/where")


@every_level
@run_async
async def test_a_variable_that_no_process_can_have_is_refused(level: str) -> None:
    async with inside(level) as it:
        with pytest.raises(SpecError, match="NUL"):
            await it.shell("ext", "true", A="a\0b")
        with pytest.raises(SpecError, match="cannot be the name"):
            await it.shell("ext", "true", **{"A=B": "c"})


@every_level
@run_async
async def test_a_signal_reaches_the_whole_session_of_a_party_and_nobody_else(level: str) -> None:
    async with inside(level) as it:
        await it.shell("other", "echo up; exec sleep 100")
        await it.shell("ext", "(trap 'echo child; exit' TERM; echo ready; while :; do sleep 0.02; done) & "
                              "trap 'echo parent; wait; exit 7' TERM; wait")
        await it.line("ext", "ready")
        await it.line("other", "up")
        it.sandbox.signal("ext", signal.SIGTERM)
        status = await it.until(lambda: it.exits.get("ext"))
        assert status.code == 7
        assert {"child", "parent"} <= set(it.text("ext"))
        assert "other" not in it.exits


@every_level
@run_async
async def test_a_signal_still_reaches_children_whose_leader_has_ended(level: str) -> None:
    async with inside(level) as it:
        await it.shell("ext", "(trap 'echo orphan' TERM; echo ready; while :; do sleep 0.02; done) & exit 0")
        await it.line("ext", "ready")
        await it.until(lambda: "ext" in it.exits)
        it.sandbox.signal("ext", signal.SIGTERM)
        await it.line("ext", "orphan")


@every_level
@run_async
async def test_signalling_a_party_that_never_was_does_nothing(level: str) -> None:
    async with inside(level) as it:
        it.sandbox.signal("nobody", signal.SIGKILL)
        await it.shell("ext", "echo fine")
        await it.line("ext", "fine")


@every_level
@run_async
async def test_kill_all_leaves_nobody_and_keeps_tmp_and_the_api(level: str) -> None:
    async with inside(level) as it:
        runaways = "setsid sleep 100 & (setsid sleep 100 &)"
        await it.shell("a", f"echo kept > ${{TMPDIR:-/tmp}}/file; {runaways} ; echo up; sleep 100")
        await it.shell("b", "trap '' TERM INT HUP; echo up; while :; do sleep 1; done")
        await it.line("a", "up")
        await it.line("b", "up")
        await it.sandbox.kill_all()
        assert {party: status.code for party, status in it.exits.items()} == {"a": -9, "b": -9}
        assert await it.sandbox.freeze() == 0
        it.sandbox.thaw()
        await it.shell("c", "cat ${TMPDIR:-/tmp}/file")
        await it.line("c", "kept")
        assert it.sandbox.api_socket.fileno() >= 0


@every_level
@run_async
async def test_the_supervisor_can_connect_to_a_listener_inside(level: str) -> None:
    source = """
    import socket
    server = socket.create_server(("127.0.0.1", 0))
    print("port", server.getsockname()[1])
    client, _ = server.accept()
    print("got", client.recv(100).decode())
    """
    async with inside(level) as it:
        await it.run_python("ext", source)
        port = int((await it.line("ext", "port")).split()[1])
        connection = await it.sandbox.connect(port)
        await asyncio.get_running_loop().sock_sendall(connection, b"telemetry")
        await it.line("ext", "got telemetry")
        connection.close()


OF_THE_C_LIBRARY = 1 << (32 - 1) | 1 << (33 - 1)
"""glibc's posix_spawn leaves its two internal signals ignored in what it starts (make, here), and no program can
change that; see sysdeps/unix/sysv/linux/spawni.c."""


@every_level
@run_async
async def test_signals_and_limits_are_the_defaults_of_a_fresh_process(level: str) -> None:
    source = """
    import json, resource
    status = dict(line.split(":\\t", 1) for line in open("/proc/self/status"))
    print(json.dumps([status["SigBlk"].strip(), status["NoNewPrivs"].strip(),
                      resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CORE)]))
    """
    async with inside(level) as it:
        assert await it.ask_python(source) == ["0" * 16, "1", [1024, 1024], [0, 0]]
        await it.shell("sh", "grep SigIgn /proc/self/status")
        ignored = int((await it.line("sh", "SigIgn")).split()[1], 16)
        assert ignored & ~OF_THE_C_LIBRARY == 0


@every_level
@run_async
async def test_nothing_can_be_started_in_a_frozen_environment(level: str) -> None:
    async with inside(level) as it:
        await it.run_python("ext", WAIT_FOR_POKE + "print('up'); wait(); print('poked')")
        await it.line("ext", "up")
        await it.sandbox.freeze()
        with pytest.raises(SandboxError, match="thaw it first"):
            await it.shell("late", "true")
        it.sandbox.thaw()
        it.poke("ext")
        await it.line("ext", "poked")


@every_level
@run_async
async def test_a_child_that_waits_for_its_program_is_nobodys_and_may_be_lost(level: str, tmp_path: Path) -> None:
    (open_to_everybody(tmp_path) / "extensions").mkdir()
    (tmp_path / "extensions" / "ext").touch()
    async with inside(level, opt_dir=tmp_path) as it:
        await it.shell("first", "echo up; exec sleep 100")
        await it.line("first", "up")
        waiting = {
            inside: here for inside, here in namespace_pids(it.sandbox._ground.born.process.pid).items()
            if inside in it.sandbox._hidden
        }
        # Only where control groups are joined is there something to prepare.
        assert len(waiting) == (1 if it.sandbox._ground.groups.open_count else 0)
        assert await it.sandbox.freeze() == 1
        assert [use.party for use in it.sandbox.measure().processes] == ["first"]
        it.sandbox.thaw()
        for pid in waiting.values():
            os.kill(pid, signal.SIGKILL)
        await it.shell("second", "echo up; exec sleep 100")
        await it.line("second", "up")
        assert await it.sandbox.freeze() == 2
        it.sandbox.thaw()
        await it.sandbox.kill_all()
        await it.shell("third", "echo up")
        await it.line("third", "up")


@every_level
@run_async
async def test_a_control_group_that_cannot_be_joined_is_a_failed_launch_and_no_hang(level: str) -> None:
    async with inside(level) as it:
        await it.shell("first", "echo up")  # uses the child that was prepared
        await it.line("first", "up")
        await it.until(lambda: "first" in it.exits)
        groups = it.sandbox._ground.groups
        for path in groups._paths:
            remove_group(path)
        if groups.open_count == 0:  # none to join on this machine: nothing was taken away
            await it.shell("second", "echo up")
            await it.line("second", "up")
            return
        with pytest.raises(LaunchError, match="/bin/sh: resource temporarily unavailable"):
            await it.shell("second", "true")

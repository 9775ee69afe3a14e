"""Marks of ownership, users of their own, and what is read from /proc: the small things that cleaning up relies on."""

import os
import subprocess
from pathlib import Path

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.host.errors import SandboxError
from lambdasim.host.owners import Owner, stale_entries
from lambdasim.host.procfs import parse_stat, start_ticks
from lambdasim.host.spec import SandboxSpec
from lambdasim.host.uids import FIRST_UID, UserSlot


def dead_owner() -> Owner:
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    return Owner(process.pid, 1, "dead")


def test_a_mark_says_whether_its_supervisor_still_lives() -> None:
    mine = Owner.me("abc-1.2")
    assert Owner.parse(str(mine)) == mine
    assert mine.is_alive
    assert not Owner(mine.supervisor, mine.started_ticks + 1, "abc").is_alive  # the number was reused
    assert not dead_owner().is_alive
    assert Owner.parse("somebody-elses") is None


def test_only_entries_of_dead_supervisors_are_stale(tmp_path: Path) -> None:
    for name in (str(Owner.me("a")), str(dead_owner()), f"lambdasim-{dead_owner()}", "unrelated", "1-x"):
        (tmp_path / name).mkdir()
    assert {entry.name.split("-")[-1] for entry in stale_entries(tmp_path)} == {"dead"}
    assert list(stale_entries(tmp_path / "missing")) == []


def test_a_process_may_have_any_name() -> None:
    fields = " ".join(str(number) for number in range(1, 50))
    stat = parse_stat(f"7 (a) S (b c) R {fields}".encode())
    assert (stat.state, stat.parent, stat.group, stat.session) == (b"R", 1, 2, 3)
    assert start_ticks(os.getpid()) == Owner.me("x").started_ticks


def test_each_holder_gets_another_user_until_it_is_released(tmp_path: Path) -> None:
    first, second = UserSlot(tmp_path), UserSlot(tmp_path)
    assert FIRST_UID <= first.uid < second.uid
    first.release()
    third = UserSlot(tmp_path)
    assert third.uid == first.uid
    second.release()
    third.release()


def test_running_out_of_users_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdasim.host.uids.SLOTS", 1)
    only = UserSlot(tmp_path)
    with pytest.raises(SandboxError, match="all 1 users are taken"):
        UserSlot(tmp_path)
    only.release()


@pytest.mark.parametrize(("field", "value", "text"), [
    ("task_dir", Path("/no/such/dir"), "task_dir: /no/such/dir is not a directory"),
    ("binds", ((Path("/no/such"), "/mnt"),), "binds: /no/such does not exist"),
    ("binds", ((Path("/usr"), "mnt"),), "is not absolute"),
])
def test_a_wrong_path_is_named_before_anything_is_started(field: str, value: object, text: str) -> None:
    nothing = dict.fromkeys(("task_dir", "opt_dir", "runtime_dir", "lang_prefix"))
    settings: dict = {"environment_id": "a", **nothing}
    with pytest.raises(SpecError, match=text):
        SandboxSpec(**{**settings, field: value})

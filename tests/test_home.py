import os
import stat
from pathlib import Path

import pytest

from lambdasim import home
from lambdasim.core.errors import SpecError


def test_a_new_data_directory_is_private_and_says_its_format(tmp_path):
    made = home.prepare(tmp_path / "deep" / "home")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert (made / "format").read_text() == f"{home.FORMAT}\n"
    assert home.prepare(made) == made


def test_a_data_directory_of_another_version_is_refused_in_one_sentence(tmp_path):
    home.prepare(tmp_path)
    (tmp_path / "format").write_text("99\n")
    with pytest.raises(SpecError, match=r"LAMBDASIM_HOME: .* holds data format 99 .* reads format 1: point"):
        home.prepare(tmp_path)


def test_the_secret_key_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    key = home.secret_key(tmp_path)
    assert len(key) >= 50
    assert home.secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["secret-key"]


def test_whoever_is_second_to_write_leaves_what_the_first_wrote(tmp_path):
    home.write_once(tmp_path / "file", "first", mode=0o600)
    home.write_once(tmp_path / "file", "second", mode=0o600)
    assert (tmp_path / "file").read_text() == "first"


def test_a_socket_lies_in_the_data_directory_if_its_path_is_short_enough(tmp_path):
    assert home.socket_path(Path("/tmp/h"), "redis") == Path("/tmp/h/redis/redis.sock")


def test_a_socket_moves_to_a_short_private_directory_if_it_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    long = tmp_path / ("x" * 120)
    path = home.socket_path(long, "redis")
    assert path.parent.parent == tmp_path
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert home.socket_path(long, "redis") == path
    assert home.socket_path(tmp_path / ("y" * 120), "redis") != path


def test_without_a_runtime_directory_it_lies_in_tmp(monkeypatch):
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    path = home.socket_path(Path("/" + "z" * 150), "redis")
    try:
        assert str(path).startswith(f"/tmp/lambdasim-{os.getuid()}-")
        assert len(os.fsencode(path)) < home.SOCKET_PATH_LIMIT_BYTES
    finally:
        path.parent.rmdir()


def test_a_directory_that_others_can_enter_is_refused(tmp_path):
    prepared = tmp_path / "open"
    prepared.mkdir(mode=0o755)
    with pytest.raises(SpecError, match="remove it"):
        home.private_directory(prepared)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(SpecError, match="is not a directory of this user"):
        home.private_directory(tmp_path / "link")

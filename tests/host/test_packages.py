"""Zips and layers as files: what is kept, what wins, what is refused, and what counts as an extension."""

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from lambdasim.core.errors import SpecError
from lambdasim.host.packages import find_extensions, merge_layers, unpack_zip

LINK = stat.S_IFLNK | 0o777


def _zip(file: Path, entries: dict[str, tuple[int, bytes]]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (mode, data) in entries.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, data)
    return file


def _layer(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_a_zip_is_unpacked_with_executable_bits_and_links(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "a.zip", {
        "extensions/": (stat.S_IFDIR | 0o700, b""),
        "extensions/x": (stat.S_IFREG | 0o700, b"#!/bin/sh\n"),
        "lib/data.txt": (stat.S_IFREG | 0o600, b"data"),
        "lib/link": (LINK, b"data.txt"),
        "lib/system": (LINK, b"/opt/lib/data.txt"),
    })
    unpack_zip(archive, tmp_path / "out")
    assert _mode(tmp_path / "out/extensions/x") == 0o755
    assert _mode(tmp_path / "out/lib/data.txt") == 0o644
    assert (tmp_path / "out/lib/link").read_text() == "data"
    assert os.readlink(tmp_path / "out/lib/system") == "/opt/lib/data.txt"


def test_everything_is_readable_by_every_user_whatever_the_umask(tmp_path: Path) -> None:
    layer = _layer(tmp_path / "layer", {"python/deep/x.py": "1"})
    (layer / "python/deep/x.py").chmod(0o600)
    before = os.umask(0o077)
    try:
        merge_layers([layer], tmp_path / "out")
    finally:
        os.umask(before)
    assert _mode(tmp_path / "out/python/deep") == 0o755
    assert _mode(tmp_path / "out/python/deep/x.py") == 0o644


def test_an_archive_without_modes_gets_plain_files(tmp_path: Path) -> None:
    unpack_zip(_zip(tmp_path / "a.zip", {"extensions/x": (0, b"#!/bin/sh\n")}), tmp_path / "out")
    assert _mode(tmp_path / "out/extensions/x") == 0o644


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/x", "..", "..\\x"])
def test_it_refuses_a_path_that_leaves_the_package(tmp_path: Path, name: str) -> None:
    archive = _zip(tmp_path / "a.zip", {name: (stat.S_IFREG | 0o644, b"x")})
    with pytest.raises(SpecError, match=r"package: .*leaves it"):
        unpack_zip(archive, tmp_path / "deep/out")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path != archive]


@pytest.mark.parametrize("target", ["/etc/shadow", "../../x", "../..", "/opt/../etc/shadow", "a/../../../etc", ""])
def test_it_refuses_a_link_out_of_the_package(tmp_path: Path, target: str) -> None:
    archive = _zip(tmp_path / "a.zip", {"lib/link": (LINK, target.encode())})
    with pytest.raises(SpecError, match="the link lib/link points to"):
        unpack_zip(archive, tmp_path / "out")
    assert not (tmp_path / "out/lib/link").is_symlink()


def test_nothing_is_written_through_a_link_of_the_same_archive(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    archive = _zip(tmp_path / "a.zip", {
        "a": (LINK, b"b"), "a/x": (stat.S_IFREG | 0o644, b"through"), "b/y": (stat.S_IFREG | 0o644, b"y"),
    })
    unpack_zip(archive, tmp_path / "out")
    assert not (tmp_path / "out/b/x").exists()


def test_a_link_to_a_directory_on_the_host_is_copied_not_followed(tmp_path: Path) -> None:
    layer = _layer(tmp_path / "layer", {"real/x": "1"})
    (layer / "alias").symlink_to("real")
    merge_layers([layer], tmp_path / "out")
    assert os.readlink(tmp_path / "out/alias") == "real"


def test_it_refuses_more_than_the_limit_counting_all_layers(tmp_path: Path) -> None:
    one = _layer(tmp_path / "one", {"x": "12345"})
    two = _zip(tmp_path / "two.zip", {"y": (stat.S_IFREG | 0o644, b"12345")})
    merge_layers([one, two], tmp_path / "fits", limit_bytes=10)
    with pytest.raises(SpecError, match=r"two\.zip: more than 9 bytes unpacked"):
        merge_layers([one, two], tmp_path / "out", limit_bytes=9)


def test_it_refuses_a_member_that_is_longer_than_its_entry_says(tmp_path: Path) -> None:
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * 1_000_000)
    data = plain.getvalue().replace((1_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(SpecError, match=r"a\.zip"):
        unpack_zip(tmp_path / "a.zip", tmp_path / "out")
    assert not (tmp_path / "out/bomb").exists() or (tmp_path / "out/bomb").stat().st_size <= 10


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 broken"])
def test_it_refuses_what_is_no_zip(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(SpecError, match="not a zip archive that can be read"):
        unpack_zip(tmp_path / "a.zip", tmp_path / "out")


def test_it_refuses_a_damaged_member(tmp_path: Path) -> None:
    archive = _zip(tmp_path / "a.zip", {"x": (stat.S_IFREG | 0o644, os.urandom(1000))})
    data = bytearray(archive.read_bytes())
    data[200] ^= 0xFF
    archive.write_bytes(data)
    with pytest.raises(SpecError, match="not a zip archive that can be read"):
        unpack_zip(archive, tmp_path / "out")


def test_a_missing_layer_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"nowhere\.zip: there is no such file; give a directory or a \.zip"):
        merge_layers([tmp_path / "nowhere.zip"], tmp_path / "out")


def test_it_refuses_a_socket_or_a_pipe_in_a_layer(tmp_path: Path) -> None:
    (tmp_path / "layer").mkdir()
    os.mkfifo(tmp_path / "layer/pipe")
    with pytest.raises(SpecError, match="pipe is neither a file, a directory nor a link"):
        merge_layers([tmp_path / "layer"], tmp_path / "out")


def test_later_layers_overwrite_equal_paths(tmp_path: Path) -> None:
    one = _layer(tmp_path / "one", {"same": "one", "only-one": "1", "shape": "file", "turn/x": "dir"})
    two = _layer(tmp_path / "two", {"same": "two", "only-two": "2", "shape/x": "dir"})
    (two / "turn").write_text("file")
    merge_layers([one, two], tmp_path / "out")
    read = {path.relative_to(tmp_path / "out").as_posix(): path.read_text()
            for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert read == {"same": "two", "only-one": "1", "only-two": "2", "shape/x": "dir", "turn": "file"}


def test_a_later_directory_replaces_an_earlier_link_instead_of_writing_through_it(tmp_path: Path) -> None:
    one = _layer(tmp_path / "one", {"real/x": "one"})
    (one / "alias").symlink_to("real")
    merge_layers([one, _layer(tmp_path / "two", {"alias/x": "two"})], tmp_path / "out")
    assert (tmp_path / "out/real/x").read_text() == "one"
    assert (tmp_path / "out/alias/x").read_text() == "two"


def test_the_layers_themselves_stay_as_they_are(tmp_path: Path) -> None:
    one = _layer(tmp_path / "one", {"x": "one"})
    merge_layers([one], tmp_path / "out")
    (tmp_path / "out/x").write_text("changed")
    assert (one / "x").read_text() == "one"


def test_every_entry_of_extensions_that_is_no_directory_is_one_in_the_order_of_its_bytes(tmp_path: Path) -> None:
    extensions = tmp_path / "extensions"
    (extensions / "a-directory").mkdir(parents=True)
    for name in ("b", "B", ".hidden", "é", "a"):
        (extensions / name).write_text("")
    (extensions / "dangling").symlink_to("/nowhere")
    (extensions / "to-directory").symlink_to("a-directory")
    assert find_extensions(tmp_path) == (".hidden", "B", "a", "b", "dangling", "to-directory", "é")


def test_no_extensions_directory_means_none(tmp_path: Path) -> None:
    assert find_extensions(tmp_path) == ()
    assert find_extensions(None) == ()
    (tmp_path / "extensions").write_text("a file")
    assert find_extensions(tmp_path) == ()

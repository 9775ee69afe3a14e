"""Code packages and layers as files: unpack a zip, merge layers into one /opt, find the extensions in it.

Pure file work; knows no database and no sandbox. AWS Lambda: adding-layers (order, later layers overwrite),
gettingstarted-limits (size); which entries are extensions is RIE's internal/lambda/agents/agent.go.
"""

import os
import posixpath
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Literal

from lambdasim.core.errors import SpecError

MAX_UNZIPPED_BYTES = 262_144_000
"""250 MB, function and layers together."""

MAX_LINK_BYTES = 4096

_LINK_ROOTS = ("/opt/", "/var/task/", "/var/lang/", "/var/runtime/", "/usr/", "/bin/", "/lib/", "/tmp/")
"""Absolute link targets that mean something in an execution environment. They are never followed on the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One path of a package; `open` gives a file's bytes."""

    path: str
    kind: Literal["directory", "file", "link"]
    mode: int = 0o755
    size_bytes: int = 0
    link_target: str = ""
    open: Callable[[], IO[bytes]] | None = None


def unpack_zip(archive: Path, into: Path, *, limit_bytes: int = MAX_UNZIPPED_BYTES) -> None:
    """Unpacks with modes and links. Raises SpecError before anything is written outside `into` or beyond the limit."""
    merge_layers([archive], into, limit_bytes=limit_bytes)


def merge_layers(layers: Sequence[Path], into: Path, *, limit_bytes: int = MAX_UNZIPPED_BYTES) -> None:
    """Copies directories and zips over each other, in order; equal paths are the later layer's."""
    into.mkdir(parents=True, exist_ok=True)
    left_bytes = limit_bytes
    for layer in layers:
        with _entries(layer) as entries:
            links = []
            for entry in entries:
                left_bytes -= entry.size_bytes
                if left_bytes < 0:
                    raise SpecError("package", f"{layer}: more than {limit_bytes} bytes unpacked; make it smaller")
                if entry.kind == "link":
                    links.append(entry)
                else:
                    _write(entry, into, layer)
            # Last, so that nothing of this layer can be written through a link of its own.
            for entry in links:
                _place(entry, into).symlink_to(entry.link_target)


def find_extensions(opt_dir: Path | None) -> tuple[str, ...]:
    """File names of the external extensions: every entry of extensions/ that is not a directory, sorted by bytes.

    Symbolic links count whatever they point to, as do hidden and non-executable files: those fail at their start.
    """
    if opt_dir is None:
        return ()
    try:
        with os.scandir(opt_dir / "extensions") as entries:
            names = [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return tuple(sorted(names, key=os.fsencode))


# --- reading -------------------------------------------------------------------------------------


@contextmanager
def _entries(layer: Path) -> Iterator[Iterator[Entry]]:
    if layer.is_dir():
        yield _directory_entries(layer)
        return
    try:
        with zipfile.ZipFile(layer) as archive:
            yield _zip_entries(archive, layer)
    except FileNotFoundError:
        raise SpecError("package", f"{layer}: there is no such file; give a directory or a .zip") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise SpecError("package", f"{layer}: not a zip archive that can be read ({error}); pack it again") from error


def _directory_entries(layer: Path) -> Iterator[Entry]:
    for directory, names, files in os.walk(layer, followlinks=False):
        for name in sorted(names + files):
            yield _directory_entry(Path(directory, name), layer)


def _directory_entry(file: Path, layer: Path) -> Entry:
    path, status = file.relative_to(layer).as_posix(), file.lstat()
    if stat.S_ISLNK(status.st_mode):
        return _link(path, str(file.readlink()), layer)
    if stat.S_ISDIR(status.st_mode):
        return Entry(path=path, kind="directory")
    if not stat.S_ISREG(status.st_mode):
        raise SpecError("package", f"{layer}: {path} is neither a file, a directory nor a link; remove it")
    return Entry(
        path=path, kind="file", mode=status.st_mode, size_bytes=status.st_size, open=partial(_read, file)
    )


def _read(file: Path) -> IO[bytes]:
    return file.open("rb")


def _zip_entries(archive: zipfile.ZipFile, layer: Path) -> Iterator[Entry]:
    for info in archive.infolist():
        path = posixpath.normpath(info.filename)
        if info.filename.startswith("/") or "\\" in path or path == ".." or path.startswith("../"):
            raise SpecError("package", f"{layer}: the path {info.filename!r} leaves it; pack it with relative paths")
        if info.flag_bits & 1:
            raise SpecError("package", f"{layer}: {path} is encrypted; pack it without a password")
        # The upper half holds the Unix mode; archives made on Windows have none and carry no executable bit.
        mode = info.external_attr >> 16
        if path == "." or info.is_dir():
            yield Entry(path=path, kind="directory")
        elif stat.S_ISLNK(mode):
            target = os.fsdecode(archive.read(info)) if info.file_size <= MAX_LINK_BYTES else ""
            yield _link(path, target, layer)
        else:
            yield Entry(
                path=path, kind="file", mode=mode or 0o644, size_bytes=info.file_size, open=partial(archive.open, info)
            )


def _link(path: str, target: str, layer: Path) -> Entry:
    """A link that stays inside its package, or names a place of the execution environment."""
    if target.startswith("/"):
        fine = posixpath.normpath(target).startswith(_LINK_ROOTS)
    else:
        resolved = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        fine = target != "" and resolved != ".." and not resolved.startswith("../")
    if not fine or "\0" in target:
        raise SpecError("package", f"{layer}: the link {path} points to {target!r}, outside of it; replace it")
    return Entry(path=path, kind="link", link_target=target)


# --- writing -------------------------------------------------------------------------------------


def _write(entry: Entry, into: Path, layer: Path) -> None:
    if entry.kind == "directory":
        if entry.path != ".":
            _make_directory(_place(entry, into))
        return
    assert entry.open is not None
    target = _place(entry, into)
    with entry.open() as source, target.open("xb") as copy:
        # What is read is bounded by what was counted: a zip's directory may understate a size.
        left_bytes = entry.size_bytes
        while data := source.read(1 << 20):
            left_bytes -= len(data)
            if left_bytes < 0:
                raise SpecError("package", f"{layer}: {entry.path} is longer than announced; pack it again")
            copy.write(data)
    # Readable for every user, executable for all if for the owner: in the sandbox the process has a uid of its own.
    target.chmod(0o755 if entry.mode & 0o100 else 0o644)


def _place(entry: Entry, into: Path) -> Path:
    """The path to write: its parents real directories, what an earlier layer left in its way removed."""
    *parents, name = entry.path.split("/")
    target = into
    for part in parents:
        target = target / part
        if target.is_symlink() or target.is_file():
            target.unlink()
        _make_directory(target)
    target = target / name
    if target.is_symlink() or target.is_file():
        target.unlink()
    elif target.is_dir() and entry.kind != "directory":
        shutil.rmtree(target)
    return target


def _make_directory(path: Path) -> None:
    path.mkdir(exist_ok=True)
    path.chmod(0o755)

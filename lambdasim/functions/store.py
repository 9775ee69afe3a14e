"""Unpacked code and layers on disk, addressed by content: HOME/store/<sha256>/ and merged layers in HOME/opt/<sha256>/.

Knows files, not models. A directory appears whole (built aside, then renamed) and never changes; its files are
read-only, executable bits kept. Merged directories are hard links, so ten combinations cost no more than one.
AWS Lambda: packaging-layers ("Lambda extracts the layer contents into the /opt directory", in configured order).
"""

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings

from lambdasim.core.errors import SpecError

IGNORED = frozenset({"__pycache__"})
"""Written by an interpreter that happened to run there, never part of what somebody deployed."""


def add(source: Path) -> str:
    """Stores the content of a directory and returns its sha256; content that is there already is not copied."""
    if not source.is_dir():
        raise SpecError("code", f"{source} is not a directory")
    digest = tree_sha256(source)
    target = directory_of(digest)
    if not target.exists():
        draft = _draft(target.parent)
        for entry in _walk(source):
            _copy(source / entry, draft / entry)
        _publish(draft, target)
    return digest


def directory_of(sha256: str) -> Path:
    return settings.LAMBDASIM_HOME / "store" / sha256


def opt_directory(layer_sha256s: Sequence[str]) -> Path | None:
    """The directory to mount at /opt: the layers merged in order, later files over earlier. None without layers."""
    if not layer_sha256s:
        return None
    key = hashlib.sha256("\n".join(layer_sha256s).encode()).hexdigest()
    target: Path = settings.LAMBDASIM_HOME / "opt" / key
    if not target.exists():
        draft = _draft(target.parent)
        for layer in layer_sha256s:
            source = directory_of(layer)
            for entry in _walk(source):
                _link(source / entry, draft / entry)
        _publish(draft, target)
    return target


def extensions_in(directory: Path) -> list[str]:
    """File names of the external extensions of a layer: whatever is not a directory, sorted by bytes (RIE agent.go)."""
    found = directory / "extensions"
    if not found.is_dir():
        return []
    names = [entry.name for entry in os.scandir(found) if not entry.is_dir(follow_symlinks=False)]
    return sorted(names, key=os.fsencode)


def tree_sha256(source: Path) -> str:
    """Depends on names, kinds, executable bits and contents; not on times, owners or the order on disk."""
    total = hashlib.sha256()
    for entry in _walk(source):
        path = source / entry
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            kind, content = "d", b""
        elif stat.S_ISLNK(mode):
            kind, content = "l", os.fsencode(os.readlink(path))
        elif stat.S_ISREG(mode):
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").digest()
            kind = "x" if mode & 0o111 else "f"
        else:
            raise SpecError("code", f"{path} is neither a file, a directory nor a symbolic link: remove it")
        # Lengths, so that no two trees can spell the same bytes
        name = os.fsencode(entry)
        total.update(f"{kind} {len(name)} {len(content)}\n".encode() + name + content)
    return total.hexdigest()


def _walk(source: Path) -> Iterator[Path]:
    """Every entry below source, relative, parents first, in an order that depends on the names alone."""
    for parent, directories, files in os.walk(source):
        directories[:] = sorted(set(directories) - IGNORED)
        here = Path(parent).relative_to(source)
        for name in sorted([*directories, *files]):
            yield here / name


def _copy(source: Path, target: Path) -> None:
    mode = source.lstat().st_mode
    if stat.S_ISLNK(mode):
        target.symlink_to(os.readlink(source))
    elif stat.S_ISDIR(mode):
        target.mkdir()
    else:
        shutil.copy2(source, target)
        target.chmod(0o555 if mode & 0o111 else 0o444)


def _link(source: Path, target: Path) -> None:
    is_directory = source.is_dir() and not source.is_symlink()
    if target.is_symlink() or target.is_file():
        target.unlink()
    elif target.is_dir() and not is_directory:
        shutil.rmtree(target)
    if is_directory:
        target.mkdir(exist_ok=True)
    else:
        os.link(source, target, follow_symlinks=False)


def _draft(parent: Path) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=parent, prefix=".draft-"))
    # mkdtemp's 0700 would hide the files from a sandbox that runs as another user
    draft.chmod(0o755)
    return draft


def _publish(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:
        # Somebody else was first: equal address, equal content
        shutil.rmtree(draft)
        if not target.exists():
            raise

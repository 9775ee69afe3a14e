"""The data directory: what lies in LAMBDASIM_HOME, and which version of lambdasim may use it.

Knows paths and file modes, not Django. Everything that lambdasim keeps lives below this one directory; only a
Unix socket may have to live elsewhere, since its path is limited to 107 bytes (unix(7), sun_path).
"""

import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from lambdasim.core.errors import SpecError

FORMAT = 1
"""Raised when an older lambdasim could not read what this one writes, or the other way round."""

SOCKET_PATH_LIMIT_BYTES = 100
"""107 bytes minus what a server appends for a temporary name."""


def prepare(home: Path) -> Path:
    """The data directory, made if it is new. Refuses one that another version of lambdasim made."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker = home / "format"
    if not marker.exists():
        write_once(marker, f"{FORMAT}\n", mode=0o644)
    found = marker.read_text().strip()
    if found != str(FORMAT):
        raise SpecError(
            "LAMBDASIM_HOME",
            f"{home} holds data format {found or '(empty)'} and this version of lambdasim reads format {FORMAT}: "
            "point LAMBDASIM_HOME to another directory, or use the version that made this one",
        )
    return home


def secret_key(home: Path) -> str:
    """The signing key of this data directory, made once and readable by its owner alone."""
    path = home / "secret-key"
    if not path.exists():
        write_once(path, secrets.token_urlsafe(48), mode=0o600)
    return path.read_text().strip()


def write_once(path: Path, text: str, *, mode: int) -> None:
    """Creates the file whole or not at all; when two processes start together, the first one's text stays."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        os.chmod(draft, mode)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        os.unlink(draft)


def socket_path(home: Path, name: str) -> Path:
    """`HOME/<name>/<name>.sock`, or a short private directory outside where that path would be too long."""
    path = home.resolve() / name / f"{name}.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
    runtime_dir = os.environ.get("XDG_RUNTIME_DIR", "")
    short = Path(runtime_dir) / f"lambdasim-{digest}" if runtime_dir else Path(f"/tmp/lambdasim-{os.getuid()}-{digest}")
    return private_directory(short) / f"{name}.sock"


def private_directory(path: Path) -> Path:
    """The directory, ours alone. /tmp is everybody's: one that somebody else prepared there is refused."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise SpecError("LAMBDASIM_HOME", f"{path} is not a directory of this user with mode 0700: remove it")
    return path

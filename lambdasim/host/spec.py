"""What one sandbox is to contain. Host paths, mounted read-only at AWS's paths where mounts are possible.

Paths inside: AWS Lambda, configuration-envvars (LAMBDA_TASK_ROOT, LAMBDA_RUNTIME_DIR) and packaging-layers (/opt).
"""

from dataclasses import dataclass
from pathlib import Path

from lambdasim.core.errors import SpecError

OTHERS_MAY_ENTER, OTHERS_MAY_PASS = 0o005, 0o001


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    environment_id: str
    task_dir: Path | None
    """At /var/task. None: empty, or with isolation `none` the machine's own."""
    opt_dir: Path | None
    """At /opt, layers already merged into one directory."""
    runtime_dir: Path | None
    """At /var/runtime."""
    lang_prefix: Path | None
    """Interpreter prefix to appear at /var/lang; what is installed for it on this machine stays hidden."""
    ephemeral_storage_mb: int = 512
    memory_size_mb: int = 128
    api_host: str = "127.0.0.1"
    api_port: int = 9001
    """Without a network namespace of its own the environment gets a free port instead."""
    binds: tuple[tuple[Path, str], ...] = ()
    """Further read-only mounts, HOST and INSIDE."""

    def __post_init__(self) -> None:
        for field, path in self.directories().items():
            if not path.is_dir():
                raise SpecError(field, f"{path} is not a directory; give the path of one that exists")
        for source, inside in self.binds:
            if not source.exists():
                raise SpecError("binds", f"{source} does not exist; give an existing path before the colon")
            if not inside.startswith("/"):
                raise SpecError("binds", f"{inside!r} is not absolute; give a path such as /mnt/data after the colon")

    def directories(self) -> dict[str, Path]:
        named = {
            "task_dir": self.task_dir, "opt_dir": self.opt_dir,
            "runtime_dir": self.runtime_dir, "lang_prefix": self.lang_prefix,
        }
        return {field: path for field, path in named.items() if path is not None}

    def check_readable_by_others(self, *, in_place: bool) -> None:
        """The function runs as a user of its own: what it uses has to be open to it. Raises SpecError.

        `in_place`: nothing is mounted, so the directories above count as well.
        """
        for field, path in self.directories().items():
            if path.stat().st_mode & OTHERS_MAY_ENTER != OTHERS_MAY_ENTER:
                raise SpecError(field, f"{path} is closed to the sandbox's user; run: chmod -R o+rX {path}")
            closed = [above for above in path.resolve().parents if not above.stat().st_mode & OTHERS_MAY_PASS]
            if in_place and closed:
                raise SpecError(field, f"{closed[-1]} is closed to the sandbox's user; use a directory outside of it")

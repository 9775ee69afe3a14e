"""AWS's Runtime Interface Emulator as a process beside ours: fetched once, run with the parts at Lambda's paths.

The binary is taken out of the published wheel `aws-sam-cli` (installing that package would pin others against ours)
and kept below var/, never committed.
"""

import platform
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lambdasim.runtimes.registry import Runtime
from tests.benchmarks.driven import Package
from tests.benchmarks.http_client import HttpClient
from tests.benchmarks.memory import command_of, descendants

WHEEL = "aws-sam-cli==1.170.0"
INVOKE_PATH = "/2015-03-31/functions/function/invocations"
_MEMBERS = {
    "x86_64": "samcli/local/rapid/aws-lambda-rie-x86_64",
    "aarch64": "samcli/local/rapid/aws-lambda-rie-arm64",
}


def binary(cache_dir: Path) -> Path:
    """The emulator's executable, downloaded on first use."""
    member = _MEMBERS[platform.machine()]
    target = cache_dir / f"{WHEEL.replace('==', '-')}-{Path(member).name}"
    if not target.exists():
        cache_dir.mkdir(parents=True, exist_ok=True)
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache_dir), WHEEL]
        subprocess.run(download, check=True)
        with zipfile.ZipFile(next(cache_dir.glob("aws_sam_cli-*.whl"))) as wheel:
            part = target.with_suffix(".part")
            part.write_bytes(wheel.read(member))
        part.chmod(0o755)
        part.rename(target)
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class Rie:
    """A running emulator; it and its children are descendants of `process`. It accepts invokes before Init, which
    happens inside the first one."""

    process: "subprocess.Popen[bytes]"
    port: int

    def client(self) -> HttpClient:
        return HttpClient(self.port, INVOKE_PATH)

    def bubblewraps(self) -> list[int]:
        """Processes that are only there to mount: not the emulator's."""
        return [pid for pid in descendants(self.process.pid) if command_of(pid).startswith("bwrap ")]


@contextmanager
def rie(executable: Path, *, package: Package, runtime: Runtime) -> Iterator[Rie]:
    """Killed with everything it started when the block ends."""
    invoke_port, api_port = _free_ports(2)
    command = [
        *bubblewrap(executable, package=package, runtime=runtime), "/rie", "--log-level", "error",
        "--runtime-api-address", f"127.0.0.1:{api_port}",
        "--runtime-interface-emulator-address", f"127.0.0.1:{invoke_port}",
        "/var/lang/bin/" + runtime.name, "/var/runtime/bootstrap.py", package.handler,
    ]
    environment = {
        **runtime.environment(), "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(package.memory_size_mb),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "10", "AWS_REGION": "us-east-1",
        "LAMBDA_TASK_ROOT": "/var/task", "LAMBDA_RUNTIME_DIR": "/var/runtime",
    }
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    try:
        yield Rie(process=process, port=invoke_port)
    finally:
        process.kill()  # --die-with-parent and the pid namespace end the rest
        process.wait(timeout=10)


def bubblewrap(executable: Path, *, package: Package, runtime: Runtime) -> list[str]:
    """Puts the parts at Lambda's paths, as a container image would."""
    binds = [
        (executable, "/rie"), (package.task_dir, "/var/task"), (package.opt_dir, "/opt"),
        (runtime.runtime_dir, "/var/runtime"), (runtime.lang_prefix, "/var/lang"),
    ]
    arguments = [
        "bwrap", "--die-with-parent", "--unshare-pid", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin",
        "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--ro-bind", "/etc", "/etc",
    ]
    for path, inside in binds:
        if path is None:
            continue
        arguments += ["--ro-bind", str(path.resolve()), inside]
        if inside == "/var/lang":  # as in our own sandbox: what the machine has installed is not the function's
            version = f"python{sys.version_info.major}.{sys.version_info.minor}"
            arguments += ["--tmpfs", f"/var/lang/lib/{version}/site-packages"]
    return [*arguments, "--chdir", "/var/task", "--"]


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for item in sockets:
            item.bind(("127.0.0.1", 0))
        return [int(item.getsockname()[1]) for item in sockets]
    finally:
        for item in sockets:
            item.close()


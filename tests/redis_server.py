"""A real Redis behind a Unix socket, for as long as tests want it; can be stopped and started in between."""

import shutil
import subprocess
from pathlib import Path

REMEDY = "install redis-server or valkey-server"


class RedisServer:
    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Returns when it accepts connections."""
        program = shutil.which("redis-server") or shutil.which("valkey-server")
        assert program, f"tests need a Redis: {REMEDY}"
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [program, "--port", "0", "--unixsocket", str(self.socket), "--save", "", "--appendonly", "no",
             "--dir", str(self.socket.parent), "--daemonize", "no"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "ready to accept connections" in line.lower():
                return
        raise AssertionError(f"redis-server ended: {''.join(said)}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            assert self._process.stdout is not None
            # Read to its end, so that it does not wait for a full pipe
            self._process.stdout.read()
            self._process.stdout.close()
            self._process.wait()
            self._process = None

"""What the figures were measured on and with."""

import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from lambdasim.host.probe import probe
from tests.benchmarks.rie import WHEEL


def describe(rie_binary: Path) -> dict[str, Any]:
    return {
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory": _field("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in ("uvloop", "httptools", "awslambdaric", "django")},
        "rie": {"from": WHEEL, "sha256": hashlib.sha256(rie_binary.read_bytes()).hexdigest()},
        "environment": probe().lines(),
        "load_average_at_start": load_average(),
    }


def load_average() -> list[float]:
    return [round(value, 2) for value in os.getloadavg()]


def _field(file: str, name: str) -> str:
    for line in Path(file).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return "unknown"

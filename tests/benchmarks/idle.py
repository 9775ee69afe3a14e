"""Memory of one idle environment: the platform's part and the runtime process apart.

The platform's part is everything that is neither the runtime process nor an extension. For RIE it is the emulator's
process. For ours it is what lives per environment (bwrap, the launcher) and the supervisor's share: in a supervisor
that holds many, the growth per environment; in `serve` and in a worker, the whole process that hosts one.
"""

import gc
import os
from collections.abc import Iterable

from tests.benchmarks.driven import Driver, Package
from tests.benchmarks.figures import Series
from tests.benchmarks.memory import command_of, descendants, pss_mb

SCENARIO = "idle memory, no extension"
SUPERVISED = 4
RUNTIME, EXTENSIONS = "/var/runtime/bootstrap.py", "/opt/extensions/"


def in_this_process(driver: Driver, package: Package) -> list[Series]:
    """Environments are started beside one that exists already, so that what is loaded once does not count."""
    first = driver.start(package)
    first.block(5, b"{}")
    gc.collect()
    before_mb, known = pss_mb(os.getpid()), set(descendants(os.getpid()))
    environments = [driver.start(package) for _ in range(SUPERVISED)]
    for environment in environments:
        environment.block(5, b"{}")
    gc.collect()
    growth_mb = (pss_mb(os.getpid()) - before_mb) / SUPERVISED
    platform_mb, runtime_mb = split_mb(set(descendants(os.getpid())) - known)
    for environment in [first, *environments]:
        environment.stop()
    return [
        one("ours, platform part per environment in one supervisor", growth_mb + platform_mb / SUPERVISED),
        one("ours, runtime process", runtime_mb / SUPERVISED),
    ]


def of_tree(name: str, pid: int, *, skip: Iterable[int] = ()) -> list[Series]:
    """A supervisor of one environment and everything below it."""
    platform_mb, runtime_mb = split_mb(set(descendants(pid)) - set(skip))
    return [one(f"{name}, platform part", platform_mb), one(f"{name}, runtime process", runtime_mb)]


def hosting_process(root: int) -> int:
    """Below `manage.py up`: a worker child that hosts an environment without extensions."""
    for pid in descendants(root):
        if _hosts_a_lone_runtime(pid):
            return pid
    raise RuntimeError(f"no process below {root} hosts an environment without extensions")


def _hosts_a_lone_runtime(pid: int) -> bool:
    """A worker process with a runtime below it, but no extension and no further worker process."""
    below = [command_of(child) for child in descendants(pid)[1:]]
    hosts_runtime = any(RUNTIME in command for command in below)
    return "celery" in command_of(pid) and hosts_runtime and not any(
        "celery" in command or EXTENSIONS in command for command in below
    )


def split_mb(pids: Iterable[int]) -> tuple[float, float]:
    platform_mb, runtime_mb = 0.0, 0.0
    for pid in pids:
        if RUNTIME in command_of(pid) and "/rie" not in command_of(pid):
            runtime_mb += pss_mb(pid)
        else:
            platform_mb += pss_mb(pid)
    return platform_mb, runtime_mb


def environments(root: int) -> Series:
    """How many `up` has had to start for clients that waited for every answer."""
    count = sum(RUNTIME in command_of(pid) for pid in descendants(root))
    return Series(
        scenario="after all of it", contestant="ours, `up`: environments alive", unit="", rounds=[[float(count)]]
    )


def one(name: str, value: float) -> Series:
    return Series(scenario=SCENARIO, contestant=name, unit="MB PSS", rounds=[[value]])

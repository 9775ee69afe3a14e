"""Cold start to first answer, in turns: a fresh environment of ours, a fresh emulator process, a fresh `serve`."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lambdasim.runtimes.registry import Runtime
from tests.benchmarks.driven import Driver, Package
from tests.benchmarks.figures import Series
from tests.benchmarks.http_client import connect_when_listening
from tests.benchmarks.rie import bubblewrap, rie
from tests.benchmarks.served import serve

PER_ROUND = 5


def race(
    scenario: str, *, driver: Driver, package: Package, layers: list[Path], executable: Path, runtime: Runtime,
    rounds: int,
) -> list[Series]:
    tries: dict[str, Callable[[], float]] = {
        "RIE, fresh process": lambda: rie_ms(executable, package, runtime),
        "bwrap alone, part of RIE's figure here": lambda: bubblewrap_ms(executable, package, runtime),
        "ours, environment in a running supervisor": lambda: driver.cold_start_ms(package),
        "ours, fresh `serve` process": lambda: serve_ms(package, layers),
    }
    series = {name: Series(scenario=scenario, contestant=name) for name in tries}
    for attempt in tries.values():
        attempt()
    for _ in range(rounds):
        taken_ms: dict[str, list[float]] = {name: [] for name in tries}
        for _ in range(PER_ROUND):
            for name, attempt in tries.items():
                taken_ms[name].append(attempt())
        for name, values in taken_ms.items():
            series[name].rounds.append(values)
    return list(series.values())


def rie_ms(executable: Path, package: Package, runtime: Runtime) -> float:
    start_ns = time.perf_counter_ns()
    with rie(executable, package=package, runtime=runtime) as emulator:
        client = emulator.client()
        connect_when_listening(client)
        client.post(b"{}")
        took_ms = (time.perf_counter_ns() - start_ns) / 1e6
        client.close()
    return took_ms


def bubblewrap_ms(executable: Path, package: Package, runtime: Runtime) -> float:
    """What the mounts cost that put the parts at Lambda's paths for the emulator, which isolates nothing itself."""
    start_ns = time.perf_counter_ns()
    subprocess.run([*bubblewrap(executable, package=package, runtime=runtime), "/bin/true"], check=True)
    return (time.perf_counter_ns() - start_ns) / 1e6


def serve_ms(package: Package, layers: list[Path]) -> float:
    start_ns = time.perf_counter_ns()
    with serve(package, layers=layers) as served:
        client = served.client()
        connect_when_listening(client)
        client.post(b"{}")
        took_ms = (time.perf_counter_ns() - start_ns) / 1e6
        client.close()
    return took_ms

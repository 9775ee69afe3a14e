"""`python -m tests.benchmarks.bench`: ours beside AWS's Runtime Interface Emulator, in one run on one machine.

The same function, the same extension, the same Python and the same runtime client for every contestant. Contestants
take turns in short blocks, so that other load on the machine meets all of them. Prints a table and writes
docs/benchmarks/<date>.json. Takes less than three minutes.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lambdasim import samples
from lambdasim.host.packages import merge_layers
from lambdasim.runtimes.registry import Runtime, find
from tests.benchmarks import cold, idle, machine, warm
from tests.benchmarks.driven import Driver, Package
from tests.benchmarks.figures import Series, noise, ratio, table
from tests.benchmarks.recorded import Recordings, recordings
from tests.benchmarks.rie import binary, rie
from tests.benchmarks.served import Served, serve, up

ROOT = Path(__file__).parents[2]
SAMPLES = Path(samples.__file__).parent
LAYER = SAMPLES / "layers" / "quick-extension"
UP_VERSIONS = {"no extension": ("memory-hungry", "1"), "one extension": ("shell-extension", "2")}
"""Versions of the samples that `up` has loaded: both have the code that everybody runs here."""
ENVIRONMENTS = 6
"""More than one with an extension: the next request comes while the extension of the last is still at work."""
CODE = SAMPLES / "shell-extension" / "code"
DEFINITIONS = {
    "answered": "invocation handed over until the answer is known",
    "free again": "until the last extension has called next and the environment takes another invocation",
    "HTTP": "request written until answer read, over one connection of a client written for this benchmark",
    "RIE": "answers after the runtime and every extension called next, so it has one figure for both",
    "ratio": "median over RIE's median in each round; shown is the median of the rounds, and their range",
    "cold start": "nothing (RIE, serve: no process; ours: a running supervisor) until the first answer",
    "idle memory": " ".join((idle.__doc__ or "").split()),
    "noise": "RIE against itself: first half of each block against its second half",
}


def main() -> None:
    options = arguments()
    started_s = time.monotonic()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lambdasim-bench-")))
        scratch.chmod(0o755)
        bench = Bench(stack, scratch, rounds=options.rounds, block=options.block)
        description = machine.describe(bench.executable)
        series = list(bench.run())
        description["load_average_at_end"] = machine.load_average()
    report = {
        "date": time.strftime("%Y-%m-%d"), "took_s": round(time.monotonic() - started_s), "machine": description,
        "definitions": DEFINITIONS, "figures": rows_of(series),
        "noise": [{"scenario": item.scenario, **noise(item)} for item in references(series)],
    }
    print(render(report))
    target = options.out or ROOT / "docs" / "benchmarks" / f"{report['date']}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(f"written to {target}, after {report['took_s']} s")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="turns of every contestant (default 12)")
    parser.add_argument("--block", type=int, default=50, help="warm invocations in a turn (default 50)")
    parser.add_argument("--out", type=Path, default=None, help="instead of docs/benchmarks/<date>.json")
    return parser.parse_args()


class Bench:
    """Holds what all scenarios share; `run` yields their series."""

    def __init__(self, stack: ExitStack, scratch: Path, *, rounds: int, block: int) -> None:
        self._stack, self._rounds, self._block = stack, rounds, block
        self.executable = binary(ROOT / "var" / "bench")
        self.runtime: Runtime = find("python")
        self._driver = Driver()
        stack.callback(self._driver.close)
        merge_layers([LAYER], scratch / "opt")
        self._packages = {
            "no extension": (Package(task_dir=CODE, opt_dir=None), []),
            "one extension": (Package(task_dir=CODE, opt_dir=scratch / "opt"), [LAYER]),
        }
        self._scratch = scratch

    def run(self) -> Iterator[Series]:
        for function, version in UP_VERSIONS.values():
            same = (SAMPLES / function / "code" / "app.py").read_text() == (CODE / "app.py").read_text()
            assert same, f"{function}:{version} no longer has the benchmark's code"
        say("starting `manage.py up` and a recorder")
        product = self._stack.enter_context(up(self._scratch / "up", environments=ENVIRONMENTS))
        recorder = self._stack.enter_context(recordings(self._scratch / "recorded"))
        for scenario in self._packages:
            yield from self._warm(scenario, product, recorder)
            yield from self._cold(scenario)
        yield from self._idle(product)

    def _warm(self, scenario: str, product: Served, recorder: Recordings) -> list[Series]:
        say(f"warm, {scenario}")
        package, layers = self._packages[scenario]
        title, (function, version) = f"warm, {scenario}", UP_VERSIONS[scenario]
        with ExitStack() as stack:
            emulator = stack.enter_context(rie(self.executable, package=package, runtime=self.runtime))
            served = stack.enter_context(serve(package, layers=layers))
            plain = self._driver.start(package)
            stack.callback(plain.stop)
            recorded = self._driver.start(package, recorder.sink)
            stack.callback(recorded.stop)
            clients = [emulator.client(), served.client(), product.client(function, version)]
            for client in clients:
                warm.connect_when_listening(client)
                stack.callback(client.close)
            return warm.race(
                [
                    warm.over_http(title, "RIE over HTTP", clients[0]),
                    warm.driven(title, "ours, driven without recording", plain),
                    warm.driven(title, "ours, driven with recording", recorded),
                    warm.over_http(title, "ours, `serve` over HTTP", clients[1]),
                    warm.over_http(title, "ours, `up` over HTTP, with recording", clients[2]),
                ],
                rounds=self._rounds, block=self._block,
            )

    def _cold(self, scenario: str) -> list[Series]:
        say(f"cold start, {scenario}")
        package, layers = self._packages[scenario]
        return cold.race(
            f"cold start to first answer, {scenario}", driver=self._driver, package=package, layers=layers,
            executable=self.executable, runtime=self.runtime, rounds=max(2, self._rounds // 4),
        )

    def _idle(self, product: Served) -> Iterator[Series]:
        say("idle memory")
        package, layers = self._packages["no extension"]
        with rie(self.executable, package=package, runtime=self.runtime) as emulator:
            client = emulator.client()
            warm.connect_when_listening(client)
            for _ in range(5):
                client.post(b"{}")
            client.close()
            yield from idle.of_tree("RIE", emulator.process.pid, skip=emulator.bubblewraps())
        yield from idle.in_this_process(self._driver, package)
        with serve(package, layers=layers) as served:
            client = served.client()
            warm.connect_when_listening(client)
            for _ in range(5):
                client.post(b"{}")
            client.close()
            yield from idle.of_tree("ours, `serve`", served.process.pid)
        yield idle.environments(product.process.pid)
        host = idle.hosting_process(product.process.pid)
        yield from idle.of_tree("ours, worker process of `up`", host)


def references(series: list[Series]) -> list[Series]:
    """What everything else in a scenario is compared with, where there is more than one value."""
    return [item for item in series if item.contestant.startswith("RIE") and len(item.values) > 1]


def rows_of(series: list[Series]) -> list[dict[str, Any]]:
    first = {}
    for item in series:
        if item.contestant.startswith("RIE"):
            first.setdefault((item.scenario, item.unit), item)
    rows = []
    for item in series:
        row = item.figures()
        theirs = first.get((item.scenario, item.unit))
        if theirs is not None and theirs is not item and item.contestant.startswith("ours") and not is_runtime(item):
            row |= ratio(item, theirs)
        rows.append(row)
    return rows


def is_runtime(series: Series) -> bool:
    """The function's own process, which is the same everywhere: nothing to compare."""
    return "runtime process" in series.contestant


def render(report: dict[str, Any]) -> str:
    rows: list[list[str]] = [["scenario", "contestant", "n", "p50", "p95", "unit", "× RIE", "range"]]
    for row in report["figures"]:
        compared = "ratio" in row
        rows.append([
            row["scenario"], row["contestant"], str(row["n"]), f"{row['p50']:.2f}", f"{row['p95']:.2f}", row["unit"],
            f"{row['ratio']:.2f}" if compared else "",
            f"{row['low']:.2f}–{row['high']:.2f}" if compared and row["n"] > 1 else "",
        ])
    notes = [f"{name}: {text}" for name, text in report["definitions"].items()]
    noises = [f"noise, {item['scenario']}: {item['ratio']:.2f} ({item['low']:.2f}–{item['high']:.2f})"
              for item in report["noise"]]
    about = report["machine"]
    load = f"load average {about['load_average_at_start']} at the start, {about['load_average_at_end']} at the end"
    return "\n".join([table(rows), "", *noises, load, "", *notes, "", *about["environment"], ""])


def say(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""Each sample shows what its description says, in a real environment. Bounds are wide: only the effect is asserted."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lambdasim.telemetry.event import TelemetryEvent
from tests.samples.catalogue import SampleVersion, version, versions
from tests.samples.life import Life, live

ENDS_BY_TIMEOUT = {"never-next"}


def _documents(life: Life) -> list[Any]:
    return [json.loads(answer.payload) for answer in life.answers]


def _reports(life: Life) -> list[dict[str, Any]]:
    return [record["metrics"] for record in life.records("platform.report")]


@pytest.mark.parametrize("sample", [item for item in versions() if item.function not in ENDS_BY_TIMEOUT], ids=str)
def test_every_version_answers_twice_and_its_extensions_end_by_themselves(
    sample: SampleVersion, tmp_path: Path
) -> None:
    life = live(sample, tmp_path, times=2)
    assert [answer.error_type for answer in life.answers] == [None, None]
    assert [record["status"] for record in life.records("platform.report")] == ["success", "success"]
    for layer in sample.layers:
        assert [record["code"] for record in life.records("sim.processExit", layer.name)] == [0], life.lines(layer.name)
        assert not list(life.records("sim.signal", layer.name))
    assert not list(life.records("sim.warning"))


def test_hello_answers_long_before_its_slow_extension_lets_go(tmp_path: Path) -> None:
    life = live(version("hello", 2), tmp_path, event=b'{"name": "you"}', times=2)
    assert _documents(life)[0] == {"message": "hello you", "function_version": "2"}
    warm = life.answers[1].request_id
    assert 40 < life.tail_ms("slow-tail-extension", warm) < 200
    assert life.tail_ms("quick-extension", warm) < 20
    answered = next(iter(life.records("sim.answered", requestId=warm)))
    assert answered["answeredAfterMs"] < 40 < _reports(life)[1]["durationMs"]


def test_slow_init_is_in_the_function_s_part_of_init(tmp_path: Path) -> None:
    life = live(version("slow-init", 2), tmp_path)
    mark: dict[str, TelemetryEvent] = {
        name: next(life.find("sim.mark", name=name)) for name in ("functionInitStart", "functionInitEnd")
    }
    assert 400 <= (mark["functionInitEnd"].at_ns - mark["functionInitStart"].at_ns) / 1e6 < 700
    assert _reports(life)[0]["initDurationMs"] > 400


def test_slow_init_s_extension_is_what_init_waits_for(tmp_path: Path) -> None:
    life = live(version("slow-init", 3), tmp_path)
    assert life.init_ms("slow-init-extension") >= 300
    assert life.init_ms("runtime") < 300 <= _reports(life)[0]["initDurationMs"]


@pytest.mark.parametrize(("number", "flushed_after"), [(1, {1, 2, 3, 4, 5, 6}), (2, {5}), (3, set())])
def test_slow_flush_has_its_tail_only_where_it_flushes(
    tmp_path: Path, number: int, flushed_after: set[int]
) -> None:
    life = live(version("slow-flush", number), tmp_path, times=6)
    tails_ms = {n: life.tail_ms("slow-flush-extension", a.request_id) for n, a in enumerate(life.answers, 1)}
    assert {n for n, tail_ms in tails_ms.items() if tail_ms > 250} == flushed_after, tails_ms
    assert {n for n, tail_ms in tails_ms.items() if tail_ms < 100} == set(range(1, 7)) - flushed_after
    at_shutdown = 0 if number == 1 else 1
    assert len(life.lines("slow-flush-extension")) == len(flushed_after) + at_shutdown


def test_memory_hungry_shows_its_short_peak(tmp_path: Path) -> None:
    without = live(version("memory-hungry", 1), tmp_path / "1", times=2)
    with_it = live(version("memory-hungry", 2), tmp_path / "2", times=2)
    peaks_mb = [life.find("sim.measurement", phase="invoke") for life in (without, with_it)]
    lean, hungry = ([event.record["maxMemoryMB"] for event in peaks] for peaks in peaks_mb)  # type: ignore[index]
    for index in range(2):
        assert 95 < hungry[index] - lean[index] < 125, (lean, hungry)
    assert _reports(with_it)[1]["maxMemoryUsedMB"] > 100


def test_cpu_hungry_has_no_tail_but_uses_more_cpu_than_the_function(tmp_path: Path) -> None:
    life = live(version("cpu-hungry", 2), tmp_path, event=b'{"n": 1000000}', times=2)
    assert life.tail_ms("cpu-hungry-extension", life.answers[1].request_id) < 20
    extension, runtime = (life.use(party, "invoke")[1]["cpuMs"] for party in ("cpu-hungry-extension", "runtime"))
    duration_ms = _reports(life)[1]["durationMs"]
    assert runtime > 20
    # A wide lower bound: how much a spinning process gets is up to whoever else is on the machine.
    assert max(10, 0.1 * duration_ms) < extension < 1.3 * duration_ms


def test_the_shell_extension_starts_faster_than_the_python_one_and_counts_its_events(tmp_path: Path) -> None:
    shell = live(version("shell-extension", 1), tmp_path / "1", times=3)
    python = live(version("shell-extension", 2), tmp_path / "2")
    assert shell.init_ms("shell-extension") < python.init_ms("quick-extension")
    assert shell.lines("shell-extension") == ["shell-extension: saw 3 invocations\n"]


def test_the_internal_extension_is_a_lane_without_a_process(tmp_path: Path) -> None:
    life = live(version("internal-extension", 1), tmp_path, times=3)
    assert [document["extension"] for document in _documents(life)] == ["in-process"] * 3
    assert _documents(life)[2]["events_seen"] >= 2
    assert {event.record["role"] for event in life.find("sim.party", "in-process")} == {"internal"}  # type: ignore[index]
    assert not list(life.find("sim.processStart", "in-process"))
    assert 10 < life.tail_ms("in-process", life.answers[2].request_id) < 100


def test_the_custom_runtime_echoes_its_event_and_gives_no_marks(tmp_path: Path) -> None:
    life = live(version("custom-runtime", 2), tmp_path, event=b'{"text": "gr\xc3\xbc\xc3\x9fe"}')
    assert _documents(life)[0]["event"] == {"text": "grüße"}
    assert _documents(life)[0]["runtime"].startswith("bash ")
    assert life.lines("runtime") == [f"handling {life.answers[0].request_id}\n"]
    assert not list(life.find("sim.mark"))


def test_never_next_answers_in_time_and_still_ends_by_timeout(tmp_path: Path) -> None:
    life = live(version("never-next", 1), tmp_path, times=2)
    for answer in life.answers:
        answered = next(iter(life.records("sim.answered", requestId=answer.request_id)))
        assert (answer.error_type, answered["status"]) == (None, "success")
        report = next(iter(life.records("platform.report", requestId=answer.request_id)))
        assert (report["status"], round(report["metrics"]["durationMs"] / 100)) == ("timeout", 20)
    assert len(list(life.find("sim.processStart", "runtime"))) == 2
    assert [line.split(":")[0] for line in life.lines("never-next-extension")] == ["never-next-extension"] * 2


@pytest.mark.parametrize(("function", "number"), [("hello", 2), ("custom-runtime", 2)])
def test_without_isolation_the_same_files_run_at_their_host_paths(tmp_path: Path, function: str, number: int) -> None:
    original = version(function, number)
    # Nothing is read-only there: Python would leave its bytecode beside the sample
    sample = replace(original, code=Path(shutil.copytree(original.code, tmp_path / "code")))
    life = live(sample, tmp_path, times=2, isolation="none")
    assert [answer.error_type for answer in life.answers] == [None, None]
    for layer in sample.layers:
        assert [record["code"] for record in life.records("sim.processExit", layer.name)] == [0], life.lines(layer.name)

"""Records: field names as documented, numbers as AWS rounds them, and no type outside the catalogue."""

import json
import re
from pathlib import Path

import pytest

import lambdasim
from lambdasim.core import inputs, records
from lambdasim.core.time import duration_ms, iso_time
from lambdasim.core.values import RUNTIME_PARTY, FunctionSpec, Role
from tests.core.fake_host import MS, FakeHost

ARCHITECTURE = Path(lambdasim.__file__).resolve().parents[1] / "docs" / "architecture.md"
ROW = re.compile(r"^\| `(sim\.\w+)` \| (.*?) \|", flags=re.MULTILINE)
WORD = re.compile(r"\b[a-z]\w*\b")
NOT_FROM_THE_CORE = {"sim.environment", "sim.lost", "sim.warning"}


def _eventful_life() -> FakeHost:
    host = FakeHost(ignores_sigterm={RUNTIME_PARTY}).start(["a", "b"])
    host.feed(inputs.Marked(name="functionInitStart", marked_at_ns=host.now_ns - 5))
    host.initialise(["a", "b"]).serve("r1", ["a", "b"])
    host.arrive("r2")
    host.fail("r2")
    host.exit("b")
    host.advance(3_000)
    return host.shut_down()


def _documented() -> dict[str, str]:
    return dict(ROW.findall(ARCHITECTURE.read_text()))


def test_a_life_shows_every_type_of_ours_with_the_documented_fields() -> None:
    documented = _documented()
    seen: dict[str, set[str]] = {}
    for _, event in _eventful_life().events:
        if event.type.startswith("sim."):
            seen.setdefault(event.type, set()).update(event.record)
    assert set(seen) == set(documented) - NOT_FROM_THE_CORE
    for type, fields in seen.items():
        assert fields <= set(WORD.findall(documented[type])), type


def test_every_record_is_json_and_holds_no_null() -> None:
    for _, event in _eventful_life().events:
        assert "null" not in json.dumps(event.record), event


def test_a_mark_carries_its_own_moment() -> None:
    host = _eventful_life()
    at_ns, mark = next((at_ns, event) for at_ns, event in host.events if event.type == "sim.mark")
    assert (mark.record, mark.party, mark.at_ns) == ({"name": "functionInitStart"}, RUNTIME_PARTY, at_ns - 5)


@pytest.mark.parametrize(("duration_ns", "init_ns", "billed_ms"), [
    (0, None, 1), (1, None, 1), (21 * MS, None, 21), (21 * MS + 1, None, 22),
    (2_460_000, 413_610_000, 417), (20_650_000, 2_656_670_000, 2_678),
])
def test_billed_duration_is_rounded_up_once_with_init_included(
    duration_ns: int, init_ns: int | None, billed_ms: int
) -> None:
    spec = FunctionSpec(function_name="f", memory_size_mb=512)
    metrics = records.report_metrics(spec, duration_ns=duration_ns, init_ns=init_ns, max_memory_mb=40.0)
    assert (metrics["billedDurationMs"], metrics["memorySizeMB"]) == (billed_ms, 512)
    assert ("initDurationMs" in metrics) == (init_ns is not None)


@pytest.mark.parametrize(("measured_mb", "shown_mb"), [(40.0, 40), (40.01, 41), (0.2, 1)])
def test_memory_is_shown_in_whole_megabytes_rounded_up(measured_mb: float, shown_mb: int) -> None:
    spec = FunctionSpec(function_name="f")
    metrics = records.report_metrics(spec, duration_ns=1, init_ns=None, max_memory_mb=measured_mb)
    assert metrics["maxMemoryUsedMB"] == shown_mb


def test_times_have_milliseconds_and_durations_microseconds() -> None:
    assert iso_time(1_665_533_030_000_000_000) == "2022-10-12T00:03:50.000Z"
    assert iso_time(1_665_533_030_999_999_999) == "2022-10-12T00:03:50.999Z"
    assert duration_ms(0, 1_234_567) == 1.235


def test_optional_members_are_absent() -> None:
    assert "errorType" not in records.extension("e", state="Ready", events=[])
    assert "requestId" not in records.party(Role.RUNTIME, state="Ready", previous="Started", request_id=None)

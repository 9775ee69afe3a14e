"""The fold as a whole: any split into batches, replays, strange records, and the golden recordings."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdasim.metrics.fold import EnvironmentFold, FoldUpdate
from lambdasim.telemetry.catalogue import ALL_TYPES
from lambdasim.telemetry.event import TelemetryEvent, decode_lines
from tests.metrics.drawn import folded
from tests.metrics.recordings import GOLDEN, SCENARIOS

EVENTS = {name: scenario() for name, scenario in SCENARIOS.items()}
WHOLE = {name: folded(events).to_json() for name, events in EVENTS.items()}


def merged(updates: list[FoldUpdate]) -> dict[str, Any]:
    """What a browser has after these updates, each replacing what has its id."""
    known: dict[str, dict[str, Any]] = {"spans": {}, "markers": {}, "logs": {}, "invocations": {}}
    keys = {"spans": "id", "markers": "id", "logs": "seq", "invocations": "request_id"}
    for update in updates:
        for name, values in update.to_json().items():
            if name in keys:
                known[name] |= {value[keys[name]]: value for value in values}
    return {name: list(values.values()) for name, values in known.items()} | {
        "environment": updates[-1].environment.to_json()}


@given(st.sampled_from(sorted(EVENTS)), st.data())
def test_any_split_into_batches_gives_the_same_drawing(name: str, data: st.DataObject) -> None:
    events = EVENTS[name]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=12)))
    fold = EnvironmentFold()
    edges = [0, *cuts, len(events)]
    updates = [fold.feed(events[begin:end]) for begin, end in pairwise(edges)]
    assert merged(updates) == WHOLE[name]
    assert fold.snapshot().to_json() == WHOLE[name]


def test_event_by_event_gives_the_same_drawing() -> None:
    for name, events in EVENTS.items():
        fold = EnvironmentFold()
        assert merged([fold.feed([event]) for event in events]) == WHOLE[name]


def test_a_replay_that_overlaps_changes_nothing() -> None:
    fold = EnvironmentFold()
    fold.feed(EVENTS["life"])
    again = fold.feed(EVENTS["life"][20:])
    assert (again.spans, again.markers, again.logs, again.invocations) == ([], [], [], [])
    assert fold.snapshot().to_json() == WHOLE["life"]


def test_a_later_event_tells_only_what_it_changed() -> None:
    fold = EnvironmentFold()
    fold.feed(EVENTS["life"][:-1])
    last = fold.feed(EVENTS["life"][-1:])
    assert [span.kind.value for span in last.spans] in ([], ["shutdown"])
    assert last.environment.ended


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_it_may_begin_at_any_event(name: str) -> None:
    events = EVENTS[name]
    for begin in range(len(events)):
        update = folded(events[begin:])
        assert update.environment.last_seq == events[-1].seq
        assert all(span.end_us is None or span.end_us >= span.start_us for span in update.spans)
        json.dumps(update.to_json())


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_it_may_miss_any_event(name: str) -> None:
    events = EVENTS[name]
    for missing in range(len(events)):
        update = folded([*events[:missing], *events[missing + 1:]])
        assert all(span.end_us is None or span.end_us >= span.start_us for span in update.spans)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
MEMBERS = st.sampled_from([
    "requestId", "status", "metrics", "state", "role", "name", "reason", "signal", "code", "frozenMs", "processes",
    "from", "to", "extensions", "coldStart", "errorType", "phase", "answeredAfterMs", "durationMs", "method",
    "tracing", "types", "events", "runtimeVersion", "version", "requestId", "state", "metrics",
])
STATES = st.sampled_from(["Ready", "Running", "Registered", "r-1", "success", "timeout", "failure", "SIGKILL"])
FLAT = st.dictionaries(MEMBERS, SCALARS | STATES, max_size=6)
RECORDS = st.text(max_size=9) | st.dictionaries(MEMBERS, SCALARS | STATES | FLAT | st.lists(SCALARS | FLAT), max_size=6)
PARTIES = st.none() | st.sampled_from(["runtime", "alpha", "beta"])


@given(st.lists(st.tuples(st.sampled_from([*sorted(ALL_TYPES), "sim.unheardOf"]), RECORDS, PARTIES), max_size=40))
def test_no_record_however_strange_stops_it(drawn: list[tuple[str, Any, str | None]]) -> None:
    events = [
        TelemetryEvent(seq=number, at_ns=number * 1_000_000, type=type, record=record, party=party)
        for number, (type, record, party) in enumerate(drawn, start=1)
    ]
    json.dumps(folded(events).to_json())


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_the_golden_recording_is_the_scenario_and_draws_the_same(name: str) -> None:
    """`python -m tests.metrics.recordings` writes them anew; look at the difference before keeping it."""
    events = decode_lines((GOLDEN / f"{name}.ndjson").read_bytes())
    assert events == EVENTS[name]
    expected = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(folded(events).to_json())) == expected

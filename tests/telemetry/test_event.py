"""One event is one line, and comes back as it went."""

from hypothesis import given
from hypothesis import strategies as st

from lambdasim.telemetry.event import TelemetryEvent, decode_lines, encode_lines

RECORDS = st.text() | st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text())
EVENTS = st.builds(
    TelemetryEvent, seq=st.integers(min_value=1), at_ns=st.integers(0, 4_000_000_000_000_000_000), type=st.text(),
    record=RECORDS, party=st.none() | st.text(),
)


@given(st.lists(EVENTS))
def test_lines_come_back_as_the_events_they_were(events: list[TelemetryEvent]) -> None:
    data = encode_lines(events)
    assert decode_lines(data) == events
    assert data.count(b"\n") == len(events)


def test_the_envelope_is_the_telemetry_apis_and_nothing_more() -> None:
    event = TelemetryEvent(seq=3, at_ns=1_665_533_030_000_000_000, type="platform.start", record={}, party="runtime")
    assert event.envelope() == {"time": "2022-10-12T00:03:50.000Z", "type": "platform.start", "record": {}}

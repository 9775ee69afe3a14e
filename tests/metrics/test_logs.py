"""Which lines stand in the log, whose they are, and to which invocation they belong."""

from lambdasim.metrics.logs import KEPT_LINES
from tests.metrics.drawn import folded
from tests.metrics.recording import Recording
from tests.metrics.recordings import life


def test_lines_of_processes_stand_between_the_platforms() -> None:
    lines = [(line.party, line.request_id, line.text.split("\t")[0]) for line in folded(life()).logs]
    assert lines == [
        ("beta", None, "beta: starting"),
        ("platform", None, "EXTENSION"),
        ("platform", None, "EXTENSION"),
        ("platform", "r-1", "START RequestId: r-1 Version: 7"),
        ("runtime", "r-1", "hello from r-1"),
        ("platform", "r-1", "END RequestId: r-1\nREPORT RequestId: r-1"),
        ("platform", "r-2", "START RequestId: r-2 Version: 7"),
        ("runtime", "r-2", "hello from r-2"),
        ("platform", "r-2", "END RequestId: r-2\nREPORT RequestId: r-2"),
    ]


def test_a_line_in_json_names_its_own_invocation() -> None:
    recording = Recording()
    recording.start(0, "r-1")
    recording.put(1, "function", {"requestId": "r-0", "message": "late"}, "runtime")
    assert folded(recording.events).logs[-1].request_id == "r-0"


def test_a_line_of_an_unnamed_party_is_told_by_its_type() -> None:
    recording = Recording()
    recording.put(0, "function", "a")
    recording.put(0, "extension", "b")
    assert [line.party for line in folded(recording.events).logs] == ["runtime", "extension"]


def test_seq_is_unique_even_where_an_event_has_two_lines() -> None:
    seqs = [line.seq for line in folded(life()).logs]
    assert len(seqs) == len(set(seqs))


def test_only_the_last_lines_are_kept() -> None:
    recording = Recording()
    for number in range(KEPT_LINES + 5):
        recording.put(number, "function", f"line {number}\n", "runtime")
    lines = folded(recording.events).logs
    assert (len(lines), lines[0].text) == (KEPT_LINES, "line 5")

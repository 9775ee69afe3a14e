"""What a function prints can be larger than a WebSocket message may be."""

import json

from dashboard.fitting import MAX_LINE_CHARS, fitting

WEBSOCKET_LIMIT_BYTES = 1024 * 1024


def line(seq: int, text: str) -> dict[str, object]:
    return {"seq": seq, "at_us": seq, "party": "runtime", "text": text, "request_id": None}


def test_short_logs_pass_unchanged():
    message = {"spans": [], "logs": [line(1, "one\n"), line(2, "two\n")]}
    assert fitting(message) == message


def test_a_long_line_is_cut_and_says_how_long_it_was():
    (cut,) = fitting({"logs": [line(1, "x" * 262_144)]})["logs"]
    assert cut["text"].startswith("x" * MAX_LINE_CHARS + " …")
    assert "262,144 characters" in cut["text"]


def test_of_many_lines_the_newest_stay_and_a_line_stands_for_the_rest():
    logs = fitting({"logs": [line(seq, "é" * 4_000) for seq in range(1, 1001)]})["logs"]
    assert logs[-1]["seq"] == 1000
    assert "earlier lines" in logs[0]["text"]
    assert [one["seq"] for one in logs] == list(range(logs[0]["seq"], 1001))


def test_six_megabytes_of_any_character_fit_a_websocket_message():
    for character in ("x", "\x01", "\U0001f600"):
        printed = [line(seq, character * 262_144) for seq in range(1, 25)]
        many = [line(seq, character * 3_900) for seq in range(1, 1000)]
        assert len(json.dumps(fitting({"logs": printed}))) < WEBSOCKET_LIMIT_BYTES
        assert len(json.dumps(fitting({"logs": many}))) < WEBSOCKET_LIMIT_BYTES

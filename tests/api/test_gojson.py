"""The expected texts were printed by Go's encoding/json."""

import json

import pytest

from lambdasim.api import gojson


def test_it_escapes_what_go_escapes():
    text = "a\b\f\n\r\t\x01\x7f<>&\u2028\u2029é\ud800\"\\/"
    expected = r'"a\b\f\n\r\t\u0001' + "\x7f" + r'\u003c\u003e\u0026\u2028\u2029é' + '\ufffd' + r'\"\\/"'
    assert gojson.encode(text).decode() == expected


def test_it_writes_compact_documents_in_the_order_given():
    assert gojson.encode({"b": [1, "x"], "a": {}}) == b'{"b":[1,"x"],"a":{}}'
    assert gojson.encode_line({}) == b"{}\n"


def test_what_it_encodes_any_parser_reads_back():
    value = {"<script>": "\u2028 & \ud83d\ude00"}
    assert json.loads(gojson.encode(value)) == {"<script>": "\u2028 & \ufffd\ufffd"}
    assert json.loads(gojson.encode({"<script>": "😀"})) == {"<script>": "😀"}


@pytest.mark.parametrize(("text", "message"), [
    ("", "unexpected end of JSON input"),
    (" \n", "unexpected end of JSON input"),
    ("{", "unexpected end of JSON input"),
    ('{"events"', "unexpected end of JSON input"),
    ('{"events":', "unexpected end of JSON input"),
    ('{"events":[', "unexpected end of JSON input"),
    ('{"events":["INVOKE"', "unexpected end of JSON input"),
    ('{"events":["INVOKE"]', "unexpected end of JSON input"),
    ('"abc', "unexpected end of JSON input"),
    ("x", "invalid character 'x' looking for beginning of value"),
    ("{x", "invalid character 'x' looking for beginning of object key string"),
    ('{"a" 1}', "invalid character '1' after object key"),
    ('{"a":1 x', "invalid character 'x' after object key:value pair"),
    ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
    ("[1 2]", "invalid character '2' after array element"),
    ('["}" 2]', "invalid character '2' after array element"),
    ('{"a":[] 2}', "invalid character '2' after object key:value pair"),
    ("[1,]", "invalid character ']' looking for beginning of value"),
    ("{} x", "invalid character 'x' after top-level value"),
    ('{"a":"b\nc"}', "invalid character '\\n' in string literal"),
    ('{"a":"\\x"}', "invalid character 'x' in string escape code"),
    ('{"a":NaN}', "invalid character 'N' looking for beginning of value"),
    ('{"a":01}', "invalid character '1' after object key:value pair"),
    ("events=INVOKE", "invalid character 'e' looking for beginning of value"),
    ("'a'", "invalid character '\\'' looking for beginning of value"),
    ("é", "invalid character 'Ã' looking for beginning of value"),
    ("[" * 100_000, "exceeded max depth"),
])
def test_it_refuses_in_gos_words(text: str, message: str):
    with pytest.raises(gojson.GoJsonError) as refusal:
        gojson.decode(text.encode())
    assert str(refusal.value) == message


def test_it_reads_numbers_of_any_length():
    assert gojson.kind(gojson.decode(b"9" * 10_000)) == "number"


def test_fields_are_found_without_regard_to_case_and_the_last_one_wins():
    assert gojson.field({"EVENTS": 1, "Events": 2}, "events") == 2
    assert gojson.field({}, "events") is None

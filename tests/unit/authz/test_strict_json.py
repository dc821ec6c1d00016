"""Strict JSON: read in exactly one way, with the place of every value, or refused."""

from __future__ import annotations

import json

import pytest

from oakum.authz.strict_json import (
    MAX_DEPTH,
    MAX_DIGITS,
    Span,
    UnreadableBody,
    read,
    read_request,
)


@pytest.mark.parametrize(
    "text",
    ["null", "true", "-0.5e+10", '"a\\u00e9\\n"', "[]", "{}", ' [1, {"a": [2]}] ', '"\U0001f600"',
     '{"a":1,"b":{"c":[true,null]}}', "1e2", "123456789012345678901234567890"],
)  # fmt: skip
def test_reads_what_json_is(text: str) -> None:
    value, _, got = read(text.encode())
    assert value == json.loads(text)
    assert got == text


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"), (b"{", "not a JSON string"), (b"[1", "cut short"), (b"[1,]", "not JSON"),
        (b"{'a':1}", "not a JSON string"), (b'{"a":1,}', "not a JSON string"),
        (b'{"a" 1}', "not JSON"), (b"01", "data after the end"), (b"+1", "not JSON"),
        (b"NaN", "not JSON"), (b"Infinity", "not JSON"), (b"tru", "not JSON"), (b".5", "not JSON"),
        (b"1.", "data after the end"), (b'"a\nb"', "not a JSON string"),
        (b'"\\x41"', "not a JSON string"), (b'"\\u"x"', "not a JSON string"),
        (b"1 2", "data after the end"), (b"[] // no", "data after the end"),
        (b'{"a":1,"a":1}', "same name"), (b'{"a":1,"\\u0061":2}', "same name"),
        (b'"\xff"', "not UTF-8"), (b"\xef\xbb\xbf{}", "not JSON"),
        (b"\xff\xfe[\x00]\x00", "not UTF-8"),
        (b"\x0b1", "not JSON"), (b"9" * 5000, "too long to read"),
    ],
)  # fmt: skip
def test_refuses_what_two_readers_may_read_in_two_ways(body: bytes, why: str) -> None:
    with pytest.raises(UnreadableBody) as caught:
        read(body)
    assert why in str(caught.value)


def test_the_reason_quotes_nothing_of_the_body() -> None:
    with pytest.raises(UnreadableBody) as caught:
        read(b'{"phone": secret-4711}')
    assert "4711" not in str(caught.value)


def test_depth_is_limited() -> None:
    read(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(UnreadableBody):
        read(b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2))


def test_a_number_keeps_its_kind() -> None:
    assert [type(read(each)[0]) for each in (b"1", b"1.0", b"1e0", b"-7")] == [
        int, float, float, int,
    ]  # fmt: skip


def cut(text: str, span: Span) -> str:
    return text[span.start : span.end]


def test_every_value_knows_where_it_stands() -> None:
    body = ' { "a" : [ 1 , "b" ] , "c":{} } '
    _, span, text = read(body.encode())
    assert span.opening == "{"
    assert cut(text, span) == body.strip()
    (name, first), (other, second) = span.parts
    assert (name, other) == ("a", "c")
    assert cut(text, first) == '[ 1 , "b" ]'
    assert text[first.key :].startswith('"a"')  # a member is cut from its own name on
    assert [cut(text, part) for _, part in first.parts] == ["1", '"b"']
    assert all(part.key == part.start for _, part in first.parts)
    assert (cut(text, second), second.opening, second.parts) == ("{}", "{", ())


def test_places_are_of_characters_of_the_text() -> None:
    body = '{"ü😀": "é", "b": 2}'
    _, span, text = read(body.encode())
    assert [cut(text, part) for _, part in span.parts] == ['"é"', "2"]


def test_an_integer_has_as_many_digits_as_every_reader_takes_and_no_more() -> None:
    most = "9" * MAX_DIGITS
    for text in (most, f"-{most}", f"[{most}]", f"{most}9.5", f"{most}9e0"):
        assert read(text.encode())[2] == text
    for text in (f"{most}9", f"-{most}9", f'{{"a":{most}9}}'):
        with pytest.raises(UnreadableBody, match="too long to read"):
            read(text.encode())


@pytest.mark.parametrize(
    "text", ["1e309", "-1E+0400", "1.8e308", "9" * 309, "1" + "0" * 280 + ".5e30", '{"a":[1e999]}']
)
def test_a_number_beyond_a_double_is_unreadable_in_a_request_alone(text: str) -> None:
    assert read(text.encode())[2] == text
    with pytest.raises(UnreadableBody, match="beyond a double"):
        read_request(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "1e308",
        "-1e-400",
        "0e999",
        '"1e309"',
        "9" * 308,
        "0." + "9" * 400,
        "0." + "0" * 300 + "1e305",
    ],
)
def test_a_number_that_a_double_rounds_is_read(text: str) -> None:
    assert read_request(text.encode()) == read(text.encode())

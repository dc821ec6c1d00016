"""Evidence tells equal values and their places, and no value."""

from __future__ import annotations

import pytest

from oakum.exposure.evidence import Redactor, media_name, shape
from oakum.openapi.model import Json

NAMES = frozenset({"data", "bio", "id", "a/b"})
REDACTOR = Redactor(b"key of a run", NAMES)
BODY: Json = {"data": [{"id": 7, "bio": "a secret of ann's"}, {"id": 8, "bio": None}], "x": True}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("hello", "string(5)"), ("", "string(0)"), (3, "number"), (3.5, "number"),
        (True, "boolean"), (False, "boolean"), (None, "null"), ([1, 2], "array(2)"),
        ({"a": 1}, "object(1)"),
    ],
)  # fmt: skip
def test_a_shape_is_a_kind_and_a_length(value: Json, said: str) -> None:
    assert shape(value) == said


def test_equal_values_have_equal_hashes_within_a_run_and_none_across_runs() -> None:
    first = REDACTOR.hash("1984-05-06")
    assert first == REDACTOR.hash("1984-05-06") != REDACTOR.hash("1984-05-07")
    assert REDACTOR.hash(7) == REDACTOR.hash("7") == REDACTOR.hash(7.0)  # JSON, CSV, URL
    assert Redactor(b"key of another", NAMES).hash("1984-05-06") != first
    assert len(first) == 10 and int(first, 16) >= 0


@pytest.mark.parametrize("value", [None, True, False])
def test_what_has_but_two_values_has_no_hash(value: Json) -> None:
    assert REDACTOR.hash(value) == ""


@pytest.mark.parametrize(
    ("at", "pointer"),
    [
        (("data", "0", "bio"), "/data/0/bio"),
        (("data", "ann@example.com"), "/data/‹key›"),
        (("data", "12345"), "/data/‹key›"),  # an id, and no position in a list
        (("a/b",), "/a~1b"),
        ((), ""),
    ],
)
def test_a_key_that_no_document_declares_may_be_somebodys(
    at: tuple[str, ...], pointer: str
) -> None:
    assert REDACTOR.pointer(at) == pointer


def test_the_marked_line_and_what_stands_near_it_are_shown() -> None:
    at = ("data", "0", "bio")
    found = REDACTOR.answer("cat", "member", 200, "t", BODY, {at: "leak"}, [("data", "0")])
    assert [(line.pointer, line.shape, line.mark) for line in found.lines] == [
        ("/data/0/id", "number", ""),
        ("/data/0/bio", "string(17)", "leak"),
    ]
    assert found.truncated == 3
    assert "secret" not in repr(found)
    whole = REDACTOR.answer("cat", "member", 200, "t", BODY, {at: "leak"})
    assert len(whole.lines) == 5 and whole.truncated == 0


def test_of_a_long_answer_the_marked_line_is_never_left_out() -> None:
    body = [{"id": number} for number in range(500)]
    found = REDACTOR.answer("cat", "member", 200, "t", body, {("499", "id"): "leak"})
    assert len(found.lines) == 20 and found.truncated == 480
    assert [line.pointer for line in found.lines if line.mark] == ["/499/id"]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("application/json", "application/json"), ("text/csv", "text/csv"), ("", ""),
        ("application/problem+json", "application/problem+json"),
        ("application/ann-lee-0170.1234567+json", "application/…+json"),
        ("text/ann@example.com", "other"), ("ann@example.com+json", "other"),
    ],
)  # fmt: skip
def test_a_media_type_is_told_as_far_as_it_is_a_common_word(sent: str, told: str) -> None:
    assert media_name(sent) == told
    assert REDACTOR.answer("cat", "member", 200, sent, BODY, {}).media_type == told

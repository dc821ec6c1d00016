"""Which kinds of value are none of those declared where objects stand."""

from __future__ import annotations

import pytest

from oakum.authz.unexpected_types import KINDS, Misfits, is_no_list, kind_of, matches, misfits
from oakum.openapi.model import Json, Shape

BOUND = {"Note": "Note"}
SCALAR = {"boolean", "integer", "number", "string"}
NOTE = Shape(names=frozenset(("Note",)), properties={"id": lambda: TEXT})
TEXT = Shape(kinds=frozenset(("string",)))
TEXT_OR_NOTE = Shape(branches=(lambda: TEXT, lambda: NOTE))
LIST = Shape(kinds=frozenset(("array",)), items=lambda: NOTE)
MAP = Shape(kinds=frozenset(("object",)), extra=lambda: NOTE)


@pytest.mark.parametrize(
    ("shape", "found"),
    [
        (NOTE, SCALAR | {"array"}),
        (LIST, SCALAR | {"object"}),
        (Shape(items=lambda: NOTE), SCALAR | {"object"}),
        (Shape(kinds=frozenset(("array", "object")), items=lambda: NOTE), SCALAR | {"object"}),
        (MAP, SCALAR | {"array"}),
        (Shape(branches=(lambda: TEXT, lambda: NOTE)), SCALAR - {"string"} | {"array"}),
        (Shape(branches=(lambda: LIST, lambda: NOTE)), SCALAR),
        (Shape(branches=(Shape, lambda: NOTE)), {"array"}),
        (TEXT, set()),
        (None, set()),
    ],
)
def test_kinds_are_those_that_the_document_does_not_describe(
    shape: Shape | None, found: set[str]
) -> None:
    assert misfits(shape, (), BOUND) == found


def test_the_contract_says_what_stands_where_the_document_is_vague() -> None:
    assert misfits(None, (((), "Note"),), BOUND) == SCALAR | {"array"}
    assert misfits(Shape(), ((("notes",), "Note"),), BOUND) == SCALAR | {"array"}
    assert misfits(Shape(), ((("*",), "Note"),), BOUND) == SCALAR
    assert misfits(Shape(), ((("0",), "Note"),), BOUND) == SCALAR
    assert misfits(TEXT, (((), "Note"),), BOUND) == SCALAR - {"string"} | {"array"}


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_what_says_nothing_is_of_no_kind(value: Json) -> None:
    assert kind_of(value) == ""


@pytest.mark.parametrize("value", [0, True, "x", [0], {"a": None}])
def test_any_other_value_is(value: Json) -> None:
    assert kind_of(value) in KINDS


def test_what_was_met_is_remembered() -> None:
    found = Misfits(BOUND, ((("note",), "Note"),), lambda name: False)
    assert not found.is_one(None, NOTE, ()) and not found.met
    assert found.is_one("x", Shape(), ("note",)) and found.met
    assert not Misfits(BOUND, (), lambda name: False).is_one("x", Shape(), ("note",))


def test_null_among_objects_alone_may_be_one_that_is_not_there() -> None:
    found = Misfits(BOUND, (), {"Note": True}.__getitem__)
    assert not found.is_gap(TEXT_OR_NOTE, "") and not found.met
    assert found.is_gap(NOTE, "") and found.met
    assert found.is_gap(None, "Note") and not found.is_gap(None, "")
    assert not Misfits(BOUND, (), {"Note": False}.__getitem__).is_gap(NOTE, "")


def test_a_star_matches_any_step() -> None:
    assert matches(("*", "a"), ("0", "a")) and matches(("*", "a"), ("0",))
    assert not matches(("*", "a"), ("0", "b"))


TEXTS = Shape(kinds=frozenset(("array",)), items=lambda: TEXT)


@pytest.mark.parametrize(
    ("shape", "value", "found"),
    [
        (TEXTS, {"price": "9"}, True),
        (TEXTS, {"0": "a", "b": "c"}, True),
        (TEXTS, {"0": "a", "2": "b"}, False),
        (TEXTS, {}, False),
        (Shape(items=lambda: TEXT), {"a": "b"}, True),
        (Shape(kinds=frozenset(("array", "null"))), {"a": "b"}, True),
        (Shape(kinds=frozenset(("array", "object")), items=lambda: TEXT), {"a": "b"}, False),
        (Shape(branches=(lambda: TEXTS, lambda: TEXT)), {"a": "b"}, True),
        (Shape(branches=(lambda: TEXTS, lambda: NOTE)), {"a": "b"}, False),
        (Shape(branches=(lambda: TEXTS, Shape)), {"a": "b"}, False),
        (TEXT, {"a": "b"}, False),
        (None, {"a": "b"}, False),
    ],
)
def test_an_object_where_lists_alone_are_declared_is_no_list(
    shape: Shape | None, value: dict[str, Json], found: bool
) -> None:
    assert is_no_list(value, shape) == found

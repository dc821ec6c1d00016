"""Filters that are JSON: which parameters they are, and where a condition may stand in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from oakum.openapi.model import Parameter, Shape
from oakum.scan.filters.json_filters import (
    DEEP,
    DIRECTUS,
    LOOPBACK,
    MONGO,
    dialects,
    literal,
    under_other_names,
)

TEXT, OBJECT = Shape(kinds=frozenset({"string"})), Shape(kinds=frozenset({"object"}))


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        (Parameter("where", "query", shape=OBJECT, style="json"), (MONGO,)),
        (Parameter("where", "query", shape=TEXT, example='{"a": 1}'), (MONGO,)),
        (Parameter("q", "query", shape=TEXT, description='as in `{"a": 1}`'), (MONGO,)),
        (Parameter("filter", "query", shape=OBJECT), (MONGO, LOOPBACK, DEEP)),
        (Parameter("filter", "query", shape=TEXT, example='{"where": {}}'), (LOOPBACK,)),
        (Parameter("filter", "query", shape=OBJECT, example={"a": {"_eq": 1}}), (DIRECTUS,)),
        (Parameter("filters", "query", shape=OBJECT, style="deepObject"), (DEEP,)),
        (Parameter("where", "query", shape=TEXT), ()),
        (Parameter("where", "query", shape=TEXT, example="a = 1"), ()),
        (Parameter("filter", "query", shape=TEXT, example="[1]"), ()),
        (Parameter("where", "header", shape=OBJECT), ()),
        (Parameter("options", "query", shape=OBJECT), ()),
        (Parameter("filter", "query", shape=OBJECT, style="form"), ()),
    ],
)
def test_a_filter_is_json_where_the_document_says_so(
    parameter: Parameter, told: tuple[Any, ...]
) -> None:
    assert dialects(parameter) == told


def test_a_filter_has_another_name_beside_one_that_the_document_has() -> None:
    said = [Parameter("page", "query"), Parameter("filters", "query", shape=OBJECT, required=True)]
    (other,) = under_other_names(said)
    assert (other.name, other.required, dialects(other)) == ("where", False, (MONGO, DEEP))
    assert not [*under_other_names(said[:1])]
    assert not [*under_other_names([*said, Parameter("where", "query")])]


def test_a_condition_stands_at_every_place() -> None:
    assert MONGO.conditions("bank.iban", 7) == {
        "": {"bank.iban": 7},
        "nested": {"bank": {"iban": 7}},
        "or": {"$or": [{"bank.iban": 7}]},
        "and": {"$and": [{"bank.iban": 7}]},
        "in": {"bank.iban": {"$in": [7]}},
    }
    assert LOOPBACK.conditions("pay", 7)["in"] == {"where": {"pay": {"inq": [7]}}}
    assert LOOPBACK.conditions("pay", 7)["or"] == {"where": {"or": [{"pay": 7}]}}
    assert DIRECTUS.conditions("bank.iban", 7)[""] == {"bank": {"iban": {"_eq": 7}}}
    assert MONGO.conditions("codes.*", "x")[""] == {"codes": "x"}


def test_a_condition_is_a_value_or_names_of_parameters() -> None:
    ((name, text),) = MONGO.pairs("where", MONGO.conditions("pay", 'a"b')[""])
    assert (name, json.loads(text)) == ("where", {"pay": 'a"b'})
    asked = DEEP.conditions("bank.iban", 7)
    assert DEEP.pairs("f", asked["or"]) == (("f[$or][0][bank][iban]", "7"),)
    assert DEEP.pairs("f", asked["eq"]) == (("f[bank][iban][$eq]", "7"),)


def test_a_value_has_the_type_that_the_document_declares() -> None:
    number = Shape(kinds=frozenset({"number", "null"}))
    assert literal("4100", number) == 4100 and literal("4100", TEXT) == "4100"
    assert literal("4100", Shape()) == "4100" and literal("x", number) == "x"
    assert literal("4", Shape(kinds=frozenset({"number", "string"}))) == "4"

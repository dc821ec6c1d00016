"""Which object a request names, whichever of its fields stands in the path."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.authz import Leaf, ObjectInstance
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.finding_evidence import Question
from oakum.exposure.values.knowledge import Knowledge
from oakum.finding import Endpoint
from oakum.openapi.model import Operation
from oakum.policy.model import Owner, Resource
from oakum.scan.evaluation.requested_object import (
    asked_key,
    is_found_through_hidden_object,
    named_keys,
    parameter_naming,
)

DOC = Resource("Doc", ("Doc",), key="id", owner=Owner("field", ("by",)))
ROWS = [
    {"id": "d1", "space": "x", "no": "1"},
    {"id": "d2", "space": "x", "no": "2"},
    {"id": "d3", "space": "y", "no": "1"},
]


def knowledge() -> Knowledge:
    found = Knowledge()
    for row in ROWS:
        leaves = tuple(Leaf(name, (name,), value, True) for name, value in row.items())
        found.learn_own("ann", ObjectInstance("Doc", (), ("ann",), frozenset(), {}, leaves, {}))
    return found


def probe(sources: dict[str, str]) -> Probe:
    operation = Operation("getDoc", "GET", "/docs")
    personal = frozenset(sources)
    return Probe(operation, Endpoint("GET", "/docs", "getDoc"), {}, sources, {}, personal)


def question(params: dict[str, str]) -> Question:
    return Question("1", "getDoc", "bob", frozenset({"ann"}), params, frozenset(), "")


@pytest.mark.parametrize(
    ("sources", "params", "key"),
    [
        ({"id": "Doc.id"}, {"id": "d9"}, "d9"),
        ({"no": "Doc.no"}, {"no": "2"}, "d2"),
        ({"no": "Doc.no"}, {"no": "1"}, ""),
        ({"space": "Doc.space", "no": "Doc.no"}, {"space": "y", "no": "1"}, "d3"),
        ({"no": "Doc.no"}, {"no": "7"}, ""),
        ({"no": "Other.no"}, {"no": "2"}, ""),
    ],
)
def test_an_object_is_named_by_its_key_or_by_fields_that_only_it_has(
    sources: dict[str, str], params: dict[str, str], key: str
) -> None:
    assert asked_key(knowledge(), probe(sources), question(params), DOC) == key


def test_keys_of_what_a_parameter_names_come_in_the_order_of_the_requests() -> None:
    named = probe({"no": "Doc.no"})
    assert parameter_naming(named, DOC) == "no"
    assert parameter_naming(probe({"no": "Other.no"}), DOC) == ""
    values = knowledge().values("Doc.no", "ann")
    keys = named_keys(named, "no", "ann", knowledge(), DOC)
    assert [next(row["no"] for row in ROWS if row["id"] == key) for key in keys] == values


@pytest.mark.parametrize(
    ("sources", "always", "found"),
    [
        ({"title": "Article.title"}, set(), True),
        ({"title": "Article.title"}, {("Article", "title")}, False),
        ({"title": "Doc.title"}, set(), False),  # of the resource itself: `is_found_by_hidden`
        ({}, set(), False),
    ],
)
def test_what_another_resources_hidden_field_selects_may_be_missing(
    sources: dict[str, str], always: set[tuple[str, str]], found: bool
) -> None:
    sees = lambda name, path: (name, path) in always  # noqa: E731
    assert is_found_through_hidden_object(probe(sources), DOC, sees) is found


def test_an_object_in_the_path_selects_nothing() -> None:
    named = probe({"title": "Article.title"})
    below = replace(named, operation=Operation("getDoc", "GET", "/articles/{title}/docs"))
    assert not is_found_through_hidden_object(below, DOC, lambda name, path: False)

"""Which optional parameters a request may leave out, and which name one object each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.exposure.endpoints.probes import Probe
from oakum.openapi.model import Media, Parameter, Shape
from oakum.scan.requests.variants_without_optional_parameters import (
    asking_by_each_name,
    asking_for_all,
)
from tests.unit.scan.studio import model, probe

TEXT = Shape(kinds=frozenset({"string"}))
SOURCES = {"id": "Person.id", "nick": "Person.name"}


def asked(where: str, sources: dict[str, str], *required: str) -> Probe:
    """A person by what stands in the query, a header or the body."""
    plain = probe("getPerson")
    operation = replace(plain.operation, path="/person", parameters=())
    if where == "body":
        shape = Shape(
            properties={name: lambda: TEXT for name in sources}, required=frozenset(required)
        )
        operation = replace(operation, method="POST", body=(Media("application/json", shape),))
    else:
        named = (Parameter(n, where, required=n in required, shape=TEXT) for n in sources)
        operation = replace(operation, parameters=tuple(named))
    return replace(plain, operation=operation, sources=sources, personal=frozenset(("id",)))


@pytest.mark.parametrize("where", ["query", "header", "body"])
def test_each_of_several_names_is_asked_for_alone(where: str) -> None:
    ways = [*asking_by_each_name(model(), [asked(where, SOURCES)])]
    assert [(way.alone, way.lacks, {*way.sources}, {*way.personal}) for way in ways] == [
        ("id", ("nick",), {"id"}, {"id"}),
        ("nick", ("id",), {"nick"}, {"nick"}),
    ]
    assert len({way.id for way in ways}) == 2


@pytest.mark.parametrize(
    ("sources", "required"),
    [
        (SOURCES, ["id"]),
        (SOURCES, ["id", "nick"]),
        ({"id": "Person.id"}, []),
        ({"id": "Person.id", "same": "Person.id"}, []),
        ({"id": "Person.id", "post": "Post.id"}, []),
    ],
)
@pytest.mark.parametrize("where", ["query", "body"])
def test_what_is_needed_or_names_other_objects_is_not_taken_apart(
    where: str, sources: dict[str, str], required: list[str]
) -> None:
    assert not [*asking_by_each_name(model(), [asked(where, sources, *required)])]


def test_all_are_left_out_together_but_of_a_body_that_may_be_empty() -> None:
    (way,) = asking_for_all([asked("query", SOURCES)])
    assert (way.lacks, {*way.sources}, way.alone) == (("id", "nick"), set(), "")
    assert not way.personal
    (way,) = asking_for_all([asked("body", {**SOURCES, "post": "Post.id"}, "post")])
    assert (way.lacks, {*way.sources}) == (("id", "nick"), {"post"})
    assert not [*asking_for_all([asked("body", SOURCES)])]

"""Alternatives of a union, told apart by a member."""

from __future__ import annotations

from oakum.authz.discriminators import tag_of
from oakum.openapi.model import Shape


def _one(name: str, *kinds: object) -> Shape:
    said = Shape(kinds=frozenset(("string",)), enum=tuple(kinds))
    return Shape(frozenset((name,)), frozenset(("object",)), {"kind": lambda: said})


def _either(*shapes: Shape) -> Shape:
    return Shape(branches=tuple((lambda each=each: each) for each in shapes))


def test_texts_of_their_own_tell_alternatives_apart() -> None:
    union = _either(_one("Ride", "ride"), _one("Swim", "swim", "dive"))
    assert tag_of(union) == ("kind", {"ride": "Ride", "swim": "Swim", "dive": "Swim"})


def test_a_text_that_two_allow_tells_nothing() -> None:
    assert tag_of(_either(_one("Ride", "ride"), _one("Swim", "swim", "ride"))) is None


def test_one_that_allows_any_text_tells_nothing() -> None:
    assert tag_of(_either(_one("Ride", "ride"), _one("Swim"))) is None
    assert tag_of(_either(_one("Ride", 1), _one("Swim", 2))) is None


def test_what_the_document_says_counts() -> None:
    said = ("type", {"r": "Ride"})
    shape = _either(_one("Ride", "ride"), _one("Swim", "swim"))
    assert tag_of(Shape(branches=shape.branches, discriminator=said)) == said

"""Which members of an object may hold objects that a caller left out."""

from __future__ import annotations

from oakum.authz.objects_omitted_by_selection import members_with_objects
from oakum.openapi.model import Shape

NOTE = Shape(names=frozenset({"Note"}), kinds=frozenset({"object"}), pointer="note")
HIT = Shape(
    kinds=frozenset({"object"}),
    properties={"note": lambda: NOTE, "score": Shape, "more": lambda: HITS},
    pointer="hit",
)
HITS = Shape(kinds=frozenset({"array"}), items=lambda: HIT, pointer="hits")


def test_members_at_or_below_which_an_object_stands_are_found() -> None:
    assert members_with_objects(HIT, (), {"Note": "Note"}) == {"note": ("Note",), "more": ("Note",)}
    assert members_with_objects(HIT, (), {}) == {}


def test_what_the_contract_shows_counts_and_a_count_does_not() -> None:
    ahead = ((("score",), "Note"), (("total",), "#"), (("*", "x"), "Note"))
    assert members_with_objects(None, ahead, {"Note": "Note"}) == {"score": ("Note",)}

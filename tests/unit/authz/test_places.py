"""Which places a line can name, however the schemas contain each other."""

from __future__ import annotations

from itertools import permutations

import pytest

from oakum.authz.places import MOST_PLACES, Places
from oakum.openapi.model import Shape
from oakum.policy.resource_schemas import resource_of
from tests.properties.worlds import array, record
from tests.unit.authz.small import AUDIENCE, FRIEND, NOTE, TEXT

BOUND = {"Note": "Note", "Friend": "Person"}


def _either(*branches: Shape) -> Shape:
    return Shape(
        pointer=f"/either/{id(branches)}",
        branches=tuple((lambda each=each: each) for each in branches),  # type: ignore[misc]
    )


def test_a_reference_or_the_object_itself_is_one_leaf() -> None:
    """`oneOf: [string, Friend]`, as an API declares what it expands on request: what stands in
    the object is no field of what it is embedded in."""
    holder = record(id=TEXT, friend=_either(TEXT, FRIEND), many=array(_either(TEXT, NOTE)))
    assert list(Places(BOUND).leaves(holder, "")[0]) == ["id", "friend", "many.*"]
    unbound = record(id=TEXT, friend=_either(TEXT, FRIEND))
    assert "friend.mail" in list(Places({}).leaves(unbound, "")[0])


def test_beside_a_resource_an_alternative_of_its_own_is_looked_into() -> None:
    holder = record(subject=_either(FRIEND, record(label=TEXT)), other=_either(FRIEND, NOTE))
    assert list(Places(BOUND).leaves(holder, "")[0]) == ["subject.label", "other"]


def test_resources_that_all_embed_each_other_have_but_their_own_leaves() -> None:
    """Else the leaves are as many as the ways through them: 660,000 for a document of 154
    operations."""
    names = [f"R{n}" for n in range(12)]
    kinds: dict[str, Shape] = {}
    for name in names:
        others = {
            f"to{other}": (lambda other=other: _either(TEXT, kinds[other])) for other in names
        }
        kinds[name] = Shape(
            pointer=f"/{name}",
            names=frozenset({name}),
            kinds=frozenset({"object"}),
            properties={"id": lambda: TEXT, **others},  # type: ignore[dict-item]
        )
    found = list(Places({name: name for name in names}).leaves(kinds["R0"], "")[0])
    assert found == ["id", *(f"to{name}" for name in names)]


def _holding_each_other(number: int, asked: list[str]) -> dict[str, Shape]:
    """Schemas of which each has an id and holds all, itself too; `asked`: those looked up."""
    kinds: dict[str, Shape] = {}

    def of(name: str) -> Shape:
        asked.append(name)
        return kinds[name]

    for name in (names := [f"R{n}" for n in range(number)]):
        inner = {f"to{other}": (lambda other=other: of(other)) for other in names}
        kinds[name] = Shape(
            pointer=f"/{name}",
            kinds=frozenset({"object"}),
            properties={"id": lambda: TEXT, **inner},  # type: ignore[dict-item]
        )
    return kinds


def test_few_schemas_that_hold_each_other_have_every_way_through_them() -> None:
    found = list(Places({}).leaves(_holding_each_other(4, [])["R0"], "")[0])
    ways = [way for n in range(4) for way in permutations(("R1", "R2", "R3"), n)]
    assert sorted(found) == sorted(".".join([*(f"to{name}" for name in w), "id"]) for w in ways)


def test_many_schemas_that_hold_each_other_have_the_shortest_ways_through_them() -> None:
    """Of 14 there are 17 billion: whole levels are taken, and all of it takes few looks."""
    asked: list[str] = []
    found = list(Places({}).leaves(_holding_each_other(14, asked)["R0"], "")[0])
    names = [f"R{n}" for n in range(1, 14)]
    ways = [way for n in range(3) for way in permutations(names, n)]
    assert sorted(found) == sorted(".".join([*(f"to{name}" for name in w), "id"]) for w in ways)
    assert len(asked) < 4 * MOST_PLACES, len(asked)


def test_all_members_of_an_object_are_leaves_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oakum.authz.places.MOST_PLACES", 4)
    wide = record(**{f"m{n}": TEXT for n in range(9)}, inner=record(m=TEXT))
    assert list(Places({}).leaves(wide, "")[0]) == [f"m{n}" for n in range(9)]


def test_a_schema_that_holds_itself_ends() -> None:
    tree = Shape(
        pointer="/components/schemas/Tree",
        kinds=frozenset({"object"}),
        properties={"name": lambda: TEXT, "child": lambda: tree},
    )
    assert list(Places({}).leaves(tree, "")[0]) == ["name"]


def test_unions_that_lead_back_to_themselves_end() -> None:
    """Else each level merges what the one above has merged: 2 to the power of the depth."""
    calls = 0

    def counted() -> Shape:
        nonlocal calls
        calls += 1
        assert calls < 200
        return either

    node = Shape(pointer="/node", properties={"left": counted, "name": lambda: TEXT})
    leaf = Shape(pointer="/leaf", properties={"left": counted, "text": lambda: TEXT})
    either = Shape(pointer="/either", branches=(lambda: node, lambda: leaf, counted))
    root = Shape(pointer="/root", branches=(lambda: node, lambda: leaf))
    assert set(Places({}).leaves(root, "")[0]) == {"name", "text", "left.name", "left.text"}


def test_a_shape_is_bound_by_its_schema_names() -> None:
    assert resource_of(NOTE, BOUND) == "Note"
    assert resource_of(FRIEND, BOUND) == "Person"
    assert resource_of(TEXT, BOUND) == ""
    assert AUDIENCE.values == ("all", "crew", "me")

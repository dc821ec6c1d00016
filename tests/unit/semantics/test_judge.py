"""The one walk: which objects of whom an answer holds, and what of each may stay."""

from __future__ import annotations

from typing import Any

from oakum.contract.model import OperationRule, Owner, Shape
from oakum.semantics import Judge, Judgement, Model, Principal
from tests.properties.worlds import array, record
from tests.unit.semantics.small import ANSWER, FRIEND, NOTE, PERSON, TEXT, contract, door, note, see
from tests.unit.semantics.test_principal import who

THING = {"id": "n1", "owner_id": "u1", "is_private": True, "text": "hello"}
OWNER = who("u1")
MAP = Shape(kinds=frozenset({"object"}), extra=lambda: TEXT)


def judge(
    value: Any,
    principal: Principal = OWNER,
    shape: Shape | None = ANSWER,
    model: Model | None = None,
    params: dict[str, str] | None = None,
    status: int = 200,
) -> Judgement:
    return Judge(model or contract(), principal, "list", params or {}, status).judge(value, shape)


def test_objects_are_found_at_their_places_with_their_owners() -> None:
    found = judge({"data": [THING, {**THING, "id": "n2", "owner_id": 7}], "total": 2})
    assert [(each.resource, each.pointer, each.owners) for each in found.sightings] == [
        ("Note", ("data", "0"), ("u1",)),
        ("Note", ("data", "1"), ("7",)),
    ]
    assert [each.state["private"] for each in found.sightings] == [True, True]
    assert found.sightings[0].held == {"anyone", "member", "owner"}


def test_each_object_is_judged_by_its_own_owner() -> None:
    keep = judge({"data": [THING, {**THING, "owner_id": "u9"}]}).keep
    assert isinstance(keep, dict) and isinstance(keep["data"], dict)
    mine, theirs = keep["data"]["0"], keep["data"]["1"]
    assert isinstance(mine, dict) and mine["text"] is True
    assert theirs is False  # of `u9` it is not known whether they have blocked the caller


def test_what_no_line_names_goes_even_from_its_owner() -> None:
    keep = judge({"data": [{**THING, "new": {"a": 1}}]}).keep
    assert keep == {
        "data": {"0": {"id": True, "owner_id": False, "is_private": False, "text": True,
                       "new": False}}
    }  # fmt: skip


def test_the_envelope_passes_as_declared() -> None:
    found = judge({"data": [], "total": 3, "next": 5, "debug": "x", "nothing": None})
    assert found.keep == {
        "data": {}, "total": True, "next": False, "debug": False, "nothing": False,
    }  # fmt: skip
    assert {leaf.pointer: leaf.allowed for leaf in found.unbound} == {
        ("total",): True, ("next",): False, ("debug",): False, ("nothing",): False,
    }  # fmt: skip


def test_without_a_shape_nothing_is_declared() -> None:
    found = judge({"data": [THING]}, shape=None)
    assert found.sightings == []
    assert not any(leaf.allowed for leaf in found.unbound)


def test_an_embedded_object_has_an_owner_of_its_own() -> None:
    friend = {"id": "u2", "name": "Bo", "mail": "bo@example"}
    found = judge({"data": [{**THING, "friend": friend}]}, who("u2"))
    assert [(each.resource, each.owners) for each in found.sightings] == [
        ("Person", ("u2",)),
        ("Note", ("u1",)),
    ]
    assert isinstance(found.keep, dict) and isinstance(found.keep["data"], dict)
    inside = found.keep["data"]["0"]
    assert isinstance(inside, dict)
    assert inside["friend"] == {"id": False, "name": False, "mail": True}
    # `member` is not certain of the own account: nobody looked up whether one blocks oneself


def test_an_embedded_object_needs_a_grant_of_the_outer_one() -> None:
    model = contract(note({"id": (see("member"),)}), PERSON)
    found = judge({"data": [{**THING, "friend": {"id": "u1", "mail": "x"}}]}, model=model)
    assert isinstance(found.keep, dict) and isinstance(found.keep["data"], dict)
    inside = found.keep["data"]["0"]
    assert isinstance(inside, dict) and inside["friend"] is False


def test_leaves_name_their_field_with_a_star_for_what_varies() -> None:
    shape = record(
        "Note", id=TEXT, tags=array(TEXT), by=MAP, rows=array(record(x=TEXT)),
    )  # fmt: skip
    granted = {"id": (see("owner"),), "tags": (see("owner"),), "by": (see("owner"),),
               "rows.*.x": (see("owner"),)}  # fmt: skip
    model = contract(note(granted, Owner("caller")), PERSON, doors=(door(shape=shape),))
    value = {"id": "n", "tags": ["a", "b"], "by": {"ann": 1}, "rows": [{"x": 1}, {"y": 2}]}
    (sighting,) = judge(value, shape=shape, model=model).sightings
    assert [(leaf.path, leaf.pointer, leaf.allowed) for leaf in sighting.leaves] == [
        ("id", ("id",), True),
        ("tags.*", ("tags", "0"), True), ("tags.*", ("tags", "1"), True),
        ("by.*", ("by", "ann"), True),
        ("rows.*.x", ("rows", "0", "x"), True), ("rows.*.y", ("rows", "1", "y"), False),
    ]  # fmt: skip


def test_all_below_is_granted_at_any_depth_declared_or_not() -> None:
    model = contract(note({"extras.**": (see("owner"),)}), PERSON)
    found = judge({"data": [{**THING, "extras": {"a": {"b": [1]}, "c": None}}]}, model=model)
    (sighting,) = found.sightings
    allowed = {leaf.pointer[2:] for leaf in sighting.leaves if leaf.allowed}
    assert allowed == {("extras", "a", "b", "0"), ("extras", "c")}


# ------------------------------------------------------------ whose it is


def owners(owner: Owner, params: dict[str, str] | None = None, rule: str = "") -> tuple[str, ...]:
    said = OperationRule("list", owner=rule)
    model = contract(note(owner=owner), PERSON, list=said)
    value = {**THING, "to": ["u3", "u1", 7]}
    (found,) = judge({"data": [value]}, model=model, params=params).sightings
    return found.owners


def test_an_owner_stands_in_the_object_the_path_or_is_the_caller() -> None:
    assert owners(Owner("field", ("owner_id",))) == ("u1",)
    assert owners(Owner("field", ("owner_id", "to"))) == ("u1", "u3", "7")
    assert owners(Owner("field", ("missing",))) == ()
    assert owners(Owner("field", ("missing",)), {"userId": "u5"}, "userId") == ("u5",)
    assert owners(Owner("path", ("userId",)), {"userId": "u5", "x": "u6"}) == ("u5",)
    assert owners(Owner("path", ("userId",)), {"userId": "u5", "x": "u6"}, "x") == ("u6",)
    assert owners(Owner("path", ("userId",))) == ()
    assert owners(Owner("caller")) == ("u1",)
    assert owners(Owner("none")) == ()


def test_what_is_owned_with_its_parent() -> None:
    child = PERSON.__class__(
        "Person", frozenset({"Friend"}), "id", Owner("parent"), {}, PERSON.fields
    )
    found = judge({"data": [{**THING, "friend": {"id": "u2"}}]}, model=contract(note(), child))
    assert [(each.resource, each.owners) for each in found.sightings] == [
        ("Person", ("u1",)),
        ("Note", ("u1",)),
    ]
    alone = contract(note(), child, doors=(door(shape=FRIEND),))
    (orphan,) = judge({"id": "u2"}, shape=FRIEND, model=alone).sightings
    assert orphan.owners == ()


# ------------------------------------------------------------ where the contract points


def test_shows_binds_where_the_document_is_vague_and_not_in_errors() -> None:
    vague = record(rows=array(record(id=TEXT)))
    model = contract(
        note(), PERSON, doors=(door(shape=vague),),
        list=OperationRule("list", shows=(("Note", "/rows/*"),)),
    )  # fmt: skip
    value = {"rows": [THING]}
    assert [each.resource for each in judge(value, shape=vague, model=model).sightings] == ["Note"]
    assert judge(value, shape=vague, model=model, status=404).sightings == []


def test_an_alternative_is_chosen_by_its_tag_or_by_what_is_there() -> None:
    tagged = Shape(
        branches=(lambda: NOTE, lambda: FRIEND),
        discriminator=("kind", {"n": "Note", "f": "Friend"}),
    )
    assert [e.resource for e in judge({"kind": "f", "id": "u1"}, shape=tagged).sightings] == [
        "Person"
    ]
    plain = Shape(branches=(lambda: NOTE, lambda: FRIEND))
    assert [e.resource for e in judge(THING, shape=plain).sightings] == ["Note"]
    assert [e.resource for e in judge({"id": "u1", "mail": "x"}, shape=plain).sightings] == [
        "Person"
    ]
    assert judge({"id": "u1"}, shape=plain).sightings == []  # both would do: neither is taken


def test_call_is_about_each_object_of_an_answer() -> None:
    model = contract(list=OperationRule("list", call=("owner",)))
    keep = judge({"data": [THING, {**THING, "owner_id": "u9"}]}, model=model).keep
    assert isinstance(keep, dict) and isinstance(keep["data"], dict)
    assert keep["data"]["0"] and keep["data"]["1"] is False

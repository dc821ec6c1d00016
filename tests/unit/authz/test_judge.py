"""The one walk: which objects of whom an answer holds, and what of each may stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from oakum.authz import Judge, Judgement, Model, Principal, compile_contract
from oakum.authz.owners import partly
from oakum.openapi.model import Shape
from oakum.policy.model import OperationRule, Owner, Policy, Relation
from tests.properties.worlds import Document, array, record
from tests.unit.authz.small import (
    ANSWER,
    FRIEND,
    NOTE,
    PERSON,
    RELATIONS,
    TEXT,
    contract,
    endpoint,
    note,
    see,
    who,
)

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
    assert [(each.resource, each.pointer, each.owners) for each in found.instances] == [
        ("Note", ("data", "0"), ("u1",)),
        ("Note", ("data", "1"), ("7",)),
    ]
    assert [each.state["private"] for each in found.instances] == [True, True]
    assert found.instances[0].held == {"anyone", "member", "owner"}


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
    assert found.instances == []
    assert not any(leaf.allowed for leaf in found.unbound)


def test_an_embedded_object_has_an_owner_of_its_own() -> None:
    friend = {"id": "u2", "name": "Bo", "mail": "bo@example"}
    found = judge({"data": [{**THING, "friend": friend}]}, who("u2"))
    assert [(each.resource, each.owners) for each in found.instances] == [
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
    model = contract(note(granted, Owner("caller")), PERSON, endpoints=(endpoint(shape=shape),))
    value = {"id": "n", "tags": ["a", "b"], "by": {"ann": 1}, "rows": [{"x": 1}, {"y": 2}]}
    (instance,) = judge(value, shape=shape, model=model).instances
    assert [(leaf.path, leaf.pointer, leaf.allowed) for leaf in instance.leaves] == [
        ("id", ("id",), True),
        ("tags.*", ("tags", "0"), True), ("tags.*", ("tags", "1"), True),
        ("by.*", ("by", "ann"), True),
        ("rows.*.x", ("rows", "0", "x"), True), ("rows.*.‹key›", ("rows", "1", "y"), False),
    ]  # fmt: skip


def test_all_below_is_granted_at_any_depth_declared_or_not() -> None:
    model = contract(note({"extras.**": (see("owner"),)}), PERSON)
    found = judge({"data": [{**THING, "extras": {"a": {"b": [1]}, "c": None}}]}, model=model)
    (instance,) = found.instances
    allowed = {leaf.pointer[2:] for leaf in instance.leaves if leaf.allowed}
    assert allowed == {("extras", "a", "b", "0"), ("extras", "c")}


# ------------------------------------------------------------ whose it is


def owners(owner: Owner, params: dict[str, str] | None = None, rule: str = "") -> tuple[str, ...]:
    said = OperationRule("list", owner=rule)
    model = contract(note(owner=owner), PERSON, list=said)
    value = {**THING, "to": ["u3", "u1", 7]}
    (found,) = judge({"data": [value]}, model=model, params=params).instances
    return found.owners


def test_an_owner_stands_in_the_object_the_path_or_is_the_caller() -> None:
    assert owners(Owner("field", ("owner_id",))) == ("u1",)
    assert owners(Owner("field", ("owner_id", "to.*"))) == ("u1", "u3", "7")
    assert owners(Owner("field", ("missing",))) == ()
    assert owners(Owner("field", ("missing",)), {"userId": "u5"}, "userId") == ("u5",)
    assert owners(Owner("path", ("userId",)), {"userId": "u5", "x": "u6"}) == ("u5",)
    assert owners(Owner("path", ("userId",)), {"userId": "u5", "x": "u6"}, "x") == ("u6",)
    assert owners(Owner("path", ("userId",))) == ()
    assert owners(Owner("caller")) == ("u1",)
    assert owners(Owner("none")) == ()


def test_a_list_in_place_of_an_owner_makes_nobody_the_owner() -> None:
    assert owners(Owner("field", ("to",))) == ()
    assert owners(Owner("field", ("to",)), {"userId": "u1"}, "userId") == ()


def test_what_is_owned_with_its_parent() -> None:
    child = PERSON.__class__(
        "Person", frozenset({"Friend"}), "id", Owner("parent"), {}, PERSON.fields
    )
    found = judge({"data": [{**THING, "friend": {"id": "u2"}}]}, model=contract(note(), child))
    assert [(each.resource, each.owners) for each in found.instances] == [
        ("Person", ("u1",)),
        ("Note", ("u1",)),
    ]
    alone = contract(note(), child, endpoints=(endpoint(shape=FRIEND),))
    (orphan,) = judge({"id": "u2"}, shape=FRIEND, model=alone).instances
    assert orphan.owners == ()


# ------------------------------------------------------------ where the contract points


def test_shows_binds_where_the_document_is_vague_and_not_in_errors() -> None:
    vague = record(rows=array(record(id=TEXT)))
    model = contract(
        note(), PERSON, endpoints=(endpoint(shape=vague),),
        list=OperationRule("list", shows=(("Note", "/rows/*"),)),
    )  # fmt: skip
    value = {"rows": [THING]}
    assert [each.resource for each in judge(value, shape=vague, model=model).instances] == ["Note"]
    assert judge(value, shape=vague, model=model, status=404).instances == []


def test_an_alternative_is_chosen_by_its_tag_or_by_what_is_there() -> None:
    tagged = Shape(
        branches=(lambda: NOTE, lambda: FRIEND),
        discriminator=("kind", {"n": "Note", "f": "Friend"}),
    )
    assert [e.resource for e in judge({"kind": "f", "id": "u1"}, shape=tagged).instances] == [
        "Person"
    ]
    plain = Shape(branches=(lambda: NOTE, lambda: FRIEND))
    assert [e.resource for e in judge(THING, shape=plain).instances] == ["Note"]
    assert [e.resource for e in judge({"id": "u1", "mail": "x"}, shape=plain).instances] == [
        "Person"
    ]
    assert judge({"id": "u1"}, shape=plain).instances == []  # both would do: neither is taken


def test_call_is_about_each_object_of_an_answer() -> None:
    model = contract(list=OperationRule("list", call=("owner",)))
    keep = judge({"data": [THING, {**THING, "owner_id": "u9"}]}, model=model).keep
    assert isinstance(keep, dict) and isinstance(keep["data"], dict)
    assert keep["data"]["0"] and keep["data"]["1"] is False


# ------------------------------------------------------------ what cannot be told is closed


def union(*branches: Shape) -> Shape:
    return Shape(branches=tuple(lambda each=each: each for each in branches))  # type: ignore[misc]


COMPANY = record("Company", id=TEXT, name=TEXT, mail=TEXT)
CARD = {"id": "u1", "name": "Ann", "mail": "a@b"}


def test_what_may_be_a_resource_or_not_is_judged_as_the_resource() -> None:
    for shape in (union(FRIEND, COMPANY), union(union(FRIEND, COMPANY), MAP)):
        found = judge(CARD, shape=shape)
        assert [(e.resource, e.owners) for e in found.instances] == [("Person", ("u1",))]
        assert found.keep == {"id": False, "name": True, "mail": True}
        theirs = judge(CARD, who("u2"), shape=shape)
        assert theirs.keep == {"id": False, "name": True, "mail": False}
    strict = [replace(each, required=frozenset({"tax"})) for each in (FRIEND, COMPANY)]
    assert [e.resource for e in judge(CARD, shape=union(*strict)).instances] == ["Person"]


def test_what_may_be_one_of_two_resources_is_neither_and_stays_out() -> None:
    found = judge({"id": "u1"}, shape=union(NOTE, FRIEND, COMPANY))
    assert not found.instances
    assert found.keep is False
    assert [(leaf.pointer, leaf.allowed) for leaf in found.unbound] == [(("id",), False)]


def test_in_a_field_too_an_unknown_alternative_is_closed() -> None:
    fields = dict.fromkeys(("id", "friend"), (see("owner"),))
    either = record("Note", id=TEXT, owner_id=TEXT, friend=union(NOTE, FRIEND, COMPANY))
    model = contract(note(fields), PERSON, endpoints=(endpoint(shape=either),))
    found = judge({**THING, "friend": {"id": "u1"}}, shape=either, model=model)
    assert isinstance(found.keep, dict)
    assert (found.keep["id"], found.keep["friend"]) == (True, False)
    assert [each.resource for each in found.instances] == ["Note"]


def test_a_resource_that_is_a_union_is_that_resource_whatever_its_alternative() -> None:
    whole = replace(union(record("Mini", id=TEXT), COMPANY), names=frozenset({"Friend"}))
    assert [each.resource for each in judge(CARD, shape=whole).instances] == ["Person"]


def test_the_values_of_a_map_declare_no_elements_of_a_list() -> None:
    assert judge({"by": {"a": "x"}}, shape=record(by=MAP)).keep == {"by": {"a": True}}
    assert judge({"by": ["x"]}, shape=record(by=MAP)).keep == {"by": False}
    assert judge({"*": "x"}, shape=array(TEXT)).keep is False
    assert judge("x", shape=Shape(extra=lambda: TEXT)).keep is False


@pytest.mark.parametrize(
    "key",
    ["ann@example.com", "+49 170 1234567", "1234", "u12345678", "a1b2c3d4e5f6", "Ann Lee", "é" * 3,
     "x" * 41],
)  # fmt: skip
def test_a_key_that_may_be_somebodys_is_in_no_field_path(key: str) -> None:
    shape = record(data=array(record("Note", id=TEXT, by=MAP, place=record(city=TEXT))), by=MAP)
    inside = {"by": {key: 1}, "place": {key: 1}, key: {key: {key: [{key: 1}]}}}
    found = judge({"data": [inside], "by": {key: 1}, key: 1}, shape=shape)
    paths = [leaf.path for each in found.instances for leaf in each.leaves]
    assert paths == ["by.*", "place.‹key›", "‹key›.‹key›.‹key›.*.‹key›"]
    assert [leaf.path for leaf in found.unbound] == ["by.*", "‹key›"]
    assert all(key in leaf.pointer for each in found.instances for leaf in each.leaves)


def test_an_undeclared_name_is_told_in_the_top_two_levels() -> None:
    (found,) = judge(
        {"data": [{"pin_hash": 1, "more": {"salt_v2": 1, "in": {"ann": 1}}}]}
    ).instances
    assert [leaf.path for leaf in found.leaves] == ["pin_hash", "more.salt_v2", "more.in.‹key›"]


@pytest.mark.parametrize("inside", [True, False])
def test_what_lies_too_deep_is_not_looked_at(inside: bool) -> None:
    value: Any = "deep"
    for _ in range(5000):
        value = {"a": value}
    found = judge({"data": [{**THING, "a": value}]} if inside else value)
    assert len(found.instances) == inside
    leaves = [*found.unbound, *(leaf for each in found.instances for leaf in each.leaves)]
    assert "deep" not in [leaf.value for leaf in leaves]


def test_a_list_is_not_shown_where_the_contract_names_one_value() -> None:
    found = judge({"data": [{**THING, "text": ["hello", "you"]}]})
    keep = found.keep
    assert isinstance(keep, dict) and isinstance(keep["data"], dict)
    mine = keep["data"]["0"]
    assert isinstance(mine, dict) and mine["text"] is False and mine["id"] is True
    told = {leaf.path: leaf.allowed for leaf in found.instances[0].leaves}
    assert told["text.*"] is False


def test_who_may_be_an_owner_that_is_left_out_is_no_stranger() -> None:
    """An object of two that names one of them says of nobody else that they are not the other."""
    relations = {**RELATIONS, "stranger": Relation("stranger", "authenticated", unless=("owner",))}
    both = note({"text": (see("stranger"),)}, Owner("field", ("owner_id", "id")))
    policy = Policy(relations, {"Note": both, "Person": PERSON})
    model = compile_contract(Document((endpoint(),)), policy)
    whole = judge({"data": [{"owner_id": "u1", "id": "u3", "text": "a"}]}, who("u2"), model=model)
    part = judge({"data": [{"owner_id": "u1", "text": "a"}]}, who("u2"), model=model)
    assert "stranger" in whole.instances[0].held
    assert "stranger" not in part.instances[0].held
    assert part.keep == {"data": {"0": False}}


def test_what_stands_in_an_object_that_leaves_an_owner_out_may_be_theirs_too() -> None:
    """Of what is its parent's nobody knows more owners than of the parent: a second parent, one
    that names other people, and one that is nobody's are walked beside it."""
    inner = replace(PERSON, owner=Owner("parent"))
    both = note({"text": (see("owner"),)}, Owner("field", ("owner_id", "id")))
    resources = {"Note": both, "Person": inner}
    model = compile_contract(Document((endpoint(),)), Policy(RELATIONS, resources))
    asks = Principal(frozenset({"u2"}), related={("follower", o): True for o in ("u1", "u3")})
    friend = {"id": "f", "name": "F"}
    rows = [
        {"owner_id": "u1", "friend": friend},
        {"owner_id": "u1", "id": "u3", "friend": friend},
        {"friend": friend},
    ]
    found = judge({"data": [*rows, *rows]}, asks, model=model)
    told = [(s.owners, s.partly, "follower" in s.held) for s in found.instances]
    once = (
        [(("u1",), True, False)] * 2 + [(("u1", "u3"), False, True)] * 2 + [((), False, False)] * 2
    )
    assert told == [*once, *once]


def test_only_an_object_that_names_its_owners_itself_may_leave_one_out() -> None:
    two = ("a", "b")
    assert partly(Owner("field", two), {"a": "u1"})
    assert not partly(Owner("field", two), {"a": "u1", "b": "u2"})
    assert not partly(Owner("field", two), {"text": "x"})  # says none: whose it is stands elsewhere
    assert not partly(Owner("field", ("a",)), {"a": "u1"})
    assert not partly(Owner("path", two), {"a": "u1"})

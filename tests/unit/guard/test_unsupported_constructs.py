"""What no gateway enforces is refused, at its line."""

from __future__ import annotations

import pytest

from oakum.errors import InputError, Location
from oakum.guard.unsupported_constructs import refuse
from oakum.policy.mask import Mask
from oakum.policy.model import FieldRule, Grant, Owner, Policy, Relation, Resource, State


def policy(*owners: Owner) -> Policy:
    named = {f"R{n}": Resource(f"R{n}", frozenset(), owner=each) for n, each in enumerate(owners)}
    places = {("resources", name, "owner"): Location("p.yaml", n, 5)
              for n, name in enumerate(named, 1)}  # fmt: skip
    return Policy({}, named, places=places)


def test_what_a_gateway_enforces_is_not_refused() -> None:
    kinds = (Owner("field", ("a",)), Owner("path", ("a",)), Owner("parent"), Owner("caller"))
    refuse(policy(*kinds, Owner("none")))


def test_a_guard_sees_no_creation() -> None:
    with pytest.raises(InputError) as refused:
        refuse(policy(Owner("creator")))
    assert [str(each) for each in refused.value.problems] == [
        "p.yaml:1:5: a guard does not know who created a `R0`; name a field that contains its"
        " owner; a scan uses it"
    ]


def test_a_guard_looks_up_no_parent() -> None:
    with pytest.raises(InputError) as refused:
        refuse(policy(Owner("resource", ("Issue",))))
    assert [str(each) for each in refused.value.problems] == [
        "p.yaml:1:5: a guard does not know which `Issue` a `R0` belongs to; name a field, or"
        " `{parent: true}` for the object around it; a scan uses it"
    ]


def test_a_guard_recognises_no_masked_value() -> None:
    shown = Grant(("member",), masked=(Mask("stars"),), location=Location("p.yaml", 7, 9))
    lines = tuple(FieldRule(path, (), masked=(shown,)) for path in ("mail", "phone"))
    with pytest.raises(InputError) as refused:
        refuse(Policy({}, {"Person": Resource("Person", frozenset(), fields=lines)}))
    assert [str(each) for each in refused.value.problems] == [
        "p.yaml:7:9: a guard does not recognise a masked `mail` of `Person`; grant the field as it"
        " is, or omit the grant; scan, tests and recorded traffic use it"
    ]


def test_a_guard_asks_for_no_relation_that_nothing_lists() -> None:
    listed = Relation("follower", "lookup", operation="list", pointer="/*/id")
    known = {"follower": listed, "blocked": Relation("blocked", "lookup")}
    places = {("relations", "blocked", "between"): Location("p.yaml", 4, 12)}
    with pytest.raises(InputError) as refused:
        refuse(Policy(known, {}, places=places))
    assert [str(each) for each in refused.value.problems] == [
        "p.yaml:4:12: a guard cannot ask who is `blocked`: no operation lists them; name one: `in`"
        " and `id`; a scan uses the identities file"
    ]


def test_a_guard_does_not_look_up_the_members_of_a_tenant() -> None:
    member = Relation("lead", "field", member="firm", operation="list", pointer="/*/id")
    claim = Relation("colleague", "field", member="firm", claim="firm")
    known = {"lead": member, "colleague": claim, "guest": Relation("guest", "field", member="g")}
    places = {("relations", "lead", "in"): Location("p.yaml", 4, 12)}
    with pytest.raises(InputError) as refused:
        refuse(Policy(known, {}, places=places))
    assert [str(each) for each in refused.value.problems] == [
        "p.yaml:4:12: a guard does not look up who is `lead` of a tenant; compare the field with a"
        " claim: `field` and `claim`; a scan uses `in`"
    ]


def test_a_guard_does_not_know_from_whom_null_inherits() -> None:
    values = (False, True)
    states = {
        "own": State("own", values, member="own"),
        "account": State("account", values, of="User.own"),
        "both": State("both", values, member="mine", of="User.own"),
    }
    note = Resource("Note", frozenset(), owner=Owner("field", ("by",)), states=states)
    places = {("resources", "Note", "states", "both", "of"): Location("p.yaml", 9, 3)}
    with pytest.raises(InputError) as refused:
        refuse(Policy({}, {"Note": note}, places=places))
    assert [str(each) for each in refused.value.problems] == [
        "p.yaml:9:3: a guard does not know from whom null in `mine` inherits; name `field` or `of`,"
        " not both; scan, tests and recorded traffic know both"
    ]


def test_every_line_is_told_at_once() -> None:
    with pytest.raises(InputError) as refused:
        refuse(policy(Owner("query", ("a",)), Owner("none"), Owner("query", ("b",))))
    assert [str(each) for each in refused.value.problems] == [
        f"p.yaml:{n + 1}:5: a guard does not read the owner of `R{n}` from the query; name a field"
        " or a path parameter; scan, tests and recorded traffic use it"
        for n in (0, 2)
    ]

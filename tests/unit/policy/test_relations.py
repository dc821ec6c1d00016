"""What a caller may be to an object, and in which order."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import pytest

from oakum.policy.model import Relation
from tests.unit.policy.grammar import policy, said, said_of_relation, whole


def relation(text: str) -> Relation:
    return policy(whole(f"relations: {{blocked: {{}}, member: {{}}, x: {text}}}")).relations["x"]


def test_each_source_is_a_kind_of_relation() -> None:
    assert relation("{}").kind == "anyone"
    assert relation("{authenticated: true}").kind == "authenticated"
    assert relation("{is: owner}").kind == "owner"
    assert relation("{field: guests.*.id}").member == "guests.*.id"
    staff = relation("{claim: roles, has: 7}")
    assert (staff.kind, staff.claim, staff.has) == ("claim", "roles", 7)
    follower = relation("{in: listFollowers, id: /data/*/id, of: caller, unless: blocked}")
    assert (follower.kind, follower.operation, follower.pointer) == (
        "lookup",
        "listFollowers",
        "/data/*/id",
    )
    assert (follower.of, follower.unless) == ("caller", ("blocked",))
    lead = relation("{field: firm, in: list, id: /*/user/id, role: /*/role, has: lead}")
    assert (lead.kind, lead.member, lead.role, lead.has, lead.is_membership) == (
        "field", "firm", "/*/role", "lead", True,
    )  # fmt: skip
    blocked = relation("{between: true}")
    assert (blocked.kind, blocked.operation, blocked.of) == ("lookup", "", "owner")


def test_a_lookup_is_of_the_owner_unless_said() -> None:
    assert relation("{in: listFollowers, id: ''}").of == "owner"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", "`x` says nothing; write `x: {}` for everybody"),
        ("owner", "a relation must be a map, not the word `owner`"),
        ("{iss: owner}", "a relation has no key `iss`; did you mean `is`?"),
        ("{authenticated: false}", "`authenticated` is `true` or absent; anyone is `{}`"),
        ("{is: caller}", "`is` must be `owner`, not the word `caller`"),
        ("{is: owner, field: a}", "`x` has several sources: `is`, `field`; write one relation for each"),
        ("{in: op}", "`x` has no `id`; write the JSON pointer to the ids in that response"),
        ("{in: op, id: /a, of: calle}", "`of` must be `owner` or `caller`, not the word `calle`; did you mean `caller`?"),
        (
            "{claim: roles}",
            "`x` has no `has`; write the value that the claim must have, or the `field` that contains it",
        ),
        ("{claim: firm, field: firm, has: a}", "`x` has several sources: `field`, `claim`; write one relation for each"),
        ("{requires: [membr]}", "`membr` is not a relation; did you mean `member`?"),
        ("{requires: x}", "`x` depends on itself; `x` requires `x`"),
        ("{claim: roles, has: [a]}", "`has` must be a word, a number or a boolean, not a list"),
        ("{of: caller}", "`of` belongs to `in`, which `x` does not have"),
        ("{field: /a/b}", "`/a/b` is not a field path; write `a.b`"),
        ("{field: ''}", "`field` must be a word, not an empty text"),
        ("{unless: [blokked]}", "`blokked` is not a relation; known: `owner`, `member`, `x`"),
        ("{between: false}", "`between` is `true` or absent; name the operation that lists them: `in` and `id`"),
        ("{between: true, in: a, id: /b}", "`x` has several sources: `in`, `between`; write one relation for each"),
        ("{has: a}", "`has` belongs to `claim`, which `x` does not have"),
        ("{in: op, id: /*/id, role: /*/role}", "`role` belongs to `field` and `in`, which `x` does not have both"),
        ("{field: firm, in: op, id: /*/id, role: /*/role}", "`role` belongs to `has`, which `x` does not have; `role` is the place of the role, and `has` its value"),
        ("{field: firm, in: op, id: /*/id, has: a}", "`has` belongs to `role`, which `x` does not have; `role` is the place of the role, and `has` its value"),
        ("{field: firm, in: op, id: /a/*/user/id, role: /b/*/role, has: a}", "`/b/*/role` is not a member of the object with the id; write it as `/a/*/role`"),
        ("{field: firm, in: op, id: /a/*/id, role: /a/*/roles/*, has: a}", "`/a/*/roles/*` is not a member of the object with the id; write it as `/a/*/role`"),
        ("{field: firm, in: op, id: /a/*/id, of: tenant}", "`of` must be `owner` or `caller`, not the word `tenant`"),
        ("{field: firm, in: op, id: /a/*/id, begin: [op]}", "`begin` does not belong to `field` and `in`, which list a tenant's members"),
        ("{field: firm, in: op}", "`x` has no `id`; write the JSON pointer to the ids in that response"),
        ("{field: firm, in: op, id: /a, claim: c}", "`x` has several sources: `in`, `field`, `claim`; write one relation for each"),
        ("{between: true, of: caller}", "`of` belongs to `in`, which `x` does not have"),
        ("{unless: x}", "`x` depends on itself; `x` unless `x`"),
        ("{unless: '*'}", "`*` is not a relation; list each relation: a grant says who sees"),
    ],
)  # fmt: skip
def test_a_mistaken_relation_is_explained(value: str, expected: str) -> None:
    assert expected in said_of_relation(value)


def test_a_relation_with_a_mistake_is_still_known_by_its_name() -> None:
    part = "relations: {member: {is: ownr}}\nresources: {M: {owner: id, fields: {id: [{see: member}]}}}"
    assert said(part) == ["`is` must be `owner`, not the word `ownr`; did you mean `owner`?"]


def test_a_name_is_made_of_letters() -> None:
    assert said("relations: {member: {}, '*': {}, '1a': {}}") == [
        "`*` cannot name a relation; letters, digits, `_` and `-` can",
        "`1a` cannot name a relation; letters, digits, `_` and `-` can",
    ]


def test_no_relations_at_all_is_a_mistake() -> None:
    part = "relations: {}\nresources: {M: {owner: none}}"
    assert said(part) == ["`relations` names none; write at least `anyone: {}`"]


def test_a_claim_may_be_compared_with_a_field() -> None:
    found = relation("{field: team.id, claim: team_id, requires: member}")
    assert (found.kind, found.member, found.claim) == ("field", "team.id", "team_id")
    assert found.requires == ("member",)


def test_a_circle_may_be_of_both_kinds() -> None:
    part = "relations: {member: {}, a: {unless: b}, b: {requires: [c]}, c: {unless: a}}"
    assert said(part) == ["`a` depends on itself; `a` unless `b` requires `c` unless `a`"]


def test_a_circle_of_unless_is_told_once_however_long() -> None:
    part = "relations: {member: {}, a: {unless: b}, b: {unless: [member, c]}, c: {unless: a}}"
    assert said(part) == ["`a` depends on itself; `a` unless `b` unless `c` unless `a`"]


def test_many_ways_to_the_same_relation_are_no_circle() -> None:
    names = [f"r{i}" for i in range(40)]  # each takes the next two away: 2**40 walks, 40 relations
    parts = [
        f"{name}: {{unless: [{', '.join(names[i + 1 : i + 3])}]}}"
        for i, name in enumerate(names[:-1])
    ]
    assert said(f"relations: {{member: {{}}, {', '.join(parts)}, r39: {{}}}}") == []


def test_an_order_is_a_chain_or_several() -> None:
    assert policy(whole("order: [anyone, owner]")).order == (("anyone", "owner"),)
    chains = policy(whole("order: [[anyone, member], [member, owner]]")).order
    assert chains == (("anyone", "member"), ("member", "owner"))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("owner", "`order` must be a list of relations, weaker first, or a list of such lists, not the word `owner`"),
        ("[anyone, [member, owner]]", "`order` mixes names and lists; put each chain in a list of its own"),
        ("[ownr]", "`ownr` is not a relation; did you mean `owner`?"),
        ("[[owner, member, owner]]", "`owner` occurs twice in one order"),
    ],
)  # fmt: skip
def test_a_mistaken_order_is_explained(order: str, expected: str) -> None:
    assert said(f"order: {order}") == [expected]

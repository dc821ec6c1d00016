"""Who is a member of a tenant: any answer may say who is, only a whole list who is not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from oakum.authz import ObjectInstance
from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge
from oakum.finding import Endpoint
from oakum.openapi.model import Json, Media, Operation, Parameter, Shape
from oakum.policy.model import Owner, Policy, Relation, Resource
from oakum.scan.identities.memberships import Memberships

IDS = {"ann": frozenset({"a1"}), "ben": frozenset({"b2"}), "cas": frozenset({"c3"})}
LISTED = {
    "crew": Relation("crew", "field", member="team", operation="list", pointer="/data/*/user/id"),
    "lead": Relation("lead", "field", member="team", operation="list", pointer="/data/*/user/id",
                     role="/data/*/role", has="lead"),
}  # fmt: skip
ALONE = {
    "crew": Relation("crew", "field", member="team", operation="one", pointer="/id"),
    "lead": Relation("lead", "field", member="team", operation="one", pointer="/id", role="/role",
                     has="lead"),
}  # fmt: skip
TEXT = Shape(kinds=frozenset({"string"}))


def probe(path: str, *names: str) -> Probe:
    parameters = tuple(Parameter(each, "path", True, TEXT) for each in names)
    ok = {"200": (Media("application/json", None),)}
    operation = Operation("list" if len(names) == 1 else "one", "GET", path, parameters=parameters,
                          responses=ok)  # fmt: skip
    return Probe(operation, Endpoint("GET", path, operation.id), {}, {}, {}, unfilled=names,
                 guessed=names)  # fmt: skip


PROBES = {
    "list": probe("/teams/{team}/members", "team"),
    "one": probe("/teams/{team}/members/{user}", "team", "user"),
}


def learnt(
    known: Mapping[str, Relation], answers: Mapping[tuple[str, str], Any], *tenants: Json
) -> tuple[KnownIdentities, Memberships, list[tuple[str, str]]]:
    """`answers`: (identity, path) → body, or a status."""
    policy = Policy(known, {"User": Resource("User", frozenset(), "id", Owner("field", ("id",)))})
    identities = KnownIdentities(policy, IDS, {}, {})
    sent: list[tuple[str, str]] = []

    def ask(viewer: str | None, request: Request) -> Response:
        at = (viewer or "", request.url.removeprefix("http://x"))
        sent.append(at)
        found = answers.get(at, 403)
        if found == 599:
            raise TargetError("gone")
        status = found if isinstance(found, int) else 200
        body = b"" if isinstance(found, int) else json.dumps(found).encode()
        return Response(status, {"content-type": "application/json"}, body)

    accounts = {name: min(ids) for name, ids in IDS.items()}
    found = Memberships(policy, PROBES, identities, Knowledge(), "http://x", ask, accounts)
    found.meet([_thing(each) for each in tenants])
    return identities, found, sent


def _thing(team: Json) -> ObjectInstance:
    return ObjectInstance("Thing", (), (), frozenset(), {}, (), {"team": team})


def listed(*rows: tuple[str, str | None], **more: Json) -> Json:
    return {"data": [{"user": {"id": id}, "role": role} for id, role in rows], **more}


def of(identities: KnownIdentities, relation: str, tenant: str) -> dict[str, bool]:
    return identities.tenants.get((relation, tenant), {})


def test_a_whole_list_says_of_everybody_who_is_in_which_role() -> None:
    rows = listed(("a1", "lead"), ("b2", "clerk"))
    identities, _, sent = learnt(LISTED, {("ann", "/teams/t1/members"): rows}, "t1", "t1")
    assert of(identities, "crew", "t1") == {"ann": True, "ben": True, "cas": False}
    assert of(identities, "lead", "t1") == {"ann": True, "ben": False, "cas": False}
    assert sorted(sent) == [(name, "/teams/t1/members") for name in IDS]
    assert identities.principal("ben").related["crew", "t1"] is True
    assert identities.principal("ben").related["lead", "t1"] is False


def test_a_list_that_goes_on_says_only_who_is_on_it() -> None:
    rows = listed(("a1", "lead"), ("b2", "clerk"), next="/more")
    identities, _, _ = learnt(LISTED, {("ann", "/teams/t1/members"): rows}, "t1")
    assert of(identities, "crew", "t1") == {"ann": True, "ben": True}
    assert of(identities, "lead", "t1") == {"ann": True}


@pytest.mark.parametrize("role", [None, "Lead", {"name": "lead"}, 7])
def test_a_role_that_cannot_be_read_is_unknown(role: Json) -> None:
    rows = listed(("a1", "lead"), ("b2", role))
    identities, _, _ = learnt(LISTED, {("ann", "/teams/t1/members"): rows}, "t1")
    assert of(identities, "lead", "t1") == {"ann": True, "cas": False}


def test_who_stands_on_another_list_is_a_member_whatever_a_whole_one_says() -> None:
    answers = {
        ("ann", "/teams/t1/members"): listed(("a1", "lead")),
        ("ben", "/teams/t1/members"): listed(("b2", "lead")),
    }
    identities, _, _ = learnt(LISTED, answers, "t1")
    assert of(identities, "crew", "t1") == {"ann": True, "ben": True, "cas": False}


@pytest.mark.parametrize("answer", [403, 500, 599, {"data": "none"}, [1]])
def test_of_a_tenant_whose_list_nobody_is_shown_nothing_is_known(answer: Any) -> None:
    answers = dict.fromkeys(((name, "/teams/t1/members") for name in IDS), answer)
    identities, found, _ = learnt(LISTED, answers, "t1")
    assert (of(identities, "crew", "t1"), of(identities, "lead", "t1")) == ({}, {})
    assert [each.partition(":")[0] for each in found.unread()] == [
        "`list` showed no identity the members of a tenant"
    ] * 2


def test_who_is_asked_for_alone_is_none_where_a_member_is_told_so() -> None:
    path = "/teams/t1/members/"
    answers = {
        ("ann", path + "a1"): {"id": "a1", "role": "lead"},
        ("ann", path + "b2"): {"id": "b2", "role": ["clerk"]},
        ("ann", path + "c3"): 404,
        ("cas", path + "c3"): 404,
    }
    identities, found, _ = learnt(ALONE, answers, "t1")
    assert of(identities, "crew", "t1") == {"ann": True, "ben": True, "cas": False}
    assert of(identities, "lead", "t1") == {"ann": True, "ben": False, "cas": False}
    assert not [*found.unread()]


def test_a_stranger_who_is_told_that_there_is_nobody_may_just_not_be_shown_it() -> None:
    answers = dict.fromkeys(
        ((asking, f"/teams/t1/members/{id}") for asking in IDS for id in ("a1", "b2", "c3")), 404
    )
    identities, _, _ = learnt(ALONE, answers, "t1")
    assert of(identities, "crew", "t1") == {}


def test_a_member_who_is_shown_for_another_says_nothing_of_them() -> None:
    answers = {("ann", f"/teams/t1/members/{id}"): {"id": "a1", "role": "lead"}
               for id in ("a1", "b2", "c3")}  # fmt: skip
    identities, _, _ = learnt(ALONE, answers, "t1")
    assert of(identities, "crew", "t1") == {"ann": True}


def test_each_tenant_of_an_object_is_asked_for_and_no_object_without_one() -> None:
    _, _, sent = learnt(LISTED, {}, ["t1", 2], None, {"id": "t3"}, "t1")
    assert {path for _, path in sent} == {"/teams/t1/members", "/teams/2/members"}


@pytest.mark.parametrize("member", ["id", "team"])
def test_own_tenants_are_keys_of_what_their_list_shows_alone(member: str) -> None:
    """A key is one of each resource: `field: id` says nothing of the ids of others."""
    mine = Relation("mine", "field", member=member, operation="own", pointer="/*/id", of="caller")
    owner = Owner("field", ("by",))
    shown = {name: Resource(name, frozenset(), "id", owner) for name in ("Team", "Note")}
    policy = Policy({"mine": mine}, shown)
    operation = Operation("own", "GET", "/my/teams", responses={})
    own = Probe(operation, Endpoint("GET", "/my/teams", "own"), {"Team": ("id",)}, {}, {})
    identities, knowledge = KnownIdentities(policy, IDS, {}, {}), Knowledge()
    answer = Response(200, {"content-type": "application/json"}, b'[{"id": "t1"}]')
    Memberships(
        policy, {"own": own}, identities, knowledge, "http://x", lambda who, request: answer,
        {name: min(ids) for name, ids in IDS.items()},
    ).learn_own()  # fmt: skip
    filled = {source.partition(".")[0] for who, source in knowledge.tenants if who == "ann"}
    assert filled == ({"Team"} if member == "id" else {"Team", "Note"})

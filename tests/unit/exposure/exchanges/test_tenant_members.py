"""Who is a member of a tenant, by what recorded lists say, and until when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.exposure.exchanges import tenant_members
from oakum.exposure.exchanges.tenant_members import TenantMembers
from oakum.openapi.model import Json
from oakum.policy.model import Relation

CREW = Relation("crew", "field", member="firm", operation="list", pointer="/*/id")
LEAD = replace(CREW, name="lead", role="/*/role", has="lead")
OWN = replace(LEAD, name="own", of="caller")
ROWS: list[Json] = [{"id": "ann", "role": "lead"}, {"id": "bob", "role": "clerk"}, {"id": "cas"}]


def told(relation: Relation = CREW, *, whole: bool = True, reader: str = "ann") -> TenantMembers:
    known = TenantMembers()
    known.learn(relation, ROWS, whole, "" if relation.of == "caller" else "t1", {reader})
    return known


def test_a_list_tells_of_whom_it_names_and_their_role() -> None:
    assert told().of({"bob"}) == {("crew", "t1"): True}
    assert [told(LEAD).of({name}) for name in ("ann", "bob", "cas")] == [
        {("lead", "t1"): True}, {("lead", "t1"): False}, {},
    ]  # fmt: skip


def test_others_are_told_by_a_whole_list_that_shows_its_reader() -> None:
    assert told().of({"dot"}) == {("crew", "t1"): False}
    assert told(whole=False).of({"dot"}) == {}
    assert told(reader="dot").of({"dot"}) == {}
    assert told().of(()) == {}


def test_a_list_of_ones_own_tells_of_its_reader_alone() -> None:
    known = told(OWN)
    known.learn(OWN, [{"id": "t9", "role": "lead"}], True, "", {"eve"})
    assert known.of({"ann"}) == {
        ("own", "ann"): True, ("own", "bob"): False, ("own", "t9"): False,
    }  # fmt: skip
    assert known.of({"dot"}) == {}


@pytest.mark.parametrize("changed", ["ann", "t1"])
def test_a_write_makes_it_unknown_until_it_is_told_again(changed: str) -> None:
    known = told()
    known.forget({changed, "zoe"})
    assert known.of({"ann"}) == {}
    assert known.of({"zoe"}) == {}
    assert known.of({"bob"}) == ({("crew", "t1"): True} if changed == "ann" else {})
    known.learn(CREW, ROWS, True, "t1", {"ann"})
    assert known.of({"ann"}) == {("crew", "t1"): True}
    assert known.of({"zoe"}) == {("crew", "t1"): False}


def test_whoever_a_later_whole_list_leaves_out_is_no_member_any_more() -> None:
    known = told()
    known.learn(CREW, ROWS[:1], True, "t1", {"ann"})
    assert known.of({"bob"}) == {("crew", "t1"): False}


def test_of_too_many_tenants_nothing_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_members, "_MOST", 1)
    known = told()
    known.learn(CREW, ROWS, True, "t2", {"ann"})
    assert known.of({"ann"}) == {("crew", "t1"): True}


def test_too_many_writes_make_everything_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenant_members, "_MOST_CHANGED", 1)
    known = told()
    known.forget({"x", "y"})
    assert known.of({"ann"}) == {} and not known

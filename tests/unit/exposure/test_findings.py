"""From cells to findings: one defect, all its endpoints, and how sure we are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from oakum.exchange import Response
from oakum.exposure.findings import conclude
from oakum.exposure.leak_signal import Signal
from oakum.finding import Answer, Endpoint, Evidence, Finding
from oakum.policy.model import Grant
from tests.unit.scan.studio import (
    DOCUMENT,
    IDS,
    LOGIN,
    MISSING,
    POLICY,
    Run,
    Studio,
    compiled,
    known_identities,
    model,
    reply,
)  # fmt: skip

ENDPOINTS = ["getMe", "getSettings", "getPerson", "listPeople"]


class Open(Studio):
    """Any account holder reads everything; `anonymous`: so does anybody."""

    anonymous = False

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        if (viewer is None and not self.anonymous) or id not in self.people:
            return MISSING
        return reply(self.people[id])

    def listPeople(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer is None and not self.anonymous:
            return LOGIN
        return reply({"data": list(self.people.values())})


def findings(run: Run, **policy: Any) -> list[Finding]:
    changed = replace(model(), policy=replace(model().policy, **policy)) if policy else model()
    return conclude(changed, run.identities, run.matrix)


def one(found: list[Finding], field: str, viewer: str) -> Finding:
    hits = [each for each in found if (each.field, each.viewer) == (field, viewer)]
    assert len(hits) == 1
    return hits[0]


def test_one_defect_however_many_endpoints_the_main_one_first() -> None:
    found = findings(Run(Open(), ENDPOINTS).explore())
    leak = one(found, "phone", "member")
    assert [endpoint.operation for endpoint in leak.endpoints] == ["getPerson", "listPeople"]
    prints = [each.fingerprint for each in found]
    assert len(set(prints)) == len(prints)


def test_a_fingerprint_does_not_depend_on_the_endpoints_found() -> None:
    all_endpoints = one(findings(Run(Open(), ENDPOINTS).explore()), "phone", "member")
    few = one(findings(Run(Open(), ENDPOINTS[:3]).explore()), "phone", "member")
    assert all_endpoints.endpoints != few.endpoints
    assert all_endpoints.fingerprint == few.fingerprint


def test_a_clean_run_has_no_finding() -> None:
    assert findings(Run(Studio()).explore()) == []


def test_seen_twice_under_a_stated_contract_is_proven() -> None:
    run = Run(Open(), ENDPOINTS).explore()
    assert {each.verdict for each in findings(run)} == {"proven"}
    assert all(each.evidence and each.evidence.confirmed for each in findings(run))
    run.matrix.confirmed.clear()
    once = findings(run)
    assert {each.verdict for each in once} == {"suspected"}
    assert not any(each.evidence and each.evidence.confirmed for each in once)


def test_a_drafted_contract_proves_nothing_and_promises_nothing() -> None:
    class Mixed(Open):
        """Leaks at one endpoint and withholds at the other."""

        def listPeople(self, viewer: str | None, id: str, body: Any) -> Response:
            if viewer is None:
                return LOGIN
            mine = IDS[viewer]
            people = [p if i == mine else {"id": i} for i, p in self.people.items()]
            return reply({"data": people})

    run = Run(Mixed(), ENDPOINTS).explore()
    assert {each.verdict for each in findings(run)} == {"proven", "over_blocked"}
    assert {each.verdict for each in findings(run, stated=False)} == {"suspected"}


def test_the_worst_stands_first() -> None:
    order = ["critical", "high", "medium", "low"]
    made = Open()
    for person in made.people.values():
        person["password_hash"] = f"$2b$12$hash-of-{person['id']}"
    found = findings(Run(made, ENDPOINTS).explore())
    ranks = [order.index(each.severity) for each in found]
    assert ranks == sorted(ranks) and ranks[0] == 0
    assert found[0].field == "password_hash"


def test_the_kind_of_a_leak_follows_from_who_was_refused() -> None:
    login_only = one(findings(Run(Open(), ENDPOINTS).explore()), "phone", "member")
    assert login_only.rule == "authenticated-not-authorized"
    made = Open()
    made.anonymous = True
    found = findings(Run(made, ENDPOINTS).explore())
    assert one(found, "phone", "anyone").rule == "missing-authentication"
    assert one(found, "phone", "anyone").severity == "critical"
    assert one(found, "phone", "member").rule == "excessive-data-exposure"
    assert one(found, "phone", "follower").rule == "excessive-data-exposure"


def test_a_setting_that_does_nothing_quotes_the_promise() -> None:
    leak = one(findings(Run(Open(), ENDPOINTS).explore()), "bio", "member")
    assert leak.rule == "privacy-setting-not-enforced"
    assert leak.state == (("private", "true"),)
    assert leak.promise == "Your page is for those who follow you"
    assert "authenticated-not-authorized" in leak.also
    assert one(findings(Run(Open(), ENDPOINTS).explore()), "phone", "member").promise == ""


def test_a_blocked_caller_is_a_stranger_and_a_follower_is_not() -> None:
    who = known_identities(
        relationships={
            ("bob", "ann"): frozenset({"follower"}),
            ("cat", "ann"): frozenset({"blocked"}),
        }
    )
    found = findings(Run(Open(), ENDPOINTS, who=who).explore())
    assert one(found, "phone", "blocked").rule == "authenticated-not-authorized"
    assert one(found, "phone", "follower").rule == "excessive-data-exposure"


def test_a_finding_leads_to_the_line_of_the_contract() -> None:
    leak = one(findings(Run(Open(), ENDPOINTS).explore()), "phone", "member")
    lines = dict(model().field_locations())
    assert leak.contract_location == lines["Person.phone"]
    assert leak.contract_location.line > 0
    assert lines["Person.phone"] == lines["Person.vip"] != lines["Person.bio"]


def test_an_over_block_is_no_leak() -> None:
    class Strict(Studio):
        def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
            mine = viewer and IDS[viewer] == id
            return super().getPerson(viewer, id, body) if mine else MISSING

    found = findings(Run(Strict(), ENDPOINTS[:3]).explore())
    assert {(each.rule, each.severity, each.verdict) for each in found} == {
        ("over-block", "low", "over_blocked")
    }
    assert "is granted `Person.name` but does not get it" in one(found, "name", "member").title


def test_what_one_of_several_members_was_shown_is_not_said_of_any_member() -> None:
    run = Run(Open(), ENDPOINTS).explore()
    every = one(findings(run), "phone", "member")
    assert every.title.startswith("Any member can read")
    ours = next(
        key for key, _ in run.matrix.leaks() if (key.field, key.viewer) == ("phone", "member")
    )
    run.matrix.closed_to.add(("cat", ours))
    some = one(findings(run), "phone", "member")
    assert some.title == every.title.replace("Any", "At least one", 1)
    assert some.fingerprint == every.fingerprint


@pytest.mark.parametrize(
    ("call", "written", "verdict"),
    [("member", "", "suspected"), ("member", "theme", "proven"), ("owner", "", "proven")],
)
def test_a_write_by_who_may_call_proves_nothing_where_no_line_says_who_may_set_what(
    call: str, written: str, verdict: str
) -> None:
    stated = model()
    table = stated.settable["Settings"]
    said = replace(stated.rule("putSettings"), call=(call,))
    rules = tuple(
        replace(rule, grants=(Grant(("owner",)),) if leaf == written else ())
        for leaf, rule in zip(table.leaves, table.rules, strict=True)
    )
    changed = replace(
        stated, rules={**stated.rules, "putSettings": said},
        settable={**stated.settable, "Settings": replace(table, rules=rules)},
    )  # fmt: skip
    endpoint = Endpoint("PUT", "/people/{personId}/settings", "putSettings")
    seen = Evidence(None, Answer("cat", "member", 200, ""), "")
    signal = Signal(
        "bola-write", "Settings", "theme", "member", endpoint, seen, identity="cat", says="written"
    )
    run = Run(Studio()).explore()
    (found,) = conclude(changed, run.identities, run.matrix, [signal])
    assert (found.rule, found.verdict) == ("bola-write", verdict)
    doubted = "no line of `Settings` says who may set" in " ".join(found.doubts)
    assert doubted == (verdict == "suspected")


@pytest.mark.parametrize("granted", ["member", "owner"])
def test_where_only_the_call_refuses_its_line_is_named(granted: str) -> None:
    lines = POLICY.replace("phone, vip: [{see: [owner]}]", f"phone, vip: [{{see: [{granted}]}}]")
    lines = lines.replace("getPerson: {", "getPerson: {call: [owner], ")
    changed = compiled(DOCUMENT, lines + "  listPeople: {call: [owner]}\n")
    run = Run(Open(), ENDPOINTS).explore()
    leak = one(conclude(changed, run.identities, run.matrix), "phone", "member")
    called = granted == "member"
    assert ("`call:`" in leak.advice) == called
    place = changed.rule("getPerson") if called else changed.tables["Person"].rules[3]
    assert leak.contract_location == place.location

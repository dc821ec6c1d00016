"""Correct APIs that were accused, and wrong ones that passed: one of each class."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from oakum.finding import Result
from oakum.inference.draft import draft
from oakum.openapi.document import Document
from oakum.report.grouping import defects, exit_code
from tests.scan.ledgers import (
    DOCUMENT,
    IDS,
    POLICY,
    Ledgers,
    said,
    scanned,
    told,
)
from tests.scan.servers import NOT_FOUND, UNAUTHORIZED, Call, Reply

pytestmark = pytest.mark.server


# --------------------------------------------------------------------------- what is asked


def test_the_example_of_an_optional_filter_is_not_sent(tmp_path: Path) -> None:
    class Strict(Ledgers):
        def expenses(self, call: Call, who: str) -> Reply:
            return Reply(400, {"error": "filter"}) if call.query else super().expenses(call, who)

    report = scanned(Strict(), tmp_path)
    shown = {
        c.field
        for c in report.cells
        if c.endpoint.path == "/v2/expenses" and c.result is Result.OPEN
    }
    assert "amount" in shown, told(report)
    assert (report.findings, report.distrust) == ((), ())


def test_the_example_of_an_optional_parameter_is_asked_beside_the_plain_question(
    tmp_path: Path,
) -> None:
    class Joined(Ledgers):
        plain = 0

        def expense(self, call: Call, who: str, id: str) -> Reply:
            self.plain += not call.query
            one = self.spent.get(id)
            if not who or one is None or call.query.get("together") != "spender":
                return super().expense(call, who, id)
            return Reply(200, {**one, "spender": {"id": one["owner_id"]}})

    one = "parameters: [{name: id, in: path, required: true, schema: {type: string}}"
    more = "{name: together, in: query, schema: {type: string}, example: spender}"
    api = Joined()
    report = scanned(api, tmp_path, document=DOCUMENT.replace(one, f"{one}, {more}"))
    found = {f.field for f in report.findings if f.verdict == "proven" and f.viewer == "member"}
    assert {"title", "amount", "iban"} <= found, told(report)
    assert {d.path for f in report.findings for d in f.endpoints} == {
        "/v2/expenses/{id}?together=spender"
    }
    assert api.plain


def test_a_form_of_question_is_dropped_at_the_first_failure_it_causes(tmp_path: Path) -> None:
    class Brittle(Ledgers):
        failed = 0

        def expenses(self, call: Call, who: str) -> Reply:
            if "filter" in call.query and "*" not in call.query["filter"]:
                self.failed += 1
                return Reply(500, {"error": "cannot parse the filter"})
            return super().expenses(call, who)

    api = Brittle()
    plain = DOCUMENT.replace(', example: "amount:7"', "")
    report = scanned(api, tmp_path, document=plain)
    assert (report.findings, report.distrust) == ((), ()), told(report)
    assert 0 < api.failed <= 6  # three forms of a filter, and what `options` puts into it


# --------------------------------------------------------------------------- caches


class Tagged(Ledgers):
    """Every answer has its request's number in it, and one validator for all of them."""

    numbers = count(1)
    same = False

    def expenses(self, call: Call, who: str) -> Reply:
        if not who:
            return UNAUTHORIZED
        # every member's, to every member alike, where the contract has it so
        own = [*self.spent.values()] if self.same else self.own(who)
        return Reply(200, [*own, {"request_id": next(self.numbers)}], (("etag", '"v1"'),))

    def expense(self, call: Call, who: str, id: str) -> Reply:
        if self.same and who and id in self.spent:
            return Reply(200, self.spent[id])
        return super().expense(call, who, id)


def test_the_number_of_a_request_confuses_no_cache(tmp_path: Path) -> None:
    api = Tagged()
    api.same = True
    shared = POLICY.replace("amount, iban: [{see: [owner]}]", "amount, iban: [{see: [member]}]")
    assert said(scanned(api, tmp_path, policy=shared)) == set()


def test_one_validator_for_the_data_of_two_people_is_suspected(tmp_path: Path) -> None:
    report = scanned(Tagged(), tmp_path)
    assert {each[:2] for each in said(report)} == {("suspected", "cacheable-personal-data")}


@pytest.mark.parametrize(
    "headers",
    [
        (("cache-control", "private, no-store"),),
        (("cache-control", "private"),),
        (("vary", "X-Key"),),
    ],
    ids=str,
)
def test_what_no_shared_cache_may_mix_up_is_not_accused(headers: Any, tmp_path: Path) -> None:
    api = Tagged()
    api.headers = headers
    assert said(scanned(api, tmp_path)) == set()


class Mixed(Ledgers):
    """Who-am-I, behind a cache that takes the address alone for its key."""

    def __init__(self, *, deaf: bool = False) -> None:
        super().__init__()
        self.kept: dict[tuple[str, ...], Reply] = {}
        self.deaf = deaf

    def me(self, call: Call, who: str) -> Reply:
        key = () if self.deaf else tuple(call.query.values())
        if key in self.kept:
            return replace(self.kept[key], headers=(("age", "3"),))
        reply = super().me(call, who)
        return self.kept.setdefault(key, reply) if reply.status < 300 else reply


def test_who_am_i_out_of_a_shared_cache_is_the_leak_and_stops_nothing(tmp_path: Path) -> None:
    report = scanned(Mixed(), tmp_path)
    assert report.distrust == (), told(report)
    assert ("proven", "cross-user-cache", "Account.email", "member") in said(report), told(report)
    assert {each[1] for each in said(report)} == {"cross-user-cache"}
    assert any("returned to `bob` the account of `ann`" in each for each in report.notes)
    tested = {c.result for c in report.cells if (c.resource, c.viewer) == ("Expense", "member")}
    assert tested == {Result.CLOSED}


def test_a_cache_that_nothing_gets_past_is_told_as_what_it_is(tmp_path: Path) -> None:
    report = scanned(Mixed(deaf=True), tmp_path)
    assert any("from a shared cache (`age: 3`)" in each for each in report.distrust), told(report)


# --------------------------------------------------------------------------- identities


NOBODY_KNOWN = """\
identities:
  ann: {header: "X-Key: key-of-ann", facts: {id: acc-ann-1}}
  bob: {header: "X-Key: key-of-bob", facts: {id: acc-bob-2}}
  dee: {header: "X-Key: key-of-dee"}
"""


def test_whoever_has_a_key_is_not_anybody(tmp_path: Path) -> None:
    """Dee may be staff: what she reads is no leak to anyone, and no proof of one to members."""

    class Staff(Ledgers):
        def __init__(self) -> None:
            super().__init__()
            self.names["key-of-dee"] = "dee"

        def me(self, call: Call, who: str) -> Reply:
            return NOT_FOUND

        def expenses(self, call: Call, who: str) -> Reply:
            every = [*self.spent.values()]
            return Reply(200, every) if who == "dee" else super().expenses(call, who)

        def own(self, who: str) -> list[dict[str, Any]]:
            return super().own(who) if who in IDS else []

    policy = POLICY.replace("caller: {operation: getMe, id: /id}\n", "caller: {claim: sub}\n")
    no_members = policy.replace("  member: {authenticated: true}\n", "").replace("member, ", "")
    for stated in (policy, no_members):
        report = scanned(Staff(), tmp_path, policy=stated, identities=NOBODY_KNOWN)
        assert said(report), told(report)
        assert {(each[0], each[3]) for each in said(report)} == {("suspected", "unknown account")}
        assert all("dee" in "".join(each.doubts) for each in report.findings)
    (dee,) = [each for each in report.identities if each.name == "dee"]
    assert "add `facts: {id: …}`" in dee.message


# --------------------------------------------------------------------------- undocumented endpoints


class FrontEnd(Ledgers):
    """Every unknown path is a page of the front end, with whoever is logged in written into it."""

    old = False

    def elsewhere(self, call: Call, who: str) -> Reply:
        path = call.path.strip("/").split("/")
        if self.old and path[:2] == ["v1", "expenses"] and len(path) == 3 and who:
            return Reply(200, self.spent[path[2]]) if path[2] in self.spent else NOT_FOUND
        state = json.dumps({"me": self.account(who), "latest": self.own(who)} if who else {})
        page = f"<!doctype html><script id=s type=application/json>{state}</script><div id=app>"
        return Reply(200, page.encode(), (("content-type", "text/html"),))


def test_the_page_that_stands_for_every_path_is_no_endpoint(tmp_path: Path) -> None:
    report = scanned(FrontEnd(), tmp_path, twins=True)
    assert (report.findings, report.distrust) == ((), ()), told(report)


def test_an_old_version_beside_such_pages_is_found(tmp_path: Path) -> None:
    api = FrontEnd()
    api.old = True
    report = scanned(api, tmp_path, twins=True)
    assert ("proven", "shadow-endpoint", "Expense.iban", "member") in said(report), told(report)


# --------------------------------------------------------------------------- drafts


class Bola(Ledgers):
    """Whoever has an account reads every expense by its id."""

    def expense(self, call: Call, who: str, id: str) -> Reply:
        return Reply(200, self.spent[id]) if who and id in self.spent else NOT_FOUND


def test_a_saved_draft_proves_nothing_until_somebody_confirms_it(tmp_path: Path) -> None:
    drafted = POLICY.replace("  Expense:\n", "  Expense:\n    draft: true\n")
    report = scanned(Bola(), tmp_path, policy=drafted)
    assert {each[0] for each in said(report)} == {"suspected"}
    lines = drafted.splitlines()
    for each in report.findings:
        assert each.drafted
        (doubt,) = each.doubts
        assert doubt.startswith("contradicts a drafted line: ")
        assert doubt.endswith(f"exposure.yaml:{each.contract_location.line}:7")
        assert each.field in lines[each.contract_location.line - 1]
    assert exit_code(report) is ExitCode.NOT_TRUSTWORTHY


def test_one_confirmed_line_of_a_draft_is_proven_and_its_neighbours_are_not(tmp_path: Path) -> None:
    half = POLICY.replace(
        "id, owner_id, title, amount, iban: [{see: [owner]}]",
        "id, owner_id, title, amount: {draft: true, grants: [{see: [owner]}]}\n"
        "      iban: [{see: [owner]}]",
    )
    report = scanned(Bola(), tmp_path, policy=half)
    proven = {each[2] for each in said(report) if each[0] == "proven"}
    assert proven == {"Expense.iban"}
    assert exit_code(report) is ExitCode.FINDINGS


def test_what_init_saves_and_nobody_edits_proves_nothing(tmp_path: Path) -> None:
    def drafted(folder: Path) -> None:
        document = Document.load(folder / "openapi.yaml")
        (folder / "exposure.yaml").write_text(draft(document, "openapi.yaml"), encoding="utf-8")

    report = scanned(Bola(), tmp_path, before=drafted)
    assert report.findings and {each.verdict for each in report.findings} == {"suspected"}
    assert all(each.drafted for each in report.findings)


# --------------------------------------------------------------------------- severity


def test_an_object_authorization_that_is_broken_for_everything_is_high_and_first(
    tmp_path: Path,
) -> None:
    found = defects(scanned(Bola(), tmp_path))
    assert found[0].sentence == "Any member can read other users' expenses (5 fields)"
    assert {each.severity for each in found[0].findings} == {"high"}


def test_the_contract_overrides_how_grave_a_leak_is(tmp_path: Path) -> None:
    graver = POLICY.replace("  Expense:\n", "  Expense:\n    severity: medium\n").replace(
        "amount, iban: [{see: [owner]}]",
        "amount: [{see: [owner]}]\n      iban: {severity: critical, grants: [{see: [owner]}]}",
    )
    report = scanned(Bola(), tmp_path, policy=graver)
    by_field = {each.field: each.severity for each in report.findings}
    assert by_field == dict.fromkeys(("id", "owner_id", "title", "amount"), "medium") | {
        "iban": "critical"
    }
    assert report.findings[0].field == "iban"


# --------------------------------------------------------------------------- whose, and which line


def test_what_no_line_speaks_of_is_no_proof_when_its_owner_is_sent_it(tmp_path: Path) -> None:
    class Newer(Ledgers):
        def own(self, who: str) -> list[dict[str, Any]]:
            return [{**each, "rounded": "up to a full euro"} for each in super().own(who)]

    report = scanned(Newer(), tmp_path)
    assert {(each[0], each[2], each[3]) for each in said(report)} == {
        ("suspected", "Expense.rounded", "owner")
    }
    assert "no line of the contract mentions it" in report.findings[0].doubts[0]


def test_another_kind_of_object_of_an_owners_tells_nothing_of_a_filter(tmp_path: Path) -> None:
    class Approved(Ledgers):
        """Each expense names who approved it; a list of one's own can be filtered by its kind."""

        def own(self, who: str) -> list[dict[str, Any]]:
            boss = {"id": IDS["ann"]}
            return [{**e, "kind": "groceries", "approver": boss} for e in super().own(who)]

        def expenses(self, call: Call, who: str) -> Reply:
            if not who:
                return UNAUTHORIZED
            kind = call.query.get("kind", "groceries")
            return Reply(200, self.own(who) if kind == "groceries" else [])

        def expense(self, call: Call, who: str, id: str) -> Reply:
            mine = [each for each in self.own(who) if each["id"] == id] if who else []
            return Reply(200, mine[0]) if mine else (NOT_FOUND if who else UNAUTHORIZED)

    document = DOCUMENT.replace(
        '{name: filter, in: query, schema: {type: string}, example: "amount:7"}',
        "{name: kind, in: query, schema: {type: string}}",
    ).replace(
        "        iban: {type: string}\n",
        "        iban: {type: string}\n        kind: {type: string}\n"
        '        approver: {$ref: "#/components/schemas/Account"}\n',
    )
    policy = POLICY.replace("amount, iban:", "amount, iban, kind, approver:").replace(
        "      id, name, email: [{see: [owner]}]",
        "      id: [{see: [member]}]\n      name, email: [{see: [owner]}]",
    )
    report = scanned(Approved(), tmp_path, document=document, policy=policy)
    assert not [each for each in said(report) if each[1] == "inference-leak"], told(report)

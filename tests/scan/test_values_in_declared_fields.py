"""A value that the contract may grant its viewer in the field where it stands: whoever is named in
another's object, of which nobody knows the owner, is not leaked by it for certain."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

FULL = {"ann": "Ines Carvalho", "bob": "Hugo Lindqvist", "cat": "Mira Okonkwo"}
PAID = {"ann": "Lamp shop 7919", "bob": FULL["ann"], "cat": "Oil mill 6151"}
SHAPES = (
    schema("Person", id="string", full_name="string")
    + schema("Account", AccountId="string", owner_id="string")
    + schema("Payment", id="string", AccountId="string", account="string", payee="string")
)
POLICY = """\
  Person: {key: id, owner: id, fields: {"id, full_name": [{see: [owner]}]}}
  Account: {key: AccountId, owner: owner_id, fields: {"AccountId, owner_id": [{see: [owner]}]}}
  Payment:
    key: id
    owner: {parent: Account}
    fields: {"id, AccountId, account": [{see: [owner]}], payee: [GRANTS]}
operations:
  person: {call: [member]}
  accounts: {call: [member]}
  payments: {call: [member]}
"""


def scan(folder: Path, parent: str, grants: str = "{see: [owner]}", leaks: bool = False) -> Told:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path == "/person":
            return Reply(200, {"id": NAMES[who], "full_name": FULL[who]})
        if call.path == "/accounts":
            return Reply(200, [{"AccountId": f"acc-{NAMES[who]}", "owner_id": NAMES[who]}])
        return Reply(
            200,
            [
                {"id": f"p-{each}-7", parent: f"acc-{NAMES[each]}", "payee": PAID[each]}
                for each in NAMES
                if each == who or leaks
            ],
        )

    paths = (
        path("/person", "person", "Person")
        + path("/accounts", "accounts", "Account", many=True)
        + path("/payments", "payments", "Payment", many=True)
    )
    return told(folder, SHAPES, paths, POLICY.replace("GRANTS", grants), api)


def test_a_member_called_like_the_key_of_the_parent_names_the_parent(tmp_path: Path) -> None:
    assert not scan(tmp_path, "AccountId").report.findings
    found = scan(tmp_path, "AccountId", leaks=True)
    assert ("Payment.payee", "member") in found.proven


def test_a_name_where_the_contract_may_grant_it_is_no_proof(tmp_path: Path) -> None:
    run = scan(tmp_path, "account")
    assert not run.proven
    assert run.named("suspected") == {("Person.full_name", "member")}
    assert "granted to the viewer" in "; ".join(run.finding("Person.full_name", "member").doubts)


def test_a_name_where_the_contract_grants_it_to_nobody_is_a_leak(tmp_path: Path) -> None:
    run = scan(tmp_path, "account", grants="")
    assert ("Person.full_name", "member") in run.proven
    assert run.code is ExitCode.FINDINGS


def test_what_is_untested_beside_a_finding_is_named_too(tmp_path: Path) -> None:
    run = scan(tmp_path, "account")
    assert any("/payments" in each for each in run.report.distrust)

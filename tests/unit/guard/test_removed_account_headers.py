"""What accounts send and the guard removes, by the identities file alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from oakum.errors import Location
from oakum.guard.compiled.compiled_contract import compile_for_gateway
from oakum.guard.removed_account_headers import removed_lines
from oakum.policy.contract import load
from oakum.scan.identities.identities_file import lines_sent
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER

TENANTS = quick_yaml.load((FOLDER / "contracts" / "tenants.yaml").read_text())
SHELF = quick_yaml.load((FOLDER / "contracts" / "shelf.yaml").read_text())
ANN = """\
identities:
  ann:
    header: ["Authorization: Bearer ${ANN}", "X-Tenant: acme", "X-Org: a", "Accept: text/html"]
    send: ["?space=acme", "?club=1", "Cookie: sid=${SID}; org=acme; club=c"]
  bob: {header: "X-Org: b"}
"""


def told(folder: Path, identities: str = ANN, **guard: object) -> list[tuple[str, str, int]]:
    policy = {**TENANTS["policy"], "api": "openapi.yaml", "guard": guard}
    (folder / "openapi.yaml").write_text(json.dumps(TENANTS["document"]))
    (folder / "exposure.yaml").write_text(json.dumps(policy))
    (folder / "identities.yaml").write_text(identities)
    compiled = compile_for_gateway(load(folder / "exposure.yaml"))
    read = compiled.policy
    lines = lines_sent(folder / "identities.yaml", read.relations, read.resources)
    found = removed_lines(compiled, lines)
    return [(e.message, e.hint, e.location.line) for e in found]


def by_word(found: list[tuple[str, str, int]], word: str) -> tuple[str, str, int]:
    [one] = [each for each in found if f" `{word}`" in each[0]]
    return one


def test_each_line_that_an_operation_is_not_sent_is_named_once_with_its_place(
    tmp_path: Path,
) -> None:
    found = told(tmp_path)
    assert len(found) == 7
    message, hint, line = by_word(found, "X-Org")
    assert "the guard removes the header" in message and "`ann` sends" in message
    assert "and 11 more" in message  # none of the 14 operations declares it
    assert "request_headers: [x-org]" in hint
    assert line == 3
    message, hint, _ = found[-1]
    assert "the guard removes the cookie `club`" in message
    assert "{name: club, in: cookie}" in hint
    assert "`guard: {cookies: [club]}`" in hint


def test_what_the_contract_lets_pass_is_not_named(tmp_path: Path) -> None:
    found = told(tmp_path, request_headers=["x-org", "x-tenant"], cookies=["club"])
    named = ("X-Org", "X-Tenant", "cookie `club`")
    assert not [each for each in found if any(name in each[0] for name in named)]


@pytest.mark.parametrize("guard", [{}, {"cookies": ["sid.sig"]}])
def test_the_signature_of_a_session_is_named_as_part_of_the_credential(
    tmp_path: Path, guard: dict[str, list[str]]
) -> None:
    """`guard: {cookies: …}` lets it pass, but who-am-I is asked with credentials alone."""
    ann = 'identities:\n  ann: {cookie: ["sid=${SID}", "sid.sig=${SIG}", "x.sig=${X}"]}\n'
    message, hint, line = by_word(told(tmp_path, ann, **guard), "sid.sig")
    assert "who-am-I is asked without the cookie `sid.sig`, which `ann` sends" in message
    assert hint == "declare it as a security scheme that is required together with `sid`"
    assert line == 2
    assert "the guard removes" in by_word(told(tmp_path, ann, **guard), "x.sig")[0]


def test_credentials_and_standard_headers_are_not_named(tmp_path: Path) -> None:
    words = [message for message, _, _ in told(tmp_path)]
    assert not [each for each in words if "`sid`" in each or "`Accept`" in each]


def test_cookies_of_no_scheme_are_named_where_a_token_says_who_calls(tmp_path: Path) -> None:
    def named(caller: dict[str, str]) -> list[str]:
        document = {**SHELF["document"]}
        policy = {**SHELF["policy"], "api": "openapi.yaml", "caller": caller}
        policy["guard"] = {"jwt": {"keys": "keys.json"}} if "claim" in caller else {}
        (tmp_path / "openapi.yaml").write_text(json.dumps(document))
        (tmp_path / "exposure.yaml").write_text(json.dumps(policy))
        compiled = compile_for_gateway(load(tmp_path / "exposure.yaml"))
        where = Location("identities.yaml", 1)
        return [e.message for e in removed_lines(compiled, [("ann", "cookie", "sid", where)])]

    assert "the guard removes the cookie `sid`" in named({"claim": "sub"})[0]
    assert not named({"operation": "getBook", "id": "/title"})


def test_the_credential_of_the_service_never_passes(tmp_path: Path) -> None:
    service = {"header": "x-service", "env": "SERVICE"}
    text = 'identities: {ann: {header: ["X-Service: s", "Cookie: sid=1"]}}'
    [(message, _, _)] = told(tmp_path, text, service=service, request_headers=["x-service"])
    assert "`X-Service`" in message

"""Reading with an own login and the tenant of another identity."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from oakum.scan.dry_run import plan
from oakum.scan.options import Options
from oakum.scan.preparation import prepare
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, Told, logged_in, schema, told, write

pytestmark = pytest.mark.server

TENANTS = {"ann": "acme-9", "bob": "brio-4", "cat": "acme-9"}
CUSTOMERS = [
    {"id": f"cu-{n * 173}", "tenant": tenant, "company": f"Company {n * 4157} Trading"}
    for n, tenant in enumerate(["acme-9", "brio-4"] * 2, 1)
]
SHAPES = schema("Customer", id="string", tenant="string", company="string")
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  colleague: {field: tenant, claim: tenant}
resources:
  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}
"""
POLICY = """\
  Customer: {key: id, owner: none, fields: {"id, tenant, company": [{see: [colleague]}]}}
operations:
  listCustomers: {call: [member]}
  getCustomer: {params: {id: Customer.id}}
"""


def paths(where: str = "header", name: str = "X-Tenant") -> str:
    """A list and one of it, which take the tenant in the header or the query."""
    tenant = f"{{name: {name}, in: {where}, required: true, schema: {{type: string}}}}"
    id = "{name: id, in: path, required: true, schema: {type: string}}"
    one = '{$ref: "#/components/schemas/Customer"}'
    return "".join(
        f"  {at}:\n    get:\n      operationId: {operation}\n      parameters: [{given}]\n"
        '      responses: {"200": {description: ok, content: {application/json: {schema:'
        f" {shape}}}}}}}}}\n"
        for at, operation, given, shape in (
            ("/customers", "listCustomers", tenant, f"{{type: array, items: {one}}}"),
            ("/customers/{id}", "getCustomer", f"{id}, {tenant}", one),
        )
    )


def identities(tenants: dict[str, str], line: str = "X-Tenant: ") -> str:
    """Each with a key, and a line that says the tenant."""
    return "identities:\n" + "".join(
        f'  {name}: {{send: ["X-Key: $k", "{line}{tenants[name]}"], k: {key},'
        f" claims: {{tenant: {tenants[name]}}}}}\n"
        for key, name in KEYS.items()
    )


def scan(
    folder: Path, answers: str, where: str = "header", tenants: dict[str, str] = TENANTS
) -> Told:
    """`answers`: what is sent for the tenant of another: `all` of it, `own` as if the caller's had
    been named, `none` of it, `no`, or `one`: the list is checked, and single ones are not."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        said = call.headers.get("x-tenant") if where == "header" else call.query.get("tenant")
        if said is None:
            return Reply(400, {"error": "which tenant?"})
        single = call.path.rpartition("/")[2]
        mine, checked = said == tenants[who], answers != "one" or single == "customers"
        if not mine and checked and answers != "all":
            if answers == "no":
                return Reply(403, {"error": "no member"})
            said = tenants[who] if answers == "own" else ""
        rows = [each for each in CUSTOMERS if each["tenant"] == said]
        if single == "customers":
            return Reply(200, rows)
        found = [each for each in rows if each["id"] == single]
        return Reply(200, found[0]) if found else Reply(404, {"error": "no such customer"})

    header = where == "header"
    lines = identities(tenants, "X-Tenant: " if header else "?tenant=")
    declared = paths() if header else paths("query", "tenant")
    return told(folder, SHAPES, declared, POLICY, api, lines, relations=RELATIONS)


FIELDS = {(f"Customer.{name}", "member") for name in ("id", "tenant", "company")}


@pytest.mark.parametrize("where", ["header", "query"])
@pytest.mark.parametrize("answers", ["all", "one"])
def test_the_leak_is_found(answers: str, where: str, tmp_path: Path) -> None:
    run = scan(tmp_path, answers, where)
    assert run.proven == FIELDS
    assert run.code == ExitCode.FINDINGS
    endpoints = {
        each.path.partition(" ")[0]
        for finding in run.report.findings
        for each in finding.endpoints
    }  # fmt: skip
    assert "/customers/{id}" in endpoints
    evidence = run.finding("Customer.company", "member").evidence
    assert evidence is not None
    assert evidence.curl.lower().count("tenant: " if where == "header" else "tenant=") == 1


@pytest.mark.parametrize("where", ["header", "query"])
@pytest.mark.parametrize("answers", ["own", "none", "no"])
def test_the_fixed_twin_is_clean(answers: str, where: str, tmp_path: Path) -> None:
    run = scan(tmp_path, answers, where)
    assert run.report.findings == ()
    assert run.code == ExitCode.CLEAN, run.report.distrust


def test_an_api_whose_identities_are_all_of_one_tenant_is_untested(tmp_path: Path) -> None:
    run = scan(tmp_path, "all", tenants=dict.fromkeys(TENANTS, "acme-9"))
    assert run.code == ExitCode.NOT_TRUSTWORTHY
    assert any("`X-Tenant`" in each and "another tenant" in each for each in run.report.distrust)


def test_a_dry_run_says_so(tmp_path: Path) -> None:
    write(tmp_path, SHAPES, paths(), POLICY, identities(TENANTS), relations=RELATIONS)
    files = tmp_path / "exposure.yaml", "http://127.0.0.1:9", tmp_path / "identities.yaml"
    lines = [each["request"] for each in plan(prepare(Options(*files)))]
    assert "GET /customers  with the `X-Tenant` of another" in lines

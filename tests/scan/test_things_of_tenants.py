"""Objects that belong to a tenant and to nobody: everybody is asked, for only the object tells what
a caller is to it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

FIRMS = {
    "north": {"ann": "lead", "bob": "clerk"},
    "south": {"cat": "lead"},
}
PROJECTS = {
    "p-4711": {"id": "p-4711", "firm_id": "north", "title": "tide tables", "budget": 48211},
    "p-4728": {"id": "p-4728", "firm_id": "south", "title": "reed cutting", "budget": 73019},
}
IN = "field: firm_id, in: listMembers, id: /*/user_id"
RELATIONS = f"""\
exposure: 1
api: openapi.yaml
caller: {{operation: getMe, id: /id}}
relations:
  anyone: {{}}
  member: {{authenticated: true}}
  owner: {{is: owner}}
  colleague: {{{IN}}}
  lead: {{{IN}, role: /*/role, has: lead}}
resources:
  Me: {{key: id, owner: id, fields: {{id: [{{see: [owner]}}]}}}}
"""
POLICY = """\
  Firm:
    key: id
    owner: none
    fields:
      id: [{see: [member]}]
  Project:
    key: id
    owner: none
    fields:
      id, firm_id, title: [{see: [colleague]}]
      budget: [{see: [lead]}]
operations:
  listMembers: {call: [member], params: {firm: Firm.id}}
  listProjects: {params: {firm: Firm.id}}
  getProject: {params: {id: Project.id}}
"""
SCHEMAS = (
    schema("Firm", id="string")
    + schema("Member", user_id="string", role="string")
    + schema("Project", id="string", firm_id="string", title="string", budget="integer")
)


def scan(folder: Path, leak: str, order: str = "ann bob cat") -> Told:
    def role(who: str, firm: str) -> str:
        return FIRMS.get(firm, {}).get(who, "")

    def shown(who: str, project: dict[str, Any]) -> dict[str, Any]:
        is_lead = role(who, project["firm_id"]) == "lead" or leak in ("any", "role")
        return {name: v for name, v in project.items() if name != "budget" or is_lead}

    def firms(who: str) -> Any:
        return [{"id": firm} for firm in FIRMS if role(who, firm)] if who else 401

    def members(who: str, firm: str) -> Any:
        if not role(who, firm):
            return 404 if who else 401
        return [{"user_id": NAMES[name], "role": r} for name, r in FIRMS[firm].items()]

    def projects(who: str, firm: str) -> Any:
        if not role(who, firm):
            return 404 if who else 401
        return [shown(who, each) for each in PROJECTS.values() if each["firm_id"] == firm]

    def project(who: str, id: str) -> Any:
        found = PROJECTS.get(id)
        may = found is not None and (role(who, found["firm_id"]) or leak.startswith("any"))
        return (shown(who, found) if found and may else 404) if who else 401

    paths = (
        path("/firms", "listFirms", "Firm", many=True)
        + path("/firms/{firm}/members", "listMembers", "Member", many=True)
        + path("/firms/{firm}/projects", "listProjects", "Project", many=True)
        + path("/projects/{id}", "getProject", "Project")
    )
    api = Api(
        {
            "/firms": firms,
            "/firms/([^/]+)/members": members,
            "/firms/([^/]+)/projects": projects,
            "/projects/([^/]+)": project,
        }
    )
    identities = "identities:\n" + "".join(
        f'  {name}: {{send: "X-Key: $k", k: key-of-{name}-778}}\n' for name in order.split()
    )
    return told(folder, SCHEMAS, paths, POLICY, api, relations=RELATIONS, identities=identities)


ORDERS = pytest.mark.parametrize("order", ["ann bob cat", "ann cat bob", "cat bob ann"])


@ORDERS
def test_each_cell_is_decided_by_somebody_who_is_that(order: str, tmp_path: Path) -> None:
    run = scan(tmp_path, "", order)
    assert (run.report.findings, run.report.distrust, run.code) == ((), (), ExitCode.CLEAN)
    assert run.results("Project.budget", "colleague") == {"closed"}
    assert run.results("Project.budget", "member") == {"closed"}
    assert run.results("Project.budget", "colleague+lead") == {"open"}


@ORDERS
@pytest.mark.parametrize(
    ("leak", "found"),
    [
        ("any", {("Project.budget", "member"), ("Project.title", "member")}),
        ("any without the budget", {("Project.title", "member")}),
        ("role", {("Project.budget", "colleague")}),
    ],
)
def test_what_a_stranger_or_a_lesser_role_is_shown_is_found(
    leak: str, found: set[tuple[str, str]], order: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, leak, order)
    assert found <= run.proven
    if leak.startswith("any "):
        assert ("Project.budget", "member") not in run.proven


# ------------------------------------------------------------------------------- filters


CLIENTS = {
    f"c-{n}": {
        "id": f"c-{n}",
        "firm_id": firm,
        "title": f"keeper {word} of {firm}",
        "budget": 48211 + 733 * n,
        "mail": f"office{n}@{word}-keep.test",
    }
    for n, (firm, word) in enumerate(
        [("north", "tide"), ("south", "reed"), ("north", "moss"), ("south", "fen")]
    )
}
ROLES = RELATIONS.replace(
    f"""\
  colleague: {{{IN}}}
  lead: {{{IN}, role: /*/role, has: lead}}
""",
    """\
  colleague: {field: firm_id, claim: firm}
  lead: {claim: role, has: lead, requires: [colleague]}
""",
).replace("fields: {id: [", 'fields: {"id, firm, role": [')
CLIENT = """\
  Client:
    key: id
    owner: none
    fields:
      id, firm_id, title: [{see: [colleague]}]
      budget, mail: [{see: [lead]}]
operations:
  listClients: {call: [member]}
"""


def filtered(folder: Path, name: str, leaks: bool, *, ignores: bool = False) -> Told:
    """A list of the caller's firm, by a filter in OData's syntax that reads what the caller may see
    (`leaks`: all), or by parameters that are called as fields. `ignores`: none is read."""
    of = {who: (firm, role) for firm, each in FIRMS.items() for who, role in each.items()}
    asked = "".join(
        f"{{name: {each}, in: query, schema: {{type: string}}}}, " for each in name.split()
    )

    def api(call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        firm, role = of[who]
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who], "firm": firm, "role": role})
        rows = [each for each in CLIENTS.values() if each["firm_id"] == firm]
        open_to = {*CLIENTS["c-0"]} if role == "lead" or leaks else {"id", "firm_id", "title"}
        for given, text in [] if ignores else call.query.items():
            match = re.fullmatch(r"(\w+) eq (?:'(.*)'|(\d+))", text)
            if given == "$filter" and (match is None or match[1] not in open_to):
                return Reply(400, {"error": "filter"})
            field, value = (match[1], match[2] or match[3]) if match else (given, text)
            if field in open_to:
                rows = [each for each in rows if str(each[field]) == value]
        hidden = set() if role == "lead" else {"budget", "mail"}
        return Reply(200, [{k: v for k, v in e.items() if k not in hidden} for e in rows])

    paths = path("/clients", "listClients", "Client", many=True).replace(
        "parameters: []", f"parameters: [{asked}]"
    )
    schemas = schema(
        "Client", id="string", firm_id="string", title="string", budget="integer", mail="string"
    )
    return told(folder, schemas, paths, CLIENT, api, relations=ROLES)


@pytest.mark.parametrize("name", ["$filter", "budget mail"])
def test_a_filter_by_what_a_lesser_role_may_not_see_is_a_leak(name: str, tmp_path: Path) -> None:
    run = filtered(tmp_path, name, leaks=True)
    assert run.proven == {("Client.budget", "colleague"), ("Client.mail", "colleague")}
    assert {each.rule for each in run.report.findings} == {"inference-leak"}


@pytest.mark.parametrize("name", ["$filter", "budget mail"])
def test_a_filter_that_reads_what_the_caller_may_see_is_clean(name: str, tmp_path: Path) -> None:
    run = filtered(tmp_path, name, leaks=False)
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN)
    assert not any("no filter in" in each for each in run.report.notes)


def test_a_filter_of_things_that_is_not_read_is_named(tmp_path: Path) -> None:
    run = filtered(tmp_path, "$filter", leaks=True, ignores=True)
    assert run.report.findings == ()
    assert any("no filter in `$filter`" in each for each in run.report.notes)

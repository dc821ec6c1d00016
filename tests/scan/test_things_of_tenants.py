"""Objects that belong to a tenant and to nobody: everybody is asked, for only the object tells what
a caller is to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

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

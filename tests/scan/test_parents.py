"""An object with the owner of another one, over two levels: `owner: {parent: Issue}`."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.policy.contract import load
from oakum.pytest_plugin.suite_observer import SuiteObserver
from oakum_catalogue.kit import Entry
from tests.catalogue.play import Played, play
from tests.scan.keys import identities, sender

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: Issues, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
  /projects:
    get:
      operationId: listProjects
      responses:
        "200": {description: the caller's, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Project"}}}}}
  /projects/{projectId}/issues:
    get:
      operationId: listIssues
      parameters: [{name: projectId, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: its issues, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Issue"}}}}}
  /issues/{issueId}/comments:
    get:
      operationId: listComments
      parameters: [{name: issueId, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: its comments, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Comment"}}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Account:
      type: object
      properties: {id: {type: string}}
    Project:
      type: object
      properties: {id: {type: string}, lead: {type: string}}
    Issue:
      type: object
      properties:
        id: {type: string}
        title: {type: string}
        comments: {type: array, items: {$ref: "#/components/schemas/Comment"}}
    Comment:
      type: object
      properties: {id: {type: string}, text: {type: string}}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Account:
    key: id
    owner: id
    main: me
    fields: {id: [{see: [owner]}]}
  Project:
    key: id
    owner: lead
    fields: {"id, lead": [{see: [owner]}]}
  Issue:
    key: id
    owner: {parent: Project}
    fields:
      id, title: [{see: [member]}]
      comments: [{see: [owner]}]
  Comment:
    key: id
    owner: {parent: Issue}
    fields: {"id, text": [{see: [owner]}]}
"""
LEADS = {
    "ann": "9b1f7c52e8a04d36", "bob": "3ce05a9d71f2486b", "cas": "d84a26b3905e4f17",
}  # fmt: skip


def entry(leak: str) -> Entry:
    """`listComments`, `listIssues`: there comments are shown to everybody; the latter embeds them
    in issues. Issues themselves every member may see."""

    def comments(project: str) -> list[dict[str, Any]]:
        return [{"id": f"c{n}{project}", "text": f"a remark {project[:4]}-{n}"} for n in (1, 2)]

    def caller(request: Request) -> str:
        name = sender(request)
        return name if name in LEADS else ""

    async def me(request: Request) -> Response:
        who = caller(request)
        return JSONResponse({"id": f"u-{who}"}) if who else Response(status_code=401)

    async def projects(request: Request) -> Response:
        who = caller(request)
        mine = [{"id": LEADS[who], "lead": f"u-{who}"}] if who else []
        return JSONResponse(mine) if who else Response(status_code=401)

    async def issues(request: Request) -> Response:
        who, project = caller(request), request.path_params["id"]
        if not who:
            return Response(status_code=401)
        if project not in LEADS.values():
            return Response(status_code=404)
        row: dict[str, Any] = {"id": f"i{project}", "title": f"the lamp {project[:4]} is broken"}
        if LEADS[who] == project or leak == "listIssues":
            row["comments"] = comments(project)
        return JSONResponse([row])

    async def listed(request: Request) -> Response:
        who, project = caller(request), request.path_params["id"][1:]
        if not who:
            return Response(status_code=401)
        if LEADS[who] != project and not (leak == "listComments" and project in LEADS.values()):
            return Response(status_code=404)
        return JSONResponse(comments(project))

    def app(mode: str, seed: int) -> Starlette:
        routes = [
            Route("/me", me), Route("/projects", projects),
            Route("/projects/{id}/issues", issues), Route("/issues/{id}/comments", listed),
        ]  # fmt: skip
        made = Starlette(routes=routes)
        made.state.db = {}
        return made

    return Entry(
        name="issues", pattern="P1", title="comments of issues", convention="", document=DOCUMENT,
        exposure=EXPOSURE, identities=lambda seed: identities(LEADS), app=app, truth=(),
        decoys=(),
    )  # fmt: skip


def told(played: Played) -> Collection[tuple[str, str, str, str]]:
    return {
        (each.resource, each.field, each.viewer, each.verdict) for each in played.report.findings
    }


@pytest.mark.parametrize("leak", ["listComments", "listIssues"])
def test_what_leaks_of_a_comment_leaks_from_the_owner_of_its_issues_project(
    leak: str, tmp_path: Path
) -> None:
    played = play(entry(leak), "leaky", 1, tmp_path)
    assert ("Comment", "text", "member", "proven") in told(played)
    assert {(resource, viewer) for resource, _, viewer, _ in told(played)} <= {
        ("Comment", "member"), ("Issue", "member"),
    }  # fmt: skip
    at = {endpoint.operation for each in played.report.findings for endpoint in each.endpoints}
    assert at == {leak}


def test_an_api_that_keeps_comments_to_the_lead_is_clean(tmp_path: Path) -> None:
    played = play(entry(""), "fixed", 1, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())


def test_a_test_suite_reads_the_contract(tmp_path: Path) -> None:
    SuiteObserver(load(entry("").write(tmp_path, 1)), lambda request: None, key=b"k")

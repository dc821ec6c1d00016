"""A relation that no operation lists, `{between: true}`: the identities file says who has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.policy.contract import load
from oakum.pytest_plugin.suite_observer import SuiteObserver
from oakum_catalogue.kit import Entry
from tests.catalogue.play import play
from tests.scan.keys import identities, sender, told

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: People, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
  /people/{id}:
    get:
      operationId: getPerson
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Person:
      type: object
      properties: {id: {type: string}, bio: {type: string}, phone: {type: string}}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  blocked: {between: true}
  member: {authenticated: true, unless: [blocked]}
  owner: {is: owner}
resources:
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id, bio: [{see: [owner, member]}]
      phone: [{see: [owner]}]
"""
IDS = {
    "ann": "7d1c90ab44e2", "bob": "c05e3f718a9d", "cas": "19b6d2e07f53",
}  # fmt: skip


def entry(leak: str, *, lines: bool = True) -> Entry:
    """`block`: whom ann has blocked sees her all the same; `phone`: everybody sees phones."""

    def caller(request: Request) -> str:
        name = sender(request)
        return name if name in IDS else ""

    def person(who: str, viewer: str) -> dict[str, str]:
        row = {"id": IDS[who], "bio": f"{who} collects old maps"}
        shown = viewer == who or leak == "phone"
        return {**row, "phone": f"+49 30 77{IDS[who][:4]}"} if shown else row

    async def me(request: Request) -> Response:
        who = caller(request)
        return JSONResponse(person(who, who)) if who else Response(status_code=401)

    async def one(request: Request) -> Response:
        viewer = caller(request)
        who = next((n for n, id in IDS.items() if id == request.path_params["id"]), "")
        blocked = (who, viewer) == ("ann", "bob") and leak != "block"
        if not viewer:
            return Response(status_code=401)
        if not who or blocked:
            return Response(status_code=404)
        return JSONResponse(person(who, viewer))

    def app(mode: str, seed: int) -> Starlette:
        made = Starlette(routes=[Route("/me", me), Route("/people/{id}", one)])
        made.state.db = {}
        return made

    text = identities(IDS)
    text += "between: [bob is blocked of ann]\n" if lines else ""
    return Entry(
        name="people", pattern="P1", title="who is blocked", convention="", document=DOCUMENT,
        exposure=EXPOSURE, identities=lambda seed: text, app=app, truth=(), decoys=(),
    )  # fmt: skip


def test_what_somebody_blocked_is_shown_is_found(tmp_path: Path) -> None:
    played = play(entry("block"), "leaky", 1, tmp_path)
    assert ("bio", "blocked", "proven") in told(played)
    assert {viewer for _, viewer, _ in told(played)} == {"blocked"}


def test_an_api_that_keeps_its_blocks_is_clean(tmp_path: Path) -> None:
    played = play(entry(""), "fixed", 1, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())


def test_without_a_line_nothing_between_identities_is_proven_and_the_run_says_so(
    tmp_path: Path,
) -> None:
    played = play(entry("phone", lines=False), "leaky", 1, tmp_path)
    assert ("phone", "member", "suspected") in told(played)
    assert "proven" not in {verdict for _, _, verdict in told(played)}
    assert any("no operation lists who is `blocked`" in each for each in played.report.notes)


def test_a_test_suite_reads_the_contract(tmp_path: Path) -> None:
    SuiteObserver(load(entry("").write(tmp_path, 1)), lambda request: None, key=b"k")

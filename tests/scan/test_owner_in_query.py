"""An owner that only the query names: `owner: {query: userId}`, in a running API."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.errors import InputError
from oakum.guard.contract_reader import read_contract
from oakum_catalogue.kit import Entry
from tests.catalogue.play import play
from tests.scan.keys import identities, sender, told

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: Steps, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
  /days:
    get:
      operationId: listDays
      parameters: [{name: userId, in: query, schema: {type: string}}]
      responses:
        "200":
          description: those of an account
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Day"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Account:
      type: object
      properties: {id: {type: string}}
    Day:
      type: object
      properties: {date: {type: string}, steps: {type: integer}, note: {type: string}}
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
  Day:
    owner: {query: userId}
    fields:
      date: [{see: [member]}]
      steps, note: [{see: [owner]}]
"""
DAYS = {
    f"u-{name}": [
        {
            "date": f"2026-03-0{n}",
            "steps": 4000 + 731 * n + place,
            "note": f"{name} walked {n} ways",
        }
        for n in (1, 2)
    ]
    for place, name in enumerate(("ann", "bob", "cas"))
}


def entry(how: str) -> Entry:
    """`leak`: all of a day is shown to everybody; `ignores`: the caller's own days are shown,
    whoever is asked for; empty: members see dates only."""

    def caller(request: Request) -> str:
        name = sender(request)
        return f"u-{name}" if f"u-{name}" in DAYS else ""

    async def me(request: Request) -> Response:
        who = caller(request)
        return JSONResponse({"id": who}) if who else Response(status_code=401)

    async def days(request: Request) -> Response:
        who = caller(request)
        if not who:
            return Response(status_code=401)
        about = who if how == "ignores" else request.query_params.get("userId", who)
        whole = how == "leak" or about == who
        rows = [row if whole else {"date": row["date"]} for row in DAYS.get(about, [])]
        return JSONResponse(rows)

    def app(mode: str, seed: int) -> Starlette:
        made = Starlette(routes=[Route("/me", me), Route("/days", days)])
        made.state.db = {}
        return made

    return Entry(
        name="steps", pattern="P1", title="days by a query", convention="", document=DOCUMENT,
        exposure=EXPOSURE, identities=lambda seed: identities(("ann", "bob")), app=app, truth=(),
        decoys=(),
    )  # fmt: skip


def test_what_is_asked_for_by_a_query_belongs_to_whom_the_query_names(tmp_path: Path) -> None:
    played = play(entry("leak"), "leaky", 1, tmp_path)
    assert told(played) == {
        ("steps", "member", "proven"), ("note", "member", "proven"),
    }  # fmt: skip


def test_an_api_that_shows_others_what_they_may_see_is_clean(tmp_path: Path) -> None:
    played = play(entry(""), "fixed", 1, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())


def test_an_api_that_ignores_the_query_is_accused_of_no_leak(tmp_path: Path) -> None:
    played = play(entry("ignores"), "fixed", 1, tmp_path)
    assert {verdict for _, _, verdict in told(played)} <= {"over_blocked"}


def test_a_guard_refuses_the_contract_with_the_place_of_the_line(tmp_path: Path) -> None:
    path = entry("").write(tmp_path, 1)
    with pytest.raises(InputError) as refused:
        read_contract(path)
    (problem,) = refused.value.problems
    assert (problem.location.line, problem.location.column) == (14, 20)
    assert problem.message == "a guard does not read the owner of `Day` from the query"

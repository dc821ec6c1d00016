"""A list below an object that is nobody's, where the first such object has nothing below it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry
from tests.catalogue.play import Played, play
from tests.scan.keys import identities, sender, told
from tests.scan.verdicts import NAMES, Api, path, schema
from tests.scan.verdicts import told as small

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: Puzzles, version: "1"}
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
  /puzzles:
    get:
      operationId: listPuzzles
      responses:
        "200": {description: all, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Puzzle"}}}}}
  /puzzles/{puzzleId}/solvers:
    get:
      operationId: listSolvers
      parameters: [{name: puzzleId, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: who solved it, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Solver"}}}}}
components:
  schemas:
    Account: {type: object, properties: {id: {type: string}}}
    Puzzle: {type: object, properties: {id: {type: string}, title: {type: string}}}
    Solver: {type: object, properties: {account: {type: string}, day: {type: string}}}
"""  # noqa: E501
EXPOSURE = """\
exposure: 1
api: openapi.yaml
caller: {operation: me, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Account: {key: id, owner: id, main: me, fields: {id: [{see: [owner]}]}}
  Puzzle: {key: id, owner: none, fields: {"id, title": [{see: [anyone]}]}}
  Solver: {owner: OWNER, fields: {"account, day": [{see: [member]}]}}
operations:
  listSolvers: {params: {puzzleId: Puzzle.id}}
"""
PEOPLE = ("ann", "bob", "cas")
LAST = 4


def entry(owner: str, leak: bool, solved: int = LAST) -> Entry:
    """Puzzles 0 to `LAST`; only the one called `solved` has been solved. `leak`: who solved it is
    shown without a login."""

    async def me(request: Request) -> Response:
        who = sender(request)
        return JSONResponse({"id": f"u-{who}"}) if who in PEOPLE else Response(status_code=401)

    async def puzzles(request: Request) -> Response:
        return JSONResponse([{"id": f"p{n}", "title": f"puzzle {n}"} for n in range(LAST + 1)])

    async def solvers(request: Request) -> Response:
        if sender(request) not in PEOPLE and not leak:
            return Response(status_code=401)
        if request.path_params["id"] != f"p{solved}":
            return JSONResponse([])
        days: Mapping[str, Any] = {who: f"2031-07-0{n}" for n, who in enumerate(PEOPLE, 1)}
        return JSONResponse([{"account": f"u-{who}", "day": day} for who, day in days.items()])

    def app(mode: str, seed: int) -> Starlette:
        routes = [
            Route("/me", me), Route("/puzzles", puzzles), Route("/puzzles/{id}/solvers", solvers),
        ]  # fmt: skip
        made = Starlette(routes=routes)
        made.state.db = {}
        return made

    return Entry(
        name="puzzles", pattern="P1", title="who solved a puzzle", convention="", document=DOCUMENT,
        exposure=EXPOSURE.replace("OWNER", owner), identities=lambda seed: identities(PEOPLE),
        app=app, truth=(), decoys=(),
    )  # fmt: skip


def results(played: Played, granted: bool) -> set[str]:
    return {
        each.result.value
        for each in played.report.cells
        if each.endpoint.operation == "listSolvers" and each.granted is granted
    }


@pytest.mark.parametrize("owner", ["none", "account"])
@pytest.mark.parametrize("solved", [0, 1, LAST])
def test_a_leak_below_any_object_is_found(owner: str, solved: int, tmp_path: Path) -> None:
    played = play(entry(owner, True, solved), "leaky", 1, tmp_path)
    assert ("day", "anyone", "proven") in told(played)
    assert {viewer for _, viewer, _ in told(played)} == {"anyone"}


@pytest.mark.parametrize("owner", ["none", "account"])
def test_what_is_shown_below_the_last_object_alone_is_closed_and_open(
    owner: str, tmp_path: Path
) -> None:
    played = play(entry(owner, False), "fixed", 1, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())
    assert (results(played, True), results(played, False)) == ({"open"}, {"closed"})


def test_a_list_with_nothing_below_any_object_is_asked_for_a_few_only(tmp_path: Path) -> None:
    empty, first = (
        play(entry("none", False, solved), "fixed", 1, tmp_path / str(solved)) for solved in (-1, 0)
    )
    assert empty.report.requests <= first.report.requests + 4 * 2
    assert results(empty, True) == results(empty, False) == {"untested"}


FORUMS = """\
  Forum: {key: id, owner: none, fields: {"id": [{see: [member]}]}}
  Note: {key: id, owner: by, main: getNote, fields: {"id, by, text": [{see: [owner]}]}}
operations:
  listNotes: {params: {forum: Forum.id}}
  getNote: {params: {id: Note.id}}
"""


@pytest.mark.parametrize("leak", [True, False])
def test_what_is_somebodys_below_another_object_is_asked_for(leak: bool, tmp_path: Path) -> None:
    notes = [
        {"id": f"n-{id}", "by": id, "text": f"note of {name}, {id[::-1]}", "forum": f"f{number}"}
        for number, (name, id) in enumerate(NAMES.items())
    ]

    def shown(who: str, forum: str) -> Any:
        mine = [each for each in notes if NAMES.get(who) == each["by"] and each["forum"] == forum]
        return [{n: v for n, v in each.items() if n != "forum"} for each in mine] if who else 401

    def note(who: str, id: str) -> Any:
        found = next((each for each in notes if each["id"] == id), None)
        if not who or found is None:
            return 404 if who else 401
        mine = found["by"] == NAMES[who] or (leak and found["forum"] == "f1")
        return {n: v for n, v in found.items() if n != "forum"} if mine else 404

    forums = [{"id": f"f{number}"} for number in range(len(NAMES))]
    paths = (
        path("/forums", "listForums", "Forum", many=True)
        + path("/forums/{forum}/notes", "listNotes", "Note", many=True)
        + path("/notes/{id}", "getNote", "Note")
    )
    schemas = schema("Forum", id="string") + schema("Note", id="string", by="string", text="string")
    made = Api(
        {
            "/forums": lambda who: forums if who else 401,
            "/forums/([^/]+)/notes": shown,
            "/notes/([^/]+)": note,
        }
    )
    found = small(tmp_path, schemas, paths, FORUMS, made)
    fields = {("Note.text", "member"), ("Note.by", "member"), ("Note.id", "member")}
    assert found.proven == (fields if leak else set())
    owners = {who for who, at in made.calls if at.startswith("/notes/")}
    assert owners >= {*NAMES}

"""Objects that only `owns:` of the identities file names: an API that lists nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum_catalogue.kit import Entry
from tests.catalogue.play import play
from tests.scan.keys import identities, sender, told

pytestmark = pytest.mark.server

DOCUMENT = """\
openapi: 3.0.3
info: {title: Papers, version: "1"}
security: [{bearer: []}]
paths:
  /me:
    get:
      operationId: me
      responses:
        "200": {description: the caller, content: {application/json: {schema: {$ref: "#/components/schemas/Account"}}}}
  /papers/{id}:
    get:
      operationId: getPaper
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: one, content: {application/json: {schema: {$ref: "#/components/schemas/Paper"}}}}
components:
  securitySchemes: {bearer: {type: http, scheme: bearer}}
  schemas:
    Account:
      type: object
      properties: {id: {type: string}}
    Paper:
      type: object
      properties:
        id: {type: string}
        writer: {type: string}
        text: {type: string}
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
  Paper:
    key: id
    owner: writer
    main: getPaper
    fields:
      id, writer, text: [{see: [owner]}]
"""
PAPERS = {
    "p-7f3a90": {"id": "p-7f3a90", "writer": "u-ann", "text": "the lease ends in may"},
    "p-55c1d2": {"id": "p-55c1d2", "writer": "u-bob", "text": "a letter to the council"},
}
OWNS = {"ann": "{Paper: [p-7f3a90]}", "bob": "{Paper: p-55c1d2}"}


def entry(*, leaky: bool, named: bool = True, owns: dict[str, str] = OWNS) -> Entry:
    """`named`: the API says who wrote a paper."""

    def caller(request: Request) -> str:
        name = sender(request)
        return f"u-{name}" if name in ("ann", "bob", "cas") else ""

    async def me(request: Request) -> Response:
        who = caller(request)
        return JSONResponse({"id": who}) if who else Response(status_code=401)

    async def one(request: Request) -> Response:
        who, row = caller(request), PAPERS.get(request.path_params["id"])
        if not who:
            return Response(status_code=401)
        if row is None or not (leaky or row["writer"] == who):
            return Response(status_code=404)
        return JSONResponse({name: row[name] for name in row if named or name != "writer"})

    def app(mode: str, seed: int) -> Starlette:
        made = Starlette(routes=[Route("/me", me), Route("/papers/{id}", one)])
        made.state.db = {}
        return made

    more = {name: f", owns: {each}" for name, each in owns.items()}
    lines = identities(("ann", "bob", "cas"), more)
    return Entry(
        name="papers", pattern="P1", title="papers that nobody lists", convention="",
        document=DOCUMENT, exposure=EXPOSURE, identities=lambda seed: lines, app=app, truth=(),
        decoys=(),
    )  # fmt: skip


@pytest.mark.parametrize("named", [True, False])
def test_an_object_that_the_file_names_is_asked_for_as_everybody(
    named: bool, tmp_path: Path
) -> None:
    played = play(entry(leaky=True, named=named), "leaky", 1, tmp_path)
    fields = {"id", "text", "writer"} if named else {"id", "text"}
    assert told(played) == {(field, "member", "proven") for field in fields}


def test_without_the_lines_nothing_of_it_is_tested(tmp_path: Path) -> None:
    played = play(entry(leaky=True, owns={}), "leaky", 1, tmp_path)
    assert told(played) == set()
    assert any("Paper" in each or "getPaper" in each for each in played.report.distrust)


def test_an_api_that_keeps_its_papers_apart_is_clean_of_leaks(tmp_path: Path) -> None:
    played = play(entry(leaky=False), "fixed", 1, tmp_path)
    assert (told(played), played.report.distrust) == (set(), ())


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("leaky", [True, False])
def test_a_wrong_line_accuses_nobody_and_is_told(leaky: bool, named: bool, tmp_path: Path) -> None:
    """ann does not own bob's paper; where the API shows her that it is his, she owns it no more."""
    owns = {"ann": "{Paper: [p-55c1d2]}", "cas": "{Paper: [p-gone00]}"}
    played = play(entry(leaky=leaky, named=named, owns=owns), "leaky", 1, tmp_path)
    wrong = [each for each in played.report.distrust if "`owns:`" in each]
    trusted = leaky and not named  # the API shows ann the paper, and says nothing of who wrote it
    assert len(wrong) == (1 if trusted else 2)
    assert all("identities.yaml:" in each and "p-" not in each for each in wrong)
    if not leaky:
        assert told(played) == set()

"""Endpoints that show nobody's field: who is let in, and who is politely told no."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.scan.run import Scan
from tests.catalogue.play import hasty, options_of, serving
from tests.scan import gym

pytestmark = pytest.mark.server

SALES = """\
  /sales:
    get:
      operationId: sales
      responses:
        "200":
          description: of all gyms
          content: {application/json: {schema: {type: object, properties: {total: {}}}}}
"""


def found(how: str, folder: Path, call: str = "[person]") -> dict[tuple[str, str], str]:
    """(rule, viewer) → verdict of a gym whose sales are open in some way."""
    made, place = gym.entry(())

    async def sales(request: Request) -> Response:
        known = bool(place.whose(request))
        if how == "shut" and not known:
            return JSONResponse({"error": "who are you?"}, 401)
        if how == "polite":
            return JSONResponse({"total": 4711 if known else None, "you": "in" if known else "out"})
        if how == "other" and not known:
            return JSONResponse({"please": "log in"})
        return JSONResponse({"total": 4711})

    app = place.app()
    app.router.routes.append(Route("/sales", sales))
    document = made.document.replace("  /people/register:\n", SALES + "  /people/register:\n", 1)
    made = replace(
        made, document=document, options=(), exposure=f"{made.exposure}  sales: {{call: {call}}}\n"
    )
    with serving(app) as target:
        policy = made.write(folder, 1)
        report = Scan(options_of(made, policy, target), lambda event: None, sleep=hasty).report()
    return {(each.rule, each.viewer): each.verdict for each in report.findings}


@pytest.mark.parametrize(
    ("how", "verdicts"),
    [
        ("open", {("broken-function-level-authorization", "anyone"): "proven"}),
        ("polite", {("broken-function-level-authorization", "anyone"): "suspected"}),
        ("other", {}),
        ("shut", {}),
    ],
)
def test_whoever_may_not_call_is_refused_or_told(
    how: str, verdicts: dict[tuple[str, str], str], tmp_path: Path
) -> None:
    assert found(how, tmp_path) == verdicts


def test_what_no_identity_may_call_is_suspected_at_most(tmp_path: Path) -> None:
    assert found("open", tmp_path / "1", "[]") == {
        ("broken-function-level-authorization", "anyone"): "suspected",
        ("broken-function-level-authorization", "person"): "suspected",
    }
    assert found("shut", tmp_path / "2", "[]") == {
        ("broken-function-level-authorization", "person"): "suspected"
    }


def test_what_anybody_may_call_is_open_to_all(tmp_path: Path) -> None:
    assert found("open", tmp_path, "[anyone]") == {}


RAW = """\
  /people/{name}/raw:
    get:
      operationId: raw
      parameters: [{name: name, in: path, required: true, schema: {type: string}}]
      responses: {"200": {description: all, content: {application/json: {schema: {}}}}}
"""


@pytest.mark.parametrize("leaky", [True, False])
def test_an_endpoint_that_declares_nothing_is_asked_for_others_and_told_by_their_values(
    leaky: bool, tmp_path: Path
) -> None:
    made, place = gym.entry(())

    async def raw(request: Request) -> Response:
        me, name = place.whose(request), request.path_params["name"]
        if not me or (name != me and not leaky):
            return JSONResponse({"error": "no"}, 403)
        row = place.people.get(name)
        return JSONResponse(row) if row else Response(status_code=404)

    app = place.app()
    app.router.routes.insert(0, Route("/people/{name}/raw", raw))
    document = made.document.replace("  /people/register:\n", RAW + "  /people/register:\n", 1)
    made = replace(made, document=document, options=())
    with serving(app) as target:
        policy = made.write(tmp_path, 1)
        report = Scan(options_of(made, policy, target), lambda event: None, sleep=hasty).report()
    told = {(each.field, each.viewer, each.endpoints[0].path) for each in report.findings}
    assert told == ({("mail", "person", "/people/{name}/raw")} if leaky else set())


@pytest.mark.parametrize("granted", [True, False])
def test_a_report_that_holds_an_address_as_well_hides_no_leak_of_it(
    granted: bool, tmp_path: Path
) -> None:
    """Of staff's report nobody is to see the addresses; of everybody's anybody may."""
    made, place = gym.entry(())

    async def report(request: Request) -> Response:
        if not place.whose(request):
            return JSONResponse({"error": "no"}, 401)
        return JSONResponse({"id": "r1", "mails": [row["mail"] for row in place.people.values()]})

    async def raw(request: Request) -> Response:
        row = place.people.get(request.path_params["name"])
        known = place.whose(request) and row
        return JSONResponse(row) if known else JSONResponse({"error": "no"}, 403)

    app = place.app()
    app.router.routes.insert(0, Route("/people/{name}/raw", raw))
    app.router.routes.append(Route("/report", report))
    sheet = """\
  /report:
    get:
      operationId: report
      responses:
        "200":
          description: all
          content: {application/json: {schema: {$ref: "#/components/schemas/Sheet"}}}
"""
    head, _, tail = made.document.partition("  /people/register:\n")
    document = f"{head}{RAW}{sheet}  /people/register:\n{tail}".replace(
        "  schemas:\n",
        "  schemas:\n    Sheet: {type: object, properties: {id: {type: string},"
        " mails: {type: array, items: {type: string}}}}\n",
    )
    see = "person" if granted else "owner"
    exposure = made.exposure.replace(
        "operations:\n",
        "  Sheet:\n    key: id\n    owner: none\n    main: report\n    fields:\n"
        f"      id: [{{see: [person]}}]\n      mails: [{{see: [{see}]}}]\noperations:\n",
    )
    made = replace(made, document=document, exposure=exposure, options=())
    with serving(app) as target:
        policy = made.write(tmp_path, 1)
        found = (
            Scan(options_of(made, policy, target), lambda event: None, sleep=hasty)
            .report()
            .findings
        )
    told = {each.field for each in found if each.endpoints[0].path == "/people/{name}/raw"}
    assert told == (set() if granted else {"mail"})

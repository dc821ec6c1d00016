"""Objects without a value of their own, such as who is a member of a project, below a parent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}}
resources:
  Me: {key: id, owner: id, fields: {"id, name": [{see: [member]}]}}
  Project: {key: id, owner: lead, fields: {"id, lead": [{see: [owner]}]}}
  Seat:
    key: id
    owner: {parent: Project}
    main: getSeat
    fields: {"id, person, role": [{see: [owner]}]}
operations:
  listSeats: {params: {projectId: Project.id}}
  getSeat: {params: {projectId: Project.id, seatId: Seat.id}}
"""
DOCUMENT = """\
openapi: 3.0.3
info: {title: seats, version: "1"}
security: [{key: []}]
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Me: {type: object, properties: {id: {type: string}, name: {type: string}}}
"""
ME = """\
  /me:
    get:
      operationId: getMe
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Me"}}}
"""


def scan(folder: Path, kind: str) -> Told:
    """`any`: a seat is shown below any own project; `own`: below its own; `each`: the same, and
    seats are numbered in each project; `helper`: the same, and ann sits first in every project."""
    seats: dict[str, dict[str, dict[str, Any]]] = {}
    number = 0
    for name in NAMES:
        people = ["ann", name] if kind == "helper" and name != "ann" else [name]
        rows: dict[str, dict[str, Any]] = {}
        for at, person in enumerate(people, 1):
            number = number + 1 if kind in ("any", "own") else at
            rows[str(number)] = {"id": number, "person": person, "role": 1}
        seats[f"p-{name}"] = rows

    def me(who: str) -> Any:
        return {"id": NAMES[who], "name": who} if who else 401

    def projects(who: str) -> Any:
        return [{"id": f"p-{who}", "lead": NAMES[who]}] if who else 401

    def listed(who: str, project: str) -> Any:
        return [*seats[project].values()] if who and project == f"p-{who}" else 403

    def seat(who: str, project: str, id: str) -> Any:
        if not who or project != f"p-{who}":
            return 403
        every = {key: row for rows in seats.values() for key, row in rows.items()}
        return (every if kind == "any" else seats[project]).get(id, 404)

    paths = path("/projects", "listProjects", "Project", many=True)
    paths += path("/projects/{projectId}/seats", "listSeats", "Seat", many=True)
    paths += path("/projects/{projectId}/seats/{seatId}", "getSeat", "Seat")
    shapes = schema("Project", id="string", lead="string")
    shapes += schema("Seat", id="integer", person="string", role="integer")
    api = Api(
        {
            "/mine": me, "/projects": projects, "/projects/([^/]+)/seats": listed,
            "/projects/([^/]+)/seats/([^/]+)": seat,
        }
    )  # fmt: skip
    document = f"{DOCUMENT}{shapes}paths:\n{ME.replace('/me:', '/mine:')}{paths}"
    return told(folder, "", "", "", api, document=document, relations=RELATIONS)


def test_a_seat_that_names_another_below_an_own_project_is_suspected(tmp_path: Path) -> None:
    run = scan(tmp_path, "any")
    assert ("Seat.person", "member") in run.named("suspected")
    assert not run.proven
    (doubt,) = run.finding("Seat.person", "member").doubts
    assert "only its key, and a member that names" in doubt


@pytest.mark.parametrize("kind", ["own", "each", "helper"])
def test_seats_that_are_shown_below_their_own_project_alone_are_none(
    kind: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, kind)
    assert run.report.findings == ()

"""Each operation of the document is in the report, asked or not, whatever it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.verdicts import NAMES, Api, path, schema, told

POLICY = """\
  Note: {key: id, owner: by, fields: {"id, by, text": [{see: [owner]}]}}
operations:
  getNote: {params: {id: Note.id}}
  getTotals: {call: [owner]}
"""
SHAPES = schema("Note", id="string", by="string", text="string") + schema(
    "Totals", paid="integer", open="integer"
)
PATHS = (
    path("/notes", "listNotes", "Note", many=True)
    + path("/notes/{id}", "getNote", "Note")
    + path("/totals", "getTotals", "Totals")
    + path("/rates/{currency}", "getRate", "Totals")
    + "  /notes/{id}/done:\n    post: {operationId: markDone, parameters: [{name: id, in: path,"
    " required: true, schema: {type: string}}], responses: {'204': {description: done}}}\n"
)
OPERATIONS = (
    "GET /me",
    "GET /notes",
    "GET /notes/{id}",
    "GET /totals",
    "GET /rates/{currency}",
    "POST /notes/{id}/done",
)


def api() -> Api:
    notes = [{"id": f"n-{id}", "by": id, "text": f"bees of {id}"} for id in NAMES.values()]

    def mine(who: str) -> Any:
        return [each for each in notes if each["by"] == NAMES[who]] if who else 401

    def one(who: str, key: str) -> Any:
        return next((each for each in mine(who) if each["id"] == key), 404) if who else 401

    def totals(who: str) -> Any:
        return {"paid": 3, "open": 1} if who else 401

    return Api({"/notes": mine, "/notes/([^/]+)": one, "/totals": totals})


@pytest.mark.parametrize("budget", [None, 30, 12])
def test_every_operation_is_named(tmp_path: Path, budget: int | None) -> None:
    more = {} if budget is None else {"budget": budget}
    report = told(tmp_path, SHAPES, PATHS, POLICY, api(), **more).report
    endpoints = [each.endpoint for each in (*report.cells, *report.skipped)]
    named = {f"{each.method} {each.path}" for each in endpoints}
    said = "".join(each for each in report.notes if "searched for values" in each)
    for each in OPERATIONS:
        assert each in named or each in said, each
    if not budget:
        assert "GET /totals" in said and "/rates" not in said and "/notes" not in said


INVITATIONS = """\
  Team: {key: id, owner: none, fields: {"id": [{see: [member]}]}}
  Invitation: {key: id, owner: none, fields: {"id, email": [{see: [owner], set: [owner]}]}}
operations:
  addInvitation: {call: [owner], sets: {Invitation: ""}, params: {team: Team.id}}
  withdraw: {call: [owner], params: {team: Team.id, id: Invitation.id}}
"""
_TEAM = "{name: team, in: path, required: true, schema: {type: string}}"
INVITE = (
    path("/teams", "listTeams", "Team", many=True)
    + f"  /teams/{{team}}/invitations:\n    post:\n      operationId: addInvitation\n"
    f"      parameters: [{_TEAM}]\n"
    "      requestBody: {content: {application/json: {schema:"
    ' {$ref: "#/components/schemas/Invitation"}}}}\n'
    "      responses: {'201': {description: invited}}\n"
    f"  /teams/{{team}}/invitations/{{id}}:\n    delete:\n      operationId: withdraw\n"
    f"      parameters: [{_TEAM}, {_TEAM.replace('team', 'id')}]\n"
    "      responses: {'204': {description: gone}}\n"
)


def test_a_write_of_what_has_no_owner_is_named_with_the_reason(tmp_path: Path) -> None:
    schemas = schema("Team", id="string") + schema("Invitation", id="string", email="string")
    made = Api({"/teams": lambda who: [{"id": "red"}, {"id": "blue"}] if who else 401})
    found = told(tmp_path, schemas, INVITE, INVITATIONS, made, allow_writes=True)
    named = {each.endpoint.operation: each.reason for each in found.report.skipped}
    assert "nothing says whose a new `Invitation` is" in named["addInvitation"]

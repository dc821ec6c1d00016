"""Paths that take another member than the key: `/tickets/{number}`, where `id` is the key.

The next ticket's id is the number of somebody else's ticket.
"""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, told

pytestmark = pytest.mark.server

SCHEMAS = """\
    Ticket:
      type: object
      properties:
        id: {type: integer, readOnly: true}
        number: {type: integer, readOnly: true}
        by: {type: string, readOnly: true}
        title: {type: string}
"""
TICKET = '{content: {application/json: {schema: {$ref: "#/components/schemas/Ticket"}}}}'
ALONE = """\
    get:
      operationId: getTicket
      responses: {"200": {description: ok, CONTENT}}
"""
PATHS = """\
  /tickets:
    get:
      operationId: listTickets
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Ticket"}}
    post:
      operationId: addTicket
      requestBody: BODY
      responses: {"201": {description: made, CONTENT}}
  /tickets/{number}:
    parameters: [{name: number, in: path, required: true, schema: {type: integer}}]
ALONE    patch:
      operationId: changeTicket
      requestBody: BODY
      responses: {"200": {description: ok, CONTENT}}
    delete:
      operationId: removeTicket
      responses: {"204": {description: gone}}
"""
POLICY = """\
  Ticket:
    key: id
    owner: by
    fields:
      id, number, by: [{see: [owner]}]
      title: [{see: [owner], set: [owner]}]
operations:
  getTicket: {params: {number: Ticket.number}}
  changeTicket: {params: {number: Ticket.number}, call: [owner]}
  removeTicket: {params: {number: Ticket.number}, call: [owner]}
"""


class Tickets:
    """`wrong`: what a stranger may do."""

    def __init__(self, wrong: str = "") -> None:
        self.wrong, self.ids = wrong, count(1)
        self.rows: list[dict[str, Any]] = []
        for n in range(9):
            self.add([*NAMES.values()][n % 3], f"ticket {n}")
        self.api = logged_in(self.answer)

    def add(self, by: str, title: str) -> dict[str, Any]:
        id = next(self.ids)
        self.rows.append({"id": id, "number": id + 8, "by": by, "title": title})
        return self.rows[-1]

    def answer(self, who: str, call: Call) -> Reply:
        me = NAMES[who]
        if call.path == "/tickets" and call.method == "POST":
            return Reply(201, self.add(me, call.json["title"]))
        if call.path == "/tickets":
            return Reply(200, [each for each in self.rows if each["by"] == me])
        number = call.path.rpartition("/")[2]
        row = next((each for each in self.rows if str(each["number"]) == number), None)
        if row is None or (row["by"] != me and call.method.lower() != self.wrong):
            return Reply(404, {"error": "no"})
        if call.method == "DELETE":
            self.rows.remove(row)
            return Reply(204, None)
        if call.method == "PATCH":
            row["title"] = call.json.get("title", row["title"])
        return Reply(200, row)


def scanned(folder: Path, api: Tickets, *, alone: bool = True) -> Told:
    paths = PATHS.replace("ALONE", ALONE if alone else "")
    paths = paths.replace("BODY", TICKET).replace("CONTENT", TICKET[1:-1])
    shown = "  getTicket: {params: {number: Ticket.number}}\n"
    policy = POLICY if alone else POLICY.replace(shown, "")
    return told(folder, SCHEMAS, paths, policy, api.api, allow_writes=True, allow_own_settings=True)


def test_what_the_run_has_made_is_removed_by_its_number(tmp_path: Path) -> None:
    api = Tickets()
    before = [dict(each) for each in api.rows]
    run = scanned(tmp_path, api)
    assert api.rows == before
    assert next(api.ids) > len(before) + 1  # something was made
    assert (run.code, run.report.findings) == (ExitCode.CLEAN, ())


@pytest.mark.parametrize("wrong", ["delete", "patch"])
def test_a_stranger_who_may_write_by_number_is_found(wrong: str, tmp_path: Path) -> None:
    api = Tickets(wrong)
    before = [dict(each) for each in api.rows]
    run = scanned(tmp_path, api)
    assert api.rows == before
    found = {(each.rule, each.endpoints[0].method) for each in run.report.findings}
    assert ("bola-write", wrong.upper()) in found
    assert {method for _, method in found} == {wrong.upper()}
    assert run.code is ExitCode.FINDINGS


def test_nothing_is_made_where_no_answer_shows_what_a_number_names(tmp_path: Path) -> None:
    api = Tickets()
    before = [dict(each) for each in api.rows]
    run = scanned(tmp_path, api, alone=False)
    assert api.rows == before
    assert next(api.ids) == len(before) + 1
    said = [each.reason for each in run.report.skipped if each.endpoint.operation == "addTicket"]
    assert any("shows which object `number` names" in each for each in said)

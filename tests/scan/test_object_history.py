"""An API keeps a history of each object, which nothing puts back: leave to change settings is leave
to write to accounts, and to no other object that was there before the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.finding import Report
from oakum.scan.dry_run import plan
from oakum.scan.options import Options
from oakum.scan.run import Scan
from tests.catalogue.play import hasty
from tests.scan.servers import NOT_FOUND, UNAUTHORIZED, Call, Reply, serve

DOCUMENT = """\
openapi: 3.1.0
info: {title: Tracker, version: "1"}
security: [{key: []}]
paths:
  /me:
    get:
      operationId: getMe
      responses: {"200": {$ref: "#/components/responses/Person"}}
    patch:
      operationId: changeMe
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}}
      responses: {"200": {$ref: "#/components/responses/Person"}}
  /people:
    get:
      operationId: listPeople
      responses:
        "200":
          description: all
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Person"}}
  /tickets:
    get:
      operationId: listTickets
      responses:
        "200":
          description: all
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Ticket"}}
  /tickets/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getTicket
      responses: {"200": {$ref: "#/components/responses/Ticket"}}
    patch:
      operationId: changeTicket
      requestBody: {content: {application/json: {schema: BODY}}}
      responses: {"200": {$ref: "#/components/responses/Ticket"}}
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  responses:
    Person:
      description: me
      content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}
    Ticket:
      description: one
      content: {application/json: {schema: {$ref: "#/components/schemas/Ticket"}}}
  schemas:
    Person:
      type: object
      properties:
        id: {type: string}
        name: {type: string}
        weight: {type: integer}
    Ticket:
      type: object
      properties:
        id: {type: string}
        owner_id: {type: string}
        subject: {type: string}
        hours: {type: integer}
"""
WHOLE = '{$ref: "#/components/schemas/Ticket"}'
NESTED = '{type: object, properties: {reporter: {$ref: "#/components/schemas/Person"}}}'

POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  member: {authenticated: true}
  owner: {is: owner}
resources:
  Person:
    key: id
    owner: id
    main: getMe
    fields:
      id, name: [{see: [member]}]
      weight: [{see: [owner], set: [owner]}]
  Ticket:
    key: id
    owner: owner_id
    main: getTicket
    fields:
      id, owner_id: [{see: [member]}]
      subject, hours: [{see: [owner], set: [owner]}]
operations:
  getTicket: {params: {id: Ticket.id}}
  changeTicket: {params: {id: Ticket.id}SETS}
"""
IDENTITIES = """\
whoami: getMe
identities:
  ann: {header: "X-Key: key-of-ann"}
  bob: {header: "X-Key: key-of-bob"}
  cat: {header: "X-Key: key-of-cat"}
"""
NAMES = ("ann", "bob", "cat")


class Tracker:
    """The API. Lists are in the order of what is hidden in them; `history` is kept for good."""

    def __init__(self, *, changes_me: bool = True, nests: bool = False) -> None:
        self.changes_me = changes_me
        self.nests = nests
        self.people: dict[str, dict[str, Any]] = {}
        self.tickets: dict[str, dict[str, Any]] = {}
        self.history: list[tuple[str, Any]] = []
        self.profiles: list[str] = []
        for nth, name in enumerate(NAMES):
            self.people[name] = {"id": f"p-{name}-77{nth}", "name": name, "weight": 61 + 7 * nth}
            self.tickets[f"t-{name}-31{nth}"] = {
                "id": f"t-{name}-31{nth}",
                "owner_id": f"p-{name}-77{nth}",
                "subject": f"what {name} waits for",
                "hours": 130 + 17 * nth,
            }

    def __call__(self, call: Call) -> Reply:
        who = call.headers.get("x-key", "").removeprefix("key-of-")
        if who not in NAMES:
            return UNAUTHORIZED
        match call.path.strip("/").split("/"):
            case ["me"]:
                return self.me(call, who)
            case ["people"]:
                people = sorted(self.people.values(), key=lambda each: each["weight"])
                return Reply(200, [{"id": each["id"], "name": each["name"]} for each in people])
            case ["tickets"]:
                tickets = sorted(self.tickets.values(), key=lambda each: each["hours"])
                names = ("id", "owner_id")
                return Reply(200, [{name: each[name] for name in names} for each in tickets])
            case ["tickets", id] if id in self.tickets:
                return self.ticket(call, who, self.tickets[id])
        return NOT_FOUND

    def me(self, call: Call, who: str) -> Reply:
        if call.method == "PATCH":
            if not self.changes_me:
                return Reply(403, {})
            self.profiles.append(who)
            self.people[who] |= json.loads(call.body)
        return Reply(200, self.people[who])

    def ticket(self, call: Call, who: str, ticket: dict[str, Any]) -> Reply:
        if ticket["owner_id"] != self.people[who]["id"]:
            return NOT_FOUND
        if call.method == "PATCH":
            said = json.loads(call.body)
            self.history.append((ticket["id"], said))
            self.people[who] |= said.pop("reporter", {})
            ticket |= said
        return Reply(200, {**ticket, "reporter": self.people[who]} if self.nests else ticket)


def scan(
    tracker: Tracker, folder: Path, *, body: str = WHOLE, sets: str = "", me: bool = True
) -> tuple[Report, list[str]]:
    """A scan that may change settings, and what its `--dry-run` says."""
    document = DOCUMENT.replace("BODY", body)
    if not me:  # the account is written by the ticket alone
        document = document.replace(
            "    patch:\n      operationId: changeMe", "    x-patch:\n      no: me"
        )
    (folder / "openapi.yaml").write_text(document)
    (folder / "exposure.yaml").write_text(POLICY.replace("SETS", sets))
    (folder / "identities.yaml").write_text(IDENTITIES)
    with serve(tracker) as server:
        made = Scan(
            Options(
                folder / "exposure.yaml", server.url, folder / "identities.yaml",
                rate=1000, budget=2000, allow_own_settings=True,
            ),
            lambda event: None, sleep=hasty,
        )  # fmt: skip
        lines = [f"{each['as']}: {each['request']}: {each['why']}" for each in plan(made.prepared)]
        return made.report(), lines


def test_nothing_of_an_object_that_was_there_is_written_and_what_that_leaves_untried_is_named(
    tmp_path: Path,
) -> None:
    tracker = Tracker()
    report, plan = scan(tracker, tmp_path)
    assert tracker.history == []
    assert not report.distrust
    assert ("Person", "weight") in {(each.resource, each.field) for each in report.findings}
    (left,) = [each for each in report.writes.untried if each.endpoint.operation == "changeTicket"]
    assert "`Ticket.subject`" in left.reason
    assert "`Ticket.hours`" in left.reason
    about = [line for line in plan if "PATCH /tickets" in line]
    assert about
    assert all(line.startswith("nobody: ") for line in about)


def test_accounts_that_were_written_to_are_counted(tmp_path: Path) -> None:
    tracker = Tracker()
    report, _ = scan(tracker, tmp_path)
    (said,) = (each for each in report.notes if each.startswith("wrote to "))
    many = len({*tracker.profiles})
    assert many
    assert f"({many} `Person`)" in said


def test_an_account_that_refuses_each_write_was_not_written_to(tmp_path: Path) -> None:
    report, _ = scan(Tracker(changes_me=False), tmp_path)
    assert not [each for each in report.notes if each.startswith("wrote to ")]


@pytest.mark.parametrize("sets", ["", ", Ticket: ''"])
def test_an_account_in_the_body_of_an_object_is_no_way_to_write_to_the_account(
    sets: str, tmp_path: Path
) -> None:
    tracker = Tracker(nests=True)
    said = f", sets: {{Person: /reporter{sets}}}"
    report, _ = scan(tracker, tmp_path, body=NESTED, sets=said, me=False)
    assert tracker.history == []
    assert "`Person.weight`" in " ".join(each.reason for each in report.writes.untried)

"""Objects that the run makes: what is found with them, and that none is left."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oakum.scan.run import Scan
from oakum_catalogue.kit import Entry
from tests.catalogue.play import hasty, options_of, play, serving
from tests.scan.notebook import LEAKS, TOKENS, Notebook, entry
from tests.scan.test_accounts import told

pytestmark = pytest.mark.server


@pytest.mark.parametrize("leaks", [(), ("review",), ("thrown",), ("review", "thrown")], ids=str)
def test_what_a_creation_takes_over_is_found_and_nothing_is_left(
    leaks: tuple[str, ...], tmp_path: Path
) -> None:
    made, book = entry(leaks)
    played = play(made, "leaky", 1, tmp_path)
    assert not played.report.distrust
    assert told(played.report.findings) == {LEAKS[each] for each in leaks}
    assert played.after == played.before
    assert book.removed >= 2


def test_without_leave_to_write_nothing_is_made(tmp_path: Path) -> None:
    made, book = entry(LEAKS)
    played = play(replace(made, options=()), "leaky", 1, tmp_path)
    assert not played.report.findings
    assert book.removed == 0


def test_what_a_stranger_deleted_is_made_again_and_nothing_is_left(tmp_path: Path) -> None:
    """The contract lets nobody set the text that holds the mark: it is tried in no creation."""
    made, book = entry(("thrown",))
    made = replace(
        made,
        exposure=made.exposure.replace(
            "title: [{see: [owner]}, {set: [owner]}]", "title: [{see: [owner]}]"
        ),
    )
    played = play(made, "leaky", 1, tmp_path)
    assert told(played.report.findings) == {LEAKS["thrown"]}
    assert played.after == played.before
    assert book.removed >= 3
    assert not played.report.distrust


@pytest.mark.parametrize(
    ("call", "may_set", "found"),
    [
        ("[owner, person]", "owner", set()),
        ("[person]", "owner", set()),
        ("[owner]", "owner", {LEAKS["thrown"]}),
        ("[owner]", "person", {LEAKS["thrown"]}),
    ],
)
def test_call_says_who_may_delete_whatever_they_may_set(
    call: str, may_set: str, found: set[tuple[str, str, str, str]], tmp_path: Path
) -> None:
    made, _ = entry(("thrown",))
    exposure = made.exposure.replace("{set: [owner]}", f"{{set: [{may_set}]}}")
    made = replace(made, exposure=f"{exposure}  throwAway: {{call: {call}}}\n")
    played = play(made, "leaky", 1, tmp_path)
    assert told(played.report.findings) == found
    assert played.after == played.before


class Picky:
    """A notebook that takes a note only on a shelf and of a kind that it knows, and answers 500
    else; both stand in every note."""

    def __init__(self, book: Notebook) -> None:
        self.inner = book.app()
        for number, note in enumerate(book.notes.values()):
            note |= {"shelf_id": 7310 + number, "kind": "private_note"}
        self.book = book
        self.taken = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", "/notes"):
            message = await receive()
            sent = json.loads(message["body"])["note"]
            shelves = {n["shelf_id"] for n in self.book.notes.values()}
            if sent.get("shelf_id") not in shelves or sent.get("kind") != "private_note":
                await Response(status_code=500)(scope, receive, send)
                return
            self.taken += 1

            async def given() -> Any:
                return message

            await self.inner(scope, given, send)
            list(self.book.notes.values())[-1].update({n: sent[n] for n in ("shelf_id", "kind")})
            return
        await self.inner(scope, receive, send)


def picky() -> tuple[Entry, Picky]:
    made, book = entry(("thrown",))
    app = Picky(book)
    members = "shelf_id: {type: integer}, kind: {type: string}, "
    document = made.document.replace(
        "required: [title]\n                  properties: {",
        f"required: [title, shelf_id, kind]\n                  properties: {{{members}",
    )
    seen = "        shelf_id: {type: integer}\n        kind: {type: string}\n"
    document = document.replace("        made: {", f"{seen}        made: {{", 1)
    exposure = made.exposure.replace("ref, writer, made,", "ref, writer, made, shelf_id, kind,")
    return replace(made, document=document, exposure=exposure, app=lambda mode, seed: app), app


def test_what_is_made_has_ids_and_words_that_answers_have_shown(tmp_path: Path) -> None:
    made, app = picky()
    policy = made.write(tmp_path, 1)
    with serving(app) as target:  # type: ignore[arg-type]
        report = Scan(options_of(made, policy, target), lambda event: None, sleep=hasty).report()
    assert app.taken
    assert told(report.findings) >= {LEAKS["thrown"]}
    assert {note["title"][:4] for note in app.book.notes.values()} == {"what"}


def test_the_same_failure_of_a_creation_is_told_once(tmp_path: Path) -> None:
    made, app = picky()
    policy = made.write(tmp_path, 1)
    for note in app.book.notes.values():
        note["kind"] = note["ref"]  # nothing tells which word is taken
    with serving(app) as target:  # type: ignore[arg-type]
        report = Scan(options_of(made, policy, target), lambda event: None, sleep=hasty).report()
    failures = [note for note in report.notes if "was answered with 500" in note]
    assert len(failures) == 1, failures


def test_a_creation_in_a_member_of_the_body_is_understood_without_a_line(tmp_path: Path) -> None:
    made, book = entry(LEAKS)
    made = replace(made, exposure=made.exposure.replace("  makeNote: {sets: {Note: /note}}\n", ""))
    played = play(made, "leaky", 1, tmp_path)
    assert told(played.report.findings) == {*LEAKS.values()}
    assert played.after == played.before
    assert book.removed >= 2


@pytest.mark.parametrize("status", [422, 500])
def test_where_nothing_could_be_made_both_operations_are_named(status: int, tmp_path: Path) -> None:
    made, book = entry(())
    policy = made.write(tmp_path, 1)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if (scope["type"], scope.get("method")) == ("http", "POST"):
            await Response(status_code=status)(scope, receive, send)
        else:
            await book.app()(scope, receive, send)

    with serving(app) as target:  # type: ignore[arg-type]
        report = Scan(options_of(made, policy, target), lambda event: None, sleep=hasty).report()
    assert not book.removed
    untried = {e.endpoint.operation: e.reason for e in report.writes.untried}
    assert untried["makeNote"] == f"nothing was created: the requests were answered with {status}"
    skipped = {e.endpoint.operation: e.reason for e in report.skipped}
    assert "the run had nothing to remove" in skipped["throwAway"]


ACCOUNTS = """\
  Person:
    key: name
    owner: name
    fields:
      name: [{see: [person]}]
      motto, hidden: [{see: [owner], set: [owner]}]
"""
PATHS = """\
  /people/{name}:
    parameters: [{name: name, in: path, required: true, schema: {type: string}}]
    get:
      operationId: person
      responses:
        "200":
          description: one
          content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}
    delete: {operationId: leave, responses: {"204": {description: gone}}}
  WHERE:
    post:
      operationId: OPERATION
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {motto: {type: string}, hidden: {type: boolean}}}
      responses: {"200": {description: done}}
"""
PERSON = """\
    Person:
      type: object
      properties: {name: {type: string}, motto: {type: string}, hidden: {type: boolean}}
"""


@pytest.mark.parametrize(
    ("where", "operation"),
    [("/profile/edit", "editProfile"), ("/account", "account"), ("/people", "createPerson")],
)
def test_what_edits_the_callers_own_account_makes_nothing(
    where: str, operation: str, tmp_path: Path
) -> None:
    made, book = entry(())
    people = {name: {"name": name, "motto": f"as {name} says", "hidden": True} for name in TOKENS}
    before = copy.deepcopy(people)

    async def edit(request: Request) -> Response:
        me = book.whose(request)
        if me:
            people[me].update(await request.json())
        return JSONResponse(people[me]) if me else Response(status_code=401)

    async def person(request: Request) -> Response:
        name, me = request.path_params["name"], book.whose(request)
        if request.method == "DELETE":
            people.pop(name, None)
            return Response(status_code=204)
        return JSONResponse(people.get(name, {}) if me else {}, 200 if me else 401)

    app = book.app()
    app.router.routes[:0] = [
        Route(where, edit, methods=["POST"]),
        Route("/people/{name}", person, methods=["GET", "DELETE"]),
    ]
    paths = PATHS.replace("WHERE", where).replace("OPERATION", operation)
    document = made.document.replace("paths:\n", f"paths:\n{paths}", 1)
    document = document.replace("  schemas:\n", f"  schemas:\n{PERSON}")
    exposure = made.exposure.replace("resources:\n", f"resources:\n{ACCOUNTS}", 1)
    exposure += f'  {operation}: {{sets: {{Person: ""}}}}\n'
    policy = (made := replace(made, document=document, exposure=exposure)).write(tmp_path, 1)
    with serving(app) as target:
        report = Scan(options_of(made, policy, target), lambda event: None, sleep=hasty).report()
    assert people == before
    assert f"POST {where}" in {f"{e.endpoint.method} {e.endpoint.path}" for e in report.skipped}


@pytest.mark.parametrize("may", [True, False])
def test_a_list_of_plain_values_that_its_owner_may_set_is_no_finding(
    may: bool, tmp_path: Path
) -> None:
    class Topics(Notebook):
        def keep(self, who: str, said: dict[str, Any]) -> str:
            ref = super().keep(who, said)
            self.notes[ref]["topics"] = said.get("topics", ["ore and tin", "copper"])
            return ref

    topics = "topics: {type: array, items: {type: string}}"
    grants = "[{see: [owner], set: [owner]}]" if may else "[{see: [owner]}]"
    made, _ = entry(())
    document = made.document.replace("{title: {type", f"{{{topics}, title: {{type")
    document = document.replace("        ref: {type", f"        {topics}\n        ref: {{type")
    exposure = made.exposure.replace("      title: [", f"      topics: {grants}\n      title: [")
    made = replace(made, document=document, exposure=exposure, app=lambda *_: Topics(()).app())
    played = play(made, "leaky", 1, tmp_path)
    found = set() if may else {("mass-assignment", "topics", "owner", "POST /notes")}
    assert told(played.report.findings) == found


class Choosy:
    """A notebook that requires no member, and takes of `layout` only what it knows."""

    def __init__(self, book: Notebook, refusal: int) -> None:
        self.inner, self.refusal = book.app(), refusal

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", "/notes"):
            message = await receive()
            if "layout" in json.loads(message["body"])["note"]:
                await Response(status_code=self.refusal)(scope, receive, send)
                return

            async def given() -> Any:
                return message

            await self.inner(scope, given, send)
            return
        await self.inner(scope, receive, send)


@pytest.mark.parametrize(
    ("member", "refusal"),
    [("layout: {type: string}", 400), ("layout: {type: integer}", 422)],
)
def test_what_nobody_has_to_send_is_left_out_where_it_is_refused(
    member: str, refusal: int, tmp_path: Path
) -> None:
    made, book = entry(("thrown",))
    document = made.document.replace(
        "required: [title]\n                  properties: {", f"properties: {{{member}, "
    )
    app = Choosy(book, refusal)
    made = replace(made, document=document)
    policy, before = made.write(tmp_path, 1), set(book.notes)
    with serving(app) as target:  # type: ignore[arg-type]
        report = Scan(options_of(made, policy, target), lambda event: None, sleep=hasty).report()
    assert told(report.findings) == {LEAKS["thrown"]}
    assert set(book.notes) == before

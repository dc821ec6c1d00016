"""A value that its viewer may not see, in a field that they may, as a key, in a header."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Api, Told, path, schema, told

Row = dict[str, Any]
PEOPLE: dict[str, Row] = {
    id: {
        "id": id,
        "nick": f"{name}-the-{id[-1]}th",
        "motto": f"write to {name}.ohara@mail{id[-1]}.test, or read line {id} of my long story",
        "email": f"{name}.ohara@mail{id[-1]}.test",
        "mail2": f"{name}.second@mail{id[-1]}.test",
        "born": f"19{id[-1]}0-0{id[-1]}-1{id[-1]}",
        "town": f"Little {name.title()} on Sea",
    }
    for name, id in NAMES.items()
}
POLICY = """\
  Person:
    key: id
    owner: id
    fields: {"id, nick, motto": [{see: [member]}], "email, mail2, born, town": [{see: [owner]}]}
operations:
  getPerson: {params: {id: Person.id}}
  listPeople: {call: [member]}
"""
SHAPE = schema("Person", **dict.fromkeys(PEOPLE[NAMES["ann"]], "string"))
PATHS = path("/people/{id}", "getPerson", "Person") + path(
    "/people", "listPeople", "Person", many=True
)
Change = Callable[[Row, Row], tuple[Row, tuple[tuple[str, str], ...]]]
"""(somebody, viewer) → what is otherwise in the viewer's answer, and its headers."""


class Directory(Api):
    """What members may see of each other, and something else beside it."""

    def __init__(self, change: Change, *, at: str = "item") -> None:
        super().__init__({})
        self.change, self.at = change, at

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not call.path.startswith("/people"):
            return super().__call__(call)
        if not who:
            return Reply(401, {"error": "log in"})
        if call.path == "/people":
            return Reply(200, [self.shown(each, who, "list")[0] for each in PEOPLE.values()])
        row = PEOPLE.get(call.path.removeprefix("/people/"))
        return Reply(200, *self.shown(row, who, "item")) if row else Reply(404, {"error": "none"})

    def shown(self, row: Row, who: str, at: str) -> tuple[Row, tuple[tuple[str, str], ...]]:
        if NAMES[who] == row["id"]:
            return row, ()
        more, headers = self.change(row, PEOPLE[NAMES[who]]) if at == self.at else ({}, ())
        return {**{each: row[each] for each in ("id", "nick", "motto")}, **more}, headers


def scan(folder: Path, change: Change, *, at: str = "item") -> Told:
    return told(folder, SHAPE, PATHS, POLICY, Directory(change, at=at))


LEAKS: dict[str, tuple[Change, str]] = {
    "address as name": (lambda row, me: ({"nick": row["email"]}, ()), "email"),
    "address beside name": (lambda row, me: ({"nick": f"Jo <{row['email']}>"}, ()), "email"),
    "birthday as name": (lambda row, me: ({"nick": row["born"]}, ()), "born"),
    "town as motto": (lambda row, me: ({"motto": row["town"]}, ()), "town"),
    "key": (lambda row, me: ({"index": {row["email"]: 1}}, ()), "email"),
    "key over nothing": (lambda row, me: ({"index": {row["email"]: {}}}, ()), "email"),
    "birthday as key": (lambda row, me: ({"by": {row["born"]: None}}, ()), "born"),
    "part of a key": (lambda row, me: ({"by": {f"user:{row['email']}": "/x"}}, ()), "email"),
    "part of a path": (lambda row, me: ({"to": f"/m/{row['email']}/x"}, ()), "email"),
    "address in a header": (
        lambda row, me: ({}, (("content-location", f"/m/{row['email']}"),)), "email",
    ),
    "JSON in a header": (
        lambda row, me: ({}, (("x-who", json.dumps({"town": row["town"]})),)), "town",
    ),
    "encoded JSON in a cookie": (
        lambda row, me: ({}, (("set-cookie", f"p={quote(json.dumps([row['town']]))}"),)), "town",
    ),
    "part of a header": (lambda row, me: ({}, (("x-note", f"born {row['born']}"),)), "born"),
    "part of a cookie": (lambda row, me: ({}, (("set-cookie", f"p={row['born']}|7"),)), "born"),
}  # fmt: skip


@pytest.mark.parametrize("how", LEAKS)
def test_a_hidden_value_is_found_where_another_belongs(tmp_path: Path, how: str) -> None:
    change, name = LEAKS[how]
    found = scan(tmp_path, change)
    assert found.proven == {(f"Person.{name}", "member")}
    assert found.code is ExitCode.FINDINGS


def test_an_address_in_the_place_of_the_id_is_found_in_a_list(tmp_path: Path) -> None:
    found = scan(tmp_path, lambda row, me: ({"id": row["email"]}, ()), at="list")
    assert ("Person.email", "member") in found.proven


NOW = datetime.now(UTC)
CORRECT: dict[str, Change] = {
    "a motto that holds the writer's own address": lambda row, me: ({}, ()),
    "such a motto cut short": lambda row, me: ({"motto": row["motto"][:32]}, ()),
    "such a motto escaped": lambda row, me: ({"motto": row["motto"].replace("@", "&#64;")}, ()),
    "another value": lambda row, me: ({"nick": f"member no. {row['id']}"}, ()),
    "the viewer's own value": lambda row, me: ({"motto": f"not for {me['email']}"}, ()),
    "a map by id": lambda row, me: ({"index": {row["id"]: 1, row["nick"]: 2}}, ()),
    "a map by the viewer's address": lambda row, me: ({"index": {me["email"]: 1}}, ()),
    "the viewer's own value in headers": lambda row, me: (
        {}, (("x-who", json.dumps(me)), ("set-cookie", f"me={me['born']}|{me['email']}")),
    ),
    "a longer address": lambda row, me: (
        {"to": f"/m/mary.{row['email']}", "cc": f"/m/{row['email']}.example"}, (),
    ),
    "longer than the value": lambda row, me: ({}, (("x-trace", f"9{row['born']}7"),)),
    "the time": lambda row, me: ({}, (("x-day", f"on {NOW:%Y-%m-%d}"),)),
}  # fmt: skip


@pytest.mark.parametrize("how", CORRECT)
def test_what_is_no_hidden_value_is_not_taken_for_one(tmp_path: Path, how: str) -> None:
    found = scan(tmp_path, CORRECT[how])
    assert not [each for each in found.report.findings if each.verdict == "proven"]
    assert not [e for e in found.report.findings if e.field in ("email", "mail2", "born", "town")]


def test_somebodys_value_in_the_answer_about_nobody_is_found(tmp_path: Path) -> None:
    class Helpful(Directory):
        def __call__(self, call: Call) -> Reply:
            found = super().__call__(call)
            if found.status != 404 or "x-key" not in call.headers:
                return found
            return Reply(404, {"did_you_mean": [each["email"] for each in PEOPLE.values()]})

    found = told(tmp_path, SHAPE, PATHS, POLICY, Helpful(lambda row, me: ({}, ())))
    assert found.proven == {("Person.email", "member")}
    assert found.code is ExitCode.FINDINGS


def test_the_answer_about_nobody_closes_nothing(tmp_path: Path) -> None:
    found = scan(tmp_path, lambda row, me: ({}, ()))
    assert found.report.findings == ()
    assert found.code is ExitCode.CLEAN


NOTES = [
    {"id": f"n-{name}-{n}-55f", "owner_id": id, "title": f"{name} {n}: ask {name}@post{n}{id}.test"}
    for name, id in NAMES.items()
    for n in range(3)
]
CARD = {
    id: {"id": f"c-{id}", "owner_id": id, "email": f"{name}@post2{id}.test"}
    for name, id in NAMES.items()
}


def test_a_title_that_its_owner_was_not_shown_is_no_proof(tmp_path: Path) -> None:
    """Of each owner's three notes the owner's own list has two; the third, in the list for others,
    names an address that the owner has written into it."""

    def notes(who: str, id: str) -> Any:
        if not who:
            return 401
        mine = [each for each in NOTES if each["owner_id"] == id]
        return mine[:2] if NAMES[who] == id else mine

    def card(who: str, id: str) -> Any:
        return (CARD.get(id) if NAMES[who] == id else 404) if who else 401

    policy = """\
  Note:
    key: id
    owner: owner_id
    fields: {"id, owner_id, title": [{see: [member]}]}
  Card:
    key: id
    owner: owner_id
    fields: {"id, owner_id, email": [{see: [owner]}]}
operations:
  listNotes: {params: {id: Me.id}}
  getCard: {params: {id: Me.id}}
"""
    shape = schema("Note", id="string", owner_id="string", title="string")
    shape += schema("Card", id="string", owner_id="string", email="string")
    paths = path("/people/{id}/notes", "listNotes", "Note", many=True)
    paths += path("/people/{id}/card", "getCard", "Card")
    made = Api({"/people/([^/]+)/notes": notes, "/people/([^/]+)/card": card})
    assert told(tmp_path, shape, paths, policy, made).report.findings == ()

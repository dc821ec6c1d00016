"""A correct API can be shown to a scan as far as a release asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.authz import compile_contract
from oakum.errors import ExitCode
from oakum.gate.required_coverage import shares
from oakum.policy.contract import load
from oakum.policy.resource_schemas import view
from tests.scan.servers import Reply
from tests.scan.verdicts import NAMES, RELATIONS, Answer, Api, Told, path, schema, told

pytestmark = pytest.mark.server

NOTES = [
    {"id": f"n-{who}-81", "by": by, "text": f"what {who} wrote 55", "author": {"id": by}}
    for who, by in NAMES.items()
]
SCHEMAS = schema("Note", id="string", by="string", text="string")
PATHS = path("/notes", "listNotes", "Note", many=True) + path("/notes/{id}", "getNote", "Note")
POLICY = """\
  Note:
    key: id
    owner: by
    main: getNote
    fields:
"""


def unmet(folder: Path, run: Told) -> list[str]:
    """Fields of notes and viewers of which no cell was shown."""
    loaded = load(folder / "exposure.yaml")
    assert loaded.policy is not None
    model = compile_contract(loaded.document, loaded.policy)
    found = shares(view(loaded.document, loaded.policy), model, run.report.cells)
    return [each.sentence for each in found if each.resource == "Note" and not each.shown]


def api(seen_by_all: tuple[str, ...], **more: Answer) -> Api:
    """Notes of everybody without their author, of which others are shown some members."""

    def shown(who: str, note: dict[str, object]) -> dict[str, object]:
        mine = note["by"] == NAMES[who]
        return {each: note[each] for each in (("id", "by", "text") if mine else seen_by_all)}

    def one(who: str, key: str) -> object:
        found = [shown(who, each) for each in NOTES if who and each["id"] == key]
        return found[0] if found else 404 if who else 401

    def every(who: str) -> object:
        return [shown(who, each) for each in NOTES] if who else 401

    return Api({"/notes": every, "/notes/([^/]+)": one, **more})


def test_who_has_one_relation_is_asked_for_with_those_that_it_brings(tmp_path: Path) -> None:
    """Nobody is `member` who is not `loggedin`, and nobody is `loggedin` alone."""
    relations = RELATIONS.replace(
        "member: {authenticated: true}",
        "loggedin: {authenticated: true}, member: {authenticated: true, unless: [blocked]},"
        " blocked: {between: true}",
    )
    policy = (
        f"{POLICY}      id, by: [{{see: [loggedin]}}]\n      text: [{{see: [owner, member]}}]\n"
        "operations: {getNote: {params: {id: Note.id}}}\n"
    )
    run = told(tmp_path, SCHEMAS, PATHS, policy, api(("id", "by", "text")), relations=relations)
    assert run.code is ExitCode.CLEAN
    assert unmet(tmp_path, run) == []


def test_a_relation_of_nobody_is_missed_whatever_it_brings(tmp_path: Path) -> None:
    relations = RELATIONS.replace(
        "member: {authenticated: true}",
        "member: {authenticated: true}, guest: {between: true}, friend: {between: true,"
        " requires: [guest]}",
    )
    policy = (
        f"{POLICY}      id, by: [{{see: [member]}}]\n      text: [{{see: [owner, friend]}}]\n"
        "operations: {getNote: {params: {id: Note.id}}}\n"
    )
    run = told(tmp_path, SCHEMAS, PATHS, policy, api(("id", "by")), relations=relations)
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    assert any("no identity is `friend`" in each for each in run.report.distrust)
    assert {each.partition(": ")[0] for each in unmet(tmp_path, run)} == {
        f"`Note.{each}` for `friend`" for each in ("id", "by", "text")
    }


def test_a_member_that_holds_a_resource_is_not_asked_for_in_a_text(tmp_path: Path) -> None:
    """CSV has columns; the author is an object of its own wherever it is declared."""
    inside = '      properties: {by: {type: string}, author: {$ref: "#/components/schemas/Me"}}\n'
    schemas = "    Note:\n      type: object\n" + inside.replace(
        "{by", "{id: {type: string}, text: {type: string}, by"
    )
    csv = path("/notes.csv", "export", "Note").replace(
        'application/json: {schema: {$ref: "#/components/schemas/Note"}}',
        "text/csv: {schema: {type: string}}",
    )
    policy = (
        f"{POLICY}      id, by, text, author: [{{see: [owner]}}]\n"
        'operations: {getNote: {params: {id: Note.id}}, export: {shows: {Note: "/*"}}}\n'
    )

    def table(who: str) -> Reply | int:
        rows = [
            f"{each['id']},{each['by']},{each['text']}\r\n"
            for each in NOTES
            if who and each["by"] == NAMES[who]
        ]
        text = ("id,by,text\r\n" + "".join(rows)).encode()
        return Reply(200, text, (("content-type", "text/csv"),)) if who else 401

    def own(who: str) -> object:
        return [each for each in NOTES if each["by"] == NAMES[who]] if who else 401

    def one(who: str, key: str) -> object:
        found = [n for n in NOTES if who and n["by"] == NAMES[who] and n["id"] == key]
        return found[0] if found else 404 if who else 401

    served = Api({"/notes": own, "/notes/([^/]+)": one, "/notes.csv": table})
    run = told(tmp_path, schemas, PATHS + csv, policy, served)
    assert run.code is ExitCode.CLEAN
    assert run.results("Note.text", "member", "/notes.csv") == {"closed"}
    assert unmet(tmp_path, run) == []

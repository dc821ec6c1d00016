"""What a run makes for an identity is that identity's, and what is gone is known to be gone,
however an API says that there is nothing."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, told

TEXTS = "by: {type: string}, title: {type: string}, text: {type: string}"
SHAPES = f"""\
    Note: {{type: object, properties: {{id: {{type: string}}, {TEXTS}}}}}
    NoteIn: {{type: object, REQUIRED properties: {{{TEXTS}}}}}
"""


def content(name: str) -> str:
    return f'content: {{application/json: {{schema: {{$ref: "#/components/schemas/{name}"}}}}}}'


BODY = (
    f"      requestBody: {{required: true, {content('NoteIn')}}}\n"
    f'      responses: {{"200": {{description: ok, {content("Note")}}}}}\n'
)
AT = "      parameters: [{name: id, in: path, required: true, schema: {type: string}}]\n"
PATHS = (
    path("/notes", "listNotes", "Note", many=True)
    + "    post:\n      operationId: makeNote\n" + BODY
    + path("/notes/{id}", "getNote", "Note")
    + "    patch:\n      operationId: setNote\n" + AT + BODY
    + "    delete:\n      operationId: dropNote\n" + AT
    + '      responses: {"204": {description: gone}}\n'
)  # fmt: skip
POLICY = """\
  Note:
    key: id
    owner: by
    main: getNote
    fields:
      title, text: [{see: [owner], set: [owner]}]
      id, by: [{see: [owner]}]
operations:
  makeNote: {call: [member], sets: {Note: ""}}
  setNote: {sets: {Note: ""}, params: {id: Note.id}}
  getNote: {params: {id: Note.id}}
  dropNote: {params: {id: Note.id}}
"""


class Notes:
    """Notes with their owner in `by`, as whoever makes one has to say; `open`: methods that anybody
    may call; `absent`: the status for what there is not, and for what is another's."""

    def __init__(self, open: tuple[str, ...] = (), absent: int = 404) -> None:
        self.open, self.absent = open, absent
        self.rows: dict[str, dict[str, Any]] = {
            f"n-{id}": {"id": f"n-{id}", "by": id, "title": f"t-{id}", "text": f"text of {id}"}
            for id in NAMES.values()
        }
        self.first = {key: dict(row) for key, row in self.rows.items()}
        self.count = itertools.count(1)
        self.made: list[tuple[str, dict[str, Any]]] = []
        self.written: list[str] = []

    def __call__(self, who: str, call: Call) -> Reply:
        me, key = NAMES.get(who, ""), call.path.removeprefix("/notes").strip("/")
        if call.path == "/notes" and call.method == "POST":
            if me and call.json.get("by", me) != me:
                return Reply(403, {"error": "in your own name only"})
            row = {**call.json, "id": f"made-{next(self.count)}"} if me else {}
            self.made.append((me, dict(row)))
            self.rows |= {row["id"]: row} if me else {}
            return Reply(201, row) if me else Reply(401, None)
        if call.path == "/notes":
            return Reply(200, [e for e in self.rows.values() if me and e["by"] == me])
        row = self.rows.get(key, {})
        if not row or (row["by"] != me and call.method not in self.open):
            return Reply(self.absent, {"error": "no"})
        if call.method == "DELETE":
            del self.rows[key]
            return Reply(204, None)
        if call.method == "PATCH":
            self.written.append(key)
            row |= call.json
        return Reply(200, row)


def scan(tmp_path: Path, api: Notes, required: str = "") -> Told:
    shapes = SHAPES.replace("REQUIRED", f"required: [{required}]," if required else "")
    answer: Callable[[Call], Reply] = logged_in(api)
    return told(tmp_path, shapes, PATHS, POLICY, answer, allow_writes=True)


@pytest.mark.parametrize("required", ["", "by, title"])
@pytest.mark.parametrize("open", [(), ("PATCH",)])
def test_an_owner_member_of_what_the_run_makes_names_its_owner(
    tmp_path: Path, open: tuple[str, ...], required: str
) -> None:
    api = Notes(open)
    run = scan(tmp_path, api, required)
    kept = [row["by"] for who, row in api.made if who and "by" in row]
    assert kept and kept == [who for who, row in api.made if who and "by" in row]
    assert api.rows == api.first
    assert not {*api.written} & {*api.first}  # only its own were written to
    assert not any("its own objects" in note for note in run.report.notes)
    assert any(f.rule == "bola-write" and f.verdict == "proven" for f in run.report.findings) == (
        "PATCH" in open
    )


@pytest.mark.parametrize("absent", [403, 404])
@pytest.mark.parametrize("open", [(), ("DELETE",)])
def test_what_is_refused_as_what_never_was_has_been_removed(
    tmp_path: Path, open: tuple[str, ...], absent: int
) -> None:
    api = Notes(open, absent)
    run = scan(tmp_path, api)
    assert api.rows == api.first
    assert run.report.distrust == ()
    assert run.report.writes is not None and run.report.writes.left == ()
    assert any(f.rule == "bola-write" and f.verdict == "proven" for f in run.report.findings) == (
        "DELETE" in open
    )

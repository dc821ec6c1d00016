"""What stands behind the first page, and what a search for nothing finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Api, Told, path, schema, told

ROWS = [
    {"id": f"n-{name}-{number}-5b2c", "owner_id": id, "text": f"{name} wrote {number}, 77{id[-1]}"}
    for name, id in NAMES.items()
    for number in range(2)
]
SHAPE = schema("Note", id="string", owner_id="string", text="string")
POLICY = """\
  Note:
    key: id
    owner: owner_id
    fields: {"id, owner_id, text": [{see: [owner]}]}
operations:
  searchNotes: {reads: true, params: {owner: Me.id}}
"""
SEARCH = """\
  /search:
    post:
      operationId: searchNotes
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {q: {type: string}, owner: {type: string}}}
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Note"}}
"""


class Pages(Api):
    """`goes_on`: how the list of one's own goes on; `leaks`: into everybody's."""

    def __init__(self, goes_on: str, *, leaks: bool) -> None:
        super().__init__({})
        self.goes_on, self.leaks = goes_on, leaks

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if call.path not in ("/notes", "/search"):
            return super().__call__(call)
        if not who:
            return Reply(401, {"error": "log in"})
        own = [each for each in ROWS if each["owner_id"] == NAMES[who]]
        others = [each for each in ROWS if each not in own] if self.leaks else []
        if call.path == "/search":
            asked = json.loads(call.body or b"null")
            everything = self.goes_on == "search" and asked == {}
            everything |= self.goes_on == "term" and bool(asked and asked.get("q"))
            return Reply(200, own + others if everything else own)
        turn = call.query.get(self.goes_on) or call.query.get("after", "")
        second = turn in ("2", "c2")
        rows = others[:2] if second and self.goes_on not in ("search", "term") else own
        if self.goes_on in ("page", "offset"):
            return Reply(200, {"data": rows if turn in ("", "0", "1", "2") else []})
        if self.goes_on == "link" and not turn:
            return Reply(200, {"data": rows}, (("link", '</notes?after=c2>; rel="next"'),))
        more: dict[str, Any] = (
            {} if turn else {"next": "c2" if self.goes_on == "after" else "/notes?after=c2"}
        )
        return Reply(200, {"data": rows, **(more if self.goes_on != "link" else {})})


def scan(folder: Path, goes_on: str, *, leaks: bool) -> Told:
    name = goes_on if goes_on in ("page", "offset") else "after"
    declared = f"{{name: {name}, in: query, schema: {{type: string}}}}"
    shape = "{type: object, properties: {next: {type: string}, data: {type: array, items:"
    paths = (
        path("/notes", "myNotes", "Note")
        .replace("parameters: []", f"parameters: [{declared}]")
        .replace(
            '{$ref: "#/components/schemas/Note"}',
            f'{shape} {{$ref: "#/components/schemas/Note"}}}}}}}}',
        )
    )
    return told(folder, SHAPE, paths + SEARCH, POLICY, Pages(goes_on, leaks=leaks))


WAYS = ["page", "offset", "after", "next", "link", "search", "term"]


@pytest.mark.parametrize("goes_on", WAYS)
def test_what_stands_behind_the_first_page_is_judged(tmp_path: Path, goes_on: str) -> None:
    assert ("Note.text", "member") in scan(tmp_path, goes_on, leaks=True).proven


@pytest.mark.parametrize("goes_on", WAYS)
def test_lists_that_go_on_with_ones_own_are_clean(tmp_path: Path, goes_on: str) -> None:
    found = scan(tmp_path, goes_on, leaks=False)
    assert (found.report.findings, found.code) == ((), ExitCode.CLEAN)

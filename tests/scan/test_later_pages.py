"""What stands behind the first page, and what a search for nothing finds."""

from __future__ import annotations

import json
from dataclasses import replace
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


class Long(Pages):
    """So many pages of one's own, and on the last everybody's. `leaks`: not just the own ones."""

    last = 7

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if call.path != "/notes" or not who:
            return super().__call__(call)
        own = [each for each in ROWS if each["owner_id"] == NAMES[who]]
        number = int((call.query.get(self.goes_on) or "1").removeprefix("c"))
        row = {**own[0], "id": f"n-{who}-{number + 7}-5b2c", "text": f"{who} wrote {number}, 88"}
        last = [each for each in ROWS if self.leaks or each in own]
        rows = own if number == 1 else [row] if number < self.last else last
        rows = rows if number <= self.last else []
        more = number < self.last and self.goes_on == "after"
        return Reply(200, {"data": rows, **({"next": f"c{number + 1}"} if more else {})})


class Endless(Long):
    """It never shows its last page."""

    last = 500


class Partly(Pages):
    """Says that there is more, and takes nothing that would bring it."""

    def __call__(self, call: Call) -> Reply:
        answer = super().__call__(call)
        if call.path != "/notes" or answer.status != 200:
            return answer
        return Reply(200, {"data": answer.body["data"], "has_more": True})


class Same(Pages):
    """Gives the same page, whatever page is asked for."""

    def __call__(self, call: Call) -> Reply:
        return super().__call__(replace(call, query={}))


def played(patch: pytest.MonkeyPatch, folder: Path, kind: type, goes_on: str, leaks: bool) -> Told:
    patch.setattr("tests.scan.test_later_pages.Pages", kind)
    return scan(folder, goes_on, leaks=leaks)


@pytest.mark.parametrize("goes_on", ["after", "page"])
def test_a_list_that_goes_on_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, goes_on: str
) -> None:
    found = played(monkeypatch, tmp_path, Long, goes_on, True)
    assert ("Note.text", "member") in found.proven


@pytest.mark.parametrize(
    ("kind", "goes_on"), [(Long, "after"), (Long, "page"), (Same, "page"), (Same, "offset")]
)
def test_a_list_that_was_read_to_its_end_closes_what_did_not_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type, goes_on: str
) -> None:
    found = played(monkeypatch, tmp_path, kind, goes_on, False)
    assert (found.report.findings, found.code) == ((), ExitCode.CLEAN)


@pytest.mark.parametrize(
    ("kind", "goes_on"), [(Endless, "after"), (Endless, "page"), (Partly, "after")]
)
def test_a_list_that_goes_on_behind_the_last_page_read_closes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type, goes_on: str
) -> None:
    found = played(monkeypatch, tmp_path, kind, goes_on, False)
    assert found.results("Note.text", "member", "/notes") == {"untested"}
    assert found.code is not ExitCode.CLEAN
    assert not found.report.findings

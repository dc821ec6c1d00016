"""What stands behind the first page, and what a search for nothing finds."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, RELATIONS, Api, Told, path, schema, told

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


def paths_of(goes_on: str) -> str:
    """The path of the list, which goes on as `goes_on` says."""
    name = goes_on if goes_on in ("page", "offset") else "after"
    declared = f"{{name: {name}, in: query, schema: {{type: string}}}}"
    shape = "{type: object, properties: {next: {type: string}, data: {type: array, items:"
    return (
        path("/notes", "myNotes", "Note")
        .replace("parameters: []", f"parameters: [{declared}]")
        .replace(
            '{$ref: "#/components/schemas/Note"}',
            f'{shape} {{$ref: "#/components/schemas/Note"}}}}}}}}',
        )
    )


def scan(folder: Path, goes_on: str, *, leaks: bool) -> Told:
    paths = paths_of(goes_on) + SEARCH
    return told(folder, SHAPE, paths, POLICY, Pages(goes_on, leaks=leaks))


WAYS = ["page", "offset", "after", "next", "link", "search", "term"]


@pytest.mark.parametrize("goes_on", WAYS)
def test_what_stands_behind_the_first_page_is_judged(tmp_path: Path, goes_on: str) -> None:
    assert ("Note.text", "member") in scan(tmp_path, goes_on, leaks=True).proven


@pytest.mark.parametrize("goes_on", WAYS)
def test_lists_that_go_on_with_ones_own_are_clean(tmp_path: Path, goes_on: str) -> None:
    found = scan(tmp_path, goes_on, leaks=False)
    assert (found.report.findings, found.code) == ((), ExitCode.CLEAN)


@pytest.mark.parametrize("goes_on", WAYS[:5])
@pytest.mark.parametrize("leaks", [True, False])
def test_what_is_nobodys_is_judged_there_too(tmp_path: Path, goes_on: str, leaks: bool) -> None:
    policy = POLICY.replace("owner: owner_id", "owner: none").replace("[owner]", "[inside]")
    relations = RELATIONS.replace("{is: owner}}", "{is: owner}, inside: {field: owner_id}}")
    api = Pages(goes_on, leaks=leaks)
    run = told(tmp_path, SHAPE, paths_of(goes_on), policy.partition("operations:")[0], api,
               relations=relations)  # fmt: skip
    assert (("Note.text", "member") in run.proven) is leaks
    assert leaks or (run.report.findings, run.report.distrust) == ((), ())


class Unmoved(Pages):
    """Pages at an offset; another parameter that leads to pages elsewhere changes nothing here.
    `said`: where a member stands that could be taken for its value."""

    def __init__(self, said: str, *, leaks: bool) -> None:
        super().__init__("offset", leaks=leaks)
        self.said = said

    def __call__(self, call: Call) -> Reply:
        query = {name: value for name, value in call.query.items() if name != "after"}
        reply = super().__call__(replace(call, query=query))
        if call.path != "/notes" or reply.status != 200:
            return reply
        more = {"next_check_at": "2025-01-01T00:00:00Z"}
        rows = [{**each, **(more if self.said == "row" else {})} for each in reply.body["data"]]
        return Reply(200, {"data": rows, **(more if self.said == "list" else {})})


@pytest.mark.parametrize("said", ["row", "list"])
@pytest.mark.parametrize("leaks", [False, True])
def test_what_is_no_cursor_hides_no_offset(tmp_path: Path, said: str, leaks: bool) -> None:
    """`next_check_at` was sent as `after`, and the pages at an offset were not asked for."""
    both = "{name: after, in: query, schema: {type: string}}, "
    policy = POLICY.replace('"id, owner_id, text"', '"id, owner_id, text, next_check_at"')
    shape = SHAPE.replace("text: ", "next_check_at: {type: string}, text: ")
    paths = paths_of("offset").replace(
        "parameters: [{name: offset", f"parameters: [{both}{{name: offset"
    )
    found = told(tmp_path, shape, paths + SEARCH, policy, Unmoved(said, leaks=leaks))
    assert (("Note.text", "member") in found.proven) is leaks


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


class Guarded(Api):
    """Notes below their owner: the first page checks the caller. `leaks`: what a cursor or a number
    of a page leads to does not."""

    def __init__(self, turn: str, *, leaks: bool) -> None:
        super().__init__({})
        self.turn, self.leaks = turn, leaks
        self.asked: list[tuple[str, str]] = []

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        found = re.fullmatch("/people/([^/]+)/notes", call.path)
        if not found or not who:
            return super().__call__(call)
        turn = call.query.get(self.turn, "")
        whose, number = found[1], 2 if turn not in ("", "1") else 1
        self.asked.append((who, turn))
        if whose != NAMES[who] and not (self.leaks and number == 2):
            return Reply(403, {"error": "no"})
        own = [each for each in ROWS if each["owner_id"] == whose]
        more = {"next": f"c-{whose}-2"} if self.turn == "after" and number == 1 else {}
        return Reply(200, {"data": own[number - 1 : number], **more})


BELOW = """\
  Note:
    key: id
    owner: owner_id
    fields: {"id, owner_id, text": [{see: [owner]}]}
operations:
  notesOf: {params: {id: Me.id}}
"""


def below(folder: Path, api: Guarded, template: str = "/people/{id}/notes") -> Told:
    declared = f"{{name: {api.turn}, in: query, schema: {{type: string}}}}"
    listed = path(template, "notesOf", "Note").replace(
        "parameters: [", f"parameters: [{declared}, "
    )
    shape = "{type: object, properties: {next: {type: string}, data: {type: array, items:"
    ref = '{$ref: "#/components/schemas/Note"}'
    policy = BELOW if "{id}" in template else BELOW.partition("operations:")[0]
    return told(folder, SHAPE, listed.replace(ref, f"{shape} {ref}}}}}}}"), policy, api)


@pytest.mark.parametrize("turn", ["after", "page"])
def test_a_later_page_is_asked_for_by_those_who_were_refused_the_first(
    tmp_path: Path, turn: str
) -> None:
    found = below(tmp_path, Guarded(turn, leaks=True))
    assert ("Note.text", "member") in found.proven


@pytest.mark.parametrize("turn", ["after", "page"])
def test_later_pages_that_check_their_caller_too_are_clean(tmp_path: Path, turn: str) -> None:
    api = Guarded(turn, leaks=False)
    found = below(tmp_path, api)
    assert (found.report.findings, found.code) == ((), ExitCode.CLEAN)
    assert len({who for who, asked in api.asked if asked not in ("", "1")}) > 1


class Cursors(Guarded):
    """Everybody's own notes. `leaks`: a cursor leads anybody to the notes of whom it was given."""

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if call.path != "/notes" or not who:
            return super().__call__(call)
        turn = call.query.get(self.turn, "")
        whose = turn.removeprefix("c-").removesuffix("-2") or NAMES[who]
        if whose != NAMES[who] and not self.leaks:
            return Reply(403, {"error": "no"})
        own = [each for each in ROWS if each["owner_id"] == whose]
        more = {} if turn else {"next": f"c-{whose}-2"}
        return Reply(200, {"data": own[1:] if turn else own[:1], **more})


@pytest.mark.parametrize("leaks", [True, False])
def test_a_cursor_of_somebody_elses_is_asked_for(tmp_path: Path, leaks: bool) -> None:
    found = below(tmp_path, Cursors("after", leaks=leaks), "/notes")
    assert (("Note.text", "member") in found.proven) == leaks
    assert found.code is (ExitCode.FINDINGS if leaks else ExitCode.CLEAN)


class Later(Guarded):
    """Own notes first, the second on a second page; `leaks`: there everybody's second note is.
    `shown`: whether the owner is shown theirs there."""

    shown = True

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if call.path != "/notes" or not who:
            return super().__call__(call)
        own = [each for each in ROWS if each["owner_id"] == NAMES[who]]
        if call.query.get(self.turn, "1") == "1":
            return Reply(200, {"data": own[:1]})
        others = [e for e in ROWS if e not in own and e["id"].split("-")[2] == "1"]
        rows = (own[1:] if self.shown else []) + (others if self.leaks else [])
        return Reply(200, {"data": rows if call.query[self.turn] == "2" else []})


def test_what_first_comes_on_somebody_elses_later_page_is_told_by_its_owner(
    tmp_path: Path,
) -> None:
    found = below(tmp_path, Later("page", leaks=True), "/notes")
    assert ("Note.text", "member") in found.proven


def test_what_no_owner_is_shown_and_comes_on_a_later_page_closes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Later, "shown", False)
    found = below(tmp_path, Later("page", leaks=True), "/notes")
    assert found.results("Note.text", "member", "/notes") == {"untested"}
    assert found.code is not ExitCode.CLEAN


def test_own_notes_on_a_later_page_are_clean(tmp_path: Path) -> None:
    found = below(tmp_path, Later("page", leaks=False), "/notes")
    assert (found.report.findings, found.code) == ((), ExitCode.CLEAN)

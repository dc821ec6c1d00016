"""Lists that are read by `POST`: what leads to the next page stands in the body."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

SHAPE = schema("Note", id="string", by="string", text="string")
POLICY = """\
  Note:
    key: id
    owner: by
    fields: {"id, by, text": [{see: [owner]}]}
operations:
  listNotes: {reads: true}
"""
KINDS = {"cursor": "string", "page": "integer", "offset": "integer"}


def notes(many: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"id": f"n-{who}-{n}5b", "by": NAMES[who], "text": f"{who} wrote {n}, 77{NAMES[who]}"}
        for who in many
        for n in range(many[who])
    ]


class Book:
    """Two own notes on a page. `turn`: what leads on, a member of the body or of `within`;
    `leaks`: a later page goes on with everybody's; `endless`: there is always another page."""

    def __init__(
        self, turn: str, within: str, many: dict[str, int], *, leaks: bool, endless: bool = False
    ) -> None:
        self.turn, self.within, self.rows = turn, within, notes(many)
        self.leaks, self.endless = leaks, endless
        self.asked: list[Any] = []

    def __call__(self, who: str, call: Call) -> Reply:
        said = call.json if call.body else {}
        given = (said.get(self.within) or {}) if self.within else said
        turn = given.get(self.turn)
        self.asked.append(turn)
        kind = str if self.turn == "cursor" else int
        if turn not in (None, "") and not isinstance(turn, kind):
            return Reply(400, {"error": f"{self.turn} is no such value"})
        at = self.at(turn)
        own = [each for each in self.rows if each["by"] == NAMES[who]]
        if at and self.leaks:
            own = own[:2] + [each for each in self.rows if each not in own[:2]]
        found = own[at : at + 2]
        if self.endless and at:
            found = [{**own[0], "id": f"n-{who}-{at}e1", "text": f"{who} wrote again {at}"}]
        more = self.endless or len(own) > at + 2
        on = {"next_cursor": f"c{at + 2}" if more else None} if self.turn == "cursor" else {}
        return Reply(200, {"items": found, **on})

    def at(self, turn: Any) -> int:
        """How many notes come before a page."""
        if turn in (None, ""):
            return 0
        if self.turn == "cursor":
            return int(turn[1:]) if turn[1:].isdigit() else 0
        return (int(turn) - 1) * 2 if self.turn == "page" else int(turn)


def scan(folder: Path, book: Book) -> Told:
    ref = '{$ref: "#/components/schemas/Note"}'
    members = f"{{type: object, properties: {{{book.turn}: {{type: {KINDS[book.turn]}}}}}}}"
    if book.within:
        members = f"{{type: object, properties: {{{book.within}: {members}}}}}"
    body = f"      requestBody: {{content: {{application/json: {{schema: {members}}}}}}}\n"
    on = ", next_cursor: {type: string, nullable: true}" if book.turn == "cursor" else ""
    shape = f"{{type: object, properties: {{items: {{type: array, items: {ref}}}{on}}}}}"
    listed = (
        path("/notes", "listNotes", "Note")
        .replace("get:", "post:")
        .replace("      responses", f"{body}      responses")
        .replace(ref, shape)
    )
    return told(folder, SHAPE, listed, POLICY, logged_in(book))


WAYS = [("cursor", ""), ("cursor", "paging"), ("page", ""), ("offset", ""), ("offset", "paging")]
EACH = dict.fromkeys(NAMES, 3)
FIRST = {"ann": 3, "bob": 2, "cat": 1}
"""Of whom one alone has more than a page."""


@pytest.mark.parametrize(("turn", "within"), WAYS)
def test_a_later_page_with_everybodys_notes_is_found(
    tmp_path: Path, turn: str, within: str
) -> None:
    run = scan(tmp_path, Book(turn, within, EACH, leaks=True))
    assert ("Note.text", "member") in run.proven
    assert "closed" not in run.results("Note.text", "member", "/notes page 2")


@pytest.mark.parametrize(("turn", "within"), WAYS)
@pytest.mark.parametrize("many", [EACH, FIRST])
def test_own_notes_on_each_page_are_clean(
    tmp_path: Path, turn: str, within: str, many: dict[str, int]
) -> None:
    run = scan(tmp_path, book := Book(turn, within, many, leaks=False))
    assert (run.report.findings, run.report.distrust, run.code) == ((), (), ExitCode.CLEAN)
    assert run.results("Note.text", "member", "/notes") == {"closed"}
    assert any(book.at(each) for each in book.asked)


def test_the_one_list_that_goes_on_is_read(tmp_path: Path) -> None:
    run = scan(tmp_path, Book("cursor", "", FIRST, leaks=True))
    assert ("Note.text", "member") in run.proven


def test_a_list_that_goes_on_behind_the_last_page_read_closes_nothing(tmp_path: Path) -> None:
    run = scan(tmp_path, Book("cursor", "", EACH, leaks=False, endless=True))
    assert run.results("Note.text", "member", "/notes") == {"untested"}
    assert run.code is not ExitCode.CLEAN
    assert not run.report.findings


def test_no_value_of_a_cursor_is_in_the_curl_line(tmp_path: Path) -> None:
    found = scan(tmp_path, Book("cursor", "paging", EACH, leaks=True)).finding(
        "Note.text", "member"
    )
    assert found.evidence is not None
    assert "$NEXT" in found.evidence.curl
    assert "c2" not in found.evidence.curl

"""One object that is said to be two people's: whoever asks may be written into it as its owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server
SCHEMAS = schema("Note", id="string", by="string", title="string", body="string")
PATHS = path("/notes", "listNotes", "Note", many=True) + path("/notes/{noteId}", "getNote", "Note")
POLICY = """\
  Note:
    key: id
    owner: by
    fields:
      id, by, title, body: [{see: [owner]}]
operations:
  getNote: {params: {noteId: Note.id}}
"""


def notes(*, keys_of_each: bool = False) -> list[dict[str, Any]]:
    return [
        {
            "id": str(turn) if keys_of_each else f"n-{who}-{turn}",
            "by": id,
            "title": f"Title {turn} of {who} 8812",
            "body": f"Body {turn} of {who} 7731",
        }
        for who, id in NAMES.items()
        for turn in (1, 2)
    ]


def scan(folder: Path, stored: list[dict[str, Any]], *, item: str = "", listed: str = "") -> Told:
    """An API that keeps notes: each endpoint is right, or calls the caller the owner of `all`."""

    def shown(who: str, how: str) -> list[dict[str, Any]]:
        if how == "all":
            return [{**each, "by": NAMES[who]} for each in stored]
        return [each for each in stored if each["by"] == NAMES[who]]

    def items(who: str) -> Any:
        return shown(who, listed) if who else 401

    def one(who: str, id: str) -> Any:
        found = [each for each in shown(who, item) if each["id"] == id] if who else []
        return found[0] if found else 404 if who else 401

    return told(folder, SCHEMAS, PATHS, POLICY, Api({"/notes": items, "/notes/([^/]+)": one}))


def test_an_object_that_calls_whoever_asks_its_owner_leaks(tmp_path: Path) -> None:
    run = scan(tmp_path, notes(), item="all")
    assert {("Note.title", "member"), ("Note.body", "member")} <= run.proven
    assert ("Note.by", "member") not in run.proven, "it names the caller, and not its owner"
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    assert any("names its caller as the owner" in each for each in run.report.distrust)


@pytest.mark.parametrize("item", ["", "all"])
def test_a_list_of_everybodys_that_calls_each_caller_the_owner_is_not_clean(
    item: str, tmp_path: Path
) -> None:
    """Nobody can tell whose they are: it may be a list of what belongs to all."""
    run = scan(tmp_path, notes(), item=item, listed="all")
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    assert any("GET /notes showed" in each for each in run.report.distrust)
    assert "closed" not in run.results("Note.body", "member", "/notes")


@pytest.mark.parametrize("keys_of_each", [False, True])
def test_everybodys_own_notes_are_no_contradiction(keys_of_each: bool, tmp_path: Path) -> None:
    """Also where the keys count anew for each owner: `1` of ann is not `1` of bob."""
    run = scan(tmp_path, notes(keys_of_each=keys_of_each))
    assert run.report.findings == () and run.report.distrust == ()
    assert run.code is ExitCode.CLEAN

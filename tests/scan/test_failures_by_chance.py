"""What was refused by chance, and what is refused each time."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server
POLICY = """\
  Note:
    key: id
    owner: by
    fields: {"id, by, text": [{see: [member]}]}
operations:
  getNote: {params: {id: Note.id}}
"""
NOTES = {
    f"n-{700 + at}": {"id": f"n-{700 + at}", "by": id, "text": f"{name} grows plums"}
    for at, (name, id) in enumerate(NAMES.items())
}


def scan(folder: Path, times: int) -> Told:
    """`times`: so many answers about each note that is somebody else's are refused."""
    asked = Counter[tuple[str, str]]()

    def note(who: str, id: str) -> Any:
        if not who:
            return 401
        asked[who, id] += 1
        found = NOTES.get(id)
        refused = found is None or (found["by"] != NAMES[who] and asked[who, id] <= times)
        return 404 if refused else found

    def mine(who: str) -> Any:
        return [each for each in NOTES.values() if each["by"] == NAMES[who]] if who else 401

    paths = path("/notes/{id}", "getNote", "Note") + path("/notes", "listNotes", "Note", many=True)
    shape = schema("Note", id="string", by="string", text="string")
    return told(folder, shape, paths, POLICY, Api({"/notes/([^/]+)": note, "/notes": mine}))


@pytest.mark.parametrize("times", [1, 2])
def test_two_answers_that_came_without_it_by_chance_are_no_over_block(
    times: int, tmp_path: Path
) -> None:
    run = scan(tmp_path, times)
    assert run.report.findings == ()
    assert run.results("Note.text", "member", "/notes/{id}") <= {"open", "untested"}


def test_what_is_refused_each_time_is_an_over_block(tmp_path: Path) -> None:
    run = scan(tmp_path, 1000)
    assert ("Note.text", "member") in run.named("over_blocked")
    assert run.finding("Note.text", "member").evidence is not None
    assert run.code is ExitCode.FINDINGS

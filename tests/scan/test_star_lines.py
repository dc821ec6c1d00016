"""A line `*` means the members that the document declares: each is judged by its own name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oakum.errors import ExitCode
from tests.scan.verdicts import Api, Told, path, told

NOTES = {
    f"n-{number}": {
        "id": f"n-{number}",
        "by": f"u-410{number}",
        "text": f"whale {number}",
        "tags": [f"tag-{number}"],
        "at": {"town": f"Town {number}"},
    }
    for number in (1, 2, 3)
}
SHAPE = """\
    Note:
      type: object
      properties:
        id: {type: string}
        by: {type: string}
        text: {type: string}
        tags: {type: array, items: {type: string}}
        at: {type: object, properties: {town: {type: string}}}
"""
OPEN = SHAPE.replace("properties: {town: {type: string}}", "additionalProperties: true")
HALLS = {key: {**note, "at": {"hall": {"town": key}}} for key, note in NOTES.items()}
PATHS = path("/notes", "listNotes", "Note", many=True) + path("/notes/{id}", "getNote", "Note")


def scan(folder: Path, lines: str, shape: str = SHAPE, notes: dict[str, Any] = NOTES) -> Told:
    folder.mkdir()

    def every(who: str) -> Any:
        return [*notes.values()] if who else 401

    def one(who: str, id: str) -> Any:
        return notes.get(id, 404) if who else 401

    note = f"  Note:\n    key: id\n    owner: by\n    main: getNote\n    fields: {lines}\n"
    return told(folder, shape, PATHS, note, Api({"/notes": every, "/notes/([^/]+)": one}))


def test_a_line_for_all_members_is_tested_like_a_line_that_names_them(tmp_path: Path) -> None:
    named = scan(tmp_path / "named", '{"id, by, text, tags, at": [{see: [member]}]}')
    star = scan(tmp_path / "star", '{"*": [{see: [member]}]}')
    assert star.code is named.code is ExitCode.CLEAN
    assert star.results("Note.text", "anyone", "/notes/{id}") == {"closed"}
    assert {(c.endpoint, c.field, c.viewer, c.result) for c in star.report.cells} == {
        (c.endpoint, c.field, c.viewer, c.result) for c in named.report.cells
    }


def test_what_such_a_line_leaves_to_a_narrower_one_is_found(tmp_path: Path) -> None:
    run = scan(tmp_path / "star", '{text: [], "*": [{see: [member]}]}')
    assert run.proven == {("Note.text", "member"), ("Note.text", "owner")}


def test_what_stands_inside_the_values_of_a_granted_open_object_is_only_suspected(
    tmp_path: Path,
) -> None:
    """Neither document nor contract names `town`; the contract grants what is around it."""
    run = scan(tmp_path / "open", '{"*": [{see: [member]}]}', OPEN, HALLS)
    assert run.proven == set()
    assert ("Note.at.*.‹key›", "member") in run.named("suspected")


def test_what_stands_inside_a_withheld_object_is_proven(tmp_path: Path) -> None:
    run = scan(tmp_path / "open", '{at: [{see: [owner]}], "*": [{see: [member]}]}', OPEN, HALLS)
    assert ("Note.at.*.‹key›", "member") in run.proven

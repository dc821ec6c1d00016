"""A document whose path parameter holds two segments: `/v1/{name}` with `pattern: notes/[^/]+`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

PATTERN = 'schema: {type: string, pattern: "notes/[^/]+"}'
READS = path("/v1/{name}", "getNote", "Note").replace("schema: {type: string}", PATTERN) + path(
    "/notes", "listNotes", "Note", many=True
)
POLICY = """\
  Note:
    key: name
    owner: creator
    main: getNote
    fields: {"name, creator, text": [{see: [owner]}]}
operations:
  getNote: {params: {name: Note.name}}
"""
NOTES = {
    f"notes/{8100 + at}": {"name": f"notes/{8100 + at}", "creator": id, "text": f"{who} wrote it"}
    for at, (who, id) in enumerate(NAMES.items())
}


def scanned(folder: Path, *, leaks: bool) -> tuple[Told, Api]:
    def note(who: str, name: str) -> object:
        found = NOTES.get(name)
        sees = found and (leaks or found["creator"] == NAMES.get(who))
        return found if who and sees else 404

    def own(who: str) -> object:
        return [each for each in NOTES.values() if each["creator"] == NAMES.get(who)] or 401

    api = Api({"/v1/(notes/[^/]+)": note, "/notes": own})
    shape = schema("Note", name="string", creator="string", text="string")
    return told(folder, shape, READS, POLICY, api), api


def test_an_object_is_asked_for_by_its_whole_name(tmp_path: Path) -> None:
    run, api = scanned(tmp_path, leaks=True)
    assert {("Note.text", "member"), ("Note.name", "member")} <= run.proven
    assert ("bob", "/v1/notes/8100") in api.calls
    absent = [each for _, each in api.calls if each.startswith("/v1/")]
    assert all(each.startswith("/v1/notes/") and each.count("/") == 3 for each in absent)
    one = run.finding("Note.text", "member")
    assert one.evidence and '"$TARGET/v1/$ANN_NOTE_NAME"' in one.evidence.curl
    assert one.endpoints[0].path == "/v1/notes/{name}"


def test_the_fixed_twin_is_closed(tmp_path: Path) -> None:
    run, _ = scanned(tmp_path, leaks=False)
    assert run.report.findings == ()
    assert run.results("Note.text", "member", "/v1/notes/{name}") == {"closed"}


GENERATED = "schema: {type: string}, description: The note id."
BESIDE = path("/v1/notes/{note}", "getNote", "Note").replace(
    "schema: {type: string}", GENERATED
) + path("/v1/notes", "listNotes", "Note", many=True)
BESIDE_POLICY = POLICY.replace("{name: Note.name}", "{note: Note.name}")


@pytest.mark.parametrize("leaks", [True, False])
def test_a_path_takes_the_last_segment_of_a_name(leaks: bool, tmp_path: Path) -> None:
    def note(who: str, name: str) -> object:
        found = NOTES.get(name)
        sees = found and (leaks or found["creator"] == NAMES.get(who))
        return found if who and sees else 404

    def own(who: str) -> object:
        return [each for each in NOTES.values() if each["creator"] == NAMES.get(who)] or 401

    api = Api({"/v1/(notes/[^/%]+)": note, "/v1/notes": own})
    shape = schema("Note", name="string", creator="string", text="string")
    run = told(tmp_path, shape, BESIDE, BESIDE_POLICY, api)
    assert ("bob", "/v1/notes/8100") in api.calls
    assert not any("notes/notes" in each or "%2F" in each for _, each in api.calls)
    if leaks:
        assert {("Note.text", "member"), ("Note.name", "member")} <= run.proven
        assert run.finding("Note.text", "member").endpoints[0].path == "/v1/notes/{note}"
    else:
        assert run.report.findings == ()
        assert run.results("Note.text", "member", "/v1/notes/{note}") == {"closed"}

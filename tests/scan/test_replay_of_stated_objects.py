"""A finding is asked for again where the identities file names objects of another resource."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.scan.options import Options
from oakum.scan.replay_result import ReplayVerdict, replay
from tests.scan.servers import serve
from tests.scan.verdicts import IDENTITIES, NAMES, Api, path, schema, told

pytestmark = pytest.mark.server

SCHEMAS = schema("Note", id="string", by="string", text="string") + schema(
    "Paper", id="string", body="string"
)
PATHS = (
    path("/notes", "listNotes", "Note", many=True)
    + path("/notes/{id}", "getNote", "Note")
    + path("/papers/{id}", "getPaper", "Paper")
)
POLICY = """\
  Note:
    key: id
    owner: by
    main: getNote
    fields: {"id, by, text": [{see: [owner]}]}
  Paper:
    key: id
    owner: {creator: true}
    main: getPaper
    fields: {"id, body": [{see: [owner]}]}
operations:
  getNote: {params: {id: Note.id}}
  getPaper: {params: {id: Paper.id}}
"""
NOTES = [{"id": f"n-{who}-81", "by": by, "text": f"what {who} wrote 55"}
         for who, by in NAMES.items()]  # fmt: skip
PAPERS = {f"p-{who}-7f3a": who for who in ("ann", "bob")}
STATED = IDENTITIES.replace("key-of-ann-778", "key-of-ann-778, owns: {Paper: p-ann-7f3a}").replace(
    "key-of-bob-778", "key-of-bob-778, owns: {Paper: p-bob-7f3a}"
)


def api(*, leaks: bool, hides: bool = False) -> Api:
    """Any member is shown any note if it `leaks`; nobody is shown a paper if it `hides` them."""

    def notes(who: str) -> object:
        return [each for each in NOTES if each["by"] == NAMES[who]] if who else 401

    def note(who: str, key: str) -> object:
        found = [n for n in NOTES if n["id"] == key and who and (leaks or n["by"] == NAMES[who])]
        return found[0] if found else 404 if who else 401

    def paper(who: str, key: str) -> object:
        if not who or hides or PAPERS.get(key) != who:
            return 404 if who else 401
        return {"id": key, "body": f"body of {key} here"}

    return Api({"/notes": notes, "/notes/([^/]+)": note, "/papers/([^/]+)": paper})


@pytest.mark.parametrize(
    ("leaks", "hides", "verdict"),
    [
        (False, False, ReplayVerdict.FIXED),
        (True, False, ReplayVerdict.STILL_OPEN),
        (False, True, ReplayVerdict.UNTESTED),
    ],
)
def test_objects_of_the_file_are_asked_for_though_the_finding_is_of_others(
    leaks: bool, hides: bool, verdict: ReplayVerdict, tmp_path: Path
) -> None:
    run = told(tmp_path, SCHEMAS, PATHS, POLICY, api(leaks=True), STATED)
    one = run.finding("Note.text", "member")
    with serve(api(leaks=leaks, hides=hides)) as server:
        options = Options(
            tmp_path / "exposure.yaml", server.url, tmp_path / "identities.yaml", rate=1000
        )
        again = replay(run.report, one, options, lambda event: None)
    assert again.verdict is verdict
    assert all("owns" in each for each in again.reasons) if hides else again.reasons == ()

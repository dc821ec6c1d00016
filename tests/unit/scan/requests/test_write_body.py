"""A write holds the change, what the document requires beside it, and no more."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from oakum.authz import compile_contract
from oakum.exchange import Request
from oakum.exposure.endpoints.probes import probe_of
from oakum.exposure.values.knowledge import Knowledge
from oakum.openapi.model import Json, Shape
from oakum.policy.contract import load
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.requests.write_body import WriteBody
from oakum.scan.write_tests.addressed_object import to_one_object
from tests.scan.desk import Desk
from tests.scan.test_existing_objects import Notes
from tests.scan.verdicts import write

SHOWN = {"id": 701, "by": "uta", "text": "old", "kind": "plain", "version": 3}


def body(tmp_path: Path, *asks: str, ours: bool = False) -> Json:
    contract = load(Desk(*asks).entry().write(tmp_path, 1))
    assert contract.policy is not None
    model = compile_contract(contract.document, contract.policy)
    probe = probe_of(model, model.operations["edit"], {})
    filled = FilledRequest(Request("PATCH", "http://desk.test/memos/701"), {}, frozenset(), "")
    found = WriteBody(model, probe, "Memo").request(filled, SHOWN, {"text": "new"}, ours=ours)
    return json.loads(found.body)


def test_a_version_that_is_required_is_the_one_that_is_shown(tmp_path: Path) -> None:
    assert body(tmp_path) == {"text": "new"}
    assert body(tmp_path, "version") == {"text": "new", "version": 3}


def test_a_required_member_that_nothing_shows_is_made_up_in_an_object_of_the_run(
    tmp_path: Path,
) -> None:
    """In one that was there before, nobody could put the old value back."""
    assert body(tmp_path, "reason") == {"text": "new"}
    assert body(tmp_path, "reason", ours=True) == {"text": "new", "reason": "oakumoakum"}


def note_body(tmp_path: Path, api: Notes) -> tuple[WriteBody, FilledRequest]:
    """The body of a write on a note, and a request whose values name it and another folder."""
    write(tmp_path, "", "", api.policy, document=api.document)
    contract = load(tmp_path / "exposure.yaml")
    assert contract.policy is not None
    model = compile_contract(contract.document, contract.policy)
    probe = to_one_object(model, probe_of(model, model.operations["changeNote"], {}), "Note")
    knowledge = Knowledge()
    knowledge.objects["ann", "Note"] = [{"id": "n1"}, {"id": "n2"}]
    knowledge.objects["ann", "Folder"] = [{"id": "f9"}]
    filled = fill(probe, "http://notes.test", knowledge, "ann")
    assert filled is not None
    return WriteBody(model, probe, "Note"), filled


NOTE: Mapping[str, Json] = {"id": "n1", "user_id": "u1", "title": "old", "folder_id": "f1"}


@pytest.mark.parametrize(
    ("key_at", "named"), [("path", {}), ("body", {"id": "n1"}), ("list", {"ids": ["n1"]})]
)
@pytest.mark.parametrize("folder", ["no", "optional", "required"])
def test_what_a_request_fills_names_the_object_and_sets_nothing(
    key_at: str, named: dict[str, Json], folder: str, tmp_path: Path
) -> None:
    """A folder that is required beside the change is the one that the object is in."""
    found, filled = note_body(tmp_path, Notes(key_at, folder=folder))
    beside = {"folder_id": "f1"} if folder == "required" else {}
    sent = found.content(filled, NOTE, {"title": "new"})
    assert sent == {**named, **beside, "title": "new"}
    assert found.beside(filled, NOTE, {"title": "new"}) == tuple(beside)


def test_an_object_whose_folder_is_required_and_not_shown_is_lost_by_a_write(
    tmp_path: Path,
) -> None:
    found, _ = note_body(tmp_path, Notes(folder="required"))
    hidden = {name: value for name, value in NOTE.items() if name != "folder_id"}
    assert found.why_lost("ann", NOTE, {}) == ""
    assert found.why_lost("ann", hidden, {}).startswith("it requires `folder_id`, and no response")
    assert found.why_lost("ann", hidden, {}, ours=True) == ""


def test_a_folder_that_is_shown_in_full_is_named_by_its_key(tmp_path: Path) -> None:
    found, filled = note_body(tmp_path, Notes(folder="required"))
    full = {**NOTE, "folder_id": {"id": "f9", "name": "taxes"}}
    assert found.content(filled, full, {"title": "new"}) == {"folder_id": "f9", "title": "new"}
    assert found.beside(filled, full, {"title": "new"}) == ()


def test_what_names_an_object_beside_it_stays_beside_it(tmp_path: Path) -> None:
    found, filled = note_body(tmp_path, Notes("body"))
    object.__setattr__(found, "_place", (("note",), Shape()))
    assert found.content(filled, NOTE, {"title": "new"}) == {"id": "n1", "note": {"title": "new"}}

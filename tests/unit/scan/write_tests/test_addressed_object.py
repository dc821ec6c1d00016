"""Which members a write on an existing object holds to name it, and when a shown object is it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from oakum.authz import Model, compile_contract
from oakum.authz.judgement import Leaf, ObjectInstance
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.exposure.values.knowledge import Knowledge
from oakum.policy.contract import load
from oakum.scan.write_tests.addressed_object import AddressedObject, to_one_object
from tests.scan.test_existing_objects import Notes
from tests.scan.verdicts import write

ANN = "u-1"
Row = dict[str, str]


def compiled(folder: Path, api: Notes) -> Model:
    write(folder, "", "", api.policy, document=api.document)
    found = load(folder / "exposure.yaml")
    assert found.policy is not None
    return compile_contract(found.document, found.policy)


def changing(model: Model) -> Probe:
    return to_one_object(model, probe_of(model, model.operations["changeNote"], {}), "Note")


@pytest.mark.parametrize(
    ("key_at", "names"),
    [
        ("path", {"id"}), ("query", {"note"}), ("body", {"id"}), ("header", {"X-Note"}),
        ("list", {"ids"}), ("board", {"b", "n"}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("folder", ["no", "optional", "required"])
def test_a_write_holds_what_names_its_object_and_what_is_required(
    key_at: str, names: set[str], folder: str, tmp_path: Path
) -> None:
    probe = changing(compiled(tmp_path, Notes(key_at, folder=folder)))
    assert probe.sources.keys() == names | ({"folder_id"} if folder == "required" else set())
    assert not probe.batch


def test_an_optional_parameter_is_kept_where_nothing_else_names_the_object(tmp_path: Path) -> None:
    api = Notes("query")
    loose = api.document.replace('"required": true, "schema"', '"required": false, "schema"')
    assert loose != api.document
    write(tmp_path, "", "", api.policy, document=loose)
    found = load(tmp_path / "exposure.yaml")
    assert found.policy is not None
    assert changing(compile_contract(found.document, found.policy)).sources.keys() == {"note"}


def shown_as(
    folder: Path, key_at: str, asked: str, *rows: Row, own: tuple[Row, ...] = (), ours: bool = False
) -> tuple[Row | None, AddressedObject]:
    """The view of ann's note that a write names, where a list shows these notes of hers; `asked`:
    the board that the list is asked of; `own`: what is known of her notes."""
    model = compiled(folder, Notes(key_at))
    probe, knowledge = changing(model), Knowledge()
    for each in own or rows:
        knowledge.objects.setdefault(("ann", "Note"), []).append(each)
    knowledge.objects["ann", "Board"] = [{"id": "b1", "user_id": ANN}]
    listed = probe_of(model, model.operations["listNotes"], {})
    if asked:
        listed = replace(listed, sources={"b": "Board.id"}, fixed={"b": asked})
    instances = [
        ObjectInstance(
            "Note", (), (ANN,), frozenset(), {},
            tuple(Leaf(n, (n,), value, True) for n, value in each.items()), dict(each),
        )
        for each in rows
    ]  # fmt: skip
    engine: Any = SimpleNamespace(
        model=model, target="http://notes.test", knowledge=knowledge,
        identities=SimpleNamespace(ids={"ann": {ANN}}),
        matrix=SimpleNamespace(
            probes={"listNotes": listed}, own={("listNotes", "ann", "Note"): {"title"}}
        ),
        send=lambda probe, who, filled: Response(200, {}, b"[]"),
        judge_response=lambda *asked: SimpleNamespace(instances=instances),
    )  # fmt: skip
    found = AddressedObject(engine, probe, "Note")
    view = found.view("ann", ours=ours)
    return (dict(view.object) if view is not None else None), found


def note(id: str, title: str, **more: str) -> Row:
    return {"id": id, "user_id": ANN, "title": title, **more}


FIRST, SECOND = note("n-a", "one"), note("n-b", "two")


@pytest.mark.parametrize("key_at", ["path", "query", "body", "header", "list"])
def test_the_view_is_that_of_the_object_whose_key_the_request_holds(
    key_at: str, tmp_path: Path
) -> None:
    """Wherever it stands, and whatever a list shows first."""
    seen, _ = shown_as(tmp_path, key_at, "", FIRST, SECOND, own=(SECOND, FIRST))
    assert seen == SECOND
    seen, found = shown_as(tmp_path, key_at, "", FIRST, own=(SECOND, FIRST))
    assert seen is None and found.unread and not found.mute


def test_of_several_views_of_an_object_the_fullest_counts_and_none_where_they_differ(
    tmp_path: Path,
) -> None:
    brief = {n: value for n, value in FIRST.items() if n != "title"}
    assert shown_as(tmp_path, "path", "", brief, FIRST)[0] == FIRST
    seen, found = shown_as(tmp_path, "path", "", FIRST, note("n-a", "three"))
    assert seen is None and found.unread


def test_a_number_that_counts_in_each_board_names_an_object_only_with_its_board(
    tmp_path: Path,
) -> None:
    here, there = note("1", "one", board_id="b1"), note("1", "two", board_id="b2")
    assert shown_as(tmp_path, "board", "", there, here, own=(here,))[0] == here
    assert shown_as(tmp_path, "board", "", there, own=(here,))[0] is None
    bare = note("1", "one")
    assert shown_as(tmp_path, "board", "", bare)[0] is None
    assert shown_as(tmp_path, "board", "b1", bare)[0] == bare
    assert shown_as(tmp_path, "board", "", bare, ours=True)[0] == bare
    assert shown_as(tmp_path, "board", "", FIRST)[0] == FIRST  # a key that no other has by chance


def test_without_a_value_for_the_request_nothing_is_known(tmp_path: Path) -> None:
    seen, found = shown_as(tmp_path, "path", "", {"user_id": ANN, "title": "one"})
    assert seen is None and found.mute and not found.unread


def test_a_shown_value_that_may_not_be_whole_is_told(tmp_path: Path) -> None:
    _, found = shown_as(tmp_path, "path", "", FIRST)
    held = {"a": "whole", "b": "the beginn…", "c": "the beginn...", "d": "****", "id": "n-a"}
    assert [name for name in held if found.is_cut("ann", held, name)] == ["b", "c", "d"]
    found.engine.knowledge.faces["ann", "Note", "n-a", "a"] = {"x": "whole", "y": "wh"}
    assert found.is_cut("ann", held, "a")

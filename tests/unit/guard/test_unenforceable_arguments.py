"""Arguments of GraphQL that name objects which a gateway cannot look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.test_unenforceable_reads import said

NOTES = quick_yaml.load((FOLDER / "contracts" / "graph_notes.yaml").read_text(encoding="utf-8"))


def warned(folder: Path, *change: Any) -> str:
    for name, text in NOTES["files"].items():
        (folder / name).write_text(text, encoding="utf-8")
    return said(folder, NOTES, *change)


def test_an_argument_is_named_until_the_contract_says_of_what_it_is(tmp_path: Path) -> None:
    def stated(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["graph"]["params"]["visits.id"] = "Note.id"

    words = "what a query at `graph` shows beside objects is withheld if it has `visits.id`"
    found = warned(tmp_path)
    assert f"{words}: the contract does not say which object that names" in found
    assert "write `graph: {params: {visits.id: RESOURCE.KEY}}`" in found
    assert "`audit.noteId`" not in found
    assert "`note.id`" not in found
    assert "`graph` shows beside objects is withheld if it has `kinds.id`" not in found
    assert words not in warned(tmp_path, stated)


def test_an_argument_is_named_if_nothing_shows_its_object(tmp_path: Path) -> None:
    def unshown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["resources"]["Note"]["main"]

    assert "no GET shows one by its key; name the GET" in warned(tmp_path, unshown)


def test_an_argument_is_named_with_which_nobody_is_told_why_a_query_failed(tmp_path: Path) -> None:
    def unshown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["resources"]["Note"]["main"]

    words = "nobody is told why a query at `graph` failed that has `note.id`"
    found = warned(tmp_path, unshown)
    assert f"{words}, `edit.noteId`: no GET shows a `Note` by its key; name the GET" in found
    assert words not in warned(tmp_path)

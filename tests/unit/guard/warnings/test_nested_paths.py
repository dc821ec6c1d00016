"""Calls below an object that may be hidden, or may not be written, are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said

REPORTS = quick_yaml.load((FOLDER / "contracts" / "reports.yaml").read_text())
MOVES = quick_yaml.load((FOLDER / "contracts" / "moves.yaml").read_text())
NEIGHBOURS = quick_yaml.load((FOLDER / "contracts" / "neighbours.yaml").read_text())
NAMES = quick_yaml.load((FOLDER / "contracts" / "resource_names.yaml").read_text())
WORDS = "`placed` is 404 for callers who are shown nothing of the `Note` that its path names before"


def test_a_read_below_an_object_that_may_be_hidden_is_named(tmp_path: Path) -> None:
    found = said(tmp_path, REPORTS)
    assert f"{WORDS} a `Folder`, even if that is their own" in found
    assert "`getNote` is 404 for callers" not in found


def test_one_below_an_object_that_everybody_may_know_of_is_not(tmp_path: Path) -> None:
    def known(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["conceal"] = False

    def seen(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["fields"]["id, by"] = [{"see": ["member"]}]

    assert WORDS not in said(tmp_path, REPORTS, known)
    assert WORDS not in said(tmp_path, REPORTS, seen)


def test_a_read_that_shows_what_may_be_the_callers_below_a_hidden_object_is_named(
    tmp_path: Path,
) -> None:
    def known(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["conceal"] = False

    words = "is 404 for callers who are shown nothing of the `Note` that its path names, even if it"
    found = said(tmp_path, NEIGHBOURS)
    assert f"`cards` {words} shows them a `Card` of their own" in found
    assert f"`related` {words} shows them a `Note` of their own" in found
    assert f"`nextNote` {words}" not in found
    assert words not in said(tmp_path, NEIGHBOURS, known)


def test_a_write_below_an_object_that_may_be_hidden_is_named(tmp_path: Path) -> None:
    def free(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["addPage"]["call"] = ["member"]

    words = "`addPage` is 404 for callers who are shown nothing of the `Folder`"
    assert words in said(tmp_path, MOVES)
    assert words not in said(tmp_path, MOVES, free)


def test_an_outer_object_that_is_only_shown_is_named(tmp_path: Path) -> None:
    def read(document: dict[str, Any], _: dict[str, Any]) -> None:
        page = document["paths"]["/pages/{id}"]["get"]["responses"]
        inside = {"operationId": "pageOf", "responses": page}
        document["paths"]["/folders/{id}/pages/{pid}"]["get"] = inside

    words = "Of the `Folder` that `id` names, it only"
    found = said(tmp_path, MOVES)
    assert words in found and "at `toFolder` the gateway checks" not in found
    assert words not in said(tmp_path, MOVES, read)


def test_an_operation_whose_path_another_has_is_named(tmp_path: Path) -> None:
    def twice(document: dict[str, Any], policy: dict[str, Any]) -> None:
        get = document["paths"]["/v1/{name_1}"]["get"]
        one = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
        document["paths"]["/v1/notes/{id}"] = {
            "get": {**get, "operationId": "readNote", "parameters": [one]}
        }
        policy["operations"]["readNote"] = {"call": []}

    words = "`readNote` has the same path as `getNote`, so a gateway never chooses it"
    assert words in said(tmp_path, NAMES, twice)
    assert "has the same path as" not in said(tmp_path, NAMES)

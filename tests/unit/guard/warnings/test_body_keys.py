"""Keys that a body holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import (
    DESK,
    HOUSES,
    PRINTS,
    said,
)


def test_an_object_that_a_body_names_by_its_key_is_nobodys(tmp_path: Path) -> None:
    def named(document: dict[str, Any], policy: dict[str, Any]) -> None:
        document["paths"]["/labels"]["put"] = {
            **document["paths"]["/labels/{lid}"]["put"],
            "operationId": "putLabels",
        }
        policy["operations"]["putLabels"] = {}
        policy["resources"]["Label"]["fields"] = {
            "id, by, text": [{"see": ["owner"], "set": ["owner"]}]
        }

    words = "the owner of the `Label` that a body of `putLabels` names by `id` is unknown"
    assert words in said(tmp_path, DESK, named)
    assert words not in said(tmp_path, DESK)

    def shown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        named(document, policy)
        label = document["paths"]["/labels/{lid}"]
        one = label["put"]["requestBody"]["content"]
        label["get"] = {"responses": {"200": {"description": "one", "content": one}}}
        policy["operations"]["GET /labels/{lid}"] = {}

    assert words not in said(tmp_path, DESK, shown)


def test_objects_of_a_map_that_nobody_can_look_up_by_their_name_are_told_of(
    tmp_path: Path,
) -> None:
    def unshown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/sheds/{id}"]
        del policy["resources"]["Shed"]["main"]

    def mapped(document: dict[str, Any], policy: dict[str, Any]) -> None:
        unshown(document, policy)
        del document["components"]["schemas"]["Yard"]["properties"]["row"]
        fields = policy["resources"]["Yard"]["fields"]
        fields["title, sheds, back.sheds, mixed"] = fields.pop(
            "title, sheds, back.sheds, mixed, row"
        )

    words = "the owner of the `Shed` that a body of `editYard` names "
    assert words + "by `id` or in a map is unknown" in said(tmp_path, HOUSES, unshown)
    assert words + "in a map is unknown" in said(tmp_path, HOUSES, mapped)
    assert words not in said(tmp_path, HOUSES)


def test_a_key_of_a_new_object_that_nobody_asks_about_is_told_of_once(tmp_path: Path) -> None:
    def unset(_: dict[str, Any], policy: dict[str, Any]) -> None:
        albums = policy["resources"]["Album"]["fields"]
        policy["resources"]["Album"]["fields"] = {"aid": [{"see": ["owner"]}], **albums}
        policy["resources"]["Album"]["fields"].pop("aid, title, photos, frame")

    def many(document: dict[str, Any], _: dict[str, Any]) -> None:
        content = document["paths"]["/albums"]["post"]["requestBody"]["content"]
        del content["application/json"]["schema"]["properties"]["one"]

    words = "callers of `addAlbums` may choose any `aid`, even one that exists"
    assert said(tmp_path, PRINTS).count(words) == 1
    assert words not in said(tmp_path, PRINTS, unset)
    assert words not in said(tmp_path, PRINTS, many)


SPELLINGS = quick_yaml.load((FOLDER / "contracts" / "spellings.yaml").read_text())


def test_a_free_name_of_which_an_api_may_ignore_the_case_is_told_of_once(tmp_path: Path) -> None:
    def unset(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["fields"]["id, text"] = [{"see": ["owner"]}]

    def number(document: dict[str, Any], _: dict[str, Any]) -> None:
        document["components"]["schemas"]["Note"]["properties"]["id"] = {"type": "integer"}

    words = "callers of `addNote` may set `Note.id` to a text that the GET of it answers with 404"
    assert said(tmp_path, SPELLINGS).count(words) == 1
    assert "another user's object (and at 1 more places)" in said(tmp_path, SPELLINGS)
    for change in (unset, number):
        assert "to a text that the GET" not in said(tmp_path, SPELLINGS, change)


def test_a_put_with_the_key_that_its_path_has_is_told_of(tmp_path: Path) -> None:
    def put(document: dict[str, Any], policy: dict[str, Any]) -> None:
        path = document["paths"]["/notes/{id}"]
        path["put"] = {**path["patch"], "operationId": "putNote"}
        policy["operations"]["putNote"] = {}
        policy["resources"]["Note"]["fields"] = {"text": [{"see": ["owner"], "set": ["owner"]}]}

    def unsent(document: dict[str, Any], policy: dict[str, Any]) -> None:
        put(document, policy)
        document["components"]["schemas"]["Note"]["properties"]["id"]["readOnly"] = True

    def removed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        put(document, policy)
        policy["guard"] = {"unknown": "remove"}

    def settable(document: dict[str, Any], policy: dict[str, Any]) -> None:
        put(document, policy)
        policy["resources"]["Note"]["fields"]["id"] = [{"see": ["owner"], "set": ["owner"]}]

    words = "a body of `putNote` that holds `id` is refused with 422"
    assert said(tmp_path, SPELLINGS, put).count(words) == 1
    for change in (unsent, removed, settable):
        assert words not in said(tmp_path, SPELLINGS, change)

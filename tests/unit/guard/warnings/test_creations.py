"""What a creation by the contract lacks behind a gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import LEDGER, said

PICKS = quick_yaml.load((FOLDER / "contracts" / "picks.yaml").read_text())
DECOYS = quick_yaml.load((FOLDER / "contracts" / "decoys.yaml").read_text())


def test_a_put_below_a_list_creates_nothing(tmp_path: Path) -> None:
    def likes(document: dict[str, Any], policy: dict[str, Any]) -> None:
        like = {
            "type": "object",
            "properties": {"note": {"type": "string"}, "by": {"type": "string"}},
        }
        listed = {
            "application/json": {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Like"}}
            }
        }
        document["components"]["schemas"]["Like"] = like
        document["paths"]["/me/likes"] = {
            "get": {
                "operationId": "listLikes",
                "responses": {"200": {"description": "x", "content": listed}},
            }
        }
        document["paths"]["/me/likes/{nid}"] = {
            "parameters": [
                {"name": "nid", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "put": {"operationId": "addLike", "responses": {"204": {"description": "x"}}},
        }
        policy["resources"]["Like"] = {
            "key": "note",
            "owner": "by",
            "fields": {"note, by": [{"see": ["owner"]}]},
        }
        policy["operations"]["addLike"] = {"call": ["member"]}

    def named(document: dict[str, Any], policy: dict[str, Any]) -> None:
        likes(document, policy)
        policy["operations"]["addLike"]["params"] = {"nid": "Note.id"}

    words = "`addLike` creates nothing: the gateway looks for the object in the list of `listLikes`"
    assert words in said(tmp_path, LEDGER, likes)
    assert "`addLike: {params: {nid: RESOURCE.KEY}}`" in said(tmp_path, LEDGER, likes)
    assert words not in said(tmp_path, LEDGER, named)


def test_a_field_that_hangs_on_a_state_can_be_set_of_no_new_object(tmp_path: Path) -> None:
    def makes(document: dict[str, Any], policy: dict[str, Any]) -> None:
        body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}}
        document["paths"]["/notes"] = {
            "post": {
                "operationId": "addNote",
                "requestBody": body,
                "responses": {"204": {"description": "x"}},
            }
        }
        note = policy["resources"]["Note"]
        note["states"] = {"lk": {"field": "pin", "levels": ["no", "yes"], "missing": "yes"}}
        note["fields"]["plan"] = [{"set": ["owner"], "when": {"lk": "no"}, "see": ["mate"]}]
        policy["operations"]["addNote"] = {"call": ["member"]}

    def open_when_missing(document: dict[str, Any], policy: dict[str, Any]) -> None:
        makes(document, policy)
        policy["resources"]["Note"]["states"]["lk"]["missing"] = "no"

    words = "`plan` of a new `Note` cannot be set by `addNote`"
    assert words in said(tmp_path, LEDGER, makes)
    assert words not in said(tmp_path, LEDGER, open_when_missing)


def test_an_object_that_a_body_puts_where_nothing_may_be_shown_is_named(tmp_path: Path) -> None:
    def shown(document: dict[str, Any], _: dict[str, Any]) -> None:
        document["components"]["schemas"]["Doc"]["required"] = ["sub"]

    def keyless(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Sub"]["fields"]["id"] = [{"see": ["member"]}]

    words = (
        "a body of `patchDoc` with a `Sub` named by its `id` in `sub` is refused where `getDoc`"
        " shows no `sub` at all"
    )
    assert words in said(tmp_path, DECOYS)
    assert words not in said(tmp_path, DECOYS, shown)
    assert words not in said(tmp_path, DECOYS, keyless)


def test_a_field_that_only_those_may_set_whom_the_object_names_can_be_set_of_no_new_one(
    tmp_path: Path,
) -> None:
    def owners(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["fields"]["body"][0]["set"] = ["editor", "owner"]

    words = "`body` of a new `Note` cannot be set by `makeNote`: a new object has no"
    assert words in said(tmp_path, PICKS)
    assert words not in said(tmp_path, PICKS, owners)

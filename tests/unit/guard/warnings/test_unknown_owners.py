"""Objects of which the gateway does not know the owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import (
    DESK,
    JSON,
    LEDGER,
    PRINTS,
    REMARK,
    Change,
    said,
    small,
)


def test_a_write_below_anothers_object_without_a_call_is_its_owners_alone(tmp_path: Path) -> None:
    def like(document: dict[str, Any], policy: dict[str, Any]) -> None:
        done = {"204": {"description": "done"}}
        liked = {"post": {"operationId": "like", "responses": done}}
        document["paths"]["/notes/{nid}/like"] = liked
        policy["operations"]["like"] = {"params": {"nid": "Note.id"}}

    def may(document: dict[str, Any], policy: dict[str, Any]) -> None:
        like(document, policy)
        policy["operations"]["like"]["call"] = ["member"]

    words = "no `call:` says who may call `like`, so only the owner of the object may"
    assert words in said(tmp_path, DESK, like)
    assert "`like: {call: […]}`" in said(tmp_path, DESK, like)
    assert words not in said(tmp_path, DESK, may)


def test_a_write_whose_object_nothing_shows_is_nobodys(tmp_path: Path) -> None:
    def hidden(document: dict[str, Any], _: dict[str, Any]) -> None:
        del document["paths"]["/labels"]

    words = (
        "the owner of the object that `deleteLabel` writes is unknown, and no `call:` says who may"
    )
    assert words in said(tmp_path, DESK, hidden)
    assert words not in said(tmp_path, DESK)


def test_a_write_of_a_list_in_its_path_needs_a_call(tmp_path: Path) -> None:
    def listed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        ids = {"type": "array", "items": {"type": "string"}}
        at = [{"name": "ids", "in": "path", "required": True, "schema": ids}]
        done = {"204": {"description": "done"}}
        act = {"operationId": "clear", "parameters": at, "responses": done}
        document["paths"]["/sets/{ids}"] = {"delete": act}
        policy["operations"]["clear"] = {"params": {"ids": "Note.id"}}

    told = said(tmp_path, DESK, listed)
    assert "object that `clear` writes is unknown, and no `call:` says who may call it" in told
    assert "each object that `ids` names is then looked up" in told


def test_what_is_made_below_an_object_that_nothing_names_is_refused(tmp_path: Path) -> None:
    def untold(_: dict[str, Any], policy: dict[str, Any]) -> None:
        del policy["resources"]["Note"]["main"]
        policy["operations"]["remark"] = {"call": ["member"]}
        policy["operations"]["deleteNote"] = {"call": ["member"]}

    def anybodys(document: dict[str, Any], policy: dict[str, Any]) -> None:
        untold(document, policy)
        policy["resources"]["Remark"]["fields"]["text"] = [{"see": ["member"], "set": ["member"]}]

    words = (
        "the owner of the object that `remark` writes is unknown, so fields that only its"
        " owner may set are refused"
    )
    assert words in said(tmp_path, DESK, untold)
    assert "`remark: {params: {nid: RESOURCE.KEY}}`" in said(tmp_path, DESK, untold)
    assert words not in said(tmp_path, DESK, anybodys)
    assert words not in said(tmp_path, DESK)


def test_fields_that_nobody_can_set_are_named_beside_those_that_others_may(tmp_path: Path) -> None:
    def untold(call: list[str], text: list[str]) -> Change:
        def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
            del document["paths"]["/labels"]
            document["components"]["schemas"]["Label"]["properties"]["mark"] = {"type": "string"}
            policy["resources"]["Label"]["fields"]["text"] = [{"see": ["owner"], "set": text}]
            policy["resources"]["Label"]["fields"]["mark"] = [{"set": ["member"]}]
            policy["operations"]["updateLabel"] |= {"call": call} if call else {}

        return change

    words = "`updateLabel` writes is unknown, so fields that only its owner may set are refused: "
    for call in ([], ["member"]):
        told = said(tmp_path, DESK, untold(call, ["owner"]))
        assert f"{words}`Label.text`; " in told
        assert "not even its owner may set anything" not in told
        assert "`updateLabel` writes is unknown" not in said(
            tmp_path, DESK, untold(call, ["owner", "member"])
        )


def test_what_is_its_parents_and_shown_without_it_is_told_of(tmp_path: Path) -> None:
    def own(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Photo"]["owner"] = "caption"

    words = "`getPhoto` shows a `Photo` without its parent object"
    assert words in said(tmp_path, PRINTS)
    assert words not in said(tmp_path, PRINTS, own)


def test_what_is_in_a_parent_whose_owner_is_unknown_is_told_of(tmp_path: Path) -> None:
    schemas = {
        "Task": {
            "type": "object",
            "properties": {"by": {"type": "string"}, "remarks": {"type": "array", "items": REMARK}},
        },
        "Remark": {"type": "object", "properties": {"text": {"type": "string"}}},
    }

    def chained(owner: Any) -> Change:
        def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
            document["components"]["schemas"] |= schemas
            shown = {"schema": {"$ref": "#/components/schemas/Task"}}
            document["paths"]["/tasks/{id}"] = {
                "get": {
                    "operationId": "getTask",
                    "responses": {"200": {"description": "d", "content": {JSON: shown}}},
                }
            }
            line = [{"see": ["owner"]}]
            policy["resources"]["Task"] = {"owner": owner, "fields": {"by, remarks": line}}
            parts = {"owner": {"parent": True}, "fields": {"text": line}}
            policy["resources"]["Remark"] = parts
            policy["operations"]["getTask"] = {"call": ["member"]}

        return change

    words = "`getTask` shows a `Remark` without an owner of the `Task` around it"
    for unknown in ({"parent": True}, "none"):
        assert words in said(tmp_path, LEDGER, chained(unknown))
    assert words not in said(tmp_path, LEDGER, chained("by"))


def test_a_write_of_what_no_parent_shows_is_told_of(tmp_path: Path) -> None:
    def unshown(document: dict[str, Any], _: dict[str, Any]) -> None:
        photos = document["components"]["schemas"]["Album"]["properties"]["photos"]
        photos["items"] = {"type": "string"}

    for words in (
        "the owner of the `Photo` that `patchPhoto` writes is unknown, so not even its owner may"
        " write it;"
        " write `owner:",
        "the owner of the `Photo` that a body of `patchPhotos` names by `id` is unknown",
    ):
        assert words in said(tmp_path, PRINTS, unshown)
        assert words not in said(tmp_path, PRINTS)
    assert "name the GET that shows a `Photo`" not in said(tmp_path, PRINTS, unshown)


def test_the_line_that_says_whose_object_is_written_names_what_the_path_holds(
    tmp_path: Path,
) -> None:
    def bare(document: dict[str, Any], policy: dict[str, Any]) -> None:
        document["paths"]["/pages/{page}/share"] = document["paths"].pop("/albums/{aid}/share")
        policy["operations"]["share"] = {"call": ["owner"]}

    words = (
        "the owner of the object that `share` writes is unknown, so every call is refused;"
        " declare what the path contains,"
    )
    assert f"{words} `share: {{params: {{page: RESOURCE.KEY}}}}`" in said(tmp_path, PRINTS, bare)
    assert words not in said(tmp_path, PRINTS)


def test_what_is_of_an_object_that_is_of_another_is_told_the_line_that_opens_it(
    tmp_path: Path,
) -> None:
    """A list in the object around it would open nothing: that one's owner is not told there."""
    base = quick_yaml.load((FOLDER / "contracts" / "levels.yaml").read_text())
    names = {"`patchComment`", "`deleteComment`"}
    line = "write `owner: FIELD` at `Comment` where it names its owner itself"

    def owned(document: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Comment"]["owner"] = "by"

    shut = [each for each in said(tmp_path, base).splitlines() if _unknown(each)]
    assert len(shut) > 1 and {name for name in names if name in "\n".join(shut)} == names
    assert all(line in each and "in a list" not in each for each in shut)
    assert not [each for each in said(tmp_path, base, owned).splitlines() if _unknown(each)]


def _unknown(line: str) -> bool:
    return "Comment` writes" in line


def test_an_answer_to_a_write_that_shows_an_object_without_its_parent_is_named(
    tmp_path: Path,
) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        schemas = document["components"]["schemas"]
        schemas["Line"] = {"type": "object", "properties": {"id": {"type": "string"}}}
        schemas["Note"]["properties"]["lines"] = {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Line"},
        }
        line = {"application/json": {"schema": {"$ref": "#/components/schemas/Line"}}}
        document["paths"]["/notes/{nid}/lines"] = {
            "parameters": [
                {"name": "nid", "in": "path", "required": True, "schema": {"type": "string"}}
            ],
            "post": {
                "operationId": "addLine",
                "requestBody": {"content": line},
                "responses": {"201": {"description": "x", "content": line}},
            },
        }
        policy["resources"]["Note"]["fields"]["lines"] = [{"see": ["owner"], "set": ["owner"]}]
        policy["resources"]["Line"] = {
            "key": "id",
            "owner": {"parent": True},
            "fields": {"id": [{"see": ["owner"], "set": ["owner"]}]},
        }

    assert "`addLine` shows a `Line` without its parent object" in said(tmp_path, LEDGER, change)


LINKS = """\
  /following/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    put: {operationId: follow, responses: {204: {description: done}}}
    delete: {operationId: leave, responses: {204: {description: done}}}
"""
NAMED = "  follow: {%sparams: {id: Person.id}}\n  leave: {%sparams: {id: Person.id}}"


def test_a_link_to_anothers_account_needs_a_line_that_says_who_may_make_it(tmp_path: Path) -> None:
    told = small(tmp_path, LINKS, NAMED % ("", ""))
    for each in ("follow", "leave"):
        assert f"no `call:` says who may call `{each}`, so only the owner of the object" in told
    told = small(tmp_path, LINKS, NAMED % (("call: [member], ",) * 2))
    assert "no `call:` says who may call" not in told
    edits = LINKS.replace("put: {operationId: follow, ", "put: {operationId: follow, %s") % (
        'requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}'
        "}}, "
    )
    told = small(tmp_path, edits, NAMED % ("", ""))
    assert "no `call:` says who may call" not in told


def test_an_owner_by_another_name_than_the_id_is_named(tmp_path: Path) -> None:
    page = "  /page/{who}: {get: {operationId: page, parameters: [{name: who, in: path,"
    page += " required: true, schema: {type: string}}], responses: {204: {description: x}}}}\n"
    rule = "  page: {call: [owner], owner: who, params: {who: Person.%s}}\n"
    words = "`owner: who` of `page` is compared with the caller's id, and `params` says"
    assert words not in small(tmp_path, page, rule % "id")
    assert words in small(tmp_path, page, rule % "nick")

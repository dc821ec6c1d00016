"""Objects that a write names outside of its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import PRINTS, Change, said

LOGS = quick_yaml.load((FOLDER / "contracts" / "logs.yaml").read_text())


def test_what_may_name_the_objects_of_a_write_is_told_of_until_it_is_said(tmp_path: Path) -> None:
    def unsaid(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["deleteNotes"] = {"call": ["owner"]}

    def paged(document: dict[str, Any], policy: dict[str, Any]) -> None:
        unsaid(document, policy)
        document["paths"]["/notes"]["delete"]["parameters"][0]["name"] = "limit"

    def open_to_members(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["deleteNotes"] = {"call": ["member"]}

    def listed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        keys = {"type": "array", "items": {"type": "integer"}}
        schema = {"type": "object", "properties": {"keys": keys, "name": {"type": "string"}}}
        unsaid(document, policy)
        document["paths"]["/notes"]["delete"].pop("parameters")
        body = {"content": {"application/json": {"schema": schema}}}
        document["paths"]["/notes"]["delete"]["requestBody"] = body

    def nested(document: dict[str, Any], policy: dict[str, Any]) -> None:
        listed(document, policy)
        content = document["paths"]["/notes"]["delete"]["requestBody"]["content"]
        schema = content["application/json"]["schema"]
        inner = {"type": "object", "properties": {"keys": schema["properties"].pop("keys")}}
        schema["properties"]["chosen"] = inner

    words = (
        "`deleteNotes` may take from `ids` which objects it writes, and the gateway does not"
        " check those"
    )
    assert words in said(tmp_path, PRINTS, unsaid)
    assert "`deleteNotes: {params: {ids: RESOURCE.KEY}}`" in said(tmp_path, PRINTS, unsaid)
    assert words.replace("`ids`", "`keys`") in said(tmp_path, PRINTS, listed)
    assert words.replace("`ids`", "`chosen.keys`") in said(tmp_path, PRINTS, nested)
    for each in (None, paged, open_to_members):
        assert "`deleteNotes` may take from" not in said(tmp_path, PRINTS, each)


def test_what_a_plain_key_asks_of_a_caller_is_told_of(tmp_path: Path) -> None:
    def unfound(document: dict[str, Any], policy: dict[str, Any]) -> None:
        del document["paths"]["/notes/{id}"]
        del policy["resources"]["Note"]["main"]

    def left_out(_: dict[str, Any], policy: dict[str, Any]) -> None:
        del policy["operations"]["deletePhotos"]["params"]["cover"]

    words = "`deletePhotos` also requires that the caller may write each `Photo` that `cover` names"
    assert words in said(tmp_path, PRINTS)
    assert words not in said(tmp_path, PRINTS, left_out)
    words = (
        "the owner of the `Note` that `note` names at `archive` is unknown, so requests that"
        " name one are refused"
    )
    assert words in said(tmp_path, PRINTS, unfound)
    assert words not in said(tmp_path, PRINTS)


def test_an_account_that_a_write_without_an_object_in_its_path_names_is_told_of(
    tmp_path: Path,
) -> None:
    def shared(path: str = "/share", **rule: Any) -> Change:
        def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
            text = {"type": "string"}
            schema = {"type": "object", "properties": {"note_id": text, "with_user": text}}
            body = {"content": {"application/json": {"schema": schema}}}
            done = {"204": {"description": "done"}}
            document["paths"][path] = {
                "post": {"operationId": "share", "requestBody": body, "responses": done}
            }
            if "{" in path:
                parameter = {"name": "id", "in": "path", "required": True, "schema": text}
                document["paths"][path]["parameters"] = [parameter]
            policy["operations"]["share"] = {"params": {"with_user": "User.id"}, **rule}

        return change

    words = "`share` is 404 if `with_user` names another user's `User`"
    assert words in said(tmp_path, LOGS, shared())
    assert words in said(tmp_path, LOGS, shared(call=["owner"]))
    assert words not in said(tmp_path, LOGS, shared(call=["member"]))
    assert words not in said(tmp_path, LOGS, shared("/notes/{id}/share"))
    assert words not in said(tmp_path, LOGS, shared(params={"with_user": "User.name"}))


def test_what_a_read_names_and_nobody_can_look_up_is_told(tmp_path: Path) -> None:
    """What stands beside objects is withheld there, and an empty list is 404."""

    def changed(**members: Any) -> Change:
        return lambda _, policy: policy["resources"]["Memo"].update(members)

    def shown(document: dict[str, Any], policy: dict[str, Any]) -> None:
        memo = {"schema": {"$ref": "#/components/schemas/Memo"}}
        one = {"200": {"description": "m", "content": {"application/json": memo}}}
        path = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
        document["paths"]["/memos/{id}"] = {
            "parameters": path, "get": {"operationId": "getMemo", "responses": one}
        }  # fmt: skip
        policy["operations"]["getMemo"] = {}

    def explained(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["memos"]["params"] = {"memo": "Memo.by"}

    words = (
        "no other GET shows the `Memo` that `memo` names at `memos` by its key in the path, so the"
        " gateway passes only objects with an owner there, without the data beside them"
        " (`/total`, `/lines/*`, `/rows/*/text`, …), and answers 404 if none is left, also for an"
        " empty list"
    )
    hint = "`memos: {params: {memo: Memo.FIELD}}`"
    assert words in said(tmp_path, LOGS)
    assert hint in said(tmp_path, LOGS)
    opened = {"id, by": [{"see": ["member"]}]}
    for change in (changed(conceal=False), changed(fields=opened), shown, explained):
        assert "no other GET shows the `Memo`" not in said(tmp_path, LOGS, change)
    assert "names at `log` by its key" not in said(tmp_path, LOGS)


def test_a_contract_without_an_owner_has_no_named_account(tmp_path: Path) -> None:
    def without_owner(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["relations"] = {"member": {"authenticated": True}}
        for resource in policy["resources"].values():
            resource["fields"] = {"*": [{"see": ["member"], "set": ["member"]}]}
        for rule in policy["operations"].values():
            rule.pop("call", None)

    assert "names another user's" not in said(tmp_path, PRINTS, without_owner)

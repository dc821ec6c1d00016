"""What a write resets or deletes that its body leaves out, as `guard check` names it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import Change, said

PICKS = quick_yaml.load((FOLDER / "contracts" / "picks.yaml").read_text())
LOST = "`putTasks` replaces what is there: the API may delete each `Task` that a list leaves out"


def wrapped(document: dict[str, Any], _: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for method, operation in path.items():
            if method == "put" and operation["operationId"] == "putTasks":
                content = operation["requestBody"]["content"]["application/json"]
                shape = {"type": "object", "properties": {"tasks": content["schema"]}}
                operation["requestBody"] = {"content": {"application/json": {"schema": shape}}}


def test_a_list_that_is_replaced_may_lose_what_is_anothers(tmp_path: Path) -> None:
    def parents(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Task"]["owner"] = {"parent": True}

    assert LOST in said(tmp_path, PICKS)
    assert LOST not in said(tmp_path, PICKS, parents)


def test_a_list_within_a_body_is_replaced_as_well(tmp_path: Path) -> None:
    assert LOST in said(tmp_path, PICKS, wrapped)


def writes(
    method: str = "put",
    *,
    said: dict[str, str] | None = None,
    note: dict[str, Any] | None = None,
    required: list[str] | None = None,
    media: str = "application/json",
    **fields: Any,
) -> Change:
    """A write of one note, with more members in the document, and more lines in the policy."""

    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        schema = document["components"]["schemas"]["Note"]
        schema["properties"] |= note or {}
        schema["required"] = required or []
        body = {"content": {media: {"schema": {"$ref": "#/components/schemas/Note"}}}}
        operation = {"requestBody": body, "responses": {"204": {"description": "d"}}}
        named = {"operationId": "saveNote", **(said or {})}
        document["paths"]["/notes/{id}"][method] = {**named, **operation}
        rules = policy["resources"]["Note"]["fields"]
        rules["body"] = [{"see": ["owner"], "set": ["owner", "editor"]}]
        rules.update(fields)
        policy["operations"] = {**policy.get("operations", {}), named["operationId"]: {}}

    return change


BANNED = {"banned": {"type": "boolean"}}
TASKS = {"tasks": {"type": "array", "items": {"$ref": "#/components/schemas/Task"}}}
OWN = [{"see": ["owner"], "set": ["owner"]}]
SHOWN = [{"see": ["owner", "editor"], "set": ["owner"]}]


def lines(folder: Path, change: Change) -> list[str]:
    found = said(folder, PICKS, change).splitlines()
    return [each for each in found if "`saveNote` replaces" in each]


def test_a_member_that_nobody_may_set_is_reset_by_whoever_replaces_the_object(
    tmp_path: Path,
) -> None:
    (found,) = lines(tmp_path, writes(note=BANNED, banned=[], title=OWN))
    # An editor may set `body` alone, and sees nothing of what the owner may set.
    assert "the API may reset `editor`, `banned`, `title` of `Note`, which callers who may" in found
    assert "leave out without seeing it" in found
    assert "`saveNote: {call: []}`" in found and "readOnly: true" in found


@pytest.mark.parametrize(
    "change",
    [
        writes("patch", note=BANNED, banned=[]),
        writes(note={"banned": {"type": "boolean", "readOnly": True}}, banned=[]),
        writes(note=BANNED, required=["banned"], banned=[]),
        writes(note=BANNED, banned=OWN),
    ],
    ids=["a patch", "read-only", "required", "settable"],
)
def test_nothing_is_said_where_nothing_is_reset(change: Change, tmp_path: Path) -> None:
    def owners(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        rules = policy["resources"]["Note"]["fields"]
        rules["id, by, editor"] = [{"see": ["owner"]}]
        rules["body"] = rules["title"] = SHOWN
        document["components"]["schemas"]["Note"]["properties"]["editor"]["readOnly"] = True

    assert lines(tmp_path, owners) == []


def test_a_member_that_its_caller_sees_is_reset_too(tmp_path: Path) -> None:
    def seen(document: dict[str, Any], policy: dict[str, Any]) -> None:
        writes(note=BANNED, banned=[{"see": ["owner"]}], title=OWN)(document, policy)
        policy["resources"]["Note"]["fields"]["body"] = SHOWN

    (found,) = lines(tmp_path, seen)
    assert (
        "reset `editor`, `banned` of `Note`, which callers who may not set it leave out;" in found
    )


@pytest.mark.parametrize(
    "words",
    [{"summary": "Replaces a note"}, {"description": "Overwrite it."}, {"operationId": "replace"}],
)
def test_a_document_may_say_that_a_patch_replaces(words: dict[str, str], tmp_path: Path) -> None:
    found = said(tmp_path, PICKS, writes("patch", said=words, note=BANNED, banned=[]))
    assert f"`{words.get('operationId', 'saveNote')}` replaces what is there" in found


def test_a_list_in_an_object_loses_what_its_caller_is_not_shown(tmp_path: Path) -> None:
    lost = "the API may delete each `Task` that `tasks` leaves out, also a hidden one or another"
    for method, how in (("put", "what is there"), ("patch", "lists as a whole")):
        (found,) = lines(tmp_path, writes(method, note=TASKS, tasks=OWN))
        assert f"replaces {how}: {lost}" in found
    merged = writes("patch", note=TASKS, tasks=OWN, media="application/merge-patch+json")
    assert lost in lines(tmp_path, merged)[0]


def test_a_list_that_nobody_may_set_loses_nothing(tmp_path: Path) -> None:
    assert lines(tmp_path, writes("patch", note=TASKS, tasks=[{"see": ["owner"]}])) == []


def test_a_map_of_a_merge_patch_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    tasks = {"tasks": {"type": "object", "additionalProperties": TASKS["tasks"]["items"]}}
    assert lines(tmp_path, writes("patch", note=tasks, tasks=OWN)) == []
    assert "that `tasks` leaves out" in lines(tmp_path, writes(note=tasks, tasks=OWN))[0]


def test_a_list_of_what_is_nobodys_loses_what_some_are_not_shown(tmp_path: Path) -> None:
    def nobodys(see: list[str]) -> Change:
        def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
            policy["relations"]["boss"] = {"claim": "roles", "has": "boss"}
            policy["caller"] = {"jwt": "sub"}
            task = {"see": see, "set": ["member"]} if see else {"set": ["member"]}
            policy["resources"]["Task"].update(owner="none", fields={"id, by, title": [task]})

        return change

    assert LOST in said(tmp_path, PICKS, nobodys(["boss"]))
    assert LOST not in said(tmp_path, PICKS, nobodys(["boss", "member"]))

"""Names in writes of which nobody says what they hold, as `guard check` says it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.guard.warnings.contracts import said

REMARKS = quick_yaml.load((FOLDER / "contracts" / "remarks.yaml").read_text(encoding="utf-8"))
TEXT = {"type": "string"}
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def row(**members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members}


def adding(method: str, path: str, rule: dict[str, Any], body: Any = None, **more: Any) -> Change:
    """One more operation `act`; `body`: the schema of its body."""

    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        operation: dict[str, Any] = {
            "operationId": "act", "responses": {"204": {"description": "done"}}, **more,
        }  # fmt: skip
        if body is not None:
            operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
        for other, id in (("/remarks", "remark"), ("/ask", "ask"), ("/tags", "tag")):
            document["paths"].pop(other, None)
            policy["operations"].pop(id, None)
        document["paths"].setdefault(path, {})[method] = operation
        policy["operations"]["act"] = {**rule}

    return change


ASKED = {"name": "id", "in": "query", "schema": TEXT}
ROWS = {"type": "array", "items": row(id=TEXT, t=TEXT)}
PATCH = {"type": "array", "items": row(op=TEXT, path=TEXT, value=TEXT)}
OWNER, MEMBER = {"call": ["owner"]}, {"call": ["member"]}
WHOSE = "which object it writes, and the gateway does not check that"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (adding("post", "/drops", OWNER, row(id=TEXT)), "id"),
        (adding("post", "/drops", OWNER, row(what=TEXT, id=TEXT)), "id"),
        (adding("post", "/drops", OWNER, row(what=TEXT)), "what"),
        (adding("post", "/drops", OWNER, parameters=[ASKED]), "id"),
        (
            adding("post", "/drops", OWNER, row(data={"type": "array", "items": row(id=TEXT)})),
            "data.*.id",
        ),
        (adding("patch", "/drops", OWNER, ROWS), "*.id"),
        (adding("put", "/drops", {}, ROWS), "*.id"),
        (adding("put", "/drops", OWNER, row(target=TEXT)), "target"),
        (adding("delete", "/drops", OWNER, row(from_id=TEXT)), "from_id"),
        (adding("patch", "/drops", OWNER, PATCH), "*.path"),
    ],
)  # fmt: skip
def test_a_write_of_an_object_that_nothing_checked_names(
    tmp_path: Path, change: Change, name: str
) -> None:
    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        policy["operations"]["act"] = {**policy["operations"]["act"], "params": {name: "Note.id"}}

    told = said(tmp_path, REMARKS, change)
    assert f"`act` may take from `{name}`" in told and WHOSE in told
    line = f'"{name}"' if name.startswith("*") else name
    assert f"write `act: {{params: {{{line}: Note.id}}}}` if it names an object" in told
    assert WHOSE not in said(tmp_path, REMARKS, stated)


def test_an_owner_of_nothing_is_everybody(tmp_path: Path) -> None:
    words = "nothing in a request says whose object `act` writes, so `owner` at `call:` lets in"
    kind = {"type": "string", "enum": ["a", "b"]}
    assert words in said(tmp_path, REMARKS, adding("post", "/drops", OWNER, row(kind=kind)))
    for rule in (MEMBER, {}):
        assert words not in said(tmp_path, REMARKS, adding("post", "/drops", rule, row(kind=kind)))
    note = {"$ref": "#/components/schemas/Note"}
    assert words not in said(tmp_path, REMARKS, adding("post", "/drops", OWNER, note))


def test_an_owner_beside_staff_is_everybody_and_a_member_whom_nobody_takes_away_is_meant(
    tmp_path: Path,
) -> None:
    def related(call: list[str]) -> Change:
        def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
            adding("post", "/drops", {"call": call}, row(kind=TEXT))(document, policy)
            more = {"staff": {"requires": ["member"]}, "guest": {"unless": ["owner"]}}
            for name in more.keys() & set(call):
                policy["relations"][name] = {"authenticated": True, **more[name]}

        return change

    words = "writes, and the gateway does not check that: "
    assert words + "`owner` and `staff`" in said(tmp_path, REMARKS, related(["owner", "staff"]))
    for others in (["guest"], ["guest", "staff"], ["owner", "member"]):
        assert words not in said(tmp_path, REMARKS, related(others))


FAILED = "the reason of a failure tells callers who may not see it whether it exists"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (row(target=TEXT), "target"),
        (row(note=TEXT), "note"),
        (row(footnoteId=TEXT), "footnoteId"),
        (row(data={"type": "array", "items": row(type=TEXT, id=TEXT)}), "data.*.id`, `data.*.type"),
        (row(_links=row(note=row(href=TEXT))), "_links.note.href"),
        (row(**{"Note@odata.bind": TEXT}), "Note@odata.bind"),
        (row(url=TEXT), "url"),
        (row(marks={"type": "object", "additionalProperties": row(t={"type": "number"})}), "marks"),
    ],
)
def test_a_name_that_nobody_states_is_asked_about(tmp_path: Path, body: Any, name: str) -> None:
    for method, path in (("post", "/drops"), ("put", "/notes/{id}/link")):
        told = said(tmp_path, REMARKS, adding(method, path, MEMBER, body))
        assert (
            f"neither contract nor document says what `{name}` of `act` names" in told
            and FAILED in told
        )

        def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
            adding(method, path, MEMBER, body)(document, policy)  # noqa: B023
            names = name.split("`, `")
            policy["operations"]["act"]["params"] = dict.fromkeys(names, "Note.title")

        assert "of `act` names; if" not in said(tmp_path, REMARKS, stated)


@pytest.mark.parametrize(
    "body",
    [
        row(kind={"type": "string", "enum": ["a", "b"]}, on={"type": "boolean"}),
        row(at={"type": "string", "format": "date-time"}, share={"type": "number"}),
        {"$ref": "#/components/schemas/Note"},
        row(noteId=TEXT),
        row(otherNote_id=TEXT),
        row(sourceNoteId=TEXT, targetNoteId=TEXT),
    ],
)
def test_what_names_nothing_is_not_asked_about(tmp_path: Path, body: Any) -> None:
    assert "of `act` names; if" not in said(
        tmp_path, REMARKS, adding("post", "/drops", MEMBER, body)
    )


def test_before_a_login_nothing_is_asked_about(tmp_path: Path) -> None:
    body = row(name=TEXT, secret=TEXT)
    told = said(tmp_path, REMARKS, adding("post", "/login", {}, body, security=[]))
    assert "of `act` names; if" not in told


def test_a_path_that_nobody_explains_is_named(tmp_path: Path) -> None:
    def stated(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["drop"]["params"] = {"what": "Note.id"}
        policy["operations"]["unlabel"]["params"] = {"label": "Note.title"}

    told = said(tmp_path, REMARKS)
    for name, at in (("label", "unlabel"), ("what", "drop")):
        assert (
            f"says what `{name}` in the path of `{at}` names, so the guard turns every error"
            in told
        )
        assert f"write `{at}: {{params: {{{name}: Note.id}}}}` if it names an object" in told
    assert "path of `label` names" not in told
    assert "so the guard turns every error" not in said(tmp_path, REMARKS, stated)


def test_keys_in_what_sets_names_are_checked(tmp_path: Path) -> None:
    rows = {"type": "object", "additionalProperties": row(id=TEXT, title=TEXT)}
    words = "`act` may take from `m.*.id`"
    loose = adding("patch", "/drops", OWNER, row(m=rows))
    held = adding("patch", "/drops", {**OWNER, "sets": {"Note": "/m/*"}}, row(m=rows))
    assert words in said(tmp_path, REMARKS, loose)
    assert words not in said(tmp_path, REMARKS, held)


@pytest.mark.parametrize(
    ("other", "what"),
    [(row(href=TEXT), "an object of no resource"), (TEXT, "a text or a number")],
)
def test_what_may_stand_in_place_of_an_object_is_named(
    tmp_path: Path, other: dict[str, Any], what: str
) -> None:
    note: dict[str, Any] = {"$ref": "#/components/schemas/Note"}
    one = {"type": "array", "items": note} if other is TEXT else note

    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        shown = row(note={"anyOf": [other, one]}, label=TEXT)
        content = {"application/json": {"schema": shown}}
        document["paths"]["/pins"] = {
            "get": {
                "operationId": "pins",
                "responses": {"200": {"description": "d", "content": content}},
            }
        }
        policy["operations"]["pins"] = {"call": ["member"]}

    told = said(tmp_path, REMARKS, change)
    assert f"{what} may be at `/note` of the response of `pins` in place of a `Note`" in told


NOTE = {"$ref": "#/components/schemas/Note"}
NOTES = {"type": "array", "items": {"anyOf": [NOTE, {"type": "null"}]}}
FOUND = "callers who may not see one can tell that it exists"


def finding(shape: Any, name: str, *, body: bool = False) -> Change:
    """A read `act` that finds notes by a name in its query or its body."""
    answers = {"200": {"description": "d", "content": {"application/json": {"schema": shape}}}}
    ids = {"type": "array", "items": TEXT}
    if body:
        rule = {**MEMBER, "reads": True}
        return adding("post", "/found", rule, row(**{name: ids}), responses=answers)
    query = [{"name": name, "in": "query", "schema": ids}]
    return adding("get", "/found", MEMBER, responses=answers, parameters=query)


@pytest.mark.parametrize("body", [False, True])
@pytest.mark.parametrize("name", ["ids", "id", "uuids"])
@pytest.mark.parametrize("shape", [NOTES, row(notes=NOTES, missing={"type": "array"})])
def test_a_read_by_keys_that_nobody_states_is_asked_about(
    tmp_path: Path, shape: Any, name: str, body: bool
) -> None:
    change = finding(shape, name, body=body)

    def stated(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        policy["operations"]["act"]["params"] = {name: "Note.id"}

    told = said(tmp_path, REMARKS, change)
    assert f"`act` may find by `{name}` which `Note` it shows" in told and FOUND in told
    assert f"`act: {{params: {{{name}: Note.id}}}}`" in told
    assert FOUND not in said(tmp_path, REMARKS, stated)


@pytest.mark.parametrize(("shape", "name"), [(NOTES, "address"), (row(n=TEXT), "ids")])
def test_a_read_by_no_key_or_of_no_note_is_not_asked_about(
    tmp_path: Path, shape: Any, name: str
) -> None:
    assert FOUND not in said(tmp_path, REMARKS, finding(shape, name))

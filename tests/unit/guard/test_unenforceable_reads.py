"""What is told beforehand of what a gateway will not let pass."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.guard.contract_files import read_contract
from tests import quick_yaml
from tests.conformance.exchanges import FOLDER
from tests.unit.cli.shell import oakum

DESK = quick_yaml.load((FOLDER / "contracts" / "desk.yaml").read_text())
CLUB = quick_yaml.load((FOLDER / "contracts" / "club.yaml").read_text())
LEDGER = quick_yaml.load((FOLDER / "contracts" / "ledger.yaml").read_text())
PRINTS = quick_yaml.load((FOLDER / "contracts" / "prints.yaml").read_text())
HOUSES = quick_yaml.load((FOLDER / "contracts" / "houses.yaml").read_text())
REMARK, JSON = {"$ref": "#/components/schemas/Remark"}, "application/json"
Change = Callable[[dict[str, Any], dict[str, Any]], None]


def said(folder: Path, base: dict[str, Any], change: Change | None = None) -> str:
    """Warnings of a contract, each with its place, after a change of its document and policy."""
    document, policy = copy.deepcopy(base["document"]), copy.deepcopy(base["policy"])
    if change is not None:
        change(document, policy)
    (folder / "openapi.yaml").write_text(json.dumps(document))
    written = json.dumps({**policy, "api": "openapi.yaml"}, indent=2)
    (folder / "exposure.yaml").write_text(written)
    found = read_contract(folder / "exposure.yaml").warned(feeds=True)
    assert all(each.location.line > 0 and each.hint for each in found)
    return "\n".join(str(each) for each in found)


def answers(document: dict[str, Any], path: str, method: str, media: str) -> None:
    content = {media: {"schema": {"type": "string"}}}
    document["paths"][path][method]["responses"] = {"200": {"description": "x", "content": content}}


def test_a_list_of_the_callers_own_cannot_say_who_is_on_the_owners(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        document["paths"]["/blocked"] = {
            "get": {**document["paths"]["/members/{id}/blocked"]["get"]}
        }
        document["paths"]["/blocked"]["get"]["operationId"] = "mine"
        policy["relations"]["blocked"]["in"] = "mine"
        policy["operations"]["mine"] = {"call": ["member"]}

    def fixed(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        policy["relations"]["blocked"]["of"] = "caller"

    words = (
        "`mine` lists the caller's own relations, not those of an object's owner: nobody"
        " has `blocked`"
    )
    assert words in said(tmp_path, CLUB, change)
    assert ", and therefore nobody has `follower` either" in said(tmp_path, CLUB, change)
    assert words not in said(tmp_path, CLUB, fixed)


def test_a_list_that_only_its_owner_may_read_needs_a_credential_that_may(tmp_path: Path) -> None:
    def served(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["guard"] = {"service": {"header": "x-service", "env": "KEY"}}

    words = "only its owner may call `listBlocked`"
    assert words in said(tmp_path, CLUB)
    assert words not in said(tmp_path, CLUB, served)


def test_members_that_nobody_explains_beside_a_list_of_whom_a_relation_is_taken_are_named(
    tmp_path: Path,
) -> None:
    def beside(document: dict[str, Any], policy: dict[str, Any]) -> None:
        ids = document["components"]["responses"]["Ids"]["content"][JSON]["schema"]["properties"]
        names = ("siguiente", "bookmark", "name", "owner_id", "has_more", "createdAt")
        ids |= {name: {"type": "string"} for name in names}
        ids["meta"] = {"type": "object", "properties": {"hint": {"type": "string"}}}

    words = "`listBlocked` declares `siguiente`, `hint` beside the list of who is `blocked`"
    found = said(tmp_path, CLUB, beside)
    assert words in found
    assert "`listFollowers` declares" not in found
    assert "beside the list of who" not in said(tmp_path, CLUB)


def test_members_that_close_a_list_whatever_says_that_it_ends_are_named(tmp_path: Path) -> None:
    def beside(document: dict[str, Any], policy: dict[str, Any]) -> None:
        ids = document["components"]["responses"]["Ids"]["content"][JSON]["schema"]["properties"]
        texts = ("status", "title", "after_cursor", "startCursor", "next")
        ids |= {name: {"type": ["string", "null"]} for name in texts}
        ids |= {"state": {"type": "integer"}, "has_more": {"type": "boolean"}}

    def unended(document: dict[str, Any], policy: dict[str, Any]) -> None:
        beside(document, policy)
        ids = document["components"]["responses"]["Ids"]["content"][JSON]["schema"]["properties"]
        del ids["has_more"]

    words = "`listBlocked` declares `status`, `title` beside the list of who is `blocked`: a text"
    cursors = "`listBlocked` declares `after_cursor`, `next` beside the list of who is `blocked`:"
    found = said(tmp_path, CLUB, beside)
    assert words in found
    assert cursors in found
    assert "which may say that it goes on" not in found
    assert cursors not in said(tmp_path, CLUB, unended)


def test_a_claim_that_who_am_i_does_not_declare_is_nobodys(tmp_path: Path) -> None:
    def declared(document: dict[str, Any], _: dict[str, Any]) -> None:
        document["components"]["schemas"]["Account"]["properties"]["role"] = {"type": "string"}

    words = "`renew` declares no `role` beside the caller's id, so nobody is `staff`"
    assert words in said(tmp_path, DESK)
    assert words not in said(tmp_path, DESK, declared)


def test_a_who_am_i_that_is_not_said_to_read_makes_everybody_nobody(tmp_path: Path) -> None:
    def unsaid(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["renew"] = {"call": ["member"]}

    words = "`renew` cannot be used to identify the caller, so every caller is anonymous"
    assert words in said(tmp_path, DESK, unsaid)
    assert words not in said(tmp_path, DESK)


def test_a_setting_that_only_its_owner_is_told_is_unknown_to_others(tmp_path: Path) -> None:
    def shown(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Settings"]["fields"] = {"id, private": [{"see": ["member"]}]}

    words = "`getSettings` shows `Settings.private` only to its owner"
    assert words in said(tmp_path, CLUB)
    assert words not in said(tmp_path, CLUB, shown)


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
    assert "each object that `ids` names is asked about" in told


def test_a_body_of_which_nothing_may_be_set_is_refused(tmp_path: Path) -> None:
    def unset(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Label"]["fields"] = {"id, by, text": [{"see": ["owner"]}]}

    words = "no line says who may set the body fields of `updateLabel`, so every body is refused"
    assert words in said(tmp_path, DESK, unset)
    assert words not in said(tmp_path, DESK)


@pytest.mark.parametrize("media", ["text/xml", "application/octet-stream"])
def test_an_answer_that_cannot_be_read_is_told_of(tmp_path: Path, media: str) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        answers(document, "/labels", "get", media)
        policy["operations"]["listLabels"] = {"call": ["member"]}

    words = f"`listLabels` answers with `{media}`, which a gateway cannot read: it answers 502"
    assert words in said(tmp_path, DESK, change)
    assert words not in said(tmp_path, DESK)


def test_csv_without_columns_is_told_of_with_what_to_declare(tmp_path: Path) -> None:
    def change(document: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["listLabels"] = {"call": ["member"]}
        found = document["paths"]["/labels"]["get"]["responses"]["200"]
        found["content"] = {"text/csv": {"schema": {"type": "string"}}}

    def rows(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        one = {"type": "object", "properties": {"at": {"type": "string"}}}
        found = document["paths"]["/labels"]["get"]["responses"]["200"]["content"]
        found["text/csv"]["schema"] = {"type": "array", "items": one}

    words = "`listLabels` answers with `text/csv`, which a gateway cannot read: it answers 502"
    assert f"{words}; declare a list of objects" in said(tmp_path, DESK, change).replace(
        " - ", "; "
    )
    assert words not in said(tmp_path, DESK, rows)


def test_a_parameter_that_leaves_the_owner_out_is_told_of(tmp_path: Path) -> None:
    def sparse(document: dict[str, Any], _: dict[str, Any]) -> None:
        parameter = {"name": "fields", "in": "query", "schema": {"type": "string"}}
        document["paths"]["/labels"]["get"]["parameters"].append(parameter)

    def without(document: dict[str, Any], policy: dict[str, Any]) -> None:
        sparse(document, policy)
        policy["operations"]["listLabels"] = {"without": ["fields"]}

    words = "a caller who omits `by` with `fields` sees nothing that depends on it of a `Label`"
    assert words in said(tmp_path, DESK, sparse)
    assert "write `without: [fields]`" in said(tmp_path, DESK, sparse)
    assert words not in said(tmp_path, DESK, without)


def test_a_place_where_anything_may_stand_is_told_of(tmp_path: Path) -> None:
    def free(document: dict[str, Any], policy: dict[str, Any]) -> None:
        data = {"type": "object", "additionalProperties": True}
        content = {"schema": {"type": "object", "properties": {"data": data}}}
        answer = {"description": "x", "content": {"application/json": content}}
        config = {"get": {"operationId": "config", "responses": {"200": answer}}}
        document["paths"]["/config"] = config
        policy["operations"]["config"] = {"call": ["anyone"]}

    words = "at `/data` of the response of `config` the document allows anything"
    words += ", so the gateway removes objects and lists below it"
    assert words in said(tmp_path, DESK, free)
    assert "allows anything" not in said(tmp_path, DESK)


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        ({}, "in"),
        ({"type": "object"}, "in"),
        ({"type": "array"}, "in"),
        ({"type": "array", "items": {}}, "at `/*` of"),
        ({"type": "object", "properties": {"data": {"type": "object"}}}, "at `/data` of"),
        (
            {"type": "object", "properties": {"rows": {"type": "array", "items": {}}}},
            "at `/rows/*`",
        ),
        ({"type": "object", "properties": {"total": {"type": "integer"}}}, ""),
        ({"type": "array", "items": {"type": "string"}}, ""),
    ],
)
def test_an_answer_of_which_the_document_says_nothing_is_told_of(
    tmp_path: Path, schema: dict[str, Any], at: str
) -> None:
    """A framework that is told no type of an answer writes `{}`; no object passes there."""

    def free(document: dict[str, Any], policy: dict[str, Any]) -> None:
        answer = {"description": "x", "content": {"application/json": {"schema": schema}}}
        config = {"get": {"operationId": "config", "responses": {"200": answer}}}
        document["paths"]["/config"] = config
        policy["operations"]["config"] = {"call": ["anyone"]}

    told = said(tmp_path, DESK, free)
    assert ("the document allows anything" in told) == bool(at)
    assert at in told
    assert ("removes each member and element of what stands there" in told) == bool(at)


def test_a_login_without_its_mark_is_told_of(tmp_path: Path) -> None:
    def marked(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["operations"]["login"]["login"] = "/user/id"

    words = "callers of `login` are anonymous, so the gateway removes `Account.name`"
    assert words in said(tmp_path, DESK)
    assert "`login: {login: /…}`" in said(tmp_path, DESK)
    assert words not in said(tmp_path, DESK, marked)


def test_an_operation_that_no_line_names_is_told_of_though_its_answer_is_empty(
    tmp_path: Path,
) -> None:
    def unnamed(_: dict[str, Any], policy: dict[str, Any]) -> None:
        del policy["operations"]["deleteNote"]

    words = "no line mentions `deleteNote`, so a gateway answers 404 there"
    assert words in said(tmp_path, DESK, unnamed)
    assert words not in said(tmp_path, DESK)


def test_an_operation_that_only_a_look_up_names_is_told_of(tmp_path: Path) -> None:
    """The guard asks it, and callers are refused: no line opens it, and it shows no resource."""

    def plain(document: dict[str, Any], policy: dict[str, Any]) -> None:
        schema = {"type": "object", "properties": {"id": {"type": "string"}}}
        answer = {"description": "x", "content": {"application/json": {"schema": schema}}}
        document["paths"]["/own"] = {"get": {"operationId": "own", "responses": {"200": answer}}}
        policy["caller"] = {"operation": "own", "id": "/id"}

    def named(document: dict[str, Any], policy: dict[str, Any]) -> None:
        plain(document, policy)
        policy["operations"]["own"] = {}

    words = "no line mentions `own`, so a gateway answers 404 there"
    assert words in said(tmp_path, DESK, plain)
    assert words not in said(tmp_path, DESK, named)


@pytest.mark.parametrize("line", [None, ["owner"]])
def test_a_response_without_a_schema_is_told_of(tmp_path: Path, line: list[str] | None) -> None:
    """As a file in Swagger 2.0."""

    def file(document: dict[str, Any], policy: dict[str, Any]) -> None:
        answer = {"description": "x", "content": {"application/pdf": {}}}
        document["paths"]["/file"] = {"get": {"operationId": "file", "responses": {"200": answer}}}
        if line is not None:
            policy["operations"]["file"] = {"call": line}

    told = said(tmp_path, DESK, file)
    assert ("no line mentions `file`, so a gateway answers 404 there" in told) == (line is None)
    assert ("nobody can tell whose object `file` shows" in told) == (line is not None)


def test_guard_check_names_the_place_of_each(tmp_path: Path) -> None:
    said(tmp_path, DESK)
    contract = tmp_path / "exposure.yaml"
    done = oakum("guard", "check", contract)
    line = contract.read_text().splitlines().index('    "staff": {') + 1
    assert done.code == 0, done.err
    assert f"warning: {contract}:{line}:5: `renew` declares no `role`" in done.err


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


def test_a_form_around_a_resource_is_refused_and_one_that_is_it_is_not(tmp_path: Path) -> None:
    def form(document: dict[str, Any], _: dict[str, Any]) -> None:
        content = document["paths"]["/labels/{lid}"]["put"]["requestBody"]["content"]
        content["multipart/form-data"] = content["application/json"]

    def around(document: dict[str, Any], policy: dict[str, Any]) -> None:
        form(document, policy)
        content = document["paths"]["/labels/{lid}"]["put"]["requestBody"]["content"]
        wrapped = {"type": "object", "properties": {"label": content["application/json"]["schema"]}}
        content["multipart/form-data"] = {"schema": wrapped}

    words = "of `updateLabel` sets of a resource, and cannot in `multipart/form-data`: that is"
    assert words in said(tmp_path, DESK, around)
    assert words not in said(tmp_path, DESK, form)
    assert words not in said(tmp_path, DESK)


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


def test_who_may_write_below_what_they_are_not_shown_is_told_that_it_is_there(
    tmp_path: Path,
) -> None:
    def owners(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["resources"]["Note"]["fields"] = {"id, by.name, text": [{"see": ["owner"]}]}

    def open_(document: dict[str, Any], policy: dict[str, Any]) -> None:
        owners(document, policy)
        policy["resources"]["Note"]["conceal"] = False

    def narrow(document: dict[str, Any], policy: dict[str, Any]) -> None:
        owners(document, policy)
        policy["operations"]["remark"]["call"] = ["owner"]

    words = "`member` may call `remark` but may see nothing of the `Note` that its path names"
    assert words in said(tmp_path, DESK, owners)
    for change in (None, open_, narrow):
        assert words not in said(tmp_path, DESK, change)


def test_a_path_of_which_no_text_is_found_is_asked_ahead_by_nobody(tmp_path: Path) -> None:
    def pattern(text: str) -> Change:
        def change(document: dict[str, Any], _: dict[str, Any]) -> None:
            schema = {"type": "string", "pattern": text}
            one = {"name": "lid", "in": "path", "required": True, "schema": schema}
            document["paths"]["/labels/{lid}"]["parameters"] = [one]

        return change

    words = "no valid value is known for the parameters of `updateLabel`"
    assert words in said(tmp_path, DESK, pattern("^a/b$"))
    assert words not in said(tmp_path, DESK, pattern("^a@b$"))


def test_logins_without_their_mark_are_told_of_once_where_they_are_many(tmp_path: Path) -> None:
    def open_to_all(document: dict[str, Any], policy: dict[str, Any]) -> None:
        for n in range(4):
            path = copy.deepcopy(document["paths"]["/login"])
            path["post"]["operationId"] = f"login{n}"
            document["paths"][f"/login{n}"] = path
            policy["operations"][f"login{n}"] = {"call": ["anyone"]}

    found = said(tmp_path, DESK, open_to_all)
    assert found.count("are anonymous, so") == 1
    assert "(and at 4 more operations that the document opens to all)" in found


def test_a_write_without_a_declared_body_is_told_of(tmp_path: Path) -> None:
    def bare(document: dict[str, Any], _: dict[str, Any]) -> None:
        del document["paths"]["/labels/{lid}"]["put"]["requestBody"]

    words = (
        "the document declares no request body of `updateLabel`, so requests with a body are"
        " refused"
    )
    assert words in said(tmp_path, DESK, bare)
    assert words not in said(tmp_path, DESK)


def test_a_claim_that_is_declared_as_a_number_is_no_name(tmp_path: Path) -> None:
    def declared(kind: str) -> Change:
        def change(document: dict[str, Any], _: dict[str, Any]) -> None:
            account = document["components"]["schemas"]["Account"]
            account["properties"]["role"] = {"type": kind}

        return change

    words = '`renew` declares `role` as integer, never "staff", so nobody is `staff`'
    assert words in said(tmp_path, DESK, declared("integer"))
    assert words not in said(tmp_path, DESK, declared("string"))


def test_a_read_at_which_nobody_is_asked_is_nobodys(tmp_path: Path) -> None:
    stats = quick_yaml.load((FOLDER / "contracts" / "stats.yaml").read_text())

    def bare(document: dict[str, Any], _: dict[str, Any]) -> None:
        answers(document, "/users/{id}/met", "get", "application/json")

    assert "nobody can tell whose object `met` shows, so nobody passes" in said(
        tmp_path, stats, bare
    )
    found = said(tmp_path, stats)
    for each in ("stats", "met", "staffed", "report", "daily", "export"):
        assert f"none of the objects that `{each}` shows lets the caller pass" in found
    for each in ("owned", "keyed", "known", "counted", "listFriends"):
        assert f"`{each}` shows beside" not in found


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


def test_where_login_is_optional_whoever_calls_may_be_somebody(tmp_path: Path) -> None:
    def shown(security: list[dict[str, list[str]]]) -> Change:
        def change(document: dict[str, Any], _: dict[str, Any]) -> None:
            patch = document["paths"]["/albums/{aid}/photos/{id}"]["patch"]
            album = document["paths"]["/albums/{aid}"]["get"]["responses"]
            patch |= {"security": security, "responses": album}

        return change

    words = "callers of `patchPhoto` are anonymous, so the gateway removes `Album.aid`"
    assert words in said(tmp_path, PRINTS, shown([{}]))
    assert "are anonymous" not in said(tmp_path, PRINTS, shown([{}, {"session": []}]))


def test_a_body_of_which_nobody_who_registers_may_set_anything_is_told_of(tmp_path: Path) -> None:
    def register(document: dict[str, Any], policy: dict[str, Any]) -> None:
        note = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}}
        done = {"204": {"description": "done"}}
        post = {"operationId": "begin", "security": [{}], "requestBody": note, "responses": done}
        document["paths"]["/begin"] = {"post": post}
        policy["relations"]["anyone"] = {}
        policy["operations"]["begin"] = {"call": ["anyone"]}

    def anyone(document: dict[str, Any], policy: dict[str, Any]) -> None:
        register(document, policy)
        policy["resources"]["Note"]["fields"]["text"] = [{"set": ["anyone"]}]
        grants = policy["resources"]["Note"]["fields"].pop("id, by, text")
        policy["resources"]["Note"]["fields"]["id, by"] = grants

    words = "callers of `begin` are anonymous, and no line lets `anyone` set what its body"
    assert words in said(tmp_path, PRINTS, register)
    assert words not in said(tmp_path, PRINTS, anyone)


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


def test_a_body_in_which_nobody_reads_the_keys_is_told_of(tmp_path: Path) -> None:
    def text(document: dict[str, Any], _: dict[str, Any]) -> None:
        content = document["paths"]["/notes/archive"]["post"]["requestBody"]["content"]
        content["text/plain"] = {"schema": {"type": "string"}}

    words = (
        "a body of `archive` names by keys, and cannot in `text/plain`: that is refused with 415"
    )
    assert words in said(tmp_path, PRINTS, text)
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


def test_a_write_that_may_end_what_a_claim_tells_is_named(tmp_path: Path) -> None:
    def unsaid(_: dict[str, Any], policy: dict[str, Any]) -> None:
        policy["relations"]["mate"].pop("end")

    words = "`leave` may end `mate`, and its path does not say whose it is: the result of `getMe`"
    assert words in said(tmp_path, LEDGER, unsaid)
    assert words not in said(tmp_path, LEDGER)


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


def _small(folder: Path, paths: str, operations: str = "", security: str = "[{key: []}]") -> str:
    (folder / "openapi.yaml").write_text(
        f"""\
openapi: 3.0.3
info: {{title: x, version: "1"}}
security: {security}
paths:
  /me:
    get:
      operationId: me
      responses: {{200: {{$ref: "#/components/responses/One"}}}}
  /people:
    get:
      operationId: people
      responses: {{200: {{$ref: "#/components/responses/One"}}}}
  /people/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get:
      operationId: person
      responses: {{200: {{$ref: "#/components/responses/One"}}}}
{paths}
components:
  securitySchemes: {{key: {{type: apiKey, in: header, name: x-key}}}}
  responses:
    One:
      description: ok
      content: {{application/json: {{schema: {{$ref: "#/components/schemas/Person"}}}}}}
  schemas:
    Person: {{type: object, properties: {{id: {{type: string}}, nick: {{type: string}}}}}}
"""
    )
    (folder / "exposure.yaml").write_text(
        f"""\
exposure: 1
api: openapi.yaml
caller: {{operation: me, id: /id}}
relations: {{anyone: {{}}, member: {{authenticated: true}}, owner: {{is: owner}}}}
resources:
  Person:
    key: id
    owner: id
    main: person
    fields: {{"id, nick": [{{see: [anyone]}}]}}
operations:
  person: {{params: {{id: Person.id}}}}
{operations}
"""
    )
    found = read_contract(folder / "exposure.yaml").warned(feeds=True)
    return "\n".join(str(each) for each in found)


def test_a_grant_to_anyone_that_the_document_opens_to_nobody_is_told(tmp_path: Path) -> None:
    words = (
        "`anyone` may see fields of `Person`, but the document asks for credentials at `person`,"
        " `me`, `people`, so callers without any get 401 there"
    )
    assert words in _small(tmp_path, "")
    assert "write `person: {call: [anyone]}`" in _small(tmp_path, "")
    assert "asks for credentials" not in _small(tmp_path, "", "  people: {call: [anyone]}")
    assert "asks for credentials" not in _small(tmp_path, "", security="[]")


def test_a_grant_that_each_operation_narrows_is_no_surprise(tmp_path: Path) -> None:
    narrow = "\n".join(f"  {each}: {{call: [member]}}" for each in ("me", "people"))
    assert "asks for credentials at `person`," in _small(tmp_path, "", narrow)
    folder = tmp_path / "exposure.yaml"
    folder.write_text(
        folder.read_text().replace("person: {params", "person: {call: [member], params")
    )
    told = "\n".join(str(each) for each in read_contract(folder).warned(feeds=True))
    assert "asks for credentials" not in told


LINKS = """\
  /following/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    put: {operationId: follow, responses: {204: {description: done}}}
    delete: {operationId: leave, responses: {204: {description: done}}}
"""
NAMED = "  follow: {%sparams: {id: Person.id}}\n  leave: {%sparams: {id: Person.id}}"


def test_a_link_to_anothers_account_needs_a_line_that_says_who_may_make_it(tmp_path: Path) -> None:
    told = _small(tmp_path, LINKS, NAMED % ("", ""))
    for each in ("follow", "leave"):
        assert f"no `call:` says who may call `{each}`, so only the owner of the object" in told
    told = _small(tmp_path, LINKS, NAMED % (("call: [member], ",) * 2))
    assert "no `call:` says who may call" not in told
    edits = LINKS.replace("put: {operationId: follow, ", "put: {operationId: follow, %s") % (
        'requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}'
        "}}, "
    )
    told = _small(tmp_path, edits, NAMED % ("", ""))
    assert "no `call:` says who may call" not in told

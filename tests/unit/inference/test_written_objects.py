from __future__ import annotations

from typing import Any

import pytest

from oakum.inference.draft import draft
from tests.unit.inference.test_draft import LOGGED_IN, answer, body, document, policy, ref, thing

Spec = dict[str, Any]

NOTE = thing("id", "title", "text", "author_id")
USER = thing("id", "username", "email")


def api(sent: Spec, path: str = "/notes/{noteId}", method: str = "put", **schemas: Spec) -> Spec:
    paths = {
        "/me": {"get": answer(ref("User"), operationId="me", **LOGGED_IN)},
        "/notes/{noteId}": {"get": answer(ref("Note"), operationId="note", **LOGGED_IN)},
    }
    write = answer(ref("Note"), operationId="write", requestBody=body(sent), **LOGGED_IN)
    paths.setdefault(path, {})[method] = write
    return {"paths": paths, "schemas": {"User": USER, "Note": NOTE, **schemas}}


INNER = thing("title", "text")


@pytest.mark.parametrize(
    ("sent", "pointer"),
    [
        (INNER, ""),
        (thing(data=INNER), "/data"),
        (thing(data=thing(attributes=INNER)), "/data/attributes"),
        (thing(note=INNER), "/note"),
        (thing("locale", "status", data=INNER), "/data"),
    ],
)
@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/notes/{noteId}", "put"),
        ("/notes", "post"),
        ("/notes/create", "post"),
        ("/notes/{noteId}/update", "post"),
    ],
)
def test_a_body_is_the_object_that_it_holds(
    sent: Spec, pointer: str, path: str, method: str
) -> None:
    found = policy(**api(sent, path, method))
    assert found.operations["write"].sets == (("Note", pointer),)


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        (thing("reason", "until", "text"), "/notes/{noteId}"),  # most are no members of a note
        (thing(data=thing("reason", "until")), "/notes/{noteId}"),
        (thing(data=INNER), "/notes/{noteId}/publish"),
        (thing(first=INNER, other=INNER), "/notes/{noteId}"),
        (thing("id"), "/notes/{noteId}"),
        ({"type": "array", "items": INNER}, "/notes/{noteId}"),
        ({**thing("title", "author_id"), "required": ["author_id"]}, "/notes/{noteId}"),
        ({**thing("title", "id"), "required": ["id"]}, "/notes/{noteId}"),
        ({**thing("title", "role"), "required": ["role"]}, "/notes/{noteId}"),
        ({**thing("title", "team_id"), "required": ["team_id"]}, "/notes/{noteId}"),
    ],
)
def test_another_body_is_bound_to_nothing(sent: Spec, path: str) -> None:
    method = "post" if path.endswith("publish") else "put"
    found = policy(**api(sent, path, method))
    rule = found.operations.get("write")
    assert rule is None or rule.sets == ()


def test_what_a_path_says_before_its_verb_is_not_what_another_answer_shows() -> None:
    """`POST /notes/{id}/access/update` shows a note: it is no write of an `Access` of models."""
    access = thing("id", "title", "author_id")
    spec = api(thing("title"), "/notes/{noteId}/access/update", "post", Access=access)
    spec["paths"]["/models/access"] = {"get": answer(ref("Access"), operationId="a", **LOGGED_IN)}
    assert policy(**spec).operations["write"].sets == ()


def test_a_body_of_the_schema_of_the_object_needs_no_line() -> None:
    found = policy(**api(thing(data=ref("Note"))))
    assert "write" not in found.operations or not found.operations["write"].sets
    rules = {rule.path: rule for rule in found.resources["Note"].fields}
    assert [name for grant in rules["title"].grants for name in grant.set] == ["owner"]


def test_what_nobody_owns_is_bound_to_nothing() -> None:
    made = api(thing(data=INNER), Note=thing("id", "title", "text"))
    assert not policy(**made).operations["write"].sets


def test_what_only_a_body_has_may_be_set_and_is_shown_to_nobody() -> None:
    sent = thing(data={**thing("id", "title", "text", "passphrase", "folder_id", "board_id"),
                       "required": ["board_id"]})  # fmt: skip
    made = api(sent)
    rules = {rule.path: rule for rule in policy(**made).resources["Note"].fields}
    for path in ("passphrase", "board_id"):
        grants = rules[path].grants
        assert [name for grant in grants for name in grant.set] == ["owner"]
        assert not [name for grant in grants for name in grant.see]
    assert not rules.keys() & {"folder_id"}  # nobody may set an id that no request needs
    assert "# only requests contain it" in draft(document(**made))


def test_what_a_request_has_to_say_is_set_and_what_it_may_say_of_rights_is_not() -> None:
    sent = thing(note={**thing("title", "board_id"), "required": ["board_id"]})
    note = thing("id", "title", "author_id", "board_id", "folder_id")
    rules = {r.path: r for r in policy(**api(sent, Note=note)).resources["Note"].fields}
    assert [name for grant in rules["board_id"].grants for name in grant.set] == ["owner"]
    assert not [name for grant in rules["folder_id"].grants for name in grant.set]

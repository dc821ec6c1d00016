"""What a response says of settings that were looked up."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.authz.decision_inputs import Principal
from oakum.authz.judgement import ObjectInstance
from oakum.authz.settings_in_responses import told_settings
from oakum.policy.model import Policy
from tests.properties import wild

TEXT = {"type": "string"}
MEMBER = {"type": "object", "properties": {"id": TEXT, "private": {"type": "boolean"}}}
NOTE = {"type": "object", "properties": {"by": TEXT, "text": TEXT}}
PATH = "Member.private"


def policy(missing: bool | None = None) -> Policy:
    answer = {"description": "d", "content": {"application/json": {"schema": {}}}}
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/notes": {"get": {"operationId": "list", "responses": {"200": answer}}}},
        "components": {"schemas": {"Member": MEMBER, "Note": NOTE}},
    }
    private = {"field": "private"} | ({} if missing is None else {"missing": missing})
    see = [{"see": ["anyone"]}]
    said = {
        "exposure": 1,
        "api": "o",
        "relations": {"anyone": {}},
        "resources": {
            "Member": {"owner": "id", "states": {"private": private}, "fields": {"id": see}},
            "Note": {"owner": "by", "states": {"private": {"of": PATH}}, "fields": {"text": see}},
        },
        "operations": {"list": {}},
    }
    return wild.read(document, said).model.policy


def member(*owners: str, partly: bool = False, **said: Any) -> ObjectInstance:
    return ObjectInstance("Member", (), owners, frozenset(), {}, (), said, partly=partly)


@pytest.mark.parametrize(
    ("looked", "objects", "told"),
    [
        (False, [member("bob", private=True)], True),
        (False, [member("bob", private=True), member("bob", private=False)], True),
        (False, [member("bob", private="yes")], "yes"),
        (False, [member("bob", private="yes"), member("bob", private=True)], "yes"),
        (False, [member("bob", private=False)], None),
        (False, [member("bob")], None),
        (False, [member("cy", private=True)], None),
        (False, [member("bob", "cy", private=True)], None),
        (False, [member("bob", partly=True, private=True)], None),
        (True, [member("bob", private=False)], None),
        (None, [member("bob", private=True)], None),  # unset, and the contract says nothing of that
    ],
)
def test_the_more_closed_of_both_is_told(
    looked: bool | None, objects: list[ObjectInstance], told: object
) -> None:
    principal = Principal(states={("bob", PATH): looked})
    found = told_settings(policy(), principal, objects)
    assert found == ({} if told is None else {("bob", PATH): told})


def test_what_an_account_leaves_unset_is_as_the_contract_says() -> None:
    principal = Principal(states={("bob", PATH): None})
    private = [member("bob", private=True)]
    assert told_settings(policy(False), principal, private) == {("bob", PATH): True}
    assert told_settings(policy(True), principal, private) == {}


def test_nothing_is_told_of_what_was_not_looked_up() -> None:
    assert told_settings(policy(), Principal(), [member("bob", private=True)]) == {}

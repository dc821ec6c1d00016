"""Path parameters that take the last segment of an object's resource name."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from oakum.openapi.document import Document
from oakum.openapi.source import parse
from oakum.policy.parser import parse_policy
from oakum.policy.resource_names import with_resource_names
from tests.unit.policy.grammar import RELATIONS, RESOURCES

MEMBERS = {"/v1/members/{member}": ["member"], "/v1/members/{member}:mute": ["member"]}
BELOW = {"/v1/members/{member}/notes/{note}": ["member", "note"]}


def before(paths: Mapping[str, list[str]], more: str, described: str = "The {} id.") -> list[str]:
    """The text before each path parameter, as `members/` of `members/7`, under a contract."""
    written = {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {
            path: {
                "get": {
                    "parameters": [
                        {
                            "name": each,
                            "in": "path",
                            "required": True,
                            "schema": {"type": "string"},
                            "description": described.format(each),
                        }
                        for each in names
                    ],
                    "responses": {"204": {"description": ""}},
                }
            }
            for path, names in paths.items()
        },
    }
    document = Document.parse(json.dumps(written).encode(), "api")
    text = f"exposure: 1\n{RELATIONS}{RESOURCES}{more}"
    policy = parse_policy(parse(text, "p"), [], document.names_operation)
    assert policy is not None
    found = with_resource_names(document, policy).operations
    return [p.before for operation in found for p in operation.parameters]


def test_its_value_is_the_whole_name_if_the_contract_says_so() -> None:
    assert before(MEMBERS, "params: {member: Member.name}\n") == ["members/", "members/"]


def test_a_line_of_one_operation_is_enough() -> None:
    line = 'operations: {"GET /v1/members/{member}": {params: {member: Member.name}}}\n'
    assert before(MEMBERS, line) == ["members/", "members/"]


def test_a_name_below_another_object_stays_one_segment() -> None:
    assert before(BELOW, "params: {member: Member.name, note: Note.name}\n") == ["members/", ""]


@pytest.mark.parametrize("field", ["id", "profile.uid", "username"])
def test_a_plain_id_stays_what_it_is(field: str) -> None:
    assert before(MEMBERS, f"params: {{member: Member.{field}}}\n") == ["", ""]


def test_a_collection_with_plain_ids_somewhere_has_no_names() -> None:
    line = 'operations: {"GET /v1/members/{member}": {params: {member: Member.id}}}\n'
    assert before(MEMBERS, f"params: {{member: Member.name}}\n{line}") == ["", ""]


@pytest.mark.parametrize("described", ["", "The member's name", "the {} id"])
def test_only_what_is_generated_from_a_name_has_one(described: str) -> None:
    assert before(MEMBERS, "params: {member: Member.name}\n", described) == ["", ""]


@pytest.mark.parametrize("path", ["/{member}", "/v1/@members/{member}", "/members/m-{member}"])
def test_the_collection_is_a_word_before_a_whole_segment(path: str) -> None:
    assert before({path: ["member"]}, "params: {member: Member.name}\n") == [""]

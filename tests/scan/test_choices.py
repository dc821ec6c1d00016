"""A choice that the document offers is asked for: in the body of a read, of a flag that has to be
given, within bounds, and in the brackets of a deep object."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

SCHEMAS = schema("Person", id="string", nick="string", email="string")
POLICY = """\
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id, nick: [{see: [member]}]
      email: [{see: [owner]}]
operations:
  getPerson: {params: {id: Me.id}}
"""
PEOPLE = {
    id: {"id": id, "nick": f"{who} of {who}", "email": f"{who}.of.{who}@mailbox.test"}
    for who, id in NAMES.items()
}
RPC = """\
  /rpc/people:
    post:
      operationId: people
      requestBody:
        content:
          application/json:
            schema: {type: object, properties: {%s}}
      responses:
        "200":
          description: ok
          content:
            application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Person"}}}
"""
Asks = Callable[[Call], bool]


def scan(folder: Path, paths: str, full: Asks, *, needs: Asks = lambda call: True) -> Told:
    """An API that shows e-mail addresses to everybody who asks so, and answers 400 where what it
    needs is not given."""
    asked: list[str] = []

    @logged_in
    def api(who: str, call: Call) -> Reply:
        everything = full(call)
        asked.append(call.path)
        one = call.path.startswith("/people/")
        found = [each for id, each in PEOPLE.items() if not one or id in call.path.split("/")]
        if not found or not needs(call):
            return Reply(404 if not found else 400, {"error": "no"})
        shown = [
            each if everything or each["id"] == NAMES[who] else {**each, "email": None}
            for each in found
        ]
        return Reply(200, shown[0] if one else shown)

    policy = POLICY + ("  people: {reads: true}\n" if "/rpc" in paths else "")
    policy += "  getCard: {params: {id: Me.id}}\n" if "/card" in paths else ""
    run = told(folder, SCHEMAS, path("/people/{id}", "getPerson", "Person") + paths, policy, api)
    assert asked
    return run


def of(call: Call) -> dict[str, Any]:
    try:
        return dict(json.loads(call.body))
    except (ValueError, TypeError):
        return {}


@pytest.mark.parametrize(
    ("member", "full"),
    [
        ("view: {type: string, enum: [basic, full]}", lambda call: of(call).get("view") == "full"),
        ("withContact: {type: boolean}", lambda call: of(call).get("withContact") is True),
        ("depth: {type: integer, minimum: 1, maximum: 3}", lambda call: of(call).get("depth") == 2),
        (
            "show: {type: object, properties: {contact: {type: boolean}}}",
            lambda call: of(call).get("show") == {"contact": True},
        ),
    ],
)
def test_each_choice_in_the_body_of_a_read_is_asked_for(
    member: str, full: Asks, tmp_path: Path
) -> None:
    leaking = scan(tmp_path, RPC % member, full)
    assert ("Person.email", "member") in leaking.proven
    (found,) = leaking.finding("Person.email", "member").endpoints
    assert found.path.startswith("/rpc/people with ")
    careful = scan(tmp_path, RPC % member, lambda call: False)
    assert careful.code is ExitCode.CLEAN


def parameter(template: str, operation: str, said: str, *, many: bool = True) -> str:
    """A path that is read, with one more parameter."""
    return (
        path(template, operation, "Person", many=many)
        .replace("parameters: [", f"parameters: [{said}, ")
        .replace(", ]", "]")
    )


FULL = "{name: full, in: query, required: true, schema: {type: boolean}}"
LEVEL = "{name: level, in: query, schema: {type: integer, minimum: 1, maximum: 3}}"
DEEP = (
    "{name: filter, in: query, style: deepObject, explode: true,"
    " schema: {type: object, properties: {email: {type: string}}}}"
)


def test_a_flag_that_has_to_be_given_is_given_both_ways(tmp_path: Path) -> None:
    paths = parameter("/people/{id}/card", "getCard", FULL, many=False)
    run = scan(
        tmp_path,
        paths,
        lambda call: call.query.get("full") == "true",
        needs=lambda call: "card" not in call.path or call.query.get("full") in ("true", "false"),
    )
    assert ("Person.email", "member") in run.proven


def test_an_integer_within_bounds_is_asked_for(tmp_path: Path) -> None:
    run = scan(
        tmp_path,
        parameter("/everybody", "listEverybody", LEVEL),
        lambda call: call.query.get("level") == "3",
    )
    assert ("Person.email", "member") in run.proven


def test_a_deep_object_is_asked_in_brackets(tmp_path: Path) -> None:
    run = scan(
        tmp_path,
        parameter("/everybody", "listEverybody", DEEP),
        lambda call: bool(call.query.get("filter[email]")),
    )
    assert ("Person.email", "member") in run.proven


@pytest.mark.parametrize(
    ("said", "full"),
    [
        (
            "{name: fields, in: query, required: true, schema: {type: array, items: {enum: [id,"
            " email]}}}",
            lambda call: "email" in call.query.get("fields", ""),
        ),
        (
            "{name: X-View, in: header, required: true, schema: {enum: [basic, full]}}",
            lambda call: call.headers.get("x-view") == "full",
        ),
        (
            "{name: v, in: query, required: true,"
            " schema: {oneOf: [{const: basic, title: b}, {const: full}]}}",
            lambda call: call.query.get("v") == "full",
        ),
        (
            "{name: v, in: query, required: true, schema: {pattern: '^(basic|full)$'}}",
            lambda call: call.query.get("v") == "full",
        ),
        (
            "{name: unread, in: query, schema: {type: boolean}}",
            lambda call: call.query.get("unread") == "false",
        ),
    ],
)
def test_every_way_of_listing_choices_is_asked_for(said: str, full: Asks, tmp_path: Path) -> None:
    paths = parameter("/everybody", "listEverybody", said)
    assert ("Person.email", "member") in scan(tmp_path, paths, full).proven
    assert scan(tmp_path, paths, lambda call: False).code is ExitCode.CLEAN


def test_a_list_of_choices_in_the_body_of_a_read_is_asked_for(tmp_path: Path) -> None:
    member = "fields: {type: array, items: {type: string, enum: [id, email]}}"
    run = scan(tmp_path, RPC % member, lambda call: "email" in of(call).get("fields", ()))
    assert ("Person.email", "member") in run.proven

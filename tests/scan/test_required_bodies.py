"""A read that requires a body is never sent without one; what a further body shows counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Told, schema, told

pytestmark = pytest.mark.server

ORDERS = [
    {"id": f"o-{who}-{n}-3b", "owner_id": id, "item": f"{who} bought thing {n} of 4{id[-1]}{n}"}
    for who, id in NAMES.items()
    for n in range(2)
]
SHAPE = schema("Order", id="string", owner_id="string", item="string")
POLICY = """\
  Order:
    key: id
    owner: owner_id
    fields: {"id, owner_id, item": [{see: [owner]}]}
operations:
  search: {reads: true}
"""


def scan(folder: Path, members: str, *, leaks: bool = False) -> tuple[Told, list[bytes]]:
    """`POST /orders/search` answers 400 without a JSON body of its members; `q` filters."""
    bodies: list[bytes] = []
    needed = {"q"} if "required: [q]" in members else set[str]()

    def api(call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if call.path == "/orders/search":
            bodies.append(call.body)
        if not who:
            return Reply(401, {"error": "log in"})
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who]})
        try:
            asked: Any = json.loads(call.body)
        except ValueError:
            return Reply(400, {"error": "no body"})
        if not isinstance(asked, dict) or not needed <= asked.keys():
            return Reply(400, {"error": "q is missing"})
        term = str(asked.get("q") or "").strip("*%")
        rows = [e for e in ORDERS if leaks or e["owner_id"] == NAMES[who]]
        return Reply(200, [each for each in rows if term in each["item"]])

    paths = f"""\
  /orders/search:
    post:
      operationId: search
      requestBody:
        required: true
        content: {{application/json: {{schema: {{type: object, {members}}}}}}}
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {{type: array, items: {{$ref: "#/components/schemas/Order"}}}}
"""
    return told(folder, SHAPE, paths, POLICY, api), bodies


BODIES = {
    "optional members": "properties: {q: {type: string}}",
    "a required member": "properties: {q: {type: string}}, required: [q]",
}


@pytest.mark.parametrize("members", BODIES.values(), ids=BODIES)
def test_a_right_search_is_tested_and_always_sent_a_body(members: str, tmp_path: Path) -> None:
    run, bodies = scan(tmp_path, members)
    assert not run.report.findings
    assert run.code == ExitCode.CLEAN, run.report.distrust
    assert bodies
    assert all(isinstance(json.loads(each), dict) for each in bodies)
    assert run.results("Order.item", "owner") == {"open"}
    assert run.results("Order.item", "member") == {"closed"}


@pytest.mark.parametrize("members", BODIES.values(), ids=BODIES)
def test_a_search_that_shows_everybodys_is_found(members: str, tmp_path: Path) -> None:
    run, _ = scan(tmp_path, members, leaks=True)
    assert ("Order.item", "member") in run.proven


# ------------------------------------------------------------- members with one value


CALL = {
    "a constant": ("kind: {const: orders}", "kind", "orders"),
    "one choice": ("kind: {type: string, enum: [orders]}", "kind", "orders"),
    "a default": ("limit: {type: integer, default: 20}", "limit", 20),
    "the number of the call": ('jsonrpc: {const: "2.0"}, id: {type: integer}', "id", 1),
}


@pytest.mark.parametrize("leaks", [False, True])
@pytest.mark.parametrize(("members", "name", "value"), CALL.values(), ids=CALL)
def test_a_member_with_one_value_goes_along(
    members: str, name: str, value: Any, leaks: bool, tmp_path: Path
) -> None:
    """Beside what the contract fills, and an optional member that nothing does."""
    bodies: list[Any] = []

    def api(call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who]})
        if call.path == "/orders":
            return Reply(200, [each for each in ORDERS if each["owner_id"] == NAMES[who]])
        asked = json.loads(call.body or b"{}")
        bodies.append(asked)
        if asked.get(name) != value:
            return Reply(200, {"error": f"{name} is missing"})
        found = [e for e in ORDERS if e["id"] == asked.get("params", {}).get("id")]
        mine = [each for each in found if leaks or each["owner_id"] == NAMES[who]]
        return Reply(200, {"result": mine[0]} if mine else {"error": "no such order"})

    names = "jsonrpc, id" if "jsonrpc" in members else name
    paths = f"""\
  /orders:
    get:
      operationId: orders
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {{type: array, items: {{$ref: "#/components/schemas/Order"}}}}
  /call:
    post:
      operationId: call
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [params, {names}]
              properties:
                {{{members}, note: {{type: integer}},
                 params: {{type: object, required: [id], properties: {{id: {{type: string}}}}}}}}
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {{type: object, properties: {{result: {{$ref: "#/components/schemas/Order"}},
                error: {{type: string}}}}}}
"""
    policy = POLICY.replace(
        "  search: {reads: true}", "  call: {reads: true, params: {params.id: Order.id}}"
    )
    run = told(tmp_path, SHAPE, paths, policy, api)
    assert bodies and all(each.get(name) == value for each in bodies)
    assert run.results("Order.item", "owner", "/call") == {"open"}
    assert (("Order.item", "member") in run.proven) is leaks
    if not leaks:
        assert run.code == ExitCode.CLEAN, run.report.distrust

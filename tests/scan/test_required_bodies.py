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

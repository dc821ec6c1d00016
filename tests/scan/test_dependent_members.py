"""One endpoint may do several things: a member of the body chooses, and the others depend on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

SLIPS = [
    {"id": f"s-{number}", "by": who, "iban": f"DE{number * 7_700_123}"}
    for first, who in enumerate(NAMES.values())
    for number in (7001 + 10 * first, 7002 + 10 * first)
]
SCHEMAS = schema("Slip", id="string", by="string", iban="string")
POLICY = """\
  Slip:
    key: id
    owner: by
    fields: {"id, by, iban": [{see: [owner]}]}
operations:
"""
RPC = (
    "{jsonrpc: {type: string, enum: ['2.0']}, id: {type: integer},"
    " method: {type: string, enum: [slips.list, slips.get, slips.delete]},"
    " params: {type: object, properties: {id: {type: string}}}}, required: [jsonrpc, method]"
)
ACTION = (
    "{action: {type: string, enum: [mine, one, remove]}, slipId: {type: string}},"
    " required: [action]"
)
LISTED = (
    "{action: {type: string, enum: [mine, one]}, of: {type: array, items: {type: object,"
    " properties: {slipId: {type: string}}}}}, required: [action]"
)
Asked = Callable[[dict[str, Any]], tuple[str, str]]


def rpc(body: dict[str, Any]) -> tuple[str, str]:
    method = {"slips.list": "mine", "slips.get": "one", "slips.delete": "remove"}
    return method.get(body.get("method", ""), ""), (body.get("params") or {}).get("id", "")


def action(body: dict[str, Any]) -> tuple[str, str]:
    return body.get("action", ""), body.get("slipId", "")


def scan(
    folder: Path, body: str, asked: Asked, rule: str = "", *, leaks: bool = False,
    deaf: bool = False,
) -> tuple[Told, list[str]]:  # fmt: skip
    """What it said, and the slips that were removed. An API that `leaks` gives anybody's slip; one
    that is `deaf` gives the caller's first slip without the owner, whatever the id."""
    removed: list[str] = []

    @logged_in
    def api(who: str, call: Call) -> Reply:
        mine = [each for each in SLIPS if each["by"] == NAMES[who]]
        does, key = asked(call.json if call.body else {})
        if does == "mine":
            return Reply(200, mine)
        if does == "remove":
            removed.append(key)
        if does == "one" and deaf:
            return Reply(200, [{"id": "s-1", "iban": mine[0]["iban"]}])
        found = [each for each in (SLIPS if leaks else mine) if each["id"] == key]
        return Reply(200, found if found else {"error": {"code": -32004, "message": "no slip"}})

    paths = (
        path("/do", "act", "Slip", many=True)
        .replace("get:", "post:")
        .replace(
            "responses:",
            "requestBody: {content: {application/json: {schema: {type: object, properties:"
            f" {body}}}}}}}}}\n      responses:",
        )
    )
    run = told(folder, SCHEMAS, paths, f"{POLICY}  act: {{reads: true{rule}}}\n", api)
    return run, removed


WAYS = [
    (RPC, rpc, ""),
    (RPC, rpc, ", params: {params.id: Slip.id}"),
    (ACTION, action, ""),
    (ACTION, action, ", params: {slipId: Slip.id}"),
]
IDS = ["rpc", "rpc said", "action", "action said"]


@pytest.mark.parametrize(("body", "asked", "rule"), WAYS, ids=IDS)
def test_another_ones_object_is_asked_for_with_each_choice(
    body: str, asked: Asked, rule: str, tmp_path: Path
) -> None:
    run, removed = scan(tmp_path, body, asked, rule, leaks=True)
    assert ("Slip.iban", "member") in run.proven
    assert run.code is ExitCode.FINDINGS
    assert removed == []


@pytest.mark.parametrize("deaf", [False, True])
@pytest.mark.parametrize(("body", "asked", "rule"), WAYS, ids=IDS)
def test_an_api_that_keeps_them_is_clean(
    body: str, asked: Asked, rule: str, deaf: bool, tmp_path: Path
) -> None:
    run, removed = scan(tmp_path, body, asked, rule, deaf=deaf)
    assert run.report.findings == ()
    assert run.code is ExitCode.CLEAN
    assert removed == []
    (said,) = (each for each in run.report.notes if each.startswith("choices that may change"))
    assert "POST /do `" in said and ("`slips.delete`" in said or "`remove`" in said)


def test_a_member_that_the_contract_fills_and_the_scan_cannot_is_told(tmp_path: Path) -> None:
    rule = ", params: {of.*.slipId: Slip.id}"
    run, _ = scan(tmp_path, LISTED, lambda body: (body.get("action", ""), ""), rule)
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    assert any("never asked with `of.*.slipId`" in each for each in run.report.distrust)

"""A flag that one object of an account has, and a place among others, are not set: who sets them
on the run's own object takes them from its owner's."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Address:
    key: id
    owner: by
    fields:
      id, by: [{see: [owner]}]
      position, is_default: [{see: [owner], set: [owner]}]
      city: [{see: [owner], set: [owner]}]
operations:
  make: {sets: {Address: ""}}
  address: {params: {id: Address.id}}
  edit: {params: {id: Address.id}, sets: {Address: ""}}
  drop: {params: {id: Address.id}, call: [owner]}
"""
BODY = 'requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/'
SHOWN = """\
      responses:
        "200":
          description: done
          content: {application/json: {schema: {$ref: "#/components/schemas/Address"}}}
"""
ID = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
MEMBERS = {"city": "string", "is_default": "boolean", "position": "integer"}


def scan(folder: Path, *, leaks: bool = False, sets: str = "owner") -> tuple[Told, bool]:
    rows: dict[str, dict[str, Any]] = {}

    def add(by: str, city: str) -> dict[str, Any]:
        id = f"a-{len(rows) + 501}"
        mine = sum(each["by"] == by for each in rows.values())
        rows[id] = {"id": id, "by": by, "city": city, "is_default": not mine, "position": mine + 1}
        return rows[id]

    def change(row: dict[str, Any], said: dict[str, Any]) -> None:
        mine = [each for each in rows.values() if each["by"] == row["by"] and each is not row]
        if said.get("is_default") is True:
            for each in mine:
                each["is_default"] = False
        if isinstance(said.get("position"), int):
            for each in mine:
                each["position"] += each["position"] >= said["position"]
        row.update({name: said[name] for name in MEMBERS if name in said})

    for who, id in NAMES.items():
        for nth in range(3):
            add(id, f"{who}-by-the-sea {nth}")
    before = copy.deepcopy(rows)

    @logged_in
    def api(name: str, call: Call) -> Reply:
        who = NAMES[name]
        _, *rest = call.path.strip("/").split("/")
        said = json.loads(call.body or b"{}")
        if call.method == "POST":
            row = add(who, said.get("city", ""))
            change(row, said)
            return Reply(201, row)
        if not rest:
            return Reply(200, [each for each in rows.values() if each["by"] == who])
        found = rows.get(rest[0])
        if found is None or (found["by"] != who and not (leaks and call.method == "PATCH")):
            return Reply(404, {"error": "none"})
        if call.method == "PATCH":
            change(found, said)
        if call.method == "DELETE":
            del rows[found["id"]]
            return Reply(204)
        return Reply(200, found)

    shapes = schema("Address", id="string", by="string", **MEMBERS)
    shapes += schema("New", **MEMBERS).replace("{type: object,", "{type: object, required: [city],")
    shapes += schema("Edit", **MEMBERS)
    paths = path("/addresses", "addresses", "Address", many=True)
    paths += f'    post:\n      operationId: make\n      {BODY}New"}}}}}}}}\n'
    paths += SHOWN.replace('"200"', '"201"') + path("/addresses/{id}", "address", "Address")
    paths += f'    patch:\n      operationId: edit\n      {ID}\n      {BODY}Edit"}}}}}}}}\n{SHOWN}'
    paths += f'    delete:\n      operationId: drop\n      {ID}\n      responses: {{"204": {{description: x}}}}\n'  # noqa: E501
    policy = POLICY.replace(
        "is_default: [{see: [owner], set: [owner]}]",
        f"is_default: [{{see: [owner], set: [{sets}]}}]",
    )
    return told(folder, shapes, paths, policy.replace(", set: []", ""), api, allow_writes=True), (
        rows == before
    )


@pytest.mark.parametrize("sets", ["owner", ""])
def test_no_object_of_the_owner_loses_what_the_runs_own_would_take(
    sets: str, tmp_path: Path
) -> None:
    run, unchanged = scan(tmp_path, sets=sets)
    assert unchanged
    assert (run.report.distrust, run.report.findings, run.code) == ((), (), ExitCode.CLEAN)
    assert run.report.writes is not None
    said = [each.reason for each in run.report.writes.untried if "may change other" in each.reason]
    assert said and all("`is_default`" in each and "`position`" in each for each in said)


def test_the_other_members_are_tried_all_the_same(tmp_path: Path) -> None:
    run, unchanged = scan(tmp_path, leaks=True)
    assert unchanged and ("Address.city", "member") in run.proven

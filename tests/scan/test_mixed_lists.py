"""Ids of two owners in one question: an API that checks one of them, and shows all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Told, path, schema, told

ROWS = {
    f"n-{name}-{number}-7f3a": {
        "id": f"n-{name}-{number}-7f3a",
        "owner_id": id,
        "text": f"{name} wrote line {number} of 9{id[-1]}{number}",
    }
    for name, id in NAMES.items()
    for number in range(2)
}
SHAPE = schema("Note", id="string", owner_id="string", text="string")
NOTES = '{type: array, items: {$ref: "#/components/schemas/Note"}}'
ANSWER = f'"200": {{description: ok, content: {{application/json: {{schema: {NOTES}}}}}}}'
LISTS = {
    "commas": "parameters: [{name: ids, in: query, schema: {type: string}}]",
    "repeated": (
        "parameters: [{name: ids, in: query, schema: {type: array, items: {type: string}}}]"
    ),
    "body": (
        "requestBody: {required: true, content: {application/json: {schema: {type: object,"
        " required: [ids], properties: {ids: {type: array, items: {type: string}}}}}}}"
    ),
}
POLICY = """\
  Note:
    key: id
    owner: owner_id
    fields: {"id, owner_id, text": [{see: [owner]}]}
operations:
  someNotes: {params: {ids: Note.id}, reads: true}
"""


@dataclass
class Notes:
    """`check`: which of the ids asked for has to be the caller's; empty: each that is shown."""

    form: str
    check: str

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        where = call.path
        if where == "/me":
            return Reply(200, {"id": NAMES[who]})
        mine = [row for row in ROWS.values() if row["owner_id"] == NAMES[who]]
        if where == "/notes":
            return Reply(200, mine)
        if where != "/some":
            return Reply(404, {"error": "no such path"})
        return self._some(mine, self._ids(call))

    def _ids(self, call: Call) -> list[str]:
        if self.form == "body":
            sent: Any = orjson.loads(call.body or b"{}")
            return [each for each in sent.get("ids") or [] if isinstance(each, str)]
        given = parse_qs(call.asked).get("ids", [])
        return given[-1].split(",") if self.form == "commas" and given else given

    def _some(self, mine: list[dict[str, str]], ids: list[str]) -> Reply:
        rows = [ROWS[each] for each in ids if each in ROWS]
        own = [row in mine for row in rows]
        checks = {"first": own[:1], "last": own[-1:], "any": [any(own)]}
        if not self.check or not rows:
            return Reply(200, [row for row in rows if row in mine])
        if self.check == "all":
            return Reply(200, rows) if all(own) else Reply(403, {"error": "no"})
        return Reply(200, rows) if checks[self.check] == [True] else Reply(403, {"error": "no"})


def scan(folder: Path, form: str, check: str) -> Told:
    method = "post" if form == "body" else "get"
    some = f"  /some:\n    {method}:\n      operationId: someNotes\n      {LISTS[form]}\n"
    paths = path("/notes", "myNotes", "Note", many=True) + some
    paths += f"      responses:\n        {ANSWER}\n"
    return told(folder, SHAPE, paths, POLICY, Notes(form, check))


@pytest.mark.parametrize("check", ["first", "last", "any"])
@pytest.mark.parametrize("form", LISTS)
def test_an_api_that_checks_one_id_of_many_is_found(tmp_path: Path, form: str, check: str) -> None:
    found = scan(tmp_path, form, check)
    assert ("Note.text", "member") in found.proven


@pytest.mark.parametrize("check", ["", "all"])
@pytest.mark.parametrize("form", LISTS)
def test_an_api_that_checks_each_is_accused_of_nothing(
    tmp_path: Path, form: str, check: str
) -> None:
    found = scan(tmp_path, form, check)
    assert not found.report.findings
    if (form, check) != ("body", "all"):  # a list that is always mixed shows nobody anything there
        assert found.code is ExitCode.CLEAN

"""An update of which no member can be changed and put back: nobody is called tested there."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Person:
    key: id
    owner: id
    fields:
      id: [{see: [owner, member]}]
      account_number, text: [{see: [owner], set: [SETTERS]}]
operations:
  getPerson: {params: {id: Person.id}}
  editPerson: {params: {id: Person.id}, call: [owner, member]}
"""
SHAPES = schema("Person", id="string", account_number="string")
BODY = "requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Person'}}}}"
PATCH = f"""\
    patch:
      operationId: editPerson
      parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
      {BODY}
      responses: {{"204": {{description: done}}}}
"""


class People:
    """Anybody may change anybody's bank account."""

    def __init__(self, **more: str) -> None:
        self.closed = False
        self.people: dict[str, dict[str, Any]] = {
            id: {"id": id, "account_number": f"77-{n}41-0{n}", **more}
            for n, id in enumerate(NAMES.values())
        }

    def __call__(self, name: str, call: Call) -> Reply:
        found = self.people.get(call.path.rpartition("/")[2])
        if found is None:
            return Reply(404, {"error": "none"})
        mine = found["id"] == NAMES[name]
        if call.method == "PATCH":
            if self.closed and not mine:
                return Reply(403, {"error": "not yours"})
            found.update(call.json)
            return Reply(204)
        return Reply(200, found if mine else {"id": found["id"]})


def scan(
    folder: Path, api: People, setters: str, shapes: str = SHAPES, *, allow_writes: bool = True
) -> Told:
    paths = path("/people/{id}", "getPerson", "Person") + PATCH
    policy = POLICY.replace("SETTERS", setters)
    return told(folder, shapes, paths, policy, logged_in(api), allow_writes=allow_writes)


def untried(run: Told) -> list[str]:
    assert run.report.writes is not None
    return [each.reason for each in run.report.writes.untried if each.endpoint.method == "PATCH"]


def test_strangers_as_whom_nothing_could_be_sent_are_named(tmp_path: Path) -> None:
    api = People()
    before = copy.deepcopy(api.people)
    run = scan(tmp_path, api, "owner")
    assert api.people == before
    assert "bola-write" not in {each.rule for each in run.report.findings}
    why = "none of the members that they may not set could be tried"
    assert f"not tested as `member`: {why}" in untried(run)


def test_a_run_that_could_write_and_sent_no_write_test_is_not_trustworthy(tmp_path: Path) -> None:
    run = scan(tmp_path, People(), "owner")
    assert not run.report.findings
    assert run.code is ExitCode.NOT_TRUSTWORTHY
    why = "no write could be tested although writes were allowed: `PATCH /people/{id}`"
    assert any(each.startswith(why) for each in run.report.distrust), run.report.distrust


def test_one_write_test_suffices_for_trust(tmp_path: Path) -> None:
    shapes = schema("Person", id="string", account_number="string", text="string")
    api = People(text="keeps bees in spring")
    api.closed = True
    run = scan(tmp_path, api, "owner", shapes)
    assert not run.report.findings
    assert run.code is ExitCode.CLEAN, run.report.distrust


def test_without_leave_to_write_no_write_is_missed(tmp_path: Path) -> None:
    run = scan(tmp_path, People(), "owner", allow_writes=False)
    assert run.code is ExitCode.CLEAN, run.report.distrust


def test_who_may_set_all_of_it_is_not(tmp_path: Path) -> None:
    run = scan(tmp_path, People(), "owner, member")
    assert not any("`member`" in each for each in untried(run))


def test_who_is_tried_by_another_member_is_not(tmp_path: Path) -> None:
    shapes = schema("Person", id="string", account_number="string", text="string")
    run = scan(tmp_path, People(text="keeps bees in spring"), "owner", shapes)
    assert ("Person.text", "member") in run.proven
    assert not any("`member`" in each for each in untried(run))

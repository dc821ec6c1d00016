"""A filter that is called like a hidden boolean and parts the list by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

PEOPLE = [
    {"id": id, "name": f"{name} {n * 7919}", "remote": n != 1}
    for n, (name, id) in enumerate(NAMES.items())
]
SHAPES = schema("Person", id="string", name="string", remote="boolean")
POLICY = """\
  Person:
    key: id
    owner: id
    fields: {"id, name": [{see: [member]}], remote: [{see: [owner]}]}
operations:
  people: {call: [member]}
"""


def scan(folder: Path, *, leaks: bool) -> Told:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        asked = call.query.get("remote", "")
        rows = [
            {
                name: value
                for name, value in each.items()
                if name != "remote" or each["id"] == NAMES[who]
            }
            for each in PEOPLE
            if not (leaks and asked) or str(each["remote"]).lower() == asked
        ]
        return Reply(200, rows)

    paths = path("/people", "people", "Person", many=True).replace(
        "parameters: []", "parameters: [{name: remote, in: query, schema: {type: boolean}}]"
    )
    return told(folder, SHAPES, paths, POLICY, api)


def test_a_list_that_a_hidden_boolean_parts_is_suspected_of_telling_it(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks=True)
    assert (run.proven, run.named("suspected")) == (set(), {("Person.remote", "member")})


def test_a_list_that_no_value_parts_tells_nothing(tmp_path: Path) -> None:
    assert not scan(tmp_path, leaks=False).report.findings

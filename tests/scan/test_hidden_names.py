"""A hidden value out of place is told whatever its field is called, and within a longer text."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Told, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  File:
    key: id
    owner: user_id
    main: getFile
    fields:
      id, user_id, {field}: [{{see: [owner]}}]
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id, username: [{{see: [member]}}]
operations:
  getFile: {{params: {{fileId: File.id}}}}
  getPerson: {{params: {{personId: Person.id}}}}
"""


def scan(folder: Path, field: str, shown: str, *, leaks: bool = True) -> Told:
    """`GET /recent` writes each file's value (of all, or of the caller's own) and each user's name
    as `shown` says."""
    files = {
        f"f-{id}": {"id": f"f-{id}", "user_id": id, field: f"{who}-report-3f0c9ab{id[-1]}.txt"}
        for who, id in NAMES.items()
    }
    people = {id: {"id": id, "username": f"{who}.of.{who}-77"} for who, id in NAMES.items()}

    def api(call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        own, last = NAMES[who], call.path.rpartition("/")[2]
        if call.path == "/me":
            return Reply(200, {"id": own})
        if call.path == "/recent":
            of = [each for each in files.values() if leaks or each["user_id"] == own]
            texts = [
                shown.format(value=each[field], name=people[each["user_id"]]["username"])
                for each in of
            ]
            return Reply(200, {"rows": texts})
        if call.path == "/files":
            return Reply(200, [each for each in files.values() if each["user_id"] == own])
        if call.path == f"/files/f-{own}":
            return Reply(200, files[last])
        if call.path.startswith("/people/") and last in people:
            return Reply(200, people[last])
        return Reply(404, {"error": "no"})

    schemas = (
        schema("File", id="string", user_id="string", FIELD="string").replace("FIELD", field)
        + schema("Person", id="string", username="string")
        + schema("Recent", rows="array")
    )
    paths = (
        path("/files", "listFiles", "File", many=True)
        + path("/files/{fileId}", "getFile", "File")
        + path("/people/{personId}", "getPerson", "Person")
        + path("/recent", "recent", "Recent")
    )
    return told(folder, schemas, paths, POLICY.format(field=field), api)


@pytest.mark.parametrize("field", ["name", "slug", "login", "username", "label"])
@pytest.mark.parametrize("shown", ["{value}", "/s/{value}", "To: {value}, UK", "a?z={value}"])
def test_a_hidden_value_is_told_in_an_answer_of_no_kind(
    field: str, shown: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, field, shown)
    assert run.proven == {(f"File.{field}", "member")}


def test_what_only_its_owner_is_shown_there_is_no_leak(tmp_path: Path) -> None:
    run = scan(tmp_path, "name", "/s/{value}", leaks=False)
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN)


def test_the_name_of_an_account_that_the_contract_shows_is_no_leak(tmp_path: Path) -> None:
    assert scan(tmp_path, "name", "by {name}").code is ExitCode.CLEAN

"""An optional parameter that names a person is asked with another's id."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

PEOPLE = {
    id: {"id": id, "nick": f"{who} of {who}", "email": f"{who}.of.{who}@mailbox.test"}
    for who, id in NAMES.items()
}
SCHEMAS = schema("Person", id="string", nick="string", email="string") + schema(
    "Usage", rows="array"
)
POLICY = """\
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id, nick: [{see: [member]}]
      email: [{see: [owner]}]
"""


def scan(
    folder: Path, name: str, shape: str, *, leaks: bool, ignores: bool = False, bare: bool = False
) -> Told:
    """`GET /usage` answers about its caller, or about whom `name` names. `leaks`: to anybody;
    `ignores`: the parameter is declared, and read by nobody; `bare`: no answer names its owner, and
    none is like another."""
    ticks = count()

    @logged_in
    def api(who: str, call: Call) -> Reply:
        own = NAMES[who]
        if call.path.startswith("/people/"):
            found: dict[str, Any] | None = PEOPLE.get(call.path.rpartition("/")[2])
            if found is None:
                return Reply(404, {"error": "no"})
            return Reply(200, found if found["id"] == own else {**found, "email": None})
        about = own if ignores else call.query.get(name, own)
        if about not in PEOPLE or (about != own and not leaks):
            return Reply(403, {"error": "no"})
        row = PEOPLE[about]
        if bare:
            row = {"email": row["email"], "tick": next(ticks)}
        if shape == "Person":
            return Reply(200, [row])
        return Reply(200, {"rows": [row["email"]]})

    declared = f"{{name: {name}, in: query, schema: {{type: string}}}}"
    usage = path("/usage", "usage", shape, many=shape == "Person")
    paths = path("/people/{userId}", "getPerson", "Person")
    return told(
        folder, SCHEMAS, paths + usage.replace("parameters: []", f"parameters: [{declared}]"),
        POLICY, api,
    )  # fmt: skip


@pytest.mark.parametrize("shape", ["Person", "Usage"])
@pytest.mark.parametrize("name", ["userId", "user_id", "as_user", "personId", "on_behalf_of"])
def test_who_an_optional_parameter_names_is_asked_for_as_another(
    name: str, shape: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, name, shape, leaks=True)
    assert ("Person.email", "member") in run.proven
    assert [each.path for each in run.finding("Person.email", "member").endpoints] == [
        f"/usage?{name}={{{name}}}"
    ]


@pytest.mark.parametrize("shape", ["Person", "Usage"])
@pytest.mark.parametrize(("ignores", "bare"), [(True, False), (False, False), (True, True)])
def test_one_that_is_checked_or_read_by_nobody_is_clean(
    shape: str, ignores: bool, bare: bool, tmp_path: Path
) -> None:
    run = scan(tmp_path, "userId", shape, leaks=False, ignores=ignores, bare=bare)
    assert {each.field for each in run.report.findings} <= {"tick"}  # nothing says who sees it
    assert bare or run.code is ExitCode.CLEAN

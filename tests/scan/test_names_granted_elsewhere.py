"""Another's value outside of objects that the contract shows the caller in another resource of the
same person: an export has the names of colleagues, and so has who-am-I, for each alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import HEAD, IDENTITIES, KEYS, ME, NAMES, Told, path, schema, told

pytestmark = pytest.mark.server

PEOPLE = {
    "u-4101": {"name": "Ann Aalto-Verne", "team": "north", "role": "payroll"},
    "u-4102": {"name": "Bob Brekke-Lund", "team": "north", "role": "staff"},
    "u-4103": {"name": "Cat Costa-Meyer", "team": "south", "role": "staff"},
}
PHONES = {"u-4101": "+46 70 111 2233", "u-4102": "+351 91 222 3344", "u-4103": "+45 20 333 4455"}
POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  owner: {is: owner}
  colleague: {field: team, claim: team}
  clerk: {claim: role, has: payroll}
  payroll: {requires: [clerk, colleague]}
resources:
  Me: {{KEY}owner: id, fields: {"id, name, team, role, phone": [{see: [owner]}]}}
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id, name, team: [{see: [owner, colleague]}]
operations:
  getPerson: {params: {personId: Person.id}}
  exportCsv: {call: [clerk]}
"""
MEMBERS = dict.fromkeys(("id", "name", "team", "role", "phone"), "string")
SHAPES = (
    HEAD.partition("    Me:")[0]
    + schema("Me", **MEMBERS)
    + schema("Person", id="string", name="string", team="string")
)
PATHS = (
    path("/export.csv", "exportCsv", "Me").replace(
        'application/json: {schema: {$ref: "#/components/schemas/Me"}}',
        "text/csv: {schema: {type: string}}",
    )
    + path("/people/{personId}", "getPerson", "Person")
)  # fmt: skip


def scan(
    folder: Path, *, teams: bool, phones: bool = False, key: bool = False, own: bool = True
) -> Told:
    """`teams`: whether the export is of the caller's own team only; `phones`: whether it has them;
    `key`: whether the contract names the key of `Me`; `own`: whether who asks for their own
    `Person` is shown it."""

    def export(me: dict[str, str]) -> Reply:
        rows = [
            f"{PHONES[id] if phones else 'x'},{each['name']}"
            for id, each in PEOPLE.items()
            if each["team"] == me["team"] or not teams
        ]
        text = "\n".join(["phone,name", *rows]) + "\n"
        return Reply(200, text.encode(), (("content-type", "text/csv"),))

    def api(call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        me = PEOPLE[NAMES[who]]
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who], **me, "phone": PHONES[NAMES[who]]})
        if call.path == "/export.csv":
            return export(me) if me["role"] == "payroll" else Reply(403, {"error": "payroll"})
        id = call.path.removeprefix("/people/")
        found = PEOPLE.get(id, {"team": ""})
        if found["team"] != me["team"] or (id == NAMES[who] and not own):
            return Reply(404, {"error": "no such person"})
        return Reply(200, {"id": id, "name": found["name"], "team": found["team"]})

    policy = POLICY.replace("{KEY}", "key: id, " if key else "")
    document = f"{SHAPES}paths:\n{ME}{PATHS}"
    return told(folder, "", "", "", api, IDENTITIES, document, policy)


@pytest.mark.parametrize("key", [False, True], ids=["no key", "key"])
def test_a_name_that_the_caller_may_see_as_a_colleagues_is_not_told(
    key: bool, tmp_path: Path
) -> None:
    run = scan(tmp_path, teams=True, key=key)
    assert run.report.findings == ()
    assert run.code is ExitCode.CLEAN


@pytest.mark.parametrize("key", [False, True], ids=["no key", "key"])
def test_a_name_from_another_team_is_proven(key: bool, tmp_path: Path) -> None:
    run = scan(tmp_path, teams=False, key=key)
    found: dict[str, Any] = {f"{each.resource}.{each.field}": each for each in run.report.findings}
    assert {each.verdict for each in found.values()} == {"proven"}
    assert {each.viewer for each in found.values()} == {"clerk"}
    assert {*found} <= {"Me.name", "Person.name"} and found


@pytest.mark.parametrize("key", [False, True], ids=["no key", "key"])
def test_the_caller_is_named_by_what_the_object_makes_of_them(key: bool, tmp_path: Path) -> None:
    run = scan(tmp_path, teams=True, phones=True, key=key)
    assert run.proven == {("Me.phone", "payroll")}


def test_a_name_that_only_colleagues_are_shown_as_that_of_a_person_is_no_proof(
    tmp_path: Path,
) -> None:
    run = scan(tmp_path, teams=True, own=False)
    assert run.proven == set()

"""Members that an owner states when they create an object, and cannot change later."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, RELATIONS, Told, logged_in, schema, told

pytestmark = pytest.mark.server

SHAPES = (
    schema(
        "Home",
        id="string",
        account_id="string",
        name="string",
        floor="integer",
        tier="integer",
        role="string",
    )
    + schema("HomeNew", name="string", floor="integer")
    + schema("HomeOfRole", name="string", floor="integer", role="string")
    + schema("HomeEdit", name="string")
)
HOME = '{$ref: "#/components/schemas/Home"}'
ONE = f"content: {{application/json: {{schema: {HOME}}}}}"


def paths(new: str = "HomeNew", edit: str = "HomeEdit") -> str:
    def body(name: str) -> str:
        ref = f'{{$ref: "#/components/schemas/{name}"}}'
        return f"requestBody: {{content: {{application/json: {{schema: {ref}}}}}}}"

    return f"""\
  /homes:
    get:
      operationId: listHomes
      responses:
        "200": {{description: ok, content: {{application/json: {{schema: {{type: array, items: {HOME}}}}}}}}}
    post: {{operationId: createHome, {body(new)}, responses: {{"201": {{description: ok, {ONE}}}}}}}
  /homes/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get: {{operationId: getHome, responses: {{"200": {{description: ok, {ONE}}}}}}}
    patch: {{operationId: patchHome, {body(edit)}, responses: {{"200": {{description: ok, {ONE}}}}}}}
    delete: {{operationId: deleteHome, responses: {{"204": {{description: gone}}}}}}
"""  # noqa: E501


POLICY = """\
  Home:
    key: id
    owner: account_id
    main: getHome
    fields:
      id, account_id: [{see: [owner]}]
      name: [{see: [owner], set: [owner]}]
      role, tier: [{see: [owner]}]
      floor: [FLOOR]
operations:
  getHome: {params: {id: Home.id}}
  patchHome: {params: {id: Home.id}, sets: {Home: ""}}
  deleteHome: {params: {id: Home.id}, call: [owner]}
  createHome: {sets: {Home: ""}, call: [member]}
"""
SEPARATE = POLICY.replace(
    'createHome: {sets: {Home: ""}', 'createHome: {sets: {HomeNew: ""}'
).replace(
    "operations:\n",
    "  HomeNew:\n    owner: none\n    fields:\n      name, floor: [{set: [member]}]\noperations:\n",
)
"""The body of a creation has a resource of its own, which is only written."""
WITH_STAFF = RELATIONS.replace(
    "owner: {is: owner}", "owner: {is: owner}, staff: {claim: roles, has: staff}"
)
UNSAID, STAFFS = "{see: [owner]}", "{see: [owner]}, {set: [staff]}"
OWNERS = "{see: [owner], set: [owner]}"


def scan(
    folder: Path, floor: str = UNSAID, *, post: str = "name floor", patch: str = "name",
    new: str = "HomeNew", edit: str = "HomeEdit", separate: str = "",
) -> Told:  # fmt: skip
    """What a scan says of an API that takes these members at POST and PATCH, and ignores others."""
    homes = {
        f"ho-{n}91": {
            "id": f"ho-{n}91", "account_id": id, "name": f"the nest of {who}", "floor": n + 2,
            "tier": 1, "role": "guest",
        }
        for n, (who, id) in enumerate(NAMES.items())
    }  # fmt: skip
    number = count(4)

    @logged_in
    def api(who: str, call: Call) -> Reply:
        mine = {key: each for key, each in homes.items() if each["account_id"] == NAMES[who]}
        key = call.path.removeprefix("/homes").strip("/")
        if call.method == "POST":
            said = {name: call.json[name] for name in post.split() if name in call.json}
            made = {
                "name": "nest", "floor": 0, "tier": 1, "role": "guest", **said,
                "id": f"ho-{next(number)}91", "account_id": NAMES[who],
            }  # fmt: skip
            homes[made["id"]] = made
            return Reply(201, made)
        if not key:
            return Reply(200, list(mine.values()))
        if key not in mine:
            return Reply(404, {"error": "no such home"})
        if call.method == "DELETE":
            return Reply(204, homes.pop(key) and None)
        if call.method == "PATCH":
            homes[key] |= {name: call.json[name] for name in patch.split() if name in call.json}
        return Reply(200, homes[key])

    policy = (separate or POLICY).replace("FLOOR", floor)
    run = told(
        folder, SHAPES, paths(new, edit), policy, api, relations=WITH_STAFF, allow_writes=True
    )
    assert len(homes) == len(NAMES)
    return run


def proven(run: Told) -> set[tuple[str, str]]:
    """(member, method) of what is proven."""
    found = run.report.findings
    return {(e.field, at.method) for e in found if e.verdict == "proven" for at in e.endpoints}


def untried(run: Told) -> list[str]:
    assert run.report.writes is not None
    found = run.report.writes.untried
    return [
        e.reason for e in found if e.endpoint.operation == "createHome" and "`floor`" in e.reason
    ]


def test_a_member_that_only_a_creation_takes_is_no_mass_assignment(tmp_path: Path) -> None:
    run = scan(tmp_path)
    assert run.report.findings == ()
    (why,) = untried(run)
    assert "`set`" in why


@pytest.mark.parametrize(
    ("floor", "documented"), [(STAFFS, "HomeEdit"), (UNSAID, "HomeNew")], ids=["staff", "both"]
)
def test_what_the_contract_plainly_forbids_at_a_creation_is_found(
    floor: str, documented: str, tmp_path: Path
) -> None:
    """Staff may set it, so owners may not; or the document lets both requests have it, so that the
    contract that lets nobody set it speaks of both."""
    run = scan(tmp_path, floor, edit=documented)
    assert ("floor", "POST") in proven(run)


def test_what_owners_may_set_is_no_mass_assignment(tmp_path: Path) -> None:
    assert scan(tmp_path, OWNERS).report.findings == ()


def test_what_no_body_declares_is_found_at_a_creation_and_at_a_change(tmp_path: Path) -> None:
    run = scan(tmp_path, post="name floor role tier", patch="name role tier")
    assert proven(run) == {("role", "POST"), ("tier", "POST"), ("tier", "PATCH")}


def test_a_role_that_a_creation_declares_is_found(tmp_path: Path) -> None:
    run = scan(tmp_path, post="name floor role", new="HomeOfRole")
    assert proven(run) == {("role", "POST")}


def test_a_member_of_creations_that_a_change_takes_is_found_there(tmp_path: Path) -> None:
    assert proven(scan(tmp_path, patch="name floor")) == {("floor", "PATCH")}


def test_a_body_with_lines_of_its_own_says_what_a_creation_may_have(tmp_path: Path) -> None:
    run = scan(tmp_path, separate=SEPARATE)
    assert run.report.findings == ()

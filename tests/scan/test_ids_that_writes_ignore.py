"""Writes that change the caller's own object, whatever object the request names: nothing of
another account, an e-mail address above all, is put into the caller's."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

REF = '{$ref: "#/components/schemas/Profile"}'
ID = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
BODY = f"requestBody: {{required: true, content: {{application/json: {{schema: {REF}}}}}}}"
SHOWN = f"description: ok, content: {{application/json: {{schema: {REF}}}}}"
SAID = f'responses: {{"200": {{{SHOWN}}}}}'
SHAPES = schema("Profile", id="string", email="string", motto="string", height="integer")


def paths(*methods: str) -> str:
    """The caller's own profile, and what is declared at the path of one."""
    get = path("/profiles/{id}", "getProfile", "Profile") if "get" in methods else ""
    head = get or "  /profiles/{id}:\n"
    writes = "".join(
        f"    {each}: {{operationId: {each}Profile, {ID}, {BODY}, {SAID}}}\n"
        for each in methods
        if each != "get"
    )
    return path("/profile", "mine", "Profile") + head + writes


def policy(*methods: str) -> str:
    lines = "".join(f"  {each}Profile: {{params: {{id: Profile.id}}}}\n" for each in methods)
    return f"""\
  Profile:
    key: id
    owner: id
    fields:
      id, email: [{{see: [owner]}}]
      motto, height: [{{see: [owner], set: [owner]}}]
operations:
{lines}"""


class Profiles:
    """One profile for each account, whose verification ends when its e-mail address changes.

    `ignores`: methods that take the caller's own, whatever id there is; `leaks`: methods that take
    anybody's; `fails`: methods that break.
    """

    def __init__(self, ignores: str = "", leaks: str = "", fails: str = "") -> None:
        self.ignores, self.leaks, self.fails = ignores.split(), leaks.split(), fails.split()
        self.rows: dict[str, dict[str, Any]] = {
            id: {
                "id": id, "email": f"{name}@mail.example", "motto": f"what {name} believes in",
                "height": 160 + 7 * nth, "verified": True,
            }
            for nth, (name, id) in enumerate(NAMES.items())
        }  # fmt: skip
        self.before = copy.deepcopy(self.rows)
        self.writes: list[tuple[str, str, str]] = []
        """(method, whose id, who) of writes that changed the writer's own profile to another
        address."""
        self.app = logged_in(self.answer)

    def answer(self, who: str, call: Call) -> Reply:
        own = NAMES[who]
        if call.path == "/profile":
            return Reply(200, self.show(self.rows[own]))
        id, method = call.path.rpartition("/")[2], call.method.lower()
        if method in self.fails:
            return Reply(500, {"error": "sorry"})
        if method in self.ignores:
            id = own
        elif id != own and method not in self.leaks:
            return Reply(404, {"error": "no such profile"})
        if id not in self.rows:
            return Reply(404, {"error": "no such profile"})
        row = self.rows[id]
        if method in ("put", "patch"):
            said = {n: v for n, v in call.json.items() if n in ("email", "motto", "height")}
            if said.get("email", row["email"]) != row["email"]:
                row["verified"] = False
                self.writes.append((method, call.path, who))
            row.update(said)
        return Reply(200, self.show(row))

    def show(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name != "verified"}

    def scan(self, folder: Path, *methods: str) -> Told:
        return told(folder, SHAPES, paths(*methods), policy(*methods), self.app, allow_writes=True)


def untested(found: Told, method: str) -> str:
    said = [e.reason for e in found.report.writes.untried if e.endpoint.method == method.upper()]
    return "\n".join(said)


WAYS = [("get", "put"), ("get", "put", "patch"), ("get", "patch"), ("put",), ("put", "patch")]


@pytest.mark.parametrize("methods", WAYS, ids="-".join)
def test_an_endpoint_that_ignores_its_id_is_sent_nothing_of_another(
    methods: tuple[str, ...], tmp_path: Path
) -> None:
    """The address of one account stood in another's for an instant, and was not verified since."""
    api = Profiles(ignores="get put patch")
    found = api.scan(tmp_path, *methods)
    assert api.rows == api.before
    assert not api.writes
    assert not found.proven
    for method in {*methods} - {"get"}:
        assert "own" in untested(found, method)


@pytest.mark.parametrize("methods", [("get", "put", "patch"), ("put", "patch")], ids="-".join)
def test_where_only_writes_ignore_the_id_one_member_was_changed_once(
    methods: tuple[str, ...], tmp_path: Path
) -> None:
    """The PATCH of one member tells it; no PUT of a whole profile follows."""
    api = Profiles(ignores="put patch")
    found = api.scan(tmp_path, *methods)
    assert (api.rows, api.writes) == (api.before, [])
    assert not found.proven
    assert all("own is written" in untested(found, each) for each in ("put", "patch"))


def test_where_a_patch_breaks_no_put_follows_unless_a_read_tells(tmp_path: Path) -> None:
    api = Profiles(ignores="put", fails="patch")
    found = api.scan(tmp_path, "put", "patch")
    assert (api.rows, api.writes) == (api.before, [])
    assert "no response shows that its id selects" in untested(found, "put")


def test_a_put_that_alone_ignores_the_id_is_sent_once_and_told(tmp_path: Path) -> None:
    """Nothing told it before: the profile is put back, and what that cannot mend is told."""
    api = Profiles(ignores="put")
    found = api.scan(tmp_path, "get", "put")
    assert len([each for each in api.writes if each[1] == "/profiles/u-4101"]) <= 1
    kept = [api.show(row) for row in api.rows.values()]
    assert kept == [api.show(row) for row in api.before.values()]
    assert "own is written" in untested(found, "put")
    assert any("changed their own (`motto`, `height`, `email`)" in n for n in found.report.notes)


@pytest.mark.parametrize(
    ("methods", "leaks", "proven"),
    [
        (("get", "put"), "put", True), (("get", "put"), "", False),
        (("get", "put", "patch"), "put patch", True), (("get", "put", "patch"), "put", True),
        (("get", "put", "patch"), "", False), (("put", "patch"), "put patch", True),
        (("put", "patch"), "put", True), (("put", "patch"), "patch", True),
        (("put", "patch"), "", False),
    ],
)  # fmt: skip
def test_an_api_that_looks_the_id_up_keeps_its_verdict(
    methods: tuple[str, ...], leaks: str, proven: bool, tmp_path: Path
) -> None:
    api = Profiles(leaks=leaks)
    found = api.scan(tmp_path, *methods)
    assert api.rows == api.before
    assert (("Profile.motto", "member") in found.proven) is proven
    assert not any("own" in untested(found, each) for each in ("put", "patch"))


def test_members_that_nobody_may_set_are_still_tried_by_their_owner(tmp_path: Path) -> None:
    """Whatever the id, an owner writes to their own."""
    api = Profiles(ignores="get put patch")
    lines = (
        policy("get", "put", "patch")
        .replace("motto, height:", "motto:")
        .replace("id, email:", "id, email, height:")
    )
    found = told(tmp_path, SHAPES, paths("get", "put", "patch"), lines, api.app, allow_writes=True)
    assert (api.rows, api.writes) == (api.before, [])
    assert found.proven == {("Profile.height", "owner")}

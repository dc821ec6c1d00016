"""What a write of settings does to others is told after a kill as by the whole run, or avoided."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.scan.killing import Bench, killing
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, path, schema, write

pytestmark = pytest.mark.server

SETTINGS = '{$ref: "#/components/schemas/Settings"}'
POLICY = """\
  Person:
    key: id
    owner: id
    main: person
    states: {hidden: {field: hidden, missing: true, switch: {operation: change, set: /hidden}}}
    fields:
      id, hidden: [{see: [member]}]
      phone:
        - see: [owner]
        - {see: [member], when: {hidden: false}}
operations:
  person: {params: {id: Person.id}}
  settings: {call: [member]}
  change: {call: [member]}
"""
SHAPES = schema("Person", id="string", hidden="boolean", phone="string") + schema(
    "Settings", hidden="boolean", lang="string", hook="string"
)
Row = dict[str, Any]


class Settings:
    """Settings written by `method`. `shouts`: `lang` is stored in upper case."""

    def __init__(self, method: str, *, shouts: bool = False) -> None:
        self.method, self.shouts = method, shouts
        self.rows: dict[str, Row] = {
            id: {
                "id": id,
                "hidden": True,
                "phone": f"+49-5550-{who}",
                "lang": "en",
                "hook": f"whsec-{who}",
            }
            for who, id in NAMES.items()
        }

    def __call__(self, name: str, call: Call) -> Reply:
        mine = self.rows[NAMES[name]]
        if call.path == "/settings":
            if call.method == self.method:
                sent = json.loads(call.body)
                default = {"hidden": False, "lang": "en", "hook": ""}
                mine.update({each: sent.get(each, default[each]) for each in default})
                mine["lang"] = mine["lang"].upper() if self.shouts else mine["lang"]
            return Reply(200, {each: mine[each] for each in ("hidden", "lang", "hook")})
        found = self.rows.get(call.path.removeprefix("/people/"))
        if found is None:
            return Reply(404, {"error": "none"})
        open_to = found is mine or not found["hidden"]
        fields = ("id", "hidden", *(("phone",) if open_to else ()))
        return Reply(200, {each: found[each] for each in fields})

    def write(self, folder: Path) -> None:
        body = f"content: {{application/json: {{schema: {SETTINGS}}}}}"
        paths = (
            path("/people/{id}", "person", "Person")
            + path("/settings", "settings", "Settings")
            + f"    {self.method.lower()}:\n      operationId: change\n"
            + f"      requestBody: {{{body}}}\n"
            + f'      responses: {{"200": {{description: ok, {body}}}}}\n'
        )
        write(folder, SHAPES, paths, POLICY)


def is_write(call: Call) -> bool:
    return call.path == "/settings" and call.method != "GET"


def is_clean(bench: Bench) -> bool:
    again = bench.restore()
    return (again.code, again.out) == (0, "nothing is left to restore\n")


TOLD = "other settings of {} differ from before `change`: {}; check them by hand"


@pytest.mark.parametrize(
    ("api", "lost"),
    [
        (Settings("PUT", shouts=True), "`lang`"),
        (Settings("PATCH", shouts=True), "`hook`, `lang`"),
        (Settings("PATCH"), "`hook`"),
    ],
)
def test_what_a_killed_run_has_changed_beside_is_told_until_it_is_as_it_was(
    api: Settings, lost: str, tmp_path: Path
) -> None:
    before = copy.deepcopy(api.rows)
    api.write(tmp_path)
    with killing(tmp_path, logged_in(api)) as bench:
        bench.scan_killed(is_write, "--allow-own-settings")
        (who,) = (who for who, id in NAMES.items() if api.rows[id] != before[id])
        for _ in range(2):
            done = bench.restore()
            assert done.code == 3 and f"LEFT: {TOLD.format(who, lost)}" in done.out
            assert api.rows[NAMES[who]]["hidden"] is before[NAMES[who]]["hidden"]
        api.rows = copy.deepcopy(before)  # by hand
        assert bench.restore().code == 0
        assert is_clean(bench)
    assert b"whsec" not in (tmp_path / "journal").read_bytes()


@pytest.mark.parametrize("done", [True, False])
def test_where_a_write_changes_nothing_else_nothing_is_told(done: bool, tmp_path: Path) -> None:
    api = Settings("PUT")
    before = copy.deepcopy(api.rows)
    api.write(tmp_path)
    with killing(tmp_path, logged_in(api)) as bench:
        bench.scan_killed(is_write, "--allow-own-settings", done=done)
        assert (bench.restore().code, api.rows) == (0, before)
        assert is_clean(bench)


def test_a_patch_that_resets_what_it_lacks_costs_nobody_a_setting(tmp_path: Path) -> None:
    api = Settings("PATCH")
    before = copy.deepcopy(api.rows)
    api.write(tmp_path)
    with killing(tmp_path, logged_in(api)) as bench:
        done = bench.scan("--allow-own-settings")
        assert (done.code, api.rows) == (0, before), done.out
        assert is_clean(bench)


def test_what_a_write_spoils_is_told_and_no_other_setting_differs(tmp_path: Path) -> None:
    api = Settings("PUT", shouts=True)
    before = copy.deepcopy(api.rows)
    api.write(tmp_path)
    with killing(tmp_path, logged_in(api)) as bench:
        done = bench.scan("--allow-own-settings")
        (who,) = (who for who, id in NAMES.items() if api.rows[id] != before[id])
        assert done.code == 3 and api.rows[NAMES[who]] == {**before[NAMES[who]], "lang": "EN"}
        assert TOLD.format(who, "`lang`") in " ".join(done.out.split())

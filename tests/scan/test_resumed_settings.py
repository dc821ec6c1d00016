"""A run that was killed while a setting was changed goes on as if it had not been: what was read
before the setting was put back says nothing of how the account is now."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.scan.killing import killing
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, path, schema, write

pytestmark = [pytest.mark.server, pytest.mark.long]

PEOPLE = '{$ref: "#/components/schemas/Person"}'
SETTINGS = '{$ref: "#/components/schemas/Settings"}'
LEVELS = ("public", "members", "few", "nobody")
BODY = f"content: {{application/json: {{schema: {SETTINGS}}}}}"
SHAPES = schema("Person", id="string", vis="string", hidden="boolean", city="string", mood="string")
SHAPES += schema("Settings", vis="string", hidden="boolean")
SHAPES += schema("Diary", id="string", note="string")
PATHS = (
    path("/people", "people", "Person", many=True)
    + path("/people/{id}", "person", "Person")
    + path("/diaries/{id}", "diary", "Diary")
    + path("/settings", "settings", "Settings")
    + f"    patch:\n      operationId: change\n      requestBody: {{{BODY}}}\n"
    + f'      responses: {{"200": {{description: ok, {BODY}}}}}\n'
)
POLICY = f"""\
  Person:
    key: id
    owner: id
    main: person
    states:
      vis:
        {{field: vis, levels: [{", ".join(LEVELS)}], missing: nobody,
          switch: {{operation: change, set: /vis}}}}
      hid: {{field: hidden, missing: true, switch: {{operation: change, set: /hidden}}}}
    fields:
      id, vis, hidden: [{{see: [member]}}]
      city:
        - see: [owner]
        - {{see: [member], when: {{vis: [public, members]}}}}
      mood:
        - see: [owner]
        - {{see: [member], when: {{hid: false}}}}
  Diary:
    key: id
    owner: id
    main: diary
    states: {{vis: {{of: Person.vis, missing: nobody}}}}
    fields:
      id: [{{see: [member]}}]
      note:
        - see: [owner]
        - {{see: [member], when: {{vis: public}}}}
operations:
  person: {{params: {{id: Person.id}}}}
  diary: {{params: {{id: Diary.id}}}}
  settings: {{call: [member]}}
  change: {{call: [member]}}
"""


class People:
    """Who is asking is told with all of their own settings. `leaks`: (member, state, value) of what
    others are shown although the contract does not allow it."""

    def __init__(self, *leaks: tuple[str, str, Any], vis: str = "public") -> None:
        self.leaks = leaks
        self.rows: dict[str, dict[str, Any]] = {
            id: {
                "id": id, "vis": vis, "hidden": False, "city": f"Willow {who}",
                "mood": f"calm as {who}", "note": f"what {who} did",
            }
            for who, id in NAMES.items()
        }  # fmt: skip

    def _shown(self, found: dict[str, Any], mine: dict[str, Any], *wanted: str) -> dict[str, Any]:
        able = {
            "city": found["vis"] in ("public", "members"),
            "mood": not found["hidden"],
            "note": found["vis"] == "public",
        }
        leaky = {member for member, state, value in self.leaks if found[state] == value}
        return {
            each: found[each]
            for each in wanted
            if found is mine or able.get(each, True) or each in leaky
        }

    def __call__(self, call: Call) -> Reply:
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        mine, person = self.rows[NAMES[who]], ("id", "vis", "hidden", "city", "mood")
        if call.path == "/me":
            return Reply(200, self._shown(mine, mine, *person))
        if call.path == "/settings":
            sent = call.json if call.method == "PATCH" else {}
            mine.update({each: sent[each] for each in ("vis", "hidden") if each in sent})
            return Reply(200, {each: mine[each] for each in ("vis", "hidden")})
        if call.path == "/people":
            return Reply(200, [self._shown(each, mine, *person) for each in self.rows.values()])
        _, kind, id = f"{call.path}//".split("/")[:3]
        wanted = {"people": person, "diaries": ("id", "note")}.get(kind, ())
        found = self.rows.get(id) if wanted else None
        shown = self._shown(found, mine, *wanted) if found else None
        return Reply(200, shown) if shown else Reply(404, {"error": "none"})

    def write(self, folder: Path) -> None:
        write(folder, SHAPES, PATHS, POLICY)
        file = folder / "openapi.yaml"
        file.write_text(
            file.read_text().replace("#/components/schemas/Me", "#/components/schemas/Person")
        )


def sets(number: int) -> Any:
    """At the change of a setting with this number."""
    seen: list[Call] = []

    def at(call: Call) -> bool:
        seen.extend([call] if call.method == "PATCH" else [])
        return call.method == "PATCH" and len(seen) == number

    return at


def told(folder: Path) -> tuple[set[Any], dict[Any, str], list[str]]:
    report = json.loads((folder / "report.json").read_bytes())
    cells = {
        (c["path"], c["field"], c["viewer"], *c["state"].items()): c["result"]
        for c in report["coverage"]["cells"]
    }
    found = {(f["field"], *f["state"].items(), f["verdict"]) for f in report["findings"]}
    return found, cells, report["distrust"]


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    "api",
    [
        People(),
        People(vis="few"),
        People(("city", "vis", "few")),
        People(("city", "vis", "nobody"), vis="members"),
        People(("mood", "hidden", True)),
        People(("note", "vis", "members")),
    ],
    ids=["correct", "few", "city", "nobody", "mood", "note"],
)
def test_a_resumed_run_judges_an_account_as_it_was_put_back(
    api: People, number: int, tmp_path: Path
) -> None:
    api.write(tmp_path)
    before = copy.deepcopy(api.rows)
    more = ("--allow-own-settings", "--json", str(tmp_path / "report.json"))
    with killing(tmp_path, api) as bench:
        whole = bench.scan(*more)
        expected = told(tmp_path)
        assert whole.code == (1 if api.leaks else 0), whole.out
        (tmp_path / "journal").unlink()
        bench.scan_killed(sets(number), *more)
        assert api.rows != before
        resumed = bench.scan(*more, "--resume")
    assert resumed.code == whole.code, resumed.out
    assert told(tmp_path) == expected
    assert api.rows == before

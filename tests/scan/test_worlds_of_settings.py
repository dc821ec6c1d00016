"""Combinations of settings that a scan sets, and what it asks for again in each."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from oakum.authz import compile_contract
from oakum.exposure.cells.matrix import Key
from oakum.exposure.known_identities import KnownIdentities
from oakum.policy.contract import load
from oakum.scan.scheduler import Scheduler
from oakum.scan.settings.next_settings import LAST_LOOK, SettingChoice
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, schema, told, write

pytestmark = pytest.mark.server

SHAPES = (
    schema("Person", id="string", city="string", profile="string", town="string")
    + schema("Settings", profile="string", town="string")
    + schema("Note", id="string", person="string", text="string")
)


def _answer(name: str, *, many: bool = False) -> str:
    one = f'{{$ref: "#/components/schemas/{name}"}}'
    shape = f"{{type: array, items: {one}}}" if many else one
    return f'{{"200": {{description: ok, content: {{application/json: {{schema: {shape}}}}}}}}}'


PATHS = f"""\
  /people:
    get: {{operationId: listPeople, responses: {_answer("Person", many=True)}}}
  /people/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get: {{operationId: getPerson, responses: {_answer("Person")}}}
  /notes:
    get: {{operationId: listNotes, responses: {_answer("Note", many=True)}}}
  /settings:
    get: {{operationId: getSettings, responses: {_answer("Settings")}}}
    patch:
      operationId: setSettings
      requestBody: {{content: {{application/json: {{schema: {{$ref: "#/components/schemas/Settings"}}}}}}}}
      responses: {_answer("Settings")}
"""  # noqa: E501
POLICY = """\
  Person:
    key: id
    owner: id
    main: getPerson
    states:
      profile: {field: profile, levels: [all, none], missing: none, switch: {operation: setSettings, set: /profile}}
      town: {field: town, of: Person.profile, switch: {operation: setSettings, set: /town}}
    fields:
      id: [{see: [member, owner]}]
      profile, town: [{see: [owner]}]
      city:
        - see: [owner]
        - {see: [member], when: {profile: all, town: all}}
  Note:
    key: id
    owner: person
    fields:
      id, person, text: [{see: [owner]}]
params: {id: Person.id}
operations:
  getSettings: {call: [member]}
"""  # noqa: E501


class Api:
    """People with a city, and two settings for it. `town`: what theirs is at first; `heeds`: what
    settings the API heeds."""

    def __init__(self, town: str | None, heeds: tuple[str, ...] = ("profile", "town")) -> None:
        self.heeds, self.calls, self.set = heeds, list[str](), list[dict[str, Any]]()
        self.settings = {who: {"profile": "all", "town": town} for who in NAMES}
        self.before = {who: dict(each) for who, each in self.settings.items()}

    def view(self, viewer: str, who: str) -> dict[str, Any]:
        own = self.settings[who]
        said = {"profile": own["profile"], "town": own["town"] or own["profile"]}
        row = {"id": NAMES[who], "city": f"{who}-burg-4471"}
        if viewer == who:
            return {**row, **own}
        return row if all(said[each] == "all" for each in self.heeds) else {"id": NAMES[who]}

    def scan(self, folder: Path, **options: Any) -> Told:
        @logged_in
        def api(who: str, call: Call) -> Reply:
            self.calls.append(call.path)
            if call.path == "/settings":
                if call.method == "PATCH":
                    self.set.append(call.json)
                    self.settings[who] |= call.json
                return Reply(200, self.settings[who])
            if call.path == "/people":
                return Reply(200, [self.view(who, each) for each in NAMES])
            if call.path == "/notes":
                note = {"id": f"n-{who}-9", "person": NAMES[who], "text": None}
                return Reply(200, [note])
            named = next((n for n, id in NAMES.items() if call.path == f"/people/{id}"), "")
            return Reply(200, self.view(who, named)) if named else Reply(404)

        run = told(folder, SHAPES, PATHS, POLICY, api, **options)
        assert self.settings == self.before
        return run


def test_a_setting_that_may_follow_another_is_set_by_its_own_switch(tmp_path: Path) -> None:
    """Everybody's is open at first, and its other state is reached by itself."""
    run = Api("all", heeds=("profile",)).scan(tmp_path, allow_own_settings=True)
    assert ("Person.city", "member") in run.proven


def test_the_twin_that_heeds_both_is_clean(tmp_path: Path) -> None:
    run = Api("all").scan(tmp_path, allow_own_settings=True)
    assert run.report.findings == ()
    city = [e for e in run.report.cells if e.field == "city" and e.viewer == "member"]
    assert {str(e.result) for e in city} == {"open", "closed"}


def test_a_setting_that_would_have_to_have_two_values_is_not_tried(tmp_path: Path) -> None:
    """Where null leaves one setting to another, both are the same."""
    write(tmp_path, SHAPES, PATHS, POLICY)
    found = load(tmp_path / "exposure.yaml")
    assert found.policy is not None
    identities = KnownIdentities(found.policy, {}, {}, {})
    identities.states = {(who, "Person.profile"): "all" for who in ("ann", "bob")}
    identities.overrides = {("ann", "Person.town"): None, ("bob", "Person.town"): "all"}
    states = found.policy.resources["Person"].states
    settings: Any = SimpleNamespace(
        policy=found.policy,
        identities=identities,
        switch=lambda path: states[path.partition(".")[2]].switch,
    )
    model = compile_contract(found.document, found.policy)
    matrix: Any = SimpleNamespace()
    choice = SettingChoice(model, identities, matrix, settings)
    key = Key("listPeople", "Person", "city", "member", (("profile", "all"), ("town", "none")))
    assert choice._settings(key, "ann") == ()
    assert choice._settings(key, "bob") == (("Person.profile", "all"), ("Person.town", "none"))


@pytest.mark.parametrize(
    ("world", "owner", "again"),
    [
        ("", "bob", True),
        ("world 1", "ann", True),
        ("world 1", "bob", False),
        (LAST_LOOK, "bob", True),
    ],
)
def test_what_others_have_is_not_asked_for_again(world: str, owner: str, again: bool) -> None:
    """Ann's settings are changed, and what bob has is as it was."""
    key = Key("listPeople", "Person", "city", "member", (("profile", "all"),))
    engine: Any = SimpleNamespace(
        state=SimpleNamespace(world=world, changed="ann" if world else ""),
        matrix=SimpleNamespace(undecided_cells=lambda *about: iter([key])),
    )
    assert Scheduler(engine)._is_open("listPeople", "cat", owner) is again

"""What an API does to existing objects when the run makes one is told after a kill, too."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scan.killing import Bench, killing
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, path, schema, write

pytestmark = pytest.mark.server

POLICY = """\
  Address:
    key: id
    owner: by
    fields:
      id, by, position, is_default: [{see: [owner]}]
      city: [{see: [owner], set: [owner]}]
operations:
  make: {sets: {Address: ""}}
  address: {params: {id: Address.id}}
  drop: {params: {id: Address.id}, call: [owner]}
"""
NEW = "{type: object, required: [city], properties: {city: {type: string}}}"
ADDRESS = 'content: {application/json: {schema: {$ref: "#/components/schemas/Address"}}}'
PATHS = (
    path("/addresses", "addresses", "Address", many=True)
    + f"""\
    post:
      operationId: make
      requestBody: {{content: {{application/json: {{schema: {NEW}}}}}}}
      responses: {{"201": {{description: made, {ADDRESS}}}}}
"""
    + path("/addresses/{id}", "address", "Address")
    + """\
    delete:
      operationId: drop
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {"204": {description: gone}}
"""
)
SHAPES = schema(
    "Address", id="string", by="string", city="string", is_default="boolean", position="integer"
)
Row = dict[str, Any]


def no_more(mine: list[Row], rows: dict[str, Row]) -> None:
    """Nothing else changes."""


def default(mine: list[Row], rows: dict[str, Row]) -> None:
    """A new one is the default."""
    for each in mine:
        each["is_default"] = False


def shift(mine: list[Row], rows: dict[str, Row]) -> None:
    """A new one stands first."""
    for each in mine:
        each["position"] += 1


def evict(mine: list[Row], rows: dict[str, Row]) -> None:
    """The newest three are kept."""
    for each in mine[:-2]:
        del rows[each["id"]]


Effect = Callable[[list[Row], dict[str, Row]], None]
TOLD = {
    default: "a `Address` of ann differs from before the run (`is_default`)",
    shift: "a `Address` of ann differs from before the run (`position`)",
    evict: "1 `Address` of ann that the run did not create is no longer shown",
}


class Addresses:
    def __init__(self, effect: Effect) -> None:
        self.rows: dict[str, Row] = {}
        self.made = 500
        self.effect = no_more
        for who, id in NAMES.items():
            for nth in range(3):
                self.add(id, f"{who}-by-the-sea {nth}")["is_default"] = nth == 0
        self.effect = effect

    def add(self, by: str, city: str) -> Row:
        mine = [each for each in self.rows.values() if each["by"] == by]
        self.effect(mine, self.rows)
        self.made += 1
        id = f"a-{self.made}"
        row = {"id": id, "by": by, "city": city, "is_default": False, "position": len(mine) + 1}
        self.rows[id] = row
        return row

    def __call__(self, name: str, call: Call) -> Reply:
        me, id = NAMES[name], call.path.removeprefix("/addresses").strip("/")
        if call.method == "POST":
            return Reply(201, self.add(me, json.loads(call.body)["city"]))
        if not id:
            return Reply(200, [each for each in self.rows.values() if each["by"] == me])
        found = self.rows.get(id)
        if found is None or found["by"] != me:
            return Reply(404, {"error": "none"})
        if call.method == "DELETE":
            del self.rows[id]
            return Reply(204)
        return Reply(200, found)


def is_made(call: Call) -> bool:
    return call.method == "POST"


def is_removed(call: Call) -> bool:
    return call.method == "DELETE"


def is_clean(bench: Bench) -> bool:
    again = bench.restore()
    return (again.code, again.out) == (0, "nothing is left to restore\n")


@pytest.mark.parametrize("at", [is_made, is_removed])
@pytest.mark.parametrize("effect", TOLD)
def test_what_an_existing_object_has_lost_is_told_until_it_is_as_it_was(
    effect: Effect, at: Callable[[Call], bool], tmp_path: Path
) -> None:
    api = Addresses(effect)
    before = copy.deepcopy(api.rows)
    write(tmp_path, SHAPES, PATHS, POLICY)
    with killing(tmp_path, logged_in(api)) as bench:
        bench.scan_killed(at)
        for _ in range(2):
            done = bench.restore()
            assert done.code == 3 and f"LEFT: {TOLD[effect]}" in done.out
            assert not any("oakum" in each["city"] for each in api.rows.values())
        api.rows = copy.deepcopy(before)  # by hand
        assert bench.restore().code == 0
        assert is_clean(bench)


@pytest.mark.parametrize("at", [is_made, is_removed])
def test_where_nothing_else_has_changed_nothing_is_told(
    at: Callable[[Call], bool], tmp_path: Path
) -> None:
    api = Addresses(no_more)
    before = copy.deepcopy(api.rows)
    write(tmp_path, SHAPES, PATHS, POLICY)
    with killing(tmp_path, logged_in(api)) as bench:
        bench.scan_killed(at)
        done = bench.restore()
        assert (done.code, api.rows) == (0, before)
        assert is_clean(bench)


def test_values_of_people_stand_in_the_journal_encrypted(tmp_path: Path) -> None:
    api = Addresses(no_more)
    write(tmp_path, SHAPES, PATHS, POLICY)
    with killing(tmp_path, logged_in(api)) as bench:
        bench.scan_killed(is_made)
    kept = (tmp_path / "journal").read_bytes()
    assert b'"census":"sealed:' in kept.replace(b" ", b"") and b"by-the-sea" not in kept


def test_a_run_that_goes_on_tells_it_too(tmp_path: Path) -> None:
    api = Addresses(evict)
    write(tmp_path, SHAPES, PATHS, POLICY)
    with killing(tmp_path, logged_in(api)) as bench:
        bench.scan_killed(is_removed)
        api.effect = no_more
        done = bench.scan("--resume", "--allow-writes")
        assert done.code == 3 and TOLD[evict] in done.out
        assert is_clean(bench)


def test_a_journal_that_nobody_has_compared_is_not_begun_anew(tmp_path: Path) -> None:
    api = Addresses(evict)
    write(tmp_path, SHAPES, PATHS, POLICY)
    with killing(tmp_path, logged_in(api)) as bench:
        bench.scan_killed(is_removed)
        bench.restore()
        done = bench.scan("--allow-writes")
        assert done.code == 2 and "has not compared" in done.err

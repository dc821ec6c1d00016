"""Creations that cannot be found or removed again: one is made, and no other after it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

ID = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
SHAPES = schema(
    "Note", id="string", owner_id="string", text="string", stars="integer"
) + schema("Draft", id="string", owner_id="string", text="string", stars="integer")


def place(name: str, schema: str) -> str:
    """A collection, with all that is declared of one of its objects."""
    ref = f'{{$ref: "#/components/schemas/{schema}"}}'
    body = f"requestBody: {{required: true, content: {{application/json: {{schema: {ref}}}}}}}"
    said = f"description: ok, content: {{application/json: {{schema: {ref}}}}}"
    return (
        path(f"/{name}", f"list{schema}", schema, many=True)
        + f'    post: {{operationId: add{schema}, {body}, responses: {{"201": {{{said}}}}}}}\n'
        + path(f"/{name}/{{id}}", f"get{schema}", schema)
        + f'    patch: {{operationId: edit{schema}, {ID}, {body}, responses: {{"200": {{{said}}}}}}}\n'
        + f'    put: {{operationId: set{schema}, {ID}, {body}, responses: {{"200": {{{said}}}}}}}\n'
        + f'    delete: {{operationId: drop{schema}, {ID}, responses: {{"204": {{description: gone}}}}}}\n'
    )


PATHS = place("notes", "Note") + place("drafts", "Draft")
FIELDS = """
    key: id
    owner: owner_id
    fields:
      id, owner_id, stars: [{see: [owner]}]
      text: [{see: [owner], set: [owner]}]
"""
POLICY = (
    f"  Note:{FIELDS}  Draft:{FIELDS}operations:\n"
    + "".join(
        f"  {verb}{of}: {{params: {{id: {of}.id}}, call: [owner]}}\n"
        for of in ("Note", "Draft")
        for verb in ("get", "edit", "set", "drop")
    )
)


class Shelf:
    """Notes and drafts of ann, bob and cat. `odd`: what is wrong with drafts; `leaks`: a PATCH asks
    nobody who they are, and who makes one says how many stars it has."""

    def __init__(self, odd: str = "", *, leaks: bool = False) -> None:
        self.odd, self.leaks, self.count = odd, leaks, 0
        self.rows: dict[str, dict[str, dict[str, Any]]] = {"notes": {}, "drafts": {}}
        for name in NAMES:
            for kind in self.rows:
                for nth in range(2):
                    self.add(kind, name, {"text": f"{kind} of {name}, {nth}"})
        self.before = copy.deepcopy(self.rows)
        self.app = logged_in(self.answer)
        self.made = 0
        """Drafts that were asked for and made."""

    def add(self, kind: str, name: str, said: dict[str, Any]) -> dict[str, Any]:
        self.count += 1
        id = f"{kind[0]}-{7000 + 13 * self.count}"
        stars = said.get("stars", 3) if self.leaks else 3
        self.rows[kind][id] = {
            "id": id, "owner_id": NAMES[name], "text": said.get("text", ""), "stars": stars,
        }  # fmt: skip
        return self.rows[kind][id]

    def answer(self, who: str, call: Call) -> Reply:
        _, kind, id = [*call.path.split("/"), ""][:3]
        if kind not in self.rows:
            return Reply(404, {"error": "no such path"})
        odd = self.odd if kind == "drafts" else ""
        rows = self.rows[kind]
        if call.method == "POST":
            return self.create(who, kind, odd, call.json)
        mine = [each for each in rows.values() if each["owner_id"] == NAMES[who]]
        if not id:
            hidden = self.before[kind] if odd == "unseen" else rows
            return Reply(200, [each for each in mine if each["id"] in hidden])
        row = rows.get(id)
        open = self.leaks and call.method == "PATCH"
        new = id not in self.before[kind]
        if row is None or (row["owner_id"] != NAMES[who] and not open) or (odd == "unseen" and new):
            return Reply(404, {"error": "none"})
        if call.method == "DELETE":
            return self.remove(kind, odd, id)
        if call.method in ("PATCH", "PUT"):
            row.update({n: v for n, v in call.json.items() if n in ("text",)})
        return Reply(200, row)

    def create(self, who: str, kind: str, odd: str, said: dict[str, Any]) -> Reply:
        self.made += kind == "drafts"
        if odd == "elsewhere":
            return Reply(201, {"id": self.add("notes", who, said)["id"]})
        row = self.add(kind, who, said)
        if odd == "twice":
            self.add(kind, who, said)
        if odd == "companion":
            self.add(kind, who, {"text": "a companion"})
        if odd == "another":
            other = next(e for e in self.before[kind].values() if e["owner_id"] != NAMES[who])
            return Reply(201, {"id": other["id"]})
        if odd == "breaks":
            return Reply(500, {"error": "sorry"})
        return Reply(201, {"id": row["id"]} if odd == "unseen" else row)

    def remove(self, kind: str, odd: str, id: str) -> Reply:
        if odd in ("stays", "unseen"):
            return Reply(204, None)
        if odd == "refuses":
            return Reply(405, {"error": "no"})
        del self.rows[kind][id]
        return Reply(204, None)

    @property
    def left(self) -> int:
        """Objects that were not there before."""
        assert all(self.before[kind].items() <= self.rows[kind].items() for kind in self.rows)
        return sum(len(self.rows[kind]) - len(self.before[kind]) for kind in self.rows)

    def scan(self, folder: Path) -> Told:
        return told(folder, SHAPES, PATHS, POLICY, self.app, allow_writes=True)


@pytest.mark.parametrize("odd", ["stays", "refuses", "unseen"])
def test_what_cannot_be_removed_is_made_once(odd: str, tmp_path: Path) -> None:
    api = Shelf(odd)
    found = api.scan(tmp_path)
    assert (api.made, api.left) == (1, 1)
    assert any("a new `Draft` of ann" in each for each in found.report.distrust)
    said = [e.reason for e in found.report.writes.untried if e.endpoint.operation == "addDraft"]
    assert any("did not remove what the run had created" in each for each in said)


def test_what_is_made_in_another_place_is_removed_there(tmp_path: Path) -> None:
    """Each caller made one before the first removal was tried, and all of them stayed."""
    api = Shelf("elsewhere")
    found = api.scan(tmp_path)
    assert (api.made, api.left) == (1, 0)
    assert not found.report.writes.left


def test_what_makes_two_marked_objects_leaves_none(tmp_path: Path) -> None:
    api = Shelf("twice")
    api.scan(tmp_path)
    assert api.left == 0


def test_what_makes_another_object_beside_is_asked_once(tmp_path: Path) -> None:
    """Nothing shows whose doing the other one is, so it stays, and is told."""
    api = Shelf("companion")
    found = api.scan(tmp_path)
    assert (api.made, api.left) == (1, 1)
    said = [each for each in found.report.distrust if "1 more `Draft` of ann than one" in each]
    assert said


def test_what_names_another_object_is_asked_once(tmp_path: Path) -> None:
    api = Shelf("another")
    api.scan(tmp_path)
    assert api.left <= 1


def test_what_breaks_and_makes_one_is_removed(tmp_path: Path) -> None:
    api = Shelf("breaks")
    api.scan(tmp_path)
    assert api.left == 0


@pytest.mark.parametrize("odd", ["", "stays"])
def test_the_others_keep_their_verdicts(odd: str, tmp_path: Path) -> None:
    api = Shelf(odd, leaks=True)
    found = api.scan(tmp_path)
    assert api.left == (1 if odd else 0)
    assert ("Note.text", "member") in found.proven
    assert ("Note.stars", "owner") in found.proven
    assert ("Draft.text", "member") in found.proven
    assert (("Draft.stars", "owner") in found.proven) is (not odd)


def test_a_right_api_has_nothing_left_and_nothing_proven(tmp_path: Path) -> None:
    api = Shelf()
    found = api.scan(tmp_path)
    assert (api.left, found.proven, found.report.distrust) == (0, set(), ())

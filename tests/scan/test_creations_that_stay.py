"""Creations that cannot be found or removed again: one is made, and no other after it."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

ID = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
SHAPES = schema("Note", id="string", owner_id="string", text="string", stars="integer") + schema(
    "Draft", id="string", owner_id="string", text="string", stars="integer"
)


def place(name: str, schema: str) -> str:
    """A collection, with all that is declared of one of its objects."""
    ref = f'{{$ref: "#/components/schemas/{schema}"}}'
    body = f"requestBody: {{required: true, content: {{application/json: {{schema: {ref}}}}}}}"
    said = f"description: ok, content: {{application/json: {{schema: {ref}}}}}"
    ok, gone = f'{{"200": {{{said}}}}}', '{"204": {description: gone}}'
    return (
        path(f"/{name}", f"list{schema}", schema, many=True)
        + f'    post: {{operationId: add{schema}, {body}, responses: {{"201": {{{said}}}}}}}\n'
        + path(f"/{name}/{{id}}", f"get{schema}", schema)
        + f"    patch: {{operationId: edit{schema}, {ID}, {body}, responses: {ok}}}\n"
        + f"    put: {{operationId: set{schema}, {ID}, {body}, responses: {ok}}}\n"
        + f"    delete: {{operationId: drop{schema}, {ID}, responses: {gone}}}\n"
    )


PATHS = place("notes", "Note") + place("drafts", "Draft")
FIELDS = """
    key: id
    owner: owner_id
    fields:
      id, owner_id, stars: [{see: [owner]}]
      text: [{see: [owner], set: [owner]}]
"""
POLICY = f"  Note:{FIELDS}  Draft:{FIELDS}operations:\n" + "".join(
    f"  {verb}{of}: {{params: {{id: {of}.id}}, call: [owner]}}\n"
    for of in ("Note", "Draft")
    for verb in ("get", "edit", "set", "drop")
)


class Shelf:
    """Notes and drafts of ann, bob and cat.

    `odd`: what is wrong with drafts, such as a removal that takes the caller's `first` or `all`, or
    a PUT to another's that makes a `copy`; `leaks`: a PATCH asks nobody who they are, and who makes
    one says how many stars it has.
    """

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
            shown = [e for e in mine if odd != "unseen" or e["id"] in self.before[kind]]
            return Reply(200, shown)
        mine_there = rows.get(id, {}).get("owner_id") == NAMES[who]
        if odd == "copy" and not mine_there and (call.method == "PUT" or f"{id} {who}" in rows):
            rows.setdefault(f"{id} {who}", {"id": id, "owner_id": NAMES[who], "stars": 3})
            id = f"{id} {who}"
        if odd in ("first", "all") and call.method == "DELETE" and id in rows:
            for each in mine[:1] if odd == "first" else mine:
                del rows[each["id"]]
            return Reply(204, None)
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
        return sum(len(rows.keys() - self.before[kind].keys()) for kind, rows in self.rows.items())

    @property
    def lost(self) -> dict[str, int]:
        """Owner → how many of the objects that were there before are not, or are different."""
        every = [(kind, row) for kind, rows in self.before.items() for row in rows.values()]
        return dict(Counter(e["owner_id"] for k, e in every if self.rows[k].get(e["id"]) != e))

    def scan(self, folder: Path) -> Told:
        return told(folder, SHAPES, PATHS, POLICY, self.app, allow_writes=True)


@pytest.mark.parametrize("odd", ["stays", "refuses", "unseen"])
def test_what_cannot_be_removed_is_made_once(odd: str, tmp_path: Path) -> None:
    api = Shelf(odd)
    found = api.scan(tmp_path)
    assert (api.made, api.left, api.lost) == (1, 1, {})
    assert any("a new `Draft` of ann" in each for each in found.report.distrust)
    said = [e.reason for e in found.report.writes.untried if e.endpoint.operation == "addDraft"]
    assert any("did not remove what the run had created" in each for each in said)


def test_what_is_made_in_another_place_is_removed_there(tmp_path: Path) -> None:
    """Each caller made one before the first removal was tried, and all of them stayed."""
    api = Shelf("elsewhere")
    found = api.scan(tmp_path)
    assert (api.made, api.left, api.lost) == (1, 0, {})
    assert not found.report.writes.left


def test_what_makes_two_marked_objects_leaves_none(tmp_path: Path) -> None:
    api = Shelf("twice")
    api.scan(tmp_path)
    assert (api.left, api.lost) == (0, {})


def test_what_makes_another_object_beside_is_asked_once(tmp_path: Path) -> None:
    """Nothing shows whose doing the other one is, so it stays, and is told."""
    api = Shelf("companion")
    found = api.scan(tmp_path)
    assert (api.made, api.left, api.lost) == (1, 1, {})
    said = [each for each in found.report.distrust if "1 more `Draft` of ann than the one" in each]
    assert said


def test_what_names_another_object_is_asked_once(tmp_path: Path) -> None:
    api = Shelf("another")
    api.scan(tmp_path)
    assert api.left <= 1 and not api.lost


def test_what_breaks_and_makes_one_is_removed(tmp_path: Path) -> None:
    api = Shelf("breaks")
    api.scan(tmp_path)
    assert (api.left, api.lost) == (0, {})


@pytest.mark.parametrize(("odd", "lost"), [("first", 1), ("all", 2)])
def test_a_removal_that_takes_other_objects_is_asked_for_once(
    odd: str, lost: int, tmp_path: Path
) -> None:
    """Nobody else is asked to delete anything there; it was asked for again at the end."""
    api = Shelf(odd)
    found = api.scan(tmp_path)
    assert (api.made, api.lost) == (1, {NAMES["ann"]: lost})
    said = f"DELETE /drafts/{{id}} removed {lost} other `Draft` of ann"
    assert any(said in each for each in found.report.distrust)


def test_a_copy_that_a_put_makes_for_its_writer_is_removed(tmp_path: Path) -> None:
    api = Shelf("copy")
    found = api.scan(tmp_path)
    assert (api.left, api.lost, found.report.distrust) == (0, {}, ())


@pytest.mark.parametrize("odd", ["", "stays"])
def test_the_others_keep_their_verdicts(odd: str, tmp_path: Path) -> None:
    api = Shelf(odd, leaks=True)
    found = api.scan(tmp_path)
    assert (api.left, api.lost) == (1 if odd else 0, {})
    assert ("Note.text", "member") in found.proven
    assert ("Note.stars", "owner") in found.proven
    assert ("Draft.text", "member") in found.proven
    assert (("Draft.stars", "owner") in found.proven) is (not odd)


def test_a_right_api_has_nothing_left_and_nothing_proven(tmp_path: Path) -> None:
    api = Shelf()
    found = api.scan(tmp_path)
    assert (api.left, api.lost, found.proven, found.report.distrust) == (0, {}, set(), ())


DEVICE = schema("Device", id="string", owner_id="string", text="string")
REF = '{$ref: "#/components/schemas/Device"}'
BODY = f"requestBody: {{required: true, content: {{application/json: {{schema: {REF}}}}}}}"
GONE = '"204": {description: gone}'
SAID = f'"201": {{description: ok, content: {{application/json: {{schema: {REF}}}}}}}'


@pytest.mark.parametrize(
    ("read", "removes", "proven"),
    [
        ("", "own", False), ("own", "own", False), ("named", "named", False),
        ("named", "any", True), ("", "named", False),
    ],
)  # fmt: skip
def test_the_only_object_of_a_caller_is_not_removed_in_place_of_anothers(
    read: str, removes: str, proven: bool, tmp_path: Path
) -> None:
    """`read`: what is declared beside the removal shows the caller's `own` or the one `named`;
    `removes`: the caller's `own`, their own that is `named`, or `any`."""
    rows = {NAMES["bob"]: {"id": "d-771", "owner_id": NAMES["bob"], "text": "of bob"}}
    before, asked = copy.deepcopy(rows), list[str]()

    @logged_in
    def api(who: str, call: Call) -> Reply:
        own, id = NAMES[who], call.path.removeprefix("/devices").strip("/")
        if call.method == "POST":
            if own in rows:
                return Reply(409, {"error": "there is one"})
            text = call.json.get("text", "")
            rows[own] = {"id": f"d-{len(asked) + 800}", "owner_id": own, "text": text}
            asked.append(who)
            return Reply(201, rows[own])
        if not id:
            return Reply(200, [rows[own]] if own in rows else [])
        named = next((each for each in rows.values() if each["id"] == id), None)
        takes = removes if call.method == "DELETE" else read
        found = rows.get(own) if takes == "own" else named
        if found is None or (takes == "named" and found["owner_id"] != own):
            return Reply(404, {"error": "none"})
        if call.method == "DELETE":
            del rows[found["owner_id"]]
        return Reply(200, found)

    get = path("/devices/{id}", "getDevice", "Device") if read else "  /devices/{id}:\n"
    paths = (
        path("/devices", "listDevices", "Device", many=True)
        + f"    post: {{operationId: addDevice, {BODY}, responses: {{{SAID}}}}}\n{get}"
        + f"    delete: {{operationId: dropDevice, {ID}, responses: {{{GONE}}}}}\n"
    )
    lines = """\
  Device:
    key: id
    owner: owner_id
    fields: {id, owner_id: [{see: [owner]}], text: [{see: [owner], set: [owner]}]}
operations:
  dropDevice: {params: {id: Device.id}, call: [owner]}
""".replace("{id, owner_id:", '{"id, owner_id":')
    lines += "  getDevice: {params: {id: Device.id}, call: [owner]}\n" if read else ""
    found = told(tmp_path, DEVICE, paths, lines, api, allow_writes=True)
    assert asked and rows == before
    assert (("Device.id", "member") in found.proven) is proven
    said = [e.reason for e in found.report.writes.untried if e.endpoint.operation == "dropDevice"]
    assert any("not tested as `member`: not sent" in each for each in said) is (read != "named")

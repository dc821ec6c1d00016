"""A PUT that makes what it names: below a parent of the caller's own, it is another object."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Api, path, schema, told

ITEM = '{$ref: "#/components/schemas/Item"}'
SHAPES = schema("Box", id="string", owner_id="string") + schema("Item", id="string", text="string")
BODY = f"requestBody: {{required: true, content: {{application/json: {{schema: {ITEM}}}}}}}"
SAID = f'"200": {{description: ok, content: {{application/json: {{schema: {ITEM}}}}}}}'


def place(*names: str) -> str:
    every = (f"{{name: {e}, in: path, required: true, schema: {{type: string}}}}" for e in names)
    return f"parameters: [{', '.join(every)}]"


PATHS = (
    path("/boxes", "myBoxes", "Box", many=True)
    + path("/boxes/{boxId}", "getBox", "Box")
    + path("/boxes/{boxId}/items", "listItems", "Item", many=True)
    + f"""\
    post: {{operationId: addItem, {place("boxId")}, {BODY}, responses: {{{SAID}}}}}
"""
    + path("/boxes/{boxId}/items/{itemId}", "getItem", "Item")
    + f"""\
    put: {{operationId: putItem, {place("boxId", "itemId")}, {BODY}, responses: {{{SAID}}}}}
    delete:
      operationId: deleteItem
      {place("boxId", "itemId")}
      responses: {{"204": {{description: gone}}}}
"""
)
POLICY = """\
  Box: {key: id, owner: owner_id, main: getBox, fields: {"id, owner_id": [{see: [owner]}]}}
  Item:
    key: id
    owner: {parent: Box}
    main: getItem
    fields: {id: [{see: [owner]}], text: [{see: [owner], set: [owner]}]}
operations:
  getBox: {params: {boxId: Box.id}}
  listItems: {params: {boxId: Box.id}}
  addItem: {params: {boxId: Box.id}, call: [owner]}
  getItem: {params: {boxId: Box.id, itemId: Item.id}}
  putItem: {params: {boxId: Box.id, itemId: Item.id}}
  deleteItem: {params: {boxId: Box.id, itemId: Item.id}, call: [owner]}
"""


class Boxes(Api):
    """`leaks`: a PUT of an item does not ask whose box it is in."""

    def __init__(self, *, leaks: bool) -> None:
        super().__init__({})
        self.leaks, self.made = leaks, 0
        self.items: dict[str, dict[str, dict[str, Any]]] = {
            f"box-{name}": {f"i-{name}-6c1d": {"id": f"i-{name}-6c1d", "text": f"of {name} 58"}}
            for name in NAMES
        }

    def __call__(self, call: Call) -> Reply:
        if not call.path.startswith("/boxes"):
            return super().__call__(call)
        who = KEYS.get(call.headers.get("x-key", ""), "")
        if not who:
            return Reply(401, {"error": "log in"})
        _, _, box, _, id = [*call.path.split("/"), "", "", "", ""][:5]
        mine = {"id": f"box-{who}", "owner_id": NAMES[who]}
        if not box:
            return Reply(200, [mine])
        if box != mine["id"] and not (self.leaks and call.method == "PUT"):
            return Reply(403, {"error": "no"})
        if call.path.count("/") == 2:
            return Reply(200, mine)
        return self._of(call, self.items.setdefault(box, {}), id)

    def _of(self, call: Call, items: dict[str, dict[str, Any]], id: str) -> Reply:
        if call.method == "POST" or call.method == "PUT":
            key = id or str(call.json.get("id") or f"n-{len(items)}")
            self.made += call.method == "PUT" and key not in items
            items[key] = {**call.json, "id": key}
            return Reply(200, items[key])
        if not id:
            return Reply(200, [*items.values()])
        if id not in items:
            return Reply(404, {"error": "none"})
        if call.method == "DELETE":
            del items[id]
            return Reply(204)
        return Reply(200, items[id])


@pytest.mark.parametrize("leaks", [False, True])
def test_nothing_is_made_below_the_callers_own_parent(tmp_path: Path, leaks: bool) -> None:
    """It was left there, and told as a change that could not be undone."""
    api = Boxes(leaks=leaks)
    before = copy.deepcopy(api.items)
    found = told(tmp_path, SHAPES, PATHS, POLICY, api, allow_writes=True)
    assert api.items == before
    assert api.made == 0
    assert found.report.writes is not None and not found.report.writes.left
    assert (("Item.text", "member") in found.proven) is leaks

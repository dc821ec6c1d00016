"""What stands in place of a withheld value decides nothing else: Python and Lua."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from oakum.authz import Call, Principal, project
from tests.conformance.lua import Lua, runtime
from tests.properties import wild

Said = dict[str, Any]
_TEXT: Said = {"type": "string"}
_NOTE: Said = {"$ref": "#/components/schemas/Note"}
_USER: Said = {"$ref": "#/components/schemas/User"}
_LINES = ("id", "by", "title", "tags", "place", "place.city", "place.zip", "author", "kids")


def object_of(**members: Said) -> Said:
    return {"type": "object", "properties": members}


def list_of(each: Said) -> Said:
    return {"type": "array", "items": each}


_NOTES = object_of(
    id=_TEXT, by=_TEXT, title=_TEXT, tags=list_of(_TEXT),
    place=object_of(city=_TEXT, zip=_TEXT), author=_USER, kids=list_of(_NOTE),
)  # fmt: skip
_ROWS = list_of(object_of(snippet=_TEXT, note=_NOTE, days=list_of(_NOTE)))
_ANSWER = object_of(best=_NOTE, rows=_ROWS, total={"type": "integer"})


def document(answer: Said) -> Said:
    content = {"application/json": {"schema": answer}}
    path = {"get": {"operationId": "list", "responses": {"200": {"content": content}}}}
    schemas = {"Note": _NOTES, "User": object_of(id=_TEXT, name=_TEXT)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/notes": path},
        "components": {"schemas": schemas},
    }


def policy(lines: Said, users: Said, instead: str | None) -> Said:
    return {
        "exposure": 1,
        "api": "openapi.json",
        "relations": {"anyone": {}, "owner": {"is": "owner"}},
        "resources": {
            "Note": {"key": "id", "owner": "by", "instead": instead, "fields": lines},
            "User": {"key": "id", "owner": "id", "fields": users},
        },
        "operations": {"list": {"counts": ["/total"]}},
    }


@st.composite
def members(draw: st.DrawFn, schema: Said, depth: int = 0) -> Any:
    """A value of a schema of which any member may be missing."""
    if schema == _TEXT:
        return draw(st.sampled_from(["ann", "bob", "x"]))
    if "items" in schema:
        return draw(st.lists(members(schema["items"], depth + 1), max_size=2 if depth < 4 else 0))
    if "$ref" in schema:
        schema = _NOTES if schema == _NOTE else object_of(id=_TEXT, name=_TEXT)
    if "properties" not in schema:
        return 3
    found = {}
    for name, each in schema["properties"].items():
        if depth < 6 and draw(st.integers(0, 2)) == 0:
            found[name] = draw(members(each, depth + 1))
    return found


def without_stand_ins(shown: Any, sent: Any) -> Any:
    """What is shown, without each `null` that was not sent, and what holds nothing else."""
    if isinstance(shown, list):
        return [without_stand_ins(*pair) for pair in paired(shown, sent)]
    if not isinstance(shown, dict):
        return shown
    kept = {}
    for name, each in shown.items():
        if each is None and sent[name] is not None:
            continue
        made = without_stand_ins(each, sent[name])
        if made != {} or each == {}:
            kept[name] = made
    return kept


def paired(shown: list[Any], sent: list[Any]) -> list[tuple[Any, Any]]:
    """Elements that are shown, each with the first that was sent of which it may be left."""
    found, rest = [], iter(sent)
    for each in shown:
        found.append((each, next(one for one in rest if is_left_of(each, one))))
    return found


def is_left_of(shown: Any, sent: Any) -> bool:
    if shown is None:
        return True
    if isinstance(shown, dict) and isinstance(sent, dict):
        return all(name in sent and is_left_of(each, sent[name]) for name, each in shown.items())
    if isinstance(shown, list) and isinstance(sent, list):
        rest = iter(sent)
        return all(any(is_left_of(each, one) for one in rest) for each in shown)
    return bool(shown == sent and type(shown) is type(sent))


@given(st.data())
def test_what_stands_in_place_of_a_withheld_value_decides_nothing_else(data: st.DataObject) -> None:
    grants = st.sampled_from([[], [{"see": ["owner"]}], [{"see": ["anyone"]}]])
    lines = data.draw(st.dictionaries(st.sampled_from(_LINES), grants, min_size=2))
    users = data.draw(st.dictionaries(st.sampled_from(["id", "name"]), grants, min_size=1))
    answer = data.draw(st.sampled_from([_NOTE, list_of(_NOTE), _ANSWER]))
    absent, null = (
        wild.read(document(answer), policy(lines, users, instead)) for instead in ("absent", None)
    )
    cut = Lua(null.model, runtime()).project
    who, call = Principal(frozenset({"ann"})), Call("list")
    for body in data.draw(st.lists(members(answer), min_size=3, max_size=3)):
        sent = json.dumps(body).encode()
        without, beside = (project(each.model, who, call, sent).body for each in (absent, null))
        assert cut(who, call, sent) == beside
        assert (without is None) == (beside is None)
        if without and beside:
            assert without_stand_ins(json.loads(beside), body) == json.loads(without)

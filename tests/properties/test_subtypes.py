"""Objects that may be of another resource than their place declares: Python and Lua.

A place declares `Entry`, of which anybody sees much; a `Note` and a `Diary` take it in by `allOf`,
and each has its own resource. Drawn objects say any kind, or none, and have any members.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from oakum.authz import Call, Model, Principal, compile_contract, project
from oakum.openapi.document import Document
from oakum.policy.resource_schemas import told_apart
from tests.conformance.lua import Lua, runtime
from tests.properties.wild import read

Said = dict[str, Any]
TEXT: Said = {"type": "string"}
MEMBERS = {
    "Entry": ("id", "kind", "text", "place"),
    "Ride": ("id", "kind", "text", "place", "route"),
    "Note": ("id", "kind", "text", "place", "author", "mood"),
    "Diary": ("id", "kind", "text", "place", "author", "mood", "day"),
}
KINDS = {"entry": "Entry", "note": "Note", "Ride": "Ride", "Diary": "Diary"}
"""What a discriminator says; of the last two the mapping says nothing."""
NO_KIND: tuple[Any, ...] = ("odd", "", "NOTE", "note ", 7, None, True, ["entry"], {"kind": "entry"})


def _heir(of: str, *names: str) -> Said:
    own = {"type": "object", "properties": dict.fromkeys(names, TEXT)}
    return {"allOf": [{"$ref": f"#/components/schemas/{of}"}, own]}


@cache
def _world() -> tuple[Model, Lua]:
    paths: Said = {
        f"/{name}": {
            "get": {
                "operationId": name,
                "responses": {
                    "200": {
                        "description": "d",
                        "content": {"application/json": {"schema": {
                            "type": "array", "items": {"$ref": f"#/components/schemas/{name}"},
                        }}},
                    }
                },
            }
        }
        for name in MEMBERS
    }  # fmt: skip
    mapping = {"entry": "Entry", "note": "#/components/schemas/Note"}
    entry = {
        "type": "object",
        "properties": dict.fromkeys(MEMBERS["Entry"], TEXT),
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "kinds", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {
                "Entry": entry,
                "Ride": _heir("Entry", "route"),
                "Note": _heir("Entry", "author", "mood"),
                "Diary": _heir("Note", "day"),
            }
        },
    }

    def resource(owner: str, **fields: str) -> Said:
        lines = {name: [{"see": [who]}] for name, who in fields.items()}
        return {"key": "id", "owner": owner, "fields": lines}

    policy = {
        "exposure": 1,
        "api": "o",
        "relations": {"anyone": {}, "owner": {"is": "owner"}},
        "resources": {
            "Entry": resource("none", id="anyone", kind="anyone", text="anyone", route="anyone"),
            "Note": resource("author", id="owner", text="owner", author="owner", mood="owner"),
            "Diary": resource("author", id="owner", place="owner", day="owner"),
        },
        "operations": {name: {"call": ["anyone"]} for name in MEMBERS},
    }
    plain = read(document, policy).model.policy
    said = Document.parse(json.dumps(document).encode(), "o")
    model = compile_contract(told_apart(said, plain), plain)
    return model, Lua(model, runtime())


def shown(place: str, *objects: Said) -> Any:
    """What Python and Lua show at a place, to somebody who is called Ann."""
    model, lua = _world()
    ann, call, body = Principal(frozenset({"ann"})), Call(place), json.dumps(objects).encode()
    found = project(model, ann, call, body).body
    assert lua.project(ann, call, body) == found
    return json.loads(found or b"[]")


@st.composite
def drawn(draw: st.DrawFn) -> Said:
    names = draw(st.lists(st.sampled_from(MEMBERS["Diary"] + ("route", "else")), unique=True))
    said = {name: draw(st.sampled_from(("ann", "bob"))) for name in names if name != "kind"}
    kinds = (*KINDS, *NO_KIND)
    return said | ({"kind": draw(st.sampled_from(kinds))} if draw(st.booleans()) else {})


def possible(said: Said) -> list[str]:
    """The kinds that an object may be: those that have all its members, and that it says if it says
    one."""
    kind, known = said.get("kind"), {*MEMBERS["Diary"], "route"}
    told = [KINDS[kind]] if isinstance(kind, str) and kind in KINDS else MEMBERS
    return [name for name in told if not {*said} & known - {*MEMBERS[name]}]


@settings(max_examples=400)
@given(drawn())
def test_an_unknown_kind_never_shows_more_than_the_most_closed_of_those_that_it_may_be(
    said: Said,
) -> None:
    at_entries = shown("Entry", said)
    for kind in possible(said):
        narrow = dict(said, kind=next(k for k, name in KINDS.items() if name == kind))
        [*own] = shown("Entry", narrow)
        for name in at_entries[0] if at_entries else ():
            assert own and (name in own[0])


@settings(max_examples=200)
@given(drawn(), st.sampled_from(sorted(KINDS)))
def test_a_kind_that_is_said_shows_the_same_at_a_wider_place(said: Said, kind: str) -> None:
    said["kind"] = kind
    assert shown("Entry", said) == shown(KINDS[kind], said)


@settings(max_examples=200)
@given(drawn(), st.data())
def test_a_sparser_object_never_shows_more(said: Said, data: st.DataObject) -> None:
    assume(possible(said))
    fewer = {k: v for k, v in said.items() if data.draw(st.booleans())}
    less, more = shown("Entry", fewer), shown("Entry", said)
    assert not less or (more and less[0].items() <= more[0].items())


@settings(max_examples=200)
@given(st.lists(drawn(), max_size=4))
def test_a_hidden_object_is_as_an_absent_one(objects: list[Said]) -> None:
    stay = [each for each in objects if shown("Entry", each)]
    assert shown("Entry", *objects) == shown("Entry", *stay)


@pytest.mark.parametrize("kind", KINDS)
def test_of_each_kind_something_is_shown_to_its_owner(kind: str) -> None:
    """Else the laws hold of contracts that show nothing."""
    assert shown("Entry", {"id": "1", "kind": kind, "author": "ann"})

"""A sparser object never shows more: unions, nested objects, lists and maps, in both runtimes.

A longer run: `SPARSE=100000 pytest tests/properties/test_sparse.py --hypothesis-seed=1`.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oakum.semantics import Call, project
from tests.conformance.lua import Lua, runtime
from tests.properties.wild import PEOPLE, Wild, contracts, principals, read

LAW = settings(
    max_examples=int(os.environ.get("SPARSE", "150")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
Said = dict[str, Any]
_SCALARS: dict[str | None, st.SearchStrategy[Any]] = {
    "string": st.sampled_from(["u1", "u2", "7", "all", "few", "me", "", "x"]),
    "integer": st.sampled_from([7, 0, 3]),
    "number": st.sampled_from([1.5, 7]),
    "boolean": st.booleans(),
    "null": st.none(),
}


def stated(wild: Wild) -> Wild:
    """The contract without what makes a member's absence say something, as its lines state it."""
    policy = json.loads(wild.text)
    for resource in policy["resources"].values():
        for state in resource["states"].values():
            state.pop("missing", None)
        for path, line in resource["fields"].items():
            if isinstance(line, dict):
                resource["fields"][path] = line["grants"]
    for word in ("owner", "counts"):
        policy["operations"]["list"].pop(word, None)
    return read(wild.document.raw, policy)


@st.composite
def honest(draw: st.DrawFn, schema: Said, components: Said, depth: int = 0) -> Any:
    """A value of a schema with all that it declares: which alternative it is of is true of it."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return draw(honest(components[name], components, depth + 1))
    if "oneOf" in schema:
        way = draw(st.sampled_from(schema["oneOf"]))
        value = draw(honest(way, components, depth + 1))
        if "discriminator" in schema and isinstance(value, dict) and draw(st.booleans()):
            value["a"] = way["$ref"].rsplit("/", 1)[1]
        return value
    kind = schema.get("type")
    if kind == "object":
        made: Said = {}
        for name, inner in schema.get("properties", {}).items():
            if depth < 6 or isinstance(inner.get("type"), list) or inner.get("type") in _SCALARS:
                made[name] = draw(honest(inner, components, depth + 1))
        extra = schema.get("additionalProperties")
        for name in draw(st.sets(st.sampled_from(["k1", "k2", "u1"]), max_size=2)) if extra else ():
            inner = extra if isinstance(extra, dict) else {}
            made[name] = draw(honest(inner, components, depth + 1))
        return made
    if kind == "array":
        if depth >= 6:
            return []
        return draw(st.lists(honest(schema["items"], components, depth + 1), max_size=2))
    return draw(_SCALARS.get(kind if isinstance(kind, str) else "string", _SCALARS["string"]))


@st.composite
def sparser(draw: st.DrawFn, value: Any) -> Any:
    """The same with members gone, at any depth; lists keep their elements."""
    if isinstance(value, dict):
        return {k: draw(sparser(v)) for k, v in value.items() if draw(st.integers(0, 2))}
    if isinstance(value, list):
        return [draw(sparser(each)) for each in value]
    return value


def nodes(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Everything that an answer shows: each value by its path, each container too."""
    if isinstance(value, dict | list):
        yield path, "{}" if isinstance(value, dict) else "[]"
        for key, each in value.items() if isinstance(value, dict) else (("*", e) for e in value):
            yield from nodes(each, (*path, key))
    else:
        yield path, json.dumps(value)


def shown(body: bytes | None) -> Counter[tuple[tuple[str, ...], str]]:
    return Counter(nodes(json.loads(body))) if body else Counter()


LUA = runtime()
_USED = 0


def lua() -> Any:
    """One runtime for many contracts, made anew now and then."""
    global LUA, _USED
    _USED += 1
    if _USED % 500 == 0:
        LUA = runtime()
    return LUA


@LAW
@given(data=st.data())
def test_a_sparser_object_never_shows_more(data: st.DataObject) -> None:
    """Whatever members are gone from an answer, each value that is shown was shown with them."""
    wild = stated(data.draw(contracts()))
    raw = wild.document.raw
    schema = raw["paths"]["/things/{who}"]["get"]["responses"]["200"]["content"]
    whole = data.draw(honest(schema["application/json"]["schema"], raw["components"]["schemas"]))
    sparse = data.draw(sparser(whole))
    who = data.draw(principals)
    call = Call("list", {"who": data.draw(st.sampled_from(PEOPLE))})
    bodies = [json.dumps(each).encode() for each in (whole, sparse)]
    full, less = (shown(project(wild.model, who, call, each).body) for each in bodies)
    assert less <= full, less - full
    cut = Lua(wild.model, lua()).at(who, call)
    assert [shown(cut(each)) for each in bodies] == [full, less]

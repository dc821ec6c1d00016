"""The runtime's conditions of a request beside those of the reference."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from oakum.routing.conditions import conditions
from oakum.routing.messages import Asked, Denied
from oakum.routing.selection import Selection, Supplied
from tests.conformance.lua import runtime

SELECTS = Selection(("x-region", "x-tenant"), ("org",), ("space",))
LOOKS = (
    Selection(),
    Selection(query=("space",)),
    Selection(needed=(("header", "x-tenant"), ("query", "space")), query=("space",)),
    Selection(query=("space",), unclear=("space",)),
    Selection(
        supplied=(Supplied("header", "x-tenant", "2", True), Supplied("cookie", "org", "z", False))
    ),
)
QUERIES = ("", "space=a", "space=a&space=b", "space[x]=%41&limit=1", "limit=2")
HEADERS: tuple[tuple[tuple[str, str], ...], ...] = (
    (),
    (("x-tenant", "b"), ("accept", "x"), ("x-region", "r"), ("x-tenant", "a")),
    (("x-tenant", "t"), ("connection", "X-Tenant")),
    (("cookie", "sid=1; org=o"),),
    (("cookie", "org=o; org=p"),),
    (("cookie", "org=o"), ("connection", "cookie")),
)


def table(lua: Any, value: Any) -> Any:
    """A Python value as Lua has it from a plan."""
    if isinstance(value, dict):
        return lua.table_from({k.encode(): table(lua, v) for k, v in value.items()})
    if isinstance(value, list | tuple):
        return lua.table_from([table(lua, each) for each in value])
    return value.encode() if isinstance(value, str) else value


def listed(pairs: Any) -> tuple[tuple[str, str], ...]:
    return tuple((each[1].decode(), each[2].decode()) for each in pairs.values())


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("headers", HEADERS)
def test_both_send_the_same_and_tell_the_same_apart(
    query: str, headers: tuple[tuple[str, str], ...]
) -> None:
    lua = runtime()
    module = lua.eval(b'require "oakum.conditions"')
    selects = table(lua, SELECTS.plan)
    module.prepare(selects)
    named = dict(headers)
    x = lua.table_from(
        {b"query": query.encode() or False, b"cookie": named.get("cookie", "").encode() or False}
    )
    x[b"connection"] = named.get("connection", "").encode() or False
    made = module.of(selects, x, table(lua, headers), b"api.test")
    try:
        wanted = conditions(Asked("GET", "/x", headers, b"", "api.test"), query, SELECTS)
    except Denied:
        assert made is None
        return
    for look, own in itertools.product(LOOKS, ("", "space=d&limit=9")):
        said = table(lua, look.plan)
        module.prepare(said)
        told = wanted.told(look)
        assert module.fills(made, said) == (told is not None)
        if told is not None:
            assert module.query(made, said, own.encode()).decode() == told.joined(own)
            sent = lua.table_from([])
            module.add(made, said, sent, False)
            cookies = (("cookie", "; ".join(told.cookies)),) if told.cookies else ()
            assert listed(sent) == (*told.headers, *cookies)

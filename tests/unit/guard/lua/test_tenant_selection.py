"""The runtime's conditions of a request beside those of the reference."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from oakum.guard.compiled.lookup_selection import (
    TENANTS,
    LookupSelection,
    SuppliedParameter,
)
from oakum.guard.tenant_selection import conditions
from oakum.routing.http_messages import Denial, HttpRequest
from tests.conformance.lua import runtime

SELECTS = LookupSelection(("x-region", "x-tenant"), ("org",), ("space",))
LOOKS = (
    LookupSelection(),
    LookupSelection(query=("space",)),
    LookupSelection(needed=(("header", "x-tenant"), ("query", "space")), query=("space",)),
    LookupSelection(query=("space",), unclear=("space",)),
    LookupSelection(
        supplied=(
            SuppliedParameter("header", "x-tenant", "2", True),
            SuppliedParameter("cookie", "org", "z", False),
        )
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


def request(lua: Any, headers: tuple[tuple[str, str], ...], body: bytes = b"") -> Any:
    """A request as an engine gives it to the runtime."""
    read = lua.eval(b"function(text) return function() return text end end")(body)
    said = {b"headers": table(lua, headers), b"host": b"api.test", b"empty": not body}
    return lua.table_from({**said, b"body": read})


def tenants(lua: Any) -> Any:
    """Names of tenants, as a set of the runtime."""
    return lua.table_from(dict.fromkeys(map(str.encode, TENANTS), True))


BODIES = (
    b"", b'{"tenant_id":1}', b'{"a":{"tenantId" : 1}}', b'{"t\\u0065nantid":1}',
    b'{"a":"tenantid"}', b"a=1&t%65nant-id=2", b"tenant", b'{"tenant":1}', b'{"org-id":1}',
    b'{"company":1}',
)  # fmt: skip
OWN = (
    LookupSelection(body=("tenant_id",)),
    LookupSelection(within={"f": ("tenantId",)}),
    LookupSelection(free=True),
    LookupSelection(path=("/t/{}",)),
)


@pytest.mark.parametrize("own", OWN)
@pytest.mark.parametrize("query", ["", "f[tenant_id]=1", "f=%5Cu0074enantid", "g[tenant_id]=1"])
@pytest.mark.parametrize("media", ["application/json", "text/plain", ""])
def test_both_find_the_same_tenant(own: LookupSelection, query: str, media: str) -> None:
    lua = runtime()
    module = lua.eval(b'require "oakum.tenant_selection"')
    selects = table(lua, own.plan)
    module.prepare(selects)
    looks = [
        LookupSelection(),
        LookupSelection(caller=True),
        LookupSelection(paths=("/t/{}", "/u/{}")),
    ]
    plans = [table(lua, each.plan) for each in looks]
    for each in plans:
        module.prepare(each)
    headers = (("content-type", media),) if media else ()
    for body in BODIES:
        said = conditions(HttpRequest("PUT", "/x", headers, body, "api.test"), query, own)
        x = lua.table_from({b"query": query.encode() or False, b"cookie": False})
        x[b"connection"], x[b"content_type"] = False, media.encode() or False
        made = module.of(selects, x, request(lua, headers, body), tenants(lua))
        asked = [bool(module.fills(made, each)) for each in plans]
        assert asked == [said.parameters_for(look) is not None for look in looks], body


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("headers", HEADERS)
def test_both_send_the_same_and_tell_the_same_apart(
    query: str, headers: tuple[tuple[str, str], ...]
) -> None:
    lua = runtime()
    module = lua.eval(b'require "oakum.tenant_selection"')
    selects = table(lua, SELECTS.plan)
    module.prepare(selects)
    named = dict(headers)
    x = lua.table_from(
        {b"query": query.encode() or False, b"cookie": named.get("cookie", "").encode() or False}
    )
    x[b"connection"] = named.get("connection", "").encode() or False
    made = module.of(selects, x, request(lua, headers), tenants(lua))
    try:
        wanted = conditions(HttpRequest("GET", "/x", headers, b"", "api.test"), query, SELECTS)
    except Denial:
        assert made is None
        return
    for look, own in itertools.product(LOOKS, ("", "space=d&limit=9")):
        said = table(lua, look.plan)
        module.prepare(said)
        told = wanted.parameters_for(look)
        assert module.fills(made, said) == (told is not None)
        if told is not None:
            assert module.query(made, said, own.encode()).decode() == told.merge_into(own)
            sent = lua.table_from([])
            module.add(made, said, sent, False)
            cookies = (("cookie", "; ".join(told.cookies)),) if told.cookies else ()
            assert listed(sent) == (*told.headers, *cookies)

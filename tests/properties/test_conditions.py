"""What a look-up told under one condition never decides a request under another, by the reference
and the runtime of the engines, whatever names the tenant.

Each tenant of the API has its own accounts, friends and notes, all with the same few ids. The law
is that each answer is what the contract grants in the tenant of its request.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Case, Headers, Request, Response, Setup
from tests.properties.pool import LAW, MANY
from tests.properties.test_logins import Api, answer

TENANTS, IDS = ("acme", "beta"), ("1", "2")
WAYS = ("header", "query", "cookie", "host")
SERVICE = {"guard": {"service": {"header": "x-service", "env": "SERVICE"}}}
FRESH: Headers = (("content-type", "application/json"), ("cache-control", "no-store"))


def said(way: str, tenant: str, who: str, does: tuple[str, str]) -> Request:
    """A request in a tenant that is named in one way."""
    what, id = does
    path = f"/{'notes' if what in ('note', 'write') else 'users'}/{id}"
    cookie = f"sid={who}" + (f"; org={tenant}" if way == "cookie" else "")
    headers: Headers = (("cookie", cookie),)
    if way == "header":
        headers = (*headers, ("x-tenant", tenant))
    target = f"{path}?space={tenant}" if way == "query" else path
    host = f"{tenant}.test" if way == "host" else "club.test"
    if what != "write":
        return Request("GET", target, headers, host=host)
    typed = (*headers, ("content-type", "application/json"))
    return Request("PUT", target, typed, b'{"text":"new"}', host=host)


def tenant_of(request: Request) -> str:
    """The tenant as the API reads it, whichever way it is named in."""
    texts = (request.target, *(v for n, v in request.headers if n != "content-type"))
    return next((each for each in TENANTS if any(each in text for text in texts)), "default")


def api(world: dict[str, dict[str, Any]]) -> Callable[[Request], Response]:
    """What each tenant tells."""

    def told(request: Request) -> Response:
        here = world.get(tenant_of(request))
        if here is None:
            return answer({}, 400)
        path = request.target.partition("?")[0].split("/")[1:]
        session = (request.header("cookie") or "").partition(";")[0].removeprefix("sid=")
        if path == ["me"]:
            return answer({"id": here["sessions"][session]}, headers=FRESH)
        if path[0] == "notes":
            return answer({"id": path[1], "owner": here["owners"][path[1]], "text": "t"})
        if path[2:]:
            return answer(here["friends"][path[1]])
        return answer({"id": path[1], "city": "Ulm"})

    return told


ID = st.sampled_from(IDS)
TENANT = st.fixed_dictionaries(
    {
        "sessions": st.fixed_dictionaries(dict.fromkeys(("ann", "bob"), ID)),
        "owners": st.fixed_dictionaries(dict.fromkeys(IDS, ID)),
        "friends": st.fixed_dictionaries({each: st.lists(ID, max_size=2) for each in IDS}),
    }
)
WORLD = st.fixed_dictionaries(dict.fromkeys(TENANTS, TENANT))
STEP = st.tuples(
    st.sampled_from(WAYS),
    st.sampled_from(TENANTS),
    st.sampled_from(("ann", "bob")),
    st.tuples(st.sampled_from(("user", "user", "note", "write")), ID),
)


def right(world: dict[str, dict[str, Any]], tenant: str, who: str, does: tuple[str, str]) -> bool:
    """Whether the contract shows, or lets write, what only some are granted."""
    (what, id), here = does, world[tenant]
    me = here["sessions"][who]
    if what == "user":
        return me == id or me in here["friends"][id]
    return bool(here["owners"][id] == me)


@pytest.mark.parametrize("service", ["", "s3"])
@settings(LAW, max_examples=max(20, MANY // 4))
@given(world=WORLD, steps=st.lists(STEP, min_size=2, max_size=6))
def test_what_a_look_up_told_under_one_condition_never_decides_under_another(
    service: str, world: dict[str, dict[str, Any]], steps: list[tuple[str, str, str, Any]]
) -> None:
    more = {"policy": SERVICE, "service": service} if service else {}
    case = Case("conditions", "conditions", more, {"contract": "tenants.yaml"})
    with ExitStack() as stack:
        for kind in (PythonGuard, LuaGuard):
            folder = stack.enter_context(TemporaryDirectory())
            setup: Setup = case.setup(Path(folder))
            upstream = Api()
            upstream.told = api(world)
            object.__setattr__(setup, "upstream", upstream)
            guard = (
                PythonGuard(setup)
                if kind is PythonGuard
                else LuaGuard(setup, f"{folder}/state", worker=WORKERS.next())
            )
            for way, tenant, who, does in steps:
                found = guard.exchange(said(way, tenant, who, does)).response
                passed = b"Ulm" in found.body if does[0] == "user" else found.status == 200
                assert passed == right(world, tenant, who, does), (kind, way, tenant, who, does)
                assert does[0] != "user" or json.loads(found.body)["id"] == does[1]


# ------------------------------------------------------------ what no look-up can be told

PARAMETERS = ("tenant", "desk", "workspace")
"""One that no look-up has, one that is shared, and one that a look-up requires."""
DESK = st.fixed_dictionaries(
    {
        "mates": st.fixed_dictionaries({each: st.lists(ID, max_size=2) for each in IDS}),
        "peers": st.fixed_dictionaries({each: st.lists(ID, max_size=2) for each in IDS}),
        "owners": st.fixed_dictionaries(dict.fromkeys(IDS, ID)),
    }
)
CALL = st.tuples(st.sampled_from((*PARAMETERS, "body")), st.sampled_from(TENANTS), ID, ID)


def desk_api(world: dict[str, dict[str, Any]]) -> Callable[[Request], Response]:
    """What each desk tells; the first where a request names none."""

    def told(request: Request) -> Response:
        path, _, query = request.target.partition("?")
        said = dict(parse_qsl(query))
        said |= json.loads(request.body) if request.body else {}
        names = [said[each] for each in (*PARAMETERS, "tenant_id") if each in said]
        here = world[names[0] if names else TENANTS[0]]
        match path.split("/")[1:]:
            case ["me"]:
                session = (request.header("cookie") or "").removeprefix("sid=")
                return answer({"id": session}, headers=FRESH)
            case ["tickets", id, *close]:
                ticket = {"id": id, "owner": here["owners"][id], "text": "t"}
                return answer({}, 204) if close else answer(ticket)
            case [_, id, lists]:
                return answer(here[lists][id])
            case [_, id]:
                return answer({"id": id, "city": "Ulm", "street": "Gasse"})
        return answer({}, 404)

    return told


def asks(way: str, tenant: str, who: str, id: str) -> Request:
    cookie = ("cookie", f"sid={who}")
    if way != "body":
        return Request("GET", f"/users/{id}?{way}={tenant}", (cookie,))
    body = json.dumps({"tenant_id": tenant, "why": "x"}).encode()
    headers = (cookie, ("content-type", "application/json"))
    return Request("POST", f"/tickets/{id}/close", headers, body)


@settings(LAW, max_examples=max(20, MANY // 4))
@given(
    world=st.fixed_dictionaries(dict.fromkeys(TENANTS, DESK)),
    calls=st.lists(CALL, min_size=1, max_size=5),
)
def test_a_look_up_that_cannot_be_told_the_tenant_decides_nothing(
    world: dict[str, dict[str, Any]], calls: list[tuple[str, str, str, str]]
) -> None:
    case = Case("conditions", "desks", {}, {"contract": "desks.yaml"})
    with ExitStack() as stack:
        for kind in (PythonGuard, LuaGuard):
            folder = stack.enter_context(TemporaryDirectory())
            setup: Setup = case.setup(Path(folder))
            upstream = Api()
            upstream.told = desk_api(world)
            object.__setattr__(setup, "upstream", upstream)
            guard = (
                PythonGuard(setup)
                if kind is PythonGuard
                else LuaGuard(setup, f"{folder}/state", worker=WORKERS.next())
            )
            for way, tenant, who, id in calls:
                found, here = guard.exchange(asks(way, tenant, who, id)).response, world[tenant]
                if way == "body":
                    assert found.status != 204 or here["owners"][id] == who, (kind, tenant, who, id)
                    continue
                assert b"Ulm" not in found.body or who in here["mates"][id], (kind, way, tenant)
                peer = who in here["peers"][id]
                assert (b"Gasse" in found.body) == (peer and way == "workspace"), (kind, way)

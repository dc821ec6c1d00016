"""A body opens nothing by what it names, and what goes on is what was judged: Python and Lua.

The API takes the object of the path, or the one that the body names: both have to allow a write.
Contracts, what the API shows and bodies are generated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Case, Request, Response, Upstream
from tests.properties.both import Both
from tests.properties.pool import LAW

_CONTRACTS = 12
_RELATIONS = ("owner", "mate", "editor", "member")
_TARGETS = ("/docs/d1", "/docs/d2", "/docs/d3")


def _sets(random: Random, names: tuple[str, ...]) -> dict[str, Any]:
    """A line of a field: who may set it, if anybody."""
    said = [each for each in names if random.random() < 0.5]
    return {"see": ["member"], **({"set": said} if said else {})}


def _policy(number: int) -> dict[str, Any]:
    """A contract of `decoys.yaml` with other writers, the same for the same number."""
    random = Random(number)
    fields = {name: [_sets(random, _RELATIONS)] for name in ("id", "note", "secret", "sub", "subs")}
    title = _sets(random, _RELATIONS)
    when = {"when": {"locked": False}} if "set" in title else {}
    fields["title"] = [{"see": ["member"]}, *([{"set": title["set"], **when}] if when else [])]
    fields["owner_id, ws, editors, locked"] = [{"see": ["member"]}]
    subs = {name: [_sets(random, ("owner", "member"))] for name in ("id", "text")}
    subs["owner_id"] = [{"see": ["member"]}]
    return {
        "guard": {"unknown": random.choice(["remove", "refuse"])},
        "resources": {"Doc": {"fields": fields}, "Sub": {"fields": subs}},
    }


_SUBS: st.SearchStrategy[Any] = st.sampled_from(
    [None, {"id": "s1", "owner_id": "ann"}, {"id": "s2", "owner_id": "bob"}]
)
_SHOWN = st.fixed_dictionaries(
    {
        "owner_id": st.sampled_from(["ann", "bob"]),
        "ws": st.sampled_from(["w1", "w2"]),
        "editors": st.sampled_from([[], ["ann"]]),
    },
    optional={
        "locked": st.booleans(),
        "sub": _SUBS,
        "subs": st.lists(_SUBS.filter(bool), max_size=2),
    },
)
_WORLDS = st.fixed_dictionaries(dict.fromkeys(("d1", "d2", "d3"), _SHOWN))
_IDS = st.sampled_from(["d1", "d2", "d3", "free"])
_SUB_BODIES = st.fixed_dictionaries(
    {}, optional={"id": st.sampled_from(["s1", "s2", "s9"]), "text": st.just("X")}
)
_MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "id": _IDS,
    "note": st.just("X"),
    "title": st.just("X"),
    "secret": st.just("X"),
    "sub": _SUB_BODIES,
    "subs": st.lists(_SUB_BODIES, min_size=1, max_size=2),
    "other": st.just("X"),
}
_BODIES = st.fixed_dictionaries({}, optional=_MEMBERS).filter(bool)
_ROWS = st.tuples(_BODIES, _IDS).map(lambda drawn: {**drawn[0], "id": drawn[1]})
_WRAPS: dict[str, Callable[[Any], Any]] = {
    "": lambda body: body,
    "/wrapped": lambda body: {"doc": body},
    "/list": lambda body: [body],
}


class Shown(Upstream):
    """An API in which each document may be another's."""

    docs: dict[str, Any]

    def answer(self, request: Request) -> Response | None:
        if request.method != "GET":
            return Response(204, (), b"")
        name = request.target.removeprefix("/docs/")
        if not request.target.startswith("/docs/"):
            return super().answer(request)
        if name not in self.docs:
            return Response(404, (), b"")
        said = json.dumps({"id": name, **self.docs[name]}).encode()
        return Response(200, (("content-type", "application/json"),), said)


@dataclass(repr=False)
class World(Both):
    api: Shown


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    made = []
    for number in range(_CONTRACTS):
        folder = tmp_path_factory.mktemp(f"decoys{number}")
        given_ = {"contract": "decoys.yaml", "policy": _policy(number)}
        setup = Case("law", "decoys", {}, given_).setup(folder)
        api = Shown(setup.upstream.script)
        setup = replace(setup, upstream=api)
        guards = [PythonGuard(setup), LuaGuard(setup, str(folder / "state"), worker=WORKERS.next())]
        made.append(World(setup, guards, api))
    yield made


_NUMBERS = st.integers(0, _CONTRACTS - 1)
_WHERE = st.tuples(
    st.sampled_from(["PATCH", "PUT"]), st.sampled_from(_TARGETS), st.sampled_from([*_WRAPS])
)


@LAW
@given(_NUMBERS, _WORLDS, _WHERE, _BODIES, st.data())
def test_adding_a_member_to_a_body_permits_no_write_that_is_refused_without_it(
    worlds: list[World],
    number: int,
    docs: dict[str, Any],
    where: tuple[str, str, str],
    body: dict[str, Any],
    data: st.DataObject,
) -> None:
    world, (method, target, wrap) = worlds[number], where
    method = "PUT" if wrap else method
    world.api.docs = docs
    name = data.draw(st.sampled_from(sorted(_MEMBERS.keys() - body.keys()) or ["id"]))
    more = {**body, name: data.draw(_MEMBERS[name])}
    without = _inner(world.onward(method, target + wrap, _WRAPS[wrap](body)), wrap)
    onward = _inner(world.onward(method, target + wrap, _WRAPS[wrap](more)), wrap)
    written = {each: value for each, value in (onward or {}).items() if each != name}
    if written and name not in body:
        # Without its key, a body may be refused for a part that is removed from the one with it:
        # what is left of that has to be permitted by itself.
        alone = _inner(world.onward(method, target + wrap, _WRAPS[wrap](written)), wrap)
        assert any(each is not None and _within(written, each) for each in (without, alone))


@LAW
@given(_NUMBERS, _WORLDS, _WHERE, _BODIES)
def test_what_is_forwarded_would_be_permitted_alone(
    worlds: list[World],
    number: int,
    docs: dict[str, Any],
    where: tuple[str, str, str],
    body: dict[str, Any],
) -> None:
    world, (method, target, wrap) = worlds[number], where
    method = "PUT" if wrap else method
    world.api.docs = docs
    onward = world.onward(method, target + wrap, _WRAPS[wrap](body))
    if onward is not None:
        assert world.onward(method, target + wrap, onward) == onward


@LAW
@given(_NUMBERS, _WORLDS, st.lists(_ROWS, min_size=1, max_size=2))
def test_a_row_that_its_key_alone_addresses_goes_on_with_its_key(
    worlds: list[World], number: int, docs: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    world = worlds[number]
    world.api.docs = docs
    onward = world.onward("PATCH", "/docs", rows)
    if onward is not None:
        assert all("id" in row for row in onward)
        assert world.onward("PATCH", "/docs", onward) == onward


def _inner(onward: Any, wrap: str) -> Any:
    """The document in what goes on."""
    if onward is None or not wrap:
        return onward
    return (onward or [None])[0] if wrap == "/list" else onward.get("doc")


def _within(some: Any, others: Any) -> bool:
    """Whether all of one value is in another."""
    if isinstance(some, dict) and isinstance(others, dict):
        return all(name in others and _within(some[name], others[name]) for name in some)
    if isinstance(some, list) and isinstance(others, list):
        return len(some) <= len(others)
    return bool(some == others)


def test_the_laws_are_about_bodies_that_pass(worlds: list[World]) -> None:
    passed = set()
    for number, world in enumerate(worlds):
        world.api.docs = {name: {"owner_id": "ann", "ws": "w1"} for name in ("d1", "d2", "d3")}
        for body in (
            {"note": "x"},
            {"id": "d1", "note": "x"},
            {"secret": "x", "sub": {"text": "X"}},
        ):
            if world.onward("PATCH", "/docs/d2", body) is not None:
                passed.add((number, *body))
    assert len(passed) > _CONTRACTS

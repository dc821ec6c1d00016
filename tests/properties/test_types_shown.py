"""What goes on to an object is what its own type lets the caller set, whatever a body says: Python
and Lua.

Contracts, what the API shows and bodies are generated; the oracle reads the lines of the contract.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
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
_MEMBERS = {"Ride": ("kind", "km", "gear"), "Swim": ("kind", "km", "laps")}
_PARTS = {"Note": ("kind", "text"), "Diary": ("kind", "text")}
_KINDS = {"ride": "Ride", "swim": "Swim", "note": "Note", "diary": "Diary"}


def _lines(random: Random, members: tuple[str, ...]) -> dict[str, Any]:
    """Who may set each member: everybody, the owner, or nobody."""
    said = ({"set": ["member"]}, {"set": ["owner"]}, {})
    return {name: [{"see": ["member"], **random.choice(said)}] for name in members}


def _policy(number: int) -> dict[str, Any]:
    random = Random(number)
    resources: dict[str, Any] = {}
    old = {
        "Ride": ("kind, km", "gear"), "Swim": ("kind, laps", "km"),
        "Note": ("kind", "text"), "Diary": ("kind", "text"),
    }  # fmt: skip
    for name, members in {**_MEMBERS, **_PARTS}.items():
        fields: dict[str, Any] = dict.fromkeys(old[name])
        resources[name] = {"fields": {**fields, **_lines(random, members)}}
    unknown = random.choice(["remove", "refuse"])
    return {"guard": {"unknown": unknown}, "resources": resources}


_OWNERS = st.sampled_from(["ann", "bob"])
_ACTS = st.fixed_dictionaries(
    {"owner": _OWNERS}, optional={"kind": st.sampled_from(["ride", "swim"]), "gear": st.just("g")}
)
_BLOCKS = st.one_of(
    st.none(),
    st.fixed_dictionaries({"kind": st.sampled_from(["note", "diary"]), "id": st.just("b")}),
)
_LOGS = st.fixed_dictionaries({"owner": _OWNERS, "block": _BLOCKS})
_BODIES = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["ride", "swim", "other"]),
        "km": st.just(9),
        "gear": st.just("X"),
        "laps": st.just(9),
        "other": st.just("X"),
    },
).filter(bool)
_BLOCK_BODIES = st.fixed_dictionaries(
    {"text": st.just("X")}, optional={"kind": st.sampled_from(["note", "diary"])}
)


class Shown(Upstream):
    """An API in which each object may be of another type."""

    objects: dict[str, Any]

    def answer(self, request: Request) -> Response | None:
        if request.method != "GET":
            return Response(204, (), b"")
        if request.target == "/me":
            return super().answer(request)
        if request.target not in self.objects:
            return Response(404, (), b"")
        said = json.dumps(self.objects[request.target]).encode()
        return Response(200, (("content-type", "application/json"),), said)


@dataclass(repr=False)
class World(Both):
    api: Shown
    policy: dict[str, Any]

    def settable(self, kind: str, owner: str) -> set[str]:
        """Members that ann may set of an object of a type."""
        fields = self.policy["resources"][kind]["fields"]
        holds = {"member"} | ({"owner"} if owner == "ann" else set())
        return {name for name, said in fields.items() if said and holds & {*said[0].get("set", ())}}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    made = []
    for number in range(_CONTRACTS):
        folder, policy = tmp_path_factory.mktemp(f"types{number}"), _policy(number)
        given_ = {"contract": "types_shown.yaml", "policy": policy}
        setup = Case("law", "types", {}, given_).setup(folder)
        api = Shown(setup.upstream.script)
        setup = replace(setup, upstream=api)
        guards = [PythonGuard(setup), LuaGuard(setup, str(folder / "state"), worker=WORKERS.next())]
        made.append(World(setup, guards, api, policy))
    yield made


def _kind(shown: dict[str, Any]) -> str:
    """The type that an object is shown to be of; empty: it may be both."""
    return _KINDS.get(shown.get("kind", ""), "Ride" if "gear" in shown else "")


_NUMBERS = st.integers(0, _CONTRACTS - 1)
_CALLS = st.sampled_from(["PUT /acts/a", "PATCH /acts/a", "PUT /wrapped/a"])


@LAW
@given(
    _NUMBERS, _ACTS, st.sampled_from(["PUT /acts/a", "PATCH /acts/a", "PUT /wrapped/a"]), _BODIES
)
def test_what_goes_on_to_the_object_of_a_path_its_own_type_lets_the_caller_set(
    worlds: list[World], number: int, shown: dict[str, Any], call: str, body: dict[str, Any]
) -> None:
    world, (method, target) = worlds[number], call.split(" ")
    wrapped = "/wrapped" in target
    world.api.objects = {target: {"data": shown} if wrapped else shown}
    onward = world.onward(method, target, {"data": body} if wrapped else body)
    onward = onward.get("data") if onward and wrapped else onward
    if onward:
        kind = _kind(shown)
        assert kind
        assert onward.keys() <= world.settable(kind, shown["owner"])


@LAW
@given(_NUMBERS, _LOGS, st.sampled_from(["PATCH", "PUT"]), _BLOCK_BODIES)
def test_what_goes_on_to_an_object_within_another_its_own_type_lets_the_caller_set(
    worlds: list[World], number: int, shown: dict[str, Any], method: str, body: dict[str, Any]
) -> None:
    world = worlds[number]
    world.api.objects = {"/logs/l": {"id": "l", **shown}}
    onward = world.onward(method, "/logs/l", {"block": body})
    if onward and onward.get("block") and shown["block"] is not None:
        assert onward["block"].keys() <= world.settable(_kind(shown["block"]), shown["owner"])


def test_the_laws_are_about_bodies_that_pass(worlds: list[World]) -> None:
    passed = 0
    for world in worlds:
        world.api.objects = {"/acts/a": {"kind": "ride", "owner": "ann"}}
        passed += world.onward("PUT", "/acts/a", {"km": 9}) is not None
        world.api.objects = {"/logs/l": {"owner": "ann", "block": {"kind": "note", "id": "b"}}}
        passed += world.onward("PUT", "/logs/l", {"block": {"text": "X"}}) is not None
    assert passed > 2

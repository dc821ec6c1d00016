"""What was believed is forgotten after a write by every implementation alike, whatever was done."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from tests.conformance.exchange_lua import lua_guard
from tests.conformance.exchange_middleware import asgi_guard, wsgi_guard
from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Case, Guard, Request, Setup

GUARDS = {"python": python_guard, "lua": lua_guard, "asgi": asgi_guard, "wsgi": wsgi_guard}
NAMES = ("ann", "bob", "cy")
PHASES = tuple(each for each in Phase if each.name != "shrink")  # a story takes half a second
SERVED = {"guard": {"service": {"header": "x-service", "env": "SERVICE"}}}


@dataclass
class World:
    """What the API knows, and may change without a word to the guard."""

    followers: dict[str, list[str]] = field(default_factory=lambda: {each: [] for each in NAMES})
    blocked: dict[str, list[str]] = field(default_factory=lambda: {each: [] for each in NAMES})
    open: set[str] = field(default_factory=set)
    sessions: dict[str, str] = field(default_factory=lambda: {each: each for each in NAMES})

    def script(self) -> list[dict[str, Any]]:
        """Every answer that it gives now."""
        made: list[dict[str, Any]] = []

        def says(target: str, body: Any, method: str = "GET", **headers: str) -> None:
            asked = {"target": target, "method": method, "headers": headers}
            made.append({"request": asked, "answer": {"body": json.dumps(body)}})

        for sid, name in self.sessions.items():
            says("/me", {"id": name, "name": name.title()}, cookie=f"sid={sid}")
        for name in NAMES:
            person = {"id": name, "name": name.title(), "email": f"{name}@x.test", "city": "Ulm"}
            work = {"id": name, "user_id": name, "watts": 200, "note": "knee"}
            for method in ("GET", "PUT", "PATCH"):
                says(f"/members/{name}", person, method)
                says(f"/workouts/{name}", work, method)
            lists = (("followers?limit=3", self.followers), ("blocked", self.blocked))
            for at, ids in lists:
                listed = [{"id": each} for each in ids[name]]
                says(f"/members/{name}/{at}", {"data": listed, "total": len(listed)})
            says(f"/members/{name}/settings", {"id": name, "private": name not in self.open})
        says("/login", {"ok": True}, "POST")
        return made


def turn(world: World, does: tuple[str, str, str]) -> None:
    """One change at the API."""
    what, one, other = does
    if what == "open":
        world.open ^= {one}
    elif what == "session":
        world.sessions[one] = other
    else:
        listed = world.followers[one] if what == "follow" else world.blocked[one]
        listed.remove(other) if other in listed else listed.append(other)


def asked(does: tuple[str, str, str]) -> Request:
    """One request of a member about another."""
    what, who, about = does
    session = (("cookie", f"sid={who}"),)
    said = (*session, ("content-type", "application/json"))
    match what:
        case "member" | "workout":
            return Request("GET", f"/{what}s/{about}", session)
        case "change":
            return Request("PUT", f"/members/{about}", said, b'{"city":"Bonn"}')
        case "train":
            return Request("PATCH", f"/workouts/{about}", said, b'{"note":"hip"}')
        case "login":
            return Request("POST", "/login", said, json.dumps({"name": about}).encode())
        case _:
            return Request("POST", f"/members/{about}", session)


NAME = st.sampled_from(NAMES)
SEEN = st.sampled_from(("member", "workout"))
TURNED = st.sampled_from(("open", "follow", "follow", "block", "session"))
WRITTEN = st.sampled_from(("change", "train", "login", "nudge"))
ROUND = st.tuples(SEEN, NAME, NAME, TURNED, WRITTEN, NAME, NAME)


@pytest.mark.parametrize("service", ["", "s3"])
@settings(max_examples=10, deadline=None, phases=PHASES)
@example(
    [
        ("member", "ann", "cy", "follow", "change", "ann", "ann"),
        ("member", "bob", "cy", "open", "change", "ann", "ann"),
    ]
)
@example(
    [
        ("member", "cy", "ann", "follow", "login", "cy", "bob"),
        ("member", "ann", "bob", "session", "train", "ann", "bob"),
        ("member", "ann", "cy", "open", "change", "ann", "cy"),
        ("workout", "ann", "ann", "follow", "nudge", "ann", "ann"),
    ]
)
@given(st.lists(ROUND, min_size=3, max_size=6))
def test_what_a_write_makes_old_is_believed_by_none_of_them(
    service: str, rounds: list[tuple[str, str, str, str, str, str, str]]
) -> None:
    said = {"policy": SERVED, "service": service} if service else {}
    case = Case("forgetting", "forgetting", said, {"contract": "club.yaml"})
    with ExitStack() as stack:
        guards: dict[str, tuple[Guard, Setup]] = {}
        for name, implementation in GUARDS.items():
            setup = case.setup(Path(stack.enter_context(TemporaryDirectory())))
            guards[name] = (stack.enter_context(implementation(setup)), setup)
        world = World()
        for kind, viewer, owner, turned, written, writer, about in rounds:
            look = asked((kind, viewer, owner))
            tell(guards, world, look)
            here = (viewer, owner) if turned == "session" else (owner, viewer)
            turn(world, (turned, *here))
            tell(guards, world, asked((written, writer, about)))
            tell(guards, world, look)


def tell(guards: dict[str, tuple[Guard, Setup]], world: World, sent: Request) -> None:
    found: dict[str, tuple[int, bytes]] = {}
    for name, (guard, setup) in guards.items():
        setup.upstream.script = world.script()
        outcome = guard.exchange(sent)
        found[name] = (outcome.response.status, outcome.response.body)
    assert len(set(found.values())) == 1, (sent, found)

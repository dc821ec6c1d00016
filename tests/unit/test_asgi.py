"""The guard in front of ASGI applications in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cadence import truth
from oakum.asgi import OakumMiddleware
from oakum.guard.opening import open_gate
from tests.cadence.client import Client
from tests.cadence.play import VIEWERS, Play

CADENCE = Path(__file__).parents[2] / "src/cadence/exposure.yaml"
KEY = "made-up-key"
GROUPS = {
    (resource, path): group
    for resource, groups in truth.FIELDS.items()
    for group, paths in groups.items()
    for path in paths.split()
}
CLOSED = {
    "private": True,
    "hide_age": True,
    "effort_zones_private": True,
    "workout_maps_private": True,
}
OPEN = dict.fromkeys(CLOSED, False)
MIXED = {**OPEN, "hide_age": True, "effort_zones_private": True}


class Guarded(Play):
    """A stage of cadence, and the same behind the middleware."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage, members=30)
        self.app.state.world = type(self.app.state.world)(self.db, stage, KEY)
        self.audit: list[Mapping[str, Any]] = []
        keeper = open_gate(CADENCE, environ={"CADENCE_SERVICE_KEY": KEY})
        self.guard = OakumMiddleware(self.app, keeper, audit=self.audit.append)
        self.bare = self.clients
        self.guarded: dict[str | None, Client] = {}
        for name, client in self.clients.items():
            self.guarded[name] = Client(self.guard)
            self.guarded[name]._cookies = client._cookies

    def set(self, owner: str, state: dict[str, bool]) -> None:
        """Through the guard, as its caches forget by what passes it."""
        self.clients = self.guarded
        super().set(owner, state)
        self.clients = self.bare

    def both(self, viewer: str | None, owner: str) -> Iterator[tuple[str, set[Any], set[Any]]]:
        """Door, what it shows of an owner without the guard, and with it."""
        bare = list(self.ask(viewer, owner))
        self.clients = self.guarded
        for (door, without), (_, within) in zip(bare, self.ask(viewer, owner), strict=True):
            yield door, self.shown(door, without, owner), self.shown(door, within, owner)
        self.clients = self.bare


EMBEDDING = ("/api/workout/", "/stats/workouts/", "/api/ride/")
"""Doors at which a member stands within a workout: who may not see that sees neither."""


def granted_to(relation: str, leaf: tuple[str, str], state: dict[str, bool], door: str) -> bool:
    group = GROUPS[leaf]
    if leaf[0] == "Member" and door.split(" ")[1].startswith(EMBEDDING):
        if not truth.may("history", relation, state):
            return False
    # Nobody is blocked by a class.
    held = "member" if (group, relation) == ("members", "blocked") else relation
    return truth.may(group, held, state)


@pytest.fixture(scope="module", params=("1", "2", "fixed"))
def play(request: pytest.FixtureRequest) -> Guarded:
    return Guarded(request.param)


@pytest.mark.parametrize("state", [CLOSED, OPEN, MIXED], ids=["closed", "open", "mixed"])
def test_of_what_cadence_shows_exactly_what_the_contract_grants_is_left(
    play: Guarded, state: dict[str, bool]
) -> None:
    play.set("pia", state)
    for relation, viewer in VIEWERS.items():
        for door, without, within in play.both(viewer, "pia"):
            granted = {leaf for leaf in without if granted_to(relation, leaf, state, door)}
            assert within == granted, (relation, door)

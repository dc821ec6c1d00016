"""A finding is sure when a second answer shows it: which answers are asked for."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from oakum.exchange import Response
from tests.unit.scan.studio import IDS, LOGIN, Run, Studio, reply

ENDPOINTS = ["getMe", "getSettings", "listPeople", "getPerson"]


class Fickle(Studio):
    """The list of people leaks each time it is asked for, the page of one the first time only."""

    def listPeople(self, viewer: str | None, id: str, body: Any) -> Response:
        people = {"data": [*self.people.values()], "total": len(self.people)}
        return reply(people) if viewer else LOGIN

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        if self.asked.count(self.asked[-1]) > 1 or id not in self.people:
            return super().getPerson(viewer, id, body)
        return reply(self.people[id]) if viewer else LOGIN


class Cached(Studio):
    """One's own page is kept for the next six who ask, whoever they are."""

    kept: str = ""
    left: int = 0

    def getMe(self, viewer: str | None, id: str, body: Any) -> Response:
        if not self.left:
            if viewer is None:
                return LOGIN
            self.kept, self.left = IDS[viewer], 7
        self.left -= 1
        return reply(self.people[self.kept])


def test_what_one_endpoint_does_not_repeat_is_asked_for_at_another() -> None:
    run = Run(Fickle(), ENDPOINTS).explore()
    found = {key.finding for key, _ in run.matrix.leaks()}
    assert ("Person", "phone", "member", ()) in found
    assert found <= run.matrix.confirmed


def test_at_an_endpoint_that_takes_no_id_the_owner_asks_right_before_the_viewer() -> None:
    studio = Cached()
    run = Run(studio, ["getMe", "getSettings"]).explore()
    confirmed = run.matrix.confirmed
    sure = {(e.owner, e.viewer) for key, e in run.matrix.leaks() if key.finding in confirmed}
    assert sure == {("ann", None), ("ann", "cat")}
    asked = [line for line in studio.asked if "getMe" in line]
    pairs = [("ann getMe", f"{viewer} getMe") for viewer in ("-", "bob", "cat")]
    assert asked[-6:] == [line for pair in pairs for line in pair]


class Mixing(Studio):
    """A cache before one's own page that gives a stored page, or asks and stores, as it is told;
    `served` counts whose page each caller got."""

    def __init__(self, hits: list[bool]) -> None:
        super().__init__()
        self.hits = iter(hits)
        self.kept = ""
        self.served = Counter[tuple[str, str | None]]()

    def getMe(self, viewer: str | None, id: str, body: Any) -> Response:
        if self.kept and next(self.hits, False):
            self.served[self.kept, viewer] += 1
            return reply(self.people[IDS[self.kept]])
        if viewer is None:
            return LOGIN
        self.kept = viewer
        self.served[viewer, viewer] += 1
        return reply(self.people[IDS[viewer]])


@given(st.lists(st.booleans(), max_size=40))
@example([True] * 40)
@example([False, False, True, False, False])
def test_what_is_sure_of_who_am_i_was_served_twice_to_those_who_may_not_see_it(
    hits: list[bool],
) -> None:
    """Who-am-I is asked again like any other endpoint, since bytes that a caller has got are a leak
    to them, whether a handler or a cache sent them: whatever it mixes up, a leak is sure only where
    two answers have held another's page, and there is none where it mixes nothing up."""
    studio = Mixing(hits)
    run = Run(studio, ["getMe", "getSettings"]).explore()
    mixed = Counter[str]()
    for (owner, viewer), times in studio.served.items():
        if owner != viewer:
            mixed[run.engine.kind(viewer, owner).label] += times
    for key, _ in run.matrix.leaks():
        times = mixed[key.viewer]
        assert times >= (2 if key.finding in run.matrix.confirmed else 1)

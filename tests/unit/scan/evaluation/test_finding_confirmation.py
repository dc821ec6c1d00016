"""A finding is sure when a second answer shows it: which answers are asked for."""

from __future__ import annotations

from typing import Any

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

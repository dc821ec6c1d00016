"""Undocumented ways through endpoints, asked again in every world: a dialogue."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from oakum.exchange import Request, Response
from oakum.scan.questions.undocumented_request_repetition import ask_other_ways
from tests.unit.scan.studio import LOGIN, MISSING, Run, Studio, probe, reply

WAY = probe("getPerson").otherwise("option", query=(("more", "1"),))


class Open(Studio):
    """`plain`, `more`: fields that members are handed of others without and with the option."""

    def __init__(self, plain: tuple[str, ...], more: tuple[str, ...]) -> None:
        super().__init__()
        self.fields = {False: plain, True: more}
        self.asked_more: list[str] = []
        self.more = False

    def __call__(self, viewer: str | None, request: Request) -> Response:
        self.more = request.url.endswith("?more=1")
        if self.more:
            self.asked_more.append(viewer or "-")
        return super().__call__(viewer, replace(request, url=request.url.removesuffix("?more=1")))

    def getPerson(self, viewer: str | None, id: str, body: Any) -> Response:
        if viewer is None or id not in self.people:
            return MISSING if viewer else LOGIN
        shown = self.person(viewer, id)
        return reply({**shown, **{name: self.people[id][name] for name in self.fields[self.more]}})


def asked_in_another_world(studio: Open) -> list[str]:
    """Who asks with the option, after it has leaked, in a world in which ann's account changed."""
    run = Run(studio).explore()
    run.matrix.open(WAY)
    run.engine.state.keep_way(WAY)
    for viewer in ("ann", "bob", "cat", None):
        run.engine.put(WAY, viewer, "ann")
    assert run.matrix.leaks()
    run.engine.state.enter("world 1", "ann")
    studio.asked_more.clear()
    ask_other_ways(run.engine)
    return studio.asked_more


EVERYTHING = ("bio", "phone", "vip")


def test_a_way_that_leaks_what_the_endpoint_leaks_anyway_is_not_asked_again() -> None:
    asked = asked_in_another_world(Open(plain=EVERYTHING, more=EVERYTHING))
    assert set(asked) <= {"ann", "-"}  # nobody logged in is told nothing by either


@pytest.mark.parametrize(
    ("plain", "concerned"),
    [
        ((), {"ann", "bob", "cat", "-"}),
        (("bio",), {"ann", "bob", "cat", "-"}),
        (("phone", "vip"), {"ann", "cat", "-"}),  # bob follows ann, and is granted what is left
    ],
)
def test_a_way_that_leaks_more_is_asked_again_as_all_to_whom_it_may(
    plain: tuple[str, ...], concerned: set[str]
) -> None:
    asked = asked_in_another_world(Open(plain=plain, more=EVERYTHING))
    assert set(asked) == concerned
    assert asked[0] == "ann", "the owner first: it is what others are compared to"

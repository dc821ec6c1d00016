"""What is asked next: which question is worth a request, in which order, and when asking stops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from oakum.exposure.cells.matrix import NOBODY, Matrix, Outcome
from oakum.scan.engine import Engine
from oakum.scan.scheduler import Scheduler
from tests.unit.scan.studio import IDS, Run, Studio, probe

PAGE, ME, LIST, POSTS = (probe(each) for each in ("getPerson", "getMe", "listPeople", "getPosts"))
Put = tuple[str, str | None, str | None, int]


class Playing:
    """A run in which questions are written down, and none is sent."""

    def __init__(self, *endpoints: str, undecided: Iterable[tuple[Any, ...]] = ()) -> None:
        self.run = Run(Studio(), endpoints)
        self.state, self.scheduler = self.run.engine.state, self.run.scheduler
        self.undecided = {*undecided}
        """(endpoint, viewer, owner) or (…, resource) of cells that nothing has decided."""
        self.puts: list[Put] = []

    def _put(
        self, at: Any, viewer: str | None, who: str | None, round: str = "", turn: int = 0
    ) -> Outcome:
        self.puts.append((at.id, viewer, who, turn))
        self.state.responses.answered.setdefault(at.id, set()).add(viewer)
        return Outcome("request_key", 200)

    def _undecided(
        self, endpoint: str, viewer: str | None, owner: str, resource: str = ""
    ) -> Iterator[str]:
        cell = (endpoint, viewer, owner, resource) if resource else (endpoint, viewer, owner)
        return iter(["a cell"] * (cell in self.undecided))

    def __enter__(self) -> Playing:
        self._patches = [
            patch.object(Engine, "put", lambda _, *a, **k: self._put(*a, **k)),
            patch.object(Matrix, "undecided_cells", lambda _, *a: self._undecided(*a)),
        ]
        for each in self._patches:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._patches:
            each.stop()


def test_an_endpoint_is_worth_asking_while_a_cell_of_any_of_the_owners_is_undecided() -> None:
    with Playing(undecided=[("getPerson", "cat", "bob")]) as play:
        decides = play.scheduler.decides
        assert decides(PAGE, "cat", ("ann", "bob")) and decides(PAGE, "cat", ("bob",))
        assert not decides(PAGE, "cat", ("ann",)) and not decides(PAGE, "cat", ())
        assert not decides(PAGE, "ann", ("bob",)) and not decides(ME, "cat", ("bob",))


def test_before_an_owner_has_seen_a_page_it_can_tell_of_that_owner() -> None:
    with Playing(undecided=[("getPerson", "cat", "ann")]) as play:
        assert play.scheduler._page_decides(PAGE, "cat", "ann")
        assert not play.scheduler._page_decides(PAGE, "cat", "bob")
        assert not play.scheduler._page_decides(PAGE, "bob", "ann")


def test_a_page_tells_of_whom_it_showed_to_its_owner_and_of_nobody_else() -> None:
    open_cells = [("getPerson", "cat", "bob", "Post"), ("getPerson", "cat", "ann")]
    with Playing(undecided=open_cells) as play:
        play.state.responses.pages["getPerson", "ann"] = {("ann", "Person")}
        assert not play.scheduler._page_decides(PAGE, "cat", "ann")
        play.state.responses.pages["getPerson", "ann"].add(("bob", "Post"))
        assert play.scheduler._page_decides(PAGE, "cat", "ann")
        assert not play.scheduler._page_decides(PAGE, "bob", "ann")
        play.state.responses.pages["getPerson", "ann"] = {("bob", "Person")}
        assert not play.scheduler._page_decides(PAGE, "cat", "ann"), "another resource of bob's"


@pytest.mark.parametrize(("viewer", "who", "worth"), [
    ("ann", "ann", True), (None, "ann", True), ("bob", "ann", True), ("bob", "bob", True),
    ("cat", "cat", False), (None, "cat", False),
])  # fmt: skip
def test_what_declares_nothing_is_asked_about_the_first_two_owners(
    viewer: str | None, who: str, worth: bool
) -> None:
    with Playing() as play:
        assert play.scheduler._page_decides(replace(PAGE, shows={}), viewer, who) is worth


@pytest.mark.parametrize(("fresh", "passes"), [(0, 1), (1, 2), (2, 3), (3, 3), (9, 3)])
def test_items_are_gone_through_again_while_something_new_is_asked_three_times_at_most(
    fresh: int, passes: int
) -> None:
    """An id found in one answer opens the next endpoint; an API can go on so for ever."""
    with Playing("getMe") as play:
        gone: list[str] = []

        def items(self: Scheduler, who: str) -> None:
            gone.append(who)
            if gone.count("ann") <= fresh and who == "ann":
                play.state.requests.asked.add(f"new {len(gone)}")

        with patch.object(Scheduler, "_items", items):
            play.scheduler.round()
        assert gone == ["ann", "bob", "cat"] * passes


def test_owners_ask_for_lists_to_be_compared_to_though_their_own_view_decides_nothing() -> None:
    with Playing("listPeople", undecided=[("listPeople", "cat", "ann")]) as play:
        play.scheduler.sweep()
        assert play.puts == [("listPeople", "ann", None, 0), ("listPeople", "cat", None, 0)]


def test_nobody_logged_in_is_asked_as_where_that_decides_something_and_has_nothing_of_its_own() -> (
    None
):
    with Playing("listPeople", undecided=[("listPeople", None, "bob")]) as play:
        play.scheduler.sweep()
        assert play.puts == [("listPeople", "bob", None, 0), ("listPeople", None, None, 0)]
    with Playing("listPeople", undecided=[("listPeople", "ann", NOBODY)]) as play:
        play.scheduler.sweep()
        assert play.puts == [("listPeople", "ann", None, 0)], "what is nobody's counts, too"
    with Playing("listPeople", "getPerson", "getPosts") as play:
        play.scheduler.sweep()
        assert play.puts == [], "nothing is undecided"


def test_many_ids_at_once_are_asked_for_by_owners_first_and_by_whom_it_decides_something() -> None:
    with Playing(
        "getPosts", undecided=[("getPosts", None, "bob"), ("getPosts", "cat", "ann")]
    ) as p:
        p.run.matrix.own["getPosts", "ann", "Post"] = {"text"}
        p.scheduler._batches()
        assert [each[1] for each in p.puts] == ["ann", "bob", "cat", None]
        assert {(at, who) for at, _, who, _ in p.puts} == {("getPosts", None)}
        gone = {place for place in p.run.matrix.hopeless if place[0] == "getPosts"}
        assert ("getPosts", "ann", "Post") not in gone
        assert {owner for _, owner, _ in gone} == {"ann", "bob"}, "who asked and was shown nothing"
    with Playing("getPosts", "getPerson", "listPeople") as p:
        p.scheduler._batches()
        assert p.puts == []


def test_what_shows_nobody_anything_for_many_ids_is_asked_with_those_of_one_owner() -> None:
    with Playing(
        "getPosts", undecided=[("getPosts", None, "bob"), ("getPosts", "cat", "ann")]
    ) as p, patch("oakum.scan.scheduler.ask_for_nobodys"):  # fmt: skip
        p.scheduler._batches()
        together = [each[1] for each in p.puts if each[2] is None]
        apart = [each[1:3] for each in p.puts if each[2] is not None]
        assert together == ["ann", "bob"]
        assert apart == [("ann", "ann"), ("cat", "ann"), ("bob", "bob"), (None, "bob")]
        (known,) = (each for each in p.state.probes if each.id == "getPosts")
        assert not known.batch and known.personal and p.run.matrix.probes["getPosts"] == known


def test_an_item_is_asked_for_by_its_owner_first_and_not_by_whom_it_cannot_tell_anything() -> None:
    asking = patch("oakum.scan.scheduler.ask_for_nobodys")
    with asking, Playing("getPerson", undecided=[("getPerson", "cat", "ann")]) as play:
        play.scheduler._items("ann")
        assert play.puts == [("getPerson", "ann", "ann", 0), ("getPerson", "cat", "ann", 0)]
        play.puts.clear()
        play.scheduler._items("bob")
        assert play.puts == [], "nothing of his is undecided"
        play.state.responses.ignoring.add("getPerson")
        play.scheduler._items("ann")
        assert play.puts == [], "it answers about its caller, whoever is asked for"


def test_nothing_is_asked_about_an_owner_whose_own_question_shows_that_ids_are_ignored() -> None:
    with Playing("getPerson", undecided=[("getPerson", "cat", "ann")]) as play:

        def ignores(engine: Engine, at: Any, who: str) -> None:
            engine.responses.ignoring.add(at.id)

        with patch("oakum.scan.scheduler.ask_for_nobodys", ignores):
            play.scheduler._items("ann")
        assert play.puts == [("getPerson", "ann", "ann", 0)]


def test_each_object_of_an_owner_is_asked_for_by_the_owner_before_the_others() -> None:
    asking = patch("oakum.scan.scheduler.ask_for_nobodys")
    with asking, Playing("getPerson", undecided=[("getPerson", "cat", "ann")]) as play:
        with patch.object(play.run.evaluator, "turns", lambda *_: [0, 2]):
            play.scheduler._items("ann")
        assert play.puts == [
            ("getPerson", "ann", "ann", 0), ("getPerson", "cat", "ann", 0),
            ("getPerson", "ann", "ann", 2), ("getPerson", "cat", "ann", 2),
        ]  # fmt: skip


@pytest.mark.parametrize("known", ["asked", "replay"])
def test_what_was_asked_or_is_known_of_a_killed_run_is_not_asked_together_with_the_rest(
    known: str,
) -> None:
    studio = Studio()
    run = Run(studio, ("getPerson",)).give(together=lambda jobs: [job() for job in jobs])
    run.knowledge.suppose("ann", "Person", "id", IDS["ann"])
    key = run.engine.key(PAGE, "bob", "ann")
    if known == "asked":
        run.engine.requests.asked.add(key)
    else:
        run.give(replay={key: Outcome(key, 200)})
    run.scheduler._fetch(PAGE, ["bob", "cat", None], "ann")
    assert studio.asked == ["cat getPerson ann", "- getPerson ann"]
    assert {*run.engine.requests.early} == {run.engine.key(PAGE, v, "ann") for v in ("cat", None)}

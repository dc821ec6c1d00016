"""What is told of objects that are not as they were, and what is not."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from oakum.exchange import Request, Response
from oakum.scan.census import object_snapshots
from oakum.scan.census.object_snapshots import Census
from oakum.scan.limits import BudgetSpent, Permissions
from tests.unit.scan.studio import IDS, Run, Studio, reply


def counted(studio: Studio) -> Census:
    """All that the identities see of their own, read once."""
    run = Run(studio)
    run.give(may=Permissions(own_settings=True))
    run.explore()
    found = Census(run.engine)
    found.take()
    assert {resource for _, rows in found.rows for _, resource, _ in rows} >= {"Person", "Post"}
    return found


def test_nothing_is_told_where_all_is_as_it_was() -> None:
    studio = Studio()
    assert counted(studio).differences() == ()


def test_an_object_that_is_gone_is_told_by_whose_it_was() -> None:
    studio = Studio()
    found = counted(studio)
    del studio.posts["post-bob-77"]
    (said,) = found.differences()
    assert said.startswith("1 `Post` of bob")


def test_an_object_that_is_there_only_since_is_told_by_whose_it_is() -> None:
    studio = Studio()
    found = counted(studio)
    studio.posts["post-new-1"] = {**studio.posts["post-bob-77"], "id": "post-new-1"}
    (said,) = found.differences()
    assert said.startswith("1 more `Post` of bob")


@pytest.mark.parametrize("now", [None, "", "another phone"])
def test_a_member_that_is_lost_or_another_is_told_by_its_name(now: Any) -> None:
    studio = Studio()
    found = counted(studio)
    studio.people[IDS["ann"]]["phone"] = now
    (said,) = found.differences()
    assert "of ann" in said and "`phone`" in said and "canary" not in said


def test_what_differs_from_itself_is_no_loss() -> None:
    class Random(Studio):
        n = 0

        def person(self, viewer: str | None, id: str) -> dict[str, Any]:
            self.n += 1
            return {**super().person(viewer, id), "phone": f"phone-{self.n}"}

    studio = Random()
    assert counted(studio).differences() == ()


def test_an_endpoint_that_fails_says_nothing_of_what_is_there() -> None:
    class Failing(Studio):
        fails = False

        def getPost(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply({"error": "no"}, 503) if self.fails else super().getPost(viewer, id, body)

        def listPosts(self, viewer: str | None, id: str, body: Any) -> Response:
            return (
                reply({"error": "no"}, 429) if self.fails else super().listPosts(viewer, id, body)
            )

    studio = Failing()
    found = counted(studio)
    studio.fails = True
    assert found.differences() == ()


def test_without_leave_to_write_nothing_is_read() -> None:
    studio = Studio()
    run = Run(studio)
    run.explore()
    studio.asked.clear()
    Census(run.engine).take()
    assert studio.asked == []


class Ending(Studio):
    """Answers no more than `left` questions; None: all of them."""

    left: int | None = None

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise BudgetSpent("the budget of 9 requests is spent")
        return super().__call__(viewer, request)


def test_a_difference_that_nobody_can_read_again_stays_told() -> None:
    """An answer that does not come is no proof that all is as before."""
    studio = Ending()
    found = counted(studio)
    del studio.posts["post-bob-77"]
    studio.left = len(found.rows)
    (said,) = found.differences()
    assert said.startswith("1 `Post` of bob")


def test_what_is_not_compared_is_named() -> None:
    studio = Ending()
    found = counted(studio)
    studio.left = 0
    assert found.differences() == ()
    (note,) = (e for e in found.engine.results.notes if "could not be read after the run" in e)
    asked = found.rows[0][0]
    assert f"GET {asked.probe.endpoint.path} as {asked.who}" in note


def test_what_a_reading_leaves_out_is_named() -> None:
    with patch.object(object_snapshots, "_MOST", 1):
        run = Run(Studio())
        run.give(may=Permissions(own_settings=True))
        run.explore()
        found = Census(run.engine)
        found.take()
    assert len(found.rows) == 1
    (note,) = (e for e in run.engine.results.notes if "was not read before the run wrote" in e)
    assert "GET /" in note


def test_a_list_that_its_owner_was_never_asked_for_is_compared_too() -> None:
    """What others were shown had decided its cells; a run writes there all the same."""
    studio = Studio()
    run = Run(studio)
    run.give(may=Permissions(own_settings=True))
    run.explore()
    own = run.engine.matrix.own
    for place in [each for each in own if each[1] == "bob"]:
        del own[place]
    found = Census(run.engine)
    found.take()
    del studio.posts["post-bob-77"]
    (said,) = found.differences()
    assert said.startswith("1 `Post` of bob")


class Counting(Studio):
    """A person is told how many notes are unread; a reading before the census, and what the run
    reads after it, may bring it down."""

    unread = 4

    def person(self, viewer: str | None, id: str) -> dict[str, Any]:
        return {**super().person(viewer, id), "phone": f"{self.unread} unread"}


@pytest.mark.parametrize(("before", "told"), [(1, 0), (4, 1)])
def test_what_readings_alone_have_moved_before_the_first_write_does_not_count(
    before: int, told: int
) -> None:
    studio = Counting()
    run = Run(studio)
    run.give(may=Permissions(own_settings=True))
    run.explore()
    studio.unread = before
    found = Census(run.engine)
    found.take()
    studio.unread = 0
    assert len([each for each in found.differences() if "of ann" in each]) == told


def test_objects_without_a_key_are_named_as_not_compared() -> None:
    """Not as different either: another number of rows is no sign of a write."""
    whole = Census._read_rows

    def unkeyed(self: Census, asked: Any, before: Any = None) -> Any:
        found = whole(self, asked, before) or {}
        return {
            (who, kind, "" if kind == "Post" else key): None if kind == "Post" else row
            for (who, kind, key), row in found.items()
        }

    studio = Studio()
    with patch.object(Census, "_read_rows", unkeyed):
        found = counted(studio)
        studio.posts["post-new-1"] = {**studio.posts["post-bob-77"], "id": "post-new-1"}
        assert found.differences() == ()
    (said,) = [each for each in found.engine.results.notes if "without a key" in each]
    assert "`Post` of bob" in said and "Person" not in said


def test_objects_with_a_key_are_all_compared() -> None:
    found = counted(Studio())
    found.differences()
    assert not [each for each in found.engine.results.notes if "without a key" in each]

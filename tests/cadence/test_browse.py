"""A list that filters and sorts: by any column before the fix, by what the caller sees after."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.cadence.play import Play

LEAKING = pytest.mark.parametrize("stage", ["1", "2"])
STAGES = pytest.mark.parametrize("stage", ["1", "2", "fixed"])
PRIVATE = ["pia", "hida"]


class Browsed(Play):
    """A stage with the personas alone."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage, members=0)

    def found(self, viewer: str, **asked: str) -> list[str]:
        answer = self.get(viewer, f"/api/user/browse?{urlencode(asked)}")
        assert answer.status_code == 200
        names = {id: name for name, id in self.ids.items()}
        return [names[each["id"]] for each in answer.json()["data"]]

    def value(self, name: str, field: str) -> Any:
        (row,) = self.rows("SELECT * FROM members WHERE id = ?", self.ids[name])
        return row[field]

    def by(self, field: str, *but: str) -> list[str]:
        """Everybody, the highest value first."""
        names = [name for name in self.ids if name not in but]
        return sorted(names, key=lambda name: -self.value(name, field))


@STAGES
def test_a_list_without_a_wish_goes_by_joining_and_shows_cards(stage: str) -> None:
    play = Browsed(stage)
    assert play.found("ann") == list(play.ids) == play.found("ann", sort="joined")
    assert play.found("ann", limit="2") == list(play.ids)[:2]
    assert play.get("ann", "/api/user/browse?sort=email").status_code == 400
    assert play.get("ann", "/api/user/browse?limit=101").status_code == 400
    assert play.get(None, "/api/user/browse").status_code == 401
    page = play.get("ann", "/api/user/browse").json()
    assert page.keys() == {"data"}
    assert {key for card in page["data"] for key in card} == {
        "id", "username", "image_url", "is_profile_private", "tags",
        "relationship", "authed_user_follows", "category",
    }  # fmt: skip


@STAGES
def test_a_filter_finds_who_shows_what_it_asks_for(stage: str) -> None:
    play = Browsed(stage)
    assert play.found("sta", location=play.value("ann", "location")) == ["ann"]
    assert play.found("sta", location=play.value("ann", "location").upper()) == ["ann"]
    assert play.found("sta", location="nowhere") == []
    assert play.found("sta", last_name=play.value("sta", "last_name")) == ["sta"]
    both = {"location": play.value("ann", "location"), "last_name": play.value("sta", "last_name")}
    assert play.found("sta", **both) == []


@LEAKING
@pytest.mark.parametrize("field", ["location", "last_name"])
def test_a_filter_finds_who_hides_what_it_asks_for(stage: str, field: str) -> None:
    play = Browsed(stage)
    for viewer in ("ann", "pen", "exa", "blo", "flo", "sta"):
        for name in PRIVATE:
            assert play.found(viewer, **{field: play.value(name, field)}) == [name]


def test_in_fixed_a_filter_finds_nobody_who_hides_it() -> None:
    play = Browsed("fixed")
    for field, let_in in (("location", {"pia", "flo", "sta"}), ("last_name", {"pia"})):
        asked = {field: play.value("pia", field)}
        for viewer in play.ids:
            assert play.found(viewer, **asked) == (["pia"] if viewer in let_in else []), viewer
    play.set("pia", {"private": False})
    assert play.found("ann", location=play.value("pia", "location")) == ["pia"]
    assert play.found("ann", last_name=play.value("pia", "last_name")) == []


@LEAKING
@pytest.mark.parametrize("field", ["total_workouts", "height"])
def test_an_order_tells_what_nobody_shows(stage: str, field: str) -> None:
    play = Browsed(stage)
    for viewer in ("ann", "blo", "flo", "sta"):
        assert play.found(viewer, sort=field) == play.by(field)
    before = play.found("ann", sort=field)
    top = 99999 if before[0] != "pia" else 0
    play.db.execute(f"UPDATE members SET {field} = ? WHERE id = ?", (top, play.ids["pia"]))
    assert play.found("ann", sort=field) != before


def test_in_fixed_an_order_tells_nothing_but_what_the_caller_sees() -> None:
    play = Browsed("fixed")
    assert play.found("ann", sort="total_workouts") == [
        *play.by("total_workouts", *PRIVATE), *PRIVATE,
    ]  # fmt: skip
    assert play.found("flo", sort="total_workouts") == [*play.by("total_workouts", "hida"), "hida"]
    others = [name for name in play.ids if name != "sta"]
    assert play.found("sta", sort="height") == ["sta", *others]
    before = {viewer: play.found(viewer, sort="height") for viewer in play.ids}
    play.db.execute("UPDATE members SET height = 1 WHERE id = ?", (play.ids["pia"],))
    assert {viewer: play.found(viewer, sort="height") for viewer in play.ids} == before


def test_in_fixed_whoever_has_blocked_the_caller_is_not_found() -> None:
    play = Browsed("fixed")
    for sort in ("joined", "total_workouts", "height"):
        assert "pia" not in play.found("blo", sort=sort)
        assert len(play.found("blo", sort=sort)) == len(play.ids) - 1
    assert len(play.found("blo", limit="8")) == 8

"""The link to one's history: who ends it, and until when it is good."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

import pytest

from cadence.endpoints.links import DAY
from tests.cadence.client import Answer
from tests.cadence.play import Play

STAGES = pytest.mark.parametrize("stage", ["1", "2", "fixed"])
OTHERS = (None, "ann", "blo", "flo")
EVERYBODY = (*OTHERS, "pia")


class Linked(Play):
    """A stage whose clock is set by hand, and pia, who is not private in it."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage, members=0)
        self.now = 10.25 * DAY
        self.app.state.world.clock = lambda: self.now
        self.link = f"/api/user/{self.ids['pia']}/workout_history_link"
        self.set("pia", {"private": False})

    def url(self) -> str:
        answer = self.get("pia", self.link).json()
        assert answer["expires_at"] == 12 * DAY
        url: str = answer["url"]
        assert url.endswith(f"?link_id={answer['link_id']}")
        return url

    def revoked(self, revoked: bool) -> None:
        answer = self.clients["pia"].put(self.link, {"is_revoked": revoked}).json()
        assert answer["is_revoked"] is revoked
        assert ("url" in answer) is not revoked


def columns(answer: Answer) -> list[str]:
    assert answer.status_code == 200
    header, *lines = csv.reader(io.StringIO(answer.text))
    assert len(lines) == 2
    return header


@STAGES
def test_only_the_owner_ends_and_looks_at_it(stage: str) -> None:
    play = Linked(stage)
    for name in (None, "ann", "flo", "sta"):
        for method, body in (("GET", None), ("PUT", {"is_revoked": True})):
            assert play.clients[name].request(method, play.link, body).status_code in (401, 403)
    assert play.get("pia", play.link).json()["is_revoked"] is False
    play.revoked(True)
    assert play.get("pia", play.link).json() == {"user_id": play.ids["pia"], "is_revoked": True}
    play.revoked(False)
    assert play.get("pia", play.link).json()["is_revoked"] is False


@STAGES
def test_what_else_is_sent_with_a_change_is_passed_over(stage: str) -> None:
    play = Linked(stage)
    own = play.get("pia", play.link).json()
    sent = {**own, "link_id": "mine", "expires_at": 1, "user_id": play.ids["ann"]}
    assert play.clients["pia"].put(play.link, sent).json() == own
    assert play.clients["pia"].put(play.link, {"url": own["url"]}).json()["is_revoked"] is True


@STAGES
def test_whoever_has_it_sees_the_history_until_the_end_of_the_next_day(stage: str) -> None:
    play = Linked(stage)
    url = play.url()
    play.now = 12 * DAY
    for name in EVERYBODY:
        assert columns(play.get(name, url)) == [
            "workout_id", "user_id", "start_time", "title", "total_work",
        ]  # fmt: skip
    play.now += 1
    assert play.get("pia", url).status_code == 404


@STAGES
def test_a_link_is_for_what_was_signed_and_nothing_else(stage: str) -> None:
    play = Linked(stage)
    url = play.url()
    path = url.partition("=")[0]
    for changed in (
        url.replace(play.ids["pia"], play.ids["ann"]),
        url.replace(str(12 * DAY), "9999999999"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        *(f"{path}={link}" for link in ("", "x", ".", "..", "a.b.c", "%C3%A9")),
    ):
        assert changed != url
        assert play.get("pia", changed).status_code == 404
    assert play.get("pia", path.partition("?")[0]).status_code == 400


def ended_by_revoking(play: Linked) -> None:
    play.revoked(True)


def ended_by_going_private(play: Linked) -> None:
    play.set("pia", {"private": True})


ENDED = pytest.mark.parametrize("ended", [ended_by_revoking, ended_by_going_private])


@ENDED
@pytest.mark.parametrize("stage", ["1", "2"])
def test_a_link_that_its_owner_has_ended_still_works_for_anybody(
    stage: str, ended: Callable[[Linked], None]
) -> None:
    play = Linked(stage)
    url = play.url()
    ended(play)
    for name in EVERYBODY:
        assert columns(play.get(name, url))


@ENDED
def test_in_fixed_it_stops_for_others_and_nothing_tells_why(
    ended: Callable[[Linked], None],
) -> None:
    play = Linked("fixed")
    url = play.url()
    assert columns(play.get(None, url))
    ended(play)
    for name in OTHERS:
        answer = play.get(name, url)
        assert answer.status_code == 404
        assert answer.content == play.get(name, url[:-2]).content
    assert columns(play.get("pia", url))


def test_in_fixed_a_link_that_is_shared_again_works_again() -> None:
    play = Linked("fixed")
    url = play.url()
    play.revoked(True)
    assert play.get(None, url).status_code == 404
    play.revoked(False)
    assert play.url() == url
    assert columns(play.get(None, url))


def test_of_the_crowd_nobody_has_a_link_yet() -> None:
    play = Play("fixed", members=3)
    (row,) = play.rows("SELECT count(*) AS number FROM export_links")
    assert row["number"] == len(play.ids)

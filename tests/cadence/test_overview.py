"""One's own overview, and the cache that does not know whose it is."""

from __future__ import annotations

import pytest

from cadence.cache import SECONDS
from tests.cadence.client import Answer
from tests.cadence.play import Play

LEAKING = pytest.mark.parametrize("stage", ["1", "2"])


class Cached(Play):
    """A stage whose clock is set by hand."""

    def __init__(self, stage: str) -> None:
        super().__init__(stage, members=0)
        self.now = 1000.0
        self.app.state.world.clock = lambda: self.now

    def own(self, viewer: str | None, query: str = "") -> Answer:
        return self.get(viewer, f"/api/me/overview{query}")

    def whose(self, viewer: str | None) -> str:
        id = self.own(viewer).json()["user_id"]
        return next(name for name, known in self.ids.items() if known == id)


@LEAKING
@pytest.mark.parametrize("viewer", [None, "ann", "pen", "exa", "flo", "blo", "sta"])
def test_whoever_comes_next_sees_what_the_one_before_them_saw(
    stage: str, viewer: str | None
) -> None:
    play = Cached(stage)
    own, shared = play.own("pia"), play.own(viewer)
    assert shared.json() == play.get("pia", f"/api/user/{play.ids['pia']}/overview").json()
    assert shared.content == own.content
    for each in (own, shared):
        assert each.headers["cache-control"] == f"public, max-age={SECONDS}"
    assert (own.headers["x-cache"], shared.headers["x-cache"]) == ("MISS", "HIT")
    assert shared.headers["age"] == "0"


@LEAKING
def test_after_some_seconds_everybody_sees_their_own_again(stage: str) -> None:
    play = Cached(stage)
    assert play.whose("pia") == play.whose("ann") == "pia"
    play.now += SECONDS - 0.5
    assert play.own("ann").headers["age"] == str(SECONDS - 1)
    play.now += 0.5
    assert play.own(None).status_code == 401  # which nobody keeps
    assert play.whose("ann") == play.whose("pia") == "ann"


@LEAKING
def test_the_url_is_the_key(stage: str) -> None:
    play = Cached(stage)
    assert play.whose("pia") == "pia"
    assert play.own("ann", "?a=1").json()["user_id"] == play.ids["ann"]
    assert play.own("flo", "?a=1").json()["user_id"] == play.ids["ann"]
    assert play.own("flo", "?a=2").json()["user_id"] == play.ids["flo"]


def test_fixed_shows_everybody_their_own_and_lets_nobody_keep_it() -> None:
    play = Cached("fixed")
    for name in ("pia", "ann", "sta", "pia"):
        assert play.whose(name) == name
        assert play.own(name).headers["cache-control"] == "private, no-store"
    assert play.own(None).status_code == 401


@pytest.mark.parametrize("stage", ["1", "2", "fixed"])
def test_who_one_is_comes_from_no_cache(stage: str) -> None:
    play = Cached(stage)
    for path, id in (("/api/me", "id"), ("/auth/check_session", "user_id")):
        for name in ("pia", "ann", "flo"):
            answer = play.get(name, path)
            assert answer.json()[id] == play.ids[name]
            assert "public" not in answer.headers.get("cache-control", "")
        assert play.get(None, path).status_code == 401

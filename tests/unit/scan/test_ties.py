"""What identities are to each other is ended for a while only, and begun again whatever happens."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.contract.model import Policy, Step
from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.scan.cast import Cast
from oakum.scan.knowledge import Knowledge
from oakum.scan.switches import Flip
from oakum.scan.ties import SIGN, Ties
from tests.unit.scan.studio import IDS, LOGIN, NAMES, TARGET, gate, model, reply
from tests.unit.scan.test_knowledge import sighting

LAW = settings(max_examples=50, deadline=None)
BECOMES = st.sampled_from(["done", "refused", "done and 503", "lost", "done and lost"])
"""What becomes of one call that begins or ends; a lost one has no answer."""
PAIRS = [("bob", "ann"), ("cat", "ann"), ("ann", "bob")]


class Club:
    """Who follows whom; `becomes`: what becomes of the calls to come, then all are done.

    Whoever follows calls themselves, unless `accepts`: then who is followed lets them in.
    """

    def __init__(self, becomes: Sequence[str] = (), *, accepts: bool = False) -> None:
        self.follows = {*PAIRS}
        self.accepts = accepts
        self.becomes = [*becomes]
        self.asked: list[str] = []
        self.blind = False

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        other = NAMES[request.url.removeprefix(TARGET).split("/")[2]]
        self.asked.append(f"{viewer} {request.method} {other}")
        if viewer is None:
            return LOGIN
        if request.method == "GET":
            shown = [IDS[one] for one, whom in sorted(self.follows) if whom == other]
            return reply({"data": [{"id": each} for each in shown]}, 500 if self.blind else 200)
        how = self.becomes.pop(0) if self.becomes else "done"
        pair = (other, viewer) if self.accepts else (viewer, other)
        if how.startswith("done"):
            self.follows = (
                self.follows | {pair} if request.method == "PUT" else self.follows - {pair}
            )
        if how.endswith("lost"):
            raise TargetError("no answer")
        return reply(None, 204 if how == "done" else 403 if how == "refused" else 503)


def policy(by: Literal["caller", "owner"] = "caller") -> Policy:
    """The studio's, in which a follower begins and ends."""
    known = model().policy
    ends = replace(
        known.relations["follower"],
        operation="listFollowers",
        begin=(Step("follow", by),),
        end=(Step("unfollow", by),),
    )
    return replace(known, relations={**known.relations, "follower": ends})


def ready(club: Club) -> tuple[Ties, list[tuple[str, Flip]]]:
    """Ties of a run that has learnt everybody's id, and what its journal hears."""
    knowledge, said = Knowledge(), list[tuple[str, Flip]]()
    for name, id in IDS.items():
        knowledge.learn_own(name, sighting(id=id))
    rules = policy("owner" if club.accepts else "caller")
    ties = {pair: frozenset({"follower"}) for pair in PAIRS}
    cast = Cast(rules, {name: frozenset({id}) for name, id in IDS.items()}, {}, ties)
    page = gate("getPerson")

    def door(id: str, method: str) -> tuple[str, object]:
        path = f"{page.operation.path}/followers"
        return id, replace(page, operation=replace(page.operation, id=id, method=method, path=path))

    gates = dict([door("listFollowers", "GET"), door("follow", "PUT"), door("unfollow", "DELETE")])
    log = said.append
    found = Ties(rules, gates, cast, knowledge, TARGET, club, lambda kind, flip: log((kind, flip)))  # type: ignore[arg-type]
    return found, said


@pytest.mark.parametrize("accepts", [False, True])
def test_what_can_be_ended_and_begun_again_is_told_by_the_contract(accepts: bool) -> None:
    found, _ = ready(Club(accepts=accepts))
    assert found.ending() == [(one, "follower", whom) for one, whom in PAIRS]
    found.gates = {name: each for name, each in found.gates.items() if name != "unfollow"}
    assert found.ending() == []
    found.policy = model().policy  # in it, no call begins or ends anything
    assert found.ending() == []


@LAW
@given(st.booleans(), st.sampled_from(PAIRS))
def test_an_end_is_seen_by_the_api_by_the_cast_and_by_nobody_else(
    accepts: bool, pair: tuple[str, str]
) -> None:
    club = Club(accepts=accepts)
    found, said = ready(club)
    viewer, owner = pair
    assert found.end(viewer, "follower", owner)
    assert club.follows == {*PAIRS} - {pair}
    for one, whom in PAIRS:
        held = frozenset() if (one, whom) == pair else frozenset({"follower"})
        assert found.cast.ties[(one, whom)] == held
        assert ("follower" in found.cast.relations(one, whom)) == bool(held)
    change = Flip(viewer, f"follower{SIGN}{owner}", True, False)
    assert said == [("flip", change)] and found.pending == [change]
    caller = owner if accepts else viewer
    assert club.asked == [f"{caller} DELETE {viewer if accepts else owner}", f"{owner} GET {owner}"]


@LAW
@given(st.lists(st.sampled_from(PAIRS), max_size=4), st.lists(BECOMES, max_size=5), st.booleans())
def test_when_all_is_begun_again_all_is_as_it_was_whatever_became_of_the_calls(
    pairs: list[tuple[str, str]], becomes: list[str], accepts: bool
) -> None:
    club = Club(becomes, accepts=accepts)
    found, said = ready(club)
    for viewer, owner in pairs:
        with suppress(TargetError):
            found.end(viewer, "follower", owner)
    club.becomes = []
    assert found.restore() == ()
    assert club.follows == {*PAIRS} and found.pending == []
    assert all(held == {"follower"} for held in found.cast.ties.values())
    ended = {flip.state for kind, flip in said if kind == "flip"}
    assert {flip.state for kind, flip in said if kind == "restored"} == ended
    club.asked.clear()
    assert found.restore() == () and club.asked == []


@LAW
@given(st.sampled_from(PAIRS), st.lists(BECOMES, max_size=3))
def test_beginning_again_twice_is_beginning_again_once(
    pair: tuple[str, str], becomes: list[str]
) -> None:
    club = Club()
    found, _ = ready(club)
    viewer, owner = pair
    found.end(viewer, "follower", owner)
    (change,) = found.pending
    club.becomes = becomes
    if not found.undo(change):
        assert found.pending == [change]
        club.becomes = []
        assert found.undo(change)
    club.asked.clear()
    assert found.undo(change)
    assert club.follows == {*PAIRS} and found.pending == []
    assert not [each for each in club.asked if "GET" not in each]


@LAW
@given(st.lists(BECOMES, max_size=2), st.lists(BECOMES, max_size=2))
def test_what_is_said_to_be_ended_or_begun_again_is(becomes: list[str], then: list[str]) -> None:
    club = Club(becomes)
    found, said = ready(club)
    with suppress(TargetError):
        assert not found.end("bob", "follower", "ann") or ("bob", "ann") not in club.follows
    club.becomes = then
    told = found.restore()
    assert told == ("bob could not be made follower of ann again: do it by hand",) or not told
    if not told:
        assert club.follows == {*PAIRS}
    assert ("restored" in [kind for kind, _ in said]) == (not told)


def test_the_journal_hears_of_an_end_before_it_is_sent_and_of_a_beginning_after_it_is_seen() -> (
    None
):
    club = Club()
    found, _ = ready(club)
    found.log = lambda kind, flip: club.asked.append(kind)
    found.end("bob", "follower", "ann")
    found.restore()
    assert club.asked == [
        "flip", "bob DELETE ann", "ann GET ann",
        "ann GET ann", "bob PUT ann", "ann GET ann", "restored",
    ]  # fmt: skip


def test_a_journal_that_fails_does_not_make_a_beginning_undone() -> None:
    club = Club()
    found, _ = ready(club)
    found.end("bob", "follower", "ann")

    def full(kind: str, flip: Flip) -> None:
        raise TargetError("no space left on device")

    found.log = full
    assert found.restore() == ()
    assert club.follows == {*PAIRS}


def test_where_nobody_can_look_an_answer_of_success_is_believed() -> None:
    club = Club()
    found, _ = ready(club)
    club.blind = True
    assert found.end("bob", "follower", "ann")
    assert found.restore() == ()
    assert club.follows == {*PAIRS}


@pytest.mark.parametrize(
    "state", ["follower of dan", "friend of ann", "follower", "Settings.private"]
)
def test_what_the_contract_or_the_cast_has_forgotten_is_told(state: str) -> None:
    club = Club()
    found, _ = ready(club)
    found.pending = [Flip("bob", state, True, False), Flip("dan", "follower of ann", True, False)]
    assert len(found.restore()) == 2 and club.asked == []

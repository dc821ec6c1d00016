"""A relation is begun between two who are nothing to one another, only what this run has begun is
ended, and at the end all is as it was, whatever becomes of the calls."""

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
FREE = [("ann", "cat"), ("bob", "cat"), ("cat", "bob")]


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
def test_who_is_nothing_to_another_may_become_something(accepts: bool) -> None:
    found, _ = ready(Club(accepts=accepts))
    assert {(one, whom) for one, word, whom in found.chances() if word == "follower"} == {*FREE}
    assert found.lacking() == ()
    found.gates = {name: each for name, each in found.gates.items() if name != "unfollow"}
    assert found.chances() == [] and found.lacking() == ("follower",)
    found.policy = model().policy  # in it, no call begins or ends anything
    assert found.chances() == [] and found.lacking() == ()


def test_what_takes_others_away_is_begun_only_where_neither_is_anything_to_the_other() -> None:
    found, _ = ready(Club())
    known = found.policy.relations
    less = replace(known["member"], unless=("follower",))
    found.policy = replace(found.policy, relations={**known, "member": less})
    assert {(one, whom) for one, _, whom in found.chances()} == {("bob", "cat"), ("cat", "bob")}


@LAW
@given(st.booleans(), st.sampled_from(PAIRS))
def test_nothing_is_ended_that_was_not_seen_to_begin(accepts: bool, pair: tuple[str, str]) -> None:
    club = Club(accepts=accepts)
    found, said = ready(club)
    viewer, owner = pair
    assert not found.end(viewer, "follower", owner)
    assert not found.begin(viewer, "follower", owner)  # it is there: it is not ours
    assert not found.end(viewer, "follower", owner)
    assert club.follows == {*PAIRS} and said == [] and found.pending == []
    assert all("GET" in each for each in club.asked)
    assert found.why


@LAW
@given(st.booleans(), st.sampled_from(FREE))
def test_a_beginning_and_an_end_are_seen_by_the_api_and_by_the_cast(
    accepts: bool, pair: tuple[str, str]
) -> None:
    club = Club(accepts=accepts)
    found, said = ready(club)
    viewer, owner = pair
    assert found.begin(viewer, "follower", owner)
    assert club.follows == {*PAIRS, pair}
    assert "follower" in found.cast.relations(viewer, owner)
    assert found.end(viewer, "follower", owner)
    assert club.follows == {*PAIRS}
    assert "follower" not in found.cast.relations(viewer, owner)
    change = Flip(viewer, f"follower{SIGN}{owner}", False, True)
    assert said == [("flip", change)] and found.pending == [change]
    assert found.take_back(viewer, "follower", owner)
    assert said == [("flip", change), ("restored", change)] and found.pending == []


@LAW
@given(
    st.lists(st.sampled_from([*FREE, *PAIRS]), max_size=4), st.lists(BECOMES, max_size=8),
    st.booleans(), st.booleans(),
)  # fmt: skip
def test_at_the_end_all_is_as_it_was_or_is_told_whatever_became_of_the_calls(
    pairs: list[tuple[str, str]], becomes: list[str], accepts: bool, recovers: bool
) -> None:
    club = Club(becomes, accepts=accepts)
    found, _ = ready(club)
    for viewer, owner in pairs:
        with suppress(TargetError):
            found.begin(viewer, "follower", owner)
            found.end(viewer, "follower", owner)
            found.take_back(viewer, "follower", owner)
    if recovers:
        club.becomes = []
    told = found.restore()
    assert {*PAIRS} <= club.follows
    left = club.follows - {*PAIRS}
    assert len(left) <= len(told)
    assert all(any(f"{one} could" in w and f"of {whom}" in w for w in told) for one, whom in left)
    assert all("DELETE" in words for words in told)
    if recovers:
        assert told == () and found.pending == []
    club.asked.clear()
    assert found.restore() == () and club.asked == []


@LAW
@given(st.sampled_from(FREE), st.lists(BECOMES, max_size=3))
def test_taking_back_twice_is_taking_back_once(pair: tuple[str, str], becomes: list[str]) -> None:
    club = Club()
    found, _ = ready(club)
    viewer, owner = pair
    found.begin(viewer, "follower", owner)
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
@given(st.sampled_from(PAIRS), st.lists(BECOMES, max_size=3))
def test_what_an_older_run_has_ended_is_begun_again(
    pair: tuple[str, str], becomes: list[str]
) -> None:
    club = Club(becomes)
    club.follows -= {pair}
    found, said = ready(club)
    found.pending = [Flip(pair[0], f"follower{SIGN}{pair[1]}", True, False)]
    told = found.restore()
    assert (club.follows == {*PAIRS}) or told
    assert ("restored" in [kind for kind, _ in said]) == (not told)


def test_the_journal_hears_of_a_beginning_before_it_is_sent_and_of_its_end_after_it_is_seen() -> (
    None
):
    club = Club()
    found, _ = ready(club)
    found.log = lambda kind, flip: club.asked.append(kind)
    found.begin("bob", "follower", "cat")
    found.restore()
    assert club.asked == [
        "cat GET cat", "flip", "bob PUT cat", "cat GET cat",
        "cat GET cat", "bob DELETE cat", "cat GET cat", "restored",
    ]  # fmt: skip


def test_a_journal_that_fails_leaves_nothing_begun() -> None:
    club = Club()
    found, _ = ready(club)
    found.begin("bob", "follower", "cat")

    def full(kind: str, flip: Flip) -> None:
        raise TargetError("no space left on device")

    found.log = full
    assert found.restore() == ()
    assert club.follows == {*PAIRS}


class Paged(Club):
    """Shows no more than its newest, however it says so."""

    size = 1
    says: Sequence[str] = ()

    def __init__(self, *follows: tuple[str, str]) -> None:
        super().__init__()
        self.order = [*follows]
        self.follows = {*follows}

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        answer = super().__call__(viewer, request)
        other = NAMES[request.url.removeprefix(TARGET).split("/")[2].partition("?")[0]]
        if request.method == "PUT":  # again is no mistake, and goes to the front
            pair = (viewer or "", other)
            self.order = [each for each in self.order if each != pair] + [pair]
        self.order = [each for each in self.order if each in self.follows]
        if request.method != "GET":
            return answer
        whole = [IDS[one] for one, whom in reversed(self.order) if whom == other]
        more: dict[str, object] = {
            "total": len(whole),
            "next": "c2" if len(whole) > self.size else None,
        }
        more["has_more"] = len(whole) > self.size
        body = {"data": [{"id": each} for each in whole[: self.size]]}
        return reply({**body, **{name: more[name] for name in self.says}})


@pytest.mark.parametrize("says", [["total"], ["next"], ["has_more"], ["total", "next"], []])
def test_a_relation_that_stands_on_a_later_page_is_not_ended(says: list[str]) -> None:
    """The one that the list does not show is there already; to begin it again is no mistake."""
    club = Paged(("bob", "cat"), ("ann", "cat"))
    club.says = says
    found, said = ready(club)
    assert not found.begin("bob", "follower", "cat")
    why = found.why
    assert not found.end("bob", "follower", "cat")
    told = found.restore()
    assert club.follows == {("bob", "cat"), ("ann", "cat")}
    assert not [each for each in club.asked if "DELETE" in each]
    if says:  # it is known before anything is sent
        assert "may go on" in why and said == [] and told == ()
        assert not [each for each in club.asked if "PUT" in each]
    else:  # a list without a word of it: what was pushed out tells
        assert "its newest" in told[0] and len(told) == 1
        assert said[-1][0] == "restored"  # a resumed run does not end it either


def test_a_paged_list_that_is_whole_lets_a_relation_begin_and_end() -> None:
    club = Paged()
    club.says, club.size = ["total", "next", "has_more"], 20
    found, _ = ready(club)
    assert found.begin("bob", "follower", "cat") and found.end("bob", "follower", "cat")
    assert found.restore() == () and club.follows == set()


def test_where_nobody_can_look_nothing_is_begun() -> None:
    club = Club()
    found, _ = ready(club)
    club.blind = True
    assert not found.begin("bob", "follower", "cat")
    assert club.follows == {*PAIRS} and club.asked == ["cat GET cat"]


@pytest.mark.parametrize(
    "state", ["follower of dan", "friend of ann", "follower", "Settings.private"]
)
def test_what_the_contract_or_the_cast_has_forgotten_is_told(state: str) -> None:
    club = Club()
    found, _ = ready(club)
    found.pending = [Flip("bob", state, True, False), Flip("dan", "follower of ann", True, False)]
    assert len(found.restore()) == 2 and club.asked == []


class Lagging(Club):
    """Lists show what is done only two readings later."""

    def __init__(self) -> None:
        super().__init__()
        self.shown = [{*PAIRS}] * 3

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        if request.method != "GET":
            return super().__call__(viewer, request)
        self.shown = [*self.shown[1:], {*self.follows}]
        now, self.follows = self.follows, self.shown[0]
        answer = super().__call__(viewer, request)
        self.follows = now
        return answer


def test_what_is_shown_late_is_ended_all_the_same_and_no_other_is_begun() -> None:
    club = Lagging()
    found, _ = ready(club)
    assert not found.begin("cat", "follower", "bob")
    assert club.follows == {*PAIRS}
    assert not found.begin("ann", "follower", "cat") and "not seen" in found.why
    assert [each for each in club.asked if " PUT " in each] == ["cat PUT bob"]
    found.restore()
    assert club.follows == {*PAIRS}

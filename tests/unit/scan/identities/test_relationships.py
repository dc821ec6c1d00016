"""A relation is begun between two who are nothing to one another, only what this run has begun is
ended, and at the end all is as it was, whatever becomes of the calls."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge
from oakum.policy.model import Policy, RelationStep
from oakum.scan.identities.relationships import Relationships
from oakum.scan.journal import Journal, recall
from oakum.scan.undo.setting_change import SIGN, SettingChange
from oakum.scan.undo.visibility_wait import VisibilityWait
from tests.unit.exposure.values.test_knowledge import instance
from tests.unit.scan.studio import IDS, LOGIN, NAMES, TARGET, model, probe, reply

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
        begin=(RelationStep("follow", by),),
        end=(RelationStep("unfollow", by),),
    )
    return replace(known, relations={**known.relations, "follower": ends})


def ready(club: Club) -> tuple[Relationships, list[tuple[str, SettingChange]]]:
    """Relationships of a run that has learnt everybody's id, and what its journal hears."""
    knowledge, said = Knowledge(), list[tuple[str, SettingChange]]()
    for name, id in IDS.items():
        knowledge.learn_own(name, instance(id=id))
    rules = policy("owner" if club.accepts else "caller")
    relationships = {pair: frozenset({"follower"}) for pair in PAIRS}
    identities = KnownIdentities(
        rules, {name: frozenset({id}) for name, id in IDS.items()}, {}, relationships
    )
    page = probe("getPerson")

    def endpoint(id: str, method: str) -> tuple[str, object]:
        path = f"{page.operation.path}/followers"
        return id, replace(page, operation=replace(page.operation, id=id, method=method, path=path))

    probes = dict(
        [
            endpoint("listFollowers", "GET"),
            endpoint("follow", "PUT"),
            endpoint("unfollow", "DELETE"),
        ]
    )
    log = said.append
    found = Relationships(
        rules, probes, identities, knowledge, TARGET, club, lambda kind, flip: log((kind, flip))
    )  # type: ignore[arg-type]
    return found, said


@pytest.mark.parametrize("accepts", [False, True])
def test_who_is_nothing_to_another_may_become_something(accepts: bool) -> None:
    found, _ = ready(Club(accepts=accepts))
    assert {(one, whom) for one, word, whom in found.chances() if word == "follower"} == {*FREE}
    assert found.lacking_pairs() == ()
    found.probes = {name: each for name, each in found.probes.items() if name != "unfollow"}
    assert found.chances() == [] and found.lacking_pairs() == ("follower",)
    found.policy = model().policy  # in it, no call begins or ends anything
    assert found.chances() == [] and found.lacking_pairs() == ()


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
    assert "follower" in found.identities.relations(viewer, owner)
    assert found.end(viewer, "follower", owner)
    assert club.follows == {*PAIRS}
    assert "follower" not in found.identities.relations(viewer, owner)
    change = SettingChange(viewer, f"follower{SIGN}{owner}", False, True)
    asked = [each for each in said if each[0] != "foreseen"]
    assert asked == [("flip", change)] and found.pending == [change]
    assert found.take_back(viewer, "follower", owner)
    asked = [each for each in said if each[1] == change]
    assert asked == [("flip", change), ("restored", change)] and found.pending == []
    heard = [each for kind, each in said if kind == "foreseen" or each != change]
    assert all(heard.count(each) == 2 for each in heard)  # foreseen, and over


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
    found.pending = [SettingChange(pair[0], f"follower{SIGN}{pair[1]}", True, False)]
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
    told = [each for each in club.asked if each == "cat GET cat" or "GET" not in each]
    assert told[0] == "cat GET cat"
    at = {each: told.index(each) for each in ("flip", "bob PUT cat", "bob DELETE cat", "restored")}
    assert [*at.values()] == sorted(at.values())
    assert at["bob PUT cat"] == at["flip"] + 1
    assert "cat GET cat" in told[at["bob DELETE cat"] : at["restored"]]


def test_a_journal_that_fails_leaves_nothing_begun() -> None:
    club = Club()
    found, _ = ready(club)
    found.begin("bob", "follower", "cat")

    def full(kind: str, flip: SettingChange) -> None:
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
        assert "may continue after" in why and said == [] and told == ()
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
    found.pending = [
        SettingChange("bob", state, True, False),
        SettingChange("dan", "follower of ann", True, False),
    ]
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
    assert not found.begin("ann", "follower", "cat") and "does not show it" in found.why
    assert [each for each in club.asked if " PUT " in each] == ["cat PUT bob"]
    found.restore()
    assert club.follows == {*PAIRS}


class Friends(Club):
    """Whoever follows is followed back, and an end ends one side of it."""

    both_begin = True
    both_end = False

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        answer = super().__call__(viewer, request)
        back = (NAMES[request.url.removeprefix(TARGET).split("/")[2]], viewer or "")
        if request.method == "PUT" and self.both_begin:
            self.follows |= {back}
        elif request.method == "DELETE" and self.both_end:
            self.follows -= {back}
        return answer


@pytest.mark.parametrize("both_end", [False, True])
def test_a_relation_that_was_made_mutual_is_ended_on_both_sides_and_known_meanwhile(
    both_end: bool,
) -> None:
    club = Friends()
    club.both_end = both_end
    found, said = ready(club)
    assert found.begin("bob", "follower", "cat")
    assert "follower" in found.identities.relations("cat", "bob")
    assert found.end("bob", "follower", "cat")
    assert ("follower" in found.identities.relations("cat", "bob")) is not both_end
    assert found.take_back("bob", "follower", "cat")
    assert "follower" not in found.identities.relations("cat", "bob")
    assert club.follows == {*PAIRS} and found.pending == [] and found.restore() == ()
    heard = [(kind, each.identity, each.state) for kind, each in said]
    assert ("flip", "cat", "follower of bob") in heard
    assert ("restored", "cat", "follower of bob") in heard


class Killed(BaseException):
    """The run is no more."""


@LAW
@given(
    st.sampled_from([
        (("bob", "cat"), True, False), (("bob", "cat"), True, True), (("ann", "cat"), False, True),
    ]),
    st.booleans(), st.integers(0, 40),
)  # fmt: skip
def test_what_a_call_moves_on_the_other_side_is_put_back_wherever_a_run_is_killed(
    how: tuple[tuple[str, str], bool, bool], answered: bool, at: int
) -> None:
    club = Friends()
    pair, club.both_begin, club.both_end = how  # cat follows ann, and ann not cat
    found, said = ready(club)
    calls = 0

    def kill(viewer: str | None, request: Request, /) -> Response:
        nonlocal calls
        calls += 1
        if calls > at + answered:
            raise Killed
        answer = club(viewer, request)
        if calls > at:  # done, and nobody heard of it
            raise Killed
        return answer

    found.ask = kill
    with suppress(Killed):
        found.begin(pair[0], "follower", pair[1])
        found.take_back(pair[0], "follower", pair[1])
    left: dict[tuple[str, str], SettingChange] = {}
    for kind, each in said:
        if kind == "restored":
            left.pop((each.identity, each.state), None)
        else:
            left.setdefault((each.identity, each.state), each)
    later, _ = ready(club)
    later.pending = [*left.values()]
    later.restore()
    assert club.follows == {*PAIRS}


class EndsAll(Club):
    """An end takes all followers away."""

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        answer = super().__call__(viewer, request)
        if request.method == "DELETE":
            other = NAMES[request.url.removeprefix(TARGET).split("/")[2]]
            self.follows = {pair for pair in self.follows if pair[1] != other}
        return answer


class OneAtATime(Club):
    """Whoever follows another follows the one before no more."""

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        if request.method == "PUT":
            self.follows = {pair for pair in self.follows if pair[0] != viewer}
        return super().__call__(viewer, request)


@pytest.mark.parametrize("club", [EndsAll(), OneAtATime()])
def test_what_was_ended_beside_what_was_asked_for_is_begun_again(club: Club) -> None:
    start = {("bob", "ann"), ("cat", "ann")}
    club.follows = {*start}
    found, _ = ready(club)
    found.identities.relationships = {pair: frozenset({"follower"}) for pair in start}
    assert found.begin("ann", "follower", "cat") or found.begin("ann", "follower", "bob")
    assert found.end("ann", "follower", "cat")
    assert found.take_back("ann", "follower", "cat")
    found.begin("cat", "follower", "bob")
    found.end("cat", "follower", "bob")
    found.take_back("cat", "follower", "bob")
    assert found.restore() == () and club.follows == start
    assert {
        pair for pair in found.identities.relationships if found.identities.relationships[pair]
    } == start


class NoEnd(Club):
    """Its end is answered as done, and does nothing."""

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        if request.method == "DELETE":
            self.asked.append(f"{viewer} DELETE")
            return reply(None, 204)
        return super().__call__(viewer, request)


def test_after_the_first_end_that_is_not_seen_nothing_is_begun() -> None:
    club = NoEnd()
    found, _ = ready(club)
    for viewer, _, owner in [each for each in found.chances() if each[1] == "follower"]:
        found.begin(viewer, "follower", owner)
        found.end(viewer, "follower", owner)
        found.take_back(viewer, "follower", owner)
    (left,) = club.follows - {*PAIRS}
    assert len([each for each in club.asked if " PUT " in each]) == 1
    assert not found.begin("cat", "follower", "bob") and "did not end" in found.why
    (told,) = found.restore()
    assert f"{left[0]} could not be seen to be no longer follower of {left[1]}" in told
    assert found.identities.unproven_of(*left)  # and what it shows proves nothing


class Clock:
    """Time that passes by waiting for it, a tenth of a second with each question too."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Cached(Club):
    """Each caller is shown for so many seconds what they were shown first."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        super().__init__()
        self.clock, self.seconds = clock, seconds
        self.kept: dict[tuple[str | None, str], tuple[float, Response]] = {}

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        self.clock.now += 0.01
        at = (viewer, request.url)
        if request.method != "GET":
            return super().__call__(viewer, request)
        if at not in self.kept or self.kept[at][0] <= self.clock.now - self.seconds:
            self.kept[at] = (self.clock.now, super().__call__(viewer, request))
        return self.kept[at][1]


@pytest.mark.parametrize("seconds", [0.3, 5.0])
def test_lists_that_lag_are_waited_for_and_all_is_as_it_was(seconds: float) -> None:
    clock = Clock()
    club = Cached(clock, seconds)
    found, _ = ready(club)
    found.patience = VisibilityWait(clock.sleep)
    assert found.begin("bob", "follower", "cat") and ("bob", "cat") in club.follows
    assert found.end("bob", "follower", "cat")
    assert found.take_back("bob", "follower", "cat")
    assert club.follows == {*PAIRS} and found.restore() == ()
    assert found.patience.lag >= seconds / 2
    for viewer, owner in FREE * 5:  # and at some time it is enough
        found.begin(viewer, "follower", owner)
        found.take_back(viewer, "follower", owner)
    assert found.restore() == () and club.follows == {*PAIRS}
    assert clock.now < 150


def test_what_is_shown_later_than_anybody_waits_is_begun_once_and_ended() -> None:
    clock = Clock()
    club = Cached(clock, 600)
    found, _ = ready(club)
    found.patience = VisibilityWait(clock.sleep)
    for viewer, owner in FREE:
        assert not found.begin(viewer, "follower", owner)
    found.restore()
    assert len([each for each in club.asked if " PUT " in each]) == 1
    assert club.follows == {*PAIRS}
    assert found.identities.unproven_of(*FREE[0])


@pytest.mark.parametrize("how", ["done and 503", "done and lost"])
def test_a_beginning_that_was_not_answered_is_ended_though_no_list_shows_it(how: str) -> None:
    clock = Clock()
    club = Cached(clock, 600)
    club.becomes = [how]
    found, _ = ready(club)
    with suppress(TargetError):
        found.begin("bob", "follower", "cat")
    found.restore()
    assert club.follows == {*PAIRS}


class Approves(Club):
    """Whoever asks to follow waits until they are let in; an end ends the waiting too."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: set[tuple[str, str]] = set()

    def __call__(self, viewer: str | None, request: Request, /) -> Response:
        other = NAMES[request.url.removeprefix(TARGET).split("/")[2]]
        if request.method == "PUT":
            self.waiting |= {(viewer or "", other)}
            return reply(None, 202)
        if request.method == "POST":
            pair = (other, viewer or "")
            if pair not in self.waiting:
                return reply(None, 404)
            self.waiting -= {pair}
            self.follows |= {pair}
            return reply(None, 204)
        if request.method == "DELETE":
            self.waiting -= {(viewer or "", other)}
        return super().__call__(viewer, request)


def approving(
    club: Approves, journal: Journal, pending: Sequence[SettingChange] = ()
) -> Relationships:
    """Relationships of a run in which a follower asks, and is let in."""
    made, _ = ready(club)
    known = made.policy.relations
    begin = (RelationStep("follow", "caller"), RelationStep("approve", "owner"))
    rules = replace(
        made.policy,
        relations={**known, "follower": replace(known["follower"], begin=begin)},
    )
    follow = made.probes["follow"]
    operation = replace(follow.operation, id="approve", method="POST")
    return replace(
        made,
        policy=rules,
        probes={**made.probes, "approve": replace(follow, operation=operation)},
        identities=replace(made.identities, policy=rules),
        log=lambda kind, flip: journal.flip("flip" if kind == "foreseen" else kind, flip),
        pending=[*pending],
    )


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("step", ["PUT", "POST", "DELETE"])
def test_a_request_that_waits_for_a_yes_is_taken_back_after_a_kill(
    step: str, heard: bool, tmp_path: Path
) -> None:
    club, journal = Approves(), Journal(tmp_path / "j", "run", TARGET, "sha", resume=False)
    club.waiting = {("cat", "bob")}  # it was there before: nobody takes it back

    def kill(viewer: str | None, request: Request, /) -> Response:
        if request.method == step and not heard:
            raise Killed
        answer = club(viewer, request)
        if request.method == step:
            raise Killed
        return answer

    run = approving(club, journal)
    run.ask = kill
    with pytest.raises(Killed):
        run.begin("bob", "follower", "cat")
        run.take_back("bob", "follower", "cat")
    left = recall(tmp_path / "j").pending
    assert {(each.identity, each.state) for each in left} >= {("bob", f"follower{SIGN}cat")}
    assert approving(club, journal, left).restore() == ()
    assert club.follows == {*PAIRS} and club.waiting == {("cat", "bob")}
    assert recall(tmp_path / "j").pending == ()


def test_what_was_foreseen_and_then_asked_for_is_ended_whatever_a_list_says(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", "run", TARGET, "sha", resume=False)
    change = SettingChange("bob", f"follower{SIGN}cat", False, True)
    journal.flip("flip", replace(change, beside=True))
    journal.flip("flip", change)
    assert recall(tmp_path / "j").pending == (change,)

"""Laws of asking: whom, in which order, how often, and when no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import pytest

from oakum.exchange import Exchange, Request, Response
from oakum.exposure.cells.matrix import NOBODY, Key, Matrix, Observation, Outcome
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.finding_evidence import Question
from oakum.finding import Result
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.evaluation.finding_confirmation import (
    drop_unconfirmed,
    is_sure,
    repeat,
    still_served,
)
from oakum.scan.evaluation.judged_response import JudgedResponse
from oakum.scan.limits import BudgetSpent
from oakum.scan.requests.builder import fill
from oakum.scan.scheduler import Scheduler
from oakum.scan.settings.next_settings import reach
from oakum.scan.undo.setting_change import SettingChange
from tests.unit.exposure.cells.test_matrix import BIO, NAME, PHONE, VIP, matrix, outcome, seen
from tests.unit.scan.studio import (
    IDS,
    LOGIN,
    MISSING,
    NAMES,
    Run,
    Studio,
    known_identities,
    probe,
    reply,
)
from tests.unit.scan.test_engine import Leaking, order

# ------------------------------------------------------------ confirming


@dataclass
class Asker:
    """What confirming needs of an engine: each question shows again what `shows` says of it."""

    @property
    def state(self) -> Asker:
        return self

    @property
    def requests(self) -> Asker:
        return self

    @property
    def results(self) -> Asker:
        return self

    matrix: Matrix
    keys: dict[str, tuple[Probe, str | None, str | None, int]]
    shows: dict[str, tuple[Key, ...]] = field(default_factory=dict)
    world: str = ""
    asked: list[tuple[str, str | None, str | None, str, int]] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)

    def say(self, phase: str) -> None:
        self.phases.append(phase)

    def put(
        self, endpoint: Probe, viewer: str | None, who: str | None, round: str = "", turn: int = 0
    ) -> Outcome | None:
        self.asked.append((endpoint.id, viewer, who, round, turn))
        request_key = next(
            (p for p, q in self.keys.items() if q == (endpoint, viewer, who, turn)), ""
        )
        leaks = [seen(key, Result.LEAK, viewer) for key in self.shows.get(request_key, ())]
        self.matrix.apply(endpoint.id, outcome(f"{request_key} {round}", *leaks))
        return None


PAGE, ME, COURSE = (probe(each) for each in ("getPerson", "getMe", "getCourse"))
ONE, TWO, THREE = "getPerson|cat|ann||", "getPerson|cat|ann||value 1", "getPerson|bob|ann||"


def why(engine: Engine) -> dict[str, str]:
    return engine.results.gaps.reasons(Section.CELLS)


def asker(leaks: dict[str, tuple[Key, ...]], **more: Any) -> Asker:
    """An engine that was shown these leaks in answer to these questions."""
    found = matrix(who=known_identities(relationships={}))
    for request_key, keys in leaks.items():
        found.apply("getPerson", outcome(request_key, *(seen(key, Result.LEAK) for key in keys)))
    found.confirmed.clear()
    request_keys = {ONE: (PAGE, "cat", "ann", 0), TWO: (PAGE, "cat", "ann", 1),
              THREE: (PAGE, "bob", "ann", 0)}  # fmt: skip
    return Asker(found, request_keys, **more)


def test_findings_are_confirmed_by_the_fewest_questions_the_owner_first() -> None:
    leaks = {ONE: (PHONE,), THREE: (PHONE, VIP, NAME)}
    engine = asker(leaks, shows={THREE: (PHONE, VIP, NAME)})
    repeat(engine)  # type: ignore[arg-type]
    assert engine.asked == [
        ("getPerson", "ann", "ann", "again", 0), ("getPerson", "bob", "ann", "again", 0),
    ]  # fmt: skip
    assert engine.matrix.confirmed == {PHONE.finding, VIP.finding, NAME.finding}
    assert engine.phases == ["confirming 3 findings"]
    engine.asked.clear()
    repeat(engine)  # type: ignore[arg-type]
    assert engine.asked == [] and len(engine.phases) == 1, "what is sure is asked for no more"


def test_what_one_question_does_not_repeat_is_asked_for_by_the_next_and_each_but_once() -> None:
    engine = asker({ONE: (PHONE, VIP), TWO: (PHONE,), THREE: (VIP,)}, shows={TWO: (PHONE,)})
    repeat(engine)  # type: ignore[arg-type]
    viewers = [each for each in engine.asked if each[1] != "ann"]
    assert viewers == [
        ("getPerson", "cat", "ann", "again", 0), ("getPerson", "bob", "ann", "again", 0),
        ("getPerson", "cat", "ann", "again", 1),
    ] or viewers == [
        ("getPerson", "cat", "ann", "again", 0), ("getPerson", "cat", "ann", "again", 1),
        ("getPerson", "bob", "ann", "again", 0),
    ]  # fmt: skip
    assert engine.matrix.confirmed == {PHONE.finding}


def test_only_questions_of_this_world_are_put_again() -> None:
    engine = asker({ONE: (PHONE,), "elsewhere|cat|ann||": (VIP,)}, shows={ONE: (PHONE,)})
    engine.world = "ann private=true"
    repeat(engine)  # type: ignore[arg-type]
    assert engine.asked == [] and engine.phases == []
    engine.world = ""
    repeat(engine)  # type: ignore[arg-type]
    assert {each[1] for each in engine.asked} == {"ann", "cat"}
    assert VIP.finding not in engine.matrix.confirmed, "nobody knows how to ask for it again"


@pytest.mark.parametrize(("endpoint", "first"), [(ME, True), (COURSE, False)])
def test_where_no_id_is_asked_for_the_owner_of_what_leaked_asks_right_before(
    endpoint: Probe, first: bool
) -> None:
    """A parameter that is filled with nobody's value brings nobody's own view."""
    request_key = f"{endpoint.id}|cat|||"
    found = Matrix(matrix().model, [endpoint], known_identities(relationships={}))
    key = PHONE._replace(endpoint=endpoint.id)
    found.apply(endpoint.id, outcome(request_key, seen(key, Result.LEAK, "cat", "bob")))
    engine = Asker(found, {request_key: (endpoint, "cat", None, 0)})
    repeat(engine)  # type: ignore[arg-type]
    before = [(endpoint.id, "bob", None, f"before {request_key}", 0)] if first else []
    assert engine.asked == [*before, (endpoint.id, "cat", None, "again", 0)]


def test_a_grant_that_is_not_honoured_is_sure_by_a_second_refusal_and_by_no_leak() -> None:
    found = matrix()
    found.apply("getPerson", outcome("one", seen(NAME, Result.OVER_BLOCK)))
    block, leak = (Result.OVER_BLOCK, NAME.finding), (Result.LEAK, NAME.finding)
    assert not is_sure(found, block) and not is_sure(found, leak)
    found.apply("getPerson", outcome("two", seen(NAME, Result.OVER_BLOCK)))
    assert not is_sure(found, block), "two requests may have failed by chance"
    found.repeats = "two"
    found.apply("getPerson", outcome("three", seen(NAME, Result.OVER_BLOCK)))
    assert is_sure(found, block) and not is_sure(found, leak)
    found.confirmed.add(BIO.finding)
    assert is_sure(found, (Result.LEAK, BIO.finding))
    assert not is_sure(found, (Result.OVER_BLOCK, BIO.finding))


def test_what_was_withheld_once_alone_is_no_over_block() -> None:
    found = matrix()
    for request_key, key in (("one", NAME), ("two", BIO)):
        found.apply("getPerson", outcome(request_key, seen(key, Result.OVER_BLOCK)))
    found.apply("getPerson", outcome("three", seen(BIO, Result.OPEN)))
    found.repeats = "one"
    found.apply("getPerson", outcome("four", seen(NAME, Result.OVER_BLOCK)))
    drop_unconfirmed(found)
    assert found.entries[NAME].result is Result.OVER_BLOCK
    assert found.entries[BIO].result is Result.OPEN
    found.refused[NAME.finding] = (None, False)
    drop_unconfirmed(found)
    assert found.entries[NAME].result is Result.UNTESTED


def test_what_was_withheld_from_who_is_no_longer_listed_is_no_over_block() -> None:
    found = matrix()
    found.apply("getPerson", outcome("one", seen(NAME, Result.OVER_BLOCK)))
    found.refused[NAME.finding] = (None, True)
    drop_unconfirmed(found)
    assert found.entries[NAME].result is Result.OVER_BLOCK
    entry = found.entries[NAME]
    found.identities.lost.add((entry.viewer or "", NAME.viewer, entry.owner))
    drop_unconfirmed(found)
    assert found.entries[NAME].result is Result.UNTESTED


class Last:
    """What the last look needs of an engine."""

    def __init__(self, good: Sequence[str], answers: dict[str, Outcome | None]) -> None:
        self.identities = known_identities(relationships={})
        self.good = {who: (PAGE, who, 1) for who in good}
        self.answers, self.distrust, self.asked = answers, list[str](), list[str]()
        self.doubt = self.distrust.append
        self.state = self.responses = self.results = self

    def put(self, endpoint: Probe, viewer: str, who: str, round: str, turn: int) -> Outcome | None:
        assert round and endpoint is PAGE and who == viewer and turn == 1
        self.asked.append(viewer)
        return self.answers[viewer]


def test_the_last_look_is_at_two_who_were_shown_something_and_distrusts_what_is_gone() -> None:
    shown = {name: outcome("p", sighted=[(name, "Person")]) for name in IDS}
    for good, answers, asked, told in (
        (list(IDS), shown, ["ann", "bob"], []), (["bob"], shown, ["bob"], []), ([], {}, [], []),
        (["bob"], {"bob": outcome("p")}, ["bob"], ["bob"]),
        (["ann"], {"ann": outcome("p", sighted=[("bob", "Person")])}, ["ann"], ["ann"]),
        (["ann"], {"ann": None}, ["ann"], []),  # it could not be asked: that says nothing
    ):  # fmt: skip
        engine = Last(good, dict(answers))
        still_served(engine)  # type: ignore[arg-type]
        assert engine.asked == asked
        assert [each.split(" no longer shows ")[1].split()[0] for each in engine.distrust] == told


# ------------------------------------------------------------ whom to ask


@pytest.mark.parametrize("endpoints", [("getMe", "getSettings", "getPerson"), ()])
def test_asking_at_the_same_time_asks_the_same_and_learns_the_same(
    endpoints: tuple[str, ...],
) -> None:
    apart, together = Leaking(), Leaking()
    one, other = Run(apart, endpoints), Run(together, endpoints)
    sizes: list[int] = []

    def at_once(jobs: Sequence[Callable[[], Response]]) -> list[Response | None]:
        sizes.append(len(jobs))
        return [job() for job in jobs]

    other.give(together=at_once)
    one.explore()
    other.explore()
    assert sizes and max(sizes) > 1
    assert other.cells == one.cells and other.matrix.confirmed == one.matrix.confirmed
    assert Counter(together.asked) == Counter(apart.asked)
    told = [sorted(e.data["as"] for e in r.events if e.kind == "ask") for r in (one, other)]
    assert told[0] == told[1], "and says who asked"
    assert set(told[0]) == {"", *IDS}, "nobody logged in has no name"


def test_an_answer_that_did_not_come_with_the_others_is_asked_for_alone() -> None:
    run = Run(Leaking(), ("getMe", "getSettings", "getPerson"))
    run.give(together=lambda jobs: [None for _ in jobs])
    run.explore()
    assert run.leaks == Run(Leaking(), ("getMe", "getSettings", "getPerson")).explore().leaks


def test_what_is_not_to_be_asked_any_more_is_not_asked_at_the_same_time_either() -> None:
    class Sparing:
        rate, requests_left, took = 10.0, 10_000, 0.0
        bare = hold = staticmethod(nullcontext)

        def spares(self, request: Request) -> str:
            return "it answers with errors only" if "/people/" in request.url else ""

    studio = Studio()
    run = Run(studio, ("getMe", "listPeople", "getPerson"))
    run.give(pace=Sparing())
    run.give(together=lambda jobs: [job() for job in jobs])
    run.explore()
    assert not [line for line in studio.asked if "getPerson" in line]
    assert why(run.engine)["getPerson"] == "it answers with errors only"
    assert [line for line in studio.asked if "listPeople" in line]


def test_what_an_endpoint_does_not_show_to_those_who_asked_is_given_up_for_them_alone() -> None:
    class Half(Studio):
        """Bob and cat are in no list; the list of rooms is nobody's."""

        def listPeople(self, viewer: str | None, id: str, body: Any) -> Response:
            shown = [self.person(viewer, IDS["ann"])] if viewer else []
            return reply({"data": shown, "total": 1}) if viewer else LOGIN

    run = Run(Half(), ("getMe", "getSettings", "listPeople", "listPosts", "getCourse")).explore()
    gone = {place for place in run.matrix.hopeless if place[0] == "listPeople"}
    assert gone == {("listPeople", name, "Person") for name in ("bob", "cat")}

    class Closed(Half):
        def getCourse(self, viewer: str | None, id: str, body: Any) -> Response:
            return MISSING

    run = Run(Closed(), ("getMe", "getSettings", "listPosts", "getCourse")).explore()
    assert ("getCourse", NOBODY, "Course") in run.matrix.hopeless
    assert not {p for p in run.matrix.hopeless if p[0] == "getCourse" and p[1] != NOBODY}


def test_an_endpoint_that_declares_nothing_is_asked_about_two_owners_as_each_kind() -> None:
    studio = Studio()
    run = Run(studio, ("getMe", "getSettings", "getPerson"), who=known_identities(relationships={}))
    bare = replace(probe("getPerson"), shows={})
    run.engine.state.probes = [probe("getMe"), probe("getSettings"), bare]
    run.matrix.probes["getPerson"] = bare
    run.explore()
    asked = {tuple(line.split()[::2]) for line in studio.asked if "getPerson" in line}
    assert asked == {
        ("ann", "ann"), ("-", "ann"), ("bob", "ann"), ("bob", "bob"), ("-", "bob"), ("ann", "bob"),
    } | {pair for pair in asked if pair[1] not in IDS}  # fmt: skip


@pytest.mark.parametrize("doubted", [True, False])
def test_where_an_answer_left_something_that_cannot_be_told_another_object_is_asked_for(
    doubted: bool,
) -> None:
    studio = Studio()
    studio.posts["post-bob-77"]["course_id"] = "course-0452"
    with patch.object(Matrix, "doubts", lambda *_: doubted):
        Run(studio, ("getMe", "getSettings", "listPosts", "getCourse")).explore()
    asked = {line.split()[2] for line in studio.asked if "getCourse" in line}
    assert ({"course-0451", "course-0452"} <= asked) is doubted


def test_what_is_nobodys_is_asked_for_by_one_of_each_kind() -> None:
    studio = Studio()
    Run(studio, ("getMe", "getSettings", "listPosts", "getCourse")).explore()
    asked = [line.split()[0] for line in studio.asked if "getCourse course" in line]
    assert sorted(asked) == ["-", "ann"], "all members are alike to a catalogue"


def test_watchers_are_one_of_each_kind_the_least_entitled_first_and_never_the_owner() -> None:
    engine = Run(Studio()).engine
    assert engine.watchers("ann") == [None, "bob", "cat"], "bob follows her, cat does not"
    assert engine.watchers("cat") == [None, "ann"]
    assert engine.watchers(None) == [None, "bob", "cat"], "for all: of every kind to anybody"


# ------------------------------------------------------------ before the first question


def test_an_account_is_asked_for_by_the_id_that_who_am_i_gave_before_anything_came() -> None:
    run = Run(Studio(), ("getPerson",))
    run.give(accounts={**IDS, "zoe": "p-zoe-9"})
    run.scheduler.introduce([])
    assert run.knowledge.values("Person.id", "ann") == [IDS["ann"]]
    assert run.knowledge.values("Post.id", "ann") == []
    assert not run.knowledge.objects.get(("zoe", "Person")), "who is none of the identities"


def test_what_a_killed_run_has_left_changed_is_looked_for_by_its_owner_alone() -> None:
    studio = Studio()
    run = Run(studio, ("getMe", "getSettings", "getPerson", "getCourse"))
    run.give(accounts=IDS)
    left = [SettingChange(who, "Person.phone", 1, 2) for who in ("bob", "zoe")]
    run.scheduler.introduce([], left)
    assert order(studio, "getPerson", "bob") == ["bob"]
    assert "bob getMe" in studio.asked and "ann getMe" not in studio.asked
    assert run.engine.requests.keys["getMe|bob|||"] == (probe("getMe"), "bob", None, 0), (
        "nobody's id"
    )
    assert not [line for line in studio.asked if "getCourse" in line], "it shows nothing of it"


def test_settings_are_read_by_each_identity_from_its_main_place_and_once() -> None:
    studio = Studio()
    run = Run(studio, ("getSettings", "getPerson"))
    run.give(accounts=IDS)
    run.scheduler.introduce([])
    assert [line for line in studio.asked if "getSettings" in line] == [
        f"{name} getSettings {name}" for name in IDS
    ]
    assert run.identities.states["ann", "Settings.private"] is True
    assert run.identities.states["bob", "Settings.private"] is False
    assert run.identities.unread == set()
    blind = Run(Studio(), ("getPerson", "getSettings"))
    blind.scheduler.introduce([])
    assert blind.identities.unread == {(name, "Settings.private") for name in IDS}


def test_who_stands_in_no_file_is_not_taken_in() -> None:
    run = Run(Studio(), who=known_identities(names=("ann", "bob")))
    me = Request("GET", "http://studio.test/me")
    run.scheduler.introduce([(
        "getMe", who, Exchange(me, Studio().getMe("ann", "", None))) for who in ("zoe", "ann")
    ])  # fmt: skip
    assert {key[0] for key in run.knowledge.own} == {"ann"}
    run.scheduler.introduce([("unheard of", "ann", Exchange(me, reply({})))])


# ------------------------------------------------------------ one question


def test_a_question_is_named_by_endpoint_viewer_whose_and_which_world_and_round() -> None:
    engine = Run(Studio()).engine
    page = probe("getPerson")
    plain = engine.key(page, "cat", "ann")
    assert plain == "getPerson|cat|ann||"
    others = {
        engine.key(probe("getMe"), "cat", "ann"), engine.key(page, None, "ann"),
        engine.key(page, "cat", None), engine.key(page, "cat", "ann", "again"),
        engine.key(page, "cat", "ann", turn=1), engine.key(page, "cat", "ann", "again", 1),
    }  # fmt: skip
    engine.state.enter("ann private=false", "ann")
    others.add(engine.key(page, "cat", "ann"))
    assert len(others | {plain}) == 8
    assert engine.key(page, "cat", "ann", turn=1).endswith("|value 1")


def test_a_question_is_put_once_in_each_world_and_not_without_a_value() -> None:
    studio = Studio()
    engine = Run(studio).engine
    assert engine.put(probe("getPerson"), "cat", "ann") is None, "no id of hers is known"
    assert studio.asked == [] and not engine.state.was_asked(probe("getPerson"))
    engine.knowledge.suppose("ann", "Person", "id", IDS["ann"])
    first = engine.put(probe("getPerson"), "cat", "ann")
    again = engine.put(probe("getPerson"), "cat", "ann")
    assert first is not None and first.sighted == (("ann", "Person"),)
    assert again == Outcome("getPerson|cat|ann||", 0), "nothing is said by it"
    assert studio.asked == ["cat getPerson ann"]
    assert engine.state.was_asked(probe("getPerson"))
    engine.state.enter("another", "ann")
    assert engine.state.was_asked(probe("getPerson")), "in any world"
    engine.put(probe("getPerson"), "cat", "ann")
    assert len(studio.asked) == 2
    assert engine.requests.keys["getPerson|cat|ann|another|"] == (
        probe("getPerson"),
        "cat",
        "ann",
        0,
    )


def test_what_a_question_showed_its_asker_of_their_own_is_kept_to_be_looked_at_again() -> None:
    engine = Run(Studio()).engine
    for name, id in IDS.items():
        engine.knowledge.suppose(name, "Person", "id", id)
    engine.put(probe("getPerson"), "cat", "ann")
    engine.put(probe("getPerson"), "ann", "ann", "again")
    assert engine.responses.good == {} and not engine.responses.has_page(probe("getPerson"), "bob")
    engine.put(probe("getPerson"), "ann", "ann")
    engine.put(probe("getMe"), "ann", None)
    assert engine.responses.good == {"ann": (probe("getPerson"), "ann", 0)}, "the first that did"
    assert engine.responses.has_page(probe("getPerson"), "ann")
    assert engine.responses.seen["getPerson", "ann"] == {
        "cat": {("ann", "Person")}, "ann": {("ann", "Person")},
    }  # fmt: skip


def test_an_answer_of_an_earlier_run_stands_in_for_anothers_question_and_for_no_owners() -> None:
    key = "getPerson|{}|ann||"
    told = {key.format(who): Outcome(key.format(who), 200) for who in ("cat", "ann")}
    studio = Studio()
    engine = Run(studio, replay=told).engine
    engine.knowledge.suppose("ann", "Person", "id", IDS["ann"])
    assert engine.put(probe("getPerson"), "cat", "ann") is told[key.format("cat")]
    assert studio.asked == []
    engine.put(probe("getPerson"), "ann", "ann")
    assert studio.asked == ["ann getPerson ann"], "her values are in no journal"


def test_an_answer_that_a_technique_got_counts_as_asked() -> None:
    studio = Studio()
    run = Run(studio)
    engine = run.engine
    engine.knowledge.suppose("ann", "Person", "id", IDS["ann"])
    filled = fill(probe("getPerson"), engine.target, engine.knowledge, "ann")
    assert filled is not None
    found = engine.take_in(
        probe("getPerson"), "cat", "ann", filled, reply(studio.people[IDS["ann"]])
    )
    assert found.sighted == (("ann", "Person"),) and studio.asked == []
    assert engine.put(probe("getPerson"), "cat", "ann") == Outcome("getPerson|cat|ann||", 0)
    assert engine.requests.keys["getPerson|cat|ann||"] == (
        probe("getPerson"),
        "cat",
        "ann",
        0,
    )


def test_every_answer_is_told_as_it_is_noted() -> None:
    run = Run(Studio())
    seen_there = Observation(PHONE, False, Result.LEAK, "cat", "ann")
    run.engine.record(probe("getPerson"), Outcome("p", 200, (seen_there,)))
    (event,) = run.events
    assert event.kind == "outcome" and event.data["endpoint"] == "getPerson"
    assert run.matrix.entries[PHONE].result is Result.LEAK


# ------------------------------------------------------------ a budget that is not enough for all


class Budget:
    """So many requests may be sent."""

    rate, took = 10.0, 0.0
    bare = hold = staticmethod(nullcontext)

    def __init__(self, left: int) -> None:
        self.requests_left = left

    def spares(self, request: Request) -> str:
        return ""


@pytest.mark.parametrize(("left", "asked"), [(1000, 3), (25, 2), (24, 2), (13, 1), (12, 0)])
def test_what_was_left_for_the_budgets_sake_is_asked_in_order_while_it_lasts(
    left: int, asked: int
) -> None:
    """Ten requests each, of four fifths of what is left: of 24, ten and then eleven of fourteen."""
    run = Run(Studio())
    kept = ("getPerson", "listPosts", "getCourse")
    budget = Budget(left)
    engine = run.give(price=lambda _: 10, pace=budget).engine
    engine.state.probes = [probe("getMe")]
    engine.state.later = [probe(each) for each in kept]
    for each in kept:
        engine.results.note_gap(each, "the budget was spent on riskier endpoints", Section.CELLS)

    def spend(self: Any) -> None:
        budget.requests_left = left - 10 * (len(engine.state.probes) - 1)

    with patch.object(Scheduler, "round", spend):
        run.scheduler.go_on()
    assert [each.id for each in engine.state.probes] == ["getMe", *kept[:asked]]
    assert [each.id for each in engine.state.later] == [*kept[asked:]]
    assert why(engine).keys() == set(kept[asked:])


def test_without_a_limit_nothing_is_left_for_the_budgets_sake() -> None:
    run = Run(Studio())
    run.engine.state.later = [probe("getNews")]
    run.scheduler.go_on()
    assert run.engine.state.later == [probe("getNews")], "it never was, so nothing is asked for it"


class Purse:
    """A budget that is enforced."""

    rate, took = 10.0, 0.0
    bare = staticmethod(nullcontext)

    def __init__(self, budget: int) -> None:
        self.budget, self.held, self.sent = budget, 0, 0

    @contextmanager
    def hold(self, requests: int) -> Iterator[None]:
        self.held += requests
        try:
            yield
        finally:
            self.held -= requests

    @property
    def requests_left(self) -> int:
        return max(self.budget - self.held - self.sent, 0)

    def spares(self, request: Request) -> str:
        return ""

    def spend(self) -> None:
        if not self.requests_left:
            raise BudgetSpent("spent")
        self.sent += 1


@pytest.mark.parametrize("budget", [30, 40, 60])
def test_a_spent_budget_has_repeated_what_the_findings_rest_on(budget: int) -> None:
    studio, purse = Leaking(), Purse(budget)
    run = Run(studio)

    def ask(viewer: str | None, request: Request) -> Response:
        purse.spend()
        return studio(viewer, request)

    run.give(pace=purse, ask=ask)
    with suppress(BudgetSpent):
        run.explore()
    assert purse.sent <= budget
    found = {key.finding for key, _ in run.matrix.leaks()}
    assert found and found <= run.matrix.confirmed


# ------------------------------------------------------------ the order of a run


def test_a_run_begins_with_who_everybody_is_and_ends_with_what_goes_beyond() -> None:
    """What techniques change comes after the documented questions, and is put to proof."""
    said: list[str] = []
    studio = Studio()
    run = Run(studio, ("getMe", "getSettings", "getPerson"))
    engine = run.engine

    def at_start() -> list[str]:
        said.append(f"start after {len(studio.asked)}")
        return ["a note"]

    def there(_: Engine) -> None:
        said.append(f"technique after {len(studio.asked)}")

    one: Any = type("One", (), {"run": staticmethod(there)})
    first = lambda: said.append(f"first after {len(studio.asked)}")  # noqa: E731
    me = Request("GET", "http://studio.test/me")
    given = [("getMe", name, Exchange(me, studio.getMe(name, "", None))) for name in IDS]
    Scheduler(engine, (one,), at_start, first).explore(given)
    (start, begun), (first, asked), (technique, same) = (each.split(" after ") for each in said)
    assert (start, first, technique) == ("start", "first", "technique")
    assert int(begun) <= 3 < int(asked) == int(same) <= len(studio.asked), "settings come first"
    assert "a note" in engine.results.notes
    phases = [event.data["name"] for event in run.events if event.kind == "phase"]
    assert all(phases) and f"GET /people/{{personId}} of {run.identities.subjects()[0]}" in phases


def test_who_am_i_that_was_asked_at_the_login_is_not_asked_once_more() -> None:
    studio = Studio()
    run = Run(studio, ("getMe", "getSettings"))
    me = Request("GET", "http://studio.test/me")
    answers = [("getMe", name, Exchange(me, studio.getMe(name, "", None))) for name in IDS]
    run.scheduler.introduce(answers)
    assert run.engine.responses.seen["getMe", ""] == {name: {(name, "Person")} for name in IDS}
    assert {place for place in run.engine.responses.heads if place[0] == "getMe"} == {
        ("getMe", name, None) for name in IDS
    }
    assert run.knowledge.own["ann", "Person", "phone"] == {studio.people[IDS["ann"]]["phone"]}
    run.engine.put(probe("getMe"), "ann", None)
    assert "ann getMe" not in studio.asked
    assert [e.data["outcome"].request_key for e in run.events if e.kind == "outcome"][:3] == [
        run.engine.key(probe("getMe"), name, None, "given") for name in IDS
    ]


def test_an_endpoint_of_many_ids_is_asked_by_the_owners_first_and_about_all_of_them() -> None:
    class Lending(Studio):
        def getPosts(self, viewer: str | None, id: str, body: Any) -> Response:
            return reply([self.post(viewer, each) for each in body["ids"]]) if viewer else LOGIN

    studio = Lending()
    run = Run(
        studio,
        ("getMe", "getSettings", "listPosts", "getPosts"),
        who=known_identities(relationships={}),
    )
    run.explore()
    asked = [line.split()[0] for line in studio.asked if "getPosts" in line]
    assert asked[:3] == ["ann", "bob", "cat"] and set(asked) == {"ann", "bob", "cat", "-"}
    leak = run.cells["getPosts", "Post.text", "member", "true"]
    assert leak.result is Result.LEAK and leak.identity.endswith("→ ann")
    missing = run.result("getPosts", "Post.text", "anyone", "true")
    assert missing is Result.CLOSED, "all of them were asked for, and none came"


# ------------------------------------------------------------ other ways, in every world


class Twin(Studio):
    """An undocumented way that shows members everything of everybody."""

    def __init__(self, leaks: bool) -> None:
        super().__init__()
        self.leaks = leaks
        self.follows = ()

    def __call__(self, viewer: str | None, request: Request) -> Response:
        if "full=1" not in request.url:
            return super().__call__(viewer, request)
        id = request.url.split("/people/")[1].partition("?")[0]
        self.asked.append(f"{viewer or '-'} twin {id}")
        if viewer is None or id not in self.people:
            return MISSING
        return reply(self.people[id] if self.leaks else self.person(viewer, id))


@pytest.mark.parametrize("leaks", [True, False])
def test_another_way_is_gone_again_in_a_new_world_only_where_it_showed_more(leaks: bool) -> None:
    studio = Twin(leaks)
    run = Run(studio, ("getMe", "getSettings", "getPerson"), who=known_identities(relationships={}))
    way = probe("getPerson").otherwise("option", query=(("full", "1"),))
    run.matrix.open(way)
    run.engine.state.ways = [way]
    run.explore()
    found = {key.field for key, _ in run.matrix.leaks() if key.endpoint == way.id}
    assert found == ({"bio", "phone", "vip"} if leaks else set())
    asked = {tuple(line.split()[::2]) for line in studio.asked if "twin" in line}
    pairs = {(viewer, id) for viewer, id in asked if viewer not in ("-",)}
    assert {NAMES[id] for _, id in pairs} == set(IDS), "of everybody, as one of each kind"
    studio.asked.clear()
    run.engine.state.enter("ann theme", "ann")
    run.scheduler.round()
    again = {NAMES[line.split()[2]] for line in studio.asked if "twin" in line}
    assert again == ({"ann"} if leaks else set()), "whose account has changed"


# ------------------------------------------------------------ ids that only lists tell


def test_who_is_shown_one_owners_objects_each_is_that_owner_and_is_asked_anew() -> None:
    """The identities are known by user names; lists of their own name them by number."""
    names = known_identities(relationships={})
    names.ids = {name: frozenset({f"user {name}"}) for name in IDS}
    run = Run(Studio(), ("listPeople", "getCourse"), who=names)
    run.matrix.outsiders["listPeople", "Person"] = {name: {IDS[name]} for name in IDS}
    run.matrix.hopeless.add(("listPeople", "ann", "Person"))
    run.engine.requests.asked |= {"listPeople|ann|||", "getCourse|ann|||"}
    assert run.scheduler.learn_ids()
    assert names.ids["ann"] == {"user ann", IDS["ann"]}
    assert run.engine.requests.asked == {"getCourse|ann|||"}
    assert run.matrix.hopeless == set() and run.matrix.outsiders == {}
    assert not run.scheduler.learn_ids()
    for answers in (
        {"ann": {"1", "2"}, "bob": {"3"}}, {"ann": {"1"}, "bob": {"1"}}, {"ann": {"1"}},
        {"ann": {"1"}, None: {"2"}},
    ):  # fmt: skip
        run.matrix.outsiders["listPeople", "Person"] = {k: set(v) for k, v in answers.items()}
        assert not run.scheduler.learn_ids(), answers


# ------------------------------------------------------------ what a question says of itself


@pytest.mark.parametrize(
    ("endpoint", "who", "targets"),
    [
        ("getPerson", "ann", {"ann"}), ("getMe", None, set()), ("getPosts", None, {*IDS}),
        ("getPosts", "ann", {*IDS}),
    ],
)  # fmt: skip
def test_an_answer_is_judged_as_one_about_whom_it_was_asked_for(
    endpoint: str, who: str | None, targets: set[str]
) -> None:
    studio = Studio()
    engine = Run(studio).engine
    for name, id in IDS.items():
        engine.knowledge.suppose(name, "Person", "id", id)
        engine.knowledge.suppose(name, "Post", "id", f"post-{name}-77")
    filled = fill(probe(endpoint), engine.target, engine.knowledge, who)
    assert filled is not None
    asked: list[Question] = []

    def look(seen: JudgedResponse) -> Outcome:
        asked.append(seen.question)
        return Outcome(seen.question.request_key, seen.response.status)

    engine.evaluator.look = look  # type: ignore[method-assign]
    engine.judge(probe(endpoint), "cat", who, filled, reply({}), "the key")
    (question,) = asked
    assert (question.request_key, question.endpoint, question.viewer) == (
        "the key",
        endpoint,
        "cat",
    )
    assert question.targets == targets and not question.wrote
    assert question.params == filled.params and question.sent == filled.sent
    assert "$cat" in question.curl and filled.symbolic.split("{")[0][4:] in question.curl
    assert (
        engine.responses.forms.keys() == engine.responses.heads.keys() == {(endpoint, "cat", who)}
    )


def test_links_of_answers_are_kept_with_the_question_that_gave_them_up_to_a_limit() -> None:
    engine = Run(Studio()).engine
    filled = fill(probe("getMe"), engine.target, engine.knowledge, None)
    assert filled is not None
    page = {"next": f"{engine.target}/people?cursor=abcdef0123456789"}
    engine.judge(probe("getMe"), "ann", None, filled, reply(page), "1")
    kept = len(engine.responses.lasting_links)
    assert kept and [*engine.responses.giving] == [("getMe", "ann", None)]
    engine.responses.lasting_links += [engine.responses.lasting_links[0]] * 400
    engine.judge(probe("getMe"), "bob", None, filled, reply(page), "2")
    assert len(engine.responses.lasting_links) == kept + 400 and len(engine.responses.giving) == 1


def test_an_endpoint_that_declares_nothing_is_looked_at_by_three_at_most() -> None:
    studio = Studio()
    run = Run(studio, ("getNews",))
    engine = run.engine
    for _ in range(2):
        for viewer in ("ann", "bob", "cat", None):
            if run.scheduler.decides(probe("getNews"), viewer, ()):
                engine.put(probe("getNews"), viewer, None)
    assert studio.asked == ["ann getNews", "bob getNews", "cat getNews"]


@pytest.mark.parametrize("world", ["", "ann private=false"])
def test_what_shows_nobodys_settings_is_the_same_in_every_world(world: str) -> None:
    studio = Studio()
    run = Run(studio, ("getNews", "listPeople"))
    if world:
        run.engine.state.enter(world, "ann")
    run.scheduler.sweep()
    asked = [line.split()[0] for line in studio.asked if "getNews" in line]
    assert asked == ([] if world else ["ann", "bob", "-"])
    assert [line for line in studio.asked if "listPeople" in line]


def test_a_new_world_forgets_what_its_owner_was_shown_and_nothing_of_others() -> None:
    run = Run(Studio(), ("getMe", "getSettings", "getPerson")).explore()
    engine = run.engine
    before = set(engine.evaluator._context.views)
    engine.state.enter("ann private=false", "ann")
    after = set(engine.evaluator._context.views)
    assert before - after == {place for place in before if place[1] == "ann"} != set()
    assert engine.responses.seen == {} and engine.state.world == "ann private=false"
    assert engine.responses.has_page(probe("getPerson"), "ann"), "what an endpoint has shown, ever"
    assert reach(engine)["Person", "follower"] and not reach(engine).get(("Person", "staff"))


def test_a_feed_is_opened_as_somebody_and_counts_as_called() -> None:
    run = Run(Studio())
    engine, opened = run.engine, list[tuple[str | None, bool, bytes]]()

    def listen(viewer: str | None, request: Request, *, websocket: bool, first: bytes) -> Any:
        opened.append((viewer, websocket, first))
        return "a stream"

    filled = fill(probe("getNews"), engine.target, engine.knowledge, None)
    assert filled is not None
    assert engine.listen(listen, probe("getNews"), "cat", filled, b"hello") == "a stream"
    assert opened == [("cat", False, b"hello")]
    assert set(engine.requests.called) == {"getNews"}
    (event,) = run.events
    told = {name: event.data[name] for name in ("number", "as", "method", "path")}
    assert told == {"number": 1, "as": "cat", "method": "GET", "path": "/news"}

"""What a run writes down of its questions and answers, and what is forgotten in another world."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from types import SimpleNamespace
from typing import Any

import pytest

from oakum.exposure.cells.matrix import Outcome
from oakum.exposure.leak_signal import Signal
from oakum.finding import Endpoint, Evidence, SkippedOperation
from oakum.scan.context import RunContext
from oakum.scan.coverage.untested import Section
from oakum.scan.evaluation.links_after_access_ends import LastingLink
from oakum.scan.state import RunState
from tests.unit.scan.studio import Run, Studio, probe

PAGE, ME, POSTS = (probe(each) for each in ("getPerson", "getMe", "getPosts"))
ANNS = (("ann", "Person"),)


def state() -> RunState:
    return Run(Studio()).engine.state


def outcome(*sighted: tuple[str, str], whole: bool = True) -> Outcome:
    return Outcome("request_key", 200, (), sighted, whole=whole)


# ------------------------------------------------------------ what is said at the end


def test_what_is_said_keeps_its_order_and_cannot_be_changed_by_who_reads_it() -> None:
    run = state()
    endpoint = Endpoint("GET", "/people", "listPeople")
    evidence: Any = Evidence.__new__(Evidence)
    signals = [Signal(how, "Person", "phone", "member", endpoint, evidence) for how in ("a", "b")]
    results = run.results
    results.remark("first")
    results.remark("second", "third")
    results.remark()
    for each in signals:
        results.report(each)
    results.note_gap(endpoint, "one", Section.WRITES)
    results.note_gap(endpoint, "two", Section.WRITES, "member")
    results.note_gap("GET /feed", "it is silent")
    results.doubt("the target refuses")
    assert results.notes == ("first", "second", "third")
    assert results.signals == tuple(signals)
    assert results.gaps.writes == (
        SkippedOperation(endpoint, "one"),
        SkippedOperation(endpoint, "not tested as `member`: two"),
    )  # fmt: skip
    assert results.distrust == ("the target refuses",)
    run.keep_way(PAGE)
    run.keep_way(ME, POSTS)
    assert run.ways == [PAGE, ME, POSTS]


# ------------------------------------------------------------ questions and answers


def test_questions_are_counted_from_one() -> None:
    run = state()
    assert [run.requests.next_number() for _ in range(3)] == [1, 2, 3]


def test_a_question_that_was_begun_is_found_again_to_be_put_once_more() -> None:
    run = state()
    run.requests.begin("a key", PAGE, "cat", "ann", 2)
    assert run.requests.asked == {"a key"} and run.requests.keys == {
        "a key": (PAGE, "cat", "ann", 2)
    }


def test_a_part_of_an_answer_says_who_was_answered_and_not_what_was_left_out() -> None:
    run = state()
    run.responses.took(PAGE, "cat", "ann", outcome(*ANNS, whole=False), first=True)
    assert run.responses.answered == {"getPerson": {"cat"}} and run.responses.seen == {}
    run.responses.took(PAGE, None, "ann", outcome(*ANNS), first=True)
    assert run.responses.answered == {"getPerson": {"cat", None}}
    assert run.responses.seen == {("getPerson", "ann"): {None: {*ANNS}}}
    run.responses.took(ME, "bob", None, outcome(("bob", "Person")), first=True)
    assert run.responses.seen["getMe", ""] == {"bob": {("bob", "Person")}}


def test_only_what_owners_are_shown_makes_a_page_of_theirs_and_pages_grow() -> None:
    run = state()
    run.responses.took(PAGE, "cat", "ann", outcome(*ANNS), first=True)
    assert run.responses.pages == {} and not run.responses.has_page(PAGE, "ann"), (
        "cat saw it, not ann"
    )
    run.responses.took(PAGE, "ann", "ann", outcome(), first=True)
    assert not run.responses.has_page(PAGE, "ann"), "she was shown nothing"
    run.responses.took(PAGE, "ann", "ann", outcome(*ANNS), first=True)
    run.responses.took(PAGE, "ann", "ann", outcome(("bob", "Post")), first=False)
    assert run.responses.has_page(PAGE, "ann") and not run.responses.has_page(PAGE, "bob")
    assert run.responses.pages["getPerson", "ann"] == {("ann", "Person"), ("bob", "Post")}


@pytest.mark.parametrize(
    ("at", "viewer", "first", "good"),
    [
        (PAGE, "ann", True, True),
        (PAGE, "bob", True, False),  # it showed him nothing of his own
        (PAGE, None, True, False),
        (PAGE, "ann", False, False),  # a repetition: it was good before, or was not
        (PAGE.otherwise("option", query=(("a", "1"),)), "ann", True, False),
        (replace(PAGE, batch=True), "ann", True, False),
    ],
)
def test_a_good_question_is_a_documented_one_that_showed_somebody_their_own(
    at: Any, viewer: str | None, first: bool, good: bool
) -> None:
    run = state()
    run.responses.took(at, viewer, "ann", outcome(*ANNS), first=first, turn=2)
    assert run.responses.good == ({"ann": (at, "ann", 2)} if good else {})
    run.responses.took(ME, "ann", None, outcome(*ANNS), first=True)
    assert run.responses.good["ann"] == ((at, "ann", 2) if good else (ME, None, 0)), (
        "the first one stays"
    )


def test_links_and_cursors_are_kept_up_to_four_hundred_and_not_even_read_beyond() -> None:
    run = state()
    link: Any = SimpleNamespace(source=("getMe", "ann", None))
    other: Any = SimpleNamespace(source=("getMe", "bob", None))
    run.responses.gather([link] * 399)
    run.responses.gather([link, link])
    assert len(run.responses.lasting_links) == 401, "an answer is taken whole"
    read: list[LastingLink] = []
    run.responses.gather(each for each in [other] if not read.append(each))  # type: ignore[func-returns-value]
    assert (
        read == []
        and len(run.responses.lasting_links) == 401
        and [*run.responses.giving] == [link.source]
    )


def test_an_endpoint_was_asked_in_whatever_world_its_key_says() -> None:
    run = state()
    assert not run.was_asked(PAGE)
    run.requests.asked.add("getPersonal|ann|||")
    assert not run.was_asked(PAGE), "another endpoint, whose name begins alike"
    run.requests.asked.add("getPerson|ann||ann private=true|")
    assert run.was_asked(PAGE)
    other = state()
    other.responses.answered["getPerson"] = {None}
    assert other.was_asked(PAGE)


def test_another_world_forgets_this_ones_answers_and_keeps_what_was_ever_shown() -> None:
    run = state()
    run.requests.begin("getPerson|ann|ann||", PAGE, "ann", "ann", 0)
    run.responses.took(PAGE, "ann", "ann", outcome(*ANNS), first=True)
    run.results.remark("a note")
    run.enter("ann private=true", "ann")
    assert (run.world, run.changed) == ("ann private=true", "ann")
    assert run.responses.answered == {} and run.responses.seen == {}
    assert (
        run.responses.has_page(PAGE, "ann")
        and run.was_asked(PAGE)
        and run.responses.good
        and run.results.notes
    )
    run.enter("", "")
    assert (run.world, run.changed) == ("", "")


# ------------------------------------------------------------ what it is given


class Undo:
    """Something that is put back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.unsure, self.moved = [f"{name} unsure"], [f"{name} moved"]
        self.used, self.asked = {f"{name} used"}, {f"{name} asked"}

    def restore(self) -> tuple[str, ...]:
        return (self.name,)


def context(**given: Any) -> RunContext:
    return replace(Run(Studio()).engine.context, **given)


def test_a_context_does_not_change_while_the_run_goes_on() -> None:
    with pytest.raises(FrozenInstanceError):
        context().target = "http://elsewhere.test"  # type: ignore[misc]


def test_writes_are_undone_before_relations_and_these_before_settings() -> None:
    """A write may depend on a relation or a setting that stands only for the run."""
    whole = context(
        undo_log=Undo("w"), relationships=Undo("r"), account_settings=Undo("s"),
        provisioned=Undo("p"),
    )  # fmt: skip
    assert [(what, restore()) for what, restore in whole.undo_functions()] == [
        ("writes", ("w",)), ("relations", ("r",)), ("settings", ("s",)),
    ]  # fmt: skip
    assert whole.unsure == ("w unsure", "s moved")
    assert whole.state_operations == {"p asked", "s used", "r used"}


@pytest.mark.parametrize(
    ("given", "undone", "unsure", "used"),
    [
        ({}, [], (), set()),
        ({"undo_log": Undo("w")}, ["writes"], ("w unsure",), set()),
        ({"relationships": Undo("r")}, ["relations"], (), {"r used"}),
        ({"account_settings": Undo("s")}, ["settings"], ("s moved",), {"s used"}),
        ({"provisioned": Undo("p")}, [], (), {"p asked"}),
    ],
)
def test_what_a_run_may_not_change_is_neither_put_back_nor_told_of(
    given: dict[str, Any], undone: list[str], unsure: tuple[str, ...], used: set[str]
) -> None:
    one = context(**given)
    assert [what for what, _ in one.undo_functions()] == undone
    assert (one.unsure, one.state_operations) == (unsure, used)

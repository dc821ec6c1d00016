"""Values that several owners have in one field, and who is given them wrongly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.finding_evidence import Question
from oakum.openapi.model import Json
from oakum.scan.evaluation.shared_values import sharers, sharers_of_unnamed
from tests.unit.exposure.test_evaluation_context_laws import instance
from tests.unit.scan.evaluation.test_evaluator import Watch
from tests.unit.scan.studio import IDS

CODE = "k7deal55c90aa31f"


def context(value: Json, *owners: str) -> EvaluationContext:
    """All three were shown their own page; `owners` have this value as their phone."""
    watch = Watch()
    for who, id in IDS.items():
        phone = value if who in owners else f"+49-555-{who}-2277"
        watch.look(who, {"id": id, "name": who, "phone": phone}, of=who)
    return watch.run.evaluator._context


def asked(viewer: str | None, *targets: str, sent: str = "") -> Question:
    return Question("q", "getPerson", viewer, frozenset(targets), {}, frozenset({sent}), "curl")


@given(
    owners=st.sets(st.sampled_from(sorted(IDS))),
    viewer=st.sampled_from([None, *sorted(IDS)]),
    sent=st.sampled_from(["", CODE]),
)
def test_a_value_tells_of_several_owners_unless_the_viewer_or_everybody_has_it(
    owners: set[str], viewer: str | None, sent: str
) -> None:
    told = sharers(context(CODE, *owners), asked(viewer, sent=sent), "Person", "phone", CODE)
    few = len(owners) < 2 or len(owners) == len(IDS)
    assert told == (frozenset() if few or viewer in owners or sent else owners)


@pytest.mark.parametrize("value", [True, 0, "", "short", "alphabet"])
def test_what_many_may_have_tells_of_nobody(value: Json) -> None:
    known = context(value, "ann", "bob")
    assert not sharers(known, asked("cat"), "Person", "vip", value)


def test_what_the_contract_shows_the_viewer_of_one_owner_tells_of_nobody() -> None:
    watch = Watch(private=False)
    for who, id in IDS.items():
        bio = "we keep 12 bees at 4 o'clock" if who != "cat" else "none of it, 1 cat 2 mice"
        watch.look(who, {"id": id, "name": who, "bio": bio}, of=who)
    known = watch.run.evaluator._context
    assert not sharers(known, asked("cat"), "Person", "bio", "we keep 12 bees at 4 o'clock")
    for who in IDS:
        watch.run.identities.states[(who, "Settings.private")] = True
    assert sharers(known, asked("cat"), "Person", "bio", "we keep 12 bees at 4 o'clock")


@pytest.mark.parametrize(
    ("targets", "who"), [((), "ann"), (("bob",), "bob"), (("ann", "bob"), "ann"), (("cat",), "")]
)
def test_an_object_without_a_name_tells_of_those_whom_the_request_asks_for(
    targets: tuple[str, ...], who: str
) -> None:
    known, seen = context(CODE, "ann", "bob"), instance("Person", (), phone=CODE, name="paid")
    found = sharers_of_unnamed(known, asked(None, *targets), seen)
    assert found == ({"phone": who} if who else {})
    assert not sharers_of_unnamed(known, asked(None), instance("Person", ("p-zoe",), phone=CODE))

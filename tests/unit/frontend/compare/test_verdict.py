"""The verdicts of the three-way difference: each named case, and the laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.frontend.compare.verdict import (
    VERDICTS,
    FieldUse,
    Grant,
    ReceivedObjects,
    Verdict,
    judge,
)
from oakum.frontend.compare.verdict import FieldEvidence as Evidence
from oakum.frontend.usage import USED, USES

PRIVATE, OPEN = (("private", "true"),), (("private", "false"),)
BOTH = frozenset({PRIVATE, OPEN})


def met(
    grant: Grant, present: int = 3, of: int = 3, state: object = OPEN, **more: bool
) -> ReceivedObjects:
    return ReceivedObjects(state, present, of, grant, **more)  # type: ignore[arg-type]


SENT = met("granted")
KEPT = met("denied", present=0, state=PRIVATE)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (Evidence((met("denied"),)), "leak"),
        (Evidence((SENT, met("denied", 1)), grants=True), "leak"),
        (Evidence((), (FieldUse("copied", "denied"),)), "leak"),
        (Evidence((), (FieldUse("rendered", "denied"),)), "narrow"),
        (Evidence((SENT,), (FieldUse("untouched", "granted"),), True), "excess"),
        (Evidence((SENT,), (FieldUse("copied", "unclear"),), True), "excess"),
        # What cannot be observed, or was not driven, may be a use.
        (
            Evidence((SENT,), (FieldUse("copied", "granted"), FieldUse("unobserved", "granted"))),
            "unknown",
        ),
        (Evidence((SENT,), (), True), "unknown"),
        (Evidence((SENT,), (FieldUse("unsent", "granted"),), True), "unknown"),
        (Evidence((SENT,), (FieldUse("read", "granted"),), True), "fine"),
        # It is denied in private, and nobody has met that.
        (Evidence((SENT,), (FieldUse("read", "granted"),), True, frozenset({PRIVATE})), "unknown"),
        (
            Evidence((SENT, KEPT), (FieldUse("read", "granted"),), True, frozenset({PRIVATE})),
            "fine",
        ),
        # Absence says nothing at an endpoint that sends it to nobody.
        (
            Evidence(
                (SENT, replace(KEPT, carries=False)),
                (FieldUse("read", "granted"),),
                True,
                frozenset({PRIVATE}),
            ),
            "unknown",
        ),
        (Evidence((met("granted", 0),), (), True), "wide"),
        (Evidence((), (FieldUse("unsent", "granted"),), True), "wide"),
        (Evidence((met("denied", 0, state=PRIVATE),), (), True), "unknown"),
        (Evidence((), (), True), "unknown"),
        (Evidence((), (), False, frozenset({()})), "unknown"),
        (Evidence((met("denied", 0, state=()),), (), False, frozenset({()})), "fine"),
        (Evidence((replace(KEPT, state=(), carries=False),), denied=frozenset({()})), "unknown"),
        (Evidence((met("unclear"),), (FieldUse("read", "granted"),), True), "unknown"),
    ],
)  # fmt: skip
def test_each_combination_has_its_name(found: Evidence, verdict: Verdict) -> None:
    said, why = judge(found)
    assert said == verdict, why
    assert why


GRANTS = st.sampled_from(["granted", "denied", "unclear"])
STATES = st.sampled_from([(), PRIVATE, OPEN])


@st.composite
def mets(draw: st.DrawFn) -> ReceivedObjects:
    of = draw(st.integers(0, 3))
    present = draw(st.integers(0, of))
    return ReceivedObjects(
        draw(STATES), present, of, draw(GRANTS), draw(st.booleans()) or present > 0
    )


USEDS = st.builds(FieldUse, st.sampled_from([*USES, "unsent"]), GRANTS)
EVIDENCE = st.builds(
    Evidence,
    st.lists(mets(), max_size=4).map(tuple),
    st.lists(USEDS, max_size=3).map(tuple),
    st.booleans(),
    st.frozensets(STATES, max_size=3),
)


def leaks(found: Evidence) -> bool:
    sent = any(each.present and each.grant == "denied" for each in found.met)
    return sent or any(each.use != "unsent" and each.grant == "denied" for each in found.used)


@given(EVIDENCE)
def test_verdicts_are_exclusive_and_one_always_holds(found: Evidence) -> None:
    """The sentences that define them, said again without their order: none holds with another."""
    said, why = judge(found)
    assert said in VERDICTS and why
    came = [each for each in found.used if each.use != "unsent"]
    got = bool(came) or any(each.present for each in found.met)
    used = any(each.use in USED for each in came)
    assert (said in ("leak", "narrow")) == leaks(found)
    assert (said == "narrow") == any(e.use in USED and e.grant == "denied" for e in came)
    assert said != "excess" or (got and not used and not leaks(found))
    assert said != "wide" or (not got and found.grants)
    assert said != "fine" or (used if got else not found.grants)


@given(EVIDENCE, EVIDENCE)
def test_more_evidence_never_turns_a_leak_into_anything_less(
    found: Evidence, more: Evidence
) -> None:
    if leaks(found):
        both = replace(found, met=found.met + more.met, used=found.used + more.used)
        assert judge(both)[0] in ("leak", "narrow")
        if judge(found)[0] == "narrow":
            assert judge(both)[0] == "narrow"


@given(EVIDENCE)
def test_a_use_that_is_not_known_is_never_excess(found: Evidence) -> None:
    unknown = [each for each in found.used if each.use in ("unobserved", "unsent")]
    assert judge(replace(found, used=()))[0] not in ("excess", "narrow")
    assert judge(replace(found, used=tuple(unknown)))[0] not in ("excess", "narrow")
    if any(each.use == "unobserved" for each in found.used):
        assert judge(found)[0] != "excess"


@given(EVIDENCE)
def test_fine_is_never_said_of_what_was_not_seen(found: Evidence) -> None:
    """No vacuous green: each state in which it is denied was met, and it was kept back there by an
    endpoint that sends it to others."""
    if judge(found)[0] == "fine":
        kept = {e.state for e in found.met if e.of and not e.present and e.carries}
        assert found.denied <= kept
        assert found.met or found.used
    assert judge(Evidence(grants=found.grants, denied=found.denied))[0] == "unknown"


@given(st.lists(mets(), max_size=3), st.lists(USEDS, max_size=2))
def test_the_order_in_which_things_are_seen_is_nothing(
    some: list[ReceivedObjects], used: list[FieldUse]
) -> None:
    forth = Evidence(tuple(some), tuple(used), True, BOTH)
    back = replace(forth, met=forth.met[::-1], used=forth.used[::-1])
    assert judge(forth)[0] == judge(back)[0]

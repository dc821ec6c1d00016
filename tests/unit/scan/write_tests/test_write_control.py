"""A refusal is a stranger's where the owner is let through, and nobody's where the owner is not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from oakum.policy.model import Relation
from oakum.scan.state import Results
from oakum.scan.write_tests.write_control import LabelsTried, WriteControl, WriteOutcome
from tests.unit.scan.studio import Run, Studio, known_identities, model, probe


def named(stranger: WriteOutcome, own: WriteOutcome | None, *, compared: bool = True) -> bool:
    """Whether the operation is named as not tested."""
    run = Run(Studio())
    control = WriteControl(run.engine, probe("getPost"), {"cat": stranger})
    before = len(run.engine.results.gaps.writes)
    control.tell("ann", own, compared=compared)
    assert not control.tried
    return len(run.engine.results.gaps.writes) > before


@pytest.mark.parametrize("status", [202, 400, 403, 404, 409, 422, 423, 428])
def test_what_the_owner_is_refused_too_is_nobodys_trial(status: int) -> None:
    assert named(WriteOutcome(status, False), WriteOutcome(status, False))
    assert not named(WriteOutcome(status, False), WriteOutcome(200, True))


@pytest.mark.parametrize("status", [403, 404])
def test_a_stranger_who_is_refused_otherwise_than_the_owner_was_tried(status: int) -> None:
    assert not named(WriteOutcome(status, False), WriteOutcome(422, False))
    assert not named(WriteOutcome(status, False), None, compared=False)


def test_what_was_refused_for_its_content_and_not_compared_is_named() -> None:
    assert named(WriteOutcome(422, False), None, compared=False)


def test_a_write_that_took_effect_and_a_caller_who_is_nobody_need_no_control() -> None:
    run = Run(Studio())
    control = WriteControl(run.engine, probe("getPost"))
    control.tried = {None: WriteOutcome(401, False), "cat": WriteOutcome(200, True)}
    assert control.unsure() == []
    control.tried = {None: WriteOutcome(401, False), "cat": WriteOutcome(422, False)}
    assert control.unsure() == ["cat"]


GUEST, ALL = frozenset({"guest"}), frozenset({"anyone", "authenticated"})


@pytest.mark.parametrize(
    ("member", "held", "named"),
    [
        ("guest_ids.*", [frozenset()], True),
        ("guest_ids.*", [GUEST], False),
        ("guest_ids.*", [frozenset(), GUEST], False),  # the one object does, the other does not
        ("", [frozenset()], False),  # no object of the resource can make somebody a guest
    ],
)
def test_a_relation_that_nobody_was_tried_as_is_named_if_such_an_object_can_give_it(
    member: str, held: list[frozenset[str]], named: bool
) -> None:
    made, results = model(), Results()
    guest = Relation("guest", "field", member="guest_ids")
    policy = replace(made.policy, relations={**made.policy.relations, "guest": guest})
    leaves = (*made.tables["Post"].leaves, *filter(None, [member]))
    tables = {**made.tables, "Post": replace(made.tables["Post"], leaves=leaves)}
    known = known_identities()
    known.policy = policy
    engine: Any = SimpleNamespace(
        identities=known,
        model=replace(made, policy=policy, tables=tables),
        results=results,
    )
    labels = LabelsTried(engine, probe("getPost"), "Post")
    for each in held:
        labels.add("ann", "cat", ALL | each, GUEST)
    labels.tell()
    assert [each.reason.partition(":")[0] for each in results.gaps.writes] == [
        "not tested as `guest`"
    ] * named

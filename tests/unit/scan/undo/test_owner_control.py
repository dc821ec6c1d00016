"""A refusal is a stranger's where the owner is let through, and nobody's where the owner is not."""

from __future__ import annotations

import pytest

from oakum.scan.undo.owner_control import Outcome, WriteControl
from tests.unit.scan.studio import Run, Studio, probe


def named(stranger: Outcome, own: Outcome | None, *, compared: bool = True) -> bool:
    """Whether the operation is named as not tested."""
    run = Run(Studio())
    control = WriteControl(run.engine, probe("getPost"), {"cat": stranger})
    before = len(run.engine.state.untried)
    control.tell("ann", own, compared=compared)
    assert not control.tried
    return len(run.engine.state.untried) > before


@pytest.mark.parametrize("status", [202, 400, 403, 404, 409, 422, 423, 428])
def test_what_the_owner_is_refused_too_is_nobodys_trial(status: int) -> None:
    assert named(Outcome(status, False), Outcome(status, False))
    assert not named(Outcome(status, False), Outcome(200, True))


@pytest.mark.parametrize("status", [403, 404])
def test_a_stranger_who_is_refused_otherwise_than_the_owner_was_tried(status: int) -> None:
    assert not named(Outcome(status, False), Outcome(422, False))
    assert not named(Outcome(status, False), None, compared=False)


def test_what_was_refused_for_its_content_and_not_compared_is_named() -> None:
    assert named(Outcome(422, False), None, compared=False)


def test_a_write_that_took_effect_and_a_caller_who_is_nobody_need_no_control() -> None:
    run = Run(Studio())
    control = WriteControl(run.engine, probe("getPost"))
    control.tried = {None: Outcome(401, False), "cat": Outcome(200, True)}
    assert control.unsure() == []
    control.tried = {None: Outcome(401, False), "cat": Outcome(422, False)}
    assert control.unsure() == ["cat"]

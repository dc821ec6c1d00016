"""Each part of an object is decided by itself: nothing of it is left over for the next."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from oakum.exposure.cells.matrix import LOOSE
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.evidence import Redactor
from oakum.exposure.finding_evidence import Question
from oakum.finding import Result
from oakum.scan.evaluation.cell_record import SAID, CellRecord, JudgedObject
from tests.unit.scan.studio import Run, Studio, probe

MEMBER = frozenset({"anyone", "member"})
ANNS = JudgedObject("Person", "ann", MEMBER, {"private": False}, "key of ann")


def record() -> CellRecord:
    run, asked = Run(Studio()), probe("getPerson")
    context = EvaluationContext(
        run.engine.model, run.identities, run.knowledge, run.matrix, Redactor(b"key", frozenset())
    )
    question = Question("key", asked.id, "cat", frozenset({"ann"}), {}, frozenset(), "")
    seen: Any = SimpleNamespace(
        question=question, probe=asked, response=SimpleNamespace(status=200),
        reading=SimpleNamespace(unclear=()),
    )  # fmt: skip
    return CellRecord(context, seen, frozenset())


def results(found: CellRecord) -> dict[str, tuple[Result, str]]:
    return {e.key.field: (e.result, e.weak) for e in found.outcome().observations}


def test_what_is_weak_about_one_is_not_about_the_next() -> None:
    found = record()
    found.put(replace(ANNS, weak="it may be a mask"), "phone", Result.LEAK)
    found.put(ANNS, "bio", Result.LEAK)
    assert results(found) == {"phone": (Result.LEAK, "it may be a mask"), "bio": (Result.LEAK, "")}


@pytest.mark.parametrize("more", [{"weak": "perhaps"}, {"untold": True}])
def test_nothing_is_closed_by_what_proves_nothing(more: dict[str, Any]) -> None:
    found = record()
    found.put(replace(ANNS, **more), "phone", Result.CLOSED)
    assert results(found) == {}
    found.put(ANNS, "phone", Result.CLOSED)
    assert results(found) == {"phone": (Result.CLOSED, "")}


def test_a_setting_that_nobody_read_is_not_in_the_cell_and_decides_nothing() -> None:
    found, unread = record(), replace(ANNS, unread=frozenset({"private"}))
    assert found.key(ANNS, "bio").state == (("private", "false"),)
    assert found.key(unread, "bio").state == ()
    found.put(unread, "bio", Result.CLOSED)
    assert results(found) == {}


def test_a_setting_that_only_the_object_itself_says_makes_a_leak_suspected_and_closes_nothing() -> (
    None
):
    found, names = record(), frozenset({"private"})
    closed = replace(ANNS, state={"private": True}, unread=names, said=names)
    found.put(closed, "bio", Result.CLOSED)
    assert results(found) == {}
    found.put(closed, "bio", Result.LEAK)
    assert results(found) == {"bio": (Result.LEAK, SAID)}
    assert [each.key.state for each in found.outcome().observations] == [(("private", "true"),)]


def test_what_an_entitled_viewer_has_to_show_first_is_tentative_and_no_cell_yet() -> None:
    found = record()
    found.put(ANNS, "phone", Result.CLOSED, wait=True)
    assert results(found) == {} and found.outcome().tentative
    unnamed = record()
    unnamed.put(replace(ANNS, object_key=""), "phone", Result.CLOSED, wait=True)
    assert not unnamed.outcome().tentative, "nobody can find that object again"


def test_the_first_reason_that_a_cell_is_not_closed_stays() -> None:
    found = record()
    found.doubt(ANNS, "phone", LOOSE, None)
    found.doubt_closed(ANNS, "phone", "another")
    (doubt,) = found.outcome().doubts
    assert (doubt.why, doubt.leak.result) == (LOOSE, Result.LEAK)


def test_one_object_that_is_shown_is_enough() -> None:
    found = record()
    found.put(ANNS, "id", Result.OVER_BLOCK)
    assert results(found)["id"][0] is Result.OVER_BLOCK
    found.put(ANNS, "id", Result.OPEN)
    assert results(found).get("id", (Result.OPEN,))[0] is not Result.OVER_BLOCK

"""What is known of one field of an object."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.authz import Leaf
from oakum.exposure.finding_evidence import Question
from oakum.scan.evaluation.false_positives import (
    alias,
    is_counted,
    is_one_of_several,
    is_setting_of,
)
from tests.unit.exposure.test_evaluation_context_laws import instance
from tests.unit.scan.evaluation.test_evaluator import ANN, Watch
from tests.unit.scan.studio import IDS, model, probe


def test_a_setting_is_one_that_the_account_was_read_to_be_set_to() -> None:
    watch = Watch(private=False)
    context, settings = watch.run.evaluator._context, instance("Settings", (IDS["ann"],))
    leaf = Leaf("is_private", ("is_private",), False, False)
    assert is_setting_of(context, (), settings, leaf, "ann")
    assert not is_setting_of(context, ("private",), settings, leaf, "ann")
    assert not is_setting_of(context, (), settings, leaf._replace(path="theme"), "ann")
    assert not is_setting_of(context, (), settings, leaf._replace(value=True), "ann")


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("tel", ANN["phone"], "phone"), ("phone", ANN["phone"], ""), ("tel", "another", ""),
        ("title", ANN["name"], ""),
    ],
)  # fmt: skip
def test_an_undeclared_member_stands_for_the_field_whose_value_it_holds(
    path: str, value: str, field: str
) -> None:
    watch = Watch()
    watch.look("ann", ANN)
    question = Question("q", "getPerson", "cat", frozenset(), {}, frozenset(), "curl")
    said = (watch.run.evaluator._context, probe("getPerson"), question)
    assert alias(*said, instance("Person"), Leaf(path, (path,), value, False), "ann") == field


def test_nothing_tells_objects_without_a_key_apart_that_stand_in_one_list() -> None:
    context = Watch().run.evaluator._context
    assert not is_one_of_several(context, probe("getSettings"), "Settings", "ann")
    opens = replace(probe("getSettings"), sources={"theme": "Settings.theme"})
    assert is_one_of_several(context, opens, "Settings", "ann")
    context.knowledge.learn_apart("ann", "Settings", [{"theme": "a"}, {"theme": "b"}])
    assert is_one_of_several(context, probe("getSettings"), "Settings", "ann")
    assert not is_one_of_several(context, probe("getPerson"), "Person", "ann")


def test_no_field_counts_objects_unless_the_contract_says_so() -> None:
    assert not is_counted(model(), probe("getPerson"), "name")

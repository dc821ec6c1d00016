"""A relation that nobody has changes nothing, wherever `call:` names it.

What a list of callers lets in is asked of each caller: a line for staff, say, may not open to
others what the rest of the list keeps closed, nor close what it opens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.exchange_python import python_guard
from tests.conformance.exchanges import Case, cases, check, policy_of, request

UNHELD = "unheld"
OF_OBJECTS = ("is", "in", "field", "of")


def lengthened(case: Case) -> Case | None:
    """The case with one relation more in each `call:` that asks for one to an object; None: there
    is none."""
    policy = policy_of(case)
    relations, operations = policy.get("relations") or {}, policy.get("operations") or {}
    of_objects = {
        name for name, said in relations.items() if any(key in (said or {}) for key in OF_OBJECTS)
    }
    calls = {
        id: {"call": [*rule["call"], UNHELD]}
        for id, rule in operations.items()
        if rule and not of_objects.isdisjoint(rule.get("call") or ())
    }
    if not calls:
        return None
    more: dict[str, Any] = {
        "relations": {UNHELD: {"claim": "held by nobody", "has": True}},
        "operations": calls,
    }
    said = case.said.get("policy", {})
    return replace(case, said={**case.said, "policy": laid_over(said, more)})


def laid_over(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Both, each name of a section from `over` first."""
    made = {**under}
    for section, names in over.items():
        told = under.get(section) or {}
        made[section] = {**told, **{n: {**(told.get(n) or {}), **s} for n, s in names.items()}}
    return made


def longer_cases() -> Iterator[Any]:
    for case in cases():
        longer = lengthened(case)
        if longer is not None:
            yield pytest.param(longer, id=f"{case.file}: {case.name}")


@pytest.mark.parametrize("case", [*longer_cases()])
def test_a_relation_that_nobody_has_changes_nothing(case: Case, tmp_path: Path) -> None:
    setup = case.setup(tmp_path)
    with python_guard(setup) as guard:
        for step in case.steps:
            setup.clock.now += step.get("wait", 0)
            sent = request(step["request"])
            check(step["expect"], guard.exchange(sent), sent.method, asks_more=True)

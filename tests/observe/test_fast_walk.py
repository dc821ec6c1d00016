"""The fast way over recorded answers says what the slow one says: `Judge` and `Look`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import cadence
from oakum.authz import Judge, ObjectInstance
from oakum.policy.contract import load
from oakum.policy.graphql import TAG
from oakum.pytest_plugin.callers import NOBODY, UNKNOWN
from oakum.pytest_plugin.response_evaluator import Asked, Frame, Look
from oakum.recordings.fast_walk import FastWalk, Seen
from oakum.recordings.traffic import Judged
from oakum.recordings.verdict import Verdicts
from oakum.scan.evaluation.evidence import Redactor
from oakum.scan.evaluation.knowledge import says_nothing
from oakum.scan.evaluation.response_reader import read_as_declared
from oakum.scan.identities.cast import Cast
from oakum.traffic.intake import Source, records
from oakum.traffic.inventory import read
from tests.observe.crowd import Crowd, text

CONTRACT = Path(cadence.__file__).with_name("exposure.yaml")
CALLERS = (NOBODY, UNKNOWN)


@pytest.fixture(scope="module", params=["1", "fixed"])
def traffic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("fast_walk") / "crowd.ndjson"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(text(Crowd(members=6, stage=request.param).exchanges(120)))
    return file


def place(pointer: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("*" if part.isdigit() else part for part in pointer)


def fields(
    each: ObjectInstance, places: set[tuple[str, ...]]
) -> tuple[set[str], set[str], set[str]]:
    """Present, silent, saying: as the leaves of an instance tell."""
    present, silent, saying = set[str](), set[str](), set[str]()
    for leaf in each.leaves:
        (silent if leaf.value is None or leaf.value in ([], {}) else present).add(leaf.path)
        scalar = not isinstance(leaf.value, dict | list)
        if scalar and not says_nothing(leaf.value) and leaf.path.rpartition(".")[2] != TAG:
            saying.add(leaf.path)
    depth = len(each.pointer)
    for other in places:
        inside = len(other) > depth and other[:depth] == each.pointer
        if inside and not any(other[:n] in places for n in range(depth + 1, len(other))):
            present.add(".".join(place(other[depth:])))
    return present, silent - present, saying


def told(seen: Seen) -> tuple[object, ...]:
    form = seen.form
    held = (set(form.present), set(form.silent), set(form.saying))
    return (seen.resource, seen.place, seen.owners, seen.inside, *held)


def expected(each: ObjectInstance, places: set[tuple[str, ...]]) -> tuple[object, ...]:
    inside = any(each.pointer[:n] in places for n in range(len(each.pointer)))
    return (each.resource, place(each.pointer), each.owners, inside, *fields(each, places))


def order(row: tuple[object, ...]) -> str:
    return repr([sorted(each) if isinstance(each, set) else each for each in row])


def test_the_same_objects_fields_and_leaks(traffic: Path) -> None:
    judged = Judged(load(CONTRACT))
    model, policy = judged.model, judged.policy
    label = Cast(policy, {}, {}, {}).label
    frame = Frame(model, Redactor(b"k" * 32, judged.names), label, {})
    verdicts = Verdicts(model, label)
    fast_walks = {name: FastWalk(model, name) for name in model.operations}
    compared = Counter[str]()
    for passed in records(Source(str(traffic))):
        found = judged.found(passed)
        judged.hear(passed, read(passed.exchange.response.body, "application/json"))
        if found is None or not passed.exchange.response.body:
            continue
        operation, params = found
        response = passed.exchange.response
        legible = read_as_declared(operation, response)
        for caller in (*CALLERS, judged._caller(passed)):
            good, ids = response.status < 300, caller.principal.ids
            seen = fast_walks[operation.id].objects(legible.value, legible.shape, good, params, ids)
            judge = Judge(model, caller.principal, operation.id, params, response.status)
            instances = judge.judge(legible.value, legible.shape).instances
            places = {each.pointer for each in instances}
            # An object inside another is met before that is done with, here and not there.
            here = sorted(map(told, seen), key=order)
            assert here == sorted((expected(e, places) for e in instances), key=order)
            begins = operation.method != "GET"
            owners = frozenset(owner for each in instances for owner in each.owners)
            who = judged.facts.inform(policy, caller, owners)
            asked = Asked(operation, params, who, response, legible, begins, "", "")
            look = Look(frame, asked, {}).judge()
            leaks = set()
            for each in seen:
                verdict = verdicts.of(operation.id, each, caller, judged.facts, params, begins)
                leaks |= verdict.of(each.form)[0]
            assert leaks == {leak.key for leak in look.leaks}
            compared[operation.id] += len(leaks)
    assert len(compared) > 15

"""The fast walk of recorded traffic is the walk of `Judge`: there is one meaning."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given

from oakum.authz import Judge, Principal
from oakum.authz.compiled_model import declared_answers
from oakum.traffic.evaluation.cached_object_walk import FastWalk
from tests.observe.walks import found_fast, found_judged
from tests.properties.pool import MANY, SEEDED, SEEDS, pool
from tests.properties.test_sparse import Drawn, drawn, honest, sparser
from tests.properties.wild import KEYS, PEOPLE

_ODD: tuple[Any, ...] = (None, "", "x", "u1", 7, 1.5, True, [], {}, [[]], [{}], {"id": "u1"})


@pytest.fixture(scope="module")
def known() -> tuple[Drawn, ...]:
    return pool(drawn, lambda each: bool(each.policy["resources"]), max(8, MANY // 100))


def odd(random: Random, value: Any, chance: float) -> Any:
    """The same, with something else in the place of some of it, and with members of other names."""
    if random.random() < chance:
        return random.choice(_ODD)
    if isinstance(value, list):
        return [odd(random, each, chance) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: odd(random, each, chance) for name, each in value.items()}
    if random.random() < chance:
        made[random.choice([*KEYS, "12", "zz", "a@b.example"])] = random.choice(_ODD)
    return made


@SEEDED
@given(drawn=SEEDS)
def test_the_fast_walk_finds_what_the_judge_finds(known: tuple[Drawn, ...], drawn: bytes) -> None:
    """The same objects with the same owners and fields, whatever answers it has met before."""
    random = Random(drawn)
    each = random.choice(known)
    model, components = each.wild.model, each.wild.document.raw["components"]["schemas"]
    walk, operation = FastWalk(model, "list"), model.operations["list"]
    for _ in range(random.randrange(1, 5)):
        value = sparser(random, honest(random, each.schema, components), random.choice([0, 0.2]))
        value = odd(random, value, random.choice([0, 0.05, 0.2]))
        status, params = random.choice([200, 200, 200, 404]), {"who": random.choice(PEOPLE)}
        shape = random.choice([next(iter(declared_answers(operation, status))).shape, None])
        who = Principal(frozenset(random.sample(PEOPLE, random.randrange(3))))
        judged = Judge(model, who, "list", params, status).judge(value, shape).instances
        fast = walk.objects(value, shape, status < 300, params, who.ids)
        assert found_fast(fast) == found_judged(judged)


def test_half_of_the_answers_of_the_pool_hold_objects(known: tuple[Drawn, ...]) -> None:
    """Else the law holds of answers in which there is nothing to find."""
    random, finding = Random(1), 0
    for each in known:
        model = each.wild.model
        shape = next(iter(declared_answers(model.operations["list"], 200))).shape
        value = each.honest(random)
        judged = Judge(model, Principal(), "list", {"who": "u1"}).judge(value, shape)
        finding += bool(judged.instances)
    assert finding >= len(known) // 2

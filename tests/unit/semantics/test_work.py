"""What a body costs is bounded by its length, whatever its sender makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from oakum.guard.account import owners_shown, removed
from oakum.guard.needs import Needs, looked_up
from oakum.semantics import Call, Principal, Projection, project
from oakum.semantics.csv import MAX_COLUMNS, MAX_NAME, project_csv
from oakum.semantics.spot import Spot
from oakum.semantics.table import compile_resource
from tests.adverse import bodies, model, tables
from tests.properties.worlds import record
from tests.unit.semantics.small import TEXT, note, see
from tests.work import calls

MODEL = model()
WHO = Principal(frozenset(("bob",)), related={("blocked", "ann"): False})
SIZE = 2_000
JSON, CSV = bodies(SIZE), tables(SIZE)
LARGE = bodies(2 * SIZE) | tables(2 * SIZE)
MOST = 100
"""Calls per byte that any body may take (`docs/reference/gateway.md`)."""


def whole(cut: Callable[..., Projection], call: Call, body: bytes) -> None:
    """All that is done to an answer: cut, look for what has to be looked up, count."""
    done = cut(MODEL, WHO, call, body)
    assert done.judged is not None, done.refused
    Needs(MODEL, WHO, looked_up(MODEL.policy)).answer(call, done.judged.sightings)
    removed(MODEL, done)
    owners_shown(MODEL.policy, done, {"Note"}, {})


@pytest.mark.parametrize("name", [*JSON, *CSV])
def test_twice_the_body_takes_at_most_twice_the_work(name: str) -> None:
    cut, call = (project, Call("list")) if name in JSON else (project_csv, TABLE)
    small = JSON.get(name) or CSV[name]
    large = LARGE[name]
    work = calls(lambda: whole(cut, call, small))
    assert work <= MOST * len(small)
    grown = calls(lambda: whole(cut, call, large))
    assert grown / len(large) <= 1.3 * work / len(small)


def test_a_member_costs_the_same_however_many_fields_stand_below_it() -> None:
    """A description within itself declares thousands of fields below each of its members."""
    few, many = (_placed(number) for number in (10, 1_000))
    assert many <= 2 * few


def _placed(fields: int) -> int:
    """Calls that fifty places take, of a resource with so many fields in each of its members."""
    below = record(**{f"n{n}": TEXT for n in range(fields)})
    resource = note({"extras": (see("member"),)})
    table = compile_resource(resource, record("Note", extras=record(a=below, b=below)), {})
    Spot(None, None, table, 1).member("extras")
    return calls(lambda: [Spot(None, None, table, 1).member("extras") for _ in range(50)])


TABLE = Call("table", media_type="text/csv")


def test_rows_that_say_the_same_where_it_decides_are_judged_once() -> None:
    few = calls(lambda: whole(project_csv, TABLE, CSV["few owners"]))
    many = calls(lambda: whole(project_csv, TABLE, CSV["numbered"]))
    assert few * 3 < many


@pytest.mark.parametrize(
    ("head", "reads"),
    [
        ("c" * MAX_NAME, True),
        ("c" * (MAX_NAME + 1), False),
        ("é" * (MAX_NAME // 2 + 1), False),
        (",".join(map(str, range(MAX_COLUMNS))), True),
        (",".join(map(str, range(MAX_COLUMNS + 1))), False),
    ],
)
def test_a_header_has_a_bound(head: str, reads: bool) -> None:
    found = project_csv(MODEL, WHO, TABLE, head.encode())
    assert (found.judged is not None) == reads

"""What a body costs is bounded by its length, whatever its sender makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from oakum.authz import Call, Principal, Projection, Subject, project
from oakum.authz.accept import weigh
from oakum.authz.csv_projection import MAX_COLUMNS, MAX_NAME, project_csv
from oakum.authz.place_rules import Spot
from oakum.authz.strict_json import read
from oakum.authz.table import compile_resource
from oakum.guard.audit_counts import count_removed, owners_shown
from oakum.guard.lookup_requirements import LookupRequirements, looked_up
from tests.adverse import bodies, model, tables
from tests.properties.worlds import record
from tests.unit.authz.small import TEXT, note, see
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
    LookupRequirements(MODEL, WHO, looked_up(MODEL.policy)).answer(call, done.judged.instances)
    count_removed(MODEL, done)
    owners_shown(MODEL.policy, done, {"Note"}, b"")


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


def taken(body: bytes) -> None:
    """All that is done to a request body, judged twice as after a look-up."""
    reading = read(body)
    for _ in range(2):
        done = weigh(MODEL, WHO, Call("write"), Subject("Note", ("ann",)), reading)
    assert done.whole or done.keep is not True


@pytest.mark.parametrize("name", [*JSON])
def test_a_request_body_takes_no_more_work_than_an_answer(name: str) -> None:
    work = calls(lambda: taken(JSON[name]))
    assert work <= MOST * len(JSON[name])
    grown = calls(lambda: taken(LARGE[name]))
    assert grown / len(LARGE[name]) <= 1.3 * work / len(JSON[name])


@pytest.mark.parametrize("one", ["1", '""', "[]", "null", "true"])
@pytest.mark.parametrize("where", ['{"texts":[%s]}', '{"undeclared":[%s]}', "[%s]"])
def test_a_list_of_small_elements_takes_less_than_a_call_a_byte(one: str, where: str) -> None:
    body = (where % ",".join([one] * 10_000)).encode()
    assert calls(lambda: taken(body)) <= len(body)


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


@pytest.mark.parametrize(
    ("one", "most"), [("{}", 5), ('{"text":""}', 20), ('{"a":1}', 20), ("1", 1), ("[]", 1)]
)
def test_a_list_of_small_elements_in_a_request_body_takes_little_work(one: str, most: int) -> None:
    body = ('{"data":[' + ",".join([one] * SIZE) + "]}").encode()
    work = calls(lambda: weigh(MODEL, WHO, Call("write"), Subject("Note", ("ann",)), read(body)))
    assert work <= most * len(body)

"""Rows of comma-separated values: the Lua runtime passes the very bytes that the reference does."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from random import Random

import pytest

from oakum.authz import ANONYMOUS, Call, Principal
from oakum.authz.csv_projection import BOOLEANS, MAX_COLUMNS, MAX_NAME, project_csv
from oakum.guard.audit_counts import count_removed
from oakum.openapi.model import Media
from oakum.policy.model import OperationRule, State
from tests.conformance.lua import Lua
from tests.properties.wild import mangled
from tests.properties.worlds import array, record
from tests.unit.authz.small import OWNED, PERSON, PRIVATE, TEXT, contract, note, see
from tests.unit.authz.test_csv_projection import MODEL, exported

CALL = Call("list", {}, 200, "text/csv")
CELLS = [
    "ann",
    "bob",
    "7",
    "all",
    "crew",
    "",
    '"a,b"',
    '"say ""hi"""',
    '"x\ny"',
    "é",
    "null",
    "true",
]
COLUMNS = ["id", "owner_id", "text", "audience", "extra", '"id"', '"ow""ner"']


def drawn(random: Random) -> bytes:
    columns = random.sample(COLUMNS[:5], random.randint(2, 5))
    if random.random() < 0.2:
        columns.append(random.choice(COLUMNS))
    rows = [columns] + [
        [random.choice(CELLS) for _ in columns] for _ in range(random.randint(0, 5))
    ]
    end = random.choice(["\n", "\r\n"])
    ends = [end * random.choice([1, 1, 1, 1, 1, 2, 3]) for _ in rows[1:]] + [""]
    lines = "".join(",".join(row) + each for row, each in zip(rows, ends, strict=True))
    lead = random.choice(["", "", "", "", "\ufeff", end])
    return (lead + lines + random.choice(["", end])).encode()


def test_python_and_lua_pass_the_same_cells_of_every_table() -> None:
    random, engine = Random(4180), Lua(MODEL)
    people = [ANONYMOUS]
    for id in ("ann", "bob", "7"):
        for blocked in (False, True, None):
            known = {} if blocked is None else {("blocked", "ann"): blocked}
            people.append(Principal(frozenset((id,)), related=known))
    passed = 0
    for _ in range(4_000):
        who, body = random.choice(people), drawn(random)
        if random.random() < 0.4:
            body = mangled(body, random, 1 + random.randrange(3))
        done = project_csv(MODEL, who, CALL, body)
        assert engine.at(who, CALL)(body) == done.body, (who, body)
        assert done.judged is None or engine.removed == count_removed(MODEL, done), (who, body)
        passed += bool(done.body and done.body.count(b"\n") > 1)
    assert passed > 200


@pytest.mark.parametrize(
    "shows",
    [(("Note", "/0"),), (("Note", "/2"),), (("Note", "/1"), ("Person", "/3")), (("Note", "/*"),)],
)
def test_python_and_lua_find_the_same_rows_by_their_numbers(
    shows: tuple[tuple[str, str], ...],
) -> None:
    plain = array(record(id=TEXT, owner_id=TEXT, text=TEXT, audience=TEXT))
    listed = replace(exported(), responses={"200": (Media("text/csv", plain),)})
    kinds = MODEL.policy.resources.values()
    model = contract(*kinds, endpoints=(listed,), list=OperationRule("list", shows=shows))
    random, engine, cut = Random(4181), Lua(model), 0
    for _ in range(300):
        who, body = Principal(frozenset(("ann",))), drawn(random)
        expected = project_csv(model, who, CALL, body).body
        assert engine.at(who, CALL)(body) == expected, body
        cut += expected != body
    assert cut > 50


def test_python_and_lua_draw_the_same_bounds_of_a_header() -> None:
    engine, who = Lua(MODEL), Principal(frozenset(("ann",)))
    for extra in (MAX_NAME, MAX_NAME + 1):
        body = f"id,owner_id,{'c' * extra}\n1,ann,x\n".encode()
        expected = project_csv(MODEL, who, CALL, body).body
        assert (expected is None) == (extra > MAX_NAME)
        assert engine.at(who, CALL)(body) == expected
    for columns in (MAX_COLUMNS, MAX_COLUMNS + 1):
        wide = ",".join(["id", "owner_id", *(f"c{n}" for n in range(columns - 2))])
        body = f"{wide}\n1,ann{',' * (columns - 2)}\n".encode()
        expected = project_csv(MODEL, who, CALL, body).body
        assert (expected is None) == (columns > MAX_COLUMNS)
        assert engine.at(who, CALL)(body) == expected


def test_python_and_lua_read_the_same_states() -> None:
    level = State("level", (0, 1, 10), member="level")
    lines = {
        "text": (see("member", private=(False,)), see("member", level=(10,))),
        "owner_id": (see("member"),),
    }
    model = contract(note(lines, OWNED, (PRIVATE, level)), PERSON, endpoints=(exported(),))
    who = Principal(frozenset(("bob",)), related={("blocked", "ann"): False})
    engine, shown = Lua(model), 0
    cells = [*BOOLEANS, "", "null", " true", "fAlse", "10", "010", "1.0", "-1", '"false"', "on"]
    for private, number in product(cells, cells):
        body = f"owner_id,text,is_private,level\nann,x,{private},{number}\n".encode()
        expected = project_csv(model, who, CALL, body).body
        assert engine.at(who, CALL)(body) == expected, body
        shown += b",x\n" in (expected or b"")
    assert shown == 9 * len(cells) + (len(cells) - 9)

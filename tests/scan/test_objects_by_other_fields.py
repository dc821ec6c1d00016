"""Tickets that a path names by their number: what is said of them is what is said by their key, and
a ticket without a code tells nothing of the code of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

ONE = "/tickets/{number}"
SHAPE = schema("Ticket", id="string", by="string", number="string", code="string")
PATHS = path("/tickets", "listTickets", "Ticket", many=True) + path(ONE, "getTicket", "Ticket")
POLICY = """\
  Ticket: {key: id, owner: %s, fields: {"id, by, number, code": [{see: [owner]}]}}
operations:
  getTicket: {params: {number: Ticket.%s}}
"""
BY_FIELD, BY_CALLER = "by", "{caller: true}"


def scan(folder: Path, named: str, owner: str, coded: int, leak: int | None) -> Told:
    """Of five tickets of each, one has a code; a stranger is shown the code of ticket `leak`."""
    rows = [
        {
            "id": f"t-{id[-1]}{n}x",
            "by": id,
            "number": f"no-{id}-{n}",
            "code": f"k7{id}{n}c" if n == coded else None,
        }
        for id in NAMES.values()
        for n in range(5)
    ]

    def mine(who: str) -> Any:
        return [row for row in rows if row["by"] == NAMES[who]] if who else 401

    def one(who: str, said: str) -> Any:
        row = next((row for row in rows if row[named] == said), None)
        if row is None or not who:
            return 404
        if row["by"] == NAMES[who]:
            return row
        leaks = leak is not None and row is rows[rows.index(row) // 5 * 5 + leak]
        return {"paid": True, "code": row["code"]} if leaks and row["code"] else {"paid": False}

    api = Api({"/tickets": mine, "/tickets/([^/]+)": one})
    return told(folder, SHAPE, PATHS, POLICY % (owner, named), api)


@pytest.mark.parametrize("named", ["id", "number"])
@pytest.mark.parametrize("owner", [BY_FIELD, BY_CALLER])
@pytest.mark.parametrize("coded", [0, 1, 4])
def test_the_one_object_with_a_value_is_asked_for_by_others(
    named: str, owner: str, coded: int, tmp_path: Path
) -> None:
    run = scan(tmp_path, named, owner, coded, leak=coded)
    assert run.code is ExitCode.FINDINGS
    assert ("Ticket.code", "member") in run.proven | run.named("suspected")
    assert "closed" not in run.results("Ticket.code", "member", ONE)


@pytest.mark.parametrize("owner", [BY_FIELD, BY_CALLER])
@pytest.mark.parametrize("coded", [0, 1, 4])
def test_a_field_by_which_an_object_is_named_closes_what_its_key_closes(
    owner: str, coded: int, tmp_path: Path
) -> None:
    said = []
    for named in ("id", "number"):
        (folder := tmp_path / named).mkdir()
        run = scan(folder, named, owner, coded, leak=None)
        assert (run.code, run.proven, run.named("suspected")) == (ExitCode.CLEAN, set(), set())
        said.append(run.results("Ticket.code", "member", ONE))
    assert said[0] == said[1]


SIDES = """\
  Deal: {key: id, owner: by, fields: {"id, by, number, code": [{see: [owner]}]}}
operations:
  getDeal: {params: {number: Deal.number}}
"""


@pytest.mark.parametrize("leaks", [False, True])
def test_an_object_of_the_caller_s_own_closes_nothing_of_the_other_side(
    leaks: bool, tmp_path: Path
) -> None:
    """Ann and bob have a deal: an object each, with the same number and code. What bob is shown for
    the number is his own."""
    ids = [*NAMES.values()]
    rows = [
        {"id": f"d-{id}-1", "by": id, "number": "no-81c4", "code": "k7deal55c90aa31f"}
        for id in ids[:2]
    ]
    rows += [
        {"id": f"d-{id}-2", "by": id, "number": f"no-{id}", "code": f"k7{id}open9f31"} for id in ids
    ]

    def mine(who: str) -> Any:
        return [each for each in rows if each["by"] == NAMES[who]] if who else 401

    def one(who: str, number: str) -> Any:
        found = [each for each in rows if each["number"] == number]
        own = next((each for each in found if who and each["by"] == NAMES[who]), None)
        shows = leaks and len(found) == 2
        return own or ({"code": found[0]["code"]} if shows else {} if found else 404)

    run = told(
        tmp_path,
        schema("Deal", id="string", by="string", number="string", code="string"),
        path("/deals", "listDeals", "Deal", many=True) + path("/deals/{number}", "getDeal", "Deal"),
        SIDES,
        Api({"/deals": mine, "/deals/([^/]+)": one}),
    )
    found = {"leak"} if leaks else {"closed"}
    assert run.results("Deal.code", "member", "/deals/{number}") == found
    assert not run.proven
    told_of = {each.field for each in run.report.findings}
    assert told_of == ({"code"} if leaks else set())

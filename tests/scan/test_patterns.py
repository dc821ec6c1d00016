"""Maps whose members the contract names one by one: what is closed of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, told

SHAPE = """\
    Person:
      type: object
      properties:
        id: {type: string}
        labels: {type: object, additionalProperties: {type: array, items: {type: string}}}
"""
POLICY = """\
  Person:
    key: id
    owner: id
    fields:
      id: [{see: [member]}]
      labels.phone: [{see: [owner]}]
operations:
  getPerson: {params: {id: Me.id}}
"""


def people(folder: Path, own: tuple[str, ...], others: tuple[str, ...]) -> Told:
    """An API that shows owners these of their labels, and these to others."""

    def person(who: str, id: str) -> Any:
        if not who or id not in NAMES.values():
            return 404
        names = own if NAMES[who] == id else others
        return {"id": id, "labels": {name: [f"{name} of {id}"] for name in names}}

    api = Api({"/people/([^/]+)": person})
    return told(folder, SHAPE, path("/people/{id}", "getPerson", "Person"), POLICY, api)


@pytest.mark.parametrize("others", [(), ("phone",)])
def test_members_that_no_line_names_are_closed_only_where_an_owner_was_shown_one(
    tmp_path: Path, others: tuple[str, ...]
) -> None:
    run = people(tmp_path, ("phone",), others)
    assert run.results("Person.labels.*.*", "member") == {"untested"}
    leaks = {("Person.labels.phone.*", "member")} if others else set()
    assert run.proven == leaks
    assert (run.code is ExitCode.FINDINGS) is bool(others)


def test_a_member_that_no_line_names_closes_or_leaks_in_the_place_of_all_such(
    tmp_path: Path,
) -> None:
    closed = people(tmp_path, ("phone", "town"), ())
    assert closed.results("Person.labels.*.*", "member") == {"closed"}
    leaking = people(tmp_path, ("phone", "town"), ("town",))
    assert ("Person.labels.*.*", "member") in leaking.proven

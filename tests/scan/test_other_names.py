"""A path parameter that takes one of two names: an API may check the caller for one only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Answer, Api, Told, path, schema, told

POLICY = """\
  Person:
    key: id
    owner: id
    fields: {"id, username": [{see: [member]}], phone: [{see: [owner]}]}
operations:
  getPerson: {params: {%s: Person.id}}
"""
SHAPE = schema("Person", id="string", username="string", phone="string")
PEOPLE = {
    id: {"id": id, "username": f"{name}-of-the-hive", "phone": f"+49 170 33445{n}1"}
    for n, (name, id) in enumerate(NAMES.items())
}


def one(*, leaks: bool, takes: bool = True) -> Answer:
    def answer(who: str, name: str) -> Any:
        if not who:
            return 401
        by_name = [each for each in PEOPLE.values() if takes and each["username"] == name]
        row = PEOPLE.get(name) or next(iter(by_name), None)
        if row is None:
            return 404
        own = row["id"] == NAMES[who] or (leaks and by_name)
        return row if own else {"id": row["id"], "username": row["username"]}

    return answer


def scan(folder: Path, answer: Answer, parameter: str = "idOrName", summary: str = "") -> Told:
    def everybody(who: str) -> Any:
        return [{"id": e["id"], "username": e["username"]} for e in PEOPLE.values()] if who else 401

    found = path(f"/people/{{{parameter}}}", "getPerson", "Person")
    found = found.replace("    get:\n", f"    get:\n      summary: {summary!r}\n")
    paths = path("/people", "listPeople", "Person", many=True) + found
    api = Api({"/people": everybody, "/people/([^/]+)": answer})
    return told(folder, SHAPE, paths, POLICY % parameter, api)


WAYS = [
    ("idOrName", ""), ("id_or_username", ""), ("person", "By id or by username"),
    ("person", "One person, by `username` or `id`"),
]  # fmt: skip


@pytest.mark.parametrize(("parameter", "summary"), WAYS)
@pytest.mark.parametrize("leaks", [True, False])
def test_an_object_is_asked_for_by_both_names(
    tmp_path: Path, parameter: str, summary: str, leaks: bool
) -> None:
    run = scan(tmp_path, one(leaks=leaks), parameter, summary)
    assert run.proven == ({("Person.phone", "member")} if leaks else set())
    assert run.code is (ExitCode.FINDINGS if leaks else ExitCode.CLEAN)
    assert not any("was not requested by" in each for each in run.report.notes)
    if leaks:
        endpoints = run.finding("Person.phone", "member").endpoints
        assert [each.path for each in endpoints] == [f"/people/{{{parameter}}} by username"]


@pytest.mark.parametrize(
    ("parameter", "summary", "said"),
    [
        ("idOrName", "", True), ("idOrNick", "", True), ("id", "Young or old people", False),
        ("id", "By id or not at all", False), ("id", "", False),
    ],
)  # fmt: skip
def test_a_name_that_nothing_answers_to_is_told(
    tmp_path: Path, parameter: str, summary: str, said: bool
) -> None:
    run = scan(tmp_path, one(leaks=True, takes=False), parameter, summary)
    assert run.report.findings == () and run.code is ExitCode.CLEAN
    assert any("was not requested by" in each for each in run.report.notes) == said

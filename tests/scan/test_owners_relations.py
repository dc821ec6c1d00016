"""A relation that an object's member names, and that the API shows the object's owner alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from oakum.finding import Result
from tests.scan.verdicts import NAMES, RELATIONS, Api, Told, path, schema, told

pytestmark = pytest.mark.server
FANS = {"ann": ["bob"], "bob": ["ann", "cat"], "cat": []}
CITIES = {"ann": "Harborough 5512", "bob": "Millbrook 8123", "cat": "Eastwick 3370"}
POLICY = """\
  Person:
    key: id
    owner: id
    main: getPerson
    fields:
      id: [{see: [member]}]
      city: [{see: [owner, fan]}]
      mail: [{see: [owner]}]
      fan_ids: [{see: [owner]}]
operations:
  getPerson: {params: {id: Person.id}}
"""
SCHEMA = schema("Person", id="string", city="string", mail="string").replace(
    "mail:", "fan_ids: {type: array, items: {type: string}}, mail:"
)


PATHS = {
    "items": path("/people/{id}", "getPerson", "Person"),
    "a list": path("/people/{id}", "getPerson", "Person")
    + path("/people", "listPeople", "Person", many=True),
}


def scan(
    folder: Path, *, leaks: str = "", instead: Any = None, owners: Any = ..., paths: str = "items",
    fan: str = "fan: {field: fan_ids}", shape: str = SCHEMA,
) -> Told:  # fmt: skip
    """People whose city their fans see, and whose fans only they see. `leaks`: a field that all are
    shown; `instead`: what others are shown of the fans; `owners`: what their owner is."""

    def view(who: str, name: str) -> dict[str, Any]:
        row: dict[str, Any] = {"id": NAMES[name]}
        named = who in FANS[name]
        if who == name or named is not ("barred" in fan) or leaks == "city":
            row["city"] = CITIES[name]
        if who == name or leaks == "mail":
            row["mail"] = f"{name}.{NAMES[name]}@mail.example"
        fans = [NAMES[each] for each in FANS[name]] if owners is ... else owners
        shown = fans if who == name else instead
        return row if shown is None else {**row, "fan_ids": shown}

    def one(who: str, id: str) -> Any:
        name = next((name for name, each in NAMES.items() if each == id), "")
        return 401 if not who else view(who, name) if name else 404

    def everybody(who: str) -> Any:
        return [view(who, name) for name in NAMES] if who else 401

    return told(
        folder, shape, PATHS[paths], POLICY, Api({"/people/([^/]+)": one, "/people": everybody}),
        relations=RELATIONS.replace("owner: {is: owner}", f"owner: {{is: owner}}, {fan}"),
    )  # fmt: skip


HIDES = pytest.mark.parametrize(
    ("instead", "paths"), [(None, "items"), ([], "items"), (None, "a list"), ([], "a list")]
)


@HIDES
def test_whom_an_owners_own_answer_names_is_shown_what_they_may_see(
    tmp_path: Path, instead: Any, paths: str
) -> None:
    run = scan(tmp_path, instead=instead, paths=paths)
    assert run.report.findings == () and run.report.distrust == ()
    assert run.code is ExitCode.CLEAN
    assert run.results("Person.city", "fan") == {"open"}
    assert run.results("Person.city", "member") == {"closed"}


@HIDES
def test_whom_an_owners_own_answer_does_not_name_is_shown_a_leak(
    tmp_path: Path, instead: Any, paths: str
) -> None:
    run = scan(tmp_path, instead=instead, leaks="city", paths=paths)
    assert run.proven == {("Person.city", "member")} and run.named("suspected") == set()
    assert run.results("Person.city", "fan") == {"open"}


BARRED = "barred: {field: fan_ids}, fan: {authenticated: true, unless: [barred]}"


@pytest.mark.parametrize("leaks", ["", "city"])
def test_whom_an_owners_own_answer_bars_is_shown_a_leak_and_others_are_not(
    tmp_path: Path, leaks: str
) -> None:
    run = scan(tmp_path, fan=BARRED, leaks=leaks)
    assert run.proven == ({("Person.city", "barred")} if leaks else set())
    assert run.named("suspected") == set()
    assert run.code is (ExitCode.FINDINGS if leaks else ExitCode.CLEAN)


SINGLE = SCHEMA.replace("{type: array, items: {type: string}}", "{type: string}")
UNSAID = pytest.mark.parametrize(
    ("owners", "shape"),
    [(None, SCHEMA), (";".join(NAMES.values()), SINGLE)],
    ids=["unsaid", "in one text"],
)


@UNSAID
@pytest.mark.parametrize("paths", PATHS)
def test_where_no_answer_tells_whom_an_object_names_the_cell_is_untested(
    tmp_path: Path, owners: Any, shape: str, paths: str
) -> None:
    why = "an account of nobody's fan is all there is"
    fan = f"fan: {{field: fan_ids, untested: {why}}}"
    run = scan(tmp_path, owners=owners, shape=shape, fan=fan, paths=paths)
    assert run.report.findings == () and run.report.distrust == ()
    assert run.code is ExitCode.CLEAN
    assert run.results("Person.city", "member") == {"untested"}
    reasons = {
        each.reason for each in run.report.cells
        if (each.resource, each.field, each.viewer) == ("Person", "city", "member")
    }  # fmt: skip
    assert all("`fan_ids`" in reason and "`fan`" in reason for reason in reasons)


@UNSAID
@pytest.mark.parametrize("leaks", ["city", "mail"])
def test_only_what_no_relation_shows_leaks_where_no_answer_tells_whom_an_object_names(
    tmp_path: Path, owners: Any, shape: str, leaks: str
) -> None:
    run = scan(tmp_path, owners=owners, shape=shape, leaks=leaks)
    assert {name for name, _ in run.proven} == ({"Person.mail"} if leaks == "mail" else set())
    assert run.named("suspected") == set()
    assert "closed" not in run.results("Person.city", "member")


def test_what_a_fan_is_shown_closes_nothing_for_whoever_is_none(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks="city", owners=[*NAMES.values()])  # all are fans of all
    cells = {(c.field, c.viewer): c.result for c in run.report.cells}
    assert cells["city", "member"] is not Result.CLOSED
    assert cells["mail", "member"] is Result.CLOSED

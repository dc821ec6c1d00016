"""Lists that a caller orders by a field that they may not see."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

SALARIES = {"ann": 5100, "bob": 3300, "cat": 7200}
ROWS: list[dict[str, Any]] = [
    {"id": id, "name": f"{who} of the quay", "salary": SALARIES[who]} for who, id in NAMES.items()
]
OTHERS = [
    {"id": "u-9901", "name": "Dan", "salary": 6100},
    {"id": "u-9902", "name": "Eve", "salary": 20},
]
SHAPES = schema("Person", id="string", name="string", salary="integer")
POLICY = """\
  Person:
    key: id
    owner: id
    fields: {"id, name": [{see: [member]}], salary: [{see: [owner]}]}
operations:
  list: {call: [member]}
"""


def scan(
    folder: Path, kind: str, sorts: Any, rows: Sequence[dict[str, Any]] = (*ROWS, *OTHERS)
) -> Told:
    """`sorts`: (rows, value of the parameter) → rows, or a status."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path != "/people":
            return Reply(404, {"error": "no"})
        asked = call.query.get("sort")
        found = sorts([*rows], asked) if asked is not None else [*rows]
        if isinstance(found, int):
            return Reply(found, {"error": "sort"})
        own = NAMES[who]
        shown = [e if e["id"] == own else {"id": e["id"], "name": e["name"]} for e in found]
        return Reply(200, shown)

    paths = path("/people", "list", "Person", many=True).replace(
        "parameters: []", f"parameters: [{{name: sort, in: query, schema: {kind}}}]"
    )
    return told(folder, SHAPES, paths, POLICY, api)


def by_any(rows: list[dict[str, Any]], asked: str) -> Any:
    name = asked.removeprefix("-")
    if name not in rows[0]:
        return 400
    return sorted(rows, key=lambda each: str(each[name]), reverse=asked != name)


def lenient(rows: list[dict[str, Any]], asked: str) -> Any:
    return rows if by_any(rows, asked) == 400 else by_any(rows, asked)


def by_name(rows: list[dict[str, Any]], asked: str) -> Any:
    """An API that knows what may be seen, and refuses anything else."""
    return by_any(rows, asked) if asked.strip("-") in ("id", "name") else 400


def ignored(rows: list[dict[str, Any]], asked: str) -> Any:
    return by_any(rows, asked) if asked.strip("-") in ("id", "name") else rows


def fallen_back(rows: list[dict[str, Any]], asked: str) -> Any:
    """What may not be ordered by comes by name, whatever it is."""
    return by_any(rows, asked if asked.strip("-") in ("id", "name") else "name")


ANY, LISTED = "{type: string}", "{type: string, enum: [name, salary]}"
BOTH = "{type: string, enum: [name, salary, -salary]}"


@pytest.mark.parametrize("kind", [ANY, LISTED, BOTH])
@pytest.mark.parametrize("sorts", [by_any, lenient])
def test_an_order_by_a_hidden_field_is_suspected(kind: str, sorts: Any, tmp_path: Path) -> None:
    run = scan(tmp_path, kind, sorts)
    assert run.named("suspected") == {("Person.salary", "member")} and not run.proven
    assert run.finding("Person.salary", "member").rule == "inference-leak"
    assert run.code is ExitCode.FINDINGS


@pytest.mark.parametrize("kind", [ANY, BOTH])
@pytest.mark.parametrize("sorts", [by_name, ignored, fallen_back])
def test_an_order_by_what_may_be_seen_is_none(kind: str, sorts: Any, tmp_path: Path) -> None:
    run = scan(tmp_path, kind, sorts)
    assert not run.report.findings
    assert run.code is ExitCode.CLEAN, run.report.distrust


def test_an_order_that_the_document_offers_is_untested_where_nothing_tells(tmp_path: Path) -> None:
    """The usual order is that of the field."""
    rows = sorted(ROWS, key=lambda each: each["salary"])
    run = scan(tmp_path, LISTED, lambda found, _: found, rows)
    assert not run.report.findings and run.code is ExitCode.NOT_TRUSTWORTHY
    assert any("an order by `Person.salary`" in each for each in run.report.distrust)

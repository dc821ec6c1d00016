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
SHAPES = schema("Person", id="string", name="string", salary="integer", open="boolean")
POLICY = """\
  Person:
    key: id
    owner: id
    fields: {"id, name": [{see: [member]}], salary: [{see: [owner]}]}
operations:
  list: {call: [member]}
"""


def scan(
    folder: Path, kind: str, sorts: Any, rows: Sequence[dict[str, Any]] = (*ROWS, *OTHERS),
    field: str = "salary", policy: str = POLICY, absent: bool = False,
) -> Told:  # fmt: skip
    """`sorts`: (rows, value of the parameter) → rows, or a status; `field`: what is hidden;
    `absent`: who is not open is shown to nobody else."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path != "/people":
            return Reply(404, {"error": "no"})
        asked = call.query.get("sort")
        found = sorts([*rows], asked) if asked is not None else [*rows]
        if isinstance(found, int):
            return Reply(found, {"error": "sort"})
        own = NAMES[who]
        found = [e for e in found if not absent or e["open"] or e["id"] == own]
        shown = [
            e if e["id"] == own else {
                n: v for n, v in e.items() if n in ("id", "name") or (e.get("open") and n == field)
            }
            for e in found
        ]  # fmt: skip
        return Reply(200, shown)

    paths = path("/people", "list", "Person", many=True).replace(
        "parameters: []", f"parameters: [{{name: sort, in: query, schema: {kind}}}]"
    )
    shapes = schema("Person", id="string", name="string", **{field: "string"})
    shapes = SHAPES if field == "salary" else shapes
    return told(folder, shapes, paths, policy.replace("salary", field), api)


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


@pytest.mark.parametrize("sorts", [by_any, ignored])
def test_an_order_leaves_out_the_last_word_of_a_time(sorts: Any, tmp_path: Path) -> None:
    rows = [
        {"id": each["id"], "name": each["name"], "seen_at": f"2031-05-0{n}T10:00:00Z"}
        for n, each in zip((2, 1, 3, 5, 4), (*ROWS, *OTHERS), strict=True)
    ]

    def sort(found: list[dict[str, Any]], asked: str) -> Any:
        return sorts(found, asked.replace("seen", "seen_at"))

    kind = "{type: string, enum: [name, seen, -seen]}"
    run = scan(tmp_path, kind, sort, rows, field="seen_at")
    leak = {("Person.seen_at", "member")}
    assert run.named("suspected") == (leak if sorts is by_any else set()) and not run.proven


STATED = """\
  Person:
    key: id
    owner: id
    states: {open: {field: open, open: true, missing: false}}
    fields:
      id, name: [{see: [member]}]
      open: [{see: [owner]}]
      salary:
        - see: [owner]
        - {see: [member], when: {open: true}}
operations:
  list: {call: [member]}
"""


@pytest.mark.parametrize(("pay", "told"), [(6100, True), (9900, False)])
def test_hidden_values_at_the_end_may_have_been_put_there(
    pay: int, told: bool, tmp_path: Path
) -> None:
    """Ann is open and bob is not: if bob has the most, nothing tells why he comes last."""
    rows = [{**row, "open": row["id"] != NAMES["bob"]} for row in ROWS]
    rows[1]["salary"] = pay
    rows = [rows[1], rows[0], rows[2]]

    def sort(found: list[dict[str, Any]], asked: str) -> Any:
        return sorted(found, key=lambda row: row["salary"]) if asked == "salary" else 400

    run = scan(tmp_path, LISTED, sort, rows, policy=STATED)
    found = {field for field, viewer in run.named("suspected") if viewer == "member"}
    assert ("Person.salary" in found) is told


def test_a_list_without_those_who_hide_a_field_tells_nothing_of_it(tmp_path: Path) -> None:
    rows = [{**row, "open": row["id"] != NAMES["bob"]} for row in ROWS]
    run = scan(tmp_path, BOTH, by_any, rows, policy=STATED, absent=True)
    assert not run.report.findings
    assert not any("an order by" in each for each in run.report.distrust)


def test_an_order_that_the_document_offers_is_untested_where_nothing_tells(tmp_path: Path) -> None:
    """The usual order is that of the field."""
    rows = sorted(ROWS, key=lambda each: each["salary"])
    run = scan(tmp_path, LISTED, lambda found, _: found, rows)
    assert not run.report.findings and run.code is ExitCode.NOT_TRUSTWORTHY
    assert any("an order by `Person.salary`" in each for each in run.report.distrust)

"""A filter by a field of few values, such as a status, that no `enum` lists: one of them opens the
list to everybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

VISITS: list[dict[str, Any]] = [
    {
        "id": f"visit-{id}-{status}",
        "owner_id": id,
        "status": status,
        "reason": f"pain {id} {status}",
    }
    for id in NAMES.values()
    for status in ("booked", "done", "missed")
]
POLICY = """\
  Visit: {key: id, owner: owner_id, fields: {'id, owner_id, status, reason': [{see: [owner]}]}}
"""


def scan(folder: Path, opens: str, asked: list[str], parameter: str = "status") -> Told:
    """`opens`: the value with which everybody's visits come. `asked`: receives those of bob."""

    def api(who: str, call: Call) -> Reply:
        wanted = call.query.get(parameter)
        asked.extend([wanted] if wanted and who == "bob" else [])
        rows = [v for v in VISITS if v["owner_id"] == NAMES[who] or opens == wanted]
        return Reply(
            200, [v for v in rows if parameter != "status" or wanted in (None, v[parameter])]
        )

    paths = path("/visits", "listVisits", "Visit", many=True).replace(
        "parameters: []",
        f"parameters: [{{name: {parameter}, in: query, schema: {{type: string}}}}]",
    )
    shapes = schema("Visit", id="string", owner_id="string", status="string", reason="string")
    return told(folder, shapes, paths, POLICY, logged_in(api))


@pytest.mark.parametrize("opens", ["booked", "done", "missed"])
def test_each_of_them_is_asked(opens: str, tmp_path: Path) -> None:
    run = scan(tmp_path, opens, [])
    assert ("Visit.reason", "member") in run.proven


def test_a_list_that_is_filtered_and_stays_ones_own_is_clean(tmp_path: Path) -> None:
    asked: list[str] = []
    run = scan(tmp_path, "", asked)
    assert (run.report.findings, run.code) == ((), ExitCode.CLEAN)
    assert {"booked", "done", "missed"} <= {*asked}


def test_what_each_object_has_of_its_own_is_not_asked_so(tmp_path: Path) -> None:
    asked: list[str] = []
    scan(tmp_path, "", asked, "reason")
    assert len({each for each in asked if each.startswith("u-")}) < len(VISITS) / 3

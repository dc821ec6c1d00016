"""A line of `params:` for an optional parameter adds requests: none without it drops out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

TASKS = [
    {"id": f"t-{who}-{n}-81f", "owner_id": id, "title": f"{who} plans errand {n} of 7{id[-1]}{n}"}
    for who, id in NAMES.items()
    for n in range(3)
]
SHAPE = schema("Task", id="string", owner_id="string", title="string") + schema(
    "Tasks", tasks="array", next_cursor="string"
).replace(
    "tasks: {type: array}", 'tasks: {type: array, items: {$ref: "#/components/schemas/Task"}}'
)
TASK = """\
  Task:
    key: id
    owner: owner_id
    fields: {"id, owner_id, title": [{see: [owner]}]}
operations:
  tasks: {params: {assignee: Me.id}}
"""


def scan(folder: Path, which: str, required: str = "false", **options: Any) -> Told:
    """`GET /tasks` shows the caller's own, two at a time; `which` requests show everybody's."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        asked, start = call.query.get("assignee", ""), int(call.query.get("cursor") or 0)
        if which == "needs a filter" and not asked:
            return Reply(400, {"error": "whose?"})
        wide = (which == "plain" and not asked) or (which == "second page" and start)
        rows = [e for e in TASKS if wide or (e["owner_id"] == NAMES[who])]
        rows = [
            e for e in rows if (which == "second page" and start) or asked in ("", e["owner_id"])
        ]
        more = {"next_cursor": str(start + 2)} if len(rows) > start + 2 else {}
        return Reply(200, {"tasks": rows[start : start + 2], **more})

    parameters = (
        f"{{name: assignee, in: query, required: {required}, schema: {{type: string}}}},"
        " {name: cursor, in: query, schema: {type: string}}"
    )
    paths = path("/tasks", "tasks", "Tasks").replace(
        "parameters: []", f"parameters: [{parameters}]"
    )
    return told(folder, SHAPE, paths, TASK, api, **options)


@pytest.mark.parametrize(
    ("which", "required"),
    [("plain", "false"), ("second page", "false"), ("second page", "true")],
)
def test_a_filter_hides_no_list(which: str, required: str, tmp_path: Path) -> None:
    run = scan(tmp_path, which, required)
    assert ("Task.title", "member") in run.proven
    assert run.code == ExitCode.FINDINGS


@pytest.mark.parametrize("which", ["", "needs a filter"])
def test_a_right_list_stays_clean_with_and_without_its_filter(which: str, tmp_path: Path) -> None:
    run = scan(tmp_path, which)
    assert not run.report.findings
    assert run.code == ExitCode.CLEAN, run.report.distrust


def test_a_list_that_was_requested_with_its_filter_alone_is_untested(tmp_path: Path) -> None:
    run = scan(tmp_path, "plain", budget=14)
    assert run.code == ExitCode.NOT_TRUSTWORTHY
    assert any("never requested without `assignee`" in each for each in run.report.distrust)

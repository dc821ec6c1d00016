"""A filter, or an order, that opens a list to everybody whatever its value is: two answers that are
alike tell nothing by their difference, and each shows what it should not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import KEYS, NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

Row = dict[str, Any]
GOALS: list[Row] = [
    {
        "id": f"g-{7 * at + n + 41}",
        "by": id,
        "title": f"goal {at * 7919 + n * 104729}",
        "progress": 10 + 3 * at + 31 * n,
        "published": n == 1,
    }
    for at, id in enumerate(NAMES.values())
    for n in (1, 2)
]
SHAPES = schema(
    "Goal", id="string", by="string", title="string", progress="integer", published="boolean"
)
POLICY = """\
  Goal:
    key: id
    owner: by
    states: {published: {field: published, open: true}}
    fields:
      id, by, title, progress, published: [{see: [owner]}, {see: [member], when: {published: true}}]
"""


def scan(folder: Path, parameter: str, *, leaks: bool) -> Told:
    @logged_in
    def api(who: str, call: Call) -> Reply:
        if call.path != "/goals":
            return Reply(404, {"error": "no such path"})
        every = leaks and parameter in call.query
        shown = [each for each in GOALS if every or each["published"] or each["by"] == NAMES[who]]
        return Reply(200, shown)

    kind = "string" if parameter == "sort" else "integer"
    paths = path("/goals", "listGoals", "Goal", many=True).replace(
        "parameters: []",
        f"parameters: [{{name: {parameter}, in: query, schema: {{type: {kind}}}}}]",
    )
    return told(folder, SHAPES, paths, POLICY, api)


@pytest.mark.parametrize("parameter", ["min_progress", "sort"])
def test_what_both_answers_show_is_a_leak_though_they_are_alike(
    parameter: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, parameter, leaks=True)
    fields = {"id", "by", "title", "progress"}
    assert run.proven == {(f"Goal.{name}", "member") for name in fields}
    assert run.code is ExitCode.FINDINGS


@pytest.mark.parametrize("parameter", ["min_progress", "sort"])
def test_a_filter_that_opens_nothing_is_accused_of_nothing(parameter: str, tmp_path: Path) -> None:
    run = scan(tmp_path, parameter, leaks=False)
    assert not run.report.findings


@pytest.mark.parametrize("leaks", [True, False])
def test_a_list_without_a_login_is_judged_in_every_order(leaks: bool, tmp_path: Path) -> None:
    def api(call: Call) -> Reply:
        who = NAMES.get(KEYS.get(call.headers.get("x-key", ""), ""), "")
        if call.path == "/me":
            return Reply(200, {"id": who}) if who else Reply(401, {"error": "log in"})
        if call.path != "/goals":
            return Reply(404, {"error": "no such path"})
        every = leaks and "sort" in call.query
        shown = [each for each in GOALS if every or each["published"] or each["by"] == who]
        return Reply(200, shown)

    paths = path("/goals", "listGoals", "Goal", many=True).replace(
        "parameters: []",
        "parameters: [{name: sort, in: query, schema: {type: string}}]\n      security: []",
    )
    run = told(tmp_path, SHAPES, paths, POLICY.replace("[member]", "[anyone]"), api)
    viewers = {viewer for name, viewer in run.proven if name == "Goal.title"}
    assert viewers == ({"anyone", "member"} if leaks else set())
    assert run.code is (ExitCode.FINDINGS if leaks else ExitCode.CLEAN)

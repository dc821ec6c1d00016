"""A list whose path needs an id out of another list that needs one too: each is read, in any order
of the document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Firm:
    key: id
    owner: none
    fields:
      id: [{see: [member]}]
  Project:
    key: id
    owner: none
    fields:
      id, firm_id: [{see: [member]}]
  Task:
    key: id
    owner: by
    fields:
      id, project_id, by, title: [{see: [owner]}]
operations:
  listProjects: {params: {firm: Firm.id}}
  listTasks: {params: {id: Project.id}}
  getTask: {params: {id: Task.id}}
"""
SCHEMAS = (
    schema("Firm", id="string")
    + schema("Project", id="string", firm_id="string")
    + schema("Task", id="string", project_id="string", by="string", title="string")
)
TASKS = {
    f"t-{8123 + 7 * at}": {"id": f"t-{8123 + 7 * at}", "project_id": "p-311", "by": id,
                           "title": f"lamp of {name}"}
    for at, (name, id) in enumerate(NAMES.items())
}  # fmt: skip


def scan(folder: Path, leaks: bool) -> Told:
    def tasks(who: str, id: str) -> Any:
        mine = [each for each in TASKS.values() if each["by"] == NAMES.get(who)]
        return (mine if id == "p-311" else 404) if who else 401

    def task(who: str, id: str) -> Any:
        found = TASKS.get(id)
        may = found is not None and (leaks or found["by"] == NAMES.get(who))
        return (found if may else 404) if who else 401

    paths = (
        path("/a/tasks/{id}", "getTask", "Task")
        + path("/b/projects/{id}/tasks", "listTasks", "Task", many=True)
        + path("/c/firms/{firm}/projects", "listProjects", "Project", many=True)
        + path("/d/firms", "listFirms", "Firm", many=True)
    )
    api = Api(
        {
            "/a/tasks/([^/]+)": task,
            "/b/projects/([^/]+)/tasks": tasks,
            "/c/firms/([^/]+)/projects": lambda who, firm: (
                [{"id": "p-311", "firm_id": firm}] if who else 401
            ),
            "/d/firms": lambda who: [{"id": "north"}] if who else 401,
        }
    )
    return told(folder, SCHEMAS, paths, POLICY, api)


def test_each_list_is_read_once_its_ids_are_known(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks=False)
    assert (run.report.findings, run.report.distrust, run.code) == ((), (), ExitCode.CLEAN)
    assert run.results("Task.title", "member", "/a/tasks/{id}") == {"closed"}
    assert run.results("Task.title", "owner", "/b/projects/{id}/tasks") == {"open"}


def test_a_leak_at_the_end_of_the_chain_is_found(tmp_path: Path) -> None:
    assert ("Task.title", "member") in scan(tmp_path, leaks=True).proven

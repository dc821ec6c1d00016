"""What a role in a tenant may set, its holder may set in their own object, too."""

from __future__ import annotations

import copy
import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.test_things_of_tenants import FIRMS, RELATIONS
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

POLICY = """\
  Firm:
    key: id
    owner: none
    fields:
      id: [{see: [member]}]
  Task:
    key: id
    owner: by
    fields:
      id, firm_id, by: [{see: [owner, colleague]}]
      title: [{see: [owner, colleague], set: [owner, lead]}]
      remark: [{see: [owner, colleague], set: [lead]}]
operations:
  listMembers: {call: [member], params: {firm: Firm.id}}
  listTasks: {params: {firm: Firm.id}}
  addTask: {params: {firm: Firm.id}, call: [colleague], sets: {Task: ""}}
  getTask: {params: {id: Task.id}}
  editTask: {params: {id: Task.id}, call: [owner, lead], sets: {Task: ""}}
  dropTask: {params: {id: Task.id}, call: [owner, lead]}
"""
TEXT = "{type: string}"
BODY = """requestBody:
        required: true
        content: {application/json: {schema: {type: object, REQUIRED properties: {
          title: {type: string}, remark: {type: string}}}}}
"""
TASK = 'content: {application/json: {schema: {$ref: "#/components/schemas/Task"}}}'
ADD = f"""\
    post:
      operationId: addTask
      parameters: [{{name: firm, in: path, required: true, schema: {TEXT}}}]
      {BODY.replace("REQUIRED", "required: [title],").strip()}
      responses: {{"201": {{description: made, {TASK}}}}}
"""
ID = f"parameters: [{{name: id, in: path, required: true, schema: {TEXT}}}]"
CHANGE = f"""\
    patch:
      operationId: editTask
      {ID}
      {BODY.replace("REQUIRED", "").strip()}
      responses: {{"200": {{description: ok, {TASK}}}}}
    delete: {{operationId: dropTask, {ID}, responses: {{"204": {{description: gone}}}}}}
"""


class Tasks:
    """`anybody`: a remark is set by whoever has made the task, whatever their role."""

    def __init__(self, anybody: bool) -> None:
        self.anybody = anybody
        self.count = itertools.count(800)
        self.tasks: dict[str, dict[str, Any]] = {}
        for firm, roles in FIRMS.items():
            for who in roles:
                self.add(
                    NAMES[who], firm, {"title": f"lamps of {who}", "remark": f"ask {who} first"}
                )

    def add(self, by: str, firm: str, said: dict[str, Any]) -> dict[str, Any]:
        id = f"task-{next(self.count)}-x"
        row = {"id": id, "firm_id": firm, "by": by}
        self.tasks[id] = {**row, "title": said.get("title"), "remark": said.get("remark", "")}
        return self.tasks[id]

    def state(self) -> Any:
        return copy.deepcopy(self.tasks)

    def __call__(self, name: str, call: Call) -> Reply:
        me, (first, *rest) = NAMES[name], call.path.strip("/").split("/")
        if first == "tasks":
            return self.one(name, self.tasks.get(rest[0]), call)
        mine = [{"id": firm} for firm, roles in FIRMS.items() if name in roles]
        if not rest:
            return Reply(200, mine)
        if {"id": rest[0]} not in mine:
            return Reply(404, {"error": "no such firm"})
        if rest[1] == "members":
            roles = FIRMS[rest[0]].items()
            return Reply(200, [{"user_id": NAMES[who], "role": role} for who, role in roles])
        if call.method == "POST":
            said = self.let(name, rest[0], call.json)
            return Reply(201, self.add(me, rest[0], said))
        return Reply(200, [t for t in self.tasks.values() if t["firm_id"] == rest[0]])

    def let(self, name: str, firm: str, said: dict[str, Any]) -> dict[str, Any]:
        lead = FIRMS[firm].get(name) == "lead" or self.anybody
        return {at: v for at, v in said.items() if at == "title" or lead}

    def one(self, name: str, task: dict[str, Any] | None, call: Call) -> Reply:
        if task is None or name not in FIRMS[task["firm_id"]]:
            return Reply(404, {"error": "no such task"})
        if call.method != "GET":
            lead = FIRMS[task["firm_id"]][name] == "lead"
            if task["by"] != NAMES[name] and not lead:
                return Reply(403, {"error": "not yours"})
            if call.method == "DELETE":
                return Reply(204, self.tasks.pop(task["id"]) and None)
            task.update(self.let(name, task["firm_id"], call.json))
        return Reply(200, task)


def scan(folder: Path, api: Tasks, order: str) -> Told:
    shapes = (
        schema("Firm", id="string")
        + schema("Member", user_id="string", role="string")
        + schema(
            "Task", id="string", firm_id="string", by="string", title="string", remark="string"
        )
    )
    paths = (
        path("/firms", "listFirms", "Firm", many=True)
        + path("/firms/{firm}/members", "listMembers", "Member", many=True)
        + path("/firms/{firm}/tasks", "listTasks", "Task", many=True)
        + ADD
        + path("/tasks/{id}", "getTask", "Task")
        + CHANGE
    )
    identities = "identities:\n" + "".join(
        f'  {name}: {{send: "X-Key: $k", k: key-of-{name}-778}}\n' for name in order.split()
    )
    return told(
        folder, shapes, paths, POLICY, logged_in(api), relations=RELATIONS, identities=identities,
        allow_writes=True,
    )  # fmt: skip


@pytest.mark.parametrize("order", ["ann bob cat", "bob ann cat", "cat bob ann"])
def test_what_a_role_may_set_is_no_finding(order: str, tmp_path: Path) -> None:
    api = Tasks(anybody=False)
    before = api.state()
    run = scan(tmp_path, api, order)
    assert (run.report.findings, api.state()) == ((), before)


def test_whoever_lacks_the_role_and_sets_it_all_the_same_is_found(tmp_path: Path) -> None:
    """Bob is a clerk."""
    api = Tasks(anybody=True)
    before = api.state()
    run = scan(tmp_path, api, "bob ann cat")
    found = {(f.rule, f.resource, f.field) for f in run.report.findings}
    assert found == {("mass-assignment", "Task", "remark")} and api.state() == before

"""Members that set something off: written only in objects that the run has made."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, schema, told

pytestmark = pytest.mark.server

SHAPES = schema("Hook", id="string", account_id="string", url="string", events="string") + schema(
    "HookIn", url="string", events="string"
)
HOOK = 'content: {application/json: {schema: {$ref: "#/components/schemas/Hook"}}}'
IN = 'requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/HookIn"}}}}'
ONE = '{$ref: "#/components/schemas/Hook"}'
PATHS = f"""\
  /hooks:
    get:
      operationId: listHooks
      responses:
        "200": {{description: ok, content: {{application/json: {{schema: {{type: array, items: {ONE}}}}}}}}}
    post: {{operationId: createHook, {IN}, responses: {{"201": {{description: ok, {HOOK}}}}}}}
  /hooks/{{id}}:
    parameters: [{{name: id, in: path, required: true, schema: {{type: string}}}}]
    get: {{operationId: getHook, responses: {{"200": {{description: ok, {HOOK}}}}}}}
    patch: {{operationId: patchHook, {IN}, responses: {{"200": {{description: ok, {HOOK}}}}}}}
    delete: {{operationId: deleteHook, responses: {{"204": {{description: gone}}}}}}
"""  # noqa: E501
POLICY = """\
  Hook:
    key: id
    owner: account_id
    main: getHook
    fields:
      id, account_id: [{see: [owner]}]
      url, events: [{see: [owner], set: [owner]}]
operations:
  getHook: {params: {id: Hook.id}}
  patchHook: {params: {id: Hook.id}, sets: {Hook: ""}}
  deleteHook: {params: {id: Hook.id}, call: [owner]}
  createHook: {sets: {Hook: ""}, call: [member]}
"""


def scan(
    folder: Path, *, leaks: bool, mute: int = 0, counts: bool = False
) -> tuple[Told, set[str]]:
    """What a scan says, and which hooks were changed. `leaks`: a hook is changed for anybody;
    `mute`: how many reads after a write fail; `counts`: events are counted at each read."""
    reads, fails = count(), [0]
    hooks = {
        f"wh-{n}77": {
            "id": f"wh-{n}77", "account_id": id, "url": f"https://{who}.test/in", "events": "paid",
        }
        for n, (who, id) in enumerate(NAMES.items())
    }  # fmt: skip
    number, changed = count(4), set[str]()

    @logged_in
    def api(who: str, call: Call) -> Reply:
        mine = {key: each for key, each in hooks.items() if each["account_id"] == NAMES[who]}
        key = call.path.removeprefix("/hooks").strip("/")
        if call.method == "POST":
            made = {
                "id": f"wh-{next(number)}77",
                "events": "",
                **call.json,
                "account_id": NAMES[who],
            }
            hooks[made["id"]] = made
            return Reply(201, made)
        if call.method == "GET" and fails[0]:
            fails[0] -= 1
            return Reply(503, {"error": "busy"})
        if counts:
            for each in hooks.values():
                each |= {
                    name: f"{each[name].partition('?')[0]}?{next(reads)}"
                    for name in ("url", "events")
                }
        if not key:
            return Reply(200, list(mine.values()))
        if key not in mine and not (leaks and call.method == "PATCH" and key in hooks):
            return Reply(404, {"error": "no such hook"})
        if call.method == "DELETE":
            del hooks[key]
            return Reply(204)
        if call.method == "PATCH":
            changed.add(key)
            fails[0] = mute
            hooks[key] |= {name: call.json[name] for name in ("url", "events") if name in call.json}
            return Reply(200, hooks[key] if key in mine else {})
        return Reply(200, hooks[key])

    run = told(folder, SHAPES, PATHS, POLICY, api, allow_writes=True)
    assert len(hooks) == len(NAMES)
    return run, changed


def test_what_sets_something_off_is_written_in_an_object_of_the_run(tmp_path: Path) -> None:
    run, changed = scan(tmp_path, leaks=True)
    assert {("Hook.url", "member"), ("Hook.events", "member")} <= run.proven
    assert run.code == ExitCode.FINDINGS
    assert changed.isdisjoint({"wh-077", "wh-177", "wh-277"})


def test_the_fixed_twin_is_clean(tmp_path: Path) -> None:
    run, changed = scan(tmp_path, leaks=False)
    assert run.report.findings == ()
    assert run.code == ExitCode.CLEAN, run.report.distrust
    assert changed.isdisjoint({"wh-077", "wh-177", "wh-277"})


def untried(run: Told) -> list[str]:
    assert run.report.writes is not None
    return [e.reason for e in run.report.writes.untried if e.endpoint.operation == "patchHook"]


def test_a_write_after_which_nobody_is_shown_the_object_is_named(tmp_path: Path) -> None:
    run, _ = scan(tmp_path, leaks=True, mute=3)
    why = "no response shows its owner the object afterwards"
    assert f"not tested as `member`: {why}" in untried(run)


def test_a_caller_as_whom_nothing_could_be_sent_is_named(tmp_path: Path) -> None:
    run, _ = scan(tmp_path, leaks=True, counts=True)
    why = "its owner is not shown again what would be changed, or it varies by itself"
    assert f"not tested as `member`: {why}" in untried(run)

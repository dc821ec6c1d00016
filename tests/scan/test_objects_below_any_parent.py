"""`/hooks/{hook}/sends/{id}` of an API that checks the hook and loads the send by its id alone: a
send of somebody's stays theirs, whichever hook stands in the path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

SHAPES = schema("Hook", id="string", by="string") + schema(
    "Send", id="string", payload="string", code="string"
)
PATHS = (
    path("/hooks", "hooks", "Hook", many=True)
    + path("/hooks/{hook}/sends", "sends", "Send", many=True)
    + path("/hooks/{hook}/sends/{id}", "getSend", "Send")
)
POLICY = """\
  Hook: {key: id, owner: by, fields: {"id, by": [{see: [owner]}]}}
  Send: {key: id, owner: {parent: Hook}, fields: {"id, payload, code": [{see: [owner]}]}}
operations:
  sends: {params: {hook: Hook.id}}
  getSend: {params: {hook: Hook.id, id: Send.id}}
"""
ONE = "/hooks/{hook}/sends/{id}"
HOOKS = {f"h-{id[-1]}": id for id in NAMES.values()}


def scan(folder: Path, sends: dict[str, list[dict[str, str]]], *, leaks: bool) -> Told:
    def hooks(who: str) -> Any:
        return [{"id": k, "by": v} for k, v in HOOKS.items() if v == NAMES[who]] if who else 401

    def listed(who: str, hook: str) -> Any:
        return sends[hook] if who and HOOKS.get(hook) == NAMES[who] else 404

    def one(who: str, hook: str, id: str) -> Any:
        if not who or HOOKS.get(hook) != NAMES[who]:
            return 404
        every = [*sends[hook], *(e for rows in sends.values() for e in rows if leaks)]
        return next((row for row in every if row["id"] == id), 404)

    at = "/hooks/([^/]+)/sends"
    api = Api({"/hooks": hooks, at: listed, f"{at}/([^/]+)": one})
    return told(folder, SHAPES, PATHS, POLICY, api)


def row(id: str, of: str) -> dict[str, str]:
    return {"id": id, "payload": f"payload of {of}, 55", "code": f"code-{of}-71"}


ONE_EACH = {hook: [row(f"s-{hook}", hook)] for hook in HOOKS}
COUNTED = {hook: [row("1", hook)] for hook in HOOKS}
SHARED = {hook: [row("s-all", "everybody"), row(f"s-{hook}", hook)] for hook in HOOKS}


def test_somebodys_object_below_ones_own_parent_stays_theirs(tmp_path: Path) -> None:
    run = scan(tmp_path, ONE_EACH, leaks=True)
    assert {("Send.payload", "member"), ("Send.code", "member")} <= run.proven
    assert run.code is ExitCode.FINDINGS


@pytest.mark.parametrize("sends", [ONE_EACH, COUNTED, SHARED], ids=["one", "counted", "shared"])
def test_objects_that_come_below_their_own_parent_alone_are_clean(
    sends: dict[str, list[dict[str, str]]], tmp_path: Path
) -> None:
    run = scan(tmp_path, sends, leaks=False)
    assert (run.proven, run.named("suspected"), run.code) == (set(), set(), ExitCode.CLEAN)

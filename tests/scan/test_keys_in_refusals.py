"""A refusal that carries the object that it refuses, with the key that the request named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.servers import Reply
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

READS = path("/hooks/{id}", "getHook", "Hook") + path("/hooks", "listHooks", "Hook", many=True)
POLICY = """\
  Hook:
    key: id
    owner: creator
    main: getHook
    fields: {"id, creator, url": [{see: [owner]}]}
operations:
  getHook: {params: {id: Hook.id}}
"""
HOOKS = {
    f"{at}": {"id": at, "creator": id, "url": f"https://hooks.example/of-{who}/8841"}
    for at, (who, id) in enumerate(NAMES.items(), 3)
}


def scanned(folder: Path, *, carries: bool) -> Told:
    def hook(who: str, id: str) -> object:
        found = HOOKS.get(id)
        if not who or found is None:
            return 404
        if found["creator"] == NAMES[who]:
            return found
        return Reply(
            404, {"error": "not yours", "id": found["id"], **({"of": found} if carries else {})}
        )

    def own(who: str) -> object:
        return [each for each in HOOKS.values() if each["creator"] == NAMES.get(who)] or 401

    shape = schema("Hook", id="integer", creator="string", url="string")
    return told(folder, shape, READS, POLICY, Api({r"/hooks/([^/]+)": hook, "/hooks": own}))


def test_a_key_beside_what_leaks_of_its_object_is_not_closed(tmp_path: Path) -> None:
    run = scanned(tmp_path, carries=True)
    assert ("Hook.url", "member") in run.proven
    assert "closed" not in run.results("Hook.id", "member", "/hooks/{id}")


def test_a_key_that_a_refusal_only_repeats_is_closed(tmp_path: Path) -> None:
    run = scanned(tmp_path, carries=False)
    assert run.report.findings == ()
    assert run.results("Hook.id", "member", "/hooks/{id}") == {"closed"}

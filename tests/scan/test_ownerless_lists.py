"""A list of the caller's own objects that does not say whose they are, where each of them does."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server
SCHEMAS = schema("Group", id="string", by="string", title="string")
PATHS = path("/groups", "listGroups", "Group", many=True) + path(
    "/groups/{groupId}", "getGroup", "Group"
)
POLICY = """\
  Group:
    key: id
    owner: by
    main: getGroup
    fields:
      id, by, title: [{see: [owner]}]
operations:
  getGroup: {params: {groupId: Group.id}}
"""
GROUPS = {
    f"g-{who}-{turn}-5518": {"id": f"g-{who}-{turn}-5518", "by": id, "title": f"{who} {turn} 8812"}
    for who, id in NAMES.items()
    for turn in (1, 2)
}
OTHERS = {"id": "g-zoe-6672", "by": "u-9999", "title": "of somebody real"}


def scan(folder: Path, *, leaky: bool, more: Iterable[dict[str, str]] = ()) -> tuple[Told, Api]:
    """`more`: what everybody's list contains besides their own."""

    def listed(who: str) -> Any:
        own = [each for each in GROUPS.values() if each["by"] == NAMES.get(who)]
        rows = [*more, *own]
        return [{"id": each["id"], "title": each["title"]} for each in rows] if who else 401

    def one(who: str, id: str) -> Any:
        found = {**GROUPS, **{each["id"]: each for each in more}}.get(id)
        if not who:
            return 401
        return found if found and (leaky or found["by"] == NAMES[who]) else 404

    api = Api({"/groups": listed, "/groups/([^/]+)": one})
    return told(folder, SCHEMAS, PATHS, POLICY, api), api


def test_what_only_the_caller_is_listed_is_asked_for_and_its_owner_found(tmp_path: Path) -> None:
    run, _ = scan(tmp_path, leaky=True)
    assert {("Group.title", "member"), ("Group.by", "member")} <= run.proven


def test_where_nobody_else_is_shown_them_it_is_closed(tmp_path: Path) -> None:
    run, _ = scan(tmp_path, leaky=False)
    assert run.proven == set()
    assert run.results("Group.title", "member", "/groups/{groupId}") == {"closed"}
    assert run.code is ExitCode.CLEAN


def test_what_others_are_listed_as_well_is_asked_for_by_nobody(tmp_path: Path) -> None:
    """It may be a real user's."""
    _, api = scan(tmp_path, leaky=True, more=[OTHERS])
    assert not [each for _, each in api.calls if OTHERS["id"] in each]


def test_a_list_whose_objects_nothing_gives_an_owner_is_not_said_to_be_empty(
    tmp_path: Path,
) -> None:
    def listed(who: str) -> Any:
        own = [each for each in GROUPS.values() if each["by"] == NAMES.get(who)]
        return [{"id": each["id"], "title": each["title"]} for each in own] if who else 401

    alone, policy = path("/groups", "listGroups", "Group", many=True), POLICY.split("    main")[0]
    policy += "    fields:\n      id, by, title: [{see: [owner]}]\n"
    run = told(tmp_path, SCHEMAS, alone, policy, Api({"/groups": listed}))
    said = " ".join(run.report.distrust)
    assert "nothing in it names its owner" in said and "showed no" not in said

"""Objects of nobody's that are open by the place where they stand, which they say themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import Api, Told, path, schema, told

pytestmark = pytest.mark.server

IDS = {"ann": "u-4101", "bob": "u-4102", "cat": "u-4103", "sue": "u-4104"}
RELATIONS = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations:
  anyone: {}
  member: {authenticated: true}
  staff: {claim: roles, has: staff}
resources:
  Me: {key: id, owner: none, fields: {id: [{see: [member]}]}}
"""
POLICY = """\
  Topic:
    key: id
    owner: none
    main: getTopic
    states: {place: {field: cid, levels: [1, 9], missing: 9}}
    fields:
      id, cid, title: [{see: [staff]}, {see: [member], when: {place: 1}}]
operations:
  getTopic: {params: {id: Topic.id}}
"""


@pytest.fixture(autouse=True)
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.scan.verdicts.NAMES", IDS)
    monkeypatch.setattr("tests.scan.verdicts.KEYS", {f"key-of-{name}-778": name for name in IDS})


def scan(folder: Path, *, leaks: bool) -> Told:
    topics = {
        f"t-{7 * n + 701}": {
            "id": f"t-{7 * n + 701}",
            "cid": 1 + n % 2 * 8,
            "title": f"lamp {n * 7919}",
        }
        for n in range(6)
    }

    def sees(name: str, topic: dict[str, Any]) -> bool:
        return name == "sue" or topic["cid"] == 1

    def many(name: str) -> Any:
        return [each for each in topics.values() if leaks or sees(name, each)] if name else 401

    def one(name: str, id: str) -> Any:
        found = topics.get(id)
        return (found if found and sees(name, found) else 404) if name else 401

    identities = "identities:\n" + "".join(
        f'  {name}: {{send: "X-Key: $k", k: key-of-{name}-778,'
        f" claims: {{roles: [{'staff' if name == 'sue' else ''}]}}}}\n"
        for name in IDS
    )
    paths = path("/topics", "listTopics", "Topic", many=True)
    paths += path("/topics/{id}", "getTopic", "Topic")
    return told(
        folder, schema("Topic", id="string", cid="integer", title="string"), paths,
        POLICY, Api({"/topics": many, "/topics/([^/]+)": one}), identities=identities,
        relations=RELATIONS,
    )  # fmt: skip


def test_who_lists_only_the_open_place_leaks_nothing(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks=False)
    assert run.report.findings == ()
    assert run.results("Topic.title", "member") <= {"open", "closed", "untested"}


def test_a_topic_of_the_closed_place_in_a_list_of_a_member_is_told(tmp_path: Path) -> None:
    run = scan(tmp_path, leaks=True)
    told = run.proven | run.named("suspected")
    assert ("Topic.title", "member") in told
    assert run.code is ExitCode.FINDINGS

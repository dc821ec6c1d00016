"""Feeds of objects that no GET shows."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from tests import quick_yaml
from tests.conformance.exchange_lua import lua_guard
from tests.conformance.exchanges import FOLDER, Case, Request
from tests.unit.guard.warnings.contracts import Change, said

LOGS = quick_yaml.load((FOLDER / "contracts" / "logs.yaml").read_text(encoding="utf-8"))
WORDS = "is 404 where its request names a concealed"
EVENT = [b'{"type": "memo.read"}']


def feed_by_query(document: dict[str, Any], policy: dict[str, Any]) -> None:
    """A feed that names a memo, which no GET shows."""
    document["paths"]["/feed"]["get"]["parameters"] = [
        {"name": "memo", "in": "query", "schema": {"type": "string"}}
    ]
    policy["operations"]["feed"] = {"params": {"memo": "Memo.id"}}


def own_feed(document: dict[str, Any], policy: dict[str, Any]) -> None:
    """A feed that is the only GET of the path of its object."""
    paths, memo = document["paths"], {"$ref": "#/components/schemas/Memo"}
    document["components"]["schemas"]["Event"]["properties"]["memo"] = memo
    paths["/memos/{mid}"] = {"get": {**paths["/feed"]["get"], "operationId": "memoFeed"}}
    policy["operations"]["memoFeed"] = {"params": {"mid": "Memo.id"}}
    policy["resources"]["Memo"]["main"] = "memoFeed"


def opened(change: Change) -> Change:
    def both(document: dict[str, Any], policy: dict[str, Any]) -> None:
        change(document, policy)
        policy["resources"]["Memo"]["conceal"] = False

    return both


CHANGES = {"/feed?memo=1": feed_by_query, "/memos/1": own_feed}


def status(folder: Path, change: Change, target: str) -> int:
    made = copy.deepcopy(LOGS)
    change(made["document"], made["policy"])
    me = {"request": {"target": "/me"}, "answer": {"body": '{"id":"ann"}'}}
    files = {"openapi.yaml": made["document"], "exposure.yaml": made["policy"]}
    case = Case("feeds", "unit", {"upstream": [me]}, {"contract": "logs.yaml", "files": files})
    with lua_guard(case.setup(folder)) as guard:
        sent = Request("GET", target, (("cookie", "sid=ann"),))
        return guard.listen(sent, "application/x-ndjson", EVENT)[0]


@pytest.mark.parametrize("target", CHANGES)
def test_a_feed_of_an_object_that_no_get_shows_is_named(tmp_path: Path, target: str) -> None:
    change = CHANGES[target]
    assert status(tmp_path, change, target) == 404
    assert f"{WORDS} `Memo`: no other GET shows one" in said(tmp_path, LOGS, change)


@pytest.mark.parametrize("target", CHANGES)
def test_a_feed_of_what_is_not_concealed_begins(tmp_path: Path, target: str) -> None:
    change = opened(CHANGES[target])
    assert status(tmp_path, change, target) == 200
    assert WORDS not in said(tmp_path, LOGS, change)


def test_feeds_whose_objects_a_get_shows_are_not_named(tmp_path: Path) -> None:
    assert WORDS not in said(tmp_path, LOGS)


def test_what_only_json_in_a_text_may_name_is_not_named(tmp_path: Path) -> None:
    def asked(document: dict[str, Any], policy: dict[str, Any]) -> None:
        document["paths"]["/feed"]["get"]["parameters"] = [
            {"name": "since", "in": "query", "schema": {"type": "string"}}
        ]

    assert WORDS not in said(tmp_path, LOGS, asked)

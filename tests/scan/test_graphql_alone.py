"""An API whose data come by GraphQL alone: it is tested by what that has shown each owner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, graphql_sync

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import HEAD, NAMES, Told, logged_in, told

pytestmark = pytest.mark.server

SDL = """\
type Query { mine: [Note!] note(id: ID!): Note }
type Note { id: ID! text: String by: ID! }
"""
DOCUMENT = f"""\
{HEAD}paths:
  /me: {{get: {{operationId: getMe, responses: {{"200": {{description: ok}}}}}}}}
  /graphql:
    post:
      operationId: ask
      requestBody:
        content:
          application/json: {{schema: {{type: object, properties: {{query: {{type: string}}}}}}}}
      responses: {{"200": {{description: what was asked}}}}
"""
POLICY = """\
exposure: 1
api: openapi.yaml
caller: {operation: getMe, id: /id}
relations: {anyone: {}, member: {authenticated: true}, owner: {is: owner}}
resources:
  Note: {key: id, owner: by, fields: {"__typename, id, text, by": [{see: [owner]}]}}
operations:
  ask: {graphql: schema.graphql, reads: true, call: [member]}
"""
NOTES = {
    f"n-{nth}": {"id": f"n-{nth}", "text": f"a plan of {who}, the {nth}th of many", "by": id}
    for nth, (who, id) in enumerate(NAMES.items(), start=501)
}
SCHEMA = build_schema(SDL)


def scan(folder: Path, *, leaks: bool = False, silent: bool = False) -> Told:
    def answer(who: str, call: Call) -> Reply:
        class Root:
            def mine(self, info: Any) -> Any:
                return [n for n in NOTES.values() if n["by"] == NAMES[who] and not silent]

            def note(self, info: Any, id: str) -> Any:
                found = NOTES.get(id)
                return found if found and (leaks or found["by"] == NAMES[who]) else None

        made = graphql_sync(
            SCHEMA, call.json["query"], Root(), variable_values=call.json.get("variables")
        )
        return Reply(200, made.formatted)

    (folder / "schema.graphql").write_text(SDL)
    api = logged_in(answer)
    return told(folder, "", "", "", api, document=DOCUMENT, relations=POLICY)


def test_an_api_that_keeps_to_its_contract_is_clean(tmp_path: Path) -> None:
    found = scan(tmp_path)
    assert found.report.findings == ()
    assert found.report.distrust == ()
    assert found.code is ExitCode.CLEAN


def test_what_a_query_shows_is_proven(tmp_path: Path) -> None:
    assert ("Note.text", "member") in scan(tmp_path, leaks=True).proven


def test_where_nobody_is_shown_anything_nothing_was_tested(tmp_path: Path) -> None:
    found = scan(tmp_path, silent=True)
    assert any("no owner received any of their own data" in each for each in found.report.distrust)

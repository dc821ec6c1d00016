"""A REST operation whose id only answers of GraphQL show: a job's log as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, graphql_sync

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.test_graphql_alone import DOCUMENT, NOTES, POLICY, SDL
from tests.scan.verdicts import NAMES, Told, logged_in, told

pytestmark = pytest.mark.server

RAW = """\
  /notes/{id}/raw:
    get:
      operationId: getRaw
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses:
        "200": {description: ok, content: {text/plain: {schema: {type: string}}}}
"""
ME = "  Me: {key: id, owner: id, fields: {id: [{see: [member]}]}}\n"
RULE = '  getMe: {shows: {Me: ""}}\n  getRaw: {params: {id: Note.id}CALL}\n'
SCHEMA = build_schema(SDL)


def scan(
    folder: Path, *, opened: bool = False, listed: bool = True, call: str = ", call: [owner]"
) -> Told:
    """`opened`: whether everybody is shown a text by its id; `listed`: whether GraphQL shows
    anybody their own; `call`: the rule of the operation."""

    def answer(who: str, call: Call) -> Reply:
        if call.path.startswith("/notes/"):
            found = NOTES.get(call.path.split("/")[2])
            if found is None or not (opened or found["by"] == NAMES[who]):
                return Reply(404, {"error": "no such note"})
            text = f"#!raw\n{found['text']}\n"
            return Reply(200, text.encode(), (("content-type", "text/plain"),))

        class Root:
            def mine(self, info: Any) -> Any:
                return [n for n in NOTES.values() if n["by"] == NAMES[who] and listed]

            def note(self, info: Any, id: str) -> Any:
                found = NOTES.get(id)
                return found if found and found["by"] == NAMES[who] else None

        made = graphql_sync(
            SCHEMA, call.json["query"], Root(), variable_values=call.json.get("variables")
        )
        return Reply(200, made.formatted)

    (folder / "schema.graphql").write_text(SDL)
    policy = POLICY.replace("operations:", f"{ME}operations:") + RULE.replace("CALL", call)
    return told(folder, "", "", "", logged_in(answer), document=DOCUMENT + RAW, relations=policy)


@pytest.mark.parametrize("call", [", call: [owner]", ""], ids=["call", "no call"])
def test_an_api_that_keeps_to_its_contract_is_clean(tmp_path: Path, call: str) -> None:
    run = scan(tmp_path, call=call)
    assert run.report.findings == ()
    assert run.report.distrust == ()
    assert run.code is ExitCode.CLEAN


@pytest.mark.parametrize("call", [", call: [owner]", ""], ids=["call", "no call"])
def test_a_text_that_is_open_to_all_is_proven(tmp_path: Path, call: str) -> None:
    run = scan(tmp_path, opened=True, call=call)
    assert ("Note.text", "member") in run.proven


@pytest.mark.parametrize("call", [", call: [owner]", ""], ids=["call", "no call"])
def test_without_an_id_the_operation_is_named_and_the_run_is_not_clean(
    tmp_path: Path, call: str
) -> None:
    run = scan(tmp_path, listed=False, call=call)
    assert any("GET /notes/{id}/raw is untested" in each for each in run.report.distrust)
    assert run.code is ExitCode.NOT_TRUSTWORTHY

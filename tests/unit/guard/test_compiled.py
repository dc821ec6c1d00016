"""What is told of a contract before an engine has it."""

from __future__ import annotations

from pathlib import Path

from oakum.guard.compiled import Compiled, compiled
from tests.unit.guard.small import DOCUMENT, POLICY


def read(folder: Path, document: str, policy: str) -> Compiled:
    (folder / "openapi.yaml").write_text(document, encoding="utf-8")
    (folder / "exposure.yaml").write_text(policy, encoding="utf-8")
    return compiled(folder / "exposure.yaml")


def said(found: Compiled, feeds: bool) -> str:
    return "\n".join(str(each) for each in found.warned(feeds))


def test_an_owners_id_that_may_be_set_is_told(tmp_path: Path) -> None:
    words = "`id` says whose a `Member` is, and `owner` may set it"
    assert words not in said(read(tmp_path, DOCUMENT, POLICY), feeds=True)
    policy = POLICY.replace("id: [{see: [anyone]}]", "id: [{see: [anyone], set: [owner]}]")
    assert words in said(read(tmp_path, DOCUMENT, policy), feeds=True)


def test_a_method_that_envoy_does_not_know_is_told_of(tmp_path: Path) -> None:
    more = "    additionalOperations: {LABEL: {operationId: label, responses: {'204': {}}}}\n"
    path = DOCUMENT.index("    get:")
    found = read(tmp_path, DOCUMENT[:path] + more + DOCUMENT[path:], POLICY)
    assert "Envoy does not know the method `LABEL` of `label`" in said(found, feeds=False)
    assert "LABEL" not in said(found, feeds=True)


def test_a_feed_is_told_of_where_the_engine_lets_none_pass(tmp_path: Path) -> None:
    document = DOCUMENT.replace("application/json", "text/event-stream")
    found = read(tmp_path, document, POLICY.replace("caller: {operation: getMe, id: /id}\n", ""))
    assert "`getMe` is a feed" in said(found, feeds=False)
    assert "`getMe` is a feed" not in said(found, feeds=True)
    assert read(tmp_path, DOCUMENT, POLICY).feeds == ()


def test_of_two_operations_with_one_path_the_one_that_no_request_reaches_is_told(
    tmp_path: Path,
) -> None:
    both = """\
paths:
  /members/{id}: {get: {operationId: byId, responses: {200: {description: ok}}}}
  /members/{name}: {get: {operationId: byName, responses: {200: {description: ok}}}}
"""
    words = "`byName` has the path of `byId`, so a gateway never takes it"
    assert words in said(read(tmp_path, DOCUMENT.replace("paths:\n", both), POLICY), feeds=True)
    kind = "parameters: [{name: id, in: path, required: true, schema: {type: integer}}]"
    told = both.replace("operationId: byId", f"operationId: byId, {kind}")
    assert words not in said(read(tmp_path, DOCUMENT.replace("paths:\n", told), POLICY), feeds=True)

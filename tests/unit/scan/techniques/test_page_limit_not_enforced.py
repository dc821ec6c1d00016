"""`page-limit-not-enforced`: a list of others' objects that is longer than its document allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.errors import ExitCode
from oakum.scan.techniques import page_limit_not_enforced as technique
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, logged_in, told

pytestmark = pytest.mark.server

MOST = 4
SCHEMAS = """\
    Card:
      type: object
      properties: {id: {type: string}, by: {type: string}, title: {type: string}}
"""
PATHS = """\
  /cards:
    get:
      operationId: listCards
      parameters:
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 4, default: 3}}
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties:
                  items: {type: array, items: {$ref: "#/components/schemas/Card"}}
"""
POLICY = """\
  Card:
    key: id
    owner: by
    fields: {"id, by, title": [{see: [member]}]}
"""


def scanned(
    folder: Path, wrong: str, cards: int = 9, said: tuple[str, str] = (PATHS, POLICY)
) -> tuple[list[tuple[str, str, str]], ExitCode]:
    """(rule, verdict, viewer) of the findings about a list whose page sizes are `wrong`ly kept."""
    ids = [*NAMES.values()]
    rows = [
        {"id": f"c-{n}", "by": ids[n % 3], "title": f"card {n} of {ids[n % 3]}"}
        for n in range(cards)
    ]

    @logged_in
    def api(who: str, call: Call) -> Reply:
        size = int(call.query.get("limit", "3"))
        if wrong == "ignored":
            size = len(rows)
        elif wrong == "own":
            mine = [each for each in rows if each["by"] == NAMES[who]]
            return Reply(200, {"items": mine[:size]})
        elif wrong == "" and size > MOST:
            return Reply(400, {"error": "at most 4"})
        elif wrong == "cut":
            size = min(size, MOST)
        return Reply(200, {"items": rows[:size]}) if call.path == "/cards" else Reply(404, {})

    run = told(folder, SCHEMAS, *said, api)
    return [(each.rule, each.verdict, each.viewer) for each in run.report.findings], run.code


@pytest.mark.parametrize("wrong", ["unchecked", "ignored"])
def test_the_leak_is_found(wrong: str, tmp_path: Path) -> None:
    found, code = scanned(tmp_path, wrong)
    assert found == [(technique.RULE.id, "proven", "member")]
    assert code is ExitCode.FINDINGS


@pytest.mark.parametrize(
    ("wrong", "cards"), [("", 9), ("cut", 9), ("unchecked", MOST), ("own", 27)],
    ids=["refused", "cut", "no-more-than-a-page", "own-objects-alone"],
)  # fmt: skip
def test_the_fixed_twin_is_clean(wrong: str, cards: int, tmp_path: Path) -> None:
    assert scanned(tmp_path, wrong, cards) == ([], ExitCode.CLEAN)


@pytest.mark.parametrize("wrong", ["", "unchecked"])
def test_the_contract_may_say_the_limit(wrong: str, tmp_path: Path) -> None:
    stated = POLICY + "operations: {listCards: {at_most: {limit: 4}}}\n"
    found, _ = scanned(tmp_path, wrong, said=(PATHS.replace("maximum: 4, ", ""), stated))
    assert found == ([(technique.RULE.id, "proven", "member")] if wrong else [])


def test_a_limit_in_the_contract_comes_before_that_in_the_document(tmp_path: Path) -> None:
    stated = POLICY + "operations: {listCards: {at_most: {limit: 8}}}\n"
    assert scanned(tmp_path, "unchecked", 8, (PATHS, stated)) == ([], ExitCode.CLEAN)

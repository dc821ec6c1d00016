"""A member of the JSON body of a read may name a person or an object, as a parameter may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

SLIPS = [
    {"id": number, "by": who, "iban": f"DE{number * 7_700_123}"}
    for first, who in enumerate(NAMES.values())
    for number in (7001 + 10 * first, 7002 + 10 * first)
]
SCHEMAS = schema("Slip", id="integer", by="string", iban="string")
POLICY = """\
  Slip:
    key: id
    owner: by
    fields: {"id, by, iban": [{see: [owner]}]}
operations:
"""
BODIES = {
    "userId": "{userId: {type: string}}",
    "filter.userId": "{filter: {type: object, properties: {userId: {type: string}}}}",
    "ids": "{ids: {type: array, items: {type: integer}}}",
}


def search(name: str, required: str = "") -> str:
    """`POST /slips/search` with a body of such members."""
    body = f"{{type: object, properties: {BODIES[name]}{required}}}"
    return (
        path("/slips/search", "search", "Slip", many=True)
        .replace("get:", "post:")
        .replace(
            "responses:",
            f"requestBody: {{content: {{application/json: {{schema: {body}}}}}}}\n      responses:",
        )
    )


def asked(body: Any, name: str) -> Any:
    for step in name.split("."):
        body = body.get(step) if isinstance(body, dict) else None
    return body


def scan(
    folder: Path, name: str, rule: str, *, leaks: bool, required: str = "", **options: Any
) -> Told:
    """The API shows the slips of whom the body names, to anybody if it `leaks`; numbers must be
    numbers."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        own = NAMES[who]
        mine = [each for each in SLIPS if each["by"] == own]
        if call.path == "/slips":
            return Reply(200, mine)
        named = asked(call.json if call.body else {}, name)
        if name == "ids":
            if not isinstance(named, list) or not all(isinstance(each, int) for each in named):
                return Reply(422, {"error": "numbers"})
            return Reply(200, [s for s in (SLIPS if leaks else mine) if s["id"] in named])
        if named not in (None, own) and not leaks:
            return Reply(403, {"error": "no"})
        return Reply(200, [each for each in SLIPS if each["by"] == (named or own)])

    paths = path("/slips", "mine", "Slip", many=True) + search(name, required)
    rules = f"{POLICY}  search: {{reads: true{rule}}}\n"
    return told(folder, SCHEMAS, paths, rules, api, **options)


RULES = [
    ("userId", ""),
    ("filter.userId", ""),
    ("filter.userId", ", params: {filter.userId: Me.id}"),
]


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_whom_a_member_of_the_body_names_is_asked_for_as_another(
    name: str, rule: str, tmp_path: Path
) -> None:
    run = scan(tmp_path, name, rule, leaks=True)
    assert ("Slip.iban", "member") in run.proven


@pytest.mark.parametrize(("name", "rule"), RULES)
def test_one_that_is_checked_is_clean(name: str, rule: str, tmp_path: Path) -> None:
    run = scan(tmp_path, name, rule, leaks=False)
    assert run.code is ExitCode.CLEAN
    assert run.report.findings == ()


@pytest.mark.parametrize("leaks", [True, False])
def test_keys_in_a_body_are_of_their_type(leaks: bool, tmp_path: Path) -> None:
    rule = ", params: {ids: Slip.id}"
    run = scan(tmp_path, "ids", rule, leaks=leaks, required=", required: [ids]")
    assert (("Slip.iban", "member") in run.proven) is leaks
    assert run.code is (ExitCode.FINDINGS if leaks else ExitCode.CLEAN)


def test_a_budget_that_ends_before_such_questions_is_not_clean(tmp_path: Path) -> None:
    """What a technique would have found is unknown: a smaller budget is clean of nothing that the
    whole run finds."""
    whole = scan(tmp_path, "userId", "", leaks=True).report.requests
    for budget in range(6, whole, 2):
        less = scan(tmp_path, "userId", "", leaks=True, budget=budget)
        assert less.code is not ExitCode.CLEAN, budget
    assert any("raise `--budget`" in each for each in less.report.distrust)

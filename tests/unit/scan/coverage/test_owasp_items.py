"""What a report says was tested of each item: what was found, and what was sent or read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Call, Reply
from tests.scan.verdicts import NAMES, RELATIONS, Told, logged_in, path, schema, told

pytestmark = pytest.mark.server

CARD = """\
  Card: {key: id, owner: id, fields: {id: [{see: [member]}], phone: [{see: [owner]}]}}
"""
LIMITED = path("/card", "getCard", "Card", many=True).replace(
    "parameters: []", "parameters: [{name: limit, in: query, schema: {type: integer, maximum: 4}}]"
)


def run(folder: Path, paths: str, status: int = 200, policy: str = CARD, **options: Any) -> Told:
    """A scan of an API with one answer, which invites shared caches."""

    @logged_in
    def api(who: str, call: Call) -> Reply:
        if status >= 300:
            return Reply(status, {"error": "no"})
        body = {"id": NAMES[who], "phone": f"+49-555-0100-{who}"}
        said = (("cache-control", "public, max-age=60"),)
        return Reply(200, [body] if paths == LIMITED else body, said)

    shapes = schema("Card", id="string", phone="string")
    return told(folder, shapes, paths, policy, api, **options)


def why_untested(done: Told) -> dict[str, str]:
    """Rule → why it was not tested."""
    return dict(pair for item in done.report.items for pair in item.untested)


@pytest.mark.parametrize("budget", [11, 14, 17, 20, 24])
def test_what_was_found_was_tested(budget: int, tmp_path: Path) -> None:
    done = run(tmp_path, path("/card", "getCard", "Card"), budget=budget)
    assert not {each.rule for each in done.report.findings} & why_untested(done).keys()


def test_what_asked_nothing_has_tested_nothing(tmp_path: Path) -> None:
    rule = "page-limit-not-enforced"
    assert rule not in why_untested(run(tmp_path, LIMITED))
    refused = why_untested(run(tmp_path, LIMITED, 403))
    assert refused[rule] == "no list with a maximum showed anything to anybody"


def test_what_was_read_of_no_answer_was_not_tested(tmp_path: Path) -> None:
    rule, paths = "cacheable-personal-data", path("/card", "getCard", "Card")
    assert rule not in why_untested(run(tmp_path, paths))
    for_all = RELATIONS.replace("[member]", "[anyone]")
    refused = why_untested(run(tmp_path, paths, 403, relations=for_all))
    assert refused[rule] == "no identity was shown anything of its own that not everybody may see"


def test_a_key_is_not_tested_without_a_token(tmp_path: Path) -> None:
    done = why_untested(run(tmp_path, path("/card", "getCard", "Card")))
    assert done["weak-jwt-secret"] == "no identity sends a JWT"


SIGN_IN = """\
  /sign-in:
    post:
      operationId: signIn
      security: []
      parameters:
        - {name: username, in: query, required: true, schema: {type: string}}
        - {name: password, in: query, required: true, schema: {type: string}}
      responses: {"200": {description: ok}, "400": {description: wrong}}
"""


@pytest.mark.parametrize(
    ("see", "why"),
    [("owner", None), ("anyone", "the contract shows every caller the field that names a person")],
)
def test_a_sign_in_was_tested_if_two_answers_were_compared(
    see: str, why: str | None, tmp_path: Path
) -> None:
    card = CARD.replace("fields: {", f"fields: {{username: [{{see: [{see}]}}], ")

    def api(call: Call) -> Reply:
        return Reply(400, {"error": "wrong"}) if call.path == "/sign-in" else own(call)

    @logged_in
    def own(who: str, call: Call) -> Reply:
        return Reply(200, {"id": NAMES[who], "username": f"{who}-of-the-sea"})

    done = told(
        tmp_path,
        schema("Card", id="string", phone="string", username="string"),
        path("/card", "getCard", "Card") + SIGN_IN,
        f"{card}operations: {{signIn: {{params: {{username: Card.username}}}}}}\n",
        api,
        allow_writes=True,
    )
    assert why_untested(done).get("account-enumeration") == why


def test_a_sign_in_by_a_name_that_nobody_was_shown_was_not_tested(tmp_path: Path) -> None:
    done = run(tmp_path, path("/card", "getCard", "Card") + SIGN_IN, allow_writes=True)
    assert why_untested(done)["account-enumeration"] == (
        "nothing was asked about somebody with an account and somebody without"
    )


def test_a_rule_of_writes_was_not_tested_unless_a_request_that_tests_it_was_sent(
    tmp_path: Path,
) -> None:
    done = why_untested(
        run(tmp_path, path("/card", "getCard", "Card") + SIGN_IN, allow_writes=True)
    )
    assert done["no-login-rate-limit"]
    assert done["bola-write"]
    assert done["mass-assignment"]

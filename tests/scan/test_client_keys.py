"""APIs where every caller, logged in or not, sends a key that tells the client and nobody else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import InputError
from oakum.scan.identities.identities_file import load_identities
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import IDENTITIES, KEYS, NAMES, Api, Told, path, schema, told

APP = "app-key-of-all-4711"
KEYED = IDENTITIES.replace('{send: "X-Key: $k"', f'{{send: ["X-Key: $k", "X-App: {APP}"]')
NOBODY = f'  anonymous: {{header: "X-App: {APP}"}}\n'
CARD = """\
  Card: {key: id, owner: id, fields: {id: [{see: [member]}], diet: [{see: [owner]}]}}
operations:
  getCard: {params: {cardId: Me.id}}
"""


def scan(folder: Path, identities: str, *, leaks: bool, needs: bool = True) -> Told:
    """Who sends no key is refused everything; `leaks`: to who is not logged in."""

    def card(who: str, id: str) -> Any:
        if id not in NAMES.values() or not (who or leaks):
            return 404
        diet = {"diet": f"eats-figs-{id}"} if NAMES.get(who) == id or (leaks and not who) else {}
        return {"id": id, **diet}

    inner = Api({"/cards/([^/]+)": card})

    def outer(call: Call) -> Reply:
        keyed = call.headers.get("x-app") == APP or not needs
        return inner(call) if keyed else Reply(403, {"error": "unauthorized"})

    return told(
        folder, schema("Card", id="string", diet="string"),
        path("/cards/{cardId}", "getCard", "Card"), CARD, outer, identities,
    )  # fmt: skip


def test_a_leak_to_nobody_logged_in_is_found_with_the_key_that_all_send(tmp_path: Path) -> None:
    run = scan(tmp_path, KEYED + NOBODY, leaks=True)
    assert ("Card.diet", "anyone") in run.proven
    evidence = run.finding("Card.diet", "anyone").evidence
    assert evidence is not None and "X-App" in evidence.curl


def test_the_fixed_twin_is_closed_to_nobody_logged_in(tmp_path: Path) -> None:
    run = scan(tmp_path, KEYED + NOBODY, leaks=False)
    assert run.report.findings == ()
    assert run.results("Card.diet", "anyone") == {"closed"}


def test_without_that_key_nothing_is_closed_to_nobody_logged_in(tmp_path: Path) -> None:
    run = scan(tmp_path, KEYED, leaks=True)
    assert run.results("Card.diet", "anyone") == {"untested"}
    reasons = {each.reason for each in run.report.cells if each.viewer == "anyone"}
    assert any("`x-app`" in each and "anonymous:" in each for each in reasons)


def test_who_was_shown_something_without_it_needs_no_key(tmp_path: Path) -> None:
    run = scan(tmp_path, KEYED, leaks=True, needs=False)
    assert ("Card.diet", "anyone") in run.proven


def test_nobody_logs_in(tmp_path: Path) -> None:
    file = tmp_path / "identities.yaml"
    file.write_text(IDENTITIES + "  anonymous: {login: {post: /login, json: {}, token: /t}}\n")
    with pytest.raises(InputError, match="caller without a login"):
        load_identities(file, ())


@pytest.mark.parametrize("leaks", [True, False])
def test_the_evidence_of_a_key_in_the_query_can_be_run_again(tmp_path: Path, leaks: bool) -> None:
    """Its value stands nowhere in the report."""

    def outer(call: Call) -> Reply:
        key = call.query.get("api_key", "")
        who = KEYS.get(key, "")
        if call.path == "/me":
            return Reply(200, {"id": NAMES[who]}) if who else Reply(401, {"error": "no"})
        id = call.path.rpartition("/")[2]
        if not who or id not in NAMES.values():
            return Reply(404 if who else 401, {"error": "no"})
        diet = {"diet": f"eats-figs-{id}"} if leaks or id == NAMES[who] else {}
        return Reply(200, {"id": id, **diet})

    run = told(
        tmp_path, schema("Card", id="string", diet="string"),
        path("/cards/{cardId}", "getCard", "Card"), CARD, outer,
        IDENTITIES.replace('"X-Key: $k"', '"?api_key=$k"'),
    )  # fmt: skip
    assert run.proven == ({("Card.diet", "member")} if leaks else set())
    for found in run.report.findings:
        line = found.evidence.curl if found.evidence else ""
        assert re.search(r'--url-query "api_key=\$(ANN|BOB|CAT)_K"', line), line
    assert not any(key in repr(run.report) for key in KEYS)


def test_a_header_that_the_document_requires_and_every_identity_sends_is_not_lacking(
    tmp_path: Path,
) -> None:
    """An API that declares its client's key as a header parameter was not asked at all."""

    def card(who: str, id: str) -> Any:
        return {"id": id, "diet": f"eats-figs-{id}"} if id in NAMES.values() else 404

    key = "{name: x-app, in: header, required: true, schema: {type: string}}"
    declared = path("/cards/{cardId}", "getCard", "Card").replace(
        "parameters: [", f"parameters: [{key}, "
    )
    assert "x-app" in declared
    run = told(
        tmp_path, schema("Card", id="string", diet="string"), declared, CARD,
        Api({"/cards/([^/]+)": card}), KEYED + NOBODY,
    )  # fmt: skip
    assert ("Card.diet", "member") in run.proven
    assert not any("needs the header" in each.reason for each in run.report.skipped)

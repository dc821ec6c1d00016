"""APIs where every caller, logged in or not, sends a key that tells the client and nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import InputError
from oakum.scan.identities.identities_file import load_identities
from tests.scan.servers import Call, Reply
from tests.scan.verdicts import IDENTITIES, NAMES, Api, Told, path, schema, told

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

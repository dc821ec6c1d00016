"""A refusal that carries the object that it refuses, of which the contract shows all elsewhere:
times, settings and what several people have alike."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.scan.servers import Reply
from tests.scan.verdicts import NAMES, RELATIONS, Api, Told, path, schema, told

pytestmark = pytest.mark.server

FIELDS = ("active", "theme", "level", "made", "seen", "bio")
"""A switch, a choice that all have, a number, a time, the present time, a text of one alone."""
POLICY = """\
  Card:
    key: id
    owner: id
    fields: {"id, active, theme, level, made, seen, bio, mates": [{see: [member]}]}
operations:
  getCard: {params: {cardId: Me.id}, call: [owner]}
"""
MATES = RELATIONS.replace("owner: {is: owner}", "mate: {field: mates}, owner: {is: owner}")
READS = path("/cards/{cardId}", "getCard", "Card") + path("/cards", "listCards", "Card", many=True)
SHAPE = schema(
    "Card", id="string", active="boolean", theme="string", level="integer", made="string",
    seen="string", bio="string", mates="array",
).replace("type: array", "type: array, items: {type: string}")  # fmt: skip


def cards() -> dict[str, dict[str, Any]]:
    now = datetime.now(UTC).isoformat()
    return {
        id: {
            "id": id, "active": name != "bob", "theme": "dark", "level": 3, "seen": now,
            "made": f"2021-03-0{n}T10:11:1{n}Z", "bio": f"{name} and no other card, 77{n}",
            "mates": [],
        }
        for n, (name, id) in enumerate(NAMES.items(), 1)
    }  # fmt: skip


def refusal(form: str, card: dict[str, Any]) -> Reply:
    members = {name: value for name, value in card.items() if name != "id"}
    said: dict[str, dict[str, Any]] = {
        "silent": {}, "bare": card, "flat": members, "nested": {"detail": {"was": card}},
        "listed": {"was": [members]}, "other words": {"status": "light", "tries": 3},
    }  # fmt: skip
    return Reply(404 if form == "flat" else 403, {**said[form], "error": "not yours"})


def scanned(folder: Path, form: str, relations: str) -> Told:
    known = cards()

    def card(who: str, id: str) -> object:
        if not who or id not in known:
            return 404
        return known[id] if NAMES[who] == id else refusal(form, known[id])

    api = Api({"/cards/([^/]+)": card, "/cards": lambda who: [*known.values()] if who else 401})
    return told(folder, SHAPE, READS, POLICY, api, relations=relations)


@pytest.mark.parametrize("relations", [RELATIONS, MATES])
@pytest.mark.parametrize("form", ["bare", "flat", "nested", "listed"])
def test_nothing_that_came_with_a_refusal_is_closed(
    tmp_path: Path, form: str, relations: str
) -> None:
    run = scanned(tmp_path, form, relations)
    found = {name: run.results(f"Card.{name}", "member", "/cards/{cardId}") for name in FIELDS}
    assert not [name for name, results in found.items() if "closed" in results], found


@pytest.mark.parametrize("relations", [RELATIONS, MATES])
@pytest.mark.parametrize("form", ["silent", "other words"])
def test_what_a_refusal_does_not_carry_is_closed(tmp_path: Path, form: str, relations: str) -> None:
    """A number under another name is no `level`."""
    run = scanned(tmp_path, form, relations)
    assert run.report.findings == ()
    found = {name: run.results(f"Card.{name}", "member", "/cards/{cardId}") for name in FIELDS}
    assert all(results == {"closed"} for results in found.values()), found

"""An endpoint that refuses owners what it shows to a third party, as those for administrators do:
objects that name their owner leak there although no owner is shown them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.verdicts import IDENTITIES, NAMES, RELATIONS, Api, Told, path, schema, told

pytestmark = pytest.mark.server
SCHEMAS = schema("Card", id="string", mail="string") + schema("Log", id="string")
PATHS = path("/people", "people", "Me", many=True) + path("/preview/{of}", "preview", "Card")
PATHS += path("/logs", "logs", "Log", many=True)
POLICY = """\
  Card: {key: id, owner: id, fields: {"id, mail": [{see: [owner, clerk]}]}}
  Log: {key: id, owner: none, fields: {id: [{see: [auditor]}]}}
operations:
  preview: {params: {of: Me.id}}
"""
ROLES = "clerk: {claim: role, has: clerk}, auditor: {claim: role, has: auditor}"
KINDS = RELATIONS.replace("owner: {is", f"{ROLES}, owner: {{is")
PERSON = {id: name for name, id in NAMES.items()}


def scan(folder: Path, shows: str, clerk: str = "") -> Told:
    """`preview` shows the card of whoever is named to `shows` alone, and refuses everybody else.
    `clerk`: who may see cards; cat is an auditor, who may not."""

    def people(who: str) -> Any:
        return [{"id": id} for id in PERSON] if who else 401

    def preview(who: str, of: str) -> Any:
        if not who or of not in PERSON:
            return 404 if who else 401
        return {"id": of, "mail": f"{PERSON[of]}@mail.example"} if who == shows else 403

    identities = IDENTITIES
    for name in NAMES:
        role = {clerk: "clerk", "cat": "auditor"}.get(name, "none")
        identities = identities.replace(
            f"k: key-of-{name}-778", f"k: key-of-{name}-778, claims: {{role: {role}}}"
        )

    def logs(who: str) -> Any:
        return [{"id": "log 7719"}] if who == "cat" else 403

    api = Api({"/people": people, "/preview/([^/]+)": preview, "/logs": logs})
    return told(folder, SCHEMAS, PATHS, POLICY, api, identities=identities, relations=KINDS)


@pytest.mark.parametrize("clerk", ["", "bob"])
def test_a_card_that_is_shown_to_another_and_to_no_owner_leaks(tmp_path: Path, clerk: str) -> None:
    found = scan(tmp_path, "cat", clerk)
    assert ("Card.mail", "auditor") in found.proven
    assert {viewer for _, viewer in found.proven} == {"auditor"}


@pytest.mark.parametrize("shows", ["", "bob"])
def test_a_card_that_is_shown_to_clerks_alone_does_not(tmp_path: Path, shows: str) -> None:
    found = scan(tmp_path, shows, "bob")
    assert not found.named("proven") | found.named("suspected")

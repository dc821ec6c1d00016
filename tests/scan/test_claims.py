"""Who holds a relation that a claim tells, where no claim was ever heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.scan.identities.doctor_command import diagnose
from oakum.scan.options import Options
from tests.scan.servers import serve
from tests.scan.verdicts import IDENTITIES, NAMES, RELATIONS, Api, Told, path, schema, told

STAFF = "staff: {claim: groups, has: wardens}"
STAFFED = RELATIONS.replace("owner: {is: owner}}", f"owner: {{is: owner}}, {STAFF}}}")
CARD = """\
  Card:
    key: id
    owner: id
    fields:
      id: [{see: [member]}]
      diet, allergy: [{see: [owner, staff]}]
operations:
  getCard: {params: {cardId: Me.id}}
"""
CARDS = {id: {"id": id, "diet": f"eats-{n}-figs", "allergy": f"shuns-{n}-nuts"} for n, id in
         enumerate(NAMES.values())}  # fmt: skip


def scan(folder: Path, shown: dict[str, tuple[str, ...]], identities: str = IDENTITIES) -> Told:
    """Cards of which others are shown some fields, by who asks."""

    def card(who: str, id: str) -> Any:
        if not who or id not in CARDS:
            return 404
        fields = CARDS[id].keys() if NAMES[who] == id else ("id", *shown.get(who, ()))
        return {name: CARDS[id][name] for name in fields}

    return told(
        folder, schema("Card", id="string", diet="string", allergy="string"),
        path("/cards/{cardId}", "getCard", "Card"), CARD, Api({"/cards/([^/]+)": card}),
        identities, relations=STAFFED,
    )  # fmt: skip


BOTH = ("diet", "allergy")


def test_who_may_be_staff_for_all_that_was_heard_is_no_mere_member(tmp_path: Path) -> None:
    run = scan(tmp_path, dict.fromkeys(NAMES, BOTH))
    assert run.proven == set()
    assert run.named("suspected") == {("Card.diet", "member"), ("Card.allergy", "member")}
    assert "is `staff` is not known" in run.finding("Card.diet", "member").doubts[0]


@pytest.mark.parametrize(
    "known",
    ["claims: {groups: []}", "claims: {groups: [readers]}", "claims: {groups: [wardens]}"],
)
def test_what_one_identity_claims_settles_it(tmp_path: Path, known: str) -> None:
    """All say that they are something else; or one is staff, so that such a claim is heard."""
    only = "wardens" in known
    identities = IDENTITIES.replace("}\n", f", {known}}}\n", 1 if only else -1)
    run = scan(tmp_path, dict.fromkeys(NAMES, BOTH), identities)
    assert run.proven == {("Card.diet", "member"), ("Card.allergy", "member")}


def test_who_is_refused_what_staff_may_see_is_not_staff(tmp_path: Path) -> None:
    run = scan(tmp_path, dict.fromkeys(NAMES, ("diet",)))
    assert run.proven == {("Card.diet", "member")}


def test_doctor_says_which_claim_nobody_was_heard_to_have(tmp_path: Path) -> None:
    scan(tmp_path, {})
    with serve(Api({})) as server:
        found = diagnose(
            Options(tmp_path / "exposure.yaml", server.url, tmp_path / "identities.yaml"),
            lambda problems: None,
        )
    assert found.ok
    (note,) = found.notes
    assert "no identity is `staff`" in note and "`groups` of `ann`, `bob`, `cat`" in note

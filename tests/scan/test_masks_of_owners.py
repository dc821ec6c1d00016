"""A mask that an owner is shown is no value: that others are not shown it tells of nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

SHAPES = schema("Card", id="string", by="string", bank="string", iban="string")
ONE = "/cards/{id}"
PATHS = path("/cards", "cards", "Card", many=True) + path(ONE, "getCard", "Card")
POLICY = """\
  Card: {key: id, owner: by, fields: {"id, by, bank, iban": [{see: [owner]}]}}
operations:
  getCard: {params: {id: Card.id}}
"""


def scan(folder: Path, mask: Any, shown: Any) -> Told:
    rows = [
        {"id": f"c-{id}", "by": id, "bank": f"bank of {id}, 5", "iban": mask}
        for id in NAMES.values()
    ]

    def mine(who: str) -> Any:
        return [row for row in rows if row["by"] == NAMES[who]] if who else 401

    def one(who: str, id: str) -> Any:
        row = next((row for row in rows if row["id"] == id), None)
        if row is None or not who:
            return 404
        return row if row["by"] == NAMES[who] else shown

    return told(folder, SHAPES, PATHS, POLICY, Api({"/cards": mine, "/cards/([^/]+)": one}))


@pytest.mark.parametrize("mask", ["*****", "••••", "n/a", "XXXX", "(hidden)", "[redacted]"])
@pytest.mark.parametrize("shown", [404, {"id": "…"}])
def test_a_mask_that_its_owner_is_shown_closes_nothing(
    mask: str, shown: Any, tmp_path: Path
) -> None:
    run = scan(tmp_path, mask, shown)
    said = run.results("Card.iban", "member", ONE)
    assert said == ({"closed"} if mask == "(hidden)" else {"untested"})
    assert run.results("Card.bank", "member", ONE) == {"closed"}
    assert (run.proven, run.code) == (set(), ExitCode.CLEAN)


@pytest.mark.parametrize("value", [0, False, "**** 4242", "DE4401"])
def test_what_may_be_a_value_closes_its_field(value: Any, tmp_path: Path) -> None:
    assert scan(tmp_path, value, 404).results("Card.iban", "member", ONE) == {"closed"}

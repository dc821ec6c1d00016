"""A value that strangers are handed for everybody is nobody's, though somebody has it for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server
SCHEMAS = schema("Member", id="string", born="string", town="string", kilos="number")
PATHS = path("/members/{id}", "getMember", "Member")
POLICY = """\
  Member:
    key: id
    owner: id
    fields:
      id: [{see: [member]}]
      born, town, kilos: [{see: [owner]}]
operations:
  getMember: {params: {id: Me.id}}
"""
PEOPLE: dict[str, dict[str, Any]] = {
    "ann": {"born": "1970-01-01", "town": "Aberystwyth Bay", "kilos": 61.573},
    "bob": {"born": "1985-12-24", "town": "Unknown", "kilos": 70.0},
    "cat": {"born": "1993-07-19", "town": "Kirkcaldy Shore", "kilos": 57.318},
}
STAND_IN = {"born": "1970-01-01", "town": "Unknown", "kilos": 70.0}


def scan(folder: Path, *leaking: str) -> Told:
    """An API that hands strangers a stand-in for all fields but these."""

    def member(who: str, id: str) -> Any:
        name = next((each for each, known in NAMES.items() if known == id), "")
        if not who or not name:
            return 404 if who else 401
        hidden = {} if who == name else {k: v for k, v in STAND_IN.items() if k not in leaking}
        return {"id": id, **PEOPLE[name], **hidden}

    return told(folder, SCHEMAS, PATHS, POLICY, Api({"/members/([^/]+)": member}))


def test_a_default_that_one_owner_has_for_real_is_no_leak(tmp_path: Path) -> None:
    found = scan(tmp_path)
    assert found.report.findings == ()
    assert found.code is not ExitCode.FINDINGS


@pytest.mark.parametrize("name", ["born", "town", "kilos"])
def test_everybodys_own_value_leaks_though_one_of_them_is_a_default(
    name: str, tmp_path: Path
) -> None:
    found = scan(tmp_path, name)
    assert found.proven == {(f"Member.{name}", "member")}
    assert found.code is ExitCode.FINDINGS

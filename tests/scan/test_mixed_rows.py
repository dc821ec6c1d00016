"""An answer that shows somebody another's value as their own is no clean one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server
SCHEMAS = schema("Profile", id="string", email="string", city="string")
PATHS = path("/profile", "getOwn", "Profile") + path("/profiles/{id}", "getProfile", "Profile")
POLICY = """\
  Profile:
    key: id
    owner: id
    main: getProfile
    fields:
      id: [{see: [member]}]
      email, city: [{see: [owner]}]
operations:
  getProfile: {params: {id: Me.id}}
"""
STORED = {
    id: {"id": id, "email": f"{who}.of.{who}@mailbox.test", "city": f"Port of {who} Harbour"}
    for who, id in NAMES.items()
}


def scan(folder: Path, **own: str) -> Told:
    """An API that is right but for bob's own page, which shows these values."""

    def page(who: str) -> Any:
        return {**STORED[NAMES[who]], **(own if who == "bob" else {})} if who else 401

    def one(who: str, id: str) -> Any:
        if not who or id not in STORED:
            return 404 if who else 401
        return STORED[id] if NAMES[who] == id else {"id": id}

    return told(folder, SCHEMAS, PATHS, POLICY, Api({"/profile": page, "/profiles/([^/]+)": one}))


@pytest.mark.parametrize("name", ["email", "city"])
def test_anothers_value_shown_as_ones_own_is_suspected(name: str, tmp_path: Path) -> None:
    run = scan(tmp_path, **{name: STORED[NAMES["ann"]][name]})
    assert run.named("suspected") == {(f"Profile.{name}", "member")}
    assert run.code is ExitCode.FINDINGS
    (why,) = run.finding(f"Profile.{name}", "member").doubts
    assert "bob gets it as their own" in why and "ann" in why
    evidence = run.finding(f"Profile.{name}", "member").evidence
    assert evidence is not None and evidence.curl


@pytest.mark.parametrize(
    "own",
    [{}, {"email": "bob.once@mailbox.test"}, {"email": "hidden"}, {"city": "Unknown"}],
)
def test_another_value_of_ones_own_is_nobodys_leak(own: dict[str, str], tmp_path: Path) -> None:
    run = scan(tmp_path, **own)
    assert run.report.findings == ()
    assert run.code is ExitCode.CLEAN

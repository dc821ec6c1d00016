"""An endpoint that ignores whom its path names, and answers everybody with their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

pytestmark = pytest.mark.server

SHAPE = schema("Token", secret="string", label="string")
READ = path("/members/{id}/tokens", "listTokens", "Token", many=True)
POLICY = """\
  Token:
    key: secret
    owner: {caller: true}
    fields: {"secret, label": [{see: [owner]}]}
operations:
  listTokens: {params: {id: Me.id}, owner: id, call: [owner]}
"""


def scanned(folder: Path, whose: Callable[[str, str], str]) -> Told:
    def tokens(who: str, id: str) -> object:
        named = {each: name for name, each in NAMES.items()}.get(id, "")
        name = whose(who, named) if who and named else ""
        return [{"secret": f"token-of-{name}-5821", "label": f"laptop of {name}"}] if name else 404

    return told(folder, SHAPE, READ, POLICY, Api({r"/members/([^/]+)/tokens": tokens}))


def test_what_is_the_callers_own_is_no_leak_under_anothers_id(tmp_path: Path) -> None:
    run = scanned(tmp_path, lambda who, named: who)
    assert run.report.findings == ()
    assert run.results("Token.secret", "owner") == {"open"}
    assert "leak" not in run.results("Token.secret", "member")


def test_what_is_anothers_is_one(tmp_path: Path) -> None:
    run = scanned(tmp_path, lambda who, named: named)
    assert ("Token.secret", "member") in run.proven


def test_what_the_caller_does_not_get_under_their_own_id_is_reported(tmp_path: Path) -> None:
    run = scanned(tmp_path, lambda who, named: who if who == named else f"friend-of-{named}")
    assert {viewer for field, viewer in run.proven if field == "Token.secret"} == {"owner"}

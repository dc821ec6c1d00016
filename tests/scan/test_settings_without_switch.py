"""A setting that a run may change and has no way to: what is untested for that is no clean end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.test_resumed_settings import PATHS, POLICY, SHAPES, People
from tests.scan.verdicts import HEAD, ME, Told, told

pytestmark = pytest.mark.server

BARE = re.sub(r",\s+switch: {operation: change, set: /vis}", "", POLICY)
assert BARE != POLICY
DOCUMENT = f"{HEAD}{SHAPES}paths:\n{ME}{PATHS}".replace("/schemas/Me", "/schemas/Person")


def scan(folder: Path, api: People, policy: str, **options: Any) -> Told:
    return told(folder, "", "", policy, api, document=DOCUMENT, **options)


def test_without_a_switch_what_no_identity_has_set_is_named(tmp_path: Path) -> None:
    run = scan(tmp_path, People(("city", "vis", "few")), BARE, allow_own_settings=True)
    assert (run.report.findings, run.code) == ((), ExitCode.NOT_TRUSTWORTHY)
    (said,) = run.report.distrust
    assert "`Person.vis` is `few` and `members` and `nobody`" in said and "`switch`" in said


@pytest.mark.parametrize(("policy", "may"), [(BARE, False), (POLICY, True)])
def test_who_may_change_none_or_can_is_clean(policy: str, may: bool, tmp_path: Path) -> None:
    assert scan(tmp_path, People(), policy, allow_own_settings=may).code is ExitCode.CLEAN


def test_what_an_identity_has_set_needs_no_switch(tmp_path: Path) -> None:
    api = People()
    for row, value in zip(api.rows.values(), ("members", "few", "nobody"), strict=True):
        row["vis"] = value
    run = scan(tmp_path, api, BARE, allow_own_settings=True)
    assert [each for each in run.report.distrust if "`public`" not in each] == []

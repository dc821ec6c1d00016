"""Who else could have an object, and then remove it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scan.verdicts import NAMES
from tests.unit.scan.write_tests.test_objects_given_to_others import Api, scan

pytestmark = pytest.mark.server


def test_whoever_makes_no_such_object_is_passed_over_for_the_next(tmp_path: Path) -> None:
    _, second, third = NAMES
    api = Api("takes", barred=second)
    run = scan(tmp_path, api)
    assert ("Hook.account_id", "owner") in run.proven
    assert NAMES[second] not in api.given and NAMES[third] in api.given
    assert api.hooks == api.before

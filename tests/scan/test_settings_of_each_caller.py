"""A list of the settings of each caller, whose keys are those of the settings, alike for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from oakum.errors import ExitCode
from tests.scan.verdicts import Api, path, schema, told

pytestmark = pytest.mark.server
SCHEMAS = schema("Setting", id="integer", name="string", value="string")
PATHS = path("/settings", "listSettings", "Setting", many=True)
POLICY = """\
  Setting:
    key: id
    owner: {caller: true}
    fields:
      "*": [{see: [owner]}]
"""
ROWS = [
    {"id": 28, "name": "show_objects", "help": None, "value": "false"},
    {
        "id": 29,
        "name": "show_empty",
        "help": "If turned off, then all object collections which are empty will be hidden.",
        "value": "true",
    },
]


def test_what_a_setting_is_called_is_no_proof_that_it_is_somebody_elses(tmp_path: Path) -> None:
    """Each caller is shown their own, and nothing tells a text that is alike for all from one that
    a shared cache has kept."""

    def listed(who: str) -> Any:
        return ROWS if who else 401

    run = told(tmp_path, SCHEMAS, PATHS, POLICY, Api({"/settings": listed}))
    assert run.proven == set()
    assert run.code is ExitCode.NOT_TRUSTWORTHY

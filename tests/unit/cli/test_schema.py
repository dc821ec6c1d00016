"""`oakum schema`."""

from __future__ import annotations

import jsonschema_rs
import pytest

from oakum.cli.schema import SCHEMAS
from tests.unit.cli.shell import oakum


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_printed_and_is_sound(name: str) -> None:
    done = oakum("schema", name)
    assert (done.code, done.err) == (0, "")
    jsonschema_rs.meta.validate(done.json)
    assert done.json["$id"] == f"urn:oakum:schema:{name}"


def test_another_name_is_a_slip() -> None:
    assert oakum("schema", "openapi").code == 2

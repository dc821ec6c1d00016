"""A creation is a pair with what deletes its object, or it is none."""

from __future__ import annotations

import json

import pytest

from oakum.scan.write_tests.creation_pairs import creations
from tests.scan.test_unmarked_creations import Notes
from tests.unit.scan.studio import compiled


@pytest.mark.parametrize("removes", [True, False])
def test_nothing_is_created_that_nothing_deletes(removes: bool) -> None:
    api = Notes()
    document, policy = api.document, api.relations + api.policy
    if not removes:
        document = document.replace(json.dumps("delete"), json.dumps("head"))
    found = [
        (e.make.operation.id, e.remove.operation.id)
        for e in creations(compiled(document, policy), {})
    ]
    assert found == ([("makeNote", "removeNote")] if removes else [])

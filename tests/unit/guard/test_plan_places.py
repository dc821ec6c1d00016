"""Which object counts what stands inside it."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.guard.plan_places import PlannedPlace, inside_resource
from oakum.policy.model import Owner
from tests.unit.authz.small import OWNED, contract, note

COUNT = ((("total",), "#"),)


@pytest.mark.parametrize(
    ("owner", "ahead", "inside", "page"),
    [
        (Owner("none"), COUNT, False, True),
        (Owner("none"), (), False, False),
        (Owner("none"), (((), "#"),), False, False),
        (Owner("none"), ((("items", "*"), "Note"),), False, False),
        (Owner("none"), COUNT, True, False),
        (OWNED, COUNT, False, False),
    ],
)
def test_only_an_outermost_object_without_owner_with_a_count_in_it_is_a_page(
    owner: Owner, ahead: Any, inside: bool, page: bool
) -> None:
    table = contract(note(owner=owner)).tables["Note"]
    found = inside_resource(PlannedPlace(None, ahead, inside=inside), None, table, 0)
    assert found.page is page
    assert found.inside

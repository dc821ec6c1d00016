"""Which object counts what stands inside it."""

from __future__ import annotations

from typing import Any

import pytest

from oakum.guard.plan import planned_places
from oakum.guard.plan.planned_places import PlannedPlace, counted_rows, inside_resource
from oakum.policy.model import Owner
from tests.unit.authz.small import OWNED, contract, note

COUNT = ((("total",), "#"),)
BELOW = ((("notes", "total"), "#"),)


@pytest.mark.parametrize(
    ("owner", "ahead", "inside", "page"),
    [
        (Owner("none"), COUNT, False, True),
        (Owner("none"), (), False, False),
        (Owner("none"), (((), "#"),), False, False),
        (Owner("none"), ((("items", "*"), "Note"),), False, False),
        (Owner("none"), COUNT, True, True),
        (OWNED, COUNT, False, True),
        (Owner("none"), BELOW, False, True),
        (Owner("none"), BELOW, True, False),
        (OWNED, BELOW, False, False),
    ],
)
def test_what_holds_a_count_is_a_page_and_one_without_owner_that_holds_it_further_below(
    owner: Owner, ahead: Any, inside: bool, page: bool
) -> None:
    table = contract(note(owner=owner)).tables["Note"]
    found = inside_resource(PlannedPlace(None, ahead, inside=inside), None, table, 0)
    assert found.page is page
    assert found.inside


def test_members_are_read_once_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    known = planned_places._known_names
    monkeypatch.setattr(planned_places, "_known_names", lambda at: read.append(at) or known(at))
    ahead = (*(((f"n{index}",), "Note") for index in range(50)), (("total",), "#"))
    assert counted_rows(PlannedPlace(None, ahead)) == ["total"]
    assert len(read) < 4

"""Values that a viewer may not see, of which somebody else was shown the object."""

from __future__ import annotations

from dataclasses import replace

from oakum.scan.filters.hidden_values import hidden_fields, hidden_in_list
from tests.unit.scan.studio import NAMES, Run, Studio, probe


def test_what_the_contract_hides_from_a_kind_of_viewer_comes_once() -> None:
    run = Run(Studio()).explore()
    found = list(hidden_fields(run.engine))
    places = [(each.resource, each.field, each.label) for each in found]
    assert len(places) == len({*places})
    assert ("Person", "phone", "member") in places
    assert not {("Person", "name", "member"), ("Person", "phone", "owner")} & {*places}
    for each in found:
        assert each.owner in NAMES.values() and each.viewer != each.owner
        assert each.value in run.knowledge.own[each.owner, each.resource, each.field]


def test_those_of_one_owner_alone_are_found() -> None:
    run = Run(Studio()).explore()
    assert {each.owner for each in hidden_fields(run.engine, "bob")} == {"bob"}


def test_a_list_of_what_somebody_owns_or_everybody_sees_is_not_asked_for() -> None:
    run = Run(Studio()).explore()
    asked = len(run.studio.asked)
    course = replace(probe("getCourse"), shows={"Course": ("id", "title")})
    assert not [*hidden_in_list(run.engine, probe("listPeople"))]
    assert not [*hidden_in_list(run.engine, course)]
    assert len(run.studio.asked) == asked

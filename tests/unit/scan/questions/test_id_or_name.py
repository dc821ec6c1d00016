"""Which path parameters the document lets be filled with another name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.scan.questions.id_or_name import other_names
from tests.unit.scan.studio import model, probe


@pytest.mark.parametrize(
    ("name", "summary", "found"),
    [
        ("idOrName", "", [("name", ("Person.name",))]),
        ("name_or_id", "", [("name", ("Person.name",))]),
        ("idOrNick", "", [("nick", ())]),
        ("person", "By id or by the `name`", [("name", ("Person.name",))]),
        ("person", "By name, or id", [("name", ("Person.name",))]),
        ("person", "By id or number", []),
        ("person", "A bio or a phone", []),
        ("order", "", []),
        ("or", "", []),
        ("orId", "", []),
    ],
)
def test_the_other_name_is_told_by_the_parameter_or_beside_the_field_that_fills_it(
    name: str, summary: str, found: list[tuple[str, tuple[str, ...]]]
) -> None:
    known = probe("getPerson")
    (parameter,) = known.operation.parameters
    operation = replace(
        known.operation, summary=summary, parameters=(replace(parameter, name=name),)
    )
    made = replace(known, operation=operation, sources={name: "Person.id"})
    told = [(each.said, each.sources) for each in other_names(model(), [made])]
    assert told == found
    assert not [*other_names(model(), [replace(made, how="option")])]
    assert not [*other_names(model(), [replace(made, sources={})])]

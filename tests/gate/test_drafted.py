"""A gate takes nothing that was seen beside a drafted line for evidence."""

from __future__ import annotations

from dataclasses import replace

from oakum.authz import Model, compile_contract
from oakum.finding import Cell, Endpoint, Result
from oakum.gate.required_coverage import Share, shares
from oakum.policy.resource_schemas import view
from tests.unit.scan.studio import contract


def share(model: Model) -> Share:
    """What is known of people's phones for members."""
    endpoint = Endpoint("GET", "/people/{personId}", "getPerson")
    cell = Cell("Person", "phone", "member", (), endpoint, False, Result.CLOSED)
    found = shares(view(contract().document, model.policy), model, [cell])
    return next(each for each in found if each.cells)


def test_a_cell_of_a_drafted_line_is_untested() -> None:
    policy = contract().policy
    assert policy is not None
    person = policy.resources["Person"]
    fields = tuple(replace(each, draft=each.path == "phone") for each in person.fields)
    drafted = replace(
        policy, resources={**policy.resources, "Person": replace(person, fields=fields)}
    )
    document = contract().document
    assert share(compile_contract(document, policy)).percent == 100
    unproven = share(compile_contract(document, drafted))
    assert unproven.percent == 0
    assert "its line is drafted and not confirmed" in unproven.reason

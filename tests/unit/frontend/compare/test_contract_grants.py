"""What a contract says of a viewer by name, and the line that is offered."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, combinations, product
from pathlib import Path

import pytest

import cadence
from oakum.authz import Model, compile_contract
from oakum.frontend.compare.contract_change import change
from oakum.frontend.compare.contract_grants import ContractGrants
from oakum.frontend.compare.verdict import Verdict
from oakum.policy.contract import load

CONTRACT = Path(cadence.__file__).with_name("exposure.yaml")
EITHER = ("true", "false", "unknown")


@pytest.fixture(scope="module")
def model() -> Model:
    found = load(CONTRACT)
    assert found.policy is not None
    return compile_contract(found.document, found.policy)


@pytest.fixture(scope="module")
def contract(model: Model) -> ContractGrants:
    return ContractGrants(model)


@pytest.mark.parametrize(
    ("field", "viewer", "state", "grant"),
    [
        ("username", "member", {}, "granted"),
        ("location", "member", {"private": "false"}, "granted"),
        ("location", "member", {"private": "true"}, "denied"),
        ("location", "member", {}, "unclear"),
        ("location", "member", {"private": "unknown"}, "unclear"),
        ("location", "follower", {"private": "true"}, "granted"),
        ("location", "staff", {"private": "true"}, "granted"),
        ("weight", "follower", {}, "denied"),
        ("weight", "owner", {}, "granted"),
        ("weight", "anyone or more", {}, "unclear"),  # they may be the owner
        ("facebook_access_token", "unknown", {}, "denied"),
        ("username", "blocked", {}, "denied"),  # `unless: [blocked]`
        ("username", "unknown", {}, "unclear"),
        ("no_such_field", "owner", {}, "denied"),
        # A line that names an object is one of what the document declares in it.
        ("streaks", "owner", {}, "granted"),
        ("streaks", "member", {"private": "true"}, "denied"),
        ("streaks", "member", {}, "unclear"),
    ],
)
def test_what_a_name_and_a_state_say(
    contract: ContractGrants, field: str, viewer: str, state: Mapping[str, str], grant: str
) -> None:
    assert contract.grant("Member", field, viewer, state) == grant


def test_sure_and_denied_hold_in_each_world_that_the_name_allows(
    contract: ContractGrants, model: Model
) -> None:
    """Gone through one by one: what is surely granted is granted to the least of them whatever the
    settings are, what is surely denied is denied to all that they may be."""
    relations = model.policy.relations
    for viewer, extra in (
        ("member", ()),
        ("follower", ("staff",)),
        ("anyone or more", (*relations,)),
    ):
        base = {*viewer.removesuffix(" or more").split("+")}
        more = chain.from_iterable(combinations(extra, n) for n in range(len(extra) + 1))
        helds = {contract._held_relations(frozenset({*base, *some})) for some in more}
        for name, table in model.tables.items():
            for now in product(EITHER, repeat=len(table.states)):
                state = {s.name: v for s, v in zip(table.states, now, strict=True)}
                sure, possible = contract.bits(name, viewer, tuple(sorted(state.items())))
                seen = 0
                for read in product(*([t] if t != "unknown" else EITHER for t in now)):
                    values = {s.name: {"true": True, "false": False}.get(v)
                              for s, v in zip(table.states, read, strict=True)}  # fmt: skip
                    for held in helds:
                        seen |= table.see(held, values)
                    assert not sure & ~table.see(contract.least(viewer), values)
                assert seen == possible, (viewer, name, state)
                assert not sure & ~possible


@pytest.mark.parametrize(
    ("field", "verdicts", "text"),
    [
        ("age", {"owner": "excess"}, "age: []"),
        ("location", {"member": "wide"}, ""),  # its line also says who may set it
        ("total_workouts",
         {"member": "wide", "owner": "fine", "follower": "unknown", "staff": "fine"},
         "total_workouts: [{see: [owner, follower, staff]}]"),
        ("streaks.best_days", {"follower": "excess", "owner": "fine", "member": "excess"},
         "streaks.best_days: [{see: [owner]}]"),
        # An owner is a member too: what members need cannot be taken from owners.
        ("category", {"owner": "excess", "member": "fine"}, ""),
        ("category", {"member": "excess", "owner": "fine"}, "category: [{see: [owner]}]"),
        ("no_such_field", {"member": "leak"}, "no_such_field: []"),
        ("weight", {"member": "leak"}, ""),
        ("age", {"follower": "narrow"}, "age: [{see: [owner]}, {see: [follower]}]"),
        ("username", {"member": "excess"}, ""),  # its line also says who may set it
    ],
)  # fmt: skip
def test_the_line_that_is_offered(
    contract: ContractGrants, field: str, verdicts: dict[str, Verdict], text: str
) -> None:
    offered = change(contract, "Member", field, verdicts)
    said = {
        each.text for name, each in offered.items() if verdicts[name] not in ("fine", "unknown")
    }
    assert said == {text}
    assert all(each.means for name, each in offered.items() if verdicts[name] in ("leak", "excess"))
    assert not any(offered[name].text for name in verdicts if verdicts[name] in ("fine", "unknown"))

"""Proposes the contract line that matches what is sent and used. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from oakum.authz.table import ruling_leaves
from oakum.frontend.compare.contract_grants import MORE, ContractGrants
from oakum.frontend.compare.verdict import Verdict
from oakum.openapi.model import Json
from oakum.policy.model import Grant
from oakum.traffic.draft_lines import scalar


@dataclass(frozen=True)
class ContractChange:
    """A proposed contract line and its effect in words; the text is empty if no line resolves the
    row."""

    text: str = ""
    means: str = ""


NO_CHANGE = ContractChange()
_RIGHT = "the line is right: fix the API, or put `oakum guard` before it"
_NOBODY = "states explicitly that nobody may see it; `oakum guard` removes it either way"
_WIDER = "only if viewers should see it; otherwise fix the page and the API"
_NARROWER = "replaces what the line says about this field; apply it once all pages were driven"
_BOUND = (
    "no narrower line works: others need the relation that shows it to such a viewer; remove it"
    " from the response instead"
)
_LONG = "narrow the line by hand: it also says who may set it, or what replaces it"


def change(
    contract: ContractGrants, resource: str, leaf: str, verdicts: Mapping[str, Verdict]
) -> Mapping[str, ContractChange]:
    """Viewer → the change to the contract that its verdict asks for; empty where nothing is to be
    changed."""
    drop = {name for name, each in verdicts.items() if each in ("excess", "wide")}
    narrow = _narrow_line(contract, resource, leaf, drop, verdicts.keys() - drop) if drop else None
    found: dict[str, ContractChange] = {}
    for viewer, verdict in verdicts.items():
        match verdict:
            case "leak" if not contract.has(resource, leaf):
                found[viewer] = ContractChange(f"{_key(leaf)}: []", _NOBODY)
            case "leak":
                found[viewer] = ContractChange("", _RIGHT)
            case "narrow":
                found[viewer] = ContractChange(
                    _widen_line(contract, resource, leaf, viewer), _WIDER
                )
            case "excess" | "wide":
                assert narrow is not None
                found[viewer] = narrow
            case _:
                found[viewer] = NO_CHANGE
    return found


def _narrow_line(
    contract: ContractGrants, resource: str, leaf: str, drop: set[str], keep: Iterable[str]
) -> ContractChange:
    """The field's line without the viewers in `drop`; without text if `keep` would lose the field,
    too."""
    rule = _rule(contract, resource, leaf)
    if rule is None or rule[1] or any(MORE in name for name in drop):
        return ContractChange("", _LONG if rule and rule[1] else _BOUND)
    barred = frozenset[str]().union(*(contract.least(name) for name in drop))
    made: list[Grant] = []
    always = frozenset[str]()
    """Relations that are granted it without a condition: a further one gives them nothing."""
    for grant in sorted(rule[0], key=lambda each: bool(each.when)):
        kept = [name for name in keep if not contract.least(name).isdisjoint(grant.see)]
        see = [name for name in grant.see if name not in barred]
        for name in kept:
            if contract.least(name).isdisjoint({*see} | always):
                if name in barred or name not in contract.least(name):
                    return ContractChange("", _BOUND)
                see.append(name)
        made += [replace(grant, see=tuple(see))] if see else []
        always |= {*see} if not grant.when else set()
    return ContractChange(f"{_key(leaf)}: {_format_grants(made)}", _NARROWER)


def _widen_line(contract: ContractGrants, resource: str, leaf: str, viewer: str) -> str:
    """The field's line with one more viewer; empty if no single relation stands for that viewer."""
    name = viewer.removesuffix(MORE)
    rule = _rule(contract, resource, leaf)
    if name not in contract.least(name) or (rule is not None and rule[1]):
        return ""
    grants = [*(rule[0] if rule else ()), Grant((name,))]
    return f"{_key(leaf)}: {_format_grants(grants)}"


def _rule(
    contract: ContractGrants, resource: str, leaf: str
) -> tuple[tuple[Grant, ...], bool] | None:
    """(grants of the field, whether its line also says who may set it or what replaces it); None
    without one line for all of the field."""
    table = contract.table(resource)
    rules = [table.rules[index] for index in ruling_leaves(table, leaf)]
    if not rules or any(each is not rules[0] for each in rules):
        return None
    rule = rules[0]
    return rule.grants, rule.instead != "absent" or any(each.set for each in rule.grants)


def _format_grants(grants: Iterable[Grant]) -> str:
    said = []
    for each in grants:
        see = f"see: [{', '.join(map(scalar, each.see))}]"
        inner = ", ".join(f"{scalar(name)}: {_values(held)}" for name, held in each.when.items())
        said.append(f"{{{see}, when: {{{inner}}}}}" if each.when else f"{{{see}}}")
    return f"[{', '.join(said)}]"


def _values(values: tuple[Json, ...]) -> str:
    said = ", ".join(map(scalar, values))
    return said if len(values) == 1 else f"[{said}]"


def _key(path: str) -> str:
    return str(scalar(path))

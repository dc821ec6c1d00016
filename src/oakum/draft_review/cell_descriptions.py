"""Describes a cell in words: what `oakum scan` reports, and what `oakum guard` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from oakum.draft_review.cells import ContractReading, State, cell
from oakum.errors import few
from oakum.policy.model import Owner, Relation

_FEW = 3
_SETS = {
    "open": "`{}` may set it.",
    "implied": "`{}` may set it as a weaker viewer may.",
    "when": "`{}` may set it in some settings of the owner.",
    "closed": "`{}` may not set it: a guard refuses a write that does.",
}


@dataclass(frozen=True)
class CellWords:
    """Sentences about what one viewer may see of one field."""

    means: str
    scan: str
    guard: str
    sets: str


def viewer(relation: Relation) -> str:
    """Describes which callers have a relation."""
    match relation.kind:
        case "anyone":
            who = "everybody, logged in or not"
        case "authenticated":
            who = "whoever is logged in"
        case "owner":
            who = "whose object it is"
        case "claim":
            who = f"whose claim `{relation.claim}` is or contains `{relation.has}`"
        case "lookup" if not relation.operation:
            who = "who the identities file says"
        case "lookup":
            who = f"who is in the list of `{relation.operation}`"
        case "field" if relation.operation:
            who = f"who belongs to the tenant in `{relation.member}`"
        case "field" if relation.claim:
            who = f"whose claim `{relation.claim}` is in `{relation.member}`"
        case "field":
            who = f"whose id is in `{relation.member}`"
        case _:
            assert_never(relation.kind)
    return f"{who}, unless {' or '.join(relation.unless)}" if relation.unless else who


def owner(of: Owner) -> str:
    """Describes who owns an object."""
    names = ", ".join(f"`{each}`" for each in of.members)
    match of.kind:
        case "none":
            return "nobody owns it"
        case "field":
            return f"the account in {names}"
        case "path":
            return f"the account in the path, {names}"
        case "query":
            return f"the account in the query, {names}"
        case "parent":
            return "the owner of the object around it"
        case "resource":
            return f"the owner of its {names}"
        case "caller":
            return "the caller"
        case "creator":
            return "whoever made it"
        case _:
            assert_never(of.kind)


def describe_cell(read: ContractReading, resource: str, path: str, relation: str) -> CellWords:
    """Describes what the contract says of a cell, and what scan and guard do accordingly."""
    rule = read.rule(resource, path)
    state: State = cell(read, rule, relation) if rule is not None else "closed"
    draft = rule.draft if rule is not None else read.policy.resources[resource].draft
    sent = read.seen.endpoints[resource]
    written = cell(read, rule, relation, "set") if rule is not None else "closed"
    sets = _SETS[written].format(relation)
    asks = f"calls {few(sent, _FEW)} as `{relation}`" if sent else ""
    means, scan, guard = _describe_state(
        state, relation, rule.instead if rule is not None else "absent"
    )
    if not asks:
        return CellWords(means, "No operation of the document sends such an object.", guard, sets)
    note = ""
    if draft and state in ("closed", "when"):
        note = " While this is a draft, the leak is only suspected."
    elif draft and state != "masked":
        note = " While this is a draft, a grant that the API does not honour is not a finding."
    return CellWords(means, f"It {asks}. {scan}{note}", guard, sets)


def _describe_state(state: State, relation: str, instead: str) -> tuple[str, str, str]:
    removed = {
        "absent": "It removes the field",
        "null": "It puts `null` in its place",
        "refuse": "It withholds the whole response",
    }[instead]
    match state:
        case "closed":
            return (
                f"`{relation}` does not see it.",
                "A response that contains the field is a leak.",
                f"{removed} for such a caller.",
            )
        case "open" | "implied":
            weaker = " as a weaker viewer does" if state == "implied" else ""
            return (
                f"`{relation}` sees it{weaker}.",
                "A response without the field is an over-block.",
                "It lets the field pass.",
            )
        case "when":
            return (
                f"`{relation}` sees it in some settings of the owner.",
                "In the other settings, a response that contains the field is a leak.",
                f"It lets the field pass in those settings. {removed} in the others, and if the"
                " setting is unknown.",
            )
        case "masked":
            return (
                f"`{relation}` sees it in a masked form only.",
                "A response that contains the whole value is a leak.",
                "It refuses a contract with a masked form.",
            )
        case _:
            assert_never(state)

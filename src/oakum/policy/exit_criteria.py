"""Reads `exit_criteria`: what a release must pass, and its waivers.

The file cannot switch the gate off: a proven leak always counts from some severity on, and a waiver
needs a reason, a responsible person, and a day on which it ends.
"""

from __future__ import annotations

import re
from datetime import date
from functools import partial
from typing import cast

from oakum.errors import Problem
from oakum.openapi.source import Node
from oakum.policy.amounts import count, duration
from oakum.policy.model import (
    STATIC_RULES,
    Approval,
    CellRef,
    ExitCriteria,
    Policy,
    Stance,
    Waiver,
)
from oakum.policy.node_reader import (
    Reader,
    describe,
    flag,
    nearest,
    one_of,
    path,
    read_map,
    record,
    scalar,
    text,
    word,
)
from oakum.policy.resources import grave

CRITERIA = (
    *("proven", "suspected", "over_blocks", "shown", "states", "security", "classified"),
    *("max_age", "static", "waivers", "approvals"),
)
WAIVER = ("finding", "cell", "reason", "owner", "expires")
APPROVAL = ("widening", "reason", "owner")
CELL = ("field", "viewer", "state")
WAIVERS = ("waivers",)
STANCES = ("fail", "warn", "off")

_FINGERPRINT = re.compile(r"[0-9a-f]{8,16}")


def exit_criteria(r: Reader, node: Node, what: str) -> ExitCriteria | None:
    found = record(r, node, what, CRITERIA)
    usual = ExitCriteria()
    static = found.find("static", read_map(_stance)) or {}
    filed = "waivers" in found and found["waivers"].kind == "scalar"
    return ExitCriteria(
        proven=found.read("proven", grave, usual.proven),
        suspected=found.read("suspected", count(0), usual.suspected),
        over_blocks=found.read("over_blocks", count(0), usual.over_blocks),
        shown=found.read("shown", _percent, usual.shown),
        states=found.read("states", flag, usual.states),
        security=found.read("security", flag, usual.security),
        classified=found.read("classified", flag, usual.classified),
        max_age=found.read("max_age", duration, usual.max_age),
        static={**usual.static, **static},
        waivers=() if filed else found.read("waivers", waivers, ()),
        waiver_file=found.read("waivers", word, "") if filed else "",
        approvals=found.read("approvals", _approvals, ()),
    )


def parse_waivers(node: Node, policy: Policy, problems: list[Problem]) -> tuple[Waiver, ...]:
    """Parses a separate waiver file: `waivers:` and a list. Mistakes go to `problems`."""
    r = Reader(problems)
    found = record(r, node, "a file of waivers", WAIVERS)
    found.require("waivers", "the file")
    read = found.find("waivers", waivers)
    r.settle(policy)
    return read or ()


def waivers(r: Reader, node: Node, what: str) -> tuple[Waiver, ...] | None:
    if node.kind != "list":
        r.unlike(node, what, "a list of waivers")
        return None
    made = [_waiver(r, each) for each in node.elements]
    return tuple(each for each in made if each is not None)


def _percent(r: Reader, node: Node, what: str) -> float | None:
    value = node.scalar
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
        return float(value)
    hint = "leave the `%` out" if str(value).rstrip().endswith("%") else ""
    r.unlike(node, what, "a percentage from 0 to 100", hint)
    return None


def _stance(r: Reader, key: Node, node: Node) -> Stance:
    if key.scalar not in STATIC_RULES:
        message = f"there is no static rule `{key.scalar}`"
        r.wrong(key, message, nearest(str(key.scalar), STATIC_RULES))
    return cast(Stance, one_of(*STANCES)(r, node, f"`{key.scalar}`") or "fail")


def _waiver(r: Reader, node: Node) -> Waiver | None:
    found = record(r, node, "a waiver", WAIVER)
    if not found.whole:
        return None
    named_by = found.present(("finding", "cell"))
    if len(named_by) != 1:
        r.wrong(node, "a waiver names one thing", "write `finding` or `cell`")
    found.require("reason", "the waiver", "give the reason why this may ship")
    found.require("owner", "the waiver", "say who answers for it")
    found.require("expires", "the waiver", "give the last day, such as `2030-12-31`")
    return Waiver(
        finding=found.read("finding", _fingerprint, ""),
        cell=found.find("cell", _cell),
        reason=found.read("reason", word, ""),
        owner=found.read("owner", word, ""),
        expires=found.read("expires", _day, date.min),
        location=node.location,
    )


def _approvals(r: Reader, node: Node, what: str) -> tuple[Approval, ...] | None:
    if node.kind != "list":
        r.unlike(node, what, "a list of approvals")
        return None
    made = [_approval(r, each) for each in node.elements]
    return tuple(each for each in made if each is not None)


def _approval(r: Reader, node: Node) -> Approval | None:
    found = record(r, node, "an approval", APPROVAL)
    found.require("widening", "the approval", "write the fingerprint that the gate prints")
    found.require("reason", "the approval", "give the reason why more may be shown")
    found.require("owner", "the approval", "say who answers for it")
    if not found.whole or any(key not in found for key in APPROVAL):
        return None
    return Approval(
        widening=found.read("widening", _fingerprint, ""),
        reason=found.read("reason", word, ""),
        owner=found.read("owner", word, ""),
        location=node.location,
    )


def _fingerprint(r: Reader, node: Node, what: str) -> str | None:
    found = word(r, node, what)
    if found is None:
        return None
    digits = found.removeprefix("finding-").lower()
    if _FINGERPRINT.fullmatch(digits):
        return digits
    r.wrong(
        node,
        f"`{found}` is not a fingerprint",
        "eight to sixteen hexadecimal digits, as in reports",
    )
    return None


def _day(r: Reader, node: Node, what: str) -> date | None:
    try:
        return date.fromisoformat(node.scalar)
    except (TypeError, ValueError):
        hint = f"{what} is {describe(node)}"
        r.wrong(node, "a waiver ends on a date, such as `2030-12-31`", hint)
        return None


def _cell(r: Reader, node: Node, what: str) -> CellRef | None:
    found = record(r, node, what, CELL)
    found.require("field", "the cell", "write `Resource.field`")
    found.require("viewer", "the cell", "say who sees it")
    stated = found.find("state", read_map(_value)) or {}
    full = found.read("field", path, "")
    resource, _, field = full.partition(".")
    if full and not field:
        r.wrong(found["field"], f"`{full}` names no field", "write `Resource.field`")
    elif full:
        r.later(partial(resource_known, r, found["field"], resource))
    return CellRef(resource, field, found.read("viewer", word, ""), tuple(sorted(stated.items())))


def _value(r: Reader, key: Node, node: Node) -> str:
    return text(scalar(r, node, f"`{key.scalar}`"))


def resource_known(r: Reader, node: Node, resource: str, policy: Policy) -> None:
    """Records a mistake unless the policy has this resource."""
    r.is_known(node, resource, policy.resources, "resource")

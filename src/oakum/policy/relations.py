"""Reads `relations` and `order`: how a caller may relate to an object."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Literal, cast

from oakum.errors import Problem
from oakum.openapi.source import Node
from oakum.policy.model import Policy, Relation, RelationStep
from oakum.policy.node_reader import (
    Entries,
    Reader,
    circles,
    flag,
    many,
    name,
    one_of,
    path,
    pointer,
    read_map,
    record,
    scalar,
    word,
)

RELATION = (
    "authenticated", "is", "in", "id", "of", "role", "between", "field", "claim", "has", "unless",
    "requires", "begin", "end", "untested",
)  # fmt: skip

SOURCES: Mapping[str, Literal["authenticated", "owner", "lookup", "field", "claim"]] = {
    "authenticated": "authenticated",
    "is": "owner",
    "in": "lookup",
    "between": "lookup",
    "field": "field",
    "claim": "claim",
}


_PARTS = (("id", "in"), ("of", "in"))
_STEPS = ("begin", "end")
STEP = ("operation", "by")


def relation(r: Reader, node: Node, what: str) -> str | None:
    """Reads the name of a relation, which may be defined further down."""
    found = word(r, node, what)
    if found == "*":
        r.wrong(node, "`*` is not a relation", "list each relation: a grant says who sees")
    elif found is not None:
        r.later(lambda policy: _relation_known(r, node, found, policy))
    return found


def _relation_known(r: Reader, node: Node, found: str, policy: Policy) -> None:
    r.is_known(node, found, policy.relations, "relation")


relation_names = many(relation, "a relation")


def relations(r: Reader, node: Node, what: str) -> dict[str, Relation] | None:
    found = read_map(_relation)(r, node, what)
    if found == {}:
        r.wrong(node, "`relations` names none", "write at least `anyone: {}`")
    return found


def _relation(r: Reader, key: Node, node: Node) -> Relation:
    called = name(r, key, "a relation")
    if node.kind == "scalar" and node.scalar is None:
        r.wrong(key, f"`{called}` says nothing", f"write `{called}: {{}}` for everybody")
        return Relation(called, "anyone", location=key.location)
    found = record(r, node, "a relation", RELATION)
    sources = found.present(SOURCES)
    member = sources == ["in", "field"]
    if member or (sources == ["field", "claim"] and "has" not in found):
        sources = ["field"]
    if len(sources) > 1:
        listed = ", ".join(f"`{source}`" for source in sources)
        r.wrong(node, f"`{called}` has several sources: {listed}", "write one relation for each")
    for part, whole in _PARTS:
        if part in found and whole not in found:
            r.wrong(found[part], f"`{part}` belongs to `{whole}`, which `{called}` does not have")
    for part in _STEPS:
        if part in found and "in" not in found and "claim" not in found:
            said = f"`{part}` belongs to `in` or `claim`, which `{called}` does not have"
            r.wrong(found[part], said)
    _role(r, found, called, member=member)
    if "in" in found:
        found.require("id", f"`{called}`", "write the JSON pointer to the ids in that response")
    if "claim" in found and "field" not in found:
        hint = "write the value that the claim must have, or the `field` that contains it"
        found.require("has", f"`{called}`", hint)
    found.read("is", one_of("owner"), "")
    if found.read("authenticated", flag, True) is False:
        r.wrong(found["authenticated"], "`authenticated` is `true` or absent", "anyone is `{}`")
    if found.read("between", flag, True) is False:
        hint = "name the operation that lists them: `in` and `id`"
        r.wrong(found["between"], "`between` is `true` or absent", hint)
    return Relation(
        called,
        SOURCES[sources[0]] if sources else "anyone",
        claim=found.read("claim", word, ""),
        has=found.read("has", scalar, None),
        operation=found.read("in", word, ""),
        pointer=found.read("id", pointer, ""),
        role=found.read("role", pointer, ""),
        of=cast(Literal["owner", "caller"], found.read("of", one_of("owner", "caller"), "owner")),
        member=found.read("field", path, ""),
        unless=found.read("unless", relation_names, ()),
        requires=found.read("requires", relation_names, ()),
        begin=found.read("begin", _steps, ()),
        end=found.read("end", _steps, ()),
        untested=found.read("untested", reason, ""),
        location=key.location,
    )


def _role(r: Reader, found: Entries, called: str, *, member: bool) -> None:
    """Reports mistakes about members of tenants, and their roles."""
    if not member:
        if "has" in found and "claim" not in found:
            said = f"`has` belongs to `claim`, which `{called}` does not have"
            r.wrong(found["has"], said)
        if "role" in found:
            said = f"`role` belongs to `field` and `in`, which `{called}` does not have both"
            r.wrong(found["role"], said)
        return
    for part in _STEPS:
        if part in found:
            said = f"`{part}` does not belong to `field` and `in`, which list a tenant's members"
            r.wrong(found[part], said)
    for part, other in (("role", "has"), ("has", "role")):
        if part in found and other not in found:
            said = f"`{part}` belongs to `{other}`, which `{called}` does not have"
            r.wrong(found[part], said, "`role` is the place of the role, and `has` its value")
    at, role = (str(found[part].scalar) if part in found else "" for part in ("id", "role"))
    row = at.rpartition("/*")[0] + "/*" if "*" in at.split("/") else ""
    if role and not (role.startswith(f"{row}/") and "*" not in role.removeprefix(row).split("/")):
        r.wrong(
            found["role"],
            f"`{role}` is not a member of the object with the id",
            f"write it as `{row}/role`",
        )


def reason(r: Reader, node: Node, what: str) -> str | None:
    """Reads a reason, which reports show."""
    said = node.scalar if node.kind == "scalar" else None
    if isinstance(said, str) and said.strip():
        return said.strip()
    r.unlike(node, what, "the reason in words", 'such as `untested: "needs a paid account"`')
    return None


def _step(r: Reader, node: Node, what: str) -> RelationStep | None:
    if node.kind != "map":
        asked = word(r, node, what)
        return None if asked is None else RelationStep(asked)
    found = record(r, node, "a step", STEP)
    found.require("operation", "a step", "name the operation to call")
    by = found.read("by", one_of("caller", "owner"), "caller")
    return RelationStep(found.read("operation", word, ""), cast(Literal["caller", "owner"], by))


def _steps(r: Reader, node: Node, what: str) -> tuple[RelationStep, ...] | None:
    elements = node.elements if node.kind == "list" else (node,)
    found = [_step(r, element, "an operation") for element in elements]
    return tuple(each for each in found if each is not None)


def no_circle(r: Reader, policy: Policy) -> None:
    """Reports relations that depend on themselves, in any number of steps."""
    known = policy.relations
    depends = {each.name: (*each.unless, *each.requires) for each in known.values()}
    for trail in circles(depends):
        steps = f"`{trail[0]}`"
        for before, after in pairwise(trail):
            steps += f" {'unless' if after in known[before].unless else 'requires'} `{after}`"
        place = known[trail[0]].location
        r.problems.append(Problem(place, f"`{trail[0]}` depends on itself", steps))


def order(r: Reader, node: Node, what: str) -> tuple[tuple[str, ...], ...] | None:
    if node.kind != "list":
        r.unlike(node, what, "a list of relations, weaker first, or a list of such lists")
        return None
    lists = [element for element in node.elements if element.kind == "list"]
    if lists and len(lists) < len(node.elements):
        r.wrong(node, "`order` mixes names and lists", "put each chain in a list of its own")
    chains = []
    for chain in lists or [node]:
        steps = [(step, relation(r, step, "a relation")) for step in chain.elements]
        names = [found for _, found in steps if found is not None]
        for index, (step, found) in enumerate(steps):
            if found in names[:index]:
                r.wrong(step, f"`{found}` occurs twice in one order")
        chains.append(tuple(names))
    return tuple(chains)

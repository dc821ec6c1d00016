"""Parses the exposure policy: YAML in, `Policy` out, all mistakes at once.

The language has no expressions: relations × states × fields, and nothing else. Whatever is not
granted is denied, so an incomplete line (an empty `see`, a relation without a source) is refused
rather than interpreted. docs/reference/policy-language.md explains each key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from oakum.errors import Location, Problem
from oakum.openapi.source import Node
from oakum.policy.comma_separated_keys import apart
from oakum.policy.exit_criteria import exit_criteria, resource_known
from oakum.policy.guard_section import limits, read_guarding
from oakum.policy.model import Caller, ExitCriteria, Guarding, OperationRule, Policy
from oakum.policy.node_reader import (
    Entries,
    Reader,
    describe,
    flag,
    many,
    path,
    pointer,
    read_map,
    record,
    word,
)
from oakum.policy.relations import no_circle, order, reason, relation_names, relations
from oakum.policy.resources import inherit, no_circle_of_parents, resource

NOTHING = "none"
"""Value for a parameter that the policy's `params` do not apply to in an operation."""
MOST = 999_999_999
VERSION = 1
"""The supported version of the policy language."""

POLICY = (
    *("exposure", "api", "caller", "order", "relations", "resources", "operations"),
    *("limits", "guard", "exit_criteria", "refs", "params"),
)
CALLER = ("operation", "session", "id", "claim", "jwt", "api_key")
OPERATION = (
    *("draft", "shows", "sets", "params", "counts", "owner", "call", "reads", "graphql"),
    *("without", "at_most", "untested", "login"),
)


def parse_policy(
    node: Node, problems: list[Problem], is_operation: Callable[[str], bool] = lambda _: False
) -> Policy | None:
    """Parses a policy as far as possible; mistakes are added to `problems`. `is_operation`: whether
    the document has an operation of this name.

    With problems, the result only serves to find more of them. None: nothing can be read, since the
    file is no map or has another version of the language.
    """
    r = Reader(problems)
    node = apart(node, is_operation)
    top = record(r, node, "a policy", POLICY)
    if not top.whole or not _version(r, top):
        return None
    for key in ("relations", "resources"):
        top.require(key, "the policy")
    policy = Policy(
        relations=top.find("relations", relations) or {},
        resources=inherit(r, top.find("resources", read_map(resource)) or {}),
        operations=top.find("operations", _operations) or {},
        caller=top.read("caller", _caller, Caller()),
        order=top.read("order", order, ()),
        criteria=top.read("exit_criteria", exit_criteria, ExitCriteria()),
        guard=top.read("guard", read_guarding, Guarding()),
        limits=top.read("limits", limits, ()),
        params=top.find("params", read_map(_filled_by)) or {},
        file=node.location.file,
        places={(): node.location, **dict(_places(node, (), set()))},
        sharing=_shared_operations(node.get("operations")),
    )
    top.read("api", word, "")
    top.find("refs", read_map(_saved_file))
    r.settle(policy)
    no_circle(r, policy)
    no_circle_of_parents(r, policy)
    return policy


def _saved_file(r: Reader, key: Node, node: Node) -> None:
    """The file that was saved from an address."""
    address = str(key.scalar)
    if "://" not in address or "#" in address:
        r.wrong(
            key, f"`{address}` is not the address of a file", "write it as `$ref` has it before `#`"
        )
    word(r, node, f"the file saved from `{address}`")


def place(policy: Policy, *keys: str) -> Location:
    """Location of a value, by its keys; of the nearest enclosing one if it is absent."""
    if keys[:1] == ("operations",) and len(keys) > 2:
        keys = (keys[0], policy.sharing.get(keys[1], keys[1]), *keys[2:])
    for end in range(len(keys), -1, -1):
        if found := policy.places.get(keys[:end]):
            return found
    return Location(policy.file)


def _places(
    node: Node, at: tuple[str, ...], seen: set[int]
) -> Iterator[tuple[tuple[str, ...], Location]]:
    if id(node) in seen:  # an alias: the first place is where the value was written
        return
    seen.add(id(node))
    parts = [(str(key.scalar), value) for key, value in node.items]
    parts += [(str(index), value) for index, value in enumerate(node.elements)]
    for key, value in parts:
        yield (*at, key), value.location
        yield from _places(value, (*at, key), seen)


def _shared_operations(operations: Node | None) -> dict[str, str]:
    """Each operation to the first one with the same value, below which places are known."""
    first: dict[int, str] = {}
    items = operations.items if operations is not None else ()
    return {str(key.scalar): first.setdefault(id(at), str(key.scalar)) for key, at in items}


def _version(r: Reader, top: Entries) -> bool:
    hint = f"this Oakum reads `exposure: {VERSION}`"
    if "exposure" not in top:
        r.wrong(top.node, "the policy does not name its version", f"write `exposure: {VERSION}`")
        return False
    node = top["exposure"]
    if node.scalar is not True and node.scalar == VERSION:
        return True
    r.wrong(node, f"the version of the policy language is {describe(node)}", hint)
    return False


def _caller(r: Reader, node: Node, what: str) -> Caller:
    found = record(r, node, what, CALLER)
    asked, said = found.present(("operation", "session")), found.present(("claim", "jwt"))
    ways = [*asked, *said, *found.present(("api_key",))]
    if len(ways) > 1:
        listed = ", ".join(f"`{key}`" for key in ways)
        r.wrong(node, f"a caller is identified in one way, not by {listed}")
    elif found.whole and not ways:
        r.wrong(
            node,
            "the policy does not say how to identify the caller",
            "write `operation` and `id`, or `claim`",
        )
    if asked:
        found.require(
            "id", "the caller", "write the JSON pointer to the caller's id in that response"
        )
    elif "id" in found:
        r.wrong(found["id"], "`id` belongs to `operation`")
    return Caller(
        operation=found.read(asked[0], word, "") if asked else "",
        pointer=found.read("id", pointer, ""),
        claim=found.read(said[0], word, "") if said else "",
        api_key=_api_key(r, found),
    )


def _api_key(r: Reader, found: Entries) -> bool:
    if "api_key" not in found:
        return False
    node = found["api_key"]
    if found.read("api_key", flag, True) is False:
        r.wrong(node, "`api_key` is `true` or absent")

    def ask(policy: Policy) -> None:
        if not policy.guard.api_keys:
            hint = "write `guard: {api_keys: keys.json}`"
            r.wrong(node, "the policy does not name the file of API keys", hint)

    r.later(ask)
    return True


def _operations(r: Reader, node: Node, what: str) -> dict[str, OperationRule] | None:
    """Rules by operation. What several share is read once, so that a mistake in it is told once."""
    rules: dict[int, OperationRule] = {}

    def read(r: Reader, key: Node, value: Node) -> OperationRule:
        word(r, key, "the name of an operation")
        if id(value) not in rules:
            rules[id(value)] = _operation(r, key, value)
        return replace(rules[id(value)], id=str(key.scalar), location=key.location)

    return read_map(read)(r, node, what)


def _operation(r: Reader, key: Node, node: Node) -> OperationRule:
    found = record(r, node, "an operation", OPERATION)
    reads, reading = found.find("reads", _reads) or (None, ())
    params = found.find("params", read_map(_filled_by_or_nothing)) or {}
    return OperationRule(
        str(key.scalar),
        shows=found.read("shows", _stands, ()),
        call=found.find("call", relation_names),
        owner=found.read("owner", word, ""),
        params={name: filled for name, filled in params.items() if filled != NOTHING},
        unfilled=frozenset(name for name, filled in params.items() if filled == NOTHING),
        reads=reads,
        reading=reading,
        counts=found.read("counts", many(pointer, "a JSON pointer"), ()),
        sets=found.read("sets", _stands, ()),
        graphql=found.read("graphql", word, ""),
        without=found.read("without", many(word, "a query parameter"), ()),
        at_most=found.find("at_most", read_map(_highest)) or {},
        untested=found.read("untested", reason, ""),
        login=found.read("login", _one_place, ""),
        draft=found.read("draft", flag, False),
        location=key.location,
    )


def _reads(r: Reader, node: Node, what: str) -> tuple[bool | None, tuple[str, ...]]:
    """`true`, `false`, or fields of GraphQL's `Query` that only read, which says `true`, too."""
    if node.kind == "list":
        return True, many(word, "a field of `Query`")(r, node, what) or ()
    return flag(r, node, what), ()


def _one_place(r: Reader, node: Node, what: str) -> str | None:
    """A JSON pointer of one value."""
    found = pointer(r, node, what)
    if found is not None and (not found or "*" in found.split("/")):
        r.wrong(node, f"`{found}` does not point to a single id", "write it as `/user/id`")
        return None
    return found


def _stands(r: Reader, node: Node, what: str) -> tuple[tuple[str, str], ...]:
    """(resource, JSON pointer) pairs: where in a body resources stand."""
    places = read_map(_pointers)(r, node, what) or {}
    return tuple((called, at) for called, each in places.items() for at in each)


def _pointers(r: Reader, key: Node, node: Node) -> tuple[str, ...]:
    r.later(partial(resource_known, r, key, str(key.scalar)))
    return many(pointer, "a JSON pointer")(r, node, f"`{key.scalar}`") or ()


def _highest(r: Reader, key: Node, node: Node) -> int:
    """The highest value of a parameter."""
    if node.kind == "scalar" and type(node.scalar) is int and 0 < node.scalar <= MOST:
        return node.scalar
    r.unlike(node, f"`{key.scalar}`", f"a number from 1 to {MOST:,}")
    return 1


def _filled_by_or_nothing(r: Reader, key: Node, node: Node) -> str:
    """`Resource.field`, or `none` beside a line of `params` of the policy."""
    if node.scalar != NOTHING:
        return _filled_by(r, key, node)
    name = str(key.scalar)

    def ask(policy: Policy) -> None:
        if name not in policy.params:
            said = f"`params` of the policy does not name `{name}`, so there is nothing to except"
            r.wrong(node, said, "leave it out")

    r.later(ask)
    return NOTHING


def _filled_by(r: Reader, key: Node, node: Node) -> str:
    """`Resource.field`, the values that fill a parameter."""
    found = path(r, node, f"`{key.scalar}`") or ""
    resource, _, field = found.partition(".")
    if found and not field:
        r.wrong(node, f"`{found}` names no field", "write `Resource.field`")
    elif found:
        r.later(partial(resource_known, r, node, resource))
    return found

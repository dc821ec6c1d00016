"""Keys that several names share: `id, username: [...]`, and `listUsers, getUser: {...}`.

The value applies to each of the names. The name of an operation may contain a comma; a key that as
a whole is a name counts as that one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from oakum.openapi.source import Node


def _none(_: str) -> bool:
    return False


def names(key: Node, is_one: Callable[[str], bool] = _none) -> Iterator[Node]:
    """The names in a key, each with its own location, or that of the key if its spelling differs
    from its value."""
    whole, place = str(key.scalar), key.location
    if is_one(whole):
        yield key
        return
    column = place.column + (key.inset or 0)
    for part in whole.split(","):
        name = part.strip()
        own = place._replace(column=column + part.index(name))
        yield Node("scalar", place if key.inset is None else own, scalar=name, inset=0)
        column += len(part) + 1


def apart(policy: Node, is_operation: Callable[[str], bool] = _none) -> Node:
    """The policy with a key of its own for each operation; they share the value. `is_operation`:
    whether the document has an operation of this name."""
    return replace(policy, items=tuple(_apart(policy, is_operation)))


def _apart(policy: Node, is_operation: Callable[[str], bool]) -> Iterator[tuple[Node, Node]]:
    for key, value in policy.items:
        if key.scalar == "operations" and value.kind == "map":
            several = ((name, at) for each, at in value.items for name in names(each, is_operation))
            value = replace(value, items=tuple(several))
        yield key, value

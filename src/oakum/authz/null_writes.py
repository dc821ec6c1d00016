"""What a write removes by sending `null` in place of an object or a list.

Such a write removes every part of the container, so the contract has to grant the caller the write
of each part.
"""

from __future__ import annotations

from oakum.authz.table import Trie
from oakum.openapi.model import Shape
from oakum.openapi.shape_queries import element, member_by_name, member_names, rest


def taken_by_null(node: Trie | None, shape: Shape | None) -> int:
    """Bit set of the leaves that are lost when `null` replaces a container; 0 if undeclared data is
    lost too, which nobody may write."""
    return node.leaves_below() if node is not None and _names_all(node, shape, {}) else 0


def _names_all(node: Trie | None, shape: Shape | None, seen: dict[tuple[int, Shape], bool]) -> bool:
    """Whether lines name each part that a schema declares at a place."""
    if node is None or node.leaf >= 0 or node.deep >= 0 or shape is None:
        return node is not None
    key = (id(node), shape)
    if key not in seen:
        seen[key] = True  # assume yes for recursion: the other parts decide
        parts = [(name, member_by_name(shape, name)) for name in member_names(shape)]
        parts += [("*", each) for each in (element(shape), rest(shape)) if each is not None]
        seen[key] = all(_names_all(node.child(name), each, seen) for name, each in parts)
    return seen[key]

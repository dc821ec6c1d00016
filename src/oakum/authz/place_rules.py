"""What contract and document say about one place of a response, whatever value it has.

A decision about a field depends only on its place, so it is made once for each place, however many
values occur there. All elements of a list share one place, and so do all members of an object that
neither contract nor document names, such as the values of a map.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from typing import Literal

from oakum.authz.compiled_model import Model
from oakum.authz.data_beside_objects import Keep
from oakum.authz.null_writes import taken_by_null
from oakum.authz.table import Table, Trie
from oakum.authz.unexpected_types import in_cell
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import (
    classes_of,
    containers,
    element,
    is_null_if_empty,
    member_by_name,
    member_names,
    of_class,
    read_only,
    rest,
    scalars,
    solid,
    tells_by_name,
    ways,
    write_only,
)
from oakum.policy.mask import Mask

StandIn = Literal[False, "null", "refuse"]
"""What replaces a withheld value: nothing, `null`, or the refusal of the whole response."""

Masked = tuple[tuple[Mask, int], ...]
"""Masked forms, each with the bit set of the leaves that are visible in that form only."""

_KEY = "‹key›"
"""Placeholder in field paths for an undeclared name, which may be personal data."""
_LEGIBLE = re.compile(r"(?!(?:.*[0-9]){5})[A-Za-z_][A-Za-z0-9_]{0,39}")
"""Matches an identifier rather than a number, address or id."""

_TYPES: dict[str, frozenset[type]] = {
    "string": frozenset((str,)),
    "boolean": frozenset((bool,)),
    "integer": frozenset((int,)),
    "number": frozenset((int, float)),
}
_NULL: frozenset[type] = frozenset((type(None),))
_SCALARS: frozenset[type] = frozenset((str, bool, int, float, type(None)))
_NO_TYPE = frozenset[type]()
_NO_KIND = frozenset[str]()
_KINDS: Mapping[type, str] = {list: "array", dict: "object"}


class Spot:
    """A place inside a resource (`table`: its rules; `bits`: visible leaves) or outside (`table` is
    None); places below it are created on demand."""

    __slots__ = (
        "_bits", "_declared", "_elements", "_kids", "_masked", "_node", "_others", "_picked",
        "_refused", "_steps", "_table", "_top", "container", "granted", "inside", "instead",
        "masks", "partly", "passes", "path", "shape", "void", "whole",
    )  # fmt: skip

    def __init__(
        self,
        shape: Shape | None,
        refused: Callable[[Shape | None], bool] | None,
        table: Table | None = None,
        bits: int = 0,
        above: tuple[str, int, Trie | None] | None = None,
        masked: Masked = (),
    ) -> None:
        """`refused`: whether a request body may not hold a shape (None: a response); `above`: path,
        depth and trie node; None: the top. `masked`: masked forms, and the leaves visible in them
        only."""
        if refused is None and table is None and shape is not None and write_only(shape):
            shape = None  # write-only: never part of a response
        banned = refused is not None and refused(shape)
        node: Trie | None
        if above is None:
            self.path, self._steps, node = "", 0, table.trie if table else None
        else:
            self.path, self._steps, node = above
            node = None if banned else node
        self._top, self.shape, self._node = above is None, shape, node
        self._table, self._bits, self._refused, self._masked = table, bits, refused, masked
        self.inside = table is not None
        here = 0 if node is None else sum(1 << i for i in {node.leaf, node.deep} if i >= 0)
        self.masks = tuple(mask for mask, leaves in masked if leaves & here)
        """Forms in which alone a value is allowed here."""
        below = union(masked) & ~here if masked else 0
        self.whole = node is not None and bool(bits & node.leaves_below())
        self.granted = self.whole or (node is not None and bool(below & node.leaves_below()))
        """Whether a container inside a resource is allowed; `whole`: not for masks alone."""
        self.partly = bool(self.masks) or (self.granted and not self.whole)
        """Whether a value may be allowed here for its masked form."""
        self.passes = self._scalars(banned)
        """Types of allowed scalars."""
        self.instead: StandIn = _instead(node, table)
        self.container = containers(shape) if shape is not None and not banned else _NO_KIND
        """Outside every resource: allowed containers, `object` or `array`."""
        self.void = False
        """Whether a concealed object that is hidden is `null` here, as one that there is not."""
        self._forget()

    def _forget(self) -> None:
        self._kids: dict[str, Spot] = {}
        self._picked: dict[Shape | None, Spot] = {}
        self._elements: Spot | None = None
        self._others: dict[int, Spot] = {}
        self._declared: frozenset[str] | None = None

    def _scalars(self, banned: bool) -> frozenset[type]:
        if self._table is None:
            if self.shape is None or banned:
                return _NO_TYPE
            return _NULL.union(*(_TYPES[kind] for kind in scalars(self.shape)))
        # A scalar needs its own leaf or a `**` above. The leaf of a list covers its elements.
        node, bits = self._node, self._bits
        if node is not None and any(bits >> i & 1 for i in (node.leaf, node.deep) if i >= 0):
            return _NULL if solid(self.shape) else _SCALARS
        # `null` shows no more than an empty container; in a request it removes all of its content.
        if self._refused is None:
            return _NULL if self.whole else _NO_TYPE
        gone = taken_by_null(node, self.shape)
        return _NULL if gone and bits & gone == gone else _NO_TYPE

    @property
    def lists(self) -> bool:
        """Whether the contract's path has list elements here."""
        return self._node is not None and self._node.child("*") is not None

    @property
    def in_cell(self) -> bool:
        """Whether a CSV cell may be shown for the scalar or list that is declared here."""
        if not in_cell(self.shape, inside=self.inside):
            return False
        return not self.inside or str in self.element().passes

    def takes_away(self, kind: type) -> bool:
        """Whether an empty container of this kind (`dict` or `list`) in a request body removes, as
        `null` does, content that the caller may not set: it replaces a container of another
        kind."""
        return (
            self.inside
            and self._refused is not None
            and type(None) not in self.passes
            and _KINDS[kind] in replaceable(self.container)
        )

    def of(self, shape: Shape | None) -> Spot:
        """The same place with another shape."""
        if shape is self.shape:
            return self
        found = self._picked.get(shape)
        if found is None:
            found = self._picked[shape] = self._like(self.path, shape)
            if self._table is None:
                fresh = Spot(shape, self._refused)
                found.passes, found.container = fresh.passes, fresh.container
        return found

    def _like(self, path: str, shape: Shape | None) -> Spot:
        """A copy with another path or shape that keeps all decisions."""
        made = Spot.__new__(Spot)
        made.path, made.shape, made._steps, made._top = path, shape, self._steps, self._top
        made._node, made._table, made._bits = self._node, self._table, self._bits
        made._refused, made.granted, made.passes = self._refused, self.granted, self.passes
        made._masked, made.masks = self._masked, self.masks
        made.whole, made.partly, made.void = self.whole, self.partly, self.void
        made.instead, made.container, made.inside = self.instead, self.container, self.inside
        made._forget()
        return made

    def element(self) -> Spot:
        """The place of a list's elements."""
        if self._elements is None:
            shape = element(self.shape) if self.shape else None
            self._elements = self._below("*", shape, "*")
        return self._elements

    def member(self, name: str) -> Spot:
        """The place of a member of an object."""
        found = self._kids.get(name)
        if found is None:
            found = self._kids[name] = self._member(name)
        return found

    def fits(self, value: Json, around: Json = None) -> bool:
        """Whether a value has a masked form that is allowed here. `around`: the object it is in."""
        empty = value is None or (isinstance(value, dict | list) and not value)
        around_some = self.granted and not self.whole
        return (empty and around_some) or any(mask.fits(value, around) for mask in self.masks)

    def declares(self, name: str) -> bool:
        """Whether document or contract name this member; any other is a map value."""
        if self._declared is None:
            names = frozenset(member_names(self.shape)) if self.shape else frozenset[str]()
            self._declared = names.union(self._node.names() if self._node else ())
        return name in self._declared

    def _member(self, name: str) -> Spot:
        if self.declares(name):
            shape = member_by_name(self.shape, name) if self.shape else None
            found = self._below(self._word(name), shape, name)
            if self.shape is not None and self._refused is None:
                null = not found.inside or type(None) in found.passes
                omitted = self._table is not None and self._table.omits(found._node)
                found.void = null and not omitted and is_null_if_empty(self.shape, name)
            return found
        other = self._undeclared_member(name)
        word = self._word(name) if self._steps < 2 else None
        if word is not None and word == name and self.inside:
            return other._like(self._join_path(word), other.shape)
        return other

    def _undeclared_member(self, name: str) -> Spot:
        """The place of a member that neither document nor contract name, of each class of names."""
        told = self.shape is not None and tells_by_name(self.shape)
        classes = classes_of(self.shape) if self.shape and told else None
        kind = classes.of(name) if classes else 0
        found = self._others.get(kind)
        if found is None:
            nobody = ""
            while self.declares(nobody):
                nobody += "\0"
            shape = rest(self.shape) if self.shape else None
            if self.shape and told:
                shape = of_class(self.shape, classes.matched[kind] if classes else None)
            node = self._node
            if node is not None:
                node = node.undeclared_node() if told and shape is None else node.child("*")
            above = (self._join_path(self._word(nobody)), self._steps + 1, node)
            found = Spot(shape, self._refused, self._table, self._bits, above, self._masked)
            self._others[kind] = found
        return found

    def _word(self, name: str) -> str:
        depth = self._steps + 1 if self._table is not None else 0
        return segment({}, name, self._node, self.shape, depth)

    def _below(self, word: str, shape: Shape | None, name: str) -> Spot:
        node = self._node.child(name) if self._node else None
        above = (self._join_path(word), self._steps + 1, node)
        return Spot(shape, self._refused, self._table, self._bits, above, self._masked)

    def _join_path(self, word: str) -> str:
        return word if self._top else f"{self.path}.{word}"


def alike_parts(value: list[Json], place: Spot, *, objects: bool) -> Iterable[Keep] | None:
    """Fast path for lists of scalars or of empty lists in a request body, which are cheap to send
    in large numbers and decided by type. None: judge each element. `place`: that of an element;
    `objects`: whether the contract, or what is known of the body, names objects in it."""
    kinds = {*map(type, value)}
    if kinds.isdisjoint((dict, list)):
        kept: dict[type, Keep] = {kind: kind in place.passes or place.instead for kind in kinds}
        return map(kept.__getitem__, map(type, value))
    if kinds != {list} or objects or any(value):
        return None
    stays = place.granted if place.inside else "array" in place.container
    stays = stays and not place.takes_away(list)
    keep: Keep = place.instead if not stays else True if place.inside else {}
    return repeat(keep, len(value))


def masked_leaves(
    model: Model, name: str, relations: frozenset[str], state: Mapping[str, Json], bits: int
) -> Masked:
    """Masked forms, and the leaves of a resource that holders of relations see in them, beside
    those that they see whole (`bits`)."""
    seen = ((mask, table.see(relations, state)) for mask, table in model.masked.get(name, ()))
    return tuple((mask, leaves & ~bits) for mask, leaves in seen if leaves & ~bits)


def replaceable(kinds: frozenset[str]) -> frozenset[str]:
    """The kinds of container that may replace one of another kind, as in a merge patch (RFC 7396),
    where these kinds are declared."""
    if "object" in kinds:
        return frozenset(("array",))
    return frozenset(("object",)) if kinds else _NO_KIND


def holds(value: Json, shape: Shape) -> bool:
    """Whether the document allows this kind of container."""
    return ("array" if isinstance(value, list) else "object") in containers(shape)


def unwritable(shape: Shape | None) -> bool:
    """Whether no request body may hold this shape."""
    return shape is None or read_only(shape)


def union(masked: Masked) -> int:
    """Bit set of the leaves that are visible in any masked form."""
    found = 0
    for _, leaves in masked:
        found |= leaves
    return found


def _instead(node: Trie | None, table: Table | None) -> StandIn:
    ruled = node.first() if node else -1
    said = table.rules[ruled].instead if table is not None and ruled >= 0 else "absent"
    return False if said == "absent" else said


def segment(value: Json, key: str, node: Trie | None, shape: Shape | None, depth: int) -> str:
    """A step of a field path: a declared word, otherwise a placeholder.

    `depth` counts steps from the resource, 0 outside. In the top two levels an undeclared name is
    kept if it cannot be personal data.
    """
    if isinstance(value, list):
        return "*"
    if node is not None and key in node.children:
        return key
    if node is not None and "*" in node.children:
        return "*"
    declared = ways(shape) if shape else ()
    if any(key in way.properties for way in declared):
        return key
    if any(way.extra is not None for way in declared):
        return "*"
    return key if depth in (1, 2) and _LEGIBLE.fullmatch(key) else _KEY

"""One walk over an answer: which objects of whom it holds, and what of them may stay.

`project` cuts by the walk's result; the scanner compares by it. Both see the same meaning because
there is no other walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from oakum.contract.model import Json, Owner, Shape
from oakum.semantics.decide import may_call, through
from oakum.semantics.model import Model
from oakum.semantics.principal import Principal, Subject, held, state_of, texts
from oakum.semantics.table import Table, Trie, member, resource_of

Pointer = tuple[str, ...]
Keep = bool | dict[str, "Keep"] | Literal["null", "refuse"]
"""What stays of a value: all, nothing, or per member or element; or a stand-in."""


@dataclass(frozen=True)
class Leaf:
    """A scalar (or an empty container) of an object, and whether its viewer may see it."""

    path: str
    """Field path in the resource, `*` for elements and map values."""
    pointer: Pointer
    value: Json
    allowed: bool


@dataclass(frozen=True)
class Sighting:
    """An object of a resource in an answer."""

    resource: str
    pointer: Pointer
    owners: tuple[str, ...]
    held: frozenset[str]
    state: Mapping[str, Json]
    leaves: tuple[Leaf, ...]
    value: Json = field(repr=False)


@dataclass
class Judgement:
    """Result of a walk."""

    keep: Keep
    sightings: list[Sighting]
    unbound: list[Leaf]
    """Leaves outside every resource: the envelope."""


@dataclass(frozen=True)
class _Context:
    owners: tuple[str, ...]
    """Owners of the enclosing object, for resources owned by their parent."""


class Judge:
    """Walks one answer of one operation for one principal."""

    def __init__(
        self,
        model: Model,
        principal: Principal,
        operation: str,
        params: Mapping[str, str],
        status: int = 200,
    ) -> None:
        self._model = model
        self._principal = principal
        self._operation = operation
        self._params = params
        self._rule = model.rule(operation)
        # What `shows` says is said of answers that succeed; an error body is no member.
        self._shown = model.shown.get(operation, ()) if status < 300 else ()
        self._sightings: list[Sighting] = []
        self._unbound: list[Leaf] = []

    def judge(self, value: Json, shape: Shape | None) -> Judgement:
        """Walk `value` beside its declared `shape`; without one nothing is declared."""
        keep = self._visit(value, shape, (), _Context(()))
        return Judgement(keep, self._sightings, self._unbound)

    # ------------------------------------------------------------ outside a resource

    def _visit(self, value: Json, shape: Shape | None, at: Pointer, context: _Context) -> Keep:
        shape = _chosen(shape, value) if shape else None
        name = self._resource_at(at) or (resource_of(shape, self._model.bound) if shape else "")
        if name and isinstance(value, dict):
            return self._object(name, value, shape, at, context)
        if isinstance(value, dict):
            return {
                key: self._visit(child, member(shape, key) if shape else None, (*at, key), context)
                for key, child in value.items()
            }
        if isinstance(value, list):
            below = member(shape, "*") if shape else None
            return {
                str(i): self._visit(child, below, (*at, str(i)), context)
                for i, child in enumerate(value)
            }
        declared = shape is not None and _is_kind(value, shape)
        self._unbound.append(Leaf(".".join(at), at, value, declared))
        return declared

    def _resource_at(self, at: Pointer) -> str:
        for segments, resource in self._shown:
            if len(segments) == len(at) and all(
                want in ("*", got) for want, got in zip(segments, at, strict=True)
            ):
                return resource
        return ""

    # ------------------------------------------------------------ inside a resource

    def _object(
        self, name: str, value: dict[str, Json], shape: Shape | None, at: Pointer, context: _Context
    ) -> Keep:
        table = self._model.tables[name]
        owners = self._owners(table.resource.owner, value, context)
        subject = Subject(name, owners, value, table.resource.owner.kind != "none")
        relations = held(self._model.policy, self._principal, subject)
        state = state_of(self._model.policy, table.resource, self._principal, subject)
        passes = self._passes(relations)
        bits = table.see(relations, state) if passes else 0
        leaves: list[Leaf] = []
        keep: Keep = {
            key: self._field(
                child, member(shape, key) if shape else None, (*at, key), (key,),
                table.trie.child(key), table, bits, leaves, _Context(owners),
            )
            for key, child in value.items()
        }  # fmt: skip
        self._sightings.append(Sighting(name, at, owners, relations, state, tuple(leaves), value))
        return keep if bits else False

    def _passes(self, relations: frozenset[str]) -> bool:
        """`call:` is about the owner in the path where there is one, else about each object's.

        Without `call:` the door as such was decided before; what an object shows is its own rule.
        """
        if self._rule.call is None:
            return True
        if self._rule.owner in self._params:
            return may_call(self._model, self._principal, self._operation, self._params)
        return through(self._model, self._operation, relations, bool(self._principal.ids))

    def _field(
        self,
        value: Json,
        shape: Shape | None,
        at: Pointer,
        path: tuple[str, ...],
        node: Trie | None,
        table: Table,
        bits: int,
        leaves: list[Leaf],
        context: _Context,
    ) -> Keep:
        granted = node is not None and any(bits >> index & 1 for index in node.under())
        shape = _chosen(shape, value) if shape else None
        inner = resource_of(shape, self._model.bound) if shape else ""
        if isinstance(value, dict) and (inner := self._resource_at(at) or inner):
            keep = self._object(inner, value, shape, at, context)
            return keep if granted else self._stand_in(node, table)
        if isinstance(value, dict | list) and value:
            star = isinstance(value, list)
            pairs = enumerate(value) if isinstance(value, list) else value.items()
            parts: Keep = {
                str(key): self._field(
                    child, member(shape, "*" if star else str(key)) if shape else None,
                    (*at, str(key)), (*path, _segment(str(key), star, node, shape)),
                    node.child("*" if star else str(key)) if node else None,
                    table, bits, leaves, context,
                )
                for key, child in pairs
            }  # fmt: skip
            return parts if granted else self._stand_in(node, table)
        # A scalar passes by its own leaf; below `**` everything does. `tags` covers `tags.*`.
        own = node is not None and any(bits >> i & 1 for i in (node.leaf, node.deep) if i >= 0)
        allowed = own if not isinstance(value, dict | list) else granted
        leaves.append(Leaf(".".join(path), at, value, allowed))
        return True if allowed else self._stand_in(node, table)

    def _stand_in(self, node: Trie | None, table: Table) -> Keep:
        ruled = next(node.under(), None) if node else None
        instead = table.rules[ruled].instead if ruled is not None else "absent"
        return False if instead == "absent" else instead

    def _owners(self, owner: Owner, value: dict[str, Json], context: _Context) -> tuple[str, ...]:
        match owner.kind:
            case "field":
                found = [each for path in owner.members for each in texts(value, path)]
                if not found and self._rule.owner in self._params:
                    found = [self._params[self._rule.owner]]
            case "path":
                names = (self._rule.owner,) if self._rule.owner else owner.members
                found = [self._params[name] for name in names if name in self._params]
            case "parent":
                found = list(context.owners)
            case "caller":
                found = sorted(self._principal.ids)
            case "none":
                found = []
        return tuple(dict.fromkeys(found))


def _segment(key: str, star: bool, node: Trie | None, shape: Shape | None) -> str:
    """`*` for list elements and for keys of a map, the name for a member."""
    if star or (node is not None and key not in node.children and "*" in node.children):
        return "*"
    undeclared = shape is not None and member(shape, key) is None
    is_map = shape is not None and shape.extra is not None and key not in shape.properties
    return "*" if is_map and not undeclared else key


def _chosen(shape: Shape, value: Json) -> Shape:
    """The alternative of a union that a value is of; the union itself when it cannot be told."""
    if not shape.branches or not isinstance(value, dict):
        return shape
    branches = [branch() for branch in shape.branches]
    if shape.discriminator:
        name, mapping = shape.discriminator
        tag = value.get(name)
        wanted = mapping.get(tag, tag) if isinstance(tag, str) else None
        hit = [branch for branch in branches if wanted in branch.names]
        if len(hit) == 1:
            return hit[0]
    fitting = [branch for branch in branches if branch.required <= value.keys()]
    ranked = sorted(fitting, key=lambda b: -len(b.properties.keys() & value.keys()))
    scores = [len(b.properties.keys() & value.keys()) for b in ranked[:2]]
    if ranked and (len(ranked) == 1 or scores[0] > scores[1]):
        return ranked[0]
    return shape


_KINDS: dict[type, tuple[str, ...]] = {
    str: ("string",),
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    type(None): ("null",),
}


def _is_kind(value: Json, shape: Shape) -> bool:
    """Whether the document lets a scalar of this type stand here; `null` always may."""
    if value is None or not shape.kinds:
        return not (shape.properties or shape.items) or value is None
    if any(kind in shape.kinds for kind in _KINDS[type(value)]):
        return True
    return any(_is_kind(value, branch()) for branch in shape.branches)

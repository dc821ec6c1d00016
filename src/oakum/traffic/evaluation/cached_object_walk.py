"""Walks a response's objects with cached plans, for millions of similar responses.

It finds the objects that `Judge` finds, with the same owners, fields and places
(`tests/properties/test_cached_object_walk.py`). `docs/decisions/0016-two-walks-over-an-answer.md`
says why there are two walks. The meaning of each place is computed once and kept in a tree; the
fields of an object become a `Form`, which all objects with the same fields share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.authz.compiled_model import Model
from oakum.authz.discriminators import tag_of
from oakum.authz.owners import owners_of
from oakum.authz.place_rules import segment
from oakum.authz.places import stated_resource
from oakum.authz.strict_json import MAX_DEPTH
from oakum.authz.table import Trie
from oakum.authz.unexpected_types import Shown, misfits
from oakum.authz.unions import select_alternative
from oakum.exposure.values.knowledge import says_nothing
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import element, member_by_name
from oakum.policy.graphql_schema import TAG
from oakum.policy.mask import Mask
from oakum.policy.resource_schemas import resource_of

_MOST_PLACES = 20_000
_MOST_FORMS = 20_000
_SILENT, _MUTE, _SAYING = range(3)
Code = tuple[str, int | frozenset[Mask]]
"""(field path, kind of value); for a field with masked grants, the masked forms that the value
has."""


@dataclass(frozen=True, slots=True, eq=False)
class FieldSet:
    """The set of fields of an object. Objects with the same fields share one form, and with it all
    cached results."""

    present: frozenset[str]
    """Field paths; for embedded objects, their place."""
    silent: frozenset[str]
    """Paths with an empty value: `null`, an empty list."""
    saying: tuple[str, ...]
    """Paths with a non-empty scalar."""
    masked: Mapping[str, frozenset[Mask]] = field(default_factory=dict)
    """Path → masked forms that every value there has."""


@dataclass(slots=True)
class SeenObject:
    """An object in a response, with its value."""

    resource: str
    place: tuple[str, ...]
    """Path from the top of the response; `*` for list positions."""
    owners: tuple[str, ...]
    value: dict[str, Json]
    form: FieldSet
    above: SeenObject | None
    """The enclosing object; None: there is none."""
    former: frozenset[str] = frozenset()
    """Relations that the caller may have had to it until this request."""

    @property
    def inside(self) -> bool:
        """Whether it is inside another object."""
        return self.above is not None


class FastWalk:
    """Finds the objects in responses of one operation."""

    def __init__(self, model: Model, operation: str) -> None:
        self._model = model
        self._rule = model.rule(operation)
        self._shown = model.shown.get(operation, ())
        self._roots: dict[tuple[int, bool], _Place] = {}
        self._forms: dict[tuple[str, frozenset[Code]], FieldSet] = {}
        self._masked = {id(each.trie): each.rules for n, each in model.tables.items()
                        if n in model.masked}  # fmt: skip
        self.places = 0

    def objects(
        self, value: Json, shape: Shape | None, good: bool, params: Mapping[str, str],
        ids: frozenset[str],
    ) -> list[SeenObject]:  # fmt: skip
        """The objects of a response, from the top down. `good`: whether it succeeded; `params`:
        path parameters; `ids`: the caller's."""
        key = (id(shape), good)
        root = self._roots.get(key)
        if root is None:
            shown = tuple(range(len(self._shown))) if good else ()
            root = self._roots[key] = _Place(self, shape, shown, (), None, "", None)
        found: list[SeenObject] = []
        _Walk(self, params, ids, found).visit(value, root, None, ())
        return found

    def form(self, resource: str, codes: frozenset[Code]) -> FieldSet:
        """The set of fields with these contents; equal ones are one instance, so that decisions can
        be cached by it."""
        found = self._forms.get((resource, codes))
        if found is None:
            present = frozenset(path for path, code in codes if code != _SILENT)
            silent = frozenset(path for path, code in codes if code == _SILENT) - present
            told = [(path, code) for path, code in codes if code not in (_SILENT, _MUTE)]
            saying = sorted({path for path, _ in told if path.rpartition(".")[2] != TAG})
            forms: dict[str, frozenset[Mask]] = {}
            for path, code in told:
                here = code if isinstance(code, frozenset) else frozenset[Mask]()
                forms[path] = forms.get(path, here) & here
            masked = {path: here for path, here in forms.items() if here}
            found = FieldSet(present, silent, tuple(saying), masked)
            if len(self._forms) < _MOST_FORMS:
                self._forms[resource, codes] = found
        return found

    def masks(self, table: Trie | None, node: Trie | None) -> tuple[Mask, ...]:
        """Masked forms in which the contract shows the field of a node. `table`: the root above
        it."""
        rules = self._masked.get(id(table)) if node is not None else None
        if rules is None or node is None:
            return ()
        grants = (each for i in {node.leaf, node.deep} if i >= 0 for each in rules[i].masked)
        return tuple(dict.fromkeys(mask for grant in grants for mask in grant.masked))

    def ends(self, shown: tuple[int, ...], depth: int) -> str:
        """The resource that a pattern of `shows` gives to exactly this place; empty: none."""
        for index in shown:
            if len(self._shown[index][0]) == depth:
                return self._shown[index][1]
        return ""

    def goes_on(self, shown: tuple[int, ...], depth: int, key: str) -> tuple[int, ...]:
        """Indices of the patterns of `shows` that continue from a place at `depth` to `key`."""
        patterns = ((index, self._shown[index][0]) for index in shown)
        return tuple(i for i, each in patterns if each[depth : depth + 1] in (("*",), (key,)))

    def named_keys(self, shown: tuple[int, ...], depth: int) -> frozenset[str]:
        """Literal keys directly below a place in patterns of `shows`, such as an index."""
        return frozenset(self._shown[index][0][depth] for index in shown
                         if len(self._shown[index][0]) > depth) - {"*"}  # fmt: skip


class _Place:
    """The meaning of a place in a response, inside or outside an object."""

    __slots__ = (
        "below", "codes", "depth", "fast_walk", "kinds", "masks", "named", "node", "path", "place",
        "shape", "shown", "table",
    )  # fmt: skip

    def __init__(
        self, fast_walk: FastWalk, shape: Shape | None, shown: tuple[int, ...], place: tuple[str,
        ...],
        table: Trie | None, path: str, node: Trie | None, depth: int = 0,
    ) -> None:  # fmt: skip
        """`table`: of the object around it; None: there is none. `path`: of the field in it,
        `depth` steps from it; `node`: what the contract says of it."""
        self.fast_walk, self.shape, self.shown, self.place = fast_walk, shape, shown, place
        self.table, self.path, self.node, self.depth = table, path, node, depth
        leaf = table is not None and len(place) <= MAX_DEPTH
        self.codes: tuple[Code, ...] = tuple((path, code) for code in range(3)) if leaf else ()
        self.masks = fast_walk.masks(table, node) if leaf else ()
        """Forms in which somebody sees what stands here."""
        self.named = fast_walk.named_keys(shown, len(place))
        self.kinds: dict[object, _Kind] = {}
        self.below: dict[str, _Place] = {}
        """Of elements of a list, under `*`."""

    def kind(self, value: dict[str, Json]) -> _Kind:
        """What an object that stands here is, by its alternative where there are several."""
        shape = self.shape
        if shape is None or not shape.branches:
            key: object = None
        else:
            told = tag_of(shape)
            tag = value.get(told[0]) if told else None
            key = (tuple(value), tag if isinstance(tag, str) else None)
        found = self.kinds.get(key)
        if found is None:
            found = _Kind(self, value)
            if len(self.kinds) < 512:
                self.kinds[key] = found
        return found

    def element(self, index: str) -> _Place:
        """An element of a list that stands here: all are alike that `shows` does not name."""
        key = index if index in self.named else "*"
        found = self.below.get(key)
        if found is None:
            found = self.below[key] = self._below(
                [], "*", key, element(self.shape) if self.shape else None, self.shape
            )
        return found

    def _below(
        self, value: Json, step: str, key: str, shape: Shape | None, around: Shape | None
    ) -> _Place:
        """The place below, still in the same object or still in none."""
        at = (*self.place, step)
        shown = self.fast_walk.goes_on(self.shown, len(self.place), key)
        if self.table is None:
            return _Place(self.fast_walk, shape, shown, at, None, "", None)
        named_so = segment(value, key, self.node, around, self.depth + 1)
        path = f"{self.path}.{named_so}" if self.path else named_so
        star = "*" if isinstance(value, list) else key
        node = self.node.child(star) if self.node else None
        return _Place(self.fast_walk, shape, shown, at, self.table, path, node, self.depth + 1)


class _Kind:
    """One alternative for the value at a place."""

    __slots__ = ("below", "lost", "place", "resource", "shape")

    def __init__(self, place: _Place, value: dict[str, Json]) -> None:
        model = place.fast_walk._model
        said, shape = place.fast_walk.ends(place.shown, len(place.place)), place.shape
        self.resource, self.lost = stated_resource(said, shape, model.bound), False
        if shape is not None:
            told, inside = tag_of(shape), place.table is not None
            picked = select_alternative(shape, value, model.bound, model.known, told, inside=inside)
            other = inside and "object" in misfits(shape, self._ahead(place), model.bound)
            self.lost = (picked is None or other) and not self.resource
            shape = picked or shape
            if not self.lost:
                self.resource = self.resource or resource_of(shape, model.bound)
        self.shape = None if self.lost else shape
        self.below: dict[str, _Place] = {}
        fast_walk = place.fast_walk
        if self.lost:
            place = _Place(fast_walk, None, place.shown, place.place, None, "", None)
        elif self.resource:
            trie = model.tables[self.resource].trie
            place = _Place(fast_walk, self.shape, place.shown, place.place, trie, "", trie)
        self.place = place

    @staticmethod
    def _ahead(place: _Place) -> Shown:
        """What the contract's `shows` says of a place and of those below it."""
        shown, depth = place.fast_walk._shown, len(place.place)
        return tuple((shown[index][0][depth:], shown[index][1]) for index in place.shown)

    def member(self, key: str) -> _Place:
        """Where the walk goes on below a member of this name; remembered up to a limit."""
        found = self.below.get(key)
        if found is None:
            shape = member_by_name(self.shape, key) if self.shape else None
            step = "*" if key.isdigit() else key
            found = self.place._below({}, step, key, shape, self.shape)
            if self.place.fast_walk.places < _MOST_PLACES:
                self.place.fast_walk.places += 1
                self.below[key] = found
        return found


@dataclass(slots=True)
class _Walk:
    """The walk over one response."""

    fast_walk: FastWalk
    params: Mapping[str, str]
    ids: frozenset[str]
    found: list[SeenObject]
    above: SeenObject | None = None

    def visit(
        self, value: Json, at: _Place, around: set[Code] | None, owners: tuple[str, ...]
    ) -> None:
        """Visits the value at a place. `around`: the object around it, with its owners."""
        if isinstance(value, dict):
            if len(at.place) > MAX_DEPTH:
                return
            kind = at.kind(value)
            if kind.resource and not kind.lost:
                self._object(value, kind, at, around, owners)
                return
            if value or around is None or kind.lost:
                self._members(value, kind, around, owners)
                return
        elif isinstance(value, list):
            if len(at.place) > MAX_DEPTH:
                return
            if value:
                below = at.element("*")
                for index, child in enumerate(value):
                    here = at.element(str(index)) if at.named else below
                    self.visit(child, here, around, owners)
                return
        if around is not None and at.codes:
            around.add(_code_at(at, value, None))

    def _members(
        self, value: dict[str, Json], kind: _Kind, around: set[Code] | None,
        owners: tuple[str, ...],
    ) -> None:  # fmt: skip
        below = kind.below
        for key, child in value.items():
            at = below.get(key) or kind.member(key)
            if type(child) is dict or type(child) is list:
                self.visit(child, at, around, owners)
            elif around is not None and at.codes:
                around.add(_code_at(at, child, value) if at.masks else at.codes[_code(child)])

    def _object(
        self, value: dict[str, Json], kind: _Kind, at: _Place, around: set[Code] | None,
        owners: tuple[str, ...],
    ) -> None:  # fmt: skip
        fast_walk = self.fast_walk
        if around is not None and at.table is not None:
            around.add((at.path, _MUTE))
        owner = fast_walk._model.tables[kind.resource].resource.owner
        above = self.above
        inside = above is not None
        whose = owners_of(
            owner, value, fast_walk._rule, self.params, self.ids, owners, inside=inside
        )
        seen = SeenObject(kind.resource, kind.place.place, whose, value, _NONE, above)
        self.found.append(seen)
        mine = set[Code]()
        self.above = seen
        self._members(value, kind, mine, whose)
        self.above = above
        seen.form = fast_walk.form(kind.resource, frozenset(mine))


_NONE = FieldSet(frozenset(), frozenset(), ())


def _code_at(at: _Place, value: Json, around: Json) -> Code:
    """What stands at a place, with the masked forms that it has."""
    code = _code(value)
    fitting = frozenset(mask for mask in at.masks if mask.fits(value, around))
    return (at.path, fitting) if code == _SAYING and fitting else at.codes[code]


def _code(value: Json) -> int:
    if type(value) is str and value and value[0].isalnum() and value[0] not in "xX":
        return _SAYING  # no mask begins with such a character
    if value is None or value == [] or value == {}:
        return _SILENT
    return _MUTE if says_nothing(value) else _SAYING

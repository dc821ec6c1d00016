"""A compiled policy: for each resource, (relation, state) to the set of visible fields.

The law of this module: a table is all there is. No rule is interpreted anywhere else, so that an
engine in another language needs only these rows. A row exists for every subset of the relations a
resource mentions and every combination of its states, *unknown* included; grants are a union, and
an unknown state matches no condition (default deny, unknown is closed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import islice, product

from oakum.authz.principal import digit
from oakum.errors import InputError, Problem
from oakum.openapi.model import Json, Shape
from oakum.policy.model import FieldRule, Grant, Policy, Resource, State

_MAX_ROWS = 1 << 18
_MAX_DEPTH = 24
MOST_PLACES = 1 << 13
"""Most places below one contract line that are expanded, leaves and containers."""


@dataclass
class Trie:
    """Field paths by segment. `leaf` and `deep` are indices into `Table.leaves`, -1 for none."""

    children: dict[str, Trie] = field(default_factory=dict)
    leaf: int = -1
    deep: int = -1
    """The leaf that covers everything below (`extras.**`)."""
    _covered: int = field(default=-1, repr=False, compare=False)
    """Cached result of `covered`; -1: not computed."""

    def child(self, segment: str) -> Trie | None:
        """The node for a member, list element or map value (both `*`)."""
        below = self.children.get(segment) or self.children.get("*")
        if self.deep < 0 or (below and (below.leaf >= 0 or below.deep >= 0)):
            return below
        # The `**` above covers whatever no narrower line names.
        return Trie(below.children if below else {}, -1, self.deep)

    def word(self, segment: str) -> str:
        """What a step is called in the lines that may name it: by its name, `*`, or `**`; empty if
        none does."""
        if segment in self.children:
            return segment
        return "*" if "*" in self.children else "**" if self.deep >= 0 else ""

    def names(self) -> frozenset[str]:
        """The members that a line names; `*` stands for all others, and is no name."""
        return frozenset(self.children.keys() - {"*"})

    def under(self) -> Iterator[int]:
        """Every leaf at or below this node."""
        yield from (index for index in (self.leaf, self.deep) if index >= 0)
        for child in self.children.values():
            yield from child.under()

    def first(self) -> int:
        """The first leaf at or below this node; -1 if none."""
        if self.leaf >= 0 or self.deep >= 0:
            return self.leaf if self.leaf >= 0 else self.deep
        return next((found for each in self.children.values() if (found := each.first()) >= 0), -1)

    def covered(self) -> int:
        """Bit set of all leaves at or below this node; cached, since a recursive schema has
        thousands and nothing is inserted later."""
        if self._covered < 0:
            found = sum(1 << index for index in {self.leaf, self.deep} if index >= 0)
            for child in self.children.values():
                found |= child.covered()
            self._covered = found
        return self._covered


@dataclass(frozen=True, eq=False)
class Table:
    """Who may see which fields of one resource.

    Field sets are bit sets over `leaves`. `rows[mask * stride + code]` is an index into `sets`:
    `mask` has a bit for each of `relations`, and `code` holds the states' values in mixed radix,
    where the last digit of each means *unknown*.
    """

    resource: Resource
    relations: tuple[str, ...]
    states: tuple[State, ...]
    leaves: tuple[str, ...]
    rules: tuple[FieldRule, ...]
    """The rule of each leaf."""
    sets: tuple[int, ...]
    rows: tuple[int, ...]
    stride: int
    trie: Trie
    notes: tuple[Problem, ...] = ()
    """Warnings about lines that grant less than they say, because the document declares too much
    below them."""

    def mask(self, held: frozenset[str] | set[str]) -> int:
        """Bits of the relations held."""
        return sum(1 << i for i, name in enumerate(self.relations) if name in held)

    def code(self, values: Mapping[str, Json]) -> int:
        """Row offset of the states' values; an undeclared value counts as unknown."""
        code = 0
        for state in self.states:
            code = code * (len(state.values) + 1) + digit(state, values.get(state.name))
        return code

    def see(self, held: frozenset[str] | set[str], values: Mapping[str, Json]) -> int:
        """Bit set of the leaves that a holder of these relations may see in this state."""
        return self.sets[self.rows[self.mask(held) * self.stride + self.code(values)]]

    def names(self, bits: int) -> frozenset[str]:
        """Leaf paths of a bit set."""
        return frozenset(leaf for i, leaf in enumerate(self.leaves) if bits >> i & 1)

    def deciding(self, leaf: int) -> tuple[str, ...]:
        """States that any grant of this leaf depends on."""
        names = {name for grant in self.rules[leaf].grants for name in grant.when}
        return tuple(state.name for state in self.states if state.name in names)


def compile_resource(
    resource: Resource, shape: Shape, bound: Mapping[str, str], *, setting: bool = False
) -> Table:
    """Table of one resource; `shape` merges its schemas, `bound` maps schema to resource names.

    `setting`: the table for writers, from `set` instead of `see`. Raises `InputError` when
    relations and states give too many rows to review.
    """
    leaves: list[str] = []
    rules: list[FieldRule] = []
    lines: list[tuple[FieldRule, int]] = []
    trie, named_before, notes = Trie(), set[str](), list[Problem]()
    places = _Places(bound)
    for said in resource.fields:
        rule = _settable(said) if setting else said
        mine = 0
        found, steps, at = _expand(rule.path, shape, places)
        if steps and at is not None:
            notes.append(_shortened(resource, rule, at, steps))
        if at is not None and rule.grants and (lost := _unnameable(at, bound)):
            notes.append(_left_out(resource, rule, lost))
        for leaf in found:
            if leaf in named_before:  # the first line that names a field rules it
                continue
            _insert(trie, leaf, len(leaves))
            mine |= 1 << len(leaves)
            named_before.add(leaf)
            leaves.append(leaf)
            rules.append(rule)
        lines.append((rule, mine))
    grants = [grant for rule in rules for grant in rule.grants]
    relations = tuple(dict.fromkeys(name for grant in grants for name in grant.see))
    used = {name for grant in grants for name in grant.when}
    states = tuple(state for name, state in resource.states.items() if name in used)
    digits = [range(len(state.values) + 1) for state in states]
    stride = 1
    for span in digits:
        stride *= len(span)
    if stride << len(relations) > _MAX_ROWS:
        raise InputError(
            [
                Problem(
                    resource.location,
                    f"`{resource.name}` mixes {len(relations)} relations with {stride} states:"
                    f" over {_MAX_ROWS} rows",
                    "split the resource, or use fewer relations or states",
                )
            ]
        )
    sets: dict[int, int] = {}
    rows: list[int] = []
    for mask in range(1 << len(relations)):
        held = frozenset(name for i, name in enumerate(relations) if mask >> i & 1)
        for code in product(*digits):
            bits = _bits(lines, held, states, code)
            rows.append(sets.setdefault(bits, len(sets)))
    return Table(
        resource, relations, states, tuple(leaves), tuple(rules), tuple(sets), tuple(rows), stride,
        trie, tuple(notes),
    )  # fmt: skip


def _settable(rule: FieldRule) -> FieldRule:
    """The rule with writers in place of readers, and without stand-ins."""
    writers = tuple(replace(each, see=each.set) for each in rule.grants if each.set)
    return replace(rule, grants=writers, instead="absent")


def _bits(
    lines: list[tuple[FieldRule, int]],
    held: frozenset[str],
    states: tuple[State, ...],
    code: tuple[int, ...],
) -> int:
    """Bit set of granted fields; `lines`: each line with the bits of its fields."""
    values = {
        state.name: state.values[digit]
        for state, digit in zip(states, code, strict=True)
        if digit < len(state.values)
    }
    return sum(
        bits for rule, bits in lines if any(grants(grant, held, values) for grant in rule.grants)
    )


@cache
def leaf_index(table: Table, path: str) -> int:
    """Index of the policy leaf that rules a field path, -1 when no line does."""
    node = _node(table, path)
    if node is None:
        return -1
    return node.leaf if node.leaf >= 0 else node.deep


@cache
def ruling(table: Table, path: str) -> tuple[int, ...]:
    """Leaves of which any grant keeps a field: its own, or those below an object."""
    index, node = leaf_index(table, path), _node(table, path)
    if index >= 0 or node is None:
        return (index,) if index >= 0 else ()
    return tuple(sorted({*node.under()}))


def _node(table: Table, path: str) -> Trie | None:
    node: Trie | None = table.trie
    for segment in path.split("."):
        node = node.child(segment) if node else None
    return node


def granted(table: Table, index: int) -> str:
    """The grants of a field in the contract's words."""
    said: Iterator[str] = (
        ", ".join(grant.see)
        + "".join(
            f" when {name} is {' or '.join(str(each).lower() for each in values)}"
            for name, values in sorted(grant.when.items())
        )
        for grant in table.rules[index].grants
        if grant.see
    )
    words = "; ".join(said)
    return f"shown to {words}" if words else "shown to nobody"


@cache
def deciding(table: Table, path: str) -> tuple[str, ...]:
    """States that any grant of a field depends on."""
    index = leaf_index(table, path)
    return table.deciding(index) if index >= 0 else ()


def allows(table: Table, path: str, held: frozenset[str], values: Mapping[str, Json]) -> bool:
    """Whether the table grants a field to a holder of these relations in this state."""
    index = leaf_index(table, path)
    return index >= 0 and bool(table.see(held, values) >> index & 1)


@cache
def granted_to_nobody(table: Table, path: str) -> bool:
    """Whether no relation may see a field in any state."""
    index = leaf_index(table, path)
    return index < 0 or not any(bits >> index & 1 for bits in table.sets)


@cache
def closed_by_absence(table: Table, path: str) -> bool:
    """Whether a field's absence proves that it is withheld, though no owner was shown it: nobody
    may see it. Not for the rest of a map with named members (`labels.colour`), which may have no
    others."""
    node: Trie | None = table.trie
    for segment in path.split("."):
        if segment == "*" and node is not None and node.children.keys() - {"*"}:
            return False
        node = node.child(segment) if node else None
    return granted_to_nobody(table, path)


def grants(grant: Grant, held: frozenset[str], values: Mapping[str, Json]) -> bool:
    """Whether one grant shows its field: a relation held, and every state condition met."""
    return not held.isdisjoint(grant.see) and all(
        name in values and _among(values[name], allowed) for name, allowed in grant.when.items()
    )


def _among(value: Json, allowed: tuple[Json, ...]) -> bool:
    return any(type(value) is type(each) and value == each for each in allowed)


def _insert(trie: Trie, path: str, index: int) -> None:
    *stem, last = path.split(".")
    node = trie
    for segment in stem:
        node = node.children.setdefault(segment, Trie())
    if last == "**":
        node.deep = index
    else:
        node.children.setdefault(last, Trie()).leaf = index


def _expand(path: str, shape: Shape, places: _Places) -> tuple[list[str], int, Shape | None]:
    """Leaf paths that a policy line covers: a name grants everything declared below. Also the depth
    at which they were cut (0: complete), and the shape there."""
    if path.endswith("**"):
        return [path], 0, None
    at: Shape | None = shape
    for segment in path.split("."):
        at = member(at, segment) if at else None
    if at is None:
        return [path], 0, None
    return (*places.leaves(at, path), at)


def _shortened(resource: Resource, rule: FieldRule, at: Shape, steps: int) -> Problem:
    schema = ", ".join(f"schema `{name}`" for name in sorted(at.names)) or "a schema without a name"
    line = f"`{resource.name}.{rule.path}`"
    return Problem(
        rule.location,
        f"the document declares more than {MOST_PLACES:,} places below {line}"
        f" ({schema}), so the line grants fields at most {steps} steps below it, and nobody sees"
        f" anything deeper",
        "grant deeper fields in lines of their own, or make the schemas that contain each other"
        " resources",
    )


def _left_out(resource: Resource, rule: FieldRule, lost: list[str]) -> Problem:
    names = ", ".join(f"`{name}`" for name in lost)
    return Problem(
        rule.location,
        f"`{resource.name}.{rule.path}` does not grant {names}, which the document declares below"
        " it: no field path can name a member with `.` in its name, or one called `*` or `**`",
        f"`{rule.path}.**` grants all members below it, whatever their names",
    )


def _unnameable(shape: Shape, bound: Mapping[str, str]) -> list[str]:
    """Declared members below a shape that no field path can name, outside of other resources."""
    found: dict[str, None] = {}
    todo, seen = [shape], set[object]()
    while todo:
        at = todo.pop()
        here = _identity(at)
        if here in seen or resource_of(at, bound):
            continue
        seen.add(here)
        found.update(dict.fromkeys(name for name in at.properties if not nameable(name)))
        todo += at.below()
    return sorted(found)


def leaf_paths(shape: Shape, path: str, bound: Mapping[str, str]) -> list[str]:
    """Declared leaves at and below `path`; an embedded resource is one leaf.

    A schema nested in itself is not followed. Mutually recursive schemas have a huge number of
    paths, so beyond `MOST_PLACES` only the shallowest levels count; deeper places need a line of
    their own, and `Table.notes` warns.
    """
    return _Places(bound).leaves(shape, path)[0]


class _Places:
    """The declared places below shapes, where `bound` names the resources. Schemas that contain
    each other are met at thousands of places, so what a shape has below it is kept."""

    def __init__(self, bound: Mapping[str, str]) -> None:
        self._bound = bound
        self._opened: dict[tuple[Shape, bool], tuple[tuple[str, Shape], ...] | None] = {}

    def leaves(self, shape: Shape, path: str) -> tuple[list[str], int]:
        """The leaves, and the depth at which they were cut; 0: complete."""
        steps = 0
        found = list(islice(self._walk(shape, path, _MAX_DEPTH), MOST_PLACES + 1))
        if len(found) > MOST_PLACES:
            steps = self._depth(shape, bool(path))
            found = list(self._walk(shape, path, steps))
        return [leaf for leaf in found if leaf is not None], steps

    def _depth(self, shape: Shape, inside: bool) -> int:
        """The most levels that have `MOST_PLACES` places together; at least the first."""
        level: list[tuple[Shape, tuple[object, ...]]] = [(shape, ())]
        places = 0
        for depth in range(_MAX_DEPTH):
            places += len(level)
            if places > MOST_PLACES:
                return max(depth - 1, 1)
            below: list[tuple[Shape, tuple[object, ...]]] = []
            for at, seen in level:
                here = _identity(at)
                children = None if here in seen else self._open(at, inside or depth > 0)
                below += [(child, (*seen, here)) for _, child in children or ()]
                if depth and places + len(below) > MOST_PLACES:
                    return depth
            level = below
        return _MAX_DEPTH - 1

    def _walk(
        self, shape: Shape, path: str, depth: int, seen: tuple[object, ...] = ()
    ) -> Iterator[str | None]:
        """Places at and below `path` up to `depth` levels: leaves by path, others as None."""
        children = self._open(shape, bool(path))
        if children is None or len(seen) > _MAX_DEPTH:
            yield path
            return
        yield None
        here = _identity(shape)
        if here in seen or len(seen) >= depth:
            return
        seen = (*seen, here)
        for name, child in children:
            yield from self._walk(child, f"{path}.{name}" if path else name, depth, seen)

    def _open(self, shape: Shape, inside: bool) -> tuple[tuple[str, Shape], ...] | None:
        """The members that a path can name, with their shapes. None: a leaf. `inside`: below the
        object where the paths begin, which may be of a resource itself."""
        key = (shape, inside)
        if key not in self._opened:
            self._opened[key] = self._members(shape, inside)
        return self._opened[key]

    def _members(self, shape: Shape, inside: bool) -> tuple[tuple[str, Shape], ...] | None:
        own: Shape | None = shape
        if inside:
            own = None if resource_of(shape, self._bound) else besides_resources(shape, self._bound)
        if own is None:
            return None
        names, star = member_names(own), member(own, "*")
        if not names and star is None:
            return None
        below = [(name, named(own, name)) for name in names if nameable(name)]
        return tuple((name, child) for name, child in (*below, ("*", star)) if child is not None)


def besides_resources(shape: Shape, bound: Mapping[str, str]) -> Shape | None:
    """What a member may hold besides a resource, such as the id in `oneOf: [string, User]`. A
    resource alternative is judged by itself; None if all are resources."""
    if not shape.branches or shape.properties or resource_of(shape, bound):
        return shape
    own: list[Shape] = []
    todo, met, resources = [shape], {shape}, False
    while todo:
        for branch in (each() for each in todo.pop().branches):
            if resource_of(branch, bound):
                resources = True
            elif branch not in met:
                met.add(branch)
                own += [] if branch.branches else [branch]
                todo.append(branch)
    if not resources:
        return shape
    return merged(own) if own else None


def nameable(name: str) -> bool:
    """Whether a field path can name this member: in one, `.` separates steps, and `*` and `**` are
    wildcards, so that a member of such a name would grant others."""
    return "." not in name and name not in ("*", "**")


def member_names(shape: Shape) -> tuple[str, ...]:
    """Names of all members that a shape or one of its alternatives declares."""
    return tuple(dict.fromkeys(name for at in ways(shape) for name in at.properties))


def member(shape: Shape, segment: str) -> Shape | None:
    """The shape at a path segment; `*` for list elements and map values.

    Alternatives that each declare it become branches of one shape. None: undeclared.
    """
    if segment == "*":
        return _either(shape, lambda at: [at.items, at.extra])
    return named(shape, segment)


@lru_cache(maxsize=1 << 14)
def named(shape: Shape, key: str) -> Shape | None:
    """The shape of a member, by name or as a map value."""
    return _either(shape, lambda at: [at.properties.get(key, at.extra)])


@lru_cache(maxsize=1 << 14)
def rest(shape: Shape) -> Shape | None:
    """The shape of a member that has no name in the document."""
    return _either(shape, lambda at: [at.extra])


@lru_cache(maxsize=1 << 12)
def element(shape: Shape) -> Shape | None:
    """The shape of list elements; map values do not count."""
    return _either(shape, lambda at: [at.items])


_Thunk = Callable[[], Shape] | None


def _either(shape: Shape, pick: Callable[[Shape], list[_Thunk]]) -> Shape | None:
    found: dict[int, Shape] = {}
    for at in ways(shape):
        for thunk in pick(at):
            for each in _flat(thunk()) if thunk is not None else ():
                found.setdefault(id(each), each)
    return merged([*found.values()]) if found else None


@lru_cache(maxsize=1 << 14)
def ways(shape: Shape) -> tuple[Shape, ...]:
    """The shape and all nested branches, each once: shared alternatives would otherwise multiply,
    and recursive ones never end."""
    found = {shape: None}
    todo = [*reversed(shape.branches)]
    while todo:
        branch = todo.pop()()
        if branch not in found:
            found[branch] = None
            todo += reversed(branch.branches)
    return tuple(found)


_SCALARS = frozenset(("string", "boolean", "integer", "number"))
_CONTAINERS = frozenset(("object", "array"))


@lru_cache(maxsize=1 << 14)
def scalars(shape: Shape) -> frozenset[str]:
    """Scalar JSON types that a shape allows, without `null`, which is always allowed."""
    found: set[str] = set()
    for way in ways(shape):
        if way.kinds or way.branches:
            found |= way.kinds & _SCALARS
        elif not (way.properties or way.items or way.extra):
            found |= _SCALARS
    return frozenset(found)


@lru_cache(maxsize=1 << 14)
def containers(shape: Shape) -> frozenset[str]:
    """Containers that a shape allows: `object`, `array`."""
    found: set[str] = set()
    for way in ways(shape):
        found |= way.kinds & _CONTAINERS if way.kinds or way.branches else _CONTAINERS
    return frozenset(found)


def solid(shape: Shape | None) -> bool:
    """Whether a shape allows only containers: a scalar in its place is granted by nobody."""
    return shape is not None and not scalars(shape) and bool(containers(shape))


def _flat(shape: Shape) -> Iterator[Shape]:
    """A shape, or the shapes merged into it, so that merging again does not nest."""
    if _is_merged(shape):
        for branch in shape.branches:
            yield from _flat(branch())
    else:
        yield shape


def _is_merged(shape: Shape) -> bool:
    return bool(shape.branches) and isinstance(shape.branches[0], _constant)


@lru_cache(maxsize=1 << 14)
def _identity(shape: Shape) -> object:
    """Identity of a shape: equal for the same place of the document, or for merges of the same
    places."""
    if _is_merged(shape):
        return frozenset(map(id, _flat(shape)))
    return shape.pointer or id(shape)


@dataclass(frozen=True)
class _constant:
    shape: Shape

    def __call__(self) -> Shape:
        return self.shape


def resource_of(shape: Shape, bound: Mapping[str, str]) -> str:
    """Resource that a shape's schema names are bound to; empty if none."""
    return next((bound[name] for name in sorted(shape.names) if name in bound), "")


def merged(shapes: list[Shape]) -> Shape:
    """One shape that allows whatever any of these allows."""
    return shapes[0] if len(shapes) == 1 else Shape(branches=tuple(_constant(s) for s in shapes))


def bindings(policy: Policy) -> dict[str, str]:
    """Schema name → resource name."""
    return {schema: name for name, each in policy.resources.items() for schema in each.schemas}

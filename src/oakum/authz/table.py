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
"""Places below one line of a contract that are looked at, leaves and what they stand in."""


@dataclass
class Trie:
    """Field paths by segment. `leaf` and `deep` are indices into `Table.leaves`, -1 for none."""

    children: dict[str, Trie] = field(default_factory=dict)
    leaf: int = -1
    deep: int = -1
    """The leaf whose grant covers everything below (`extras.**`)."""
    _covered: int = field(default=-1, repr=False, compare=False)
    """What `covered` has found; -1: nobody has asked."""

    def child(self, segment: str) -> Trie | None:
        """The node below a member name, a list element or a map value (both `*`)."""
        below = self.children.get(segment) or self.children.get("*")
        if self.deep < 0 or (below and (below.leaf >= 0 or below.deep >= 0)):
            return below
        # What no narrower line names is covered by the `**` above it.
        return Trie(below.children if below else {}, -1, self.deep)

    def under(self) -> Iterator[int]:
        """Every leaf at or below this node."""
        yield from (index for index in (self.leaf, self.deep) if index >= 0)
        for child in self.children.values():
            yield from child.under()

    def first(self) -> int:
        """The first leaf at or below this node; -1: there is none."""
        if self.leaf >= 0 or self.deep >= 0:
            return self.leaf if self.leaf >= 0 else self.deep
        return next((found for each in self.children.values() if (found := each.first()) >= 0), -1)

    def covered(self) -> int:
        """Every leaf at or below this node as a bit set. A schema within itself has thousands of
        them below each node, so that it is put together once: nothing is inserted after that."""
        if self._covered < 0:
            found = sum(1 << index for index in {self.leaf, self.deep} if index >= 0)
            for child in self.children.values():
                found |= child.covered()
            self._covered = found
        return self._covered


@dataclass(frozen=True, eq=False)
class Table:
    """Who may see what of one resource.

    Field sets are bit sets over `leaves`. `rows[mask * stride + code]` is an index into `sets`,
    where `mask` has a bit for each of `relations` and `code` is the states' values in mixed
    radix, the last digit of each state meaning *unknown*.
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
    """Lines that grant less than they say, since the document declares too much below them."""

    def mask(self, held: frozenset[str] | set[str]) -> int:
        """Bits of the relations held."""
        return sum(1 << i for i, name in enumerate(self.relations) if name in held)

    def code(self, values: Mapping[str, Json]) -> int:
        """Row offset of a state. A value that is none of the state's own reads as unknown."""
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
        """Names of the states on which some grant of this leaf depends."""
        names = {name for grant in self.rules[leaf].grants for name in grant.when}
        return tuple(state.name for state in self.states if state.name in names)


def compile_resource(
    resource: Resource, shape: Shape, bound: Mapping[str, str], *, setting: bool = False
) -> Table:
    """Table of one resource; `shape` merges its schemas, `bound` maps schema to resource names.

    `setting`: the table of who may write, from the `set` of each grant, not its `see`. Raises
    `InputError` when relations and states make more rows than anybody could review.
    """
    leaves: list[str] = []
    rules: list[FieldRule] = []
    lines: list[tuple[FieldRule, int]] = []
    trie, named_before, notes = Trie(), set[str](), list[Problem]()
    for said in resource.fields:
        rule = _settable(said) if setting else said
        mine = 0
        found, steps, at = _expand(rule.path, shape, bound)
        if steps and at is not None:
            notes.append(_shortened(resource, rule, at, steps))
        for leaf in found:
            if leaf in named_before:  # the first line that names a field is the one that rules it
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
                    "split the resource, or use fewer of either",
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
    """The rule with writers in the place of readers; nothing stands in for what is not written."""
    writers = tuple(replace(each, see=each.set) for each in rule.grants if each.set)
    return replace(rule, grants=writers, instead="absent")


def _bits(
    lines: list[tuple[FieldRule, int]],
    held: frozenset[str],
    states: tuple[State, ...],
    code: tuple[int, ...],
) -> int:
    """Bits of the fields that are granted; `lines`: each line with the bits of what it names."""
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
    """Leaves of which one that is granted keeps a field: its own, or those below an object."""
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
    """Who may see a field, in the contract's words."""
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
    """States on which some grant of a field depends."""
    index = leaf_index(table, path)
    return table.deciding(index) if index >= 0 else ()


def allows(table: Table, path: str, held: frozenset[str], values: Mapping[str, Json]) -> bool:
    """Whether the table grants a field to a holder of these relations in this state."""
    index = leaf_index(table, path)
    return index >= 0 and bool(table.see(held, values) >> index & 1)


@cache
def granted_to_nobody(table: Table, path: str) -> bool:
    """Whether no relation in no state may see a field."""
    index = leaf_index(table, path)
    return index < 0 or not any(bits >> index & 1 for bits in table.sets)


@cache
def closed_by_absence(table: Table, path: str) -> bool:
    """Whether what does not come is known to be withheld although no owner was shown it: nobody is
    to see it. Not so of the rest of a map of which lines name members (`labels.colour`): nobody
    knows that there is anything else in it."""
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


def _expand(
    path: str, shape: Shape, bound: Mapping[str, str]
) -> tuple[list[str], int, Shape | None]:
    """Leaf paths that a policy line stands for: a name grants what the document declares below.
    With how many steps below it they end, 0 where it is all, and what stands there."""
    if path.endswith("**"):
        return [path], 0, None
    at: Shape | None = shape
    for segment in path.split("."):
        at = member(at, segment) if at else None
    if at is None:
        return [path], 0, None
    return (*_leaves(at, path, bound), at)


def _shortened(resource: Resource, rule: FieldRule, at: Shape, steps: int) -> Problem:
    schema = ", ".join(f"schema `{name}`" for name in sorted(at.names)) or "a schema without a name"
    line = f"`{resource.name}.{rule.path}`"
    return Problem(
        rule.location,
        f"the document declares more than {MOST_PLACES:,} places below {line}"
        f" ({schema}), so the line grants what stands at most {steps} steps below it, and nothing"
        " deeper is seen by anybody",
        "name what is needed deeper in lines of its own, or make the schemas that hold each other"
        " resources",
    )


def leaf_paths(shape: Shape, path: str, bound: Mapping[str, str]) -> list[str]:
    """Declared leaves at and below `path`; an embedded resource is one leaf, judged on its own.

    What a schema holds in itself again is no leaf of it. Schemas that hold each other have as many
    ways through them as there are orders of them, so that where more than `MOST_PLACES` are
    declared, those count that the fewest steps lead to, by whole levels; what stands deeper is
    granted by no line that does not name it, and `Table.notes` says so.
    """
    return _leaves(shape, path, bound)[0]


def _leaves(shape: Shape, path: str, bound: Mapping[str, str]) -> tuple[list[str], int]:
    """The leaves, and with how many steps they end; 0: they are all."""
    steps = 0
    found = list(islice(_places(shape, path, bound, _MAX_DEPTH), MOST_PLACES + 1))
    if len(found) > MOST_PLACES:
        steps, found = 1, list(_places(shape, path, bound, 1))  # what stands in it, however many
        for depth in range(2, _MAX_DEPTH):
            more = list(islice(_places(shape, path, bound, depth), MOST_PLACES + 1))
            if len(more) > MOST_PLACES:
                break
            steps, found = depth, more
    return [leaf for leaf in found if leaf is not None], steps


def _places(
    shape: Shape, path: str, bound: Mapping[str, str], depth: int, seen: tuple[object, ...] = ()
) -> Iterator[str | None]:
    """Every place at and below `path` that at most `depth` others stand around: leaves by their
    paths, others as None."""
    if (path and resource_of(shape, bound)) or len(seen) > _MAX_DEPTH:
        yield path
        return
    if (here := _identity(shape)) in seen:
        yield None
        return
    seen = (*seen, here)
    own = besides_resources(shape, bound) if path else shape
    if own is None:
        yield path
        return
    names, star = member_names(own), member(own, "*")
    yield None if names or star is not None else path
    if len(seen) > depth:
        return
    below = [(name, member(own, name)) for name in names]
    for name, child in [*below, ("*", star)]:
        if child is not None:
            yield from _places(child, f"{path}.{name}" if path else name, bound, depth, seen)


def besides_resources(shape: Shape, bound: Mapping[str, str]) -> Shape | None:
    """What a member may hold besides objects of resources: of an id or the object itself (`oneOf:
    [string, User]`) the id. An alternative that is a resource is judged on its own, as one that
    always stands there is; None: every alternative is one."""
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


def member_names(shape: Shape) -> tuple[str, ...]:
    """Names of all members that a shape or one of its alternatives declares."""
    return tuple(dict.fromkeys(name for at in ways(shape) for name in at.properties))


def member(shape: Shape, segment: str) -> Shape | None:
    """What a shape declares at a segment of a path; `*` for elements and map values alike.

    Alternatives that each declare it give one shape with branches. None: undeclared.
    """
    if segment == "*":
        return _either(shape, lambda at: [at.items, at.extra])
    return named(shape, segment)


@lru_cache(maxsize=1 << 14)
def named(shape: Shape, key: str) -> Shape | None:
    """What a shape declares for a member of an object, by its name or as a value of a map."""
    return _either(shape, lambda at: [at.properties.get(key, at.extra)])


@lru_cache(maxsize=1 << 12)
def element(shape: Shape) -> Shape | None:
    """What a shape declares for the elements of a list; the values of a map are none."""
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
    """The shape and its branches, and theirs, each once: unions that share their alternatives have
    as many ways through them as two to the power of their depth, and recursive ones no end."""
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
    """JSON types of the scalars that a shape declares; `null`, which always may stand, is none."""
    found: set[str] = set()
    for way in ways(shape):
        if way.kinds or way.branches:
            found |= way.kinds & _SCALARS
        elif not (way.properties or way.items or way.extra):
            found |= _SCALARS
    return frozenset(found)


@lru_cache(maxsize=1 << 14)
def containers(shape: Shape) -> frozenset[str]:
    """Which of `object` and `array` a shape lets stand."""
    found: set[str] = set()
    for way in ways(shape):
        found |= way.kinds & _CONTAINERS if way.kinds or way.branches else _CONTAINERS
    return frozenset(found)


def solid(shape: Shape | None) -> bool:
    """Whether a shape declares an object or a list and no scalar: what stands there is judged by
    what is in it, so that a scalar in its place was granted by nobody."""
    return shape is not None and not scalars(shape) and bool(containers(shape))


def _flat(shape: Shape) -> Iterator[Shape]:
    """A shape, or those that were merged to it; merged again and again they would never end."""
    if _is_merged(shape):
        for branch in shape.branches:
            yield from _flat(branch())
    else:
        yield shape


def _is_merged(shape: Shape) -> bool:
    return bool(shape.branches) and isinstance(shape.branches[0], _constant)


def _identity(shape: Shape) -> object:
    """The same for what stands at one place of the document, or merges the same places."""
    if _is_merged(shape):
        return frozenset(map(id, _flat(shape)))
    return shape.pointer or id(shape)


@dataclass(frozen=True)
class _constant:
    shape: Shape

    def __call__(self) -> Shape:
        return self.shape


def resource_of(shape: Shape, bound: Mapping[str, str]) -> str:
    """Name of the resource that a shape is bound to by its schema names; empty: none."""
    return next((bound[name] for name in sorted(shape.names) if name in bound), "")


def merged(shapes: list[Shape]) -> Shape:
    """One shape that declares whatever any of these declares."""
    return shapes[0] if len(shapes) == 1 else Shape(branches=tuple(_constant(s) for s in shapes))


def bindings(policy: Policy) -> dict[str, str]:
    """Schema name → resource name."""
    return {schema: name for name, each in policy.resources.items() for schema in each.schemas}

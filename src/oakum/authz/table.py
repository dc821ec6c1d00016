"""A compiled policy: for each resource, (relation, state) to the set of visible fields.

The tables are complete: no rule is interpreted anywhere else, so an engine in another language
needs only these rows. There is a row for every subset of the relations that a resource mentions and
every combination of its states, *unknown* included. Grants are a union, and an unknown state
matches no condition (default deny, unknown is closed).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import product
from math import prod

from oakum.authz.owner_states import digit
from oakum.authz.places import MOST_PLACES, Places, nameable, unnameable
from oakum.errors import InputError, Problem, few
from oakum.openapi.model import Json, Shape
from oakum.openapi.shape_queries import member, member_names, requires, rest, ways
from oakum.policy.mask import Mask
from oakum.policy.model import FieldRule, Grant, Policy, Resource, State
from oakum.policy.resource_schemas import resource_of

_MAX_ROWS = 1 << 18
_FEW = 5


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

    def undeclared_node(self) -> Trie | None:
        """The node for a member that the document does not declare: `**` alone covers it."""
        return Trie({}, -1, self.deep) if self.deep >= 0 else None

    def word(self, segment: str) -> str:
        """How contract lines name a step: by its name, `*`, or `**`; empty if none does."""
        if segment in self.children:
            return segment
        return "*" if "*" in self.children else "**" if self.deep >= 0 else ""

    def names(self) -> frozenset[str]:
        """Member names that a line names; without `*`, which stands for all others."""
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

    def leaves_below(self) -> int:
        """Bit set of all leaves at or below this node; cached, since a recursive schema has
        thousands and nothing is inserted later."""
        if self._covered < 0:
            found = sum(1 << index for index in {self.leaf, self.deep} if index >= 0)
            for child in self.children.values():
                found |= child.leaves_below()
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
    certain: tuple[int, ...] = ()
    """Bit sets of leaves; of each set, every object has one: its key, what its schema requires, and
    all leaves together if they are all its members."""
    notes: tuple[Problem, ...] = ()
    """Warnings about lines that grant less than they say, because the document declares too much
    below them."""

    def mask(self, held: frozenset[str] | set[str]) -> int:
        """Bit set over `relations` of those held."""
        return _mask(self.relations, frozenset(held))

    def code(self, values: Mapping[str, Json]) -> int:
        """Row offset of the states' values; an undeclared value counts as unknown."""
        code = 0
        for state in self.states:
            code = code * (len(state.values) + 1) + digit(state, values.get(state.name))
        return code

    def see(self, held: frozenset[str] | set[str], values: Mapping[str, Json]) -> int:
        """Bit set of the leaves that a caller with these relations may see in this state."""
        return self.sets[self.rows[self.mask(held) * self.stride + self.code(values)]]

    def always_shows(self, held: frozenset[str] | set[str]) -> bool:
        """Whether such a caller sees something of every object in any state."""
        return self.of_every(self.see(held, {}))

    def of_every(self, seen: int) -> bool:
        """Whether a bit set of leaves shows something of every object. One that lacks an optional
        member shows nothing if that is all that may be seen."""
        return any(seen & each == each for each in self.certain)

    def omits(self, member: Trie | None) -> bool:
        """Whether the line of a member says that there is none where there is no object."""
        ruled = member.first() if member else -1
        return ruled >= 0 and self.rules[ruled].omitted

    def names(self, bits: int) -> frozenset[str]:
        """Leaf paths of a bit set."""
        return frozenset(leaf for i, leaf in enumerate(self.leaves) if bits >> i & 1)

    def deciding_states(self, leaf: int) -> tuple[str, ...]:
        """States that any grant of this leaf depends on, of the field as it is or masked."""
        names = {name for grant in self.rules[leaf].every_grant for name in grant.when}
        return tuple(state.name for state in self.states if state.name in names)


def compile_resource(
    resource: Resource,
    shape: Shape,
    bound: Mapping[str, str],
    *,
    setting: bool = False,
    mask: Mask | None = None,
) -> Table:
    """Table of one resource; `shape` merges its schemas, `bound` maps schema to resource names.

    `setting`: the table for writers, from `set` instead of `see`. `mask`: the table of who sees a
    field at least in this masked form; it has the same leaves. Raises `InputError` when relations
    and states give too many rows to review.
    """
    leaves: list[str] = []
    rules: list[FieldRule] = []
    lines: list[tuple[FieldRule, int]] = []
    trie, named_before, notes = Trie(), set[str](), list[Problem]()
    left_out: dict[tuple[str, ...], list[FieldRule]] = {}
    places = Places(bound)
    for said in resource.fields:
        rule = _settable(said) if setting else said
        if mask is not None:
            shown = tuple(
                each for each in rule.masked if any(mask.within(form) for form in each.masked)
            )
            rule = replace(rule, grants=(*rule.grants, *shown))
        mine = 0
        found, steps, at = _expand(rule.path, shape, places)
        found += _of_all(rule.path, shape, places, resource)
        if steps and at is not None:
            notes.append(_depth_problem(resource, rule, at, steps))
        if at is not None and rule.grants and (lost := unnameable(at, bound)):
            left_out.setdefault(tuple(lost), []).append(rule)
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
    used = {name for rule in rules for grant in rule.every_grant for name in grant.when}
    states = tuple(state for name, state in resource.states.items() if name in used)
    sets, rows, stride = _rows(resource, lines, relations, states)
    notes += [_left_out(resource, rules, lost) for lost, rules in left_out.items()]
    return Table(
        resource, relations, states, tuple(leaves), tuple(rules), sets, rows, stride,
        trie, _certain(resource, leaves, shape, bound), tuple(notes),
    )  # fmt: skip


def _certain(
    resource: Resource, leaves: list[str], shape: Shape, bound: Mapping[str, str]
) -> tuple[int, ...]:
    """`Table.certain`."""
    has = [leaf == resource.key or _has(leaf, shape, bound) for leaf in leaves]
    whole = leaves and None not in has and _is_all(leaves, shape)
    everything = [(1 << len(leaves)) - 1] if whole else []
    return (*(1 << index for index, each in enumerate(has) if each), *everything)


def _is_all(leaves: list[str], shape: Shape) -> bool:
    """Whether the leaves are the members that an object may have. Where one has leaves below it, in
    one alternative at least, all of these may be missing."""
    undeclared = ("*",) if rest(shape) is not None else ()
    return {*member_names(shape), *undeclared} == {*leaves}


def _has(leaf: str, shape: Shape, bound: Mapping[str, str]) -> bool | None:
    """Whether every object has a leaf of its own; None: it is within another resource."""
    always = True
    for step in leaf.split("."):
        always = always and requires(shape, step)
        inner = member(shape, step)
        if inner is None:
            return False
        if any(resource_of(each, bound) for each in ways(inner)):
            return None
        shape = inner
    return always


def _rows(
    resource: Resource,
    lines: list[tuple[FieldRule, int]],
    relations: tuple[str, ...],
    states: tuple[State, ...],
) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """The sets of fields, the index of the set for each relations and states, and the number of
    rows for one set of relations."""
    digits = [range(len(state.values) + 1) for state in states]
    stride = prod(map(len, digits))
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
    return tuple(sets), tuple(rows), stride


def _settable(rule: FieldRule) -> FieldRule:
    """The rule with writers in place of readers, and without stand-ins."""
    writers = tuple(replace(each, see=each.set) for each in rule.grants if each.set)
    return replace(rule, grants=writers, masked=(), instead="absent")


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
    """Index of the leaf that rules a field path; -1 if no line does."""
    node = _node(table, path)
    if node is None:
        return -1
    return node.leaf if node.leaf >= 0 else node.deep


@cache
def ruling_leaves(table: Table, path: str) -> tuple[int, ...]:
    """Indices of the leaves that keep a field if granted: its own, or those below an object."""
    index, node = leaf_index(table, path), _node(table, path)
    if index >= 0 or node is None:
        return (index,) if index >= 0 else ()
    return tuple(sorted({*node.under()}))


def _node(table: Table, path: str) -> Trie | None:
    node: Trie | None = table.trie
    for segment in path.split("."):
        node = node.child(segment) if node else None
    return node


def grant_words(table: Table, index: int) -> str:
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
    masked = sorted({name for grant in table.rules[index].masked for name in grant.see})
    also = f"; masked to {', '.join(masked)}" if masked else ""
    words = "; ".join(said)
    return f"shown to {words}{also}" if words else f"shown to nobody{also}"


@lru_cache(4096)
def _mask(relations: tuple[str, ...], held: frozenset[str]) -> int:
    return sum(1 << i for i, name in enumerate(relations) if name in held)


@cache
def deciding_states(table: Table, path: str) -> tuple[str, ...]:
    """States that any grant of a field depends on."""
    index = leaf_index(table, path)
    return table.deciding_states(index) if index >= 0 else ()


def combinations(table: Table, names: Sequence[str]) -> Iterator[dict[str, Json]]:
    """Each combination of the values of these states, as state name → value."""
    for values in product(*(table.resource.states[name].values for name in names)):
        yield dict(zip(names, values, strict=True))


@cache
def deciding_state_records(table: Table, path: str) -> tuple[State, ...]:
    """`deciding_states` as `State` values, in the order of their names."""
    return tuple(table.resource.states[name] for name in sorted(deciding_states(table, path)))


def allows(table: Table, path: str, held: frozenset[str], values: Mapping[str, Json]) -> bool:
    """Whether the table grants a field to a holder of these relations in this state."""
    index = leaf_index(table, path)
    return index >= 0 and bool(table.see(held, values) >> index & 1)


def allows_member(
    table: Table, path: str, held: frozenset[str], values: Mapping[str, Json]
) -> bool:
    """As `allows`, also for a list of scalars, whose leaf is `path.*`."""
    return any(allows(table, each, held, values) for each in (path, f"{path}.*"))


def may_allow(table: Table, path: str, held: frozenset[str], values: Mapping[str, Json]) -> bool:
    """Whether the table grants a field to a caller with these relations in some state that agrees
    with `values`, which may be incomplete."""
    names = deciding_states(table, path)
    unknown = [each for each in table.states if each.name in names and each.name not in values]
    return any(
        allows(
            table, path, held, {**values, **{s.name: v for s, v in zip(unknown, some, strict=True)}}
        )
        for some in product(*(each.values for each in unknown))
    )


@cache
def granted_to_nobody(table: Table, path: str) -> bool:
    """Whether no relation may see a field in any state."""
    index = leaf_index(table, path)
    return index < 0 or not any(bits >> index & 1 for bits in table.sets)


@cache
def closed_by_absence(table: Table, path: str) -> bool:
    """Whether the absence of a field proves that it is withheld although no owner was seen to get
    it: nobody may see it. Not for undeclared names of a map with declared members
    (`labels.colour`), which need not exist."""
    node: Trie | None = table.trie
    for segment in path.split("."):
        if segment == "*" and node is not None and node.children.keys() - {"*"}:
            return False
        node = node.child(segment) if node else None
    return granted_to_nobody(table, path)


def grants(grant: Grant, held: frozenset[str], values: Mapping[str, Json]) -> bool:
    """Whether one grant applies: one of its relations is held, and every state condition is met."""
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


def _expand(path: str, shape: Shape, places: Places) -> tuple[list[str], int, Shape | None]:
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


def _of_all(path: str, shape: Shape, places: Places, resource: Resource) -> list[str]:
    """What a line `*` covers besides undeclared members: each declared one that no line names, as a
    line with its name does."""
    *stem, last = path.split(".")
    if last != "*":
        return []
    at: Shape | None = shape
    for segment in stem:
        at = member(at, segment) if at else None
    depth = len(stem)
    lines = [each.path.split(".") for each in resource.fields]
    other = {line[depth] for line in lines if len(line) > depth and line[:depth] == stem}
    declared = member_names(at) if at else ()
    names = [name for name in declared if nameable(name) and name not in other]
    return [leaf for name in names for leaf in _expand(".".join((*stem, name)), shape, places)[0]]


def _depth_problem(resource: Resource, rule: FieldRule, at: Shape, steps: int) -> Problem:
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


def _left_out(resource: Resource, rules: list[FieldRule], lost: tuple[str, ...]) -> Problem:
    names = ", ".join(f"`{name}`" for name in lost)
    lines, first = [f"{resource.name}.{rule.path}" for rule in rules], rules[0]
    verb, below = ("does", "it") if len(rules) == 1 else ("do", "them")
    return Problem(
        first.location,
        f"{few(lines, _FEW)} {verb} not grant {names}, which the document declares below {below}:"
        " no field path can name a member with `.` in its name, or one called `*` or `**`",
        f"`{first.path}.**` grants all members below it, whatever their names",
    )


def bindings(policy: Policy) -> dict[str, str]:
    """Schema name → resource name."""
    return {schema: name for name, each in policy.resources.items() for schema in each.schemas}

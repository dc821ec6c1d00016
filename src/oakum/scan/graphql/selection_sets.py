"""The selection set and text of a query; identifying values go into variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from oakum.policy.graphql_schema import TAG


@dataclass(frozen=True)
class QueryVariable:
    """A variable: the `Resource.field` that fills it, and its type, such as `ID!`."""

    source: str
    kind: str


@dataclass(frozen=True)
class InputMembers:
    """The members of an input object, in the order in which the query has them."""

    given: tuple[tuple[str, Value], ...]


Value = str | QueryVariable | InputMembers
"""The value of an argument; a text is written as it is: a number, `true`, a name."""


@dataclass(frozen=True)
class Pick:
    """A selected field of a query, with its arguments and sub-selection."""

    field: str
    ends: str = ""
    """The object type of the field's value; empty for a scalar, or if each object names its
    type."""
    on: str = ""
    """The object type on which it is selected; empty if only one is possible."""
    alias: str = ""
    args: tuple[tuple[str, Value], ...] = ()
    below: tuple[Pick, ...] = ()
    listed: bool = False
    """Whether the value is a list, or an object that wraps one."""

    @property
    def key(self) -> str:
        """Response key: alias or field name."""
        return self.alias or self.field

    @property
    def size(self) -> int:
        """Number of selected fields, including itself."""
        return 1 + sum(each.size for each in self.below)

    def holes(self) -> Iterator[QueryVariable]:
        """All variables in source order."""
        yield from (hole for _, value in self.args for hole in holes(value))
        for each in self.below:
            yield from each.holes()


@dataclass(frozen=True)
class Root:
    """A root field of a query with its whole selection."""

    name: str
    """Such as `user(id)`."""
    pick: Pick
    rank: int
    """0: leads to an owned resource; 1: to another resource; 2: to none."""
    instead_of: str = ""
    """The root field that shows the same without an argument that names the owner."""
    finds: frozenset[str] = frozenset()
    """Owned resources that it returns."""
    only: str = ""
    """The type of its id argument, if the field may return objects of other types."""
    varies: bool = False
    """Whether it is a variant with an optional argument, requested after the plain fields."""

    def holes(self) -> tuple[QueryVariable, ...]:
        """All variables, repeated for each use."""
        return tuple(self.pick.holes())


@dataclass(frozen=True)
class FieldPick:
    """A root field with the identity whose values fill it, and the index for ownerless values."""

    root: Root
    whose: str = ""
    nth: int = 0


@dataclass(frozen=True)
class PickedQuery:
    """A query that is ready to be sent once its variables have values."""

    name: str
    text: str
    picks: tuple[Pick, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    """Name → type."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Name → `Resource.field`."""
    whose: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Name → identity (empty: anybody's), and position among its values."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Response name → the identity whose values were sent for it."""

    def fields(self) -> Iterator[str]:
        """The names of all fields that it asks for, at any depth."""
        waiting = [*self.picks]
        while waiting:
            pick = waiting.pop()
            yield pick.field
            waiting += pick.below


def compose(asks: Sequence[FieldPick], owned: frozenset[str], name: str = "") -> PickedQuery:
    """Combines several roots in one query. `owned`: resources with owners. Only repeated roots get
    aliases, since guards know a field by its own name."""
    many = Counter(ask.root.pick.field for ask in asks)
    numbers: Counter[str] = Counter()
    made = _Variables(owned)
    picks: list[Pick] = []
    about: dict[str, str] = {}
    for ask in asks:
        pick = made.name_variables(ask.root.pick, ask)
        if many[pick.field] > 1:
            numbers[pick.field] += 1
            pick = replace(pick, alias=f"{pick.field}_{numbers[pick.field]}")
        picks.append(pick)
        if ask.whose:
            about[pick.key] = ask.whose
    roots = dict.fromkeys(ask.root.name for ask in asks)
    return PickedQuery(
        name or "+".join(roots),
        text_of(picks, made.kinds),
        tuple(picks),
        made.kinds,
        made.sources,
        made.whose,
        about,
    )


def without(asked: PickedQuery, paths: Sequence[tuple[str, ...]], name: str) -> PickedQuery | None:
    """The query without these response paths; None if nothing remains."""
    picks = _prune(asked.picks, paths)
    used = {value for pick in picks for value in _names(pick)}
    if not picks:
        return None

    def keep(given: Mapping[str, str]) -> dict[str, str]:
        return {key: value for key, value in given.items() if key in used}

    kinds = keep(asked.variables)
    whose = {key: value for key, value in asked.whose.items() if key in used}
    return replace(
        asked, name=name, text=text_of(picks, kinds), picks=picks, variables=kinds,
        sources=keep(asked.sources), whose=whose,
    )  # fmt: skip


def locate(picks: Sequence[Pick], type: str) -> Iterator[tuple[tuple[str, ...], tuple[str, str]]]:
    """Each selected field with its response path and (type, field). `type`: of the selection."""
    for pick in picks:
        yield (pick.key,), (pick.on or type, pick.field)
        for path, place in locate(pick.below, pick.ends):
            yield (pick.key, *path), place


def _prune(picks: Sequence[Pick], paths: Sequence[tuple[str, ...]]) -> tuple[Pick, ...]:
    found: list[Pick] = []
    for pick in picks:
        mine = [path[1:] for path in paths if path[:1] == (pick.key,)]
        if () in mine:
            continue
        below = _prune(pick.below, mine) if mine else pick.below
        if below or not pick.below:
            found.append(replace(pick, below=below))
    return tuple(found)


class _Variables:
    """Names for the variables of a query, and their sources."""

    def __init__(self, owned: frozenset[str]) -> None:
        self._owned = owned
        self._known: dict[tuple[QueryVariable, str, int], str] = {}
        self.kinds: dict[str, str] = {}
        self.sources: dict[str, str] = {}
        self.whose: dict[str, tuple[str, int]] = {}

    def name_variables(self, pick: Pick, ask: FieldPick) -> Pick:
        """The selection with a `$name` for each variable."""
        args = tuple((name, self._value(name, value, ask)) for name, value in pick.args)
        below = tuple(self.name_variables(each, ask) for each in pick.below)
        return replace(pick, args=args, below=below)

    def _value(self, name: str, value: Value, ask: FieldPick) -> Value:
        if isinstance(value, InputMembers):
            given = tuple((each, self._value(each, v, ask)) for each, v in value.given)
            return InputMembers(given)
        if not isinstance(value, QueryVariable):
            return value
        owned = value.source.partition(".")[0] in self._owned
        # The last value, since the newest object is the one that this endpoint has just shown.
        which = (ask.whose, -1) if owned else ("", ask.nth)
        known = self._known.get((value, *which))
        if known is None:
            known = name if name not in self.kinds else f"{name}_{len(self.kinds) + 1}"
            self._known[(value, *which)] = known
            self.kinds[known], self.sources[known] = value.kind, value.source
            self.whose[known] = which
        return f"${known}"


def text_of(picks: Sequence[Pick], variables: Mapping[str, str]) -> str:
    """The query's text on one line."""
    head = ", ".join(f"${name}: {kind}" for name, kind in variables.items())
    return f"query oakum{f'({head})' if head else ''} {{ {_selection(picks)} }}"


def _selection(picks: Sequence[Pick]) -> str:
    parts = [_format_pick(each) for each in picks if not each.on]
    for type in dict.fromkeys(each.on for each in picks if each.on):
        inner = " ".join(_format_pick(each) for each in picks if each.on == type)
        parts.append(f"... on {type} {{ {inner} }}")
    if any(each.on for each in picks):
        parts.insert(0, TAG)
    return " ".join(parts)


def _format_pick(pick: Pick) -> str:
    alias = f"{pick.alias}: " if pick.alias else ""
    args = ", ".join(f"{name}: {_literal(value)}" for name, value in pick.args)
    below = f" {{ {_selection(pick.below)} }}" if pick.below else ""
    return f"{alias}{pick.field}{f'({args})' if args else ''}{below}"


def _literal(value: Value) -> str:
    if isinstance(value, InputMembers):
        return "{" + ", ".join(f"{name}: {_literal(each)}" for name, each in value.given) + "}"
    return f"${value.source}" if isinstance(value, QueryVariable) else value


def holes(value: Value) -> Iterator[QueryVariable]:
    """The variables in a value."""
    if isinstance(value, QueryVariable):
        yield value
    elif isinstance(value, InputMembers):
        for _, each in value.given:
            yield from holes(each)


def _names(pick: Pick) -> Iterator[str]:
    """Variable names in a pick."""
    yield from (name for _, value in pick.args for name in _variable_names(value))
    for each in pick.below:
        yield from _names(each)


def _variable_names(value: Value) -> Iterator[str]:
    if isinstance(value, str) and value.startswith("$"):
        yield value[1:]
    elif isinstance(value, InputMembers):
        for _, each in value.given:
            yield from _variable_names(each)

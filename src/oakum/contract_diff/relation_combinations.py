"""Every combination of relations that a caller can have to an object, as two contracts read it.

Relations are compared by what makes them true (their `Source`), never by name: a contract that only
renames `follower` changes nothing, and one that looks it up in another list changes who is a
follower. A world assigns a value to each source; both contracts then say which relations hold in
it. Impossible worlds (not logged in, and the owner) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from oakum.authz.compiled_model import Model
from oakum.authz.owner_states import digit
from oakum.authz.three_valued_logic import Truth, both, without
from oakum.errors import InputError, Problem
from oakum.openapi.model import Json
from oakum.policy.model import Owner, Policy, Relation, State

MOST = 1 << 18
"""Most worlds, or combinations of states; more could not be reviewed."""

Source = tuple[object, ...]
"""What makes a relation true: its kind, and the look-up, claim or member."""

_ANYONE: Source = ("anyone",)
_LOGGED: Source = ("authenticated",)
_NEVER: Source = ("never",)


@dataclass(frozen=True)
class World:
    """A caller's relations to an object according to each contract."""

    logged: bool
    old: frozenset[str]
    new: frozenset[str]
    unknown: frozenset[Source] = frozenset()
    """Look-ups whose result is unknown."""


def endpoint_key(method: str, path: str) -> str:
    """Identifies an endpoint independently of parameter names and `operationId`."""
    return f"{method} {re.sub(r'{[^}]*}', '{}', path)}"


def source_of(model: Model, relation: Relation, owner: Owner) -> Source:
    """The `Source` of a relation to an object; `owner`: how the object's owner is known."""
    match relation.kind:
        case "anyone":
            return _ANYONE
        case "authenticated":
            return _LOGGED
        case "claim":
            return ("claim", relation.claim, type(relation.has).__name__, repr(relation.has))
        case "field" if relation.operation:
            of = ("tenant", relation.of, relation.member, relation.role, repr(relation.has))
            return ("lookup", _lookup_endpoint(model, relation), relation.pointer, of)
        case "field":
            return ("field", relation.member, relation.claim)
        case "owner" if owner.kind == "caller":
            return _LOGGED  # holds for every caller who is known
        case "owner" | "lookup" if owner.kind == "none":
            return _NEVER
        case "owner":
            return ("owner", owner.kind, owner.members)
        case "lookup":
            whose = (owner.kind, owner.members)
            return (
                "lookup",
                _lookup_endpoint(model, relation),
                relation.pointer,
                relation.of,
                *whose,
            )


def _lookup_endpoint(model: Model, relation: Relation) -> str:
    """The endpoint of a look-up; of one that only the identities file tells, its name."""
    asked = relation.operation or f"\0{relation.name}"
    if endpoint := model.operations.get(asked):
        return endpoint_key(endpoint.method, endpoint.path)
    return endpoint_key(*asked.split(maxsplit=1)) if " " in asked else asked


class Side:
    """Relations of one contract, including those in `unless` and `requires`."""

    def __init__(self, model: Model, owner: Owner, names: Iterable[str]) -> None:
        self.relations: dict[str, Relation] = {}
        self.sources: dict[str, Source] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in self.relations:
                relation = self.relations[name] = model.policy.relations[name]
                self.sources[name] = source_of(model, relation, owner)
                waiting += (*relation.unless, *relation.requires)
        taking = (name for each in self.relations.values() for name in each.unless)
        # A relation of `unless` is unknown whenever one that it requires is.
        self.taking = {self.sources[each] for each in model.policy.required_relations(*taking)}

    def relations_where(self, value: Callable[[Source], Truth]) -> frozenset[str]:
        """Names of the relations held, given the value of each source (None: unknown)."""
        return frozenset(name for name in self.relations if self._holds(name, value) is True)

    def _holds(self, name: str, value: Callable[[Source], Truth]) -> Truth:
        own = value(self.sources[name])
        for other in self.relations[name].unless:
            own = without(own, self._holds(other, value))
        for other in self.relations[name].requires:
            own = both(own, self._holds(other, value))
        return own


def required_relations(policy: Policy, names: Iterable[str]) -> frozenset[str]:
    """These relations and the basic ones (`anyone`, `authenticated`), which describe callers with
    no other relation."""
    plain = (
        each.name
        for each in policy.relations.values()
        if each.kind in ("anyone", "authenticated") and not (each.unless or each.requires)
    )
    return frozenset((*names, *plain))


def worlds(old: Side, new: Side, where: Callable[[], Problem]) -> tuple[World, ...]:
    """All worlds, without duplicates. Raises `InputError` when there are too many to review."""
    sources = dict.fromkeys((*old.sources.values(), *new.sources.values()))
    free = [each for each in sources if each not in (_ANYONE, _LOGGED, _NEVER)]
    taking = old.taking | new.taking
    values: list[tuple[bool | None, ...]] = [
        (False, True, None) if each[0] == "lookup" and each in taking else (False, True)
        for each in free
    ]
    size = 1
    for each in values:
        size *= len(each)
    if 2 * size > MOST:
        raise InputError([where()])
    found: dict[World, None] = {}
    for logged in (False, True):
        # A caller who is not logged in has no id, so no relation holds by one, only by a claim.
        each_of = [
            value if logged or source[0] == "claim" else (False,)
            for source, value in zip(free, values, strict=True)
        ]
        for said in product(*each_of):
            known: Mapping[Source, bool | None] = {
                _ANYONE: True, _LOGGED: logged, _NEVER: False, **dict(zip(free, said, strict=True)),
            }  # fmt: skip
            unknown = frozenset(s for s, v in known.items() if v is None)
            world = World(
                logged,
                old.relations_where(known.__getitem__),
                new.relations_where(known.__getitem__),
                unknown,
            )
            found[world] = None
    return tuple(found)


@dataclass(frozen=True)
class StateReading:
    """What a contract reads where a state is stored: a value, nothing, or an undeclared value."""

    kind: str
    """`is`, `missing` or `other`."""
    value: Json = None

    def __hash__(self) -> int:
        return hash((self.kind, repr(self.value)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StateReading) or self.kind != other.kind:
            return False
        return type(self.value) is type(other.value) and bool(self.value == other.value)


OTHER = StateReading("other")
MISSING = StateReading("missing")


@dataclass(frozen=True)
class Setting:
    """A place where states are stored, with the state that each contract reads there."""

    old: State | None
    new: State | None
    readings: tuple[StateReading, ...]
    is_account: bool = False
    """Whether the place is in the owner's account."""

    @property
    def name(self) -> str:
        """Name in the new contract, otherwise in the old."""
        state = self.new or self.old
        if state is not None and self.is_account and state.inherits:
            return state.of
        return state.name if state else ""


Condition = tuple[StateReading, ...]
"""A reading for each `Setting`, in order."""


def settings(old: Iterable[State], new: Iterable[State]) -> tuple[Setting, ...]:
    """The places that either contract reads states from, paired by place."""

    def places(state: State) -> list[tuple[str, str]]:
        both = [(state.member, ""), ("", state.of)]
        return [each for each in both if any(each)] or [(state.name, "")]

    sides: dict[tuple[str, str], list[list[State]]] = {}
    for index, states in enumerate((old, new)):
        for state in states:
            for place in places(state):
                sides.setdefault(place, [[], []])[index].append(state)
    found: list[Setting] = []
    for (_, of), (befores, afters) in sides.items():
        # If a contract reads one place under two names, each pair is a setting of its own.
        for position in range(max(len(befores), len(afters))):
            before, after = (
                side[position] if position < len(side) else None for side in (befores, afters)
            )
            readings = _readings(before, after, account=bool(of))
            found.append(Setting(before, after, readings, bool(of)))
    return tuple(found)


def _readings(old: State | None, new: State | None, *, account: bool) -> tuple[StateReading, ...]:
    values = [StateReading("is", v) for state in (old, new) if state for v in state.values]
    found = dict.fromkeys([*values, OTHER])
    missing = [StateReading("is", s.missing) if s.missing is not None else OTHER
               for s in (old, new) if s]  # fmt: skip
    leaves = any(each.inherits for each in (old, new) if each) and not account
    if leaves or len(set(missing)) > 1:  # otherwise it equals an existing reading
        found[MISSING] = None
    return tuple(found)


def conditions(found: tuple[Setting, ...], where: Callable[[], Problem]) -> Iterator[Condition]:
    """All combinations of readings. Raises `InputError` when there are too many to review."""
    size = 1
    for each in found:
        size *= len(each.readings)
    if size > MOST:
        raise InputError([where()])
    return product(*(each.readings for each in found))


def code_of(
    states: Iterable[State],
    found: tuple[Setting, ...],
    now: Condition,
    side: Literal["old", "new"],
) -> int:
    """Row offset (`Table.code`) of a condition in one contract's table."""
    read: dict[str, StateReading] = {}
    accounts: dict[str, StateReading] = {}
    for setting, reading in zip(found, now, strict=True):
        state = setting.old if side == "old" else setting.new
        if state is not None:
            into = accounts if setting.is_account and state.inherits else read
            into[state.name] = reading
    code = 0
    for state in states:
        reading = read[state.name]
        if state.inherits and reading == MISSING:
            reading = accounts[state.name]
        if reading == MISSING and state.missing is not None:
            reading = StateReading("is", state.missing)
        at = digit(state, reading.value) if reading.kind == "is" else len(state.values)
        code = code * (len(state.values) + 1) + at
    return code

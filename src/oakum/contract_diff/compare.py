"""The difference of two contracts, cell by cell: resource × field × world × state × endpoint.

A cell is *closed* (0), *open* although the document does not declare the field at that endpoint, so
it would be forwarded if it were sent (1), or *open and declared* (2). It is widened if that number
grows and narrowed if it falls. So no cell is both, and a change that widens in one direction
narrows in the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from oakum.authz.compiled_model import Model
from oakum.authz.table import Table
from oakum.contract_diff.endpoint_places import DeclaredEndpoint, DeclaredPaths, Walk, node_at
from oakum.contract_diff.relation_combinations import (
    MOST,
    Condition,
    Setting,
    Side,
    World,
    code_of,
    conditions,
    required_relations,
    settings,
    source_of,
    worlds,
)
from oakum.errors import NOWHERE, Problem
from oakum.policy.mask import Mask
from oakum.policy.model import Owner, Policy, State

Kind = Literal["see", "set", "call"]
Why = Literal["grant", "declared", "undeclared", "named"]
"""Cause of a move: the contract's grant; the document, which declares a granted field (or no longer
does); the contract, for an undeclared field; or an endpoint that the contract names (`call`)."""
Spot = tuple[World, Condition]


@dataclass(frozen=True)
class Move:
    """Cells of one field that were widened, or narrowed, at the same endpoints."""

    kind: Kind
    widens: bool
    resource: str
    """Resource name; empty for data outside every resource."""
    leaf: str
    """Field path; empty for `call`."""
    endpoints: tuple[str, ...]
    """Endpoint keys (`endpoint_key`)."""
    spots: frozenset[Spot]
    settings: tuple[Setting, ...]
    worlds: tuple[World, ...]
    """All worlds of the comparison; `spots` has those that moved."""
    why: Why
    own: bool = False
    """Whether only the object's owner gains or loses."""
    mask: Mask | None = None
    """The masked form in which the field is seen; None: unmasked."""


@dataclass(frozen=True)
class Difference:
    """The difference of two contracts, and the endpoints of both."""

    old: Model
    new: Model
    old_endpoints: Mapping[str, DeclaredEndpoint]
    new_endpoints: Mapping[str, DeclaredEndpoint]
    moves: tuple[Move, ...]
    ungranted: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """(resource, field, endpoint keys) that are new in the document and granted by no line."""


def compare(old: Model, new: Model) -> Difference:
    """All differences. Raises `InputError` when there are too many combinations."""
    walks = Walk(old), Walk(new)
    endpoints = walks[0].endpoints(), walks[1].endpoints()
    both = _Both(old, new, *endpoints)
    moves = [*both.tables("see"), *both.tables("set"), *both.calls(), *both.outside()]
    moves += [move for mask in both.masks() for move in both.tables("see", mask)]
    return Difference(old, new, *endpoints, tuple(moves), tuple(both.ungranted_fields()))


def greatest(moves: Iterable[Move]) -> Iterator[Move]:
    """Moves without those of a masked form that a larger form includes: whoever gains the last four
    digits gains the last two as well."""
    every = [*moves]
    masked: dict[tuple[object, ...], list[Mask]] = {}
    for move in every:
        if move.mask is not None:
            masked.setdefault(_cells(move), []).append(move.mask)
    for move in every:
        mask, others = move.mask, masked.get(_cells(move), ())
        if mask is None or not any(mask != each and mask.within(each) for each in others):
            yield move


def _cells(move: Move) -> tuple[object, ...]:
    return move.widens, move.resource, move.leaf, move.endpoints, move.spots, move.why


_Standing = tuple[dict[str, list[str]], dict[str, list[str]]]
Signature = tuple[bool, tuple[str, ...] | None, bool]
"""(whether an endpoint is granted, its `call`, whether anonymous callers may use it)."""


@dataclass(frozen=True)
class _Class:
    """Groups endpoints with the same access and declaration."""

    old: Signature | None
    new: Signature | None
    declared: tuple[int, int] = (0, 0)


def _signature(endpoint: DeclaredEndpoint | None) -> Signature | None:
    if endpoint is None:
        return None
    open = endpoint.operation.anonymous
    return endpoint.granted, endpoint.call, open if endpoint.call is None else False


@dataclass
class _Pair:
    """A resource in both contracts, with its tables over a common list of leaves."""

    name: str
    old: Table | None
    new: Table | None
    stands: tuple[DeclaredPaths, ...] = ()
    """Declarations of the resource at all endpoints of both contracts."""
    leaves: tuple[str, ...] = ()
    sets: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    settings: tuple[Setting, ...] = ()
    known: dict[tuple[frozenset[str], frozenset[str]], tuple[World, ...]] = field(
        default_factory=dict
    )
    whole: _Pair | None = None
    """Of a masked form: the tables of who sees the fields as they are."""

    def __post_init__(self) -> None:
        both = self.old, self.new
        self._embedded = frozenset[str]().union(*(each.embedded for each in self.stands))
        declared = {path for each in self.stands for path in each.paths}
        self.leaves = tuple(
            dict.fromkeys(
                name
                for table in both
                if table
                for leaf in table.leaves
                for name in self._names(leaf, declared)
            )
        )
        self.sets = (self._sets(self.old), self._sets(self.new))
        self.settings = settings(*(t.states if t else () for t in both))

    def _names(self, leaf: str, declared: set[str]) -> Iterator[str]:
        """Maps a leaf inside an embedded resource to that resource's own path."""
        steps = leaf.split(".")
        around = (".".join(steps[:end]) for end in range(1, len(steps)))
        inside = next((path for path in around if path in self._embedded), "")
        if inside:
            yield inside
        if not inside or leaf in declared:
            yield leaf

    def _sets(self, table: Table | None) -> tuple[int, ...]:
        if table is None:
            return (0,)
        ruled = [
            (1 << i, lets_in(table, leaf) if leaf in self._embedded else leaf_bits(table, leaf))
            for i, leaf in enumerate(self.leaves)
        ]
        return tuple(sum(b for b, own in ruled if own & bits) for bits in table.sets)

    def bits(self, side: int, row: int) -> int:
        """Bit set of the leaves that a table's row shows."""
        table = (self.old, self.new)[side]
        return self.sets[side][table.rows[row]] if table else 0

    def seen_whole(self, side: int, held: frozenset[str], now: Condition) -> int:
        """Bit set of the leaves that are shown as they are, of which no mask says more."""
        pair = self.whole
        table = (pair.old, pair.new)[side] if pair is not None else None
        if pair is None or table is None:
            return 0
        code = code_of(table.states, self.settings, now, "new" if side else "old")
        return pair.bits(side, table.mask(held) * table.stride + code)

    def where(self) -> Problem:
        table = self.new or self.old
        place = table.resource.location if table else NOWHERE
        said = f"`{self.name}` mixes more relations and states than can be compared"
        return Problem(place, said, "split the resource, or use fewer relations or states")


def renamings(old: Policy, new: Policy) -> dict[str, str]:
    """New → old name of resources that were renamed, recognised by a common schema."""
    olds, news = old.resources, new.resources
    found: dict[str, str] = {}
    for name, each in news.items():
        if name not in olds:
            alike = [o for o, one in olds.items()
                     if o not in news and o not in found.values()
                     and one.schemas & each.schemas]  # fmt: skip
            if alike:
                found[name] = alike[0]
    return found


def leaf_bits(table: Table, leaf: str) -> int:
    """Bit set of the leaves that let a value at this path pass."""
    if leaf in table.leaves:
        return 1 << table.leaves.index(leaf)
    node = node_at(table.trie, leaf) if not leaf.endswith("**") else None
    if leaf.endswith(".**"):
        above = node_at(table.trie, leaf[:-3])
        return 1 << above.deep if above is not None and above.deep >= 0 else 0
    return sum(1 << i for i in {node.leaf, node.deep} if i >= 0) if node is not None else 0


def lets_in(table: Table, path: str) -> int:
    """Bit set of the leaves that let an object at this path pass, cut to its granted parts."""
    node = node_at(table.trie, path)
    return sum(1 << i for i in {*node.under()}) if node is not None else 0


class _Both:
    """Two contracts side by side."""

    def __init__(
        self,
        old: Model,
        new: Model,
        before: Mapping[str, DeclaredEndpoint],
        after: Mapping[str, DeclaredEndpoint],
    ) -> None:
        self.old, self.new = old, new
        self.before, self.after = before, after
        self.keys = tuple(dict.fromkeys([*after, *before]))
        self._same: dict[tuple[str, Owner, Owner], bool] = {}

    # ------------------------------------------------------------ resources

    def masks(self) -> tuple[Mask, ...]:
        """The masked forms of both contracts."""
        both = (*self.old.masked.values(), *self.new.masked.values())
        return tuple(dict.fromkeys(mask for forms in both for mask, _ in forms))

    def masked_tables(
        self, kind: Kind, standing: _Standing, mask: Mask
    ) -> Iterator[tuple[_Pair, str, str]]:
        """Each resource that either contract shows in a masked form, with who sees it at least in
        that, and who sees it as it is."""
        for whole, before, name in self.pairs(kind, standing):
            old, new = self.old.at_least(before, mask), self.new.at_least(name, mask)
            if old is not whole.old or new is not whole.new:
                yield replace(whole, old=old, new=new, known={}, whole=whole), before, name

    def pairs(self, kind: Kind, standing: _Standing) -> Iterator[tuple[_Pair, str, str]]:
        """Each resource with its names in the old and the new contract."""
        olds, news = (m.tables if kind == "see" else m.settable for m in (self.old, self.new))
        renamed = renamings(self.old.policy, self.new.policy)
        for name in dict.fromkeys([*news, *(n for n in olds if n not in renamed.values())]):
            before = renamed.get(name, name)
            stands = tuple(
                (endpoints[key].shows if kind == "see" else endpoints[key].takes)[called]
                for endpoints, keys, called in (
                    (self.before, standing[0], before),
                    (self.after, standing[1], name),
                )
                for key in keys.get(called, ())
            )
            yield _Pair(name, olds.get(before), news.get(name), stands), before, name

    def tables(self, kind: Kind, mask: Mask | None = None) -> Iterator[Move]:
        """Moves of `see` or `set` grants; with `mask`, of those who see a field in that form, and
        by neither contract as it is."""
        standing = self._holding_endpoints(kind)
        every = self.pairs(kind, standing)
        if mask is not None:
            every = self.masked_tables(kind, standing, mask)
        for pair, before, name in every:
            classes: dict[_Class, list[str]] = {}
            for key in dict.fromkeys([*standing[1].get(name, ()), *standing[0].get(before, ())]):
                classes.setdefault(self._class(pair, kind, key, before, name), []).append(key)
            same = self._same_table(pair)
            for each, keys in classes.items():
                level = each.old == each.new and each.declared[0] == each.declared[1]
                called = (each.old and each.old[1]) or ()
                if same and level and all(self._alike(r, *self._owners(pair)) for r in called):
                    continue
                for move in self._rows(pair, kind, each, tuple(keys)):
                    yield replace(move, mask=mask) if mask is not None else move

    def _holding_endpoints(self, kind: Kind) -> _Standing:
        """Resource → keys of the endpoints that hold it, for both contracts."""
        found: _Standing = ({}, {})
        for side, endpoints in zip(found, (self.before, self.after), strict=True):
            for key, endpoint in endpoints.items():
                for name in endpoint.shows if kind == "see" else endpoint.takes:
                    side.setdefault(name, []).append(key)
        return found

    def _class(self, pair: _Pair, kind: Kind, key: str, before: str, name: str) -> _Class:
        made: list[tuple[Signature | None, int]] = []
        for endpoints, called in ((self.before, before), (self.after, name)):
            endpoint = endpoints.get(key)
            stands: DeclaredPaths | None = None
            if endpoint is not None:
                stands = (endpoint.shows if kind == "see" else endpoint.takes).get(called)
            bits = sum(1 << i for i, leaf in enumerate(pair.leaves)
                       if stands is not None and stands.holds(leaf))  # fmt: skip
            made.append((_signature(endpoint) if stands is not None else None, bits))
        return _Class(made[0][0], made[1][0], (made[0][1], made[1][1]))

    def _owners(self, pair: _Pair) -> tuple[Owner, Owner]:
        first, second = pair.old or pair.new, pair.new or pair.old
        assert first and second, "a resource is in only one of the two"
        return first.resource.owner, second.resource.owner

    def _same_table(self, pair: _Pair) -> bool:
        old, new = pair.old, pair.new
        if old is None or new is None:
            return old is new
        if old.resource.owner != new.resource.owner:
            return False
        said = [(t.relations, t.leaves, t.sets, t.rows, tuple(map(_state_meaning, t.states)))
                for t in (old, new)]  # fmt: skip
        return said[0] == said[1] and all(
            self._alike(name, *self._owners(pair)) for name in old.relations
        )

    def _alike(self, name: str, before: Owner, after: Owner) -> bool:
        """Whether a relation means the same in both contracts."""
        key = (name, before, after)
        if key not in self._same:
            olds, news = self.old.policy.relations, self.new.policy.relations
            self._same[key] = (
                name in olds
                and name in news
                and source_of(self.old, olds[name], before)
                == source_of(self.new, news[name], after)
                and olds[name].unless == news[name].unless
                and olds[name].requires == news[name].requires
                and all(
                    self._alike(each, before, after)
                    for each in (*olds[name].unless, *olds[name].requires)
                )
            )
        return self._same[key]

    # ------------------------------------------------------------ rows

    def _worlds(
        self,
        names: tuple[Iterable[str], Iterable[str]],
        owners: tuple[Owner, Owner],
        where: Callable[[], Problem],
    ) -> tuple[World, ...]:
        before = Side(self.old, owners[0], required_relations(self.old.policy, names[0]))
        after = Side(self.new, owners[1], required_relations(self.new.policy, names[1]))
        return worlds(before, after, where)

    def _rows(self, pair: _Pair, kind: Kind, each: _Class, keys: tuple[str, ...]) -> Iterator[Move]:
        every = self._worlds_of(pair, each)
        codes = [
            (
                now,
                code_of(pair.old.states, pair.settings, now, "old") if pair.old else 0,
                code_of(pair.new.states, pair.settings, now, "new") if pair.new else 0,
            )
            for now in conditions(pair.settings, pair.where)
        ]
        found: dict[tuple[int, bool, Why], list[Spot]] = {}
        for world in every:
            old = _row(pair.old, each.old, world.old, world.logged)
            new = _row(pair.new, each.new, world.new, world.logged)
            if old < 0 and new < 0:
                continue
            for now, *code in codes:
                was = pair.bits(0, old + code[0]) if old >= 0 else 0
                will = pair.bits(1, new + code[1]) if new >= 0 else 0
                if pair.whole is not None:
                    whole = pair.seen_whole(0, world.old, now) if old >= 0 else 0
                    whole |= pair.seen_whole(1, world.new, now) if new >= 0 else 0
                    was, will = was & ~whole, will & ~whole
                for widens, why, bits in _changed_cells(was, will, *each.declared):
                    if kind == "set" and why == "undeclared":
                        continue  # request bodies never hold undeclared members
                    while bits:
                        low = bits & -bits
                        bits ^= low
                        at = (low.bit_length() - 1, widens, why)
                        found.setdefault(at, []).append((world, now))
        owned = (_owner_relations(self.old.policy), _owner_relations(self.new.policy))
        theirs = _own_as_before(*self._owners(pair)) if pair.old and pair.new else True
        for (index, widens, why), spots in found.items():
            own = (theirs or not widens) and all(
                not (world.new if widens else world.old).isdisjoint(owned[widens])
                for world, _ in spots
            )
            yield Move(
                kind, widens, pair.name, pair.leaves[index], keys, frozenset(spots),
                pair.settings, every, why, own,
            )  # fmt: skip

    def _worlds_of(self, pair: _Pair, each: _Class) -> tuple[World, ...]:
        names = [
            frozenset((*(table.relations if table else ()), *((said and said[1]) or ())))
            for table, said in ((pair.old, each.old), (pair.new, each.new))
        ]
        key = (names[0], names[1])
        if key not in pair.known:
            pair.known[key] = self._worlds(key, self._owners(pair), pair.where)
        return pair.known[key]

    def calls(self) -> Iterator[Move]:
        """Moves of who may call an endpoint: level 1 by the document alone, 2 by the contract."""
        classes: dict[tuple[object, object], list[str]] = {}
        for key in self.keys:
            both = self.before.get(key), self.after.get(key)
            classes.setdefault((_signature(both[0]), _signature(both[1])), []).append(key)
        for keys in classes.values():
            old, new = self.before.get(keys[0]), self.after.get(keys[0])
            if self._same_callers(old, new):
                continue
            every = self._callers(old, new)
            found: dict[tuple[bool, Why], list[Spot]] = {}
            for world in every:
                levels = [
                    (2 if endpoint.granted else 1)
                    if endpoint and endpoint.lets(held, world.logged)
                    else 0
                    for endpoint, held in ((old, world.old), (new, world.new))
                ]
                if levels[0] != levels[1]:
                    why: Why = "named" if all(levels) else "grant"
                    if max(levels) == 1:
                        why = "undeclared"
                    found.setdefault((levels[1] > levels[0], why), []).append((world, ()))
            for (widens, why), spots in found.items():
                yield Move(
                    "call", widens, "", "", tuple(keys), frozenset(spots), (), every, why
                )  # fmt: skip

    def _callers(
        self, old: DeclaredEndpoint | None, new: DeclaredEndpoint | None
    ) -> tuple[World, ...]:
        names = [(endpoint.call if endpoint else None) or () for endpoint in (old, new)]

        def where() -> Problem:
            rule = self.new.rules.get(new.operation.id) if new else None
            place = rule.location if rule else NOWHERE
            said = (
                f"`call` names so many relations that more than {MOST // 2:,} combinations would"
                " have to be compared"
            )
            return Problem(place, said, "name fewer")

        return self._worlds((names[0], names[1]), (Owner("field"), Owner("field")), where)

    def outside(self) -> Iterator[Move]:
        """Moves of response members outside every resource, which whoever may call the endpoint
        sees."""
        for key in self.keys:
            old, new = self.before.get(key), self.after.get(key)
            paths = [d.outside if d and d.granted else frozenset() for d in (old, new)]
            if paths[0] == paths[1] and (not paths[0] or self._same_callers(old, new)):
                continue
            every = self._callers(old, new)
            for path in sorted(paths[0] | paths[1]):
                found: dict[bool, list[Spot]] = {}
                for world in every:
                    opened = [
                        endpoint is not None
                        and path in side
                        and self._may_pass(endpoint, policy, held, world)
                        for endpoint, side, policy, held in (
                            (old, paths[0], self.old.policy, world.old),
                            (new, paths[1], self.new.policy, world.new),
                        )
                    ]
                    if opened[0] != opened[1]:
                        found.setdefault(opened[1], []).append((world, ()))
                for widens, spots in found.items():
                    yield Move("see", widens, "", path, (key,), frozenset(spots), (), every,
                               "grant")  # fmt: skip

    def _same_callers(self, old: DeclaredEndpoint | None, new: DeclaredEndpoint | None) -> bool:
        return _signature(old) == _signature(new) and all(
            self._alike(name, Owner("field"), Owner("field"))
            for name in (old.call if old and old.call else ())
        )

    def _may_pass(
        self, endpoint: DeclaredEndpoint, policy: Policy, held: frozenset[str], world: World
    ) -> bool:
        """Whether a request passes before its object is known (`may_call`)."""
        if endpoint.call is not None:
            kinds = policy.kinds(*endpoint.call)
            if not kinds.isdisjoint(("owner", "lookup", "field")):
                return world.logged or "anyone" in kinds
        return endpoint.passes(held, world.logged)

    # ------------------------------------------------------------ what no line grants

    def ungranted_fields(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Fields that are new in the document and that nobody may see."""
        found: dict[tuple[str, str], list[str]] = {}
        for key, endpoint in self.after.items():
            before = self.before.get(key)
            for name, declared in endpoint.shows.items():
                known = before.shows.get(name) if before else None
                for path in declared.paths:
                    if known is None or not known.holds(path):
                        found.setdefault((name, path), []).append(key)
            if not endpoint.granted:
                gone = before.outside if before else frozenset()
                for path in sorted(endpoint.outside - gone):
                    found.setdefault(("", path), []).append(key)
        for (name, path), keys in found.items():
            if name and lets_in(self.new.tables[name], path):
                continue
            yield name, path, tuple(keys)


def _row(table: Table | None, said: Signature | None, held: frozenset[str], logged: bool) -> int:
    """Offset of the rows for these relations; -1 if the endpoint denies them."""
    if table is None or not _through(said, held, logged):
        return -1
    return table.mask(held) * table.stride


def _through(said: Signature | None, held: frozenset[str], logged: bool) -> bool:
    if said is None or not said[0]:
        return False
    return not held.isdisjoint(said[1]) if said[1] is not None else logged or said[2]


def _changed_cells(
    old: int, new: int, declared_old: int, declared_new: int
) -> Iterator[tuple[bool, Why, int]]:
    """(widens, why, bits) for the changed cells of a row."""
    both = old & new
    for widens, gained, said, lost in (
        (True, new & ~old, declared_new, declared_old),
        (False, old & ~new, declared_old, declared_new),
    ):
        if bits := gained & said:
            yield widens, "grant", bits
        if bits := gained & ~said:
            yield widens, "undeclared", bits
        if bits := both & said & ~lost:
            yield widens, "declared", bits


def _owner_relations(policy: Policy) -> frozenset[str]:
    return frozenset(name for name, each in policy.relations.items() if each.kind == "owner")


def _own_as_before(old: Owner, new: Owner) -> bool:
    """Whether no account owns an object that it did not own before, if somebody did."""
    if old.kind == "none":
        return new.kind != "caller"  # then every logged-in caller owns it
    return old.kind == new.kind and {*new.members} <= {*old.members}


def _state_meaning(state: State) -> tuple[object, ...]:
    values = tuple((type(v).__name__, v) for v in state.values)
    return state.name, values, state.member, state.of, type(state.missing).__name__, state.missing

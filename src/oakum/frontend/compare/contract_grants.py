"""What a contract grants a viewer who is known only by a label, in partly known states.

A label such as `follower` is a lower bound: the caller may have a further relation that the traffic
does not show. `member or more` may have any further relation, `unknown` any relation at all. So a
grant is certain if the contract gives it to the least privileged such caller for each value of an
unknown state. A denial is certain if the contract gives it to none of them for any value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import chain, combinations, product

from oakum.authz.compiled_model import Model
from oakum.authz.table import Table, grant_words, leaf_index, ruling_leaves
from oakum.errors import Location
from oakum.frontend.compare.verdict import Grant, State
from oakum.openapi.model import Json
from oakum.policy.model import Relation

MORE = " or more"
ANYONE = "anyone"
_RANKS = ("anyone", "authenticated", "claim", "field", "lookup", "owner")
_MOST = 12
"""How many further relations are considered in all combinations; with more, no denial is
certain."""


class ContractGrants:
    """What one contract grants to viewers of whom only a label is known."""

    def __init__(self, model: Model) -> None:
        """`model`: a contract with a policy."""
        self._model = model
        self._relations = model.policy.relations
        self.bits = cache(self._bits)

    def leaf(self, resource: str, path: str) -> str:
        """The contract's path for a field; the path as it was sent if no line names the field."""
        table = self._model.tables[resource]
        index = leaf_index(table, path)
        return table.leaves[index] if index >= 0 else path

    def leaves(self, resource: str) -> tuple[str, ...]:
        """Paths of the resource's fields that have a line in the contract."""
        return self._model.tables[resource].leaves

    def has(self, resource: str, leaf: str) -> bool:
        """Whether the contract has a line for a field, or for a field inside it."""
        return bool(ruling_leaves(self._model.tables[resource], leaf))

    def line(self, resource: str, leaf: str) -> Location:
        """The contract line that rules a field; without one, the line of its resource."""
        table = self._model.tables[resource]
        return next(
            (table.rules[index].location for index in ruling_leaves(table, leaf)),
            table.resource.location,
        )

    def says(self, resource: str, leaf: str) -> str:
        """The grants of a field in the words of the contract."""
        table = self._model.tables[resource]
        said = dict.fromkeys(grant_words(table, index) for index in ruling_leaves(table, leaf))
        return ", or ".join(said) or "no line shows it to anybody"

    def resources(self) -> frozenset[str]:
        """Names of all resources."""
        return frozenset(self._model.tables)

    def table(self, resource: str) -> Table:
        """The compiled grants of a resource. Raises `KeyError` for an unknown one."""
        return self._model.tables[resource]

    def selects_fields(self, endpoint: str) -> bool:
        """Whether callers of an endpoint choose the fields: then absence proves nothing."""
        return bool(self._model.rule(endpoint).graphql)

    def viewers(self, resource: str) -> tuple[str, ...]:
        """Names of the relations that the lines of a resource use."""
        return self._model.tables[resource].relations

    def viewer_name(self, viewer: str) -> str:
        """The label of a viewer as traffic reports it: with `or more` if further relations are
        possible."""
        names, _ = self._relations_in(viewer)
        rank = max((_RANKS.index(self._relations[name].kind) for name in names), default=0)
        further = (
            each.kind in ("lookup", "claim") and _RANKS.index(each.kind) >= rank
            for name, each in self._relations.items()
            if name not in names
        )
        return f"{viewer}{MORE}" if any(further) and not viewer.endswith(MORE) else viewer

    def grant(self, resource: str, leaf: str, viewer: str, state: Mapping[str, str]) -> Grant:
        """Whether the contract shows a field to a viewer. `state`: settings as text; unknown ones
        are left out or `unknown`."""
        wanted = _bits(ruling_leaves(self._model.tables[resource], leaf))
        sure, possible = self.bits(resource, viewer, tuple(sorted(state.items())))
        if sure & wanted:
            return "granted"
        return "unclear" if possible & wanted else "denied"

    def grant_of(self, resource: str, leaf: str, viewer: str) -> tuple[bool, frozenset[State]]:
        """(whether the contract shows the field in some state, the states in which it does not)."""
        table = self._model.tables[resource]
        wanted, deciding = _bits(ruling_leaves(table, leaf)), self.deciding_settings(resource, leaf)
        if not wanted:
            return False, frozenset({()})
        states = [each for each in table.states if each.name in deciding]
        names = sorted(each.name for each in states)
        values = {each.name: each.values for each in states}
        held = self.least(viewer)
        denied, shown = set[State](), False
        for now in product(*(values[name] for name in names)):
            if table.see(held, dict(zip(names, now, strict=True))) & wanted:
                shown = True
            else:
                denied.add(tuple((n, _text(v)) for n, v in zip(names, now, strict=True)))
        return shown, frozenset(denied)

    def deciding_settings(self, resource: str, leaf: str) -> frozenset[str]:
        """Names of the settings on which a grant of the field depends."""
        table = self._model.tables[resource]
        return frozenset(
            chain.from_iterable(map(table.deciding_states, ruling_leaves(table, leaf)))
        )

    def least(self, viewer: str) -> frozenset[str]:
        """Relations that every viewer with this label has."""
        names, _ = self._relations_in(viewer)
        return self._held_relations(frozenset(names))

    def _bits(self, resource: str, viewer: str, state: State) -> tuple[int, int]:
        """(fields certainly shown, fields possibly shown) as bits by index of `Table.leaves`."""
        table = self._model.tables[resource]
        told = dict(state)
        readings = [[*_readings(each.values, told.get(each.name))] for each in table.states]
        worlds = [*self._worlds(viewer, table)]
        least, sure, possible = self.least(viewer), (1 << len(table.leaves)) - 1, 0
        for now in product(*readings):
            values = {s.name: v for s, v in zip(table.states, now, strict=True) if v is not None}
            sure &= table.see(least, values)
            for held in worlds:
                possible |= table.see(held, values)
        if not worlds:
            possible = sum(1 << at for at, rule in enumerate(table.rules) if rule.grants)
        return sure, possible

    def _relations_in(self, viewer: str) -> tuple[tuple[str, ...], bool]:
        """(relations that a label names, whether further ones may hold)."""
        bare = viewer.removesuffix(MORE)
        names = tuple(name for name in bare.split("+") if name in self._relations)
        return names, bare != viewer or not (names or bare == ANYONE)

    def _worlds(self, viewer: str, table: Table) -> Iterator[frozenset[str]]:
        """Every set of relations that a viewer with this label may have; none if there are more
        than `_MOST` open ones."""
        names, more = self._relations_in(viewer)
        rank = max((_RANKS.index(self._relations[name].kind) for name in names), default=0)
        wanted = {*table.relations}
        for name in table.relations:
            wanted |= {*self._relations[name].unless, *self._relations[name].requires}
        extra = [
            name
            for name in sorted(wanted - {*names})
            if more or 0 < _RANKS.index(self._relations[name].kind) < rank
        ]
        if len(extra) > _MOST:
            return
        for some in chain.from_iterable(combinations(extra, n) for n in range(len(extra) + 1)):
            yield self._held_relations(frozenset((*names, *some)))

    def _held_relations(self, sources: frozenset[str]) -> frozenset[str]:
        """Relations that hold when the caller has exactly these before `requires` and `unless`
        apply."""
        kinds = {self._relations[name].kind for name in sources}
        logged = bool(kinds - {"anyone", "claim"})

        def true(each: Relation) -> bool:
            plain = each.kind == "anyone" or (each.kind == "authenticated" and logged)
            return plain or each.name in sources

        def holds(name: str) -> bool:
            each = self._relations[name]
            taken = any(holds(other) for other in each.unless)
            return true(each) and not taken and all(holds(other) for other in each.requires)

        return frozenset(name for name in self._relations if holds(name))


def _readings(values: tuple[Json, ...], told: str | None) -> Iterator[Json]:
    """The values that a setting may have, given what was observed; None stands for an undeclared
    value."""
    known = [each for each in values if _text(each) == told]
    yield from known or (*values, None)


def _bits(indices: Iterable[int]) -> int:
    return sum(1 << index for index in indices)


def _text(value: Json) -> str:
    return str(value).lower()

"""Names the viewers and states of changed cells in the fewest words that are exact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oakum.contract_diff.compare import Difference, Move
from oakum.contract_diff.relation_combinations import (
    MISSING,
    OTHER,
    Condition,
    Setting,
    StateReading,
    World,
    source_of,
)
from oakum.policy.model import Owner
from oakum.policy.node_reader import text

_RANK = {"anyone": 0, "authenticated": 1}
_OWNED = Owner("field")


@dataclass(frozen=True)
class Viewer:
    """A possible subject of a sentence: a world, and relation names that describe it."""

    world: World
    held: frozenset[str]
    names: tuple[str, ...]
    now: frozenset[Condition]
    vague: bool
    """Whether it applies only while the result of a look-up is unknown."""
    counted: frozenset[str]
    """Relations held according to the other contract."""
    apart: frozenset[str]
    """Relations of the other contract by which they differ from viewers with the same relations who
    gain nothing."""

    def covers(self, other: Viewer) -> bool:
        """Whether a sentence about this viewer is also true of the other."""
        if not (other.held >= {*self.names} and self.now >= other.now):
            return False
        if self.world.logged > other.world.logged or (self.vague and not other.world.unknown):
            return False
        if not other.counted >= self.apart:
            return False
        return self is not other and self.rank < other.rank

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key: the simplest description first."""
        world = self.world
        sides = sorted(world.old), sorted(world.new), sorted(map(str, world.unknown))
        return len(self.held), world.logged, self.vague, len(world.unknown), self.names, sides


class ViewerWording:
    """Names the viewers of one move, in the words of the contract that grants it."""

    def __init__(self, move: Move, found: Difference) -> None:
        self._move = move
        self._model = found.new if move.widens else found.old
        self._other = found.old if move.widens else found.new
        self._sides = {world: self._granting_relations(world) for world in move.worlds}
        states: dict[World, set[Condition]] = {}
        for world, now in move.spots:
            states.setdefault(world, set()).add(now)
        self.moved = {world: frozenset(now) for world, now in states.items()}
        self._anybody = any(world.logged for world in self.moved)

    def _granting_relations(self, world: World) -> frozenset[str]:
        return world.new if self._move.widens else world.old

    def viewers(self) -> list[Viewer]:
        """The viewers to name so that every moved cell is covered."""
        every = [self._viewer(world, now) for world, now in self.moved.items()]
        return [each for each in every if not any(one.covers(each) for one in every)]

    def _viewer(self, world: World, now: frozenset[Condition]) -> Viewer:
        held = self._granting_relations(world)
        names = self._generators(held, world.logged)
        near = [w for w in self._sides if not w.unknown and w.logged == world.logged]
        alike = [w for w in near if self._sides[w] == held]
        left = [w for w in alike if not self._moves(w, now)]
        vague = bool(world.unknown)
        if vague:
            more = (self._moves(w, now) for w in near if self._sides[w] >= {*names})
            vague = bool(left) or not any(more)
        counted = self._other_relations(world)
        apart = frozenset[str]()
        if left and not vague:
            apart = counted - frozenset[str]().union(*map(self._other_relations, left))
        return Viewer(world, held, names, now, vague, counted, apart)

    def _other_relations(self, world: World) -> frozenset[str]:
        return world.old if self._move.widens else world.new

    def _moves(self, world: World, now: frozenset[Condition]) -> bool:
        return self.moved.get(world, frozenset()) >= now

    def _generators(self, held: frozenset[str], logged: bool) -> tuple[str, ...]:
        """A minimal set of relations that implies all others held."""
        kinds = self._model.policy.relations
        alike = [each for world, each in self._sides.items() if world.logged is logged]
        kept = sorted(held, key=lambda name: (_RANK.get(kinds[name].kind, 2), name))
        for name in list(kept):
            rest = {each for each in kept if each != name}
            if all(name in one for one in alike if rest <= one):
                kept.remove(name)
        return tuple(kept)

    def words(self, viewer: Viewer) -> tuple[str, int]:
        """A viewer in words, and its breadth: 0 anonymous, 1 all logged in, 2 fewer."""
        world, policy = viewer.world, self._model.policy
        plain = all(policy.relations[name].kind in _RANK for name in viewer.names)
        said = " who is also ".join(f"`{name}`" for name in viewer.names)
        if plain and not world.logged:
            said = self._not_logged_in(viewer.held)
        elif not viewer.names:
            kinds = policy.relations
            named = [name for name in sorted(viewer.held) if kinds[name].kind == "authenticated"]
            said = f"`{named[0]}`" if named else "whoever is logged in"
        elif not world.logged:
            said += " whose account is unknown"
        if viewer.vague:
            who = " or ".join(sorted(map(self._lookup_relation, world.unknown)))
            said += f" while it is unknown whether they are {who}"
        elif viewer.apart:
            said += f" who is {' and '.join(f'`{name}`' for name in sorted(viewer.apart))}"
        elif self._means_another(viewer):
            said += " (which means others now)"
        return said, int(world.logged) if plain else 2

    def _not_logged_in(self, held: frozenset[str]) -> str:
        if not self._anybody:
            return "callers who are not logged in"
        kinds = self._model.policy.relations
        named = [name for name in sorted(held) if kinds[name].kind == "anyone"]
        return f"`{named[0]}`" if named else "anybody at all"

    def _means_another(self, viewer: Viewer) -> bool:
        """Whether the other contract has a relation of this name that does not include the
        viewer."""
        known = frozenset[str]().union(*map(self._other_relations, self._sides))
        return any(name in known and name not in viewer.counted for name in viewer.names)

    def _lookup_relation(self, source: tuple[object, ...]) -> str:
        """The relation that a look-up serves."""
        for model in (self._model, self._other):
            for name, each in model.policy.relations.items():
                asked = each.kind == "lookup" or each.is_membership
                if asked and source_of(model, each, _OWNED)[:4] == source[:4]:
                    return f"`{name}`"
        return f"in `{source[1]}`"


def when_words(now: frozenset[Condition], settings: tuple[Setting, ...]) -> str:
    """`private=true`, `audience=crew or me and private=false`; empty for every state."""
    return " or ".join(_boxes(set(now), settings))


def _boxes(now: set[Condition], settings: Sequence[Setting]) -> list[str]:
    if not settings or not now:
        return []
    first, rest = settings[0], settings[1:]
    slices: dict[frozenset[Condition], list[StateReading]] = {}
    for reading in first.readings:
        those = frozenset(each[1:] for each in now if each[0] == reading)
        if those:
            slices.setdefault(those, []).append(reading)
    found: list[str] = []
    for those, readings in slices.items():
        own = "" if len(readings) == len(first.readings) else _readings(first, readings)
        below = _boxes(set(those), rest)
        found += [" and ".join(filter(None, (own, each))) for each in below or [""]]
    return [each for each in found if each]


def _readings(setting: Setting, readings: Sequence[StateReading]) -> str:
    values = [r for r in setting.readings if r not in (OTHER, MISSING)]
    parts = [f"{setting.name}={text(r.value)}" for r in readings if r in values]
    if len(parts) == len(values):
        parts = [f"any known {setting.name}"]
    elif len(parts) > 1:
        parts = [f"{setting.name}={' or '.join(text(r.value) for r in readings if r in values)}"]
    parts += [f"{setting.name} missing"] if MISSING in readings else []
    parts += [f"{setting.name} unknown"] if OTHER in readings else []
    return " or ".join(parts)

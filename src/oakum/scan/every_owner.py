"""Each identity's objects, asked for by others: what one object tells speaks for no other one.

The first pass asks until its cells are decided, and one object of one owner decides a cell. An API
that hands out *ben's* notes, or everybody's *second* note, passes that (CWE-639). So when all cells
are decided, each identity's objects are asked for by somebody else at every endpoint that takes an
id, the widest gap first: the first object of each owner, those that name the viewer themselves
(`shared_with`), further objects, a second owner for each further kind of viewers.

The law of this module: what is asked here can find a leak, and takes nothing back. Whoever was
shown what the contract grants is not blocked because another object was withheld.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oakum.errors import counted
from oakum.scan.asking import fill
from oakum.scan.coverage import Untested
from oakum.scan.doors import Gate
from oakum.scan.legible import is_success

if TYPE_CHECKING:
    from oakum.scan.engine import Engine

MOST_OBJECTS = 3
"""Objects of one owner that others ask for at one endpoint."""
_OWNERS_EACH = 2
"""Owners whose objects each further kind of viewers asks for at one endpoint."""
_RESERVE = 0.05
"""Of what is left of the budget, kept to ask again for what is found."""
_MOST_NAMED = 6


_Id = tuple[str, str | None, str, int]
"""Endpoint, viewer, owner, position."""


@dataclass(frozen=True)
class _Asking:
    """One question about somebody's object, as somebody else."""

    gate: Gate
    viewer: str | None
    owner: str
    turn: int
    """Position of the object among the owner's known ones."""

    @property
    def id(self) -> _Id:
        return self.gate.id, self.viewer, self.owner, self.turn


def ask_for_each(engine: Engine, share: float) -> None:
    """Put what is still to be asked, with this share of what is left of the budget."""
    pace = engine.pace
    least = max(pace.left * (1 - share), pace.left * _RESERVE) if pace is not None else 0
    engine.say("asking for each identity's objects")
    with _adding_only(engine):
        for each in (*_lists(engine), *_questions(engine)):
            if pace is not None and pace.left <= least:
                break
            _ask(engine, each)
    engine.matrix.settle()
    engine.confirm()


@contextmanager
def _adding_only(engine: Engine) -> Iterator[None]:
    before, engine.matrix.adding_only = engine.matrix.adding_only, True
    try:
        yield
    finally:
        engine.matrix.adding_only = before


# ------------------------------------------------------------------ which questions


def _concerned(engine: Engine) -> Iterator[Gate]:
    """Endpoints that take an id of somebody's and may show what is somebody's."""
    # What one list calls two people's own is nobody's for sure.
    doubtful = {resource for _, resource in engine.lookout.twice}
    for gate in engine.gates:
        taken = gate.personal and not gate.batch and gate.id not in engine.ignoring
        taken = taken and doubtful.isdisjoint(gate.sources[p].split(".")[0] for p in gate.personal)
        if taken and _shows_owned(engine, gate) and engine.was_asked(gate):
            yield gate


def _shows_owned(engine: Engine, gate: Gate) -> bool:
    resources = engine.model.policy.resources
    return any(resources[name].owner.kind != "none" for name in gate.shows)


def _lists(engine: Engine) -> Iterator[_Asking]:
    """Lists that somebody has not asked for: of an answer everybody's objects are judged."""
    asked = _asked(engine)
    for gate in engine.gates:
        if gate.personal or gate.batch or not _shows_owned(engine, gate):
            continue
        for viewer in (*engine.cast.subjects(), None) if engine.was_asked(gate) else ():
            if (gate.id, viewer, "", 0) not in asked:
                yield _Asking(gate, viewer, "", 0)


def _questions(engine: Engine) -> Iterator[_Asking]:
    """Those that were not put yet, the widest gap first."""
    done = _asked(engine)
    for each in _wanted(engine, done):
        if each.id not in done:
            done.add(each.id)
            yield each


def _wanted(engine: Engine, done: Collection[_Id]) -> Iterator[_Asking]:
    subjects = engine.cast.subjects()
    kinds = {who: _kinds(engine, who) for who in subjects}
    places = [
        (gate, who, _turns(engine, gate, who))
        for gate in _concerned(engine)
        for who in subjects
        # Who asked for their own and was shown nothing has nothing there to be shown to others.
        if engine.has_page(gate, who) or (gate.id, who, who, 0) not in done
    ]
    for gate, who, _ in places:
        others = [each for each in subjects if each != who]
        if not any((gate.id, each, who, 0) in done for each in others):
            yield from (_Asking(gate, viewer, who, 0) for viewer in kinds[who][:1])
    for gate, who, _ in places:
        yield from _named(engine, gate, who)
    for rank in range(MOST_OBJECTS):
        for gate, who, turns in places:
            for turn in turns[rank : rank + 1]:
                yield from (_Asking(gate, viewer, who, turn) for viewer in kinds[who][:1])
    yield from _second_owners(engine, done, kinds, [(gate, who) for gate, who, _ in places])


def _second_owners(
    engine: Engine,
    done: Collection[_Id],
    kinds: Mapping[str, list[str | None]],
    places: Sequence[tuple[Gate, str]],
) -> Iterator[_Asking]:
    """A second owner for each further kind of viewers: the first pass has asked about one."""

    def label(viewer: str | None, who: str) -> str:
        return engine.cast.label(engine.cast.relations(viewer, who), viewer, who)

    owners: dict[tuple[str, str], set[str]] = {}
    for id, viewer, who, _ in done:
        if who and viewer != who:
            owners.setdefault((id, label(viewer, who)), set()).add(who)
    for gate, who in places:
        for viewer in kinds[who][1:]:
            known = owners.setdefault((gate.id, label(viewer, who)), set())
            if who not in known and len(known) < _OWNERS_EACH:
                known.add(who)
                yield _Asking(gate, viewer, who, 0)


def _kinds(engine: Engine, who: str) -> list[str | None]:
    """One viewer of each kind, the least entitled of those who are logged in first: an endpoint
    that only asks for a login lets them in, whatever the contract calls them."""
    watchers = engine.watchers(who)
    if not any(watchers):
        watchers += [each for each in engine.cast.names() if each != who][:1]
    return sorted(watchers, key=lambda viewer: viewer is None)


def _turns(engine: Engine, gate: Gate, who: str) -> list[int]:
    """Which of somebody's objects: those in different states first."""
    first = engine.lookout.turns(gate, who)
    every = dict.fromkeys((*first, *range(known(engine, gate, who))))
    return [*every][:MOST_OBJECTS]


def known(engine: Engine, gate: Gate, who: str) -> int:
    """How many of somebody's objects an endpoint can be asked for."""
    own = [engine.knowledge.values(gate.sources[each], who) for each in gate.personal]
    return max(map(len, own), default=0) if all(own) else 0


def _named(engine: Engine, gate: Gate, who: str) -> Iterator[_Asking]:
    """Objects that say themselves who is what to them: as whom they name."""
    policy = engine.model.policy
    members = [each.member for each in policy.relations.values() if each.member]
    for parameter in sorted(gate.personal):
        name, _, path = gate.sources[parameter].partition(".")
        if path != policy.resources[name].key or name not in gate.shows:
            continue
        for member in members:
            for viewer in engine.cast.names():
                turn = _first_naming(engine, gate.sources[parameter], who, member, viewer)
                if viewer != who and turn is not None:
                    yield _Asking(gate, viewer, who, turn)
                    break


def _first_naming(engine: Engine, source: str, who: str, member: str, viewer: str) -> int | None:
    """Position of the first of somebody's objects that names this viewer in a member."""
    name, _, path = source.partition(".")
    keys = engine.knowledge.values(source, who)
    for each in engine.knowledge.objects.get((who, name), ()):
        said = (text for at, text in each.items() if at == member or at.startswith(f"{member}."))
        if path in each and not engine.cast.ids[viewer].isdisjoint(said):
            return keys.index(each[path])
    return None


def _asked(engine: Engine) -> set[_Id]:
    """(endpoint, viewer, owner, position) of everything that was asked."""
    return {
        (gate.id, viewer, who or "", turn) for gate, viewer, who, turn in engine.probes.values()
    }


# ------------------------------------------------------------------ asking


def _ask(engine: Engine, each: _Asking) -> None:
    """Ask as somebody else; as the owner too, where anything came or a cell is undecided yet."""
    gate, viewer, who, turn = each.gate, each.viewer, each.owner, each.turn
    filled = fill(gate, engine.target, engine.knowledge, who or None, turn=turn)
    if filled is None or filled.bare:
        return
    if engine.pace is not None and engine.pace.spares(filled.request):
        return
    if not who:
        engine.put(gate, viewer, None)
        return
    if next(engine.matrix.undecided(gate.id, viewer, who), None) is not None:
        engine.put(gate, who, who, turn=turn)
    key = engine.key(gate, viewer, who, turn=turn)
    if key not in engine.replay:
        engine.fetched[key] = answer = engine.send(gate, viewer, filled)
        if is_success(answer.status):
            engine.put(gate, who, who, turn=turn)
    engine.put(gate, viewer, who, turn=turn)


# ------------------------------------------------------------------ what is said of it


def unasked(engine: Engine) -> Iterator[Untested]:
    """Endpoints at which nobody else asked for the objects of some of the identities."""
    asked = _asked(engine)
    if len(engine.cast.names()) < 2:
        return
    for gate in _concerned(engine):
        if gate.id in engine.why or engine.model.rule(gate.operation.id).untested:
            continue
        owners = [
            who
            for who in engine.cast.names()
            if engine.has_page(gate, who)
            and _is_askable(engine, gate, who)
            and not any(
                (gate.id, v, who, turn) in asked
                for v in engine.cast.names()
                if v != who
                for turn in range(_most(engine, gate, who))
            )
        ]
        if owners:
            whose = " and ".join(f"{each}'s" for each in owners)
            yield Untested(
                f"{gate.door.method} {gate.door.path}",
                f"nobody else asked for {whose} objects, since the budget was spent",
            )


def _is_askable(engine: Engine, gate: Gate, who: str) -> bool:
    filled = fill(gate, engine.target, engine.knowledge, who)
    spares = engine.pace.spares if engine.pace is not None else None
    return filled is not None and not filled.bare and not (spares and spares(filled.request))


def _most(engine: Engine, gate: Gate, who: str) -> int:
    return max(1, known(engine, gate, who))


def asked_of_known(engine: Engine) -> list[str]:
    """What to say of objects that are known, and that nobody but their owners asked for."""
    asked = _asked(engine)
    said: list[str] = []
    for gate in _concerned(engine):
        owners = [who for who in engine.cast.names() if engine.has_page(gate, who)]
        every = sum(known(engine, gate, who) for who in owners)
        by_others = {(who, turn) for id, v, who, turn in asked if id == gate.id and v != who}
        number = len({(who, turn) for who, turn in by_others if who in owners})
        if number < every:
            said.append(f"{gate.door.method} {gate.door.path} {number} of {every}")
    if not said:
        return []
    more = len(said) - _MOST_NAMED
    rest = f", and {counted(more, 'more endpoint')}" if more > 0 else ""
    return [
        f"others asked for some of the identities' known objects, not for all:"
        f" {', '.join(said[:_MOST_NAMED])}{rest}"
    ]

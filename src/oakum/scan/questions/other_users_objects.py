"""Requests each identity's objects as each other identity.

The first pass requests objects until its cells are decided, and one object of one owner, requested
by one viewer, decides a cell. An API that returns *ben's* notes, or everybody's *second* note, or
shows them to *pia*, passes that (CWE-639). So when all cells are decided, each identity's objects
are requested by somebody else at every endpoint that takes an id or is filtered by a value of
theirs, in this order: lists, also with a value of each owner's; the first object of each owner,
those that name the viewer themselves (`shared_with`), further objects, a second owner for each
further kind of viewer, each identity as each kind of viewer that it is. Viewers of one kind take
turns. After that a limited number of the remaining pairs of viewer and owner are requested; the
report says how many were not.

These requests can find a leak, and never change a cell to over-block: a viewer who was shown what
the contract grants is not blocked because another object was withheld.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice

from oakum.errors import count_of
from oakum.exposure.endpoints.probes import Probe, shows_owned
from oakum.exposure.response_reader import is_success
from oakum.scan.coverage.untested import Section, UntestedItem
from oakum.scan.engine import Engine, Kind
from oakum.scan.evaluation.finding_confirmation import confirm
from oakum.scan.evaluation.requested_object import named_keys, parameter_naming
from oakum.scan.limits import is_spent
from oakum.scan.questions.conversation_peers import ask_with_peers
from oakum.scan.requests.builder import fill
from oakum.scan.requests.consistent_parameter_values import known_objects
from oakum.scan.requests.unrelated_viewers import strangers

MOST_OBJECTS = 3
"""How many objects of one owner others request at one endpoint."""
_OWNERS_EACH = 2
"""How many owners' objects each further kind of viewer requests at one endpoint."""
_MOST_FURTHER = 80
"""Requests that make up the pairs of viewer and owner which are left open after that; or this share
of what was asked so far, where it is more."""
_FURTHER = 0.1
_RESERVE = 0.05
"""Share of the remaining budget that is kept for confirmations."""
_ROUNDS = (False, True)
"""Whether each round is the last: it requests what the first one found."""
_MOST_NAMED = 6


_Id = tuple[str, str | None, str, int]
"""(endpoint, viewer, owner, index of the object)."""


@dataclass(frozen=True)
class _Asking:
    """A request for an owner's object by somebody else."""

    probe: Probe
    viewer: str | None
    owner: str
    turn: int
    """Index of the object among the owner's known ones."""

    @property
    def id(self) -> _Id:
        return self.probe.id, self.viewer, self.owner, self.turn


def ask_for_each(engine: Engine, share: float) -> None:
    """Requests each identity's objects with this share of the remaining budget."""
    pace = engine.context.pace
    least = (
        max(pace.requests_left * (1 - share), pace.requests_left * _RESERVE)
        if pace is not None
        else 0
    )
    engine.say("asking for each identity's objects")
    ask_with_peers(engine)
    with _adding_only(engine):
        _look_further(engine, least)
        _find_own(engine, least)
        for last in _ROUNDS:
            before = _count_known(engine)
            further = _questions(engine, further=share == 1)
            for each in chain(_lists(engine), _filtered_lists(engine), further):
                if pace is not None and pace.requests_left <= least:
                    break
                if (each.probe.id, each.viewer) not in engine.requests.limited:
                    _ask(engine, each)
            if last or before == _count_known(engine):
                break
    engine.matrix.settle()
    confirm(engine)


def _count_known(engine: Engine) -> int:
    """How many objects of the identities are known."""
    return sum(map(len, engine.knowledge.objects.values()))


def _look_further(engine: Engine, least: float) -> None:
    """Lets owners who were shown nothing below their first object ask for the next ones: the
    comments may stand below another note. `least`: requests that have to be left."""
    pace = engine.context.pace
    for probe in _owner_endpoints(engine):
        for who in engine.identities.subjects():
            if (engine.key(probe, who, who)) not in engine.requests.keys:
                continue
            for turn in range(1, min(count_objects(engine, probe, who), MOST_OBJECTS)):
                if engine.responses.has_page(probe, who) or (
                    pace is not None and pace.requests_left <= least
                ):
                    break
                engine.put(probe, who, who, turn=turn)


def _find_own(engine: Engine, least: float) -> None:
    """Lets identities without a known object of a resource request their own lists, since nobody
    can request an unknown object. `least`: requests that must remain."""
    pace = engine.context.pace
    for probe in _owner_endpoints(engine):
        owned = [n for n in probe.shows if engine.model.policy.resources[n].owner.kind != "none"]
        for who in engine.identities.subjects():
            if pace is not None and pace.requests_left <= least:
                return
            unknown = any(not engine.knowledge.objects.get((who, name)) for name in owned)
            asked = engine.key(probe, who, who) in engine.requests.keys
            if unknown and not asked and count_objects(engine, probe, who):
                engine.put(probe, who, who)


def _first(engine: Engine, probe: Probe, who: str) -> int:
    """Index of the owner's object that represents the others."""
    return engine.responses.first.get((probe.id, who), 0)


def _is_blind(engine: Engine, id: _Id) -> bool:
    """Whether a request named an object at which its owner was shown nothing, unlike at a later
    one: then it proves nothing."""
    return id[3] < engine.responses.first.get((id[0], id[2]), 0)


@contextmanager
def _adding_only(engine: Engine) -> Iterator[None]:
    before, engine.matrix.adding_only = engine.matrix.adding_only, True
    try:
        yield
    finally:
        engine.matrix.adding_only = before


# ---------------------------------------------------------------- choosing requests


def _owner_endpoints(engine: Engine) -> Iterator[Probe]:
    """Endpoints that take an owner's id and may show personal data."""
    # An object that one list assigns to two owners certainly belongs to neither.
    doubtful = {resource for _, resource in engine.evaluator.twice}
    for probe in engine.state.probes:
        taken = probe.personal and not probe.batch and probe.id not in engine.responses.ignoring
        taken = taken and doubtful.isdisjoint(
            probe.sources[p].split(".")[0] for p in probe.personal
        )
        if taken and shows_owned(engine.model.policy, probe) and engine.state.was_asked(probe):
            yield probe


def _lists(engine: Engine) -> Iterator[_Asking]:
    """Lists that somebody has not asked for: of an answer everybody's objects are judged."""
    asked = _request_ids(engine)
    for probe in engine.state.probes:
        if (probe.personal and not probe.batch) or not shows_owned(engine.model.policy, probe):
            continue
        for viewer in (
            (*engine.identities.subjects(), None) if engine.state.was_asked(probe) else ()
        ):
            if (probe.id, viewer, "", 0) not in asked:
                yield _Asking(probe, viewer, "", 0)


def _filtered_lists(engine: Engine) -> Iterator[_Asking]:
    """Lists that somebody's value filters, such as a search: with a value of each owner's, to whom
    it is shown first. The first pass has asked with one value."""
    asked = _request_ids(engine)
    for probe in engine.state.probes:
        plain = probe.sources and not (probe.personal or probe.batch)
        if not plain or not shows_owned(engine.model.policy, probe):
            continue
        for who, turn in _turn_of_each(engine, probe) if engine.state.was_asked(probe) else ():
            others = (each for each in engine.identities.subjects() if each != who)
            for viewer in (who, *others, None):
                if (probe.id, viewer, "", turn) not in asked:
                    yield _Asking(probe, viewer, "", turn)


def _turn_of_each(engine: Engine, probe: Probe) -> Iterator[tuple[str, int]]:
    """Each owner, and the position of the first of their values among anybody's."""
    values = engine.knowledge.values
    source = max(probe.sources.values(), key=lambda each: len(values(each, None)))
    every = {value: turn for turn, value in reversed([*enumerate(values(source, None))])}
    for who in engine.identities.subjects():
        turns = [every[value] for value in values(source, who) if value in every]
        if turns:
            yield who, min(turns)


def _questions(engine: Engine, *, further: bool) -> Iterator[_Asking]:
    """Those that were not put yet, the widest gap first; `further`: also what one viewer of each
    kind and two owners leave open."""
    done = _AskedQuestions(engine)
    for each in _plan_questions(engine, done):
        if done.add(each.id):
            yield each
    if further:
        rest = (each for each in _pairs(engine, done) if done.add(each.id))
        yield from islice(rest, max(_MOST_FURTHER, round(_FURTHER * len(engine.requests.keys))))


class _AskedQuestions:
    """Questions that were put about others' objects, by whom and for whom."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ids: set[_Id] = set()
        self.times: Counter[tuple[str, str | None]] = Counter()
        """(endpoint, viewer) → how many owners they asked for."""
        self.pairs: set[tuple[str, str | None, str]] = set()
        """(endpoint, viewer, owner)."""
        for id in _request_ids(engine):
            self.add(id)

    def __contains__(self, id: _Id) -> bool:
        return id in self._ids

    def __iter__(self) -> Iterator[_Id]:
        return iter(self._ids)

    def add(self, id: _Id) -> bool:
        """Adds a request; False if it is known."""
        if id in self._ids:
            return False
        self._ids.add(id)
        pair = id[:3]
        if _is_blind(self._engine, id):
            return True
        if id[2] and id[1] != id[2] and pair not in self.pairs:
            self.pairs.add(pair)
            self.times[pair[:2]] += 1
        return True

    def like(self, viewer: str | None, who: str) -> list[str | None]:
        """All viewers of the same kind towards an owner."""
        kind = self._engine.kind(viewer, who)
        every = (*self._engine.identities.names(), None)
        return [each for each in every if each != who and self._engine.kind(each, who) == kind]

    def next(self, probe: Probe, viewers: Iterable[str | None], who: str) -> str | None:
        """The viewer to request an owner's object next: the one with the fewest requests so far, so
        that viewers of a kind take turns."""

        def rank(viewer: str | None) -> tuple[bool, int]:
            return (probe.id, viewer, who) in self.pairs, self.times[probe.id, viewer]

        return min(viewers, key=rank)


def _places(engine: Engine, done: _AskedQuestions) -> list[tuple[Probe, str]]:
    """Endpoints, and those whose objects can be asked for there."""
    return [
        (probe, who)
        for probe in _owner_endpoints(engine)
        for who in engine.identities.subjects()
        # Where the owner was shown nothing, others cannot be shown anything of theirs.
        if engine.responses.has_page(probe, who) or (probe.id, who, who, 0) not in done
    ]


def _plan_questions(engine: Engine, done: _AskedQuestions) -> Iterator[_Asking]:
    kinds = {who: _kinds(engine, who) for who in engine.identities.subjects()}
    alike = {who: done.like(kinds[who][0], who) for who in kinds}
    places = _places(engine, done)
    for probe, who in places:
        others, turn = [each for each in kinds if each != who], _first(engine, probe, who)
        if not any((probe.id, each, who, turn) in done for each in others):
            yield _Asking(probe, done.next(probe, alike[who], who), who, turn)
    for probe, who in places:
        yield from _named_viewers(engine, probe, who)
    yield from _states(engine, done, kinds, places)
    turns = {(probe.id, who): _turns(engine, probe, who) for probe, who in places}
    for rank in range(MOST_OBJECTS):
        for probe, who in places:
            for turn in turns[probe.id, who][rank : rank + 1]:
                some = _strangers(engine, probe, who, turn, alike[who])
                if not any((probe.id, each, who, turn) in done for each in some):
                    yield _Asking(probe, done.next(probe, some, who), who, turn)
    yield from _let_in(engine, done, kinds, places, turns)
    yield from _second_owners(engine, done, kinds, places)
    yield from _each_viewer(engine, done, places)


def _states(
    engine: Engine,
    done: _AskedQuestions,
    kinds: Mapping[str, list[str | None]],
    places: Sequence[tuple[Probe, str]],
) -> Iterator[_Asking]:
    """Objects in further states, as each kind of viewers of whom nothing is known there yet: some
    came to light after the first pass (`?include_deleted=true`)."""
    for probe, who in places:
        for turn in engine.evaluator.turns(probe, who)[1:]:
            for viewer in kinds[who]:
                if next(engine.matrix.undecided_cells(probe.id, viewer, who), None) is not None:
                    some = _strangers(engine, probe, who, turn, done.like(viewer, who))
                    yield _Asking(probe, done.next(probe, some, who), who, turn)


def _let_in(
    engine: Engine,
    done: _AskedQuestions,
    kinds: Mapping[str, list[str | None]],
    places: Sequence[tuple[Probe, str]],
    turns: Mapping[tuple[str, str], list[int]],
) -> Iterator[_Asking]:
    """Further objects, for each kind of viewer that was not refused the first one: a response about
    a pending payment says nothing about a paid one."""
    for probe, who in places:
        for viewer in kinds[who][1:]:
            alike = done.like(viewer, who)
            answers = (engine.responses.forms.get((probe.id, each, who)) for each in alike)
            if not any(form is not None and is_success(form[0]) for form in answers):
                continue
            for turn in turns[probe.id, who]:
                if not any((probe.id, each, who, turn) in done for each in alike):
                    yield _Asking(probe, done.next(probe, alike, who), who, turn)


def _second_owners(
    engine: Engine,
    done: _AskedQuestions,
    kinds: Mapping[str, list[str | None]],
    places: Sequence[tuple[Probe, str]],
) -> Iterator[_Asking]:
    """A second owner for each further kind of viewers: the first pass has asked about one."""
    owners: dict[tuple[str, Kind], set[str]] = {}
    for id, viewer, who, _ in done:
        if who and viewer != who:
            owners.setdefault((id, engine.kind(viewer, who)), set()).add(who)
    for probe, who in places:
        for viewer in kinds[who][1:]:
            known = owners.setdefault((probe.id, engine.kind(viewer, who)), set())
            if who not in known and len(known) < _OWNERS_EACH:
                known.add(who)
                other = done.next(probe, done.like(viewer, who), who)
                yield _Asking(probe, other, who, _first(engine, probe, who))


def _each_viewer(
    engine: Engine, done: _AskedQuestions, places: Sequence[tuple[Probe, str]]
) -> Iterator[_Asking]:
    """Each identity at each endpoint, as each kind of viewer that it is there: the response to one
    member says nothing about another."""
    owners: dict[str, tuple[Probe, list[str]]] = {}
    for probe, who in places:
        owners.setdefault(probe.id, (probe, []))[1].append(who)
    for viewer in (*engine.identities.names(), None):
        for probe, whose in owners.values():
            kinds: dict[Kind, list[str]] = {}
            for who in whose:
                if who != viewer:
                    kinds.setdefault(engine.kind(viewer, who), []).append(who)
            for some in kinds.values():
                if not any((probe.id, viewer, who) in done.pairs for who in some):
                    who = _least_asked(engine, done, probe, some)
                    yield _Asking(probe, viewer, who, _first(engine, probe, who))


def _least_asked(engine: Engine, done: _AskedQuestions, probe: Probe, owners: Iterable[str]) -> str:
    every = (*engine.identities.names(), None)
    return min(owners, key=lambda who: sum((probe.id, v, who) in done.pairs for v in every))


def _pairs(engine: Engine, done: _AskedQuestions) -> Iterator[_Asking]:
    """Whoever has not asked for somebody's objects yet, nobody logged in first; at each endpoint
    one, then the next."""
    places = _places(engine, done)
    for viewer in (None, *engine.identities.names()):
        for each in engine.identities.subjects():
            for probe, who in places:
                if who == each != viewer and (probe.id, viewer, who) not in done.pairs:
                    yield _Asking(probe, viewer, who, _first(engine, probe, who))


def _kinds(engine: Engine, who: str) -> list[str | None]:
    """One viewer of each kind, the least entitled of those who are logged in first: an endpoint
    that only asks for a login lets them in, whatever the contract calls them."""
    return sorted(engine.watchers(who), key=lambda viewer: viewer is None)


def _turns(engine: Engine, probe: Probe, who: str) -> list[int]:
    """Which of somebody's objects: those in different states first, then those with a value in a
    field in which the ones before them have none."""
    first = (*engine.evaluator.turns(probe, who), _first(engine, probe, who))
    every = [*dict.fromkeys((*first, *range(count_objects(engine, probe, who))))]
    filled = _filled_fields(engine, probe, who)
    seen, news = set[str](), dict[int, None]()
    for turn in every:
        has = filled[turn] if turn < len(filled) else frozenset()
        if turn in first or not has <= seen:
            news[turn] = None
            seen |= has
    return [*dict.fromkeys((*news, *every))][:MOST_OBJECTS]


def _filled_fields(engine: Engine, probe: Probe, who: str) -> list[Collection[str]]:
    """The fields of each of somebody's objects in which they were shown a value, of those that an
    endpoint shows."""
    for name in sorted(probe.shows):
        resource = engine.model.policy.resources[name]
        if by := parameter_naming(probe, resource):
            keys = named_keys(probe, by, who, engine.knowledge, resource)
            rows = (engine.knowledge.filled.get((who, name, key), ()) for key in keys)
            return [frozenset(row).intersection(probe.shows[name]) for row in rows]
    return []


def count_objects(engine: Engine, probe: Probe, who: str) -> int:
    """Number of an owner's objects that an endpoint can be called for."""
    own = [engine.knowledge.values(probe.sources[each], who) for each in probe.personal]
    return known_objects(probe, engine.knowledge, who, probe.personal) if all(own) else 0


def _named_viewers(engine: Engine, probe: Probe, who: str) -> Iterator[_Asking]:
    """Objects that say themselves who is what to them: as whom they name, in each state."""
    policy, knowledge = engine.model.policy, engine.knowledge
    members = [each.member for each in policy.relations.values() if each.member]
    for parameter in sorted(probe.personal):
        name = probe.sources[parameter].partition(".")[0]
        path = policy.resources[name].key
        if not path or name not in probe.shows:
            continue
        keys = named_keys(probe, parameter, who, knowledge, policy.resources[name])
        for member in members:
            states = set[str]()
            for row in knowledge.objects.get((who, name), ()):
                state = repr(knowledge.states_of(who, name, row.get(path, "")))
                viewer = _named_in(engine, row, member, who)
                known_here = row.get(path, "") in keys
                if viewer and known_here and state not in states and len(states) < MOST_OBJECTS:
                    states.add(state)
                    yield _Asking(probe, viewer, who, keys.index(row[path]))


def _strangers(
    engine: Engine, probe: Probe, who: str, turn: int, viewers: list[str | None]
) -> list[str | None]:
    """Those of these viewers whom the owner's object does not name; all of them if it names all."""
    return strangers(engine, probe, who, turn, viewers) or viewers


def _named_in(engine: Engine, row: Mapping[str, str], member: str, who: str) -> str:
    """The first other identity that a member of somebody's object names; empty: none."""
    said = {text for at, text in row.items() if at == member or at.startswith(f"{member}.")}
    return next((n for n, ids in engine.identities.ids.items() if n != who and ids & said), "")


def _request_ids(engine: Engine) -> set[_Id]:
    """(endpoint, viewer, owner, position) of every request."""
    return {
        (probe.id, viewer, who or "", turn)
        for probe, viewer, who, turn in engine.requests.keys.values()
    }


# -------------------------------------------------------- sending requests


def _ask(engine: Engine, each: _Asking) -> None:
    """Sends a request as somebody else, and as the owner if the response shows anything or a cell
    is undecided."""
    probe, viewer, who, turn = each.probe, each.viewer, each.owner, each.turn
    filled = fill(probe, engine.target, engine.knowledge, who or None, turn=turn)
    if filled is None or filled.bare:
        return
    if engine.context.pace is not None and engine.context.pace.spares(filled.request):
        return
    if not who:
        engine.put(probe, viewer, None, turn=turn)
        return
    if next(engine.matrix.undecided_cells(probe.id, viewer, who), None) is not None:
        engine.put(probe, who, who, turn=turn)
    key = engine.key(probe, viewer, who, turn=turn)
    if key not in engine.context.replay:
        engine.requests.early[key] = answer = engine.send(probe, viewer, filled)
        if is_success(answer.status):
            engine.put(probe, who, who, turn=turn)
    engine.put(probe, viewer, who, turn=turn)


# --------------------------------------------------------------------------- reporting


def find_unasked(engine: Engine) -> Iterator[UntestedItem]:
    """Endpoints where some identities' objects were requested by nobody else."""
    asked = _request_ids(engine)
    if len(engine.identities.names()) < 2:
        return
    told = engine.results.gaps.reasons(Section.CELLS)
    spent = is_spent(engine.context.pace)
    why = "the budget was spent" if spent else "the run did not get that far"
    for probe in _owner_endpoints(engine):
        if probe.id in told or engine.model.rule(probe.operation.id).untested:
            continue
        owners = [
            who
            for who in engine.identities.names()
            if engine.responses.has_page(probe, who)
            and _is_askable(engine, probe, who)
            and not any(
                (probe.id, v, who, turn) in asked
                for v in engine.identities.names()
                if v != who
                for turn in range(_first(engine, probe, who), _most(engine, probe, who))
            )
        ]
        if owners:
            whose = " and ".join(f"{each}'s" for each in owners)
            yield UntestedItem(
                f"{probe.endpoint.method} {probe.endpoint.path}",
                f"nobody else requested {whose} objects, because {why}",
            )


def _is_askable(engine: Engine, probe: Probe, who: str) -> bool:
    filled = fill(probe, engine.target, engine.knowledge, who)
    spares = engine.context.pace.spares if engine.context.pace is not None else None
    return filled is not None and not filled.bare and not (spares and spares(filled.request))


def _most(engine: Engine, probe: Probe, who: str) -> int:
    return max(1, count_objects(engine, probe, who))


def asked_of_known(engine: Engine) -> list[str]:
    """Remarks on known objects that only their owners requested."""
    asked = _request_ids(engine)
    said: list[str] = []
    for probe in _owner_endpoints(engine):
        owners = [who for who in engine.identities.names() if engine.responses.has_page(probe, who)]
        every = sum(count_objects(engine, probe, who) for who in owners)
        by_others = {(who, turn) for id, v, who, turn in asked if id == probe.id and v != who}
        number = len({(who, turn) for who, turn in by_others if who in owners})
        if number < every:
            said.append(f"{probe.endpoint.method} {probe.endpoint.path} {number} of {every}")
    return _note("others requested only some of the identities' known objects", said)


def asked_by_everybody(engine: Engine) -> list[str]:
    """Remarks on endpoints where not every pair of identities was tested."""
    pairs = {
        each[:3]
        for each in _request_ids(engine)
        if each[2] not in ("", each[1]) and not _is_blind(engine, each)
    }
    names = engine.identities.names()
    said: list[str] = []
    for probe in _owner_endpoints(engine):
        owners = [who for who in names if engine.responses.has_page(probe, who)]
        every = {(v, who) for who in owners for v in (*names, None) if v != who}
        put = {(v, who) for v, who in every if (probe.id, v, who) in pairs}
        if len(put) < len(every):
            members, whose = ({v for v, _ in put if v}, {who for _, who in put})
            said.append(
                f"{probe.endpoint.method} {probe.endpoint.path} {len(put)} of {len(every)}"
                f" (requested as {len(members)} of {len(names)} members for {len(whose)} of"
                f" {len(owners)} owners)"
            )
    what = "only some pairs of caller and owner were requested; anonymous counts as a caller"
    return _note(what, said)


def _note(what: str, said: Sequence[str]) -> list[str]:
    if not said:
        return []
    more = len(said) - _MOST_NAMED
    rest = f", and {count_of(more, 'more endpoint')}" if more > 0 else ""
    return [f"{what}: {', '.join(said[:_MOST_NAMED])}{rest}"]

"""One answer looked at: which cells it decides, and how.

Judged by values, never by status or size: a field leaks when what stands there is what its owner
is shown (or what its owner never gets to see at all); a placeholder is no leak.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from oakum.contract.graphql import TAG
from oakum.contract.lexicon import FieldClass, classify_field
from oakum.contract.model import Json
from oakum.exchange import Response
from oakum.finding import Answer, Evidence, Result
from oakum.scan.cast import Cast
from oakum.scan.doors import Gate
from oakum.scan.evidence import Mark, Redactor
from oakum.scan.knowledge import Knowledge, canonical, says_nothing
from oakum.scan.legible import is_success, read_as_declared
from oakum.scan.matrix import (
    NOBODY,
    Doubt,
    Key,
    Matrix,
    Observation,
    Outcome,
    granted_to_nobody,
    state_key,
)
from oakum.semantics import Judge, Leaf, Model, Sighting
from oakum.semantics.judge import Judgement
from oakum.semantics.model import pattern
from oakum.semantics.table import deciding

_SHARED = "too common a value"
_NAMES_ONE = frozenset({FieldClass.CONTACT, FieldClass.SECRET, FieldClass.IDENTITY_DOCUMENT})
"""Classes of fields of which no two people have one value."""
_MIN_INSIDE = 5
"""Characters of an owner's value that are found inside another value by no chance."""


@dataclass(frozen=True)
class Question:
    """What was asked: by whom, where, about whose objects."""

    probe: str
    door: str
    viewer: str | None
    targets: frozenset[str]
    """Identities whose objects fill the parameters; empty: the door picks."""
    params: Mapping[str, str]
    """Path parameters as sent."""
    sent: frozenset[str]
    """Every value that the question itself holds, so that an echo is no leak."""
    curl: str


@dataclass
class _OwnView:
    value: Json
    status: int
    media_type: str
    leaves: dict[tuple[str, str], tuple[str, ...]]
    """(resource, field) → where its owner saw it."""


class Lookout:
    """Looks at answers. Keeps the owners' own answers in memory to compare with."""

    def __init__(
        self, model: Model, cast: Cast, knowledge: Knowledge, matrix: Matrix, redactor: Redactor
    ) -> None:
        self._model = model
        self._cast = cast
        self._knowledge = knowledge
        self._matrix = matrix
        self._redactor = redactor
        self._views: dict[tuple[str, str], _OwnView] = {}
        self.strays: dict[tuple[str, str], dict[tuple[str, str | None, str | None], set[str]]] = {}
        """(owner, value) found outside every object → (door, viewer, whose objects were asked for)
        → probes. In memory only."""
        self.bent: dict[str, str] = {}
        """Door that sent one object for a list → pointer of the schema that declares the list."""

    def declare(self, names: frozenset[str]) -> None:
        """Further names that a schema declares: they may stand in evidence."""
        self._redactor = replace(self._redactor, names=self._redactor.names | names)

    def may_write(self, *names: str) -> bool:
        """Whether a document declares these names: any other key may be somebody's address."""
        return self._redactor.names.issuperset(names)

    def forget(self, who: str) -> None:
        """Somebody's settings have changed: what they saw of themselves no longer compares."""
        self._views = {place: view for place, view in self._views.items() if place[1] != who}

    def look(self, gate: Gate, question: Question, response: Response) -> Outcome:
        """Judge an answer and say what it decides."""
        value, judged, whole = self.walk(gate, question, response)
        outsiders = [
            each
            for each in judged.sightings
            if each.owners and not self._who(each) and not self._is_nobodys(each.resource)
        ]
        for sighting in outsiders:
            self._knowledge.learn_others(sighting)
            self._matrix.outsiders.setdefault((question.door, sighting.resource), {}).setdefault(
                question.viewer, set()
            ).update(sighting.owners)
        if question.viewer is not None:
            self._learn(question, response, value, judged.sightings)
        glance = _Glance(self, gate, question, response, value, judged.sightings)
        for sighting in judged.sightings:
            glance.sighting(sighting)
        if whole:
            glance.absent()
        glance.canaries(judged.unbound, judged.sightings)
        return replace(glance.outcome(), whole=whole)

    def walk(
        self, gate: Gate, question: Question, response: Response
    ) -> tuple[Json, Judgement, bool]:
        """An answer as a value, what is in it, and whether what it lacks says anything. Nothing
        is learnt from it."""
        read = gate.reader(response) if gate.reader else read_as_declared(gate.operation, response)
        principal = self._cast.principal(question.viewer)
        if read.bent and is_success(response.status):
            self.bent[f"{gate.door.method} {gate.door.path}"] = read.bent
        judge = Judge(
            self._model, principal, gate.operation.id, question.params, response.status,
            told=read.owners,
        )  # fmt: skip
        judged = judge.judge(read.value, read.shape)
        judged.unbound += read.beside
        return read.value, judged, read.whole

    def stray(self, who: str, value: str, question: Question) -> None:
        """Remember where a value of somebody's stood outside every object."""
        place = (question.door, question.viewer, next(iter(question.targets), None))
        self.strays.setdefault((who, value), {}).setdefault(place, set()).add(question.probe)

    def side(self, viewer: str | None, relation: str, response: Response) -> Answer:
        """One side of an evidence in which no field stands out."""
        name = viewer or "nobody logged in"
        value = None
        with suppress(ValueError):
            value = json.loads(response.body) if response.is_json else None
        return self._redactor.answer(
            name, relation, response.status, response.media_type, value, {}, ()
        )

    def _learn(
        self, question: Question, response: Response, value: Json, sightings: list[Sighting]
    ) -> None:
        viewer = question.viewer or ""
        places: dict[tuple[str, str], tuple[str, ...]] = {}
        for sighting in sightings:
            who = self._who(sighting)
            if who == viewer or self._is_nobodys(sighting.resource):
                self._knowledge.learn_own(who, sighting)
            if who != viewer:
                continue
            for leaf in sighting.leaves:
                if leaf.value is not None:
                    places.setdefault((sighting.resource, leaf.path), leaf.pointer)
            self._learn_states(viewer, sighting)
        if is_success(response.status):
            # Ids that nobody is known to own may be a stranger's, and are not ours to ask for.
            ours = [s for s in sightings if self._is_nobodys(s.resource) or self._who(s) == viewer]
            self._knowledge.learn_names(
                (leaf.pointer, leaf.value) for each in ours for leaf in each.leaves
            )
            if places:
                view = _OwnView(value, response.status, response.media_type, places)
                self._views[(question.door, viewer)] = view

    def _learn_states(self, viewer: str, sighting: Sighting) -> None:
        for name, state in self._model.policy.resources[sighting.resource].states.items():
            if any(state.member and leaf.path == state.member for leaf in sighting.leaves):
                path = f"{sighting.resource}.{name}"
                self._cast.states[(viewer, path)] = sighting.state[name]

    def _who(self, sighting: Sighting) -> str:
        return NOBODY if self._is_nobodys(sighting.resource) else self._cast.who(sighting.owners)

    def _is_nobodys(self, resource: str) -> bool:
        return self._model.policy.resources[resource].owner.kind == "none"


class _Glance:
    """The cells of one answer while it is being looked at."""

    def __init__(
        self,
        out: Lookout,
        gate: Gate,
        question: Question,
        response: Response,
        value: Json,
        sightings: list[Sighting],
    ) -> None:
        self._out = out
        self._gate = gate
        self._question = question
        self._response = response
        self._value = value
        self._found: dict[Key, Observation] = {}
        self._open: set[Key] = set()
        self._shared: list[Leaf] = []
        self._proved = False
        self._places = {each.pointer for each in sightings}
        self._unowned = {e.resource for e in sightings if not e.owners}
        self._sighted: dict[tuple[str, str], None] = {}
        self._embedded: dict[tuple[str, bool], None] = {}
        self._doubts: dict[Key, Doubt] = {}
        self._relative: dict[tuple[str, str], None] = {}
        self._witnessed: dict[tuple[str, str, str], None] = {}
        self._unread: frozenset[str] = frozenset()
        """Settings of the owner at hand that nobody has read: what hangs on them is not judged."""

    def outcome(self) -> Outcome:
        observations = tuple(
            each
            for key, each in self._found.items()
            # One object shown is enough: a list may leave others out for its own reasons.
            if not (each.result is Result.OVER_BLOCK and key in self._open)
        )
        return Outcome(
            self._question.probe,
            self._response.status,
            observations,
            tuple(self._sighted),
            tuple(self._witnessed),
            tuple(self._embedded),
            tuple(self._doubts.values()),
            tuple(self._relative),
        )

    # ------------------------------------------------------------ objects that are there

    def sighting(self, sighting: Sighting) -> None:
        """Judge each field of an object of somebody in the cast, present or not."""
        who = self._out._who(sighting)
        nobodys = self._out._is_nobodys(sighting.resource)
        if not who and not nobodys:
            self._nobody_is_to_see(sighting)
            return  # somebody outside the cast: what else may be seen of them is not known
        if who and self._is_callers(sighting, who):
            return  # asked for another's, given one's own: nothing of the other's came
        self._sighted[(who, sighting.resource)] = None
        here = {leaf.path for leaf in sighting.leaves}
        self._doubt_states(who, sighting.resource, here)
        inside = any(sighting.pointer[:n] in self._places for n in range(len(sighting.pointer)))
        self._embedded[(sighting.resource, inside)] = None
        present: set[str] = set()
        self._shared = []
        self._proved = False
        for leaf in sighting.leaves:
            present.add(leaf.path)
            if leaf.path.rpartition(".")[2] != TAG:  # it says nothing of anybody
                self._leaf(sighting, leaf, who)
        for leaf in self._shared:
            self._settle_shared(sighting, leaf, who)
        for path in self._gate.shows.get(sighting.resource, ()):
            if not any(p == path or p.startswith(f"{path}.") for p in present):
                self._missing(sighting.resource, path, who, sighting.held, sighting.state)

    def _doubt_states(self, who: str, resource: str, shown: Collection[str]) -> None:
        """Which settings of an owner are unknown for an object that shows these fields itself."""
        states = self._out._model.policy.resources[resource].states
        self._unread = frozenset(
            name
            for name in self._out._cast.in_doubt(who, resource)
            if states[name].member not in shown
        )

    def _nobody_is_to_see(self, sighting: Sighting) -> None:
        """What no relation may see leaks whoever it belongs to; nothing of it is kept."""
        table = self._out._model.tables[sighting.resource]
        for leaf in sighting.leaves:
            named = leaf.path in table.leaves and isinstance(leaf.value, str) and leaf.value
            if named and not says_nothing(leaf.value) and granted_to_nobody(table, leaf.path):
                evidence = self._evidence(sighting, leaf, "")
                self._put(sighting, leaf.path, "", Result.LEAK, evidence)

    def _is_callers(self, sighting: Sighting, who: str) -> bool:
        """Whether an object that only the path calls `who`'s holds the caller's own values."""
        viewer = self._question.viewer
        kind = self._out._model.policy.resources[sighting.resource].owner.kind
        if viewer is None or viewer == who or kind != "path":
            return False
        own, theirs = 0, 0
        for leaf in sighting.leaves:
            if isinstance(leaf.value, dict | list) or says_nothing(leaf.value):
                continue
            text, place = canonical(leaf.value), (sighting.resource, leaf.path)
            mine = text in self._out._knowledge.own.get((viewer, *place), ())
            yours = text in self._out._knowledge.own.get((who, *place), ())
            own, theirs = own + (mine and not yours), theirs + (yours and not mine)
        return own > 0 and theirs == 0

    def _leaf(self, sighting: Sighting, leaf: Leaf, who: str) -> None:
        viewer = self._question.viewer
        own = who in (viewer, NOBODY)
        served = leaf.allowed and leaf.value is not None
        if served:
            self._put(sighting, leaf.path, who, Result.OPEN)
            self._witnessed[(who, sighting.resource, leaf.path)] = None
            if not own:
                self._compare(sighting, leaf, who)
        elif isinstance(leaf.value, dict | list) or says_nothing(leaf.value):
            if who != viewer and (leaf.value is False or leaf.value == 0):
                self._perhaps(sighting, leaf, who, _SHARED)
            elif not own:
                self._missing(
                    sighting.resource, leaf.path, who, sighting.held, sighting.state, blank=True
                )
        else:
            why = "" if own else self._doubt(sighting, leaf, who)
            if why == _SHARED:
                self._shared.append(leaf)
            elif why:
                self._perhaps(sighting, leaf, who, why)
            else:
                self._proved = self._proved or not own
                evidence = self._evidence(sighting, leaf, who)
                self._put(sighting, leaf.path, who, Result.LEAK, evidence)

    def _doubt(self, sighting: Sighting, leaf: Leaf, who: str) -> str:
        """Why a value in a denied field may not be its owner's; empty: it is."""
        knowledge = self._out._knowledge
        place = (who, sighting.resource, leaf.path)
        known, text = knowledge.own.get(place), canonical(leaf.value)
        if known is None:
            # Whose an object is stands in the path alone, or its owner has nothing there: then
            # something in it may be an error, a placeholder, or the caller's own.
            by_path = self._out._model.policy.resources[sighting.resource].owner.kind == "path"
            return "another value" if by_path or place in knowledge.empty else ""
        if text not in known:
            inside = isinstance(leaf.value, str) and any(
                len(each) >= _MIN_INSIDE and each in text for each in known
            )
            return "" if inside else "another value"
        common = not isinstance(leaf.value, bool) and knowledge.shared(*place, text)
        return _SHARED if common else ""

    def _settle_shared(self, sighting: Sighting, leaf: Leaf, who: str) -> None:
        """A value that others have as well leaks with an object whose own values leak beside it."""
        if self._proved:
            evidence = self._evidence(sighting, leaf, who)
            self._put(sighting, leaf.path, who, Result.LEAK, evidence)
        else:
            self._perhaps(sighting, leaf, who, _SHARED)

    def _compare(self, sighting: Sighting, leaf: Leaf, who: str) -> None:
        """A granted field with another value than its owner sees reads differently for everybody:
        `relationship.me_to_user` does."""
        known = self._out._knowledge.own.get((who, sighting.resource, leaf.path))
        if known and not says_nothing(leaf.value) and canonical(leaf.value) not in known:
            self._relative[(sighting.resource, leaf.path)] = None

    def _missing(
        self,
        resource: str,
        path: str,
        who: str,
        held: frozenset[str],
        state: Mapping[str, Json],
        *,
        present: bool = True,
        blank: bool = False,
    ) -> None:
        """A declared field that did not come: with its object, with nothing in it, or neither."""
        table = self._out._model.tables[resource]
        if self._granted(resource, path, held, state):
            door = self._question.door
            view = self._out._views.get((door, who))
            # An embedded object shares the fate of the one it stands in.
            lost = not present and (door, resource) in self._out._matrix.embedded
            served = view is not None and (resource, path) in view.leaves
            lost = lost or self._counted(path)
            # Asked for another's, it gave the caller's own, or what need not say whose it is.
            by = table.resource.owner.members if resource in self._unowned else ()
            mute = by and not any(self._granted(resource, each, held, state) for each in by)
            own = (self._question.viewer, resource) in self._sighted
            lost = lost or (not present and (own or bool(mute)))
            if served and not lost and who != self._question.viewer:
                self._record(resource, path, who, held, state, Result.OVER_BLOCK)
            return
        known = (who, resource, path) in self._out._knowledge.present
        if known or (granted_to_nobody(table, path) and not blank):
            self._record(resource, path, who, held, state, Result.CLOSED)

    def _counted(self, path: str) -> bool:
        """Whether it counts objects: it goes with one that is hidden, which no viewer can tell."""
        steps = tuple(path.split("."))
        counts = self._out._model.rule(self._gate.operation.id).counts
        return any(pattern(each)[-len(steps) :] == steps for each in counts)

    def _granted(
        self, resource: str, path: str, held: frozenset[str], state: Mapping[str, Json]
    ) -> bool:
        door, known = self._question.door, self._question.viewer is not None
        return self._out._matrix.granted(door, resource, path, held, known, state)

    # ------------------------------------------------------------ objects that are not

    def absent(self) -> None:
        """Owners whose objects were asked for, who get them here themselves, and did not come."""
        viewer = self._question.viewer
        for who in sorted(self._question.targets - {viewer or ""}):
            view = self._out._views.get((self._question.door, who))
            if view is None:
                continue
            shown = {resource for resource, _ in view.leaves}
            for resource in shown & self._gate.shows.keys():
                if (who, resource) in self._sighted:
                    continue
                held = self._out._cast.relations(viewer, who)
                state = self._out._matrix.state(resource, who)
                self._doubt_states(who, resource, ())
                for path in self._gate.shows[resource]:
                    self._missing(resource, path, who, held, state, present=False)

    # ------------------------------------------------------------ values out of place

    def canaries(self, unbound: list[Leaf], sightings: list[Sighting]) -> None:
        """Search all that is no field of a known object for values that name one owner's field."""
        known, outside = self._out._knowledge.present, {leaf.pointer for leaf in unbound}
        taken = {
            leaf.pointer
            for each in sightings
            for leaf in each.leaves
            if (who := self._out._who(each))
            and (
                (who, each.resource, leaf.path) in known
                or leaf.path in self._gate.shows.get(each.resource, ())
            )
        }
        free = (leaf for leaf in unbound if leaf.value is not None)
        stray = [(leaf.pointer, canonical(leaf.value)) for leaf in free]
        stray += [
            (leaf.pointer, canonical(leaf.value))
            for each in sightings
            for leaf in each.leaves
            if leaf.pointer not in taken and leaf.value is not None
        ]
        stray += [(("header", name), text) for name, text in self._response.headers.items()]
        for at, text in stray:
            for value, (who, resource, path) in self._named(text):
                asked = value in self._question.sent or who == self._question.viewer
                if not asked and self._is_theirs_alone(value, path):
                    if at in outside:
                        self._out.stray(who, value, self._question)
                    self._canary(at, who, resource, path)

    def _is_theirs_alone(self, value: str, path: str) -> bool:
        """Whether a value that a report of staff's holds as well is still its owner's: an address
        is, a town is not; and not where this viewer may read it there."""
        others = self._out._knowledge.nobodys(value)
        sees, viewer = self._out._matrix.sees, self._question.viewer
        return not others or (
            classify_field(path) in _NAMES_ONE
            and not any(sees(resource, field, viewer, NOBODY) for resource, field in others)
        )

    def _named(self, text: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        exact = self._out._knowledge.canary(text, aside=True)
        if exact is not None:
            yield text, exact
        elif len(text) > 40:
            for value, key in self._out._knowledge.canaries():
                if len(value) >= 8 and value in text:
                    yield value, key

    def _canary(self, at: tuple[str, ...], who: str, resource: str, path: str) -> None:
        if not who or classify_field(path) in (FieldClass.KEY, FieldClass.HANDLE):
            return
        held = self._out._cast.relations(self._question.viewer, who)
        state = self._out._matrix.state(resource, who)
        if self._granted(resource, path, held, state):
            return
        marks: dict[tuple[str, ...], Mark] = {at: "leak"}
        evidence = Evidence(
            self._own_side(who, resource, path),
            self._viewer_side(who, held, marks, [at[:-1]]),
            self._question.curl,
            note="the value stands outside every declared field: found by value"
            + _by_way_of(self._gate, at[:-1], "; "),
        )
        self._record(resource, path, who, held, state, Result.LEAK, evidence)

    # ------------------------------------------------------------ writing down

    def _put(
        self, s: Sighting, path: str, who: str, result: Result, evidence: Evidence | None = None
    ) -> None:
        self._record(s.resource, path, who, s.held, s.state, result, evidence)

    def _record(
        self,
        resource: str,
        path: str,
        who: str,
        held: frozenset[str],
        state: Mapping[str, Json],
        result: Result,
        evidence: Evidence | None = None,
    ) -> None:
        if not self._unread.isdisjoint(deciding(self._out._model.tables[resource], path)):
            return  # whether the contract grants it, nobody knows
        key = self._key(resource, path, who, held, state)
        if result is Result.OPEN:
            self._open.add(key)
        known = self._found.get(key)
        if known is not None and not _outranks(result, known.result):
            return
        granted = result in (Result.OPEN, Result.OVER_BLOCK)
        self._found[key] = Observation(key, granted, result, self._question.viewer, who, evidence)

    def _perhaps(self, sighting: Sighting, leaf: Leaf, who: str, why: str) -> None:
        """A denied field with something in it that proves nothing by itself."""
        table = self._out._model.tables[sighting.resource]
        if not self._unread.isdisjoint(deciding(table, leaf.path)):
            return
        key = self._key(sighting.resource, leaf.path, who, sighting.held, sighting.state)
        evidence = self._evidence(sighting, leaf, who)
        seen = Observation(key, False, Result.LEAK, self._question.viewer, who, evidence)
        self._doubts[key] = Doubt(why, seen)

    def _key(
        self, resource: str, path: str, who: str, held: frozenset[str], state: Mapping[str, Json]
    ) -> Key:
        table = self._out._model.tables[resource]
        label = self._out._cast.label(held, self._question.viewer, who)
        return Key(self._question.door, resource, path, label, state_key(table, path, state))

    def _evidence(self, sighting: Sighting, leaf: Leaf, who: str) -> Evidence | None:
        """Both answers; None where this finding has its evidence already."""
        key = self._key(sighting.resource, leaf.path, who, sighting.held, sighting.state)
        known = self._out._matrix.evidence.get(key.finding)
        view = self._out._views.get((self._question.door, who))
        if known is not None and (known.owner is not None or view is None):
            return None
        marks: dict[tuple[str, ...], Mark] = {leaf.pointer: "leak"}
        note = _by_way_of(self._gate, sighting.pointer)
        if (who, sighting.resource, leaf.path) not in self._out._knowledge.own:
            note += "; " if note else ""
            note += "its owner is shown this field nowhere: judged by the object it stands in"
        return Evidence(
            self._own_side(who, sighting.resource, leaf.path),
            self._viewer_side(who, sighting.held, marks, [sighting.pointer]),
            self._question.curl,
            note=note,
        )

    def _viewer_side(
        self,
        who: str,
        held: frozenset[str],
        marks: Mapping[tuple[str, ...], Mark],
        around: list[tuple[str, ...]],
    ) -> Answer:
        viewer = self._question.viewer
        return self._out._redactor.answer(
            viewer or "nobody logged in",
            self._out._cast.label(held, viewer, who),
            self._response.status,
            self._response.media_type,
            self._value,
            marks,
            around,
        )

    def _own_side(self, who: str, resource: str, path: str) -> Answer | None:
        view = self._out._views.get((self._question.door, who))
        if view is None or who == self._question.viewer:
            return None
        at = view.leaves.get((resource, path))
        marks: dict[tuple[str, ...], Mark] = {at: "canary"} if at else {}
        around = [at[:-1]] if at else []
        return self._out._redactor.answer(
            who, "owner", view.status, view.media_type, view.value, marks, around
        )


def _by_way_of(gate: Gate, pointer: tuple[str, ...], before: str = "") -> str:
    """The path of a query of GraphQL that leads to an object; empty at another door."""
    steps = [step for step in pointer[1:] if not step.isdigit()]
    return f"{before}by the path `{'/'.join(steps)}`" if gate.asks is not None and steps else ""


def _outranks(result: Result, known: Result) -> bool:
    order = (Result.CLOSED, Result.OVER_BLOCK, Result.OPEN, Result.LEAK)
    return order.index(result) > order.index(known)

"""Withdraws findings that later responses contradict.

A finding may rest on a value outside declared fields. It is withdrawn if the value turns out to
identify nobody, or to be in another object of its owner that the contract shows the viewer in any
state. A finding may rest on a field that its owner had not been shown yet. It is withdrawn if the
owner is later shown another value.

A finding by a value alone is only suspected if the contract shows its viewer the same value in
another object, such as one that does not say whose it is: a vote has the title of a question.

A viewer may receive the same value in a field of several owners, some of whom are shown another
value themselves. Then it is a placeholder for all of them, also for the one owner who really has
it.

In a field that the contract shows in a masked form, an unrecognised value leaves its cell untested,
unless all owners have the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from oakum.exposure.cells.matrix import Doubt, Key, Matrix, Observation, Outcome
from oakum.exposure.finding_evidence import NOWHERE
from oakum.exposure.values.disclosure_by_masked_values import PROOF
from oakum.exposure.values.impersonal_values import is_a_time
from oakum.exposure.values.knowledge import Knowledge, Place, canonical, is_theirs
from oakum.finding import Result, State
from oakum.openapi.model import Json

EVERYWHERE = (
    "responses of several operations that were not requested about its owner contain the same"
    " value: everybody gets it, or it is not theirs"
)
AMONG = (
    "the value is alone in a response that was not requested about its owner: it may be one that"
    " anybody can choose (a plan, a time zone, a day), and then reveals nothing about them"
)

GRANTED = (
    "the contract shows this viewer the same value in another object, and nothing shows that it is"
    " here because of the one in which it is denied"
)
A_TIME = "the value is a time, which others may have as well"
BEYOND = (
    "a value came there that has no form in which the contract shows the field, and nothing"
    " distinguishes it from its owner's"
)
FEW = "it shows too little beyond the masked form to rule out chance"


class Told(NamedTuple):
    """A value by which a response leaks, and what was known when it came."""

    value: str
    owner: str
    held: frozenset[str]
    """The viewer's relations to the owner, and to the object that has the value."""
    viewer: str | None = None
    known: frozenset[tuple[str, str, str]] = frozenset()
    """(resource, field, key) of the owner's objects that were known to have it."""
    states: Mapping[str, Mapping[str, Json]] = {}
    """Resource → states of the owner's account."""


@dataclass(frozen=True)
class ByValue:
    """Cells that leak by a value outside every declared field. Values in memory only."""

    _told: dict[Key, dict[str, tuple[Told, Observation | None, Place | None]]] = field(
        default_factory=dict
    )
    """Cell → request key → (the value, the observation without it, its place in the viewer's own
    object if it is there)."""

    def add(
        self, key: Key, request_key: str, told: Told, without: Observation | None,
        inside: Place | None = None,
    ) -> None:  # fmt: skip
        """Records the value by which a response leaks."""
        self._told.setdefault(key, {})[request_key] = (told, without, inside)

    def take_back(
        self, matrix: Matrix, knowledge: Knowledge, is_open: Callable[[Told], bool]
    ) -> None:
        """Withdraws leaks by values that turned out to identify nobody, or that are open to the
        viewer."""
        for key, told in list(self._told.items()):
            void = {
                request_key: without
                for request_key, (each, without, inside) in told.items()
                if is_open(each)
                or (
                    knowledge.anothers(each.value, inside)
                    if inside
                    else knowledge.canary(each.value, aside=True)
                )
                is None
            }
            if void:
                self._told[key] = {p: each for p, each in told.items() if p not in void}
                _without(matrix, key, void)
        matrix.suspect = self._anywhere(matrix, knowledge)

    def _anywhere(
        self, matrix: Matrix, knowledge: Knowledge
    ) -> dict[tuple[str, str, str, State], str]:
        """Finding → why all its values may be ambient, for findings that rest only on such
        values."""
        firm: set[tuple[str, str, str, State]] = set()
        found: dict[tuple[str, str, str, State], str] = {}
        for key, entry in matrix.entries.items():
            if entry.result is not Result.LEAK:
                continue
            told = self._told.get(key, {})
            values = [
                told[request_key][0] for request_key in entry.request_keys if request_key in told
            ]
            whys = [_why_suspected(knowledge, each, key) for each in values]
            if len(values) < max(len(entry.request_keys), 1) or not all(whys):
                firm.add(key.finding)
                continue
            found[key.finding] = whys[0] if len({*whys}) == 1 else min(whys, key=_ORDER.index)
        return {each: why for each, why in found.items() if each not in firm}


_ORDER = (GRANTED, A_TIME, AMONG, EVERYWHERE)


def _why_suspected(knowledge: Knowledge, told: Told, key: Key) -> str:
    """Why a leak by a value alone proves nothing; empty if it does."""
    text, place = told.value, (told.owner, key.resource, key.field)
    if why := why_not_theirs_alone(knowledge, text, told.held, place, told.viewer):
        return why
    if knowledge.may_be_ambient(text):
        return EVERYWHERE
    return AMONG if knowledge.may_be_ambient(text, key.endpoint) else ""


def why_not_theirs_alone(
    knowledge: Knowledge, text: str, held: frozenset[str], place: Place, viewer: str | None = None
) -> str:
    """Why a value of an owner's field may be there for another reason than its owner, for a viewer
    with these relations; empty if nothing says so."""
    if knowledge.is_granted(text, held, place, viewer):
        return GRANTED
    return A_TIME if is_a_time(text, place[2]) else ""


@dataclass(frozen=True)
class ByObject:
    """Cells that leak by a field of an object that its owner had not been shown yet. Values in
    memory only."""

    _told: dict[Key, dict[str, tuple[str, str, Doubt]]] = field(default_factory=dict)
    """Cell → request key → (owner, value, the doubt that holds if the owner is shown another
    value)."""

    def add(self, key: Key, request_key: str, owner: str, value: str, doubt: Doubt) -> None:
        """Records what a viewer was shown in an owner's object."""
        self._told.setdefault(key, {})[request_key] = (owner, value, doubt)

    def take_back(self, matrix: Matrix, knowledge: Knowledge) -> None:
        """Withdraws leaks by values that differ from what the owner is shown, such as masks."""
        for key, told in list(self._told.items()):
            place = key.resource, key.field
            shown = {
                request_key: told_of
                for request_key, told_of in told.items()
                if (told_of[0], *place) in knowledge.own
            }
            other: dict[str, Observation | None] = {
                request_key: None
                for request_key, (owner, value, _) in shown.items()
                if not is_theirs(value, knowledge.own[(owner, *place)])
            }
            self._told[key] = {p: each for p, each in told.items() if p not in shown}
            if other:
                _without(matrix, key, other)
                # There is none where what is known now gives the viewer other relations.
                entry = matrix.entries.get(key)
                if entry is not None and entry.result is Result.UNTESTED:
                    doubts = tuple(shown[request_key][2] for request_key in other)
                    matrix.apply(key.endpoint, Outcome(next(iter(other)), 0, doubts=doubts))
            evidence = matrix.evidence.get(key.finding)
            if shown and evidence is not None and NOWHERE in evidence.note:
                note = evidence.note.replace(NOWHERE, "").removesuffix("; ")
                matrix.evidence[key.finding] = replace(evidence, note=note)


@dataclass(frozen=True)
class Placeholders:
    """Values that viewers were shown in denied fields. In memory only."""

    _told: dict[Key, dict[str, set[str]]] = field(default_factory=dict)
    """Cell → request_key → leaked values."""
    _theirs: dict[tuple[str, str, str, str], set[str]] = field(default_factory=dict)
    """(resource, field, viewer, value) → owners who have this value themselves."""
    _handed: dict[tuple[str, str, str, str], set[str]] = field(default_factory=dict)
    """(resource, field, viewer, value) → owners whose own value is another one."""
    _shared: set[tuple[str, str, str, str]] = field(default_factory=set)
    """(resource, field, viewer, value) that several owners have, such as a default."""

    def note_placeholder(self, key: Key, text: str, owner: str) -> None:
        """Records a value shown to a viewer in place of the owner's own."""
        self._handed.setdefault((key.resource, key.field, key.viewer, text), set()).add(owner)

    def note_leak(
        self, key: Key, request_key: str, value: Json, owner: str, *, shared: bool = False
    ) -> None:
        """Records a leak of the owner's own value; `shared`: of one that others have as well."""
        text = canonical(value)
        if shared:
            self._shared.add((key.resource, key.field, key.viewer, text))
        self._told.setdefault(key, {}).setdefault(request_key, set()).add(text)
        self._theirs.setdefault((key.resource, key.field, key.viewer, text), set()).add(owner)

    def take_back(self, matrix: Matrix) -> None:
        """Withdraws leaks that consist of placeholders only."""
        handed = {at[:3] for at in self._handed}
        for key, request_keys in self._told.items():
            if (key.resource, key.field, key.viewer) not in handed:
                continue  # no owner with another value
            void: dict[str, Observation | None] = {
                request_key: None
                for request_key, texts in request_keys.items()
                if all(self._stands_in(key, text) for text in texts)
            }
            if void:
                _without(matrix, key, void)

    def _stands_in(self, key: Key, text: str) -> bool:
        at = (key.resource, key.field, key.viewer, text)
        others = self._handed.get(at, set()) - self._theirs.get(at, set())
        if at in self._shared:
            return bool(others)
        return len(others) >= len(self._theirs.get(at, ()))


@dataclass(frozen=True)
class MaskedFields:
    """Values that viewers other than the owner received in masked fields. In memory only."""

    _excess: dict[tuple[str, str, str, State], dict[tuple[str, str], int]] = field(
        default_factory=dict
    )
    """Finding → (owner, key of the object) → number of letters and digits that the masked form
    hides."""
    _unclear: dict[Key, set[str]] = field(default_factory=dict)
    """Cell → values that may or may not show more than the masked form."""
    _given: dict[tuple[str, str], dict[str, set[str]]] = field(default_factory=dict)
    """(resource, field) → owner → such unclear values."""

    def beyond(self, key: Key, owner: str, object_key: str, excess: int) -> str:
        """Records how many letters and digits a value shows beyond its masked form.

        Returns why that is no proof yet; empty once all objects of the finding together are proof.
        """
        known = self._excess.setdefault(key.finding, {})
        at = owner, object_key
        known[at] = max(excess, known.get(at, 0))
        return "" if sum(known.values()) >= PROOF else FEW

    def unclear(self, key: Key, owner: str, text: str) -> None:
        """Records a text in place of the owner's value that may be a mask; `doubts` compares it
        with those of other owners."""
        self._unclear.setdefault(key, set()).add(text)
        self._given.setdefault((key.resource, key.field), {}).setdefault(owner, set()).add(text)

    def doubts(self) -> Mapping[Key, str]:
        """Cell → why nothing closes it: a received value is no placeholder. A value that all owners
        have is one."""
        return {
            key: BEYOND
            for key, texts in self._unclear.items()
            if not self._is_placeholder(key.resource, key.field, texts)
        }

    def _is_placeholder(self, resource: str, path: str, texts: set[str]) -> bool:
        given = self._given[resource, path]
        return len(given) > 1 and all(each == texts for each in given.values())


def _without(matrix: Matrix, key: Key, void: dict[str, Observation | None]) -> None:
    entry = matrix.entries.get(key)
    if entry is None or entry.result is not Result.LEAK:
        return
    entry.request_keys = [
        request_key for request_key in entry.request_keys if request_key not in void
    ]
    if entry.request_keys:
        return
    matrix.take_back(entry)
    name = key.finding
    same = [each for at, each in matrix.entries.items() if at.finding == name and each.request_keys]
    leaking = [each for each in same if each.result is Result.LEAK]
    if not any(len(set(each.request_keys)) > 1 for each in leaking):
        matrix.confirmed.discard(name)
    if not leaking:
        matrix.evidence.pop(name, None)
        matrix.weak.pop(name, None)
    earlier = {p: observation for p, observation in void.items() if observation is not None}
    for request_key, observation in earlier.items():
        matrix.apply(key.endpoint, Outcome(request_key, 0, (observation,)))
    probe = matrix.probes.get(key.endpoint)
    if not earlier and probe is not None and key.field not in probe.shows.get(key.resource, ()):
        del matrix.entries[key]  # the endpoint declares no such field: only the leak made the cell

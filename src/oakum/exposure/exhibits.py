"""The evidence of a finding: the owner's response and the viewer's, as shapes and hashes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from oakum.authz import Leaf, ObjectInstance
from oakum.authz.span import MAX_DEPTH
from oakum.exchange import Response
from oakum.exposure.cast import Cast
from oakum.exposure.endpoints import Gate
from oakum.exposure.evidence import Mark, Redactor
from oakum.exposure.knowledge import Knowledge
from oakum.exposure.matrix import Key, Matrix
from oakum.finding import Answer, Evidence
from oakum.openapi.model import Json

NOWHERE = "its owner is shown this field nowhere: judged by the object it stands in"
Place = tuple[str, ...]
"""Where an object stands in an answer; `*` for an element of a list."""


@dataclass(frozen=True)
class Question:
    """What was asked: by whom, where, about whose objects."""

    probe: str
    endpoint: str
    viewer: str | None
    targets: frozenset[str]
    """Identities whose objects fill the parameters; empty: the endpoint picks."""
    params: Mapping[str, str]
    """Path parameters as sent."""
    sent: frozenset[str]
    """Every value that the question itself holds, so that an echo is no leak."""
    curl: str
    wrote: bool = False
    """It is a write: to its owner too, what was sent is no news."""


@dataclass
class OwnView:
    """What an owner was last shown of their own at an endpoint. In memory only."""

    value: Json
    status: int
    media_type: str
    leaves: dict[tuple[str, str], tuple[str, ...]]
    """(resource, field) → where its owner saw it."""
    states: list[tuple[str, Mapping[str, Json]]]
    """(resource, its states) of each of their objects there."""
    curl: str = ""
    objects: dict[tuple[str, str], dict[Place, set[str]]] = field(default_factory=dict)
    """(resource, key) → where it stood → fields of this very object that had something in them
    there. Key: empty, where the object says none."""

    def held(
        self, resource: str, key: str, path: str, filled: Collection[str], place: Place | None
    ) -> bool:
        """Whether the owner was shown a field of this very object there, in this place of the
        answer: the object that was asked for owes what an embedded view of it does not. `filled`:
        the fields of it in which they were shown something anywhere; `place` None: the outermost
        that it stood in."""
        same = {each: places for (name, each), places in self.objects.items() if name == resource}
        known = [each for each in same if each]
        if key in known:
            return path in _fields(same[key], place)
        here = place is None or any(place in places for places in same.values())
        if key and known:  # what they were shown last is another one
            return path in filled and here
        shown = {each for places in same.values() for each in _fields(places, place)}
        return len(known) < 2 and path in shown

    @property
    def outermost(self) -> dict[str, int]:
        """Resource → levels of the answer above the own object that has the fewest."""
        found: dict[str, int] = {}
        for (name, _), places in self.objects.items():
            found[name] = min(found.get(name, MAX_DEPTH), *map(len, places))
        return found


def _fields(places: Mapping[Place, Collection[str]], place: Place | None) -> Collection[str]:
    return places.get(min(places, key=len, default=()) if place is None else place, ())


def place_of(pointer: tuple[str, ...], key: str = "") -> Place:
    """Where an object stands, whichever element of a list, or value by its key in a map, it is."""
    return tuple("*" if step.isdigit() or (key and step == key) else step for step in pointer)


@dataclass(frozen=True)
class Exhibits:
    """Makes the evidence that one answer gives."""

    cast: Cast
    knowledge: Knowledge
    matrix: Matrix
    redactor: Redactor
    views: Mapping[tuple[str, str], OwnView]
    gate: Gate
    question: Question
    response: Response
    value: Json
    _made: dict[tuple[Key, str, str], Evidence | None] = field(default_factory=dict)

    def evidence(
        self, key: Key, instance: ObjectInstance, leaf: Leaf, who: str, weak: str = ""
    ) -> Evidence | None:
        """Both answers; None where this finding has its evidence already.

        Made once for each cell, owner and weakness: made for each of a thousand objects of a list,
        of which it shows one, the work would grow with the square of the answer.
        """
        kind = (key, who, weak)
        if kind not in self._made:
            self._made[kind] = self._evidence(key, instance, leaf, who)
        return self._made[kind]

    def _evidence(
        self, key: Key, instance: ObjectInstance, leaf: Leaf, who: str
    ) -> Evidence | None:
        known = self.matrix.evidence.get(key.finding)
        view = self.views.get((self.question.endpoint, who))
        if known is not None and (known.owner is not None or view is None):
            return None
        marks: dict[tuple[str, ...], Mark] = {leaf.pointer: "leak"}
        note = by_way_of(self.gate, instance.pointer)
        if (who, instance.resource, leaf.path) not in self.knowledge.own:
            note += "; " if note else ""
            note += NOWHERE
        return Evidence(
            self.own_side(who, instance.resource, leaf.path),
            self.viewer_side(who, instance.held, marks, [instance.pointer]),
            self.question.curl,
            note=note,
        )

    def refusal(self, who: str, resource: str, path: str, held: frozenset[str]) -> Evidence:
        """Both answers, where one lacks what it should have."""
        return Evidence(
            self.own_side(who, resource, path),
            self.viewer_side(who, held, {}, []),
            self.question.curl,
            note="its owner was shown it in answer to the same question",
        )

    def viewer_side(
        self,
        who: str,
        held: frozenset[str],
        marks: Mapping[tuple[str, ...], Mark],
        around: list[tuple[str, ...]],
    ) -> Answer:
        """The answer itself, around what stands out."""
        viewer = self.question.viewer
        return self.redactor.answer(
            viewer or "nobody logged in",
            self.cast.label(held, viewer, who),
            self.response.status,
            self.response.media_type,
            self.value,
            marks,
            around,
        )

    def own_side(self, who: str, resource: str, path: str) -> Answer | None:
        """What the owner was shown at the same endpoint; None: nothing, or they are the viewer."""
        view = self.views.get((self.question.endpoint, who))
        if view is None or who == self.question.viewer:
            return None
        at = view.leaves.get((resource, path))
        marks: dict[tuple[str, ...], Mark] = {at: "canary"} if at else {}
        around = [at[:-1]] if at else []
        return self.redactor.answer(
            who, "owner", view.status, view.media_type, view.value, marks, around
        )


def by_way_of(gate: Gate, pointer: tuple[str, ...], before: str = "") -> str:
    """The path of a query of GraphQL that leads to an object; empty at another endpoint."""
    steps = [step for step in pointer[1:] if not step.isdigit()]
    return f"{before}by the path `{'/'.join(steps)}`" if gate.asks is not None and steps else ""

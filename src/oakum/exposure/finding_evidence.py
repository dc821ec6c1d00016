"""The evidence of a finding: the owner's response and the viewer's, as shapes and hashes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from oakum.authz import Leaf, ObjectInstance
from oakum.authz.strict_json import MAX_DEPTH
from oakum.exchange import Response
from oakum.exposure.cells.matrix import Key, Matrix
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.evidence import Mark, Redactor
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge
from oakum.finding import Answer, Evidence
from oakum.openapi.model import Json

NOWHERE = "no response shows its owner this field: judged by the object that contains it"
Place = tuple[str, ...]
"""Path of an object in a response; `*` for a list element."""


@dataclass(frozen=True)
class Question:
    """A request of a scan: the caller, the endpoint, and the owners whose objects it requests."""

    request_key: str
    endpoint: str
    viewer: str | None
    targets: frozenset[str]
    """Identities whose objects fill the parameters; empty if the API itself selects the objects."""
    params: Mapping[str, str]
    """Path parameters as sent."""
    sent: frozenset[str]
    """Every value in the request, so that an echo is not taken for a leak."""
    curl: str
    wrote: bool = False
    """Whether it is a write: then the owner also counts as having been shown the values that were
    sent."""


@dataclass(frozen=True)
class OwnView:
    """The latest response to an owner with their own data at an endpoint. In memory only."""

    value: Json
    status: int
    media_type: str
    leaves: dict[tuple[str, str], tuple[str, ...]]
    """(resource, field) → path in the response."""
    states: list[tuple[str, Mapping[str, Json]]]
    """(resource, states stored in the object) of each own object."""
    curl: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    """Path parameters of the request that it answers."""
    about_owner: bool = True
    """Whether the request was about the owner or about nobody. In another's list, such as of
    followers, the owner appears by chance, and absence there is no evidence."""
    objects: dict[tuple[str, str], dict[Place, set[str]]] = field(default_factory=dict)
    """(resource, key) → path → fields of this object that have a value. The key is empty if the
    object has none."""

    def has_field(
        self, resource: str, key: str, path: str, filled: Collection[str], place: Place | None
    ) -> bool:
        """Whether the owner was shown this field of this very object at this path: an object shown
        in full may have fields that the same object lacks when it is embedded. `filled`: fields
        shown to the owner anywhere; `place`: None for the outermost path."""
        same = {each: places for (name, each), places in self.objects.items() if name == resource}
        known = [each for each in same if each]
        if key in known:
            return path in _fields(same[key], place)
        here = place is None or any(place in places for places in same.values())
        if key and known:  # the latest view shows another object
            return path in filled and here
        shown = {each for places in same.values() for each in _fields(places, place)}
        return len(known) < 2 and path in shown

    @property
    def outermost(self) -> dict[str, int]:
        """Resource → depth of the owner's outermost object."""
        found: dict[str, int] = {}
        for (name, _), places in self.objects.items():
            found[name] = min(found.get(name, MAX_DEPTH), *map(len, places))
        return found


def _fields(places: Mapping[Place, Collection[str]], place: Place | None) -> Collection[str]:
    return places.get(min(places, key=len, default=()) if place is None else place, ())


def place_of(pointer: tuple[str, ...], key: str = "") -> Place:
    """The path of an object with `*` for list indices, and for its key where it is a map key."""
    return tuple("*" if step.isdigit() or (key and step == key) else step for step in pointer)


@dataclass(frozen=True)
class EvidenceMaker:
    """Makes the evidence of findings from one response."""

    identities: KnownIdentities
    knowledge: Knowledge
    matrix: Matrix
    redactor: Redactor
    views: Mapping[tuple[str, str], OwnView]
    probe: Probe
    question: Question
    response: Response
    value: Json
    _made: dict[tuple[Key, str, str], Evidence | None] = field(default_factory=dict)

    def evidence(
        self, key: Key, instance: ObjectInstance, leaf: Leaf, who: str, weak: str = ""
    ) -> Evidence | None:
        """The evidence with the owner's and the viewer's response; None if the finding has evidence
        already.

        Cached by cell, owner and weakness: the work would otherwise grow with the square of a
        list's length.
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
        note = by_way_of(self.probe, instance.pointer)
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
        """The evidence that a viewer lacks a granted field."""
        view = self.views.get((self.question.endpoint, who))
        same = view is not None and view.params == self.question.params
        return Evidence(
            self.own_side(who, resource, path),
            self.viewer_side(who, held, {}, []),
            self.question.curl,
            note="its owner received it in response to the same request"
            if same
            else "its owner received it in response to another request to the same endpoint",
        )

    def viewer_side(
        self,
        who: str,
        held: frozenset[str],
        marks: Mapping[tuple[str, ...], Mark],
        around: list[tuple[str, ...]],
    ) -> Answer:
        """The viewer's response in evidence: the marked values and the lines around them."""
        viewer = self.question.viewer
        return self.redactor.answer(
            viewer or "nobody logged in",
            self.identities.label(held, viewer, who),
            self.response.status,
            self.response.media_type,
            self.value,
            marks,
            around,
        )

    def own_side(self, who: str, resource: str, path: str) -> Answer | None:
        """The owner's response at the same endpoint; None if there is none, or if the viewer is the
        owner."""
        view = self.views.get((self.question.endpoint, who))
        if view is None or who == self.question.viewer:
            return None
        at = view.leaves.get((resource, path))
        marks: dict[tuple[str, ...], Mark] = {at: "canary"} if at else {}
        around = [at[:-1]] if at else []
        return self.redactor.answer(
            who, "owner", view.status, view.media_type, view.value, marks, around
        )


def by_way_of(probe: Probe, pointer: tuple[str, ...], before: str = "") -> str:
    """Words that name the GraphQL path to an object, after `before`; empty at other endpoints."""
    steps = [step for step in pointer[1:] if not step.isdigit()]
    return f"{before}by the path `{'/'.join(steps)}`" if probe.asks is not None and steps else ""

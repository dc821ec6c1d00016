"""What every answer is judged by; it grows with each."""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.contract.model import Json
from oakum.scan.cast import Cast
from oakum.scan.evidence import Redactor
from oakum.scan.exhibits import OwnView, Question
from oakum.scan.knowledge import Knowledge
from oakum.scan.matrix import NOBODY, Matrix
from oakum.scan.ownership import worlds_of_value
from oakum.scan.retraction import ByObject, ByValue, Placeholders
from oakum.semantics import Model, Sighting


@dataclass
class Ground:
    """What every answer is judged by; it grows with each."""

    model: Model
    cast: Cast
    knowledge: Knowledge
    matrix: Matrix
    redactor: Redactor
    views: dict[tuple[str, str], OwnView] = field(default_factory=dict)
    """(door, owner) → what the owner was last shown of their own there."""
    strays: dict[tuple[str, str], dict[tuple[str, str | None, str | None], set[str]]] = field(
        default_factory=dict
    )
    """(owner, value) found outside every object → (door, viewer, whose objects were asked for)
    → probes. In memory only."""
    by_value: ByValue = field(default_factory=ByValue)
    by_object: ByObject = field(default_factory=ByObject)
    placeholders: Placeholders = field(default_factory=Placeholders)

    def who(self, sighting: Sighting, viewer: str | None = None) -> str:
        """Whose an object is; the viewer's, where it belongs to several and they are one."""
        if self.is_nobodys(sighting.resource):
            return NOBODY
        if viewer and self.cast.ids[viewer] & set(sighting.owners):
            return viewer
        return self.cast.who(sighting.owners)

    def is_nobodys(self, resource: str) -> bool:
        """Whether a resource has no owners: a catalogue."""
        return self.model.policy.resources[resource].owner.kind == "none"

    def worlds(self, who: str, resource: str, path: str, text: str) -> list[dict[str, Json]]:
        """In which states an object of somebody's may be that has a value in a field."""
        return worlds_of_value(self.model, self.knowledge, who, resource, path, text)

    def may_see(self, viewer: str | None, who: str, resource: str, path: str, text: str) -> bool:
        """Whether a value may come of an object that the contract shows a viewer."""
        worlds = self.worlds(who, resource, path, text)
        return self.matrix.sees(resource, path, viewer, who, worlds)

    def is_of_an_open_one(self, viewer: str, who: str, *value: str) -> bool:
        """Whether a value comes of an object that the contract opens by its own state, so that it
        says nothing of those that are closed."""
        return self.worlds(who, *value) != [{}] and self.may_see(viewer or None, who, *value)

    def stray(self, who: str, value: str, question: Question) -> None:
        """Remember where a value of somebody's stood outside every object."""
        place = (question.door, question.viewer, next(iter(question.targets), None))
        self.strays.setdefault((who, value), {}).setdefault(place, set()).add(question.probe)

"""Values of somebody's that stand where no field of a known object is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from oakum.contract.lexicon import classify_field
from oakum.scan.ambient import NAMES_ONE
from oakum.scan.knowledge import MIN_WITHIN, canonical
from oakum.scan.legible import is_success
from oakum.scan.spellings import folded, parts, readings
from oakum.semantics import Leaf, Sighting

if TYPE_CHECKING:
    from oakum.exchange import Response
    from oakum.scan.cells import Ground
    from oakum.scan.doors import Gate
    from oakum.scan.exhibits import Question


_LONG = 40
"""Characters from which a text is searched for what stands within it."""


class Found(NamedTuple):
    """A value that names one owner's field."""

    at: tuple[str, ...]
    """Where it stands."""
    value: str
    who: str
    resource: str
    path: str


@dataclass(frozen=True)
class Misplaced:
    """Searches one answer."""

    ground: Ground
    gate: Gate
    question: Question
    response: Response

    def search(self, unbound: list[Leaf], sightings: list[Sighting]) -> Iterator[Found]:
        """All that is no field of a known object, for values that name one owner's field."""
        known, outside = self.ground.knowledge.present, {leaf.pointer for leaf in unbound}
        taken = {
            leaf.pointer
            for each in sightings
            for leaf in each.leaves
            if (who := self.ground.who(each, self.question.viewer))
            and (
                (who, each.resource, leaf.path) in known
                or leaf.path in self.gate.shows.get(each.resource, ())
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
        stray += [(("header", name), text) for name, text in self.response.headers.items()]
        stray += [(("header", "set-cookie"), text) for text in self.response.cookies.values()]
        for at, text in stray:
            for value, (who, resource, path) in self._named(text):
                joint = self.ground.knowledge.joint.get((resource, path, value), {who})
                sent = {folded(each) for each in self.question.sent}
                asked = folded(value) in sent or self.question.viewer in joint
                if asked or not self._is_theirs_alone(value, path):
                    continue
                if self._is_unrelated(joint, resource, sightings):
                    operation = self.gate.operation.id
                    self.ground.knowledge.ambient.met(who, (resource, path), value, operation)
                if at in outside:
                    self.ground.stray(who, value, self.question)
                yield Found(at, value, who, resource, path)

    def _is_unrelated(
        self, owners: Collection[str], resource: str, sightings: list[Sighting]
    ) -> bool:
        """Whether an answer has nothing to do with any of these: it is about others by what was
        asked, or refuses or could show nothing of the kind, and shows nothing of theirs."""
        targets = self.question.targets
        might = resource in self.gate.shows and is_success(self.response.status)
        about = not targets.isdisjoint(owners) or (not targets and might)
        return not about and all(
            self.ground.who(each, self.question.viewer) not in owners for each in sightings
        )

    def _is_theirs_alone(self, value: str, path: str) -> bool:
        """Whether a value that a report of staff's holds as well is still its owner's: an address
        is, a town is not; and not where this viewer may read it there."""
        others = self.ground.knowledge.nobodys(value)
        sees, viewer = self.ground.matrix.sees, self.question.viewer
        return not others or (
            classify_field(path) in NAMES_ONE
            and not any(sees(resource, field, viewer, "") for resource, field in others)
        )

    def _named(self, text: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        knowledge = self.ground.knowledge
        exact = knowledge.canary(text, aside=True)
        if exact is not None:
            yield text, exact
            return
        given: set[str] = set()
        if len(text) > _LONG:
            for value, key in knowledge.within(text):
                given.add(value)
                yield value, key
        for value, key in self._spelt_otherwise(text):
            if value not in given:
                given.add(value)
                yield value, key

    def _spelt_otherwise(self, text: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        """Values that a text holds in another spelling, by the same rules: a whole part of a short
        text, any part of a long one."""
        knowledge = self.ground.knowledge
        for each in readings(text):
            for part in parts(each) if each != text else ():
                exact = knowledge.canary(part, aside=True)
                if exact is not None:
                    yield part, exact
            if "@" in each or (each != text and len(text) > _LONG):
                yield from self._within(each)

    def _within(self, text: str) -> Iterator[tuple[str, tuple[str, str, str]]]:
        plain, whole = folded(text), {folded(each) for each in parts(text)}
        long = len(text) > _LONG
        for value, key in self.ground.knowledge.addresses():
            other = folded(value)
            if other in whole or (long and len(value) >= MIN_WITHIN and other in plain):
                yield value, key
        for value, key in self.ground.knowledge.within(plain) if long else ():
            if "@" not in value:
                yield value, key

"""What every evaluation starts from: contract, identities, knowledge, matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from oakum.authz import Model, ObjectInstance
from oakum.authz.table import allows, deciding
from oakum.exposure.cast import Cast
from oakum.exposure.evidence import Redactor
from oakum.exposure.exhibits import OwnView, Question
from oakum.exposure.knowledge import Knowledge
from oakum.exposure.matrix import NOBODY, Matrix
from oakum.exposure.ownership import Source, is_below, members_named, sources_of_value
from oakum.exposure.retraction import ByObject, ByValue, Placeholders
from oakum.finding import Result
from oakum.openapi.model import Json


@dataclass
class Ground:
    """Shared context of all evaluations; every response adds to it."""

    model: Model
    cast: Cast
    knowledge: Knowledge
    matrix: Matrix
    redactor: Redactor
    views: dict[tuple[str, str], OwnView] = field(default_factory=dict)
    """(endpoint, owner) → the owner's last view of their own data."""
    strays: dict[tuple[str, str], dict[tuple[str, str | None, str | None], set[str]]] = field(
        default_factory=dict
    )
    """(owner, value) found outside every object → (endpoint, viewer, requested owner) → keys of
    requests. In memory only."""
    by_value: ByValue = field(default_factory=ByValue)
    by_object: ByObject = field(default_factory=ByObject)
    placeholders: Placeholders = field(default_factory=Placeholders)

    def who(self, instance: ObjectInstance, viewer: str | None = None) -> str:
        """The owner of an object; the viewer, if they are one of several owners."""
        if self.is_nobodys(instance.resource):
            return NOBODY
        if viewer and self.cast.ids[viewer] & set(instance.owners):
            return viewer
        return self.cast.who(instance.owners)

    def is_nobodys(self, resource: str) -> bool:
        """Whether a resource has no owners, such as a catalogue."""
        return self.model.policy.resources[resource].owner.kind == "none"

    def sources(self, viewer: str | None, who: str, *value: str) -> list[Source]:
        """Objects of an owner that a value (`resource, path, text`) may come from."""
        name, path, text = value
        return sources_of_value(self.model, self.knowledge, viewer, who, (name, path, text))

    def may_see(self, viewer: str | None, who: str, resource: str, path: str, text: str) -> bool:
        """Whether a value may come from an object that the contract shows to the viewer."""
        sources = self.sources(viewer, who, resource, path, text)
        return self._shows_any(sources, viewer, who, resource, path)

    def is_of_an_open_one(
        self, viewer: str | None, who: str, resource: str, path: str, text: str
    ) -> bool:
        """Whether a value comes from an object that its own state opens, so that it says nothing
        about closed ones."""
        sources = self.sources(viewer, who, resource, path, text)
        alike = sources == [Source(frozenset(), {})]
        return not alike and self._shows_any(sources, viewer, who, resource, path)

    def _shows_any(
        self, sources: Iterable[Source], viewer: str | None, who: str, resource: str, path: str
    ) -> bool:
        table = self.model.tables[resource]
        if self.cast.in_doubt(who, resource) & set(deciding(table, path)):
            return True
        held, state = self.cast.relations(viewer, who), self.matrix.state(resource, who)
        return any(
            allows(table, path, held | each.kin, {**state, **each.state}) for each in sources
        )

    def named(self, viewer: str | None, who: str, resource: str, key: str) -> frozenset[str]:
        """Relations in which an owner's object certainly names the viewer: the owner was shown the
        member itself, and not a text where the member would be one of an object."""
        shown = self.knowledge.filled.get((who, resource, key), ())
        kin = self.knowledge.kin.get((who, resource, key), {}).get(viewer or "", frozenset())
        return frozenset(
            name
            for name in kin
            if all(
                any(is_below(each, member) for each in shown)
                for member in members_named(self.model, name)
            )
        )

    def kinds(
        self, question: Question, what: tuple[str, str], who: str, held: frozenset[str],
        state: Mapping[str, Json], result: Result,
    ) -> list[frozenset[str]]:  # fmt: skip
        """The relations under which a result counts: of the relations to owner and object, those
        with the same grant; a leak counts under all."""
        every = self.cast.kinds(held, question.viewer, who)
        if result is Result.LEAK or len(every) == 1:
            return [held]

        def granted(each: frozenset[str]) -> bool:
            known = question.viewer is not None
            return self.matrix.granted(question.endpoint, *what, each, known, state)

        return [each for each in every if granted(each) == granted(held)] or [held]

    def stray(self, who: str, value: str, question: Question) -> None:
        """Remember where a value of somebody's stood outside every object."""
        place = (question.endpoint, question.viewer, next(iter(question.targets), None))
        self.strays.setdefault((who, value), {}).setdefault(place, set()).add(question.request_key)

"""The state that every evaluation of a response uses: contract, identities, known values,
matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

from oakum.authz import Model, ObjectInstance
from oakum.authz.table import allows, combinations, deciding_states, leaf_index
from oakum.exposure.cells.matrix import NOBODY, Matrix
from oakum.exposure.cells.values_shown_to_entitled_viewers import EntitledViews
from oakum.exposure.cells.withdrawn_findings import (
    ByObject,
    ByValue,
    MaskedFields,
    Placeholders,
    Told,
)
from oakum.exposure.evidence import Redactor
from oakum.exposure.finding_evidence import OwnView, Question
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.relation_fields import (
    is_below,
    is_one_of_many,
    members_named,
    relations_through_members,
)
from oakum.exposure.values.impersonal_values import NAMES_ONE
from oakum.exposure.values.knowledge import Grant, Knowledge, canonical, says_nothing
from oakum.finding import Result
from oakum.inference.lexicon import classify_field
from oakum.openapi.model import Json


@dataclass
class EvaluationContext:
    """Contract, identities, known values and matrix; each evaluated response adds to it."""

    model: Model
    identities: KnownIdentities
    knowledge: Knowledge
    matrix: Matrix
    redactor: Redactor
    views: dict[tuple[str, str], OwnView] = field(default_factory=dict)
    """(endpoint, owner) → the latest response to the owner with their own data."""
    strays: dict[tuple[str, str], dict[tuple[str, str | None, str | None], set[str]]] = field(
        default_factory=dict
    )
    """(owner, value) found outside every object → (endpoint, viewer, requested owner) → request
    keys. In memory only."""
    entitled: EntitledViews = field(default_factory=EntitledViews)
    """What viewers other than the owner, who may see a field, are shown in it."""
    by_value: ByValue = field(default_factory=ByValue)
    by_object: ByObject = field(default_factory=ByObject)
    placeholders: Placeholders = field(default_factory=Placeholders)
    masked: MaskedFields = field(default_factory=MaskedFields)

    def who(self, instance: ObjectInstance, viewer: str | None = None) -> str:
        """The owner of an object: the viewer, if they are one of several owners. Empty for
        ownerless objects."""
        if self.is_nobodys(instance.resource):
            return NOBODY
        if viewer and self.identities.ids[viewer] & set(instance.owners):
            return viewer
        return self.identities.who(instance.owners)

    def is_viewers_own(self, instance: ObjectInstance, viewer: str | None, who: str) -> bool:
        """Whether an object that only the path assigns to `who` contains values of the viewer and
        none of `who`."""
        own, theirs = 0, 0
        for leaf in instance.leaves:
            if isinstance(leaf.value, dict | list) or says_nothing(leaf.value):
                continue
            text, place = canonical(leaf.value), (instance.resource, leaf.path)
            mine = text in self.knowledge.own.get((viewer or "", *place), ())
            yours = text in self.knowledge.own.get((who, *place), ())
            own, theirs = own + (mine and not yours), theirs + (yours and not mine)
        return own > 0 and theirs == 0

    def is_nobodys(self, resource: str) -> bool:
        """Whether objects of a resource have no owner, such as those of a catalogue."""
        return self.model.policy.resources[resource].owner.kind == "none"

    def sources(self, viewer: str | None, who: str, *value: str) -> list[ValueSource]:
        """Objects of `who` that may be where a value (`resource, path, text`) comes from."""
        name, path, text = value
        return sources_of_value(self.model, self.knowledge, viewer, who, (name, path, text))

    def may_see(self, viewer: str | None, who: str, resource: str, path: str, text: str) -> bool:
        """Whether a value may come from an object that the contract shows to the viewer."""
        sources = self.sources(viewer, who, resource, path, text)
        return self._shows_any(sources, viewer, who, resource, path)

    def learn_granted(self, instance: ObjectInstance, viewer: str | None) -> None:
        """Records which values of an object, whosever it is, the contract shows its viewer: as
        anybody, as whoever is logged in, or for what they are to it."""
        table, policy = self.model.tables[instance.resource], self.model.policy
        owner = self.identities.who(instance.owners)
        basic = (policy.only("anyone"), policy.only("anyone", "authenticated"), instance.held)
        for leaf in instance.leaves:
            if leaf.allowed and not isinstance(leaf.value, dict | list):
                under = (e for e in basic if allows(table, leaf.path, e, instance.state))
                names_one = classify_field(leaf.path) in NAMES_ONE
                held, place = frozenset(next(under, instance.held)), (instance.resource, leaf.path)
                seen_by = "" if held in basic[:2] else viewer or ""
                grant = Grant(held, owner, names_one, place, seen_by)
                self.knowledge.learn_granted(canonical(leaf.value), grant)

    def withholding_field(
        self, viewer: str | None, who: str, text: str, near: tuple[str, str] = ("", "")
    ) -> tuple[str, str, bool]:
        """(resource, field, whether another line shows the value): the field of `who` with this
        value that a contract line withholds from the viewer, `near` if possible; empty if none
        does."""
        tables, places = self.model.tables, self.knowledge.places(text, who)
        named = [each for each in places if leaf_index(tables[each[0]], each[1]) >= 0]
        if any(self.may_see(viewer, who, *each, text) for each in named):
            return "", "", True
        return (*(near if near in named else min(named, default=("", ""))), False)

    def told(self, viewer: str | None, who: str, held: frozenset[str], text: str) -> Told:
        """A value by which a response leaks, with what is known of it by now."""
        known = self._objects_with(text, who)
        states = {name: self.matrix.state(name, who) for name in self.model.policy.resources}
        return Told(text, who, held, viewer, frozenset(known), states)

    def is_open(self, told: Told) -> bool:
        """Whether a contract line shows the value to the viewer in some object of its owner: in
        every state, or in that of an object that was not known when the value came."""
        tables = self.model.tables
        for name, path, key in self._objects_with(told.value, told.owner):
            if allows(tables[name], path, told.held, {}):
                return True
            if (name, path, key) in told.known:
                continue
            sources = sources_of_objects(
                self.model, self.knowledge, told.viewer, told.owner, name, [key]
            )
            state = told.states.get(name, {})
            if self._shows_any(sources, told.viewer, told.owner, name, path, state):
                return True
        return False

    def _objects_with(self, text: str, who: str) -> list[tuple[str, str, str]]:
        """(resource, field, key) of an owner's objects that have a value; the key is empty if
        unknown."""
        resources, knowledge = self.model.policy.resources, self.knowledge
        return [
            (name, path, key)
            for name, path in knowledge.places(text, who)
            for key in knowledge.keys_with(who, name, resources[name].key, path, text)
        ]

    def relations_by_value(
        self, viewer: str | None, who: str, resource: str, path: str, text: str
    ) -> frozenset[str]:
        """Relations in which each object of an owner that has a value certainly names the viewer,
        as `relations_naming` has them."""
        key = self.model.policy.resources[resource].key
        keys = self.knowledge.keys_with(who, resource, key, path, text)
        return frozenset.intersection(
            *(self.relations_naming(viewer, who, resource, each) for each in keys)
        )

    def is_of_an_open_one(
        self, viewer: str | None, who: str, resource: str, path: str, text: str
    ) -> bool:
        """Whether the value may come from an object that its own state opens to the viewer, so that
        it is no evidence about closed objects."""
        sources = self.sources(viewer, who, resource, path, text)
        alike = sources == [ValueSource(frozenset(), {})]
        return not alike and self._shows_any(sources, viewer, who, resource, path)

    def _shows_any(
        self, sources: Iterable[ValueSource], viewer: str | None, who: str, resource: str,
        path: str, then: Mapping[str, Json] | None = None,
    ) -> bool:  # fmt: skip
        """`then`: states of the owner's account that count, if not those of now."""
        table = self.model.tables[resource]
        if self.identities.in_doubt(who, resource) & set(deciding_states(table, path)):
            return True
        held = self.identities.relations(viewer, who)
        state = {**self.matrix.state(resource, who), **(then or {})}
        return any(
            allows(table, path, held | each.kin, {**state, **each.state}) for each in sources
        )

    def may_be_granted(
        self, question: Question, what: tuple[str, str], held: frozenset[str],
        state: Mapping[str, Json], unread: frozenset[str],
    ) -> bool:  # fmt: skip
        """Whether the contract would grant the field for some value of the unread settings."""
        table = self.model.tables[what[0]]
        names = [name for name in deciding_states(table, what[1]) if name in unread]
        known = question.viewer is not None
        return any(
            self.matrix.is_granted(
                question.endpoint, *what, held, known, {**state, **values}
            )
            for values in combinations(table, names)
        )  # fmt: skip

    def is_party(self, viewer: str | None, resource: str, key: str) -> bool:
        """Whether the viewer is one of several owners of the object."""
        parties = self.knowledge.parties.get((resource, key), ())
        return bool(self.identities.ids.get(viewer or "", frozenset()) & set(parties))

    def relations_naming(
        self, viewer: str | None, who: str, resource: str, key: str
    ) -> frozenset[str]:
        """Relations in which an owner's object certainly names the viewer: the owner was shown the
        member that the relation is read from."""
        knowledge, policy = self.knowledge, self.model.policy
        shown = knowledge.filled.get((who, resource, key), ())
        kin = knowledge.kin.get((who, resource, key), {}).get(viewer or "", frozenset())
        if not key:  # objects without a key are told apart by nothing: each has to say so
            kin = frozenset(
                name
                for name in kin
                if all(
                    knowledge.is_related([who], resource, key, viewer or "", each)
                    for each in policy.required_relations(name)
                    if policy.relations[each].kind == "field"
                )
            )
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
        """The relations under which a result counts: those to the owner or to the object that have
        the same grant. A leak counts once, under all relations together."""
        every = self.identities.kinds(held, question.viewer, who)
        if result is Result.LEAK or len(every) == 1:
            return [held]

        def is_granted(each: frozenset[str]) -> bool:
            known = question.viewer is not None
            return self.matrix.is_granted(question.endpoint, *what, each, known, state)

        return [each for each in every if is_granted(each) == is_granted(held)] or [held]

    def stray(self, who: str, value: str, question: Question) -> None:
        """Records that a response showed the owner's value outside every object."""
        place = (question.endpoint, question.viewer, next(iter(question.targets), None))
        self.strays.setdefault((who, value), {}).setdefault(place, set()).add(question.request_key)


@dataclass(frozen=True)
class ValueSource:
    """An object that a value may come from."""

    kin: frozenset[str]
    """Relations that members of the object give the viewer, or leave open."""
    state: Mapping[str, Json]
    """States stored in the object, without those of the owner's account."""


def sources_of_value(
    model: Model, knowledge: Knowledge, viewer: str | None, who: str, value: tuple[str, str, str]
) -> list[ValueSource]:
    """An owner's objects that have a value (`resource, path, text`), to find out whether any of
    them is open to the viewer.

    An unread object may be in any state and name anybody. If neither states nor relations are
    stored in objects, a single neutral source stands for all.
    """
    name, path, text = value
    keys = knowledge.keys_with(who, name, model.policy.resources[name].key, path, text)
    return sources_of_objects(model, knowledge, viewer, who, name, keys)


def sources_of_objects(
    model: Model, knowledge: Knowledge, viewer: str | None, who: str, name: str,
    keys: Iterable[str],
) -> list[ValueSource]:  # fmt: skip
    """As `sources_of_value`, of the owner's objects with these keys."""
    resource = model.policy.resources[name]
    many = is_one_of_many(model, resource)
    own = {n: state for n, state in resource.states.items() if state.member and many}
    named = relations_through_members(model) if viewer is not None else frozenset()
    if not own and not named:
        return [ValueSource(frozenset(), {})]
    found: dict[str, ValueSource] = {}
    for key in keys:
        known = knowledge.states_of(who, name, key)
        kin = knowledge.kin.get((who, name, key), {}).get(viewer or "", named)
        choices = [(known[n],) if n in known else own[n].values for n in own]
        for values in product(*choices):
            each = ValueSource(kin, dict(zip(own, values, strict=True)))
            found.setdefault(repr((sorted(kin), values)), each)
    return list(found.values())

"""Which relations the caller of a write had to the object before the write.

A write may end the caller's relation to the object in its response: somebody who gives a file away,
or leaves a team, sees it once more. So the response may show what the caller could see before. Who
owned the object is taken from the latest earlier response. Without one, only a write that may end a
relation, judging by its request, counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote, urlsplit

from oakum.authz import Subject
from oakum.authz.member_paths import key_in, texts
from oakum.exchange import Request
from oakum.exposure.exchanges.caller_identification import IdentifiedCaller
from oakum.exposure.exchanges.owners_by_creation_or_parent import ShownObject
from oakum.exposure.exchanges.sent_values import body_of
from oakum.inference.lexicon import words
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation

MOST = 200_000
"""How many objects are remembered; later ones are ignored."""
_ENDS = frozenset(
    ("leave", "quit", "exit", "resign", "withdraw", "decline", "release", "transfer", "give",
     "hand", "handover", "reassign", "assign", "unassign", "unshare", "kick", "owner", "owners")
)  # fmt: skip
"""Words in a path that suggest that the request ends a relation."""


@dataclass(frozen=True)
class FormerRelations:
    """The owners, and other accounts with a relation, that each object last named. In
    memory only."""

    policy: Policy
    _last: dict[tuple[str, str], Subject] = field(default_factory=dict, repr=False)

    def learn(self, shown: Sequence[ShownObject], owners: Sequence[tuple[str, ...]]) -> None:
        """Learns from a successful response with these objects and their owners."""
        if not self._has_names:
            return
        for each, whose in zip(shown, owners, strict=True):
            at = (each.resource, self._key(each))
            if at[1] and (at in self._last or len(self._last) < MOST):
                self._last[at] = self._subject(each, whose)

    def of(self, each: ShownObject, caller: IdentifiedCaller, request: Request) -> frozenset[str]:
        """Relations to an object in the response that the caller of a write may have had before it.
        Empty if the object's members show all relations, or if the caller is unknown."""
        if not self._has_names or not caller.ids:
            return frozenset()
        key = self._key(each)
        before = self._last.get((each.resource, key))
        if before is not None:
            # Without an owner it is unknown whether the object still belongs to the same person.
            is_same = bool(each.owners) and before == self._subject(each, each.owners)
            return frozenset() if is_same else caller.possible(self.policy, before)
        now = caller.possible(self.policy, Subject(each.resource, each.owners, each.value))
        ended = frozenset(self._ended_relations(each, key, caller, request))
        return self._with_dependants(now, ended) if ended else frozenset()

    def _subject(self, each: ShownObject, owners: tuple[str, ...]) -> Subject:
        """The owners that an object names, and other accounts to which it gives a relation."""
        value: Json = {name: each.value[name] for name in self._names if name in each.value}
        return Subject(each.resource, owners, value)

    @staticmethod
    def gives(request: Request) -> bool:
        """Whether the words of a write suggest that it changes a relation to an object."""
        parts = urlsplit(request.url).path.split("/")
        return any(not _ENDS.isdisjoint(words(part)) for part in parts)

    def _ended_relations(
        self, each: ShownObject, key: str, caller: IdentifiedCaller, request: Request
    ) -> Iterator[str]:
        """Relations that a request may have ended: it names who has them now, names its caller, or
        says so."""
        parts = [unquote(part) for part in urlsplit(request.url).path.split("/") if part]
        after = parts[len(parts) - parts[::-1].index(key) :] if key in parts else parts[-1:]
        sent = {*after, *body_of(request)}
        spoken = {word for part in after for word in words(part)}
        ends = bool(_ENDS & spoken or caller.ids & sent)
        for relation in self.policy.relations.values():
            for member in self._members(each.resource, relation):
                told = words(member.rpartition(".")[2])
                if ends or sent & {*texts(each.value, member)} or spoken & {*told} - {"id", "ids"}:
                    yield relation.name

    def _with_dependants(self, now: frozenset[str], ended: frozenset[str]) -> frozenset[str]:
        """These relations and those that require one of them, as far as the contract lets them hold
        now."""
        every = now | ended
        return frozenset(
            name
            for name in self.policy.relations
            if {*self.policy.required_relations(name)} <= every or name in ended
        )

    def _members(self, resource: str, relation: Relation) -> tuple[str, ...]:
        """Members of an object that name who has a relation, and that a write may change."""
        rule = self.policy.resources[resource]
        if relation.kind == "owner":
            found = rule.owner.members if rule.owner.kind == "field" else ()
        else:
            found = (relation.member,) if relation.kind == "field" and not relation.claim else ()
        return tuple(each for each in found if each != rule.key)

    @cached_property
    def _names(self) -> frozenset[str]:
        """Top-level members of objects that contain such a member."""
        found = (
            member
            for relation in self.policy.relations.values()
            for resource in self.policy.resources
            for member in self._members(resource, relation)
        )
        return frozenset(each.partition(".")[0] for each in found)

    @property
    def _has_names(self) -> bool:
        return bool(self._names)

    def _key(self, each: ShownObject) -> str:
        key = self.policy.resources[each.resource].key
        return key_in(each.value, key)

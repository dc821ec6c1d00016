"""What the caller of a write was to the object before it, by the exchanges of a test or of traffic.

The law of this module: a write may end what its caller is to the object that answers it, so the
answer may show whatever was theirs when they asked: who gives a file away, or leaves a team, sees
it once more. Whose the object was is what the last answer before said of it. If none did, the
request has to say that it may have ended something; any other write has not.
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
from oakum.exposure.exchanges.observed_owners import ShownObject
from oakum.exposure.exchanges.sent_values import body_of
from oakum.inference.lexicon import words
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation

MOST = 200_000
"""Objects that are kept in memory; of those that come later nothing is learnt."""
_ENDS = frozenset(
    ("leave", "quit", "exit", "resign", "withdraw", "decline", "release", "transfer", "give",
     "hand", "handover", "reassign", "assign", "unassign", "unshare", "kick", "owner", "owners")
)  # fmt: skip
"""Words in a path that end what somebody is to an object."""


@dataclass(frozen=True)
class FormerRelations:
    """What objects last said of owners and of others whom they name. In memory only."""

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
        """Relations that the caller of a write may have had before it to an object that answers.
        Empty if the object's own members tell all of them, or if the caller is unknown."""
        if not self._has_names or not caller.ids:
            return frozenset()
        key = self._key(each)
        before = self._last.get((each.resource, key))
        if before is not None:
            # Without an owner nothing says that the object is still the same person's.
            is_same = bool(each.owners) and before == self._subject(each, each.owners)
            return frozenset() if is_same else caller.possible(self.policy, before)
        now = caller.possible(self.policy, Subject(each.resource, each.owners, each.value))
        ended = frozenset(self._ended_relations(each, key, caller, request))
        return self._with_dependants(now, ended) if ended else frozenset()

    def _subject(self, each: ShownObject, owners: tuple[str, ...]) -> Subject:
        """What an object says of owners, and of others whom it names."""
        value: Json = {name: each.value[name] for name in self._names if name in each.value}
        return Subject(each.resource, owners, value)

    @staticmethod
    def gives(request: Request) -> bool:
        """Whether a write says of itself that it changes who somebody is to an object."""
        parts = urlsplit(request.url).path.split("/")
        return any(not _ENDS.isdisjoint(words(part)) for part in parts)

    def _ended_relations(
        self, each: ShownObject, key: str, caller: IdentifiedCaller, request: Request
    ) -> Iterator[str]:
        """Relations that a request says that it may have ended: it names who is in them now, or
        its caller, or what it does."""
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
        """Also the relations that require one of these, and otherwise only what may hold now."""
        every = now | ended
        return frozenset(
            name
            for name in self.policy.relations
            if {*self.policy.required_relations(name)} <= every or name in ended
        )

    def _members(self, resource: str, relation: Relation) -> tuple[str, ...]:
        """Members of an object that say who is in a relation, and that a write may change."""
        rule = self.policy.resources[resource]
        if relation.kind == "owner":
            found = rule.owner.members if rule.owner.kind == "field" else ()
        else:
            found = (relation.member,) if relation.kind == "field" and not relation.claim else ()
        return tuple(each for each in found if each != rule.key)

    @cached_property
    def _names(self) -> frozenset[str]:
        """Members at the top of an object in which such a member stands."""
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

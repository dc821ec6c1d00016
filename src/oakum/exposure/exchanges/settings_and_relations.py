"""Settings and relations learnt from recorded responses. In memory only; holds ids.

Facts that a later request may have changed are forgotten. An account counts as missing from a list
only if the list's owner requested it and it was complete, since others may be shown a part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

from oakum.authz import Principal
from oakum.authz.complete_lists import ListPlace, extent, look
from oakum.exchange import Request
from oakum.exposure.exchanges.caller_identification import IdentifiedCaller
from oakum.exposure.exchanges.tenant_members import TenantMembers
from oakum.openapi.model import Json
from oakum.policy.model import Policy
from oakum.routing.caller_and_relation_lookups import LookupRequest

_LONGEST_SIZE = 10
_UNKNOWN_END = -1
MOST = 200_000
"""How many accounts' facts are remembered; later accounts are ignored."""


@dataclass(frozen=True)
class InformedCaller(IdentifiedCaller):
    """A caller of whom recorded responses show more than an id."""

    related: Mapping[tuple[str, str], bool] = field(default_factory=dict, repr=False)
    states: Mapping[tuple[str, str], Json] = field(default_factory=dict, repr=False)

    @property
    def principal(self) -> Principal:
        """The caller, with the relations and settings known from earlier responses."""
        return replace(super().principal, related=self.related, states=self.states)


@dataclass(frozen=True)
class SettingsAndRelations:
    """Settings of accounts, and the lists in which relations are looked up."""

    states: dict[str, dict[str, Json]] = field(default_factory=dict)
    """Owner's id → `Resource.state` → its latest value."""
    listed: dict[str, dict[str, tuple[frozenset[str], bool]]] = field(default_factory=dict)
    """Id whose list it is → relation → (ids in the list, whether the list is complete)."""
    members: TenantMembers = field(default_factory=TenantMembers)

    def forget(self, ids: Set[str], what: Iterable[str]) -> None:
        """Drops facts that a write about these ids may have changed; `what`: `states`, `lists`."""
        if "lists" in what:
            self.members.forget(ids)
        for id in ids:
            if "states" in what:
                self.states.pop(id, None)
            if "lists" in what:
                self.listed.pop(id, None)

    def state(self, owner: str, path: str, value: Json) -> None:
        """Records the value of a setting."""
        if owner in self.states or len(self.states) < MOST:
            self.states.setdefault(owner, {})[path] = value

    def list(self, relation: str, about: str, ids: frozenset[str], whole: bool) -> None:
        """Records a list of a relation. A partial list adds ids. If it names an id that a complete
        list lacked, that list is no longer complete."""
        if about not in self.listed and len(self.listed) >= MOST:
            return
        row = self.listed.setdefault(about, {})
        before, was_whole = row.get(relation, (frozenset[str](), False))
        row[relation] = (ids, True) if whole else (before | ids, was_whole and ids <= before)

    def is_related(self, relation: str, about: str, other: frozenset[str]) -> bool | None:
        """Whether one of these ids is in somebody's list; None if unknown."""
        ids, whole = self.listed.get(about, {}).get(relation, (frozenset(), False))
        if not ids.isdisjoint(other):
            return True
        return False if whole else None

    def inform(
        self, policy: Policy, caller: IdentifiedCaller, owners: Iterable[str]
    ) -> IdentifiedCaller:
        """The caller, with the known facts about these owners."""
        lookups = [each for each in policy.relations.values() if each.kind == "lookup"]
        related: dict[tuple[str, str], bool] = {}
        if self.members and caller.is_known and caller.ids:
            related.update(self.members.of(caller.ids))
        for owner in owners if caller.is_known and caller.ids else ():
            for each in lookups:
                said = self.about(each.name, each.of, owner, caller.ids)
                if said is not None:
                    related[each.name, owner] = said
        states = {
            (owner, path): value
            for owner in owners
            for path, value in self.states.get(owner, {}).items()
        }
        if not related and not states:
            return caller
        return InformedCaller(
            caller.source, caller.ids, caller.claims, caller.unsure, related, states
        )

    def about(self, name: str, of: str, owner: str, ids: frozenset[str]) -> bool | None:
        """Whether one of `ids` has a relation to an owner; `of` says whose list is looked up: the
        `owner`'s, or else the caller's. None if unknown."""
        if of == "owner":
            return self.is_related(name, owner, ids)
        said = [self.is_related(name, id, frozenset((owner,))) for id in sorted(ids)]
        return next((each for each in said if each is not None), None)


def is_whole(
    ask: LookupRequest, place: ListPlace, value: Json, request: Request, headers: Mapping[str, str]
) -> bool:
    """Whether a recorded list is certainly complete, by the same rule as look-ups. `headers`: of
    the response. For a paged list the request must state the page size and no other filter."""
    query = dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True))
    size = query.pop(ask.query.partition("=")[0], "") if ask.query else ""
    if query or (size and not (size.isascii() and size.isdigit() and len(size) < _LONGEST_SIZE)):
        return False
    page = int(size or 0) or (_UNKNOWN_END if ask.page or size else 0)
    return extent(look(replace(place, page=page), value), value, headers) == "whole"

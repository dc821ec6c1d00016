"""Learns owners' settings, and the lists in which relations are looked up, from exchanges.

A fact holds until a write that may have changed it. Each is kept with the request that showed it,
so that a caller with access to the API can ask again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from oakum.authz.complete_lists import ListPlace, place_of
from oakum.authz.member_paths import texts
from oakum.authz.owner_states import digit, said_state
from oakum.exchange import Request
from oakum.exposure.exchanges.caller_identification import IdentifiedCaller
from oakum.exposure.exchanges.sent_values import body_of
from oakum.exposure.exchanges.settings_and_relations import SettingsAndRelations, is_whole
from oakum.exposure.exchanges.tenant_members import member_parameters
from oakum.http.json_pointer import path_of
from oakum.openapi.document import Document
from oakum.openapi.model import Json, Operation
from oakum.policy.model import Policy, Relation
from oakum.routing.caller_and_relation_lookups import LookupRequest
from oakum.routing.judged_contract import JudgedContract
from oakum.routing.paging_parameters import page

_MOST_SOURCES = 1_000


@dataclass(frozen=True)
class CallerRequest:
    """A request with its operation and its caller."""

    operation: Operation
    params: Mapping[str, str]
    caller: IdentifiedCaller
    request: Request = field(repr=False)
    changes: bool = False
    """Whether it may have changed something."""
    begins: bool = False
    """Whether it may be a registration or a login."""


class Learner:
    """Learns settings and relations under one contract. In memory only; holds ids and requests."""

    def __init__(self, compiled: JudgedContract, *, keep: bool = False) -> None:
        """`keep`: keep the requests that are the source of facts, to send them again."""
        self.facts = SettingsAndRelations()
        self._policy, self._model = compiled.policy, compiled.model
        self._lists: dict[str, list[tuple[str, LookupRequest, ListPlace]]] = {}
        for name, (ask, place) in compiled.callers.relations.items():
            self._lists.setdefault(ask.operation, []).append((name, ask, place))
        self._members: dict[str, list[Relation]] = {}
        for relation in compiled.policy.relations.values():
            listing = compiled.document.operation(relation.operation)
            if relation.is_membership and listing is not None:
                self._members.setdefault(listing.id, []).append(relation)
        self._writes = dict(_writes(compiled.document, compiled.policy))
        self._sources: dict[str, dict[tuple[str, str], CallerRequest]] = {}
        self._most = _MOST_SOURCES if keep else 0

    def lists(self, operation: str) -> bool:
        """Whether a relation is looked up in the response of this operation."""
        return operation in self._lists or operation in self._members

    def tenants(self, value: Json) -> frozenset[str]:
        """Tenants that an object names and in whose member lists relations are looked up."""
        relations = (each for named in self._members.values() for each in named)
        return frozenset(id for each in relations for id in texts(value, each.member))

    def write(self, asked: CallerRequest) -> None:
        """Forgets what a successful write may have changed."""
        ids = {*asked.params.values(), *asked.caller.ids, *body_of(asked.request)}
        self.facts.forget(ids, self._writes.get(asked.operation.id, ("states", "lists")))

    def learn_list(self, asked: CallerRequest, value: Json, headers: Mapping[str, str]) -> None:
        """Learns from the successful response of an operation in which a relation is looked up."""
        caller, operation = asked.caller, asked.operation
        for relation in self._members.get(operation.id, ()):
            person, tenant = member_parameters(self._policy, operation)
            counts = tuple(map(path_of, self._model.rule(operation.id).counts))
            ask = LookupRequest(operation.id, (), *page(operation), counts)
            media = operation.success()
            top = media.shape if media is not None else None
            place = place_of(path_of(relation.pointer), top, counts=counts, bound=self._model.bound)
            whole = not person and is_whole(ask, place, value, asked.request, headers)
            at = asked.params.get(tenant, "")
            self.facts.members.learn(relation, value, whole, at, caller.ids)
            for about in caller.ids if relation.of == "caller" else (at,):
                self._keep(about, asked)
        abouts = [*asked.params.values()][:1] or sorted(caller.ids)
        for name, ask, place in self._lists.get(asked.operation.id, ()):
            found = frozenset(texts(value, ".".join(path_of(self._policy.relations[name].pointer))))
            whole = is_whole(ask, place, value, asked.request, headers)
            for about in abouts:
                self.facts.list(name, about, found, whole and about in caller.ids)
                self._keep(about, asked)

    def learn_object(
        self, resource: str, owners: tuple[str, ...], value: Json, asked: CallerRequest
    ) -> None:
        """Learns settings from an object of a successful response."""
        for name, state in self._model.tables[resource].resource.states.items():
            if not state.member or len(owners) != 1:
                continue
            said = said_state(state, value)
            if said is not None and digit(state, said) < len(state.values):
                self.facts.state(owners[0], f"{resource}.{name}", said)
                self._keep(owners[0], asked)

    def sources(self, ids: Iterable[str]) -> list[CallerRequest]:
        """The requests whose responses are the source of the facts about these ids."""
        found = {at: asked for id in ids for at, asked in self._sources.get(id, {}).items()}
        return list(found.values())

    def forget(self, ids: Iterable[str]) -> None:
        """Forgets all that is known about these ids."""
        kept = frozenset(ids)
        self.facts.forget(kept, ("states", "lists"))
        for id in kept:
            self._sources.pop(id, None)

    def _keep(self, id: str, asked: CallerRequest) -> None:
        """Keeps the source of a fact if it is a read, since only a read can be sent again."""
        if asked.request.method != "GET":
            return
        if id in self._sources or len(self._sources) < self._most:
            self._sources.setdefault(id, {})[asked.operation.id, asked.request.url] = asked


def _writes(document: Document, policy: Policy) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(operation, facts that it may change) for operations whose changes the contract declares; any
    other write may change anything."""
    said: list[tuple[str, str]] = [
        (state.switch.operation, "states")
        for resource in policy.resources.values()
        for state in resource.states.values()
        if state.switch is not None
    ]
    for relation in policy.relations.values():
        said += [(step.operation, "lists") for step in (*relation.begin, *relation.end)]
    if not policy.stated:
        said += [(operation.id, "states") for operation in _replacing_operations(document)]
    for name, what in said:
        operation = document.operation(name)
        if operation is not None:
            yield operation.id, (what,)


def _replacing_operations(document: Document) -> Iterator[Operation]:
    """Operations that replace the resource at their own address (RFC 9110, 9.3.4). Under an
    unconfirmed contract they count as changing settings, but no list with an address of its own."""
    read_at = {each.path for each in document.operations if each.method == "GET"}
    for each in document.operations:
        if each.method in ("PUT", "PATCH") and each.path in read_at:
            yield each

"""Members of tenants and their roles, read from the API's member lists.

Any response may prove that an account is on a list. Only a complete list proves that one is not,
unless another response shows it there. A membership that no identity is shown stays unknown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import product

from oakum.authz import ObjectInstance
from oakum.authz.id_spelling import identifier
from oakum.authz.member_paths import texts
from oakum.authz.relations import has_role
from oakum.authz.three_valued_logic import Truth
from oakum.errors import OakumError
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.exchanges.tenant_members import member_parameters
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge
from oakum.http.json_pointer import path_of, value_at, values_at
from oakum.openapi.model import Json
from oakum.policy.model import Policy, Relation
from oakum.scan.identities.relation_lists import json_of, place_in, read_list
from oakum.scan.requests.builder import Ask, FilledRequest, fill

MOST = 100
"""Tenants whose members are asked for."""


@dataclass(frozen=True)
class _ShownMembers:
    """A tenant's members as one identity was shown them."""

    pages: tuple[Json, ...] = ()
    whole: bool = False
    gone: bool = False
    """Whether the API says that the requested account is no member."""


@dataclass
class Memberships:
    """The members of the tenants that objects name, asked for once when a tenant is first met."""

    policy: Policy
    probes: Mapping[str, Probe]
    """Operation → endpoint of every list of members."""
    identities: KnownIdentities
    knowledge: Knowledge
    target: str
    ask: Ask
    accounts: Mapping[str, str]
    """Identity → its id."""
    _met: dict[tuple[str, str], bool] = field(default_factory=dict)
    """(relation, tenant) → whether a response tells of its members. In memory only."""
    _answers: dict[tuple[str, str, str, str], _ShownMembers] = field(default_factory=dict)
    """(identity, operation, tenant, whose row) → answer. In memory only."""

    def learn_own(self) -> None:
        """Learns the tenants that each identity is shown as its own: values of parameters, before
        any object names them."""
        for relation in self._relations():
            probe = self.probes.get(relation.operation)
            if relation.of != "caller" or probe is None or not self._only_reads(probe):
                continue
            for name in self.identities.names():
                if self.identities.is_unknown(name):
                    continue
                rows = [
                    identifier(each)
                    for page in self._own(relation, probe, name).pages
                    for each in values_at(page, path_of(relation.pointer))
                ]
                theirs = dict.fromkeys([each for each in rows if each][:MOST])
                for resource in self._named_by(relation, probe):
                    source = (name, f"{resource}.{relation.member}")
                    self.knowledge.tenants.setdefault(source, {}).update(theirs)

    def meet(self, instances: Iterable[ObjectInstance]) -> bool:
        """Looks up the members of every tenant that these objects name, before they are judged.
        Returns whether a tenant was new."""
        before = len(self._met)
        for each in instances:
            for relation in self._relations():
                for tenant in texts(each.value, relation.member):
                    if (relation.name, tenant) not in self._met and len(self._met) < MOST:
                        told = self._find_members(relation, tenant)
                        self._met[relation.name, tenant] = bool(told)
                        self.identities.enrol(relation.name, tenant, told)
        return len(self._met) > before

    def unread(self) -> Iterator[str]:
        """Reasons to distrust a run that met tenants and was shown the members of none."""
        for relation in self._relations():
            told = [shown for (name, _), shown in self._met.items() if name == relation.name]
            if told and not any(told):
                what = "its tenants" if relation.of == "caller" else "the members of a tenant"
                why = f"showed no identity {what}"
                probe = self.probes.get(relation.operation)
                if probe is not None and not self._only_reads(probe):
                    method = probe.operation.method
                    why = (
                        f"was not asked, as a `{method}` writes unless its rule says `reads: true`"
                    )
                yield (
                    f"`{relation.operation}` {why}: nobody knows who is"
                    f" `{relation.name}`, so what depends on that was not tested"
                )

    def _relations(self) -> Iterator[Relation]:
        return (each for each in self.policy.relations.values() if each.is_membership)

    def _only_reads(self, probe: Probe) -> bool:
        """Whether a list is asked for with GET, or the contract says that it `reads`."""
        rule = self.policy.operations.get(probe.operation.id)
        return probe.operation.method == "GET" or (rule is not None and rule.reads is True)

    def _named_by(self, relation: Relation, probe: Probe) -> Iterator[str]:
        """Resources whose objects name a tenant in this member. A key is that of the tenant itself,
        which its list shows; other resources have keys of the same name."""
        for name, resource in self.policy.resources.items():
            if relation.member != resource.key or name in probe.shows:
                yield name

    def _find_members(self, relation: Relation, tenant: str) -> dict[str, bool]:
        """Identity → whether it is a member in the role; left out if no response tells."""
        probe = self.probes.get(relation.operation)
        if probe is None or not self._only_reads(probe):
            return {}
        names = [name for name in self.identities.names() if not self.identities.is_unknown(name)]
        if relation.of == "caller":
            own = {name: self._own(relation, probe, name) for name in names}
            mine = {name: self._says(relation, {tenant}, each) for name, each in own.items()}
            return {name: here for name, here in mine.items() if here is not None}
        shown = {
            (asking, name): self._shown_members(relation, probe, asking, tenant, name)
            for asking, name in product(names, names)
        }
        ids = self.identities.ids
        said = {pair: self._says(relation, ids[pair[1]], each) for pair, each in shown.items()}
        # A viewer who is shown one member would be shown this one, too.
        readers = {asking for (asking, _), each in said.items() if each is not None}
        found: dict[str, bool] = {}
        for name in names:
            told = [said[asking, name] for asking in names]
            told += [False for asking in readers if shown[asking, name].gone]
            if True in told or False in told:
                found[name] = True in told
        return found

    def _says(self, relation: Relation, ids: Collection[str], shown: _ShownMembers) -> Truth:
        """Whether an answer has a row with one of these ids and the role; None: it does not say."""
        row, at = _parts(path_of(relation.pointer))
        role = path_of(relation.role)[len(row) :]
        said: Truth = False if shown.whole else None
        for page in shown.pages:
            for each in values_at(page, row):
                if identifier(value_at(each, at)) not in ids:
                    continue
                here = not relation.role or has_role(relation, value_at(each, role))
                if here:
                    return True
                said = None if here is None else said
        return said

    def _own(self, relation: Relation, probe: Probe, name: str) -> _ShownMembers:
        """The tenants that an identity is shown as its own; a path parameter is the caller's id."""
        key = (name, f"{relation.operation} {relation.pointer}", "", name)
        if key not in self._answers:
            paths = [each.name for each in probe.operation.parameters if each.where == "path"]
            filled = self._members_request(probe, dict.fromkeys(paths, self.accounts.get(name, "")))
            shown = _ShownMembers()
            if filled is not None:
                with suppress(OakumError):
                    shown = self._list_members(relation, probe, name, filled)
            self._answers[key] = shown
        return self._answers[key]

    def _shown_members(
        self, relation: Relation, probe: Probe, asking: str, tenant: str, name: str
    ) -> _ShownMembers:
        """What an identity is shown of a tenant's members, or of the one of this name."""
        person, where = member_parameters(self.policy, probe.operation)
        key = (asking, f"{relation.operation} {relation.pointer}", tenant, name if person else "")
        if key not in self._answers:
            given = {where: tenant, person: self.accounts.get(name, "")}
            filled = self._members_request(probe, {n: value for n, value in given.items() if n})
            shown = _ShownMembers()
            if filled is not None:
                with suppress(OakumError):
                    if person:
                        shown = self._asked_for(relation, asking, filled, name)
                    else:
                        shown = self._list_members(relation, probe, asking, filled)
            self._answers[key] = shown
        return self._answers[key]

    def _asked_for(
        self, relation: Relation, asking: str, filled: FilledRequest, name: str
    ) -> _ShownMembers:
        """The response about one member: complete for that account if it names it."""
        answer = self.ask(asking, filled.request)
        value = json_of(answer)
        if value is None:
            return _ShownMembers(gone=answer.status == 404)
        there = map(identifier, values_at(value, path_of(relation.pointer)))
        return _ShownMembers((value,), whole=not self.identities.ids[name].isdisjoint(there))

    def _list_members(
        self, relation: Relation, probe: Probe, asking: str, filled: FilledRequest
    ) -> _ShownMembers:
        """The list of all members."""
        pages: list[Json] = []
        names = [each.name for each in probe.operation.parameters if each.where == "query"]
        place = place_in(probe, relation.pointer)
        found = read_list(self.ask, asking, filled.request, names, place, pages)
        return _ShownMembers(tuple(pages), found is not None and found.whole)

    def _members_request(self, probe: Probe, given: Mapping[str, str]) -> FilledRequest | None:
        """The request for the members of one tenant."""
        sources = {name: each for name, each in probe.sources.items() if name not in given}
        names = [name for name in probe.unfilled if name not in given]
        if "" in given.values():
            return None
        return fill(
            replace(
                probe,
                sources=sources,
                personal=probe.personal & sources.keys(),
                unfilled=(*names, *given),
                guessed=tuple(name for name in probe.guessed if name not in given),
                fixed={**probe.fixed, **given},
            ),
            self.target, self.knowledge, None,
        )  # fmt: skip


def _parts(pointer: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The path of a row, and the path within it."""
    end = max((n for n, each in enumerate(pointer, 1) if each == "*"), default=0)
    return pointer[:end], pointer[end:]

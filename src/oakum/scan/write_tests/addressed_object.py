"""The one object that a write names, as its owner is shown it before.

A write may name its object anywhere: in its path, query, headers or body, by one value or by
several. What is put back after a trial is what this very object held. So a view counts only if
nothing in it contradicts the request; without one nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from oakum.authz import Model
from oakum.authz.judgement import ObjectInstance
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.endpoints.request_bodies import body_members
from oakum.exposure.values.knowledge import canonical
from oakum.exposure.values.masks import looks_masked
from oakum.inference.object_version_names import names_version
from oakum.openapi.model import Json
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import FilledRequest, fill
from oakum.scan.requests.bulk_writes import Bulk
from oakum.scan.undo.own_writes import tells_nothing

UNREAD = "no response shows for certain what the object holds that the request names"
_COUNTED = 9
"""Longest number that may count up in each parent, so that it names an object in each of them."""
_VIEWS = 2
"""At how many endpoints the object is looked for."""


def to_one_object(model: Model, probe: Probe, resource: str) -> Probe:
    """The probe of a write that names one object and sets nothing that is not tried: without
    optional parameters and members of the body, unless they alone name the object."""
    key = f"{resource}.{model.policy.resources[resource].key}"
    by_key = {name for name, source in probe.sources.items() if source == key}
    names = by_key or {
        name for name, source in probe.sources.items() if source.partition(".")[0] == resource
    }
    optional = {*_optional(probe)}
    needed = names if names <= optional else frozenset[str]()
    sources = {
        name: source
        for name, source in probe.sources.items()
        if name not in optional or name in needed
    }
    return replace(probe, sources=sources, personal=probe.personal & sources.keys(), batch=False)


def _optional(probe: Probe) -> Iterator[str]:
    declared = {each.name: each for each in probe.operation.parameters}
    members = body_members(probe.operation)
    for name in probe.sources:
        if name in declared:
            yield from () if declared[name].required else (name,)
        elif name in members and not members[name].required:
            yield name


@dataclass(frozen=True)
class OwnersView:
    """What an owner sees of an object of theirs: how it was asked, and the object."""

    probe: Probe
    filled: FilledRequest
    object: Mapping[str, Json]
    answer: Response
    request: FilledRequest
    """The write that names it, without what is to be changed."""


@dataclass
class AddressedObject:
    """The objects of one resource that requests to one operation name."""

    engine: Engine
    probe: Probe
    resource: str
    many: Bulk | None = None
    """Where the body lists objects by key."""
    mute: bool = False
    """Whether the last read of an owner's object failed."""
    unread: bool = False
    """Whether an owner was shown objects of theirs, and not for certain the one named."""

    def view(self, owner: str, *, ours: bool) -> OwnersView | None:
        """The owner's own view of the object: at the path of the write (`/me` beside a public
        profile), else where its `main` or another endpoint shows most of it. `ours`: the run has
        made it."""
        engine, own = self.engine, self.engine.matrix.probes
        self.mute = False
        request = fill(self.probe, engine.target, engine.knowledge, owner)
        if request is None:
            self.mute = True
            return None
        main, path = engine.model.policy.resources[self.resource].main, self.probe.operation.path
        endpoints = [
            (own[at].operation.path == path, at == main, len(fields), at)
            for (at, who, resource), fields in engine.matrix.own.items()
            if (who, resource) == (owner, self.resource) and at in own and not own[at].batch
        ]
        shown = False
        for *_, endpoint in sorted(endpoints, reverse=True)[:_VIEWS]:
            probe = own[endpoint]
            filled = fill(probe, engine.target, engine.knowledge, owner if probe.personal else None)
            if filled is None:
                continue
            answer = engine.send(probe, owner, filled)
            self.mute |= tells_nothing(answer)
            judged = engine.judge_response(probe, owner, [owner], filled, answer)
            mine = [
                each
                for each in judged.instances
                if each.resource == self.resource and isinstance(each.value, dict)
                if engine.identities.ids[owner] & set(each.owners)
            ]
            shown = shown or bool(mine)
            view = OwnersView(probe, filled, {}, answer, request)
            found = [e for e in mine if self._is_named(owner, e, mine, view, ours=ours)]
            if found and _is_one(found):
                whole = max(found, key=lambda each: len(each.value))
                if ours:  # lets the object be recognised in responses to others
                    engine.knowledge.learn_own(owner, whole)
                return replace(view, object=whole.value)
        self.unread |= shown
        return None

    def is_cut(self, owner: str, shown: Mapping[str, Json], name: str) -> bool:
        """Whether the shown value of a member may be a mask, or the beginning of a longer text."""
        value, key = shown[name], self.engine.model.policy.resources[self.resource].key
        place = owner, self.resource, canonical(shown.get(key)) if key else "", name
        faces = {*self.engine.knowledge.faces.get(place, {}).values()}
        ends = isinstance(value, str) and value.endswith(("...", "…"))
        return ends or looks_masked(value) or len(faces) > 1

    def _is_named(
        self,
        owner: str,
        shown: ObjectInstance,
        mine: Sequence[ObjectInstance],
        view: OwnersView,
        *,
        ours: bool,
    ) -> bool:
        """Whether a shown object is the one that the request names: by its key or by other members
        of it, else it has to be the owner's only one."""
        engine = self.engine
        key = engine.model.policy.resources[self.resource].key
        objects = engine.knowledge.objects.get((owner, self.resource), ())
        row, request = _row(shown), view.request
        if self.many:  # by key: the first known object is the one that is written
            first = next((each[key] for each in objects if key in each), "")
            return row.get(key) == first
        named = {
            source.partition(".")[2]: request.named[name]
            for name, source in self.probe.sources.items()
            if source.partition(".")[0] == self.resource and name in request.named
            if not names_version(name)  # it is that of another moment
        }
        if named:
            if any(row.get(at, each[0]) != each[0] for at, each in named.items()):
                return False
            if not row.keys() & ({key} if key in named else named.keys()):
                return False
        elif (key and len({each.get(key) for each in objects}) > 1) or (
            not key and len({*map(_text, mine)}) > 1
        ):
            return False
        return all(
            self._fits(name, owner, shown, view, ours=ours)
            for name, source in self.probe.sources.items()
            if source.partition(".")[0] != self.resource and name in request.named
        )

    def _fits(
        self,
        name: str,
        owner: str,
        shown: ObjectInstance,
        view: OwnersView,
        *,
        ours: bool,
    ) -> bool:
        """Whether the object stands where another parameter of the request says: a card on its
        board. A number may name one on each."""
        source, value = self.probe.sources[name], view.request.named[name][0]
        if name in shown.value and name not in {p.name for p in self.probe.operation.parameters}:
            return True  # the body repeats what the object holds
        row, key = _row(shown), self.engine.model.policy.resources[self.resource].key
        if told := self.engine.knowledge.named_in(row, source):
            return told == value
        there = [
            view.filled.named[each]
            for each, at in view.probe.sources.items()
            if at == source and each in view.filled.named
        ]
        if there or ours or value in self.engine.identities.ids[owner]:
            return not there or (value,) in there
        return not _may_count(row.get(key, ""))


def _row(shown: ObjectInstance) -> dict[str, str]:
    """The single values of an object, as texts."""
    leaves = {each.path: each.value for each in shown.leaves if "*" not in each.path}
    values = {**leaves, **shown.value}.items()
    return {at: canonical(v) for at, v in values if not isinstance(v, dict | list | None)}


def _text(shown: ObjectInstance) -> str:
    return str(sorted(_row(shown).items()))


def _may_count(key: str) -> bool:
    return key.isdecimal() and len(key) <= _COUNTED


def _is_one(found: Sequence[ObjectInstance]) -> bool:
    """Whether objects that a response shows may be the same one: no member of them differs."""
    held: dict[str, set[str]] = {}
    for each in found:
        for at, text in _row(each).items():
            held.setdefault(at, set()).add(text)
    return all(len(texts) == 1 for texts in held.values())

"""The object of the caller that a write may change in place of the one that it names.

An API may take the object from the login and not from the id. Such a write tells nothing of others'
objects, and puts what it sends into the caller's own: an account whose e-mail address was another's
for an instant has to be verified again. So what an endpoint that ignores its id shows is not
written to as another, and neither is the only object of a caller replaced where no response shows
that the id selects. Where a write has changed the caller's own after all, it is the last one there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.exchange import Response, json_bytes
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.values.knowledge import canonical, objects_of
from oakum.inference.unsafe_writes import moves_by_itself
from oakum.openapi.model import Json
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import fill
from oakum.scan.requests.write_body import WriteBody
from oakum.scan.undo.compared_members import extract
from oakum.scan.undo.entries import CreatedObject, Undo
from oakum.scan.undo.own_writes import parse_objects, with_key
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.write_tests.addressed_object import OwnersView
from oakum.scan.write_tests.created_objects import Maker

IGNORES = "it ignores its id: whatever object a request names, the caller's own is written"
UNSURE = "no response shows that its id selects the object, so it may replace the caller's own"
UNSURE_REMOVAL = (
    "no response shows that its id selects the object, so it may remove the caller's own"
)
_BY_ID = (403, 404, 410)
"""Statuses that refuse what the id names, or hide it."""


def ignores_ids(engine: Engine, path: str) -> bool:
    """Whether an endpoint at this path took the caller's own object for the one of another id."""
    responses = engine.responses
    return path in responses.writing_own or any(
        each.operation.path == path and each.id in responses.ignoring
        for each in engine.state.probes
    )


def why_not_removed(maker: Maker, made: CreatedObject, viewer: str | None) -> str:
    """Why a caller is not let remove an object that the run has made; empty if they are. Where each
    account may have but one, the request could remove theirs, which nothing brings back."""
    engine, remove = maker.engine, maker.creation.remove
    resource, path = maker.creation.resource, remove.operation.path
    if viewer is None:
        return ""
    if ignores_ids(engine, path):
        return IGNORES
    own, theirs = (
        {
            row[made.key]
            for row in engine.knowledge.objects.get((who, resource), ())
            if made.key in row
        }
        for who in (viewer, maker.owner)
    )
    if len(own) != 1 or theirs - {made.known}:
        return ""
    with maker.as_own(made):
        for each in engine.state.probes:
            if each.operation.method != "GET" or each.operation.path != path or each.how:
                continue
            filled = fill(each, engine.target, engine.knowledge, maker.owner)
            answer = engine.send(each, viewer, filled) if filled is not None else None
            if answer is not None and _is_of(answer, made):
                return ""
    return UNSURE_REMOVAL


def _is_of(answer: Response, made: CreatedObject) -> bool:
    """Whether a response refuses an object, or shows it."""
    if not answer.ok:
        return answer.status in _BY_ID
    return bool([*with_key(parse_objects(answer)[0], made.key, made.known)])


@dataclass
class IdsInWrites:
    """What is known of each path: whether the id in it selects the object."""

    engine: Engine
    reads: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    """(path, caller) → whether a response to the id of another was of that id; None: it does not
    say."""
    selecting: set[str] = field(default_factory=set)
    """Paths where a write by another than the owner left the writer's own object as it was, and was
    refused or took effect."""

    def why_not(self, probe: Probe, owner: str, own: CallersOwn, *, ours: bool) -> str:
        """Why a caller does not write to an object of `owner`; empty if they do. `ours`: the object
        is one of several that an account can have."""
        path = probe.operation.path
        if ignores_ids(self.engine, path):
            return IGNORES
        if own.is_same(own.theirs) if own.view is not None else not own.keys:
            return ""
        selects = self._read(probe, own.viewer, owner, own)
        if selects is False:
            self.engine.responses.writing_own.add(path)
            return IGNORES
        if selects or ours or path in self.selecting or not own.is_only:
            return ""
        # What its caller is not shown could not be put back.
        loses = own.beside if own.view is not None else own.sent.keys() > own.changes.keys()
        return UNSURE if loses else ""

    def _read(self, probe: Probe, viewer: str, owner: str, own: CallersOwn) -> bool | None:
        """Whether a read at the path of the write shows that the id selects the object."""
        path, engine = probe.operation.path, self.engine
        if (path, viewer) not in self.reads:
            self.reads[path, viewer] = None
            for each in engine.state.probes:
                if each.operation.method != "GET" or each.operation.path != path or each.how:
                    continue
                filled = fill(each, engine.target, engine.knowledge, owner)
                if filled is not None and probe.personal & each.personal:
                    self.reads[path, viewer] = own.selected_by(engine.send(each, viewer, filled))
                    break
        return self.reads[path, viewer]

    def put_back(
        self, log: UndoLog, probe: Probe, own: CallersOwn, entry: Undo, status: int, *, took: bool
    ) -> bool:
        """Whether a write to the object of another changed the writer's own, which is restored.
        `status`: with which it was answered; `took`: whether it changed the one that it names."""
        log.undo(entry)
        if not (changed := log.was_changed(entry)):
            self.selecting |= {probe.operation.path} if took or status in _BY_ID else set()
            return changed
        self.engine.responses.writing_own.add(probe.operation.path)
        listed = ", ".join(f"`{name}`" for name in (*own.changes, *own.beside))
        self.engine.results.remark(
            f"{probe.endpoint.method} {probe.endpoint.path} as {own.viewer} named another's"
            f" `{own.resource}` and changed their own ({listed}): what these held was written"
            f" back; what a change of them sets off, such as a new verification, was not undone"
        )
        return changed


@dataclass(frozen=True)
class CallersOwn:
    """The caller's own object, and the one of the owner that a write names."""

    engine: Engine
    resource: str
    viewer: str
    view: OwnersView | None
    """How the caller sees their own; None: they are shown none."""
    theirs: Mapping[str, Json]
    """How its owner sees the named one."""
    sent: Mapping[str, Json]
    """What the write sets of it."""
    changes: Mapping[str, Json]
    """What of this is to be changed."""

    @property
    def shown(self) -> Mapping[str, Json]:
        """What the caller's own holds; empty if they are shown none."""
        return self.view.object if self.view is not None else {}

    @property
    def keys(self) -> set[str]:
        """Keys of the caller's known objects; without a key, one word stands for all."""
        rows = self.engine.knowledge.objects.get((self.viewer, self.resource), ())
        return {row.get(self._key, "") for row in rows}

    @property
    def is_only(self) -> bool:
        """Whether the caller is known to have no other one."""
        return len(self.keys - {""}) <= 1

    @property
    def beside(self) -> tuple[str, ...]:
        """Members of the caller's own that the write would change beside those that are tried."""
        key, own = self._key, self.shown
        return tuple(
            name
            for name, value in self.sent.items()
            if name != key and name not in self.changes and not moves_by_itself(name, value)
            if name in own and own[name] != value
        )  # fmt: skip

    @property
    def _key(self) -> str:
        return self.engine.model.policy.resources[self.resource].key

    def is_same(self, row: Mapping[str, Json]) -> bool:
        """Whether the caller's own is this object, too."""
        own, key = self.shown, self._key
        if key and key in own and key in row:
            return canonical(own[key]) == canonical(row[key])
        return own == row

    def selected_by(self, answer: Response) -> bool | None:
        """Whether a response to the id of the owner's object shows that one or refuses it, and not
        the caller's own; None: it does not say."""
        if not answer.ok:
            return True if answer.status in _BY_ID else None
        own = self.shown
        differ = {n for n in own.keys() & self.theirs.keys() if own[n] != self.theirs[n]}
        for row in objects_of(parse_objects(answer)[0]):
            told = {name for name in differ & row.keys() if not isinstance(row[name], dict | list)}
            if told and all(row[name] == self.theirs[name] for name in told):
                return True
            if told and all(row[name] == own[name] for name in told):
                return False
        return None

    def undo(self, probe: Probe, body: WriteBody) -> Undo | None:
        """The undo entry for the caller's own object; None if they have none that the write could
        change."""
        view, viewer, engine = self.view, self.viewer, self.engine
        names = (*self.changes, *self.beside)
        held = {name: self.shown[name] for name in names if name in self.shown}
        if view is None or not held:
            return None
        how = f"{probe.endpoint.method} {probe.endpoint.path}"
        answer = engine.send(view.probe, viewer, view.filled)
        filled, members = view.request, tuple(held)
        return Undo(
            f"`{self.resource}` of {viewer} by {how} ({', '.join(members)})",
            ((viewer, body.request(filled, view.object, held)),),
            (viewer, view.filled.request),
            extract(answer, members),
            members,
            f"{how} as {viewer}",
            json_bytes({name: self.sent[name] for name in members}).decode(),
            "",
            *body.version_reader(viewer, filled, view.object),
            body.content(filled, view.object, held),
            body.beside(filled, view.object, held),
            versions=body.versions,
        )

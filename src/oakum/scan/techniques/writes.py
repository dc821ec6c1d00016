"""Writes by callers to whom the contract grants none (P12, P2).

Three tests, each with one object of an identity (one that the run created, where it can), one
unique value, and both sides read back: whether owners can set members that nobody may set (mass
assignment, CWE-915), whether strangers can change another user's object, and whether anybody can
use a staff function. A response proves nothing: a `204` may have changed the caller's own object,
and an echo is common. Only the owner's own view afterwards counts; then the value is restored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from oakum.authz.decide import through
from oakum.authz.table import allows_member
from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.leak_signal import Signal
from oakum.exposure.values.knowledge import canonical, objects_of
from oakum.finding import Endpoint, Evidence
from oakum.inference.unsafe_writes import ends, life_cycle, moves_by_itself, sets_off
from oakum.openapi.model import Json
from oakum.scan.coverage.untested import Section
from oakum.scan.coverage.untested_members import why_left_out
from oakum.scan.engine import Engine, Kind
from oakum.scan.evaluation.object_relations import relations_given, relations_to
from oakum.scan.requests.builder import FilledRequest, curl, fill, with_body
from oakum.scan.requests.bulk_writes import bulk
from oakum.scan.requests.replacement_values import held_elsewhere, other_value, shape_of, taken_by
from oakum.scan.requests.write_body import WriteBody
from oakum.scan.technique import Line, Prospect
from oakum.scan.undo.compared_members import EMPTY, emptied_members, extract, is_same
from oakum.scan.undo.entries import Undo
from oakum.scan.undo.own_writes import set_beside, taken_over
from oakum.scan.undo.refused_writes import says_refused
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.undo.write_versions import send_on, send_trial
from oakum.scan.write_tests.addressed_object import UNREAD, AddressedObject, OwnersView
from oakum.scan.write_tests.callers_own_object import IGNORES, CallersOwn, IdsInWrites, ignores_ids
from oakum.scan.write_tests.created_objects import AsOwn
from oakum.scan.write_tests.objects_given_to_others import hand_over
from oakum.scan.write_tests.parents_shown_to_caller import ParentObjects
from oakum.scan.write_tests.writable_objects import WritableObjects
from oakum.scan.write_tests.write_control import LabelsTried, WriteControl, WriteOutcome
from oakum.scan.write_tests.writing_endpoints import bulk_left_out, writing_endpoints

HOW = "write"
RULES: frozenset[str] = frozenset({"bola-write", "mass-assignment"})
OPENS_WAYS = False

_MOST = 12
"""How many members are tried at one endpoint."""
_READS = 2
"""In how many further reads an object must be missing."""


def run(engine: Engine) -> None:
    """Runs only if writes are allowed."""
    if not engine.context.may.writes or engine.context.undo_log is None:
        return
    engine.say("attempting forbidden writes, and undoing them")
    workshop = WritableObjects(engine, engine.context.undo_log)
    log, params = engine.context.undo_log, engine.context.params
    # A PATCH sets one member, and its outcome says whether a PUT may replace all of them.
    found = sorted(writing_endpoints(engine.model, params), key=_replaces_whole)
    ids = IdsInWrites(engine)
    every = [_Endpoint(engine, log, *each, workshop, ids) for each in found]
    try:
        for each in every:
            each.run()
    finally:
        workshop.close()
    for each in every:  # by now it is known whether what is made can be removed
        hand_over(engine, log, each.probe, each.resource, each.untried)
    engine.results.gaps.add(*bulk_left_out(engine.model))
    engine.context.undo_log.why_existing |= workshop.why_none


def foresee(prospect: Prospect) -> Iterator[Line]:
    """Every operation that may be sent a changed member."""
    if not prospect.may.writes:
        return
    for probe, resource in writing_endpoints(prospect.model, {}):
        yield {
            "as": "an owner, then others, on an object of the run or else of an identity",
            "request": f"{probe.endpoint.method} {probe.endpoint.path}",
            "why": f"members of `{resource}` that they may not set, restored afterwards",
        }


def _replaces_whole(found: tuple[Probe, str]) -> bool:
    return found[0].operation.method == "PUT"


@dataclass
class _Endpoint:
    """One writing operation on objects of one resource."""

    engine: Engine
    undo_log: UndoLog
    probe: Probe
    resource: str
    workshop: WritableObjects
    ids: IdsInWrites

    ours: bool = False
    """Whether the object that is written to was made by the run."""
    of: str = ""
    """Name of the creation that made the object."""
    steady: dict[str, Json] = field(default_factory=dict)
    """Members of the object that was written last, as they were in two reads before that."""
    beside: set[str] = field(default_factory=set)
    """Members of the requests that were sent to it."""
    status: int = 0
    """Status of the response to the last write; 0: none was sent."""
    untried: dict[str, str] = field(default_factory=dict)
    """Members that the contract lets nobody set and that were not tried → why."""
    emptied: bool = False
    """Whether a write emptied members that it did not send; then no further one is sent."""
    tells: bool = True
    """Whether an effect is a finding, and not a control."""
    stuck: bool = False
    """Whether a write could not be undone; then no further one is sent."""
    hidden: set[str | None] = field(default_factory=set)
    """Viewers who were refused, and may not see the parent of the object."""

    def __post_init__(self) -> None:
        self.many = bulk(self.engine.model, self.probe.operation)
        self.addressed = AddressedObject(self.engine, self.probe, self.resource, self.many)
        self.parents = ParentObjects(self.engine, self.probe)
        self.control = WriteControl(self.engine, self.probe)
        self.labels = LabelsTried(self.engine, self.probe, self.resource)
        self.body = WriteBody(self.engine.model, self.probe, self.resource, self.many)

    def run(self) -> None:
        """Tests one owner with each kind of viewer, and further owners for remaining kinds."""
        engine, done = self.engine, set[Kind]()
        for owner in engine.identities.subjects():
            viewers: dict[Kind, str | None] = {}
            others = engine.watchers(owner) if self.probe.personal or self.many else ()
            for viewer in (owner, *others):
                viewers.setdefault(engine.kind(viewer, owner), viewer)
            todo = {kind: each for kind, each in viewers.items() if kind not in done}
            filled = fill(self.probe, engine.target, engine.knowledge, owner) if todo else None
            if filled is not None:
                done |= self._try_each(owner, todo)
        self.labels.tell()
        lacks = [f"it requires `{name}`, and no value is known" for name in self.body.gaps]
        if self.many and self.probe.operation.id not in engine.requests.called:
            lacks.append("no identity has an object there that could be restored")
        elif self.addressed.unread and not done:
            lacks.append(UNREAD)
        for why in lacks:
            engine.results.note_gap(self.probe.endpoint, f"not written to: {why}", Section.WRITES)

    def _try_each(self, owner: str, todo: Mapping[Kind, str | None]) -> set[Kind]:
        """Try a viewer of each kind on an object of the run's own, else on one that was there
        before; the kinds that were tried."""
        self.hidden.clear()
        self.ours, view = False, self._view(owner)
        if view is not None and not self._has_changes(owner, todo, view):
            self._leave(owner, todo.values(), view)
            return set()  # nothing would be sent, so no object is created for it
        made = self._made_for(owner)
        self.ours = made is not None
        with made or nullcontext():
            view = self._view(owner) if made is not None else view
        if view is None and made is not None:
            self.workshop.why_none.setdefault(self.resource, "no endpoint shows the created object")
            self.ours, made, view = False, None, self._view(owner)
        self.of = made.made if made is not None else ""
        if view is None or self._loses(owner, view):
            return set()
        with made or nullcontext():
            tried = {
                kind
                for kind, viewer in todo.items()
                if self._try(owner, viewer, view, declared=viewer != owner)
            }
            self._compare(owner, view)
            self._tell_moved(owner)
        for kind in tried & todo.keys():
            held = self._held_relations(todo[kind], owner, view)
            self.labels.add(owner, todo[kind], held, kind.given)
        for viewer in [each for each in todo.values() if each in self.hidden]:
            if not self._is_tried_below_shown(owner, viewer):
                self.parents.name(viewer, owner)
        return tried

    def _is_tried_below_shown(self, owner: str, viewer: str | None) -> bool:
        """Whether a viewer could be tried on an object below a parent that they are shown: one of
        the run's own; where it can make none, one that was there before."""
        for parent in self.parents.common_parents(viewer, owner) if self.ours else ():
            with parent:
                made = self.workshop.another(owner, self.resource)
                if made is not None and self._is_tried_on(made, owner, viewer):
                    return True
        rows = self.engine.knowledge.objects.get((owner, self.resource), ())
        for row in () if self.ours else tuple(rows):
            own = AsOwn(self.engine, owner, self.resource, row)
            if self._is_tried_on(own, owner, viewer):
                return True
        return False

    def _is_tried_on(self, own: AsOwn, owner: str, viewer: str | None) -> bool:
        self.of = own.made
        with own:
            filled = fill(self.probe, self.engine.target, self.engine.knowledge, owner)
            if filled is None or self.parents.hides(viewer, filled.request):
                return False
            view = self._view(owner)
            if view is None or self._loses(owner, view):
                return False
            self.hidden.discard(viewer)
            tried = self._try(owner, viewer, view, declared=True)
            self._compare(owner, view)
            self._tell_moved(owner)
            if tried:
                self.labels.add(owner, viewer, self._held_relations(viewer, owner, view))
        return tried and viewer not in self.hidden

    def _held_relations(self, viewer: str | None, owner: str, view: OwnersView) -> frozenset[str]:
        of = self.engine.model, self.engine.identities, self.resource, view.object, viewer
        return relations_to(*of, owner)

    def _has_changes(self, owner: str, todo: Mapping[Kind, str | None], view: OwnersView) -> bool:
        """Whether a write would be sent, to an object of the run if one can be created."""
        self.ours, viewers = self.workshop.may_make(self.probe, self.resource), todo.values()
        found = any(
            True for v in viewers for _ in self._changes(owner, v, view, declared=v != owner)
        )
        self.ours = False
        return found

    def _made_for(self, owner: str) -> AsOwn | None:
        """An object created by the run, if the request names the object that it writes."""
        key = self.engine.model.policy.resources[self.resource].key
        if self.many or (key and f"{self.resource}.{key}" in self.probe.sources.values()):
            return self.workshop.of(owner, self.resource)
        why = "the request does not name its object by key"
        self.workshop.why_none.setdefault(self.resource, why)
        return None

    def _loses(self, owner: str, view: OwnersView) -> bool:
        """Whether the object could not be restored after a write."""
        if why := self.body.why_lost(
            owner, view.object, self.engine.knowledge.faces, ours=self.ours
        ):
            self.engine.results.remark(
                f"{self.probe.endpoint.method} {self.probe.endpoint.path} was not tried on objects"
                f" of {owner}: {why}"
            )
        return bool(why)

    def _try(self, owner: str, viewer: str | None, view: OwnersView, *, declared: bool) -> bool:
        """Sends all changes that `viewer` may not make in one request, and one by one if the API
        refuses the content and not the caller. Returns whether anything was sent."""
        changes = dict(self._changes(owner, viewer, view, declared=declared))
        if not changes:
            self._leave(owner, [viewer], view)
            return False
        self.status, why, took = 0, "an earlier write there could not be undone", False
        if not (self.emptied or self.stuck):
            took = self._write_all(owner, viewer, view, changes)
            why = "its owner is not shown again what would be changed, or it varies by itself"
        if not self.status:
            self.labels.leave(owner, viewer, self._held_relations(viewer, owner, view), why)
            return False
        self.engine.results.sent.add("mass-assignment" if viewer == owner else "bola-write")
        if viewer not in (None, owner) and ignores_ids(self.engine, self.probe.operation.path):
            held = self._held_relations(viewer, owner, view)
            self.labels.leave_unseen(owner, viewer, held, IGNORES)
            return False
        if viewer != owner and viewer not in self.hidden:
            self.control.tried[viewer] = WriteOutcome(self.status, took)
        return True

    def _leave(self, owner: str, viewers: Iterable[str | None], view: OwnersView) -> None:
        """Names strangers as whom nothing is sent, unless they may set all but key and owner."""
        of = self.engine.model.policy.resources[self.resource]
        names = view.object.keys() & self.body.shape.properties.keys() - {of.key, *of.owner.members}
        why = "none of the members that they may not set could be tried"
        for viewer in (each for each in viewers if each != owner):
            if not all(self._may_set(name, viewer, owner, view) for name in names):
                self.labels.leave(owner, viewer, self._held_relations(viewer, owner, view), why)

    def _write_all(
        self, owner: str, viewer: str | None, view: OwnersView, changes: Mapping[str, Json]
    ) -> bool:
        """Whether any of the changes took effect."""
        self.status = 0
        took = self._write(owner, viewer, view, changes)
        whoever = self.status in (401, 404, 405) or (self.status == 403 and viewer != owner)
        found = [took]
        if took is None and len(changes) > 1 and not whoever:
            for name, value in changes.items():
                if not self.stuck:
                    found.append(self._write(owner, viewer, view, {name: value}))
        return True in found

    def _compare(self, owner: str, view: OwnersView) -> None:
        """Writes as the owner what strangers wrote without effect; only to objects of the run."""
        left, own = self.control.unsure(), None
        wanted = {
            name: value
            for viewer in left if self.ours and not (self.stuck or self.emptied)
            for name, value in self._changes(owner, viewer, view, declared=True)
            if self._may_set(name, owner, owner, view)
        }  # fmt: skip
        if wanted:
            self.tells = False
            took = self._write_all(owner, owner, view, wanted)
            self.tells = True
            own = WriteOutcome(self.status, took) if self.status else None
        self.control.tell(owner, own, compared=bool(wanted))

    def _tell_moved(self, owner: str) -> None:
        """Name what the API itself has set at a write, such as a time of change: it stays so in an
        object that the run does not remove."""
        last = self._view(owner) if self.steady and not self.ours else None
        moved = [
            name if self.engine.evaluator.may_write(name) else "‹key›"
            for name, value in self.steady.items()
            if last is not None and last.object.get(name) != value
        ]
        sent = [n for n in moved if n in self.beside and not moves_by_itself(n, self.steady[n])]
        self.steady, self.beside = {}, set()
        how = f"{self.probe.endpoint.method} {self.probe.endpoint.path}"
        of = f"`{self.resource}` of {owner}: "
        if alone := [name for name in moved if name not in sent]:
            self.undo_log.name_moved(alone, how, of)
        if sent:
            listed = ", ".join(f"`{name}`" for name in sorted(sent))
            self.undo_log.unsure.append(set_beside(of, listed, how))

    def _changes(
        self, owner: str, viewer: str | None, view: OwnersView, *, declared: bool
    ) -> Iterator[tuple[str, Json]]:
        """Members that this caller may not set, each with another value than it has."""
        shape = self.body.shape
        known = self.engine.model.policy.resources[self.resource]
        states = {state.member for state in known.states.values()}
        relations = self.engine.model.policy.relations.values()
        named = {each.member.partition(".")[0] for each in relations}
        found = 0
        for name, value in view.object.items():
            each = shape_of(self.engine.model, self.resource, name)
            if not self.engine.evaluator.may_write(name):
                continue
            if (declared and name not in shape.properties) or self._may_set(
                name, viewer, owner, view
            ):
                continue
            why = why_left_out(known, name, each, value)
            if self.ours and value in EMPTY:
                value = held_elsewhere(self.engine.knowledge, owner, (self.resource, name), each)
            taken = taken_by(shape, (name,), each)
            other = other_value(name, value, taken, far=moves_by_itself(name, value))
            if not why and name in states:
                why = "it is a setting, and another value may open or close the object"
            if not why and (life_cycle(name, taken) or (other is not None and ends(name, other))):
                why = "it may end or lock the object, or take back what only staff can give"
            if not why and not self.ours and sets_off(name, each, value):
                why = "another value may have effects, and the object is not one that the run made"
            if not why and name in named:
                why = "a relation depends on it"
            if not why and not self.ours and self.addressed.is_cut(owner, view.object, name):
                why = "its owner may not be shown the whole value, so it could not be restored"
            if not why and other is None:
                why = "no other value is known for it"
            if not why and found >= _MOST:
                why = f"at most {_MOST} are tried at once"
            if why:
                self.untried.setdefault(name, why)
                continue
            found += 1
            yield name, other

    def _may_set(self, name: str, viewer: str | None, owner: str, view: OwnersView) -> bool:
        engine, held = self.engine, self._held_relations(viewer, owner, view)
        of = engine.model, engine.identities, self.resource, view.object, viewer
        held |= relations_given(*of)
        if not through(engine.model, self.probe.operation.id, held, viewer is not None):
            return False
        table = engine.model.settable[self.resource]
        state = engine.matrix.state(self.resource, owner)
        return allows_member(table, name, held, state)

    def _write(
        self, owner: str, viewer: str | None, view: OwnersView, changes: Mapping[str, Json]
    ) -> bool | None:
        """Send, read back, put back, read again. None: the API refused it and nothing changed."""
        engine = self.engine
        again = self._view(owner)
        if again is None:
            return False
        filled, given = again.request, changes
        changes = {  # a value that changes by itself would look like a write
            name: value
            for name, value in given.items()
            if again.object.get(name) == view.object[name]
        }
        for name in given.keys() - changes.keys():
            self.untried.setdefault(name, "it varies by itself")
        if not changes:
            return False
        beside = self._callers_own(viewer, owner, again, changes)
        if beside and (why := self.ids.why_not(self.probe, owner, beside, ours=self.ours)):
            held = self._held_relations(viewer, owner, view)
            self.labels.leave(owner, viewer, held, why)
            return False
        if not self.steady:
            self.steady = {n: v for n, v in again.object.items() if view.object.get(n) == v}
        # The undo log checks the members that are sent.
        self.steady = {name: value for name, value in self.steady.items() if name not in changes}
        forth = self.body.request(filled, again.object, changes, ours=self.ours)
        undo = self._undo(owner, viewer, filled, again, changes)
        self.beside |= {name for each in objects_of(undo.content) for name in each}
        own = beside.undo(self.probe, self.body) if beside else None
        theirs = beside.shown if beside else {}
        self.undo_log.enter(undo)
        self.undo_log.record_sent(undo)
        if own is not None:
            self.undo_log.enter(own)
        if own is not None and not self.ours:  # otherwise a later read tells whether it was changed
            self.undo_log.record_sent(own)
        answer = self._send(viewer, owner, replace(filled, request=forth), undo)
        self._record_answer(answer, view, owner, (undo, again.object), (own, theirs))
        self.status = answer.status
        after = self._view(owner)
        stuck = taken_over(again.object, after.object if after is not None else {}, changes)
        key = engine.model.policy.resources[self.resource].key
        if after is None and viewer != owner and key and self._is_lost(owner):
            stuck = [key]  # the owner no longer has it: the writer took it over
        if after is None and not stuck and answer.status < 400:
            self.labels.leave_unseen(owner, viewer, self._held_relations(viewer, owner, view))
        undone = self.undo_log.undo(undo)
        self.stuck = self.stuck or not undone
        if self.probe.operation.method == "PUT":
            self._give_back(owner, again, filled)
        if own is not None and beside is not None:
            of = self.undo_log, self.probe, beside, own
            if self.ids.put_back(*of, answer.status, took=bool(stuck)) and self.ours:
                self.workshop.remove_copy(owner, self.resource, beside.viewer, changes)
        for name in stuck if self.tells else ():
            self._tell(name, owner, viewer, view, filled, answer, sure=undone)
        return bool(stuck) or (None if answer.status >= 400 else False)

    def _undo(
        self,
        owner: str,
        viewer: str | None,
        filled: FilledRequest,
        shown: OwnersView,
        changes: Mapping[str, Json],
    ) -> Undo:
        """The undo entry for these changes of the object."""
        names, how = tuple(changes), f"{self.probe.endpoint.method} {self.probe.endpoint.path}"
        before = {name: shown.object[name] for name in changes}
        back = self.body.request(filled, shown.object, before, ours=self.ours)
        return Undo(
            f"`{self.resource}` of {owner} by {how} as {viewer or 'nobody'} ({', '.join(names)})",
            ((viewer, back), (owner, back)),
            (owner, shown.filled.request),
            extract(shown.answer, names),
            names,
            f"{how} as {owner}",
            json_bytes(dict(changes)).decode(),
            "",
            *self.body.version_reader(owner, filled, shown.object),
            self.body.content(filled, shown.object, before, ours=self.ours),
            self.body.beside(filled, shown.object, before),
            self.of,
            self.body.versions,
        )

    def _send(self, viewer: str | None, owner: str, asked: FilledRequest, undo: Undo) -> Response:
        """The response to a write; after a refusal of the parent it is sent below another one."""
        engine = self.engine

        def send(request: Request) -> Response:
            return engine.send(self.probe, viewer, replace(asked, request=request))

        def look() -> Response:
            return engine.context.ask(*(undo.look or undo.check))

        answer = send_trial(send, asked.request, look, undo, engine.context.told_once)
        if viewer == owner or not self.parents.may_refuse(viewer, asked.request, answer.status):
            return answer
        below = self.parents.below_own(viewer, owner, asked.request) if self.ours else None
        if below is not None:
            answer = engine.send(self.probe, viewer, replace(asked, request=below))
        if answer.status >= 400 and not (below and self.parents.are_private(viewer, owner)):
            self.hidden.add(viewer)
        return answer

    def _record_answer(
        self,
        answer: Response,
        view: OwnersView,
        owner: str,
        *written: tuple[Undo | None, Mapping[str, Json]],
    ) -> None:
        """What an answer says of the writes: refused, or the objects were written to. `written`:
        the entry of the object that the request names, and that of the caller's own; with each
        what the object held before."""
        for each, before in written:
            if each is None:
                continue
            if self._is_refused(each, before, answer):
                self.undo_log.record_refused(each)
            elif not self.ours or (each is not written[0][0] and self._is_changed(each)):
                self.undo_log.existing.add(self._object_key(each.check[0] or "", view, owner))

    def _is_refused(self, undo: Undo, before: Mapping[str, Json], answer: Response) -> bool:
        known = self.engine.model.policy.resources[self.resource]
        names = {known.key, *(known.owner.members if known.owner.kind == "field" else ())}
        this = {name: before[name] for name in names & before.keys()}
        held = {name: before[name] for name in undo.members}
        shows = self.resource in self.probe.shows
        return says_refused(answer, known.key, this, held, shows=shows)

    def _is_changed(self, own: Undo) -> bool:
        now = extract(self.engine.context.ask(*own.check), own.members)
        return not is_same(own.before, now)

    def _object_key(self, whose: str, view: OwnersView, owner: str) -> tuple[str, str, str]:
        """Identifies the object that was written to; values stay in memory."""
        key = self.engine.model.policy.resources[self.resource].key
        known = canonical(view.object[key]) if whose == owner and key in view.object else ""
        return self.resource, whose, known

    def _give_back(self, owner: str, was: OwnersView, filled: FilledRequest) -> None:
        """Send all that the owner's view has shown where a write has emptied more than it was sent:
        members that the document does not name. What stays empty is told at the end."""
        now = self._view(owner)
        if not (lost := emptied_members(was.object, now.object) if now is not None else []):
            return
        self.emptied = True
        shape = self.body.shape
        kept = {name for name, thunk in shape.properties.items() if thunk().read_only}
        whole = {name: value for name, value in was.object.items() if name not in kept}
        body = self.body.with_names(filled, was.object, whole)
        request = with_body(filled, self.probe.operation, body).request

        def send(asked: Request) -> Response:
            return self.engine.send(self.probe, owner, replace(filled, request=asked))

        seen = now.answer if now is not None else None
        this = self.body.version_reader(owner, filled, was.object)[1]
        send_on(send, request, lambda: seen, lost, this, self.body.versions)
        self.engine.results.remark(
            f"{self.probe.endpoint.method} {self.probe.endpoint.path} clears members that the"
            f" request omits, even undocumented ones: it was not tried again"
        )

    def _callers_own(
        self, viewer: str | None, owner: str, shown: OwnersView, changes: Mapping[str, Json]
    ) -> CallersOwn | None:
        """The caller's own object, since some endpoints change that one whatever the request names;
        None: nobody else than the owner writes."""
        if viewer in (None, owner):
            return None
        names = self.body.beside(shown.request, shown.object, changes)
        beside = {name: shown.object[name] for name in names if name in shown.object}
        of, view = (self.engine, self.resource), self._view(viewer)
        return CallersOwn(*of, viewer, view, shown.object, {**beside, **changes}, changes)

    def _is_lost(self, owner: str) -> bool:
        """Whether an object is missing from its owner's view in several reads."""
        return not self.addressed.mute and all(
            self._view(owner) is None and not self.addressed.mute for _ in range(_READS)
        )

    def _view(self, owner: str) -> OwnersView | None:
        return self.addressed.view(owner, ours=self.ours)

    def _tell(
        self, name: str, owner: str, viewer: str | None, view: OwnersView, filled: FilledRequest,
        answer: Response, *, sure: bool,
    ) -> None:  # fmt: skip
        engine = self.engine
        label = engine.identities.label(self._held_relations(viewer, owner, view), viewer, owner)
        credentials = engine.context.credentials(viewer)
        evidence = Evidence(
            None,
            engine.evaluator.side(viewer, label, answer),
            curl(replace(filled, body=self.body.symbolic(name, owner)), credentials),
            note="the owner's own view contained the new value afterwards, and the old one again"
            " after it was restored",
        )
        at = self.probe.endpoint
        endpoint = Endpoint(at.method, at.path, self.probe.operation.id)
        how = "mass-assignment" if viewer == owner else "bola-write"
        engine.results.report(
            Signal(how, self.resource, name, label, endpoint, evidence, (), viewer, sure, "written")
        )

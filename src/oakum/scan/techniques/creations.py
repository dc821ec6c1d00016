"""Objects that the run creates: mass assignment, and deletion by others (P12, P2).

If the document says how an object is created and deleted, one is created for an identity, with a
unique mark in it, and read back by its owner. Another is created with members that its owner may
not set (CWE-915): those that its view shows, and the first one's view does not, were accepted. Then
strangers try to delete one; only the owner's own view tells whether it is gone (CWE-639). At the
end the remaining ones are found by their marks and deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import quote

from oakum.authz.decide import through
from oakum.authz.table import allows, allows_member
from oakum.exchange import Request, Response
from oakum.exposure.checks.bola_write import REMOVED
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.leak_signal import Signal
from oakum.finding import Endpoint, Evidence
from oakum.http.json_pointer import member_at
from oakum.inference.unsafe_writes import ends
from oakum.openapi.model import Json
from oakum.scan.coverage.untested import Section
from oakum.scan.coverage.untested_members import left_out, why_left_out
from oakum.scan.engine import Engine
from oakum.scan.evaluation.object_relations import relations_given, relations_to
from oakum.scan.requests.builder import FilledRequest, curl
from oakum.scan.requests.delete_parameters import or_plainly
from oakum.scan.requests.replacement_values import other_value, shape_of, taken_by
from oakum.scan.requests.written_resources import place
from oakum.scan.technique import Line, Prospect
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.undo.own_writes import bears
from oakum.scan.write_tests.callers_own_object import why_not_removed
from oakum.scan.write_tests.created_objects import Maker
from oakum.scan.write_tests.creation_pairs import creations
from oakum.scan.write_tests.creations_for_others import CreationsForOthers
from oakum.scan.write_tests.members_of_creations import why_undecided
from oakum.scan.write_tests.nested_creations import CreationsBelow
from oakum.scan.write_tests.parents_shown_to_caller import ParentObjects
from oakum.scan.write_tests.write_control import WriteControl, WriteOutcome

HOW = "creation"
RULES: frozenset[str] = frozenset({"bola-write", "mass-assignment"})
OPENS_WAYS = False

_MOST = 8
"""How many members beyond those that owners may set are requested."""
_DEPTH = 3
_READS = 2
"""From how many reads an object must be missing."""
_GONE = 0
"""Stands for a status: the object is missing since."""
_AGAIN = 2
"""How often one that asks for more, and one that does not, are made once more: what comes by chance
half of the time, comes so in one of 32 runs."""


def run(engine: Engine) -> None:
    """Runs only if writes are allowed."""
    if not engine.context.may.writes or engine.context.undo_log is None:
        return
    for pair in creations(engine.model, engine.context.params):
        engine.say(f"creating one `{pair.resource}`, and deleting it")
        refused, why = set[int](), ""
        for owner in engine.identities.subjects():
            maker = Maker(engine, engine.context.undo_log, pair, owner, refused)
            if _Trial(maker).run():
                break
            why = maker.why_unsent
        else:
            if refused:
                why = f"the requests were answered with {' and '.join(map(str, sorted(refused)))}"
            if why:
                said = f"nothing was created: {why}"
                engine.results.note_gap(pair.make.endpoint, said, Section.WRITES)


def foresee(prospect: Prospect) -> Iterator[Line]:
    """Every creation, and what takes it away."""
    for pair in creations(prospect.model, {}) if prospect.may.writes else ():
        yield {
            "as": "an identity",
            "request": f"{pair.make.endpoint.method} {pair.make.endpoint.path}",
            "why": f"a `{pair.resource}` of the run: which members it may set",
        }
        known = prospect.model.policy.resources[pair.resource].owner
        if known.kind == "field" and "{" not in pair.make.operation.path:
            yield {
                "as": "an identity",
                "request": f"{pair.make.endpoint.method} {pair.make.endpoint.path}",
                "why": f"a `{pair.resource}` in the name of another, who removes it",
            }
        yield {
            "as": "others, then its owner",
            "request": f"{pair.remove.endpoint.method} {pair.remove.endpoint.path}",
            "why": f"takes that `{pair.resource}` away",
        }


@dataclass
class _Trial:
    """One identity's creations of one resource."""

    maker: Maker

    def __post_init__(self) -> None:
        self.engine, self.owner = self.maker.engine, self.maker.owner
        self.undo_log, self.pair = self.maker.undo_log, self.maker.creation
        self.parents = ParentObjects(self.engine, self.pair.remove)
        self.view: Mapping[str, Json] = {}
        """How its owner sees the first object."""
        self.reads = Counter[str]()
        """Key → how often the object was asked for."""
        self.hidden = False
        """The last viewer was refused, and may not see the parent of the object."""
        self.status = 0
        """With which the last viewer's deletion was answered."""

    def run(self) -> bool:
        """Whether an object could be created."""
        control = self.maker.make({})
        if control is None:
            return self.maker.stopped
        made, view = control
        self.view = view
        self._read(made)
        refusals = WriteControl(self.engine, self.pair.remove, noun="deletion")
        hidden: list[str | None] = []
        for viewer in self._strangers():
            if self._is_spared(made, viewer):
                continue
            if self._taken_away(made, viewer):
                self._undo(made)
                again = self.maker.make({})
                if again is None:
                    return True
                made, view = again
                continue
            if self.status:
                refusals.tried[viewer] = WriteOutcome(self.status, took=False)
            if self.hidden:
                hidden.append(viewer)
        self._undo(made)
        if status := self.undo_log.answered.get(made.name):
            refused = status >= 400 and status not in (404, 410)  # it was put away first
            own = WriteOutcome(status, took=not (refused or self.maker.stopped))
            refusals.tell(self.owner, own, compared=True)
        for viewer in hidden:
            if not self._is_tried_below_shown(viewer):
                self.parents.name(viewer, self.owner)
        for_others = CreationsForOthers(self.maker)
        for_others.run()
        more = dict(self._beyond(view, made.mark, named=for_others.told))
        if more and self._ask_for(more, view) is None and len(more) > 1:
            for at, value in more.items():
                self._ask_for({at: value}, view)
        if self.maker.told_once:
            self._once({})
        CreationsBelow(self.maker).run()
        return True

    def _read(self, made: CreatedObject) -> None:
        """Requests an object as everybody, twice, if only its creation shows its owner: there was
        none to request before, and it is deleted soon."""
        engine, owner = self.engine, self.owner
        resource = engine.model.policy.resources[self.pair.resource]
        if resource.owner.kind != "creator":
            return
        with self.maker.as_own(made):
            for probe in engine.state.probes:
                if resource.name not in probe.shows or probe.batch or probe.how:
                    continue
                who = owner if probe.personal else None
                for round in (made.name, f"{made.name} again"):
                    for viewer in (owner, *engine.watchers(owner)):
                        engine.put(probe, viewer, who, round)

    # --------------------------------------------------------- privileged members

    def _beyond(
        self, view: Mapping[str, Json], mark: str, *, named: bool
    ) -> Iterator[tuple[tuple[str, ...], Json]]:
        """Members that owners may not set, each with another value than it has; not the one that
        holds the mark, by which the object is found again. `named`: what names the owner was tried
        or named already."""
        engine, resource = self.engine, self.pair.resource
        known = engine.model.policy.resources[resource]
        untried: dict[str, str] = {}
        held = engine.identities.relations(self.owner, self.owner)
        held |= relations_given(engine.model, engine.identities, resource, view, self.owner)
        table = engine.model.settable[resource]
        state = engine.matrix.state(resource, self.owner)
        _, body = place(engine.model, self.pair.make.operation, resource)
        found = 0
        for at, value in _leaves(view, ()):
            path = ".".join(at)
            inner = shape_of(engine.model, resource, *at)
            if isinstance(value, str) and bears(value, mark):
                continue
            if named and path in known.owner.members:
                continue
            if not engine.evaluator.may_write(*at) or allows_member(table, path, held, state):
                continue
            other = other_value(at[-1], value, taken_by(body, at, inner), far=True)
            why = why_left_out(known, path, inner, value) or why_undecided(
                engine.model, self.pair.make.operation, resource, at, engine.context.params
            )
            if not why and _is_time(value):
                why = "it is a time, which the API may set itself"
            if not why and other is None:
                why = "no other value is known for it"
            if not why and ends(path, other):
                why = "it may end or lock the object, or take back what only staff can give"
            if not why and found >= _MOST:
                why = f"at most {_MOST} are tried at once"
            if why:
                untried[path] = why
                continue
            found += 1
            yield at, other
        if untried:
            engine.results.gaps.add(left_out(self.pair.make.endpoint, untried))

    def _ask_for(
        self, more: Mapping[tuple[str, ...], Json], before: Mapping[str, Json]
    ) -> bool | None:
        """Creates an object with further members; None if that is refused."""
        view = self._once(more)
        if view is None:
            return None
        self.engine.results.sent.add("mass-assignment")
        taken = {
            at: v for at, v in more.items() if member_at(view, at) == v != member_at(before, at)
        }
        for asked_for in (({}, taken) * _AGAIN) if taken else ():
            again = self._once(
                asked_for
            )  # leaves out members that the API sets or changes by itself
            if again is None:
                return True
            took = bool(asked_for)
            taken = {at: v for at, v in taken.items() if (member_at(again, at) == v) is took}
        for at, value in taken.items():
            note = (
                "repeatedly, the owner's own view of a new object contains what its creation"
                " sent, and that of one created without it does not; all were deleted"
            )
            asked = self.maker.request("…", {at: value})
            self._tell("mass-assignment", ".".join(at), self.owner, self.pair.make, asked, note)
        return True

    def _once(self, more: Mapping[tuple[str, ...], Json]) -> Mapping[str, Json] | None:
        """The owner's view of an object that is created and deleted; None if the API refused."""
        made = self.maker.make(more)
        if made is None:
            return None
        self._undo(made[0])
        return made[1]

    def _undo(self, made: CreatedObject) -> None:
        self.maker.undo(made)

    # ------------------------------------------------ deleting as another caller

    def _strangers(self) -> Iterator[str | None]:
        """One of each set of relations to the object whom the contract lets not delete it: `call:`
        says who may, as for the guard; without it, whoever may set a field of it."""
        engine, resource = self.engine, self.pair.resource
        table = engine.model.settable[resource]
        state = engine.matrix.state(resource, self.owner)
        endpoint = self.pair.remove.operation.id
        said = engine.model.rule(endpoint).call is not None
        kinds: dict[tuple[str, frozenset[str], bool], str | None] = {}
        for viewer in (None, *engine.identities.names()):
            if viewer != self.owner:
                kind = self._label(viewer), self._held_relations(viewer), viewer is not None
                kinds.setdefault(kind, viewer)
        for (_, held, _), viewer in kinds.items():
            free = through(engine.model, endpoint, held, viewer is not None)
            sets = any(allows(table, leaf, held, state) for leaf in table.leaves)
            own = any(allows(table, leaf, frozenset(), state) for leaf in table.leaves)
            if not (free and (said or sets or own)):
                yield viewer

    def _held_relations(self, viewer: str | None) -> frozenset[str]:
        """Relations of a viewer to the object: its members may name them."""
        identities, resource = self.engine.identities, self.pair.resource
        return relations_to(self.engine.model, identities, resource, self.view, viewer, self.owner)

    def _label(self, viewer: str | None) -> str:
        return self.engine.identities.label(self._held_relations(viewer), viewer, self.owner)

    def _is_spared(self, made: CreatedObject, viewer: str | None) -> bool:
        """Whether a deletion as a viewer could take away what is theirs, and is named instead."""
        if why := why_not_removed(self.maker, made, viewer):
            at, label = self.pair.remove.endpoint, self._label(viewer)
            self.engine.results.note_gap(at, f"not sent: {why}", Section.WRITES, label)
        return bool(why)

    def _taken_away(self, made: CreatedObject, viewer: str | None) -> bool:
        """Whether a viewer could delete it, at its own path or below a parent of the viewer."""
        self.hidden, self.status = False, 0
        if not self._shows(made):
            return False  # it was missing before anybody tried to delete it
        place = quote(self.undo_log.address(made, made.known), safe="")
        request = replace(made.remove, url=made.remove.url.replace("{key}", place))
        status = self.status = self._delete(made, viewer, request)
        if status == _GONE:
            return True
        if not self.parents.may_refuse(viewer, request, status):
            return False
        below = self.parents.below_own(viewer, self.owner, request)
        if below is not None and self._delete(made, viewer, below) == _GONE:
            return True
        self.hidden = not (below and self.parents.are_private(viewer, self.owner))
        return False

    def _delete(self, made: CreatedObject, viewer: str | None, request: Request) -> int:
        """The status with which a deletion was answered; `_GONE` if the object is missing since."""
        asked = FilledRequest(request, {}, _values(made), self.pair.remove.operation.path)
        self.engine.results.sent.add("bola-write")
        answer = self._ask_to_remove(made, viewer, request)
        if not self._is_gone(made):
            return answer.status
        self.maker.record_removal()
        again = self._is_repeated(viewer, request, made)
        if again is False:
            return answer.status
        sure = (again is not None or answer.status < 400) and self._shows(made) is False
        note = (
            "it was missing from the owner's own view afterwards; the run created it for this test"
        )
        of = self.pair.remove, asked, note, answer
        self._tell("bola-write", made.key, viewer, *of, sure=sure, says=REMOVED)
        return _GONE

    def _ask_to_remove(self, made: CreatedObject, viewer: str | None, request: Request) -> Response:
        """The answer to a viewer, who knows the state that the object is in."""
        symbolic = self.pair.remove.operation.path

        def send(asked: Request) -> Response:
            filled = FilledRequest(asked, {}, _values(made), symbolic)
            return self.engine.send(self.pair.remove, viewer, filled)

        return self.undo_log.in_its_state(partial(or_plainly, send), made, request, made.known)

    def _is_gone(self, made: CreatedObject) -> bool:
        shown = {self._shows(made) for _ in range(_READS)}
        # A server may fail over what is missing: suspected then, for it may fail over more.
        return shown == {False} or (shown == {None} and self.undo_log.is_gone(made, made.known))

    def _shows(self, made: CreatedObject) -> bool | None:
        self.reads[made.known] += 1
        return self.undo_log.shows(made)

    def _is_repeated(
        self, viewer: str | None, request: Request, made: CreatedObject
    ) -> bool | None:
        """Whether another object, too, stays while it is only read, and is missing once a viewer
        has asked to delete it: one that ends by itself is nobody's doing. None: there is no
        other."""
        other = self.maker.make({})
        if other is None:
            return None
        fresh = other[0]
        try:
            # An object that disappears after as many reads was not deleted by the viewer.
            if not all(self._shows(fresh) for _ in range(self.reads[made.known])):
                return False
            places = (self.undo_log.address(each, each.known) for each in (made, fresh))
            old, new = (f"/{quote(each, safe='')}" for each in places)
            before, _, after = request.url.rpartition(old)
            self._ask_to_remove(fresh, viewer, replace(request, url=f"{before}{new}{after}"))
            return self._is_gone(fresh)
        finally:
            self._undo(fresh)

    def _is_tried_below_shown(self, viewer: str | None) -> bool:
        """Whether a viewer could be asked to delete one below a parent that they are shown."""
        for parent in self.parents.common_parents(viewer, self.owner):
            with parent:
                found = self.maker.make({})
                if found is None:
                    continue
                self._taken_away(found[0], viewer)
                self._undo(found[0])
                return not self.hidden
        return False

    def _tell(
        self,
        how: str,
        field: str,
        viewer: str | None,
        probe: Probe,
        asked: FilledRequest | None,
        note: str,
        answer: Response | None = None,
        *,
        sure: bool = True,
        says: str = "written",
    ) -> None:
        engine, label = self.engine, self._label(viewer)
        line = curl(asked, engine.context.credentials(viewer)) if asked else ""
        side = engine.evaluator.side(viewer, label, answer or Response(201, {}, b""))
        at = Endpoint(probe.endpoint.method, probe.endpoint.path, probe.operation.id)
        evidence = Evidence(None, side, line, note=note)
        engine.results.report(
            Signal(how, self.pair.resource, field, label, at, evidence, (), viewer, sure, says)
        )


def _values(made: CreatedObject) -> frozenset[str]:
    """Values of an object in the URL of its removal."""
    return frozenset({made.known, made.place} - {""})


def _leaves(
    value: Mapping[str, Json], at: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Json]]:
    for name, child in value.items():
        if isinstance(child, dict) and len(at) < _DEPTH:
            yield from _leaves(child, (*at, name))
        else:
            yield (*at, name), child


def _is_time(value: Json) -> bool:
    """Whether a value is a time, which the API itself sets differently each time."""
    return isinstance(value, str) and len(value) > 15 and value[4:5] == "-" and "T" in value

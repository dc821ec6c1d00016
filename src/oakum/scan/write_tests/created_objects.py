"""Objects that a run creates for an identity, each with a unique mark.

They are created only if the document says how such an object is created and deleted. Each is
recorded in the undo log before it is created, found again by its mark, or by its key if no response
shows that (`unmarked_objects`), and deleted at the end.
Existing objects are never overwritten: if the response to a creation names one, no further object
is created.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

from oakum.authz.decide import through
from oakum.exchange import Request, Response, json_bytes
from oakum.exposure.cells.matrix import NOBODY
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.openapi.model import Json, Shape
from oakum.scan.coverage.uncalled_operations import before_removal, purgers
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.evaluation.object_relations import relations_as_creator, relations_to
from oakum.scan.identities.login import json_of
from oakum.scan.requests.builder import FilledRequest, fill, with_body
from oakum.scan.requests.object_version_parameters import versions_of
from oakum.scan.requests.written_resources import last_parameter
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.undo.object_keys import in_path
from oakum.scan.undo.own_writes import holds, marked_objects
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.write_tests.creation_body import (
    NewObject,
    is_unshown,
    new_body,
    placeholders,
    places_of,
    put,
)
from oakum.scan.write_tests.creation_pairs import Creation
from oakum.scan.write_tests.first_removal import is_removed_alone, removed_elsewhere
from oakum.scan.write_tests.unmarked_objects import (
    SentCreation,
    key_in_answer,
    members_marked,
    named_elsewhere,
    told_by_key,
    without_mark,
)

_NOT_AS_SENT = (400, 422)
"""Refusals of a body, whoever sends it."""


@dataclass
class Maker:
    """Creates objects of one resource for one identity."""

    engine: Engine
    undo_log: UndoLog
    creation: Creation
    owner: str
    refused: set[int] = field(default_factory=set)
    """Statuses with which creations were refused."""
    stopped: bool = False
    """Whether an object could not be deleted or an existing one was overwritten; then no more are
    created."""
    told_once: bool = False
    """Whether the last response to a creation showed a leak that no other response has shown."""
    by: tuple[str | None, ...] = ()
    """Who sends the creation, below an object of the owner; empty: the owner."""
    status: int = 0
    """With which the last creation was answered; 0: none was sent."""
    kept: bool = False
    """Not the owner, but who sent the last creation was shown what it made, and removed it."""
    answered: Mapping[str, Json] = field(default_factory=dict)
    """What the answer to the last creation shows of it."""
    writers_view: Mapping[str, Json] = field(default_factory=dict)
    """What another response shows of it to who sent it, where its owner is shown nothing."""
    why_unsent: str = ""
    """Why the last creation was not sent, unless the report says so already; empty: it was."""
    sparse: bool | None = None
    """Whether bodies that require nothing are sent with next to nothing; None: untried."""

    @property
    def writer(self) -> str | None:
        """Who sends the creation."""
        return self.by[0] if self.by else self.owner

    def make(
        self, more: Mapping[tuple[str, ...], Json]
    ) -> tuple[CreatedObject, Mapping[str, Json]] | None:
        """The created object and its owner's view; None if the API refused."""
        with self._free_parent():
            made = self._make(more)
            if made is None and self.sparse is None and self.status in _NOT_AS_SENT:
                # Some member that nobody has to send may take only what the API knows.
                self.sparse = True
                made = self._make(more)
                self.sparse = made is not None
            return made

    def _free_parent(self) -> AbstractContextManager[None]:
        """Below what nobody owns, such as a product, an API may write a new object of the caller's
        over the one that they have there: of several, one where the owner has none is known."""
        engine, make, resource = self.engine, self.creation.make, self.creation.resource
        own = engine.knowledge.objects.get((self.owner, resource), ())
        for source in make.sources.values():
            parent, _, path = source.partition(".")
            known = engine.model.policy.resources.get(parent)
            if known is None or known.owner.kind != "none":
                continue
            taken = {engine.knowledge.named_in(row, source) for row in own} - {""}
            rows = engine.knowledge.objects.get((NOBODY, parent), ())
            free = next((row for row in rows if row.get(path, "") not in {"", *taken}), None)
            if taken and free is not None:
                return AsOwn(engine, NOBODY, parent, free)
        return nullcontext()

    def _pair(
        self, mark: str, more: Mapping[tuple[str, ...], Json]
    ) -> tuple[FilledRequest | None, Request | None]:
        """What creates an object and what removes it; None with the reason if it is not sent."""
        self.why_unsent = ""
        removal = f"{self.creation.remove.endpoint.method} {self.creation.remove.endpoint.path}"
        if self.removes_nothing() or self._is_first_left():
            self.why_unsent = f"{removal} did not remove what the run had created"
            return None, None
        asked, remove = self.request(mark, more), self.with_key(self.creation.remove)
        if asked is not None and remove is None:
            self.why_unsent = f"no value is known for a parameter of {removal}"
        return asked, remove

    def _make(
        self, more: Mapping[tuple[str, ...], Json]
    ) -> tuple[CreatedObject, Mapping[str, Json]] | None:
        engine, pair, log = self.engine, self.creation, self.undo_log
        mark = f"oakum {secrets.token_hex(4)}"
        asked, remove = self._pair(mark, more)
        lists = self._lists()
        if asked is None or remove is None:
            return None
        key = engine.model.policy.resources[pair.resource].key
        maker = self.writer or self.owner
        made = CreatedObject(
            f"a new `{pair.resource}` of {maker} ({secrets.token_hex(3)})",
            self.owner, mark, key, tuple(request for request, _ in lists), remove,
            look=self._look(), turns=tuple(names for _, names in lists),
            how=f"{pair.remove.endpoint.method} {pair.remove.endpoint.path} as {maker}",
            remover=maker if self.by else "", named=pair.named,
            versions=versions_of(pair.remove, pair.resource, key),
        )  # fmt: skip
        if made.versions and made.look is None:
            names = f"`{made.versions[0][0]}`, and no endpoint shows the object alone"
            why = f"nothing was created: `{pair.remove.operation.id}` requires {names}"
            engine.results.note_gap(pair.make.endpoint, why, Section.WRITES)
            return None
        known_of = (k for k in engine.knowledge.objects.items() if k[0][1] == pair.resource)
        rows = (row for _, found in known_of for row in found)
        before, whole = log.listed(made)
        older = {in_path(row[key]) for row in rows if key in row} | before
        made = replace(
            made, older=frozenset(older - {""}), whole=whole, purge=tuple(self._purges())
        )
        made = replace(made, before=tuple(self._before(remove)))
        own = self.as_writer(made)
        log.enter(made)
        log.first.setdefault(self._operation, made.name)
        self.status, self.kept, self.answered, self.writers_view = 0, False, {}, {}
        answer = engine.send(pair.make, self.writer, asked)
        self.status, self.told_once = answer.status, engine.context.told_once()
        if self._is_none(made, answer):
            return None
        named = named_elsewhere(asked, engine.identities.ids.values())
        at = members_marked(asked.content, mark, pair.at)
        return self._recognize(made, answer, SentCreation(answer.status, "", named, at, own))

    def _recognize(
        self, made: CreatedObject, answer: Response, sent: SentCreation
    ) -> tuple[CreatedObject, Mapping[str, Json]] | None:
        """What was made, with its key, and the owner's view of it; None if it is another object, or
        nothing tells its key."""
        log, key = self.undo_log, made.key
        seen = marked_objects(json_of(answer), made.mark, key)
        shown = seen[0] if seen else None
        self.answered = shown or {}
        told = in_path(shown[key]) if shown else key_in_answer(answer, key, made.named)
        if told in made.older and log.is_ours(made, told, shown, echo=True):
            self._wrote_over(made)
            return None
        if told and told not in made.older and log.is_ours(made, told, shown, echo=True):
            made = log.learn(made, told, shown)
        view = self._view(made) or shown or {}
        known = made.known or in_path(view.get(key))
        if known in made.older and view is not shown:
            self._wrote_over(made)
            return None
        if not made.known and known and log.is_ours(made, known, view, echo=view is shown):
            made = log.learn(made, known, view)
        if made.known and view is shown and made.look is None:
            made = without_mark(log, made)
        if not made.known:
            found = self._lose(made, replace(sent, told=told))
            if found is None:
                return None
            made, view = found, found.row
        return self._record_creator(made, view), view

    def _is_none(self, made: CreatedObject, answer: Response) -> bool:
        """Whether an answer says that nothing was made, and no response shows anything else."""
        log, pair = self.undo_log, self.creation
        there = answer.status < 400 or (answer.status >= 500 and log.shows(made))
        if there:
            # deleted at the end by this operation
            self.engine.requests.called.setdefault(pair.remove.operation.id, set())
        if answer.status < 400:
            return False
        self.refused.add(answer.status)
        if answer.status < 500:  # after a server error it may exist
            log.record_refusal(made)
        elif not there:
            said = (
                f"{pair.make.endpoint.method} {pair.make.endpoint.path} was answered with"
                f" {answer.status}, and no response shows the object: if it exists anyway,"
                f" it contains a text that begins with `{made.mark.split()[0]}`"
            )
            log.unsure += [said] if said not in log.unsure else ()
        return True

    def _lose(self, made: CreatedObject, sent: SentCreation) -> CreatedObject | None:
        """No response shows the owner the mark of what was made. Its writer may see it, or its key
        tells it; else it is searched for again at the end, and reported if not found."""
        log, own = self.undo_log, sent.own
        if own is not None:
            seen = log.marked_objects(own)
            self.writers_view = seen[0] if seen else {}
            # The answer may have named another object: what the writer sees comes next.
            for key in dict.fromkeys((sent.told, in_path(seen[0][made.key]) if seen else "")):
                if key and key not in made.older and log.is_ours(own, key):
                    others = *own.others, *self._others(self.writers_view)
                    log.enter(own := replace(own, known=key, others=others))
                    self.undo(log.learn(own, key, self.writers_view))
                    self.kept = True
                    return None
        if (found := told_by_key(log, made, sent)) is not None:
            return found
        if own is not None and (found := told_by_key(log, own, sent)) is not None:
            self.writers_view, self.kept = found.row, True
            self.undo(found)
            return None
        log.record_creation(made)
        self.stop()
        return None

    def as_writer(self, made: CreatedObject) -> CreatedObject | None:
        """The object as its writer would see it; None: that is the owner, or nobody."""
        if self.writer in (None, self.owner):
            return None
        there = Maker(self.engine, self.undo_log, self.creation, self.writer or "")
        lists = there._lists()
        own = replace(
            made, who=there.owner, find=tuple(request for request, _ in lists), look=there._look(),
            turns=tuple(names for _, names in lists), remover="",
            others=tuple(dict.fromkeys((self.owner, *made.others))),
        )  # fmt: skip
        before, whole = self.undo_log.listed(own)
        return replace(own, older=made.older | before, whole=whole)

    def _others(self, row: Mapping[str, Json]) -> tuple[str, ...]:
        """Whom else than the writer and the owner the contract lets remove an object that holds
        this."""
        engine, remove, resource = self.engine, self.creation.remove, self.creation.resource
        if engine.model.rule(remove.operation.id).call is None:
            return ()
        others = (e for e in engine.identities.names() if e not in (self.owner, self.writer))
        held = {
            each: relations_to(engine.model, engine.identities, resource, row, each, self.owner)
            for each in others
        }
        may = partial(through, engine.model, remove.operation.id, logged_in=True)
        return tuple(each for each, kin in held.items() if may(kin))

    def look_as_writer(self, made: CreatedObject) -> None:
        """Reads what its writer is shown of what they made, where its owner is shown nothing."""
        if self.writer in (None, self.owner):
            return
        there = Maker(self.engine, self.undo_log, self.creation, self.writer or "")
        for request, _ in there._lists():
            answer = self.undo_log.ask(self.writer, request)
            if seen := marked_objects(json_of(answer), made.mark, made.key):
                self.writers_view = seen[0]
                return

    def _record_creator(self, made: CreatedObject, view: Mapping[str, Json]) -> CreatedObject:
        place = (self.creation.resource, made.known)
        if self.writer is not None:
            self.engine.knowledge.creators.setdefault(place, set()).add(self.writer)
        if others := self._others(view):
            made = self.undo_log.learn(replace(made, others=others), made.known, view)
        return made

    @property
    def _operation(self) -> str:
        return self.creation.make.operation.id

    def _is_first_left(self) -> bool:
        """Whether the first object that the operation has made is not gone yet: whether a second
        one could be removed is not known before that."""
        log = self.undo_log
        first = log.first.get(self._operation)
        return self._operation not in log.removable and first in {e.name for e in log.pending}

    def is_removable(self) -> bool:
        """Whether what the operation makes is found and removed again: the first one is made for
        nothing else. Where the API refuses to make one, the statuses are in `refused`."""
        if self._operation not in self.undo_log.removable and (found := self.make({})) is not None:
            self.undo(found[0])
        return self._operation in self.undo_log.removable and not self.removes_nothing()

    def undo(self, made: CreatedObject) -> None:
        """Deletes a created object; after a failure nothing more is created."""
        first = self._operation not in self.undo_log.removable
        if is_removed_alone(self, made) if first else self.undo_log.undo(made):
            self.record_removal()
            return
        if not first:
            removed_elsewhere(self, made)
        self.stop()

    def record_removal(self) -> None:
        """Records that an object was removed, by whomever."""
        self.undo_log.removable.add(self._operation)

    def stop(self) -> None:
        """Nothing more is created that the same operation would have to remove."""
        self.stopped = True
        self.undo_log.unremovable.add(self.creation.remove.operation.id)

    def removes_nothing(self) -> bool:
        """Whether what the run made before could not be removed, whoever made it."""
        return self.stopped or self.creation.remove.operation.id in self.undo_log.unremovable

    def _wrote_over(self, made: CreatedObject) -> None:
        """The mark stands in an object that was there before: the creation has changed that one,
        and removing it would lose it whole.

        It is named, and not put back: a reading may have shown less than it held, and another write
        would then lose what a backup still has in its place.
        """
        make, self.stopped = self.creation.make.endpoint, True
        self.undo_log.overwrote(
            made,
            f"{make.method} {make.path} overwrote an existing `{self.creation.resource}` of"
            f" {self.owner} instead of creating one: restore it by hand",
        )

    def request(self, mark: str, more: Mapping[tuple[str, ...], Json]) -> FilledRequest | None:
        engine, make = self.engine, self.creation.make
        filled = fill(make, engine.target, engine.knowledge, self.owner)
        shape = body_shape(make.operation)
        if filled is None or shape is None:
            self.why_unsent = "the document declares no body that can be written"
            if filled is None:
                self.why_unsent = "no value is known for one of its parameters"
            return None
        new = NewObject(self.creation.resource, self.creation.at, self.owner, bool(self.sparse))
        try:
            body = self._body(shape, new, mark)
        except LookupError as error:
            engine.results.note_gap(
                make.endpoint,
                f"nothing was created: no value is known for `{error.args[0]}`",
                Section.WRITES,
            )
            return None
        body = {**body, **filled.content}
        for at, value in more.items():
            put(body, (*self.creation.at, *at), value)
        if not holds(body, mark):  # there is no place for it, or another value has taken it
            self.why_unsent = "no text of its body could hold the mark by which to find it again"
            return None
        said = json_bytes(placeholders(body, dict(more), self.creation.at)).decode()
        return with_body(filled, make.operation, body, said)

    def _body(self, shape: Shape, new: NewObject, mark: str) -> dict[str, Json]:
        """Raises `LookupError` where a member is needed of which no value is known."""
        try:
            body = new_body(self.engine, shape, new, iter((mark,)))
        except LookupError:
            new = replace(new, sparse=True)
            body = new_body(self.engine, shape, new, iter((mark,)))
        places = list(places_of(body, mark))
        inside = [".".join(at[len(new.at) :]) for at in places if at[: len(new.at)] == new.at]
        unshown = all(is_unshown(self.engine, new.resource, at) for at in inside)
        if len(inside) == len(places) and unshown:
            # In no other text could the object be recognized: the mark goes into a name, too.
            texts = (mark,) if places else ()
            body = new_body(self.engine, shape, new, iter(texts), (), iter((mark,)))
        return body

    def _lists(self) -> list[tuple[Request, tuple[str, ...]]]:
        """Lists in which the owner would see it, and the names of their query parameters: those
        that have shown the owner such objects come first."""
        engine, resource = self.engine, self.creation.resource
        key = engine.model.policy.resources[resource].key
        found: list[tuple[Request, tuple[str, ...]]] = []
        own = {at for at, who, name in engine.matrix.own if (who, name) == (self.owner, resource)}
        for probe in sorted(engine.state.probes, key=lambda each: each.id not in own):
            by_key = f"{resource}.{key}" in probe.sources.values()
            if resource not in probe.shows or by_key or probe.batch or probe.how:
                continue
            who = self.owner if probe.personal else None
            if (filled := fill(probe, engine.target, engine.knowledge, who)) is not None:
                asked = (p.name for p in probe.operation.parameters if p.where == "query")
                found.append((filled.request, tuple(asked)))
        return found[:2]

    def _before(self, remove: Request) -> Iterator[Request]:
        """What its owner may ask for to have it put away, where it is not removed as it is."""
        model, resource = self.engine.model, self.creation.resource
        held = relations_as_creator(model, self.engine.identities, resource, self.owner)
        for operation, verb in before_removal(model, self.creation.remove.operation):
            if through(model, operation.id, held, True):
                url = f"{remove.url.partition('?')[0]}/{verb}"
                yield replace(remove, method=operation.method, url=url, body=b"")

    def _purges(self) -> Iterator[tuple[Request, Request]]:
        """Lists of what was removed, and what removes it from them, by its key."""
        engine, pair = self.engine, self.creation
        if pair.named:
            return
        params, make = engine.context.params, pair.make.operation
        for path, purge in purgers(engine.model, make, pair.resource, params):
            for probe in engine.state.probes:
                if (probe.operation.method, probe.operation.path) != ("GET", path):
                    continue
                who = self.owner if probe.personal else None
                filled = fill(probe, engine.target, engine.knowledge, who)
                if filled is not None and (request := self.with_key(purge)) is not None:
                    yield filled.request, request

    def _look(self) -> Request | None:
        """What shows the object alone, with `{key}` in it; None where no endpoint does. What is at
        the URL of the removal says best what that removes."""
        main = self._there() or self._main()
        return self.with_key(main) if main is not None else None

    def _there(self) -> Probe | None:
        """The endpoint at the path of the removal that shows such an object."""
        pair = self.creation
        return next(
            (
                each
                for each in self.engine.state.probes
                if each.operation.method == "GET"
                and each.operation.path == pair.remove.operation.path
                and pair.resource in each.shows and not (each.batch or each.how or each.query)
            ),
            None,
        )  # fmt: skip

    def with_key(self, of: Probe) -> Request | None:
        """A question with `{key}` where what names the object has to stand, at the path's end."""
        engine, pair = self.engine, self.creation
        key = pair.named or engine.model.policy.resources[pair.resource].key
        names = [p.name for p in of.operation.parameters if p.where == "path"]
        last = last_parameter(of.operation.path)
        if last not in names:
            return None
        source = f"{pair.resource}.{key}"
        if pair.named and of.sources.get(last) != source:
            return None
        # The state that a removal has to name is told by a reading before each one.
        stated = dict(versions_of(of, pair.resource, key) if of is pair.remove else ())
        sources = {n: each for n, each in of.sources.items() if n not in stated} | {last: source}
        fixed = {**of.fixed, **dict.fromkeys(stated, "0")}
        probe = replace(of, sources=sources, fixed=fixed, unfilled=(), personal=frozenset(sources))
        with AsOwn(engine, self.owner, pair.resource, {key: "{key}"}):
            filled = fill(probe, engine.target, engine.knowledge, self.owner)
        if filled is None:
            return None
        return replace(filled.request, url=filled.request.url.replace("%7Bkey%7D", "{key}"))

    def as_own(self, made: CreatedObject) -> AsOwn:
        """For a moment what was made is all that its owner has."""
        names = {made.key: made.known, **({made.named: made.place} if made.named else {})}
        return AsOwn(self.engine, self.owner, self.creation.resource, names)

    def _main(self) -> Probe | None:
        """The endpoint of one object, by its key."""
        engine = self.engine
        known = engine.model.policy.resources[self.creation.resource]
        return engine.matrix.probes.get(known.main) or next(
            (
                probe
                for probe in engine.state.probes
                if f"{self.creation.resource}.{known.key}" in probe.sources.values()
                and self.creation.resource in probe.shows and not probe.batch
            ),
            None,
        )  # fmt: skip

    def _view(self, made: CreatedObject) -> Mapping[str, Json]:
        """The owner's own view: at the main endpoint, else in a list."""
        engine, main = self.engine, self._main()
        if main is not None and made.known:
            with self.as_own(made):
                filled = fill(main, engine.target, engine.knowledge, self.owner)
            if filled is not None:
                answer = engine.send(main, self.owner, filled)
                if found := marked_objects(json_of(answer), made.mark, made.key):
                    self.undo_log.record_shown(made)
                    return found[0]
        return next(iter(self.undo_log.marked_objects(made)), {})


class AsOwn:
    """Makes one object the only one that an identity has, inside the block, so that parameters are
    filled with it."""

    def __init__(
        self, engine: Engine, owner: str, resource: str, row: Mapping[str, str], made: str = ""
    ) -> None:
        """`made`: name of the creation of the run that made it."""
        self.made = made
        self._objects = engine.knowledge.objects
        self._place = (owner, resource)
        self._row = row
        self._kept = self._objects.get(self._place)

    def __enter__(self) -> None:
        self._objects[self._place] = [self._row]

    def __exit__(self, *_: object) -> None:
        if self._kept is None:
            self._objects.pop(self._place, None)
        else:
            self._objects[self._place] = self._kept

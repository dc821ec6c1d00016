"""Creations below somebody else's object: `POST /rooms/{id}/messages`.

Such a request writes to the innermost object that its path names, and `call:` says by which
relation to that object it is permitted; the outer objects have to be those that it is in. An owner
creates one there first and removes it; then callers without the relation send the same request. It
is a finding if the owner is shown the new object below theirs, or whoever sent it one that names
the owner's; suspected if only the answer has one. Whoever created it removes it, else
the owner does. Callers that were not tried are reported.

Where the path names none, the body may (`{"room_id": 40}`). They are tried where `params:` of the
contract says so, since only then `call:` is about that object; else they are reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from oakum.authz.decide import through
from oakum.exchange import Response
from oakum.exposure.checks.bola_write import ADDED
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.endpoints.request_bodies import body_shape
from oakum.exposure.leak_signal import Signal
from oakum.exposure.relation_fields import may_have, members_named, relations_through_members
from oakum.finding import Evidence
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import curl, fill
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.write_tests.created_objects import AsOwn, Maker
from oakum.scan.write_tests.creation_body import resource_named
from oakum.scan.write_tests.creation_pairs import Creation

_PLACE = re.compile(r"{([^{}]+)}")
_MOST = 4
"""Objects of an owner's below which something is made."""
_OF_ACCESS = (401, 403, 404, 405, 410)
"""Statuses that refuse a caller, or hide the object from them."""
_ONLY_ANSWERED = "no other response shows it, and an answer may repeat what was sent"


def _parent(make: Probe) -> str:
    """`Resource.field` of the innermost object in the path of a creation; empty: it names none, or
    nothing says of what kind it is."""
    listed = {each.name for each in make.operation.parameters if each.shape.enum}
    named = [n for n in _PLACE.findall(make.operation.path) if n not in listed]
    return make.sources.get(named[-1], "") if named else ""


def _parent_in_body(engine: Engine, of: Creation) -> tuple[str, str]:
    """The member of a new object that names one of somebody's, and `Resource.field` of that; empty
    unless there is exactly one."""
    shape = body_shape(of.make.operation)
    for step in of.at:
        shape = shape.properties[step]() if shape is not None and step in shape.properties else None
    resources, found = engine.model.policy.resources, list[tuple[str, str]]()
    own = resources[of.resource]
    for name in shape.properties if shape is not None else ():
        if name in (own.key, *own.owner.members):
            continue
        known = resource_named(engine, name)
        source = of.make.sources.get(name) or (f"{known.name}.{known.key}" if known else "")
        parent = resources.get(source.partition(".")[0])
        if parent is not None and parent.owner.kind != "none" and not parent.is_account:
            found.append((name, source))
    return found[0] if len(found) == 1 else ("", "")


@dataclass
class CreationsBelow:
    """Creations by others below objects of one owner, who can make and remove one there."""

    maker: Maker
    done: set[tuple[str, frozenset[str], bool]] = field(default_factory=set)
    """Labels, relations, and whether logged in, that were tried or named."""

    def __post_init__(self) -> None:
        self.engine, self.owner = self.maker.engine, self.maker.owner
        self.make = self.maker.creation.make
        self.source, self.member = _parent(self.make), ""
        if not _PLACE.search(self.make.operation.path):
            self.member, self.source = _parent_in_body(self.engine, self.maker.creation)
        self.resource, _, self.field = self.source.partition(".")

    def run(self) -> None:
        """Tries one viewer of each set of relations to the objects of the owner."""
        known = self.engine.model.policy.resources.get(self.resource)
        if known is None or known.owner.kind == "none":
            return
        rows = self.engine.knowledge.objects.get((self.owner, self.resource), ())
        for row in [each for each in rows if self.field in each][:_MOST]:
            with ExitStack() as alone:
                alone.enter_context(AsOwn(self.engine, self.owner, self.resource, row))
                for outer, around in self._around(row).items():
                    alone.enter_context(AsOwn(self.engine, self.owner, outer, around))
                astray = self._astray(row)
                for viewer in self._strangers(row):
                    if why := astray or self._why_not(viewer) or self._try(viewer, row):
                        label = self._label(viewer, row)
                        self.engine.results.note_gap(self.make.endpoint, why, Section.WRITES, label)
                    else:
                        self.engine.results.sent.add("bola-write")

    def _outer(self) -> dict[str, dict[str, str]]:
        """Resources of the owner's that are further out in the path → parameter → field."""
        found: dict[str, dict[str, str]] = {}
        for name in _PLACE.findall(self.make.operation.path):
            outer, _, path = self.make.sources.get(name, "").partition(".")
            known = self.engine.model.policy.resources.get(outer)
            if known is not None and outer != self.resource and not known.is_account:
                found.setdefault(outer, {})[name] = path
        return found

    def _around(self, row: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
        """The objects of the owner's that this one says that it is in."""
        known = self.engine.knowledge.objects
        return {
            outer: each
            for outer, fields in self._outer().items()
            for each in known.get((self.owner, outer), ())
            if self._is_in(row, outer, each, fields.values())
        }

    def _is_in(
        self, row: Mapping[str, str], outer: str, around: Mapping[str, str], fields: Iterable[str]
    ) -> bool:
        """Whether an object names another one: by its key, or by all that the path holds of it."""
        named_in, key = (
            self.engine.knowledge.named_in,
            self.engine.model.policy.resources[outer].key,
        )
        named = named_in(row, f"{outer}.{key}") or named_in(row, outer) if key else ""
        if named:
            return named == around.get(key)
        return all(each in around for each in fields) and all(
            named_in(row, f"{outer}.{each}") == around[each] for each in fields
        )

    def _astray(self, row: Mapping[str, str]) -> str:
        """Why the path may name another object than this one; empty if it does not."""
        around = self._around(row)
        filled = fill(self.make, self.engine.target, self.engine.knowledge, self.owner)
        params = filled.params if filled is not None else {}
        for outer, fields in self._outer().items():
            there = around.get(outer, {})
            if any(params.get(name) != there.get(path) for name, path in fields.items()):
                return f"no answer says in which `{outer}` of {self.owner} a `{self.resource}` is"
        return ""

    def _held_relations(
        self, viewer: str | None, row: Mapping[str, str], resource: str = ""
    ) -> frozenset[str]:
        """Relations of a viewer to an object of the owner's: what no answer told may be so."""
        resource = resource or self.resource
        identities, knowledge = self.engine.identities, self.engine.knowledge
        held = identities.relations(viewer, self.owner)
        if viewer is None:
            return held
        key = row.get(self.engine.model.policy.resources[resource].key, "")
        if identities.ids[viewer] & {*knowledge.parties.get((resource, key), ())}:
            held |= identities.relations(viewer, viewer)
        model = self.engine.model
        leaves = model.tables[resource].leaves
        able = frozenset(
            n for n in relations_through_members(model)
            if all(may_have(leaves, at) for at in members_named(model, n))
        )  # fmt: skip
        told = knowledge.kin.get((self.owner, resource, key), {})
        return held | (told.get(viewer, able) & able)

    def _label(self, viewer: str | None, row: Mapping[str, str]) -> str:
        return self.engine.identities.label(self._held_relations(viewer, row), viewer, self.owner)

    def _strangers(self, row: Mapping[str, str]) -> Iterator[str | None]:
        """Those whom the contract does not let in there; where it does not say who may, those to
        whom it shows nothing of the object."""
        model, operation = self.engine.model, self.make.operation.id
        outer = self._around(row).items()
        for viewer in (None, *self.engine.identities.names()):
            held = self._held_relations(viewer, row)
            # Whoever may see an outer object may be let in by it.
            around = frozenset(
                each for at, one in outer for each in self._held_relations(viewer, one, at)
            )
            kind = self._label(viewer, row), held | around, viewer is not None
            if viewer == self.owner or kind in self.done:
                continue
            free = through(model, operation, held, viewer is not None)
            private = held.isdisjoint(model.tables[self.resource].relations)
            if not free or (model.rule(operation).call is None and private):
                self.done.add(kind)
                yield viewer

    def _why_not(self, viewer: str | None) -> str:
        """Why nothing is sent; empty if it can be tried."""
        model, pair = self.engine.model, self.maker.creation
        if self.member and self.member not in model.rule(self.make.operation.id).params:
            said = f"`params: {{{self.member}: {self.source}}}`"
            return f"no {said} says that the body names the `{self.resource}` that it is made below"
        if viewer is not None and model.rule(self.make.operation.id).call is None:
            return f"no `call:` says who may make a `{pair.resource}` below a `{self.resource}`"
        if viewer is None and model.policy.resources[pair.resource].owner.kind != "parent":
            return f"a `{pair.resource}` that nobody made could not be removed"
        if self.maker.removes_nothing():
            return f"a `{pair.resource}` that the run made before could not be removed"
        return ""

    def _try(self, viewer: str | None, row: Mapping[str, str]) -> str:
        """Lets a viewer create an object; returns why that proves nothing, empty if it does."""
        maker = Maker(
            self.engine, self.maker.undo_log, self.maker.creation, self.owner, by=(viewer,)
        )
        found = maker.make({})
        if found is None:
            if maker.status in _OF_ACCESS:
                return ""
            if self._tell_unshown(viewer, row, maker, removed=maker.kept and not maker.stopped):
                return ""
            said = f"the request was answered with {maker.status}" if maker.status else ""
            return f"{said or 'it could not be written'}, and {self.owner} is shown nothing new"
        made, _ = found
        below = self._is_below(made, row)
        if not below:
            maker.look_as_writer(made)
        maker.undo(made)
        if not below:
            if self._tell_unshown(viewer, row, maker, removed=not maker.stopped):
                return ""
            return f"what it made is not shown below a `{self.resource}` of {self.owner}"
        self._tell(
            viewer, row, maker, "the owner was then shown a new `{}` there; the run removed it"
        )
        return ""

    def _tell_unshown(
        self, viewer: str | None, row: Mapping[str, str], maker: Maker, *, removed: bool
    ) -> bool:
        """Whether a creation succeeded of which the owner is shown nothing, as of a draft: the new
        object itself names the owner's. The answer to it may repeat what was sent, and is no proof
        alone."""
        after = "; the run removed it" if removed else ""
        ways = (
            (maker.writers_view, "who sent it was then shown a new `{}` that names it", ""),
            (maker.answered, "the answer has a new `{}` that names it", _ONLY_ANSWERED),
        )
        for view, said, doubt in ways if 200 <= maker.status < 300 else ():
            if self._names(view, row):
                self._tell(viewer, row, maker, said + after, doubt)
                return True
        return False

    def _names(self, view: Mapping[str, object], row: Mapping[str, str]) -> bool:
        """Whether an object names the owner's."""
        return self.engine.knowledge.named_in(_texts(view), self.source) == row[self.field]

    def _is_below(self, made: CreatedObject, row: Mapping[str, str]) -> bool:
        """Whether the owner is shown what was made, below this object of theirs: in a list at the
        address of the creation, or with its key in it."""
        filled = fill(self.make, self.engine.target, self.engine.knowledge, self.owner)
        path = urlsplit(filled.request.url).path if filled is not None else ""
        seen = self.maker.undo_log.marked_objects(made)
        if not any(str(each.get(made.key)) == made.known for each in seen):
            return False
        if not self.member and all(urlsplit(each.url).path == path for each in made.find):
            return True
        return any(self._names(each, row) for each in seen)

    def _tell(
        self, viewer: str | None, row: Mapping[str, str], maker: Maker, said: str, doubt: str = ""
    ) -> None:
        engine, label = self.engine, self._label(viewer, row)
        asked, answer = maker.request("…", {}), Response(maker.status, {}, b"")
        evidence = Evidence(
            None,
            engine.evaluator.side(viewer, label, answer),
            curl(asked, engine.context.credentials(viewer)) if asked else "",
            note=said.format(maker.creation.resource),
        )
        engine.results.report(
            Signal(
                "bola-write", self.resource, self.field, label, self.make.endpoint, evidence, (),
                viewer, not doubt, ADDED, doubt,
            )
        )  # fmt: skip


def _texts(row: Mapping[str, object]) -> dict[str, str]:
    return {name: str(v) for name, v in row.items() if isinstance(v, str | int)}

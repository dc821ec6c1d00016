"""Writes that give an object to somebody else: `PATCH /notes/{id}` with `{owner_id: …}`.

An API that takes the owner of an object from a request lets anybody put objects into anybody's
account (CWE-915). An identity makes an object, and sends the id of another identity as its owner's.
It is tried only if both could make an object of their own and remove it, so that whoever has it in
the end removes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from oakum.authz.decide import through
from oakum.authz.table import allows_member
from oakum.exchange import Response
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.endpoints.request_bodies import json_value
from oakum.exposure.leak_signal import Signal
from oakum.finding import Evidence
from oakum.http.json_pointer import member_at
from oakum.openapi.model import Json
from oakum.scan.coverage.untested_members import left_out
from oakum.scan.engine import Engine
from oakum.scan.evaluation.object_relations import relations_as_creator
from oakum.scan.requests.builder import curl, fill
from oakum.scan.requests.replacement_values import shape_of
from oakum.scan.requests.write_body import WriteBody
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.undo.object_keys import for_key
from oakum.scan.undo.own_writes import marked_objects, parse_objects
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.undo.write_versions import send_on
from oakum.scan.write_tests.created_objects import Maker
from oakum.scan.write_tests.creation_pairs import Creation, creations
from oakum.scan.write_tests.recipient_accounts import id_as_owner, other_owner


def hand_over(
    engine: Engine, undo_log: UndoLog, probe: Probe, resource: str, untried: dict[str, str]
) -> None:
    """Tests whether owners can give their objects to others, and reports what was not tried.
    `untried`: members that the write test left out, with the reason."""
    if untried:
        trial = Handovers(engine, undo_log, probe, resource)
        member = trial.run()
        untried.pop(member, None)
        if member and trial.why:
            untried[member] = trial.why
    if untried:
        engine.results.gaps.add(left_out(probe.endpoint, untried))


@dataclass
class Handovers:
    """Writes of one operation that name another owner."""

    engine: Engine
    undo_log: UndoLog
    probe: Probe
    resource: str
    why: str = ""
    """Why the write that was sent proves nothing; empty if it does."""

    def __post_init__(self) -> None:
        model = self.engine.model
        self.known = model.policy.resources[self.resource]
        members = self.known.owner.members if self.known.owner.kind == "field" else ()
        self.member = members[0] if len(members) == 1 and members[0].isidentifier() else ""

    def run(self) -> str:
        """The member that a write was sent for; empty: none was."""
        creation = self._creation() if self.member else None
        for owner in self.engine.identities.subjects() if creation is not None else ():
            assert creation is not None
            maker = Maker(self.engine, self.undo_log, creation, owner)
            other, id = self._other(maker) if self._is_denied(owner) else ("", "")
            if other and self._try(maker, other, id):
                return self.member
        return ""

    def _creation(self) -> Creation | None:
        """How such an object is made, where the write names it by its key and by nothing that is
        its owner's, so that the same requests reach it whoever has it."""
        engine, key = self.engine, f"{self.resource}.{self.known.key}"
        in_path = {p.name for p in self.probe.operation.parameters if p.where == "path"}
        names = {self.probe.sources[each] for each in self.probe.personal}
        if names != {key} or not self.probe.personal <= in_path or self.probe.batch:
            return None
        if self.probe.operation.method not in ("PATCH", "PUT"):
            return None
        found = creations(engine.model, engine.context.params)
        return next(
            (
                each
                for each in found
                if each.resource == self.resource
                and not each.named
                and "{" not in each.make.operation.path
                and {each.remove.sources[name] for name in each.remove.personal} == {key}
            ),
            None,
        )  # fmt: skip

    def _is_denied(self, owner: str) -> bool:
        """Whether the contract lets an owner call it, and not say whose the object is."""
        engine = self.engine
        held = relations_as_creator(engine.model, engine.identities, self.resource, owner)
        table = engine.model.settable[self.resource]
        state = engine.matrix.state(self.resource, owner)
        calls = through(engine.model, self.probe.operation.id, held, True)
        return calls and not allows_member(table, self.member, held, state)

    def _other(self, maker: Maker) -> tuple[str, str]:
        """The identity that is to become the owner of the maker's object."""
        owner = maker.owner
        if not id_as_owner(self.engine, self.resource, self.member, owner):
            return "", ""
        return other_owner(self.engine, self.undo_log, maker.creation, self.member, owner)

    def _try(self, maker: Maker, other: str, id: str) -> bool:
        """Whether a write was sent."""
        found = maker.make({})
        if found is None:
            return False
        made, view = found
        shape = shape_of(self.engine.model, self.resource, self.member)
        value, sent = json_value(id, shape), False
        if made.look is not None and member_at(view, [self.member]) not in (None, value):
            # From here on it may belong to the other: after a kill, the restore tries to remove it
            # as both.
            made = replace(made, remover=other)
            self.undo_log.enter(made)
            answer = self._send(maker, made, view, value)
            sent = answer is not None
            if answer is not None and self._is_given(made, other, value):
                self._tell(maker.owner, answer)
            elif self._is_given(made, maker.owner, member_at(view, [self.member])):
                made = replace(made, remover="")
                self.undo_log.enter(made)
                if answer is not None and answer.status >= 500:
                    self.why = f"the request was answered with {answer.status}"
            elif sent:
                self.why = "no response shows who owns the object then"
            if self.why and not any(
                self._read_object(replace(made, who=w)) for w in (made.who, other)
            ):
                at = f"{self.probe.endpoint.method} {self.probe.endpoint.path}"
                said = f"{made.name}, which {at} was to give to {other}, is shown to neither"
                self.undo_log.harmed.append(f"{said}: check it by hand")
        maker.undo(made)
        return sent

    def _send(
        self, maker: Maker, made: CreatedObject, view: Mapping[str, Json], value: Json
    ) -> Response | None:
        """The answer to the write; None: none could be sent."""
        engine, owner = self.engine, maker.owner
        body = WriteBody(engine.model, self.probe, self.resource, None)
        with maker.as_own(made):
            filled = fill(self.probe, engine.target, engine.knowledge, owner)
        if filled is None or body.why_lost(owner, view, engine.knowledge.faces, ours=True):
            return None
        asked = body.request(filled, view, {self.member: value}, ours=True)
        look, this = body.version_reader(owner, filled, view)

        def look_again() -> Response | None:
            return engine.context.ask(*look) if look is not None else None

        engine.results.sent.add("mass-assignment")
        return send_on(
            lambda request: engine.send(self.probe, owner, replace(filled, request=request)),
            asked, look_again, (self.member,), this, body.versions,
        )  # fmt: skip

    def _is_given(self, made: CreatedObject, who: str, value: Json) -> bool:
        """Whether an identity is shown the object as its own."""
        theirs = replace(made, who=who)
        return any(
            str(row.get(made.key)) == made.known and member_at(row, [self.member]) == value
            for row in self._read_object(theirs)
        )

    def _read_object(self, made: CreatedObject) -> list[Mapping[str, Json]]:
        """The object as its own endpoint shows it, with its mark."""
        assert made.look is not None
        answer = self.undo_log.ask(made.who, for_key(made.look, made.known))
        good = answer.ok
        return marked_objects(parse_objects(answer)[0], made.mark, made.key) if good else []

    def _tell(self, owner: str, answer: Response) -> None:
        engine = self.engine
        label = engine.identities.label(engine.identities.relations(owner, owner), owner, owner)
        filled = fill(self.probe, engine.target, engine.knowledge, owner)
        evidence = Evidence(
            None,
            engine.evaluator.side(owner, label, answer),
            curl(filled, engine.context.credentials(owner)) if filled is not None else "",
            note=f"the other was then shown a `{self.resource}` of the run's as theirs; the run"
            " removed it",
        )
        engine.results.report(
            Signal(
                "mass-assignment", self.resource, self.member, label, self.probe.endpoint,
                evidence, (), owner, says="written",
            )
        )  # fmt: skip

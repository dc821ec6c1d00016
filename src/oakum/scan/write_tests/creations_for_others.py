"""Creations in somebody else's name: `POST /hooks` with `{"account_id": …}` of another account.

An API that takes the owner of a new object from the body lets anybody put objects into anybody's
account (CWE-915, CWE-639). One identity creates an object with the id of another identity, who is
asked whether they were given it: by its own endpoint, or by a list. It is tried only if both have
created one of their own before, and removed it; so whoever has it in the end can remove it. Where
no response says whose the new object is, the member is named as untested.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.authz.table import allows_member
from oakum.exchange import Response
from oakum.exposure.checks.bola_write import GIVEN
from oakum.exposure.endpoints.request_bodies import body_shape, json_value
from oakum.exposure.leak_signal import Signal
from oakum.finding import Evidence
from oakum.http.json_pointer import member_at
from oakum.inference.lexicon import FieldClass, classify_field
from oakum.openapi.model import Json, Shape
from oakum.scan.coverage.untested_members import left_out
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import curl
from oakum.scan.requests.replacement_values import shape_of
from oakum.scan.undo.entries import CreatedObject
from oakum.scan.write_tests.created_objects import Maker
from oakum.scan.write_tests.recipient_accounts import other_owner, shown_with_mark


@dataclass
class CreationsForOthers:
    """Creations by one identity, who can make and remove their own, in the name of another."""

    maker: Maker
    told: bool = field(default=False)
    """Whether a request was sent, or it was named why none was."""

    def __post_init__(self) -> None:
        self.engine: Engine = self.maker.engine
        self.writer, self.resource = self.maker.owner, self.maker.creation.resource
        members = self.engine.model.policy.resources[self.resource].owner.members
        self.member = members[0] if len(members) == 1 and "*" not in members[0] else ""

    def run(self) -> None:
        """Tries one other identity of whom the id is known, and who can remove such an object."""
        if not self.member or "{" in self.maker.creation.make.operation.path:
            return
        if self._may_name(self.maker.owner) or self.maker.removes_nothing():
            return
        engine, creation = self.engine, self.maker.creation
        if refers := self._reference():
            self._leave_out(f"`{refers}`, which it has to name, may decide whose it is")
            return
        found = other_owner(engine, self.maker.undo_log, creation, self.member, self.writer)
        if found[0]:
            self._try(*found)
        else:
            self._leave_out("no other identity could create and remove one of their own")

    def _leave_out(self, why: str) -> None:
        """Names the member as untested."""
        self.told = True
        gap = left_out(self.maker.creation.make.endpoint, {self.member: why})
        self.engine.results.gaps.add(gap)

    def _reference(self) -> str:
        """A member by which a new object has to refer to another one, which may decide whose it
        is; empty: there is none."""
        known = self.engine.model.policy.resources[self.resource]
        shape: Shape | None = body_shape(self.maker.creation.make.operation)
        for step in self.maker.creation.at:
            shape = shape.properties[step]() if shape and step in shape.properties else None
        needed = shape.required & shape.properties.keys() if shape is not None else frozenset()
        return next(
            (
                name
                for name in sorted(needed - {known.key, self.member})
                if shape and classify_field(name, shape.properties[name]()) is FieldClass.KEY
            ),
            "",
        )

    def _may_name(self, writer: str) -> bool:
        """Whether the contract lets a stranger say whose a new object is."""
        table = self.engine.model.settable[self.resource]
        return any(
            allows_member(table, self.member, self.engine.identities.relations(writer, other), {})
            for other in self.engine.identities.subjects()
            if other != writer
        )

    def _try(self, other: str, id: str) -> None:
        """Creates one, and requests it as the other; results that prove nothing are reported as
        untested."""
        creation, at = self.maker.creation, tuple(self.member.split("."))
        value = json_value(id, shape_of(self.engine.model, self.resource, *at))
        by = Maker(self.engine, self.maker.undo_log, creation, other, by=(self.writer,))
        self.told = True
        found = by.make({at: value})
        given = self._is_given(found[0], at, value) if found is not None else None
        why = _why_unknown(by, other) if found is None else ""
        if found is not None:
            by.undo(found[0])
        self.maker.stopped |= by.stopped
        if given is not None or not (found or why):
            self.engine.results.sent.add("bola-write")
        if given:
            self._tell(other, by, at)
        elif given is None and (found is not None or why):
            self._leave_out(why or f"no response shows {other} whose it is then")

    def _is_given(self, made: CreatedObject, at: tuple[str, ...], value: Json) -> bool | None:
        """Whether the other is shown it as theirs; None: no response says whose it is."""
        rows = shown_with_mark(self.maker.undo_log, made)
        owners = [member_at(row, at) for row in rows if str(row.get(made.key)) == made.known]
        told = [each for each in owners if each is not None]
        return value in told if told else None

    def _tell(self, other: str, by: Maker, at: tuple[str, ...]) -> None:
        engine, writer, make = self.engine, self.writer, self.maker.creation.make
        label = engine.identities.label(engine.identities.relations(writer, other), writer, other)
        asked = by.request("…", {at: "…"})
        evidence = Evidence(
            None,
            engine.evaluator.side(writer, label, Response(by.status, {}, b"")),
            curl(asked, engine.context.credentials(writer)) if asked else "",
            note=f"the other was then shown a new `{self.resource}` as theirs; the run removed it",
        )
        engine.results.report(
            Signal(
                "bola-write", self.resource, self.member, label, make.endpoint, evidence, (),
                writer, says=GIVEN,
            )
        )  # fmt: skip


def _why_unknown(by: Maker, other: str) -> str:
    """Why a creation that `other` was shown nothing of tells nothing; empty if it was refused, or
    made what is its writer's own."""
    if by.kept or 400 <= by.status < 500:
        return ""
    if not by.status:
        return "the request could not be written"
    if by.status >= 500:
        return f"the request was answered with {by.status}"
    return f"no response shows {other} or its writer what was made"

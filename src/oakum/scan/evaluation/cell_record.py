"""The cells, doubts and shown objects that one response decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from oakum.authz.table import deciding_states
from oakum.exposure.cells.matrix import HIDDEN, Doubt, Key, Observation, Outcome, state_key
from oakum.exposure.cells.values_shown_to_entitled_viewers import MissingField, Object
from oakum.exposure.evaluation_context import EvaluationContext
from oakum.exposure.finding_evidence import Place
from oakum.finding import Evidence, Result
from oakum.openapi.model import Json
from oakum.scan.evaluation.judged_response import JudgedResponse


@dataclass(frozen=True)
class JudgedObject:
    """An object, or a value of its owner, with the viewer's relation to it."""

    resource: str
    who: str
    """The owner; empty if unknown."""
    held: frozenset[str]
    """Relations of the viewer to it."""
    state: Mapping[str, Json]
    object_key: str = ""
    """Key of the object; empty if unknown."""
    place: Place = ()
    """Path of the object in the response."""
    weak: str = ""
    """Why it is no proof; empty if it is."""
    unread: frozenset[str] = frozenset()
    """Settings of the owner that no response shows; fields that depend on them are not judged."""
    said: frozenset[str] = frozenset()
    """Those of them that the object shows to a viewer who may not see them."""
    untold: bool = False
    """Whether it is unknown in which relations the object names its viewer."""

    @property
    def at(self) -> Object:
        """Which object it is, for all who are shown it."""
        return Object(self.who, self.resource, self.object_key)


SAID = "its setting is shown to a viewer who may not see it, and may stand for another"


@dataclass
class CellRecord:
    """Collects what is decided by one response."""

    context: EvaluationContext
    seen: JudgedResponse
    beside_fields: frozenset[str]
    """Texts of the response outside the fields that the viewer may see."""
    tentative: bool = False
    """Whether later responses may retract it."""
    sighted: dict[tuple[str, str], None] = field(default_factory=dict)
    """(owner, resource) of the objects in the response."""
    witnessed: dict[tuple[str, str, str], None] = field(default_factory=dict)
    """(owner, resource, field) shown to an entitled viewer."""
    embedded: dict[tuple[str, bool], None] = field(default_factory=dict)
    """(resource, whether it was embedded in another object)."""
    relative: dict[tuple[str, str], None] = field(default_factory=dict)
    """(resource, field) shown to an entitled viewer with another value than the owner's."""
    blank: dict[tuple[str, str, str, str], None] = field(default_factory=dict)
    """(viewer, owner, resource, field) of fields that came empty."""
    loosely: dict[tuple[str, str], None] = field(default_factory=dict)
    """(owner, resource) with a value outside any known object."""
    found: dict[Key, Observation] = field(default_factory=dict)
    doubts: dict[Key, Doubt] = field(default_factory=dict)
    _open: set[Key] = field(default_factory=set)

    def key(self, of: JudgedObject, path: str) -> Key:
        """The cell of a field. A state that was never read is left out of it."""
        question = self.seen.question
        label = self.context.identities.label(of.held, question.viewer, of.who)
        known = state_key(self.context.model.tables[of.resource], path, of.state)
        known = tuple(pair for pair in known if pair[0] not in of.unread)
        return Key(question.endpoint, of.resource, path, label, known)

    def is_unread(self, of: JudgedObject, path: str) -> bool:
        """Whether a setting that decides about a field is unknown."""
        return not of.unread.isdisjoint(
            deciding_states(self.context.model.tables[of.resource], path)
        )

    def put(
        self, of: JudgedObject, path: str, result: Result, evidence: Evidence | None = None,
        wait: bool | None = None,
    ) -> None:  # fmt: skip
        """Decides a cell. `wait`: only once an entitled viewer is shown the field of this
        object."""
        question, identities = self.seen.question, self.context.identities
        viewer, who = question.viewer, of.who
        told = result is Result.LEAK and not self.context.may_be_granted(
            question, (of.resource, path), of.held, of.state, of.unread
        )
        if not told and self.is_unread(of, path):
            of = replace(of, unread=of.unread - of.said, weak=of.weak or SAID)
            if result is not Result.LEAK or self.is_unread(of, path):
                return  # unknown whether the contract grants it
        weak = of.weak or identities.unproven_of(viewer, who)
        doubted = (viewer or "", who) in identities.doubted
        if result in (Result.CLOSED, Result.OVER_BLOCK) and (of.weak or doubted or of.untold):
            if of.untold and result is Result.CLOSED and wait is None:
                self.doubt_closed(of, path, HIDDEN)
            return
        if result in (Result.CLOSED, Result.OVER_BLOCK) and self._is_turned_away(of, result):
            return
        granted = result in (Result.OPEN, Result.OVER_BLOCK)
        place = (of.resource, path)
        for held in self.context.kinds(question, place, who, of.held, of.state, result):
            key = self.key(of if held == of.held else replace(of, held=held), path)
            if result is Result.OPEN:
                self._open.add(key)
            seen = Observation(key, granted, result, viewer, who, evidence, weak)
            known = self.found.get(key)
            if wait is not None:
                self._wait(of, seen, absent=not wait)
            elif known is None or known.yields_to(result, weak):
                self.found[key] = seen

    def _is_turned_away(self, of: JudgedObject, result: Result) -> bool:
        """Whether credentials without an account count as none for this endpoint: the contract
        grants them nothing there, and the refusal proves nothing about accounts with the same
        relations."""
        viewer, identities = self.seen.question.viewer, self.context.identities
        if self.seen.response.status != 401 or viewer is None or identities.has_account(viewer):
            return False
        peers = (name for name in identities.names() if identities.has_account(name))
        return result is Result.OVER_BLOCK or any(
            identities.relations(name, of.who) == of.held for name in peers if name != of.who
        )

    def _wait(self, of: JudgedObject, closed: Observation, *, absent: bool) -> None:
        """Keeps a missing field until it is known whether entitled viewers are shown it."""
        if of.object_key and closed.owner:
            self.tentative = True
            sent = self.seen.question.sent
            lack = MissingField(closed, of.at, self.beside_fields, sent, absent)
            self.context.entitled.lack(lack)

    def doubt(
        self, of: JudgedObject, path: str, why: str, evidence: Evidence | None
    ) -> Observation:
        """Records a denied field with a value that is no proof alone; returns the leak that it may
        be."""
        key, viewer = self.key(of, path), self.seen.question.viewer
        weak = of.weak or self.context.identities.unproven_of(viewer, of.who)
        seen = Observation(key, False, Result.LEAK, viewer, of.who, evidence, weak)
        self.doubts[key] = Doubt(why, seen)
        return seen

    def doubt_closed(self, of: JudgedObject, path: str, why: str) -> None:
        """Records why the response does not close a cell, although it proves no leak either."""
        key = self.key(of, path)
        seen = Observation(key, False, Result.CLOSED, self.seen.question.viewer, of.who)
        self.doubts.setdefault(key, Doubt(why, seen))

    def leave_blank(self, of: JudgedObject, path: str) -> None:
        """Records a field that came empty and may have no value."""
        self.blank[self.seen.question.viewer or "", of.who, of.resource, path] = None

    def outcome(self) -> Outcome:
        """The outcome of the response, without personal data."""
        question = self.seen.question
        viewer = question.viewer or ""
        return Outcome(
            question.request_key,
            self.seen.response.status,
            tuple(
                each
                for key, each in self.found.items()
                # One shown object is enough: a list may omit others for reasons of its own.
                if not (each.result is Result.OVER_BLOCK and key in self._open)
            ),
            tuple(self.sighted),
            tuple(self.witnessed),
            tuple(self.embedded),
            tuple(self.doubts.values()),
            tuple(self.relative),
            unclear=(
                *((viewer, "", each) for each in dict.fromkeys(self.seen.reading.unclear)),
                *((viewer, *each) for each in self.loosely),
            ),
            tentative=self.tentative,
            blank=tuple(self.blank),
        )

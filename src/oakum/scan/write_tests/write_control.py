"""The control of a write test: the same write by the owner, which has to take effect.

A write that the API refuses to the owner, too, does not show who may write: the object may be
locked, or the API may require a member that the document does not declare. The same is true of a
write whose effect no response shows in time. Callers of such writes are reported as untested.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.relation_fields import may_have, members_named
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine

_TO_A_CALLER = (401, 403, 404, 405, 410)
"""Statuses that refuse the caller, or hide the object from them."""


class WriteOutcome(NamedTuple):
    """The status of a write, and whether the owner sees its value afterwards."""

    status: int
    took: bool
    """Whether the owner's view has shown it."""


@dataclass
class WriteControl:
    """Writes by strangers to one object, compared with the owner's own write."""

    engine: Engine
    probe: Probe
    tried: dict[str | None, WriteOutcome] = field(default_factory=dict)
    noun: str = "write"
    """The word for such a request in reports."""

    def unsure(self) -> list[str | None]:
        """Viewers whose write had no effect for a reason that a control may explain."""
        if any(each.took for each in self.tried.values()):
            return []
        plain = {(None, 401)}
        return [v for v, each in self.tried.items() if (v, each.status) not in plain]

    def tell(self, owner: str, own: WriteOutcome | None, *, compared: bool) -> None:
        """Names those of whom nothing is known. `own`: what became of the owner's write; None:
        there was none. `compared`: one was wanted."""
        for viewer in self.unsure():
            status = self.tried[viewer].status
            if own is not None and (own.took or (status in _TO_A_CALLER and status != own.status)):
                continue
            if own is None and (status in _TO_A_CALLER or not (compared or status >= 400)):
                continue
            identities = self.engine.identities
            label = identities.label(identities.relations(viewer, owner), viewer, owner)
            said = f"the {self.noun} was answered with {status} and took no effect"
            if own is not None:
                said += f", and no more did the owner's own, answered with {own.status}"
            self.engine.results.note_gap(self.probe.endpoint, said, Section.WRITES, label)
        self.tried.clear()


@dataclass
class LabelsTried:
    """The labels of viewers that were tried on objects of a resource, and those that were not."""

    engine: Engine
    probe: Probe
    resource: str
    tried: set[str] = field(default_factory=set)
    lacking: dict[str, None] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    """Label of viewers about whom nothing was learnt → reason."""
    unseen: set[str] = field(default_factory=set)
    """Those of them that have written."""

    def add(
        self,
        owner: str,
        viewer: str | None,
        held: frozenset[str],
        given: frozenset[str] = frozenset(),
    ) -> None:
        """Records a trial by the relations held to the object; `given`: those that other objects of
        the owner give the viewer, of which this one may lack some that its kind can give."""
        identities, model = self.engine.identities, self.engine.model
        leaves = model.tables[self.resource].leaves
        able = {
            each
            for each in given
            if all(may_have(leaves, member) for member in members_named(model, each))
        }
        self.tried.add(identities.label(held, viewer, owner))
        if not able <= held:
            self.lacking[identities.label(held | able, viewer, owner)] = None

    def leave(self, owner: str, viewer: str | None, held: frozenset[str], why: str) -> None:
        """Records why nothing was sent; another object may still be tried."""
        self.left.setdefault(self.engine.identities.label(held, viewer, owner), why)

    def leave_unseen(
        self,
        owner: str,
        viewer: str | None,
        held: frozenset[str],
        why: str = "no response shows its owner the object afterwards",
    ) -> None:
        """Records a write that tells nothing of the object that it names."""
        label = self.engine.identities.label(held, viewer, owner)
        self.left[label] = why
        self.unseen.add(label)

    def tell(self) -> None:
        """Reports the labels of viewers that no identity of the scan could represent, and of those
        whose trials told nothing."""
        for label, why in self.left.items():
            if label in self.unseen or label not in self.tried:
                self.engine.results.note_gap(self.probe.endpoint, why, Section.WRITES, label)
        for label in (each for each in self.lacking if each not in self.tried):
            why = f"the object that was written to names nobody as `{label}`"
            self.engine.results.note_gap(self.probe.endpoint, why, Section.WRITES, label)

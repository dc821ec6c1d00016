"""Requests with the viewer's own login and somebody else's tenant (P1).

`X-Tenant: acme` stands in the line of each identity of acme. An API that takes the tenant from the
header, and does not look whether the caller belongs to it, shows anybody who is logged in what any
tenant has (CWE-639). So one viewer of each kind reads with the value that another identity sends,
in a header or in the query, and the answer is judged like any other. An operation that takes such
a value and was never read with another's is untested.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from oakum.authz import Model
from oakum.authz.compiled_model import is_withheld
from oakum.exposure.cells.matrix import NOBODY
from oakum.exposure.endpoints.probes import Probe
from oakum.scan.engine import Engine, Kind
from oakum.scan.identities.tenant_inputs import SentChoice
from oakum.scan.limits import is_spent
from oakum.scan.technique import Line, Prospect

HOW = "tenants"
RULES: frozenset[str] = frozenset()
OPENS_WAYS = True

_TURNS = 4
"""Objects that are nobody's of which one is looked for that the other tenant is shown."""


def run(engine: Engine) -> None:
    """Reads with the tenants of other identities."""
    if engine.context.choices:
        engine.say("reading with the tenant of another identity")
    for probe in list(engine.state.probes):
        for choice in engine.context.choices:
            if _takes(choice, probe):
                _TenantOperation(engine, probe, choice).run()


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for each operation that takes what callers send as their tenant."""
    for probe in prospect.probes:
        for choice in prospect.choices:
            if _takes(choice, probe) and len({*choice.values.values()}) > 1:
                yield {
                    "as": "one identity of each kind",
                    "request": f"{probe.endpoint.method} {probe.endpoint.path}"
                    f"  with the `{choice.name}` of another",
                    "why": "the API may not look whether the caller belongs to it",
                }


def _takes(choice: SentChoice, probe: Probe) -> bool:
    plain = not (probe.how or probe.query or probe.lacks) and probe.asks is None
    return plain and probe.operation.id in choice.operations


@dataclass(frozen=True)
class _TenantOperation:
    """One operation and what its callers say of their tenant."""

    engine: Engine
    probe: Probe
    choice: SentChoice

    def run(self) -> None:
        """Asks as one viewer of each kind, and says if nobody could be asked as."""
        engine, asked = self.engine, False
        kinds = set[tuple[Kind, str]]()
        for viewer in engine.identities.names():
            for other in self._others(viewer)[:1]:
                kind = (engine.kind(viewer, other), engine.kind(viewer, NOBODY).label)
                if kind not in kinds and not is_spent(engine.context.pace):
                    kinds.add(kind)
                    asked |= self._ask(viewer, other)
        if not asked:
            self._lack()

    def _others(self, viewer: str) -> list[str]:
        """Identities of other tenants, those first who were shown something here."""
        known = [each for each in self.choice.others(viewer) if each in self.engine.identities.ids]
        return sorted(known, key=lambda each: not self._was_shown(each))

    def _was_shown(self, who: str) -> bool:
        whose = who if self.probe.personal else ""
        return bool(self.engine.responses.seen.get((self.probe.id, whose), {}).get(who))

    def _ask(self, viewer: str, other: str) -> bool:
        engine, probe, name = self.engine, self.probe, self.choice.name
        who = other if probe.personal and not probe.batch else None
        turn = engine.responses.first.get((probe.id, who or ""), 0) if who else self._turn(other)
        value, shown = self.choice.values[other], self.choice.shown[other]
        in_query = self.choice.where == "query"
        way = probe.otherwise(
            HOW,
            endpoint=f"{probe.endpoint.path} with the `{name}` of {other}",
            query=((name, value),) if in_query else (),
            headers={} if in_query else {name.lower(): value},
            veiled={name if in_query else name.lower(): shown},
        )
        engine.matrix.open(way)
        outcome = engine.put(way, viewer, who, turn=turn)
        return outcome is not None

    def _turn(self, other: str) -> int:
        """Which object that is nobody's the other is shown."""
        state = self.engine.state
        for turn in range(_TURNS if self.probe.sources and not self.probe.batch else 0):
            place = (self.probe.id, f"value {turn}" if turn else "")
            if other not in state.responses.seen.get(place, {}):
                self.engine.put(self.probe, other, None, turn=turn)
            if state.responses.seen.get(place, {}).get(other):
                return turn
        return 0

    def _lack(self) -> None:
        model, probe = self.engine.model, self.probe
        if not _counts(model, probe, self.choice):
            return
        alone = len({*self.choice.values.values()}) < 2
        why = "give an identity of another tenant" if alone else "no request for it could be built"
        self.engine.results.note_gap(
            f"{probe.endpoint.method} {probe.endpoint.path}",
            f"it takes `{self.choice.name}`, and nobody sent that of another: {why}",
        )


def _counts(model: Model, probe: Probe, choice: SentChoice) -> bool:
    """Whether a run is not done without such a request: the document has the parameter, its name
    stands for a tenant, and the operation shows what is hidden from some."""
    return (
        choice.is_declared
        and choice.is_tenant
        and not model.rule(probe.operation.id).untested
        and any(is_withheld(model, name) for name in probe.shows)
    )

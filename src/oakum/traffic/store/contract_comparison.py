"""Kept traffic compared with a document or contract: judged when kept, summed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from oakum.openapi.model import Operation
from oakum.traffic.observation_model import Drift, SentField, TrafficReport
from oakum.traffic.recorded_exchange import RecordedExchange
from oakum.traffic.store import sql_queries, sums
from oakum.traffic.store.engine import QueryEngine
from oakum.traffic.store.layout import KeptCalls
from oakum.traffic.survey import Against

_SENT: Final = ("run", "endpoint", "resource", "field", "viewer", "state", "present", "of")
_DRIFT: Final = (
    "kind", "endpoint", "method", "path", "resource", "field", "viewer", "state", "seen", "certain",
    "says", "file", "line", "column",
)  # fmt: skip


class ComparisonWithRuns:
    """Combines the operations of the document with the results that the kept runs stored."""

    def __init__(self, against: Against, kept: KeptCalls, engine: QueryEngine, digest: str) -> None:
        """`digest`: of the contract; empty: there is none but a document, which judges nothing."""
        self._against, self._kept, self._engine, self._digest = against, kept, engine, digest
        self.operations = against.operations
        self.names = against.names

    def evaluate(self, passed: RecordedExchange, body: object) -> Operation | None:
        """The operation of an exchange; None: it is not declared."""
        return self._against.evaluate(passed, body)

    def sent_fields(self) -> tuple[SentField, ...]:
        """The fields sent in all runs together."""
        if not self._digest:
            return ()
        self._engine.create_view("sent", self._kept.files("sent"))
        return sums.all_sent(_rows(self._engine, sql_queries.SENT, _SENT))

    def drift(self) -> tuple[Drift, ...]:
        """Differences from the document that any of the kept runs has seen."""
        if not self._digest:
            return ()
        self._engine.create_view("drift", self._kept.files("drift"))
        return sums.all_drift(_rows(self._engine, sql_queries.DRIFT, _DRIFT))

    def unjudged_counts(self) -> Mapping[str, int]:
        """Reason → number of objects that no run could judge."""
        found = Counter[str]()
        for run in self._kept.runs:
            found.update(run.unjudged)
        return found if self._digest else {}

    def distrust(self) -> tuple[str, ...]:
        """Reasons to distrust runs that were compared with another contract."""
        other = [each.run for each in self._kept.runs if each.digest != self._digest]
        said = [*self._against.distrust()]
        if self._digest and other:
            runs = ", ".join(f"`{run}`" for run in other)
            said.append(f"run {runs} was kept without this contract: keep it again with --contract")
        return tuple(said)


def _rows(engine: QueryEngine, question: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    found = sql_queries.sort_rows(engine.rows(question))
    return [dict(zip(names, row, strict=True)) for row in found]


def with_distrust(found: TrafficReport, kept: KeptCalls) -> TrafficReport:
    """An observation, with reasons why the kept traffic is not trustworthy."""
    said = dict.fromkeys((*found.distrust, *(why for run in kept.runs for why in run.distrust)))
    if len({run.key for run in kept.runs}) > 1:
        said["its runs have hashes under different keys: a caller counts once for each"] = None
    return replace(found, distrust=tuple(said))

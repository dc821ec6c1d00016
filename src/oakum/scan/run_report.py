"""What a run reports: findings and cells, what it did not test, and whether it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import oakum
from oakum.exposure.cells.report_cells import report_cells
from oakum.exposure.cells.untested_reasons import resources_without_owner
from oakum.exposure.findings import conclude
from oakum.finding import (
    Cell,
    Finding,
    IdentityState,
    Report,
    Result,
    SkippedOperation,
    TestedItem,
    Writes,
)
from oakum.scan.assembly import Work
from oakum.scan.coverage.named_operations import left_alone, unsent_choices, without_fields
from oakum.scan.coverage.owasp_items import no_write_test, tested_items
from oakum.scan.coverage.uncalled_operations import all_untried
from oakum.scan.coverage.undeclared_ids import said_undeclared
from oakum.scan.coverage.unsent_parameters import said_unsent, unsent
from oakum.scan.coverage.untested import Section
from oakum.scan.coverage.untested_operations import (
    alone,
    bent,
    cut_short,
    find_untested,
    recent,
    shown_in_graph,
    shown_twice,
    trust_reasons,
    unclear_masks,
    unseen,
    vain,
    within_reach,
)
from oakum.scan.engine import Engine
from oakum.scan.evaluation.finding_confirmation import drop_unconfirmed
from oakum.scan.limits import is_spent
from oakum.scan.preparation import Preparation
from oakum.scan.questions.other_users_objects import (
    asked_by_everybody,
    asked_of_known,
    find_unasked,
)
from oakum.scan.settings.next_settings import reach, unchangeable
from oakum.scan.techniques import TECHNIQUES
from oakum.scan.write_counts import WriteCounts, wrote_to

NOTHING_SHOWN = (
    "no owner received any of their own data: nothing was tested; run `oakum doctor` and check"
    " the parameters"
)


@dataclass
class Exploration:
    """The results of a run after its last request and its restore."""

    work: Work
    engine: Engine | None = None
    """None if the run sent no requests beyond the logins."""
    states: tuple[IdentityState, ...] = ()
    notes: list[str] = field(default_factory=list)
    distrust: list[str] = field(default_factory=list)
    unsure: tuple[str, ...] = ()
    """Changes that were restored but not verified to equal the original."""
    left_behind: tuple[str, ...] = ()
    """What could not be restored, in words."""
    traces: tuple[str, ...] = ()
    """Differences in the census that are effects of the run."""


@dataclass(frozen=True)
class RunReport:
    """Makes the report of a run that has ended, from its preparation and what it explored."""

    prepared: Preparation
    asked: Exploration

    def report(self, counts: WriteCounts) -> Report:
        """The whole report, without its duration. `counts`: of writes."""
        prepared, asked, engine = self.prepared, self.asked, self.asked.engine
        options = prepared.options
        if engine is not None:
            drop_unconfirmed(engine.matrix)
        findings, cells = self._findings(), self._cells()
        skipped = self._skipped_operations()
        distrust = [*asked.distrust, *self._doubts(findings, cells, skipped)]
        writes = self._writes(counts)
        items: tuple[TestedItem, ...] = ()
        if prepared.scope is None:
            items = tested_items(engine, cells, findings, prepared.prospect, wrote=writes.sent > 0)
        return Report(
            target=options.target,
            contract=str(options.contract),
            stated=prepared.policy.stated,
            run=asked.work.run,
            started="",
            seconds=0.0,
            requests=asked.work.governor.sent,
            budget=options.budget,
            findings=tuple(findings),
            cells=tuple(cells),
            skipped=skipped,
            identities=asked.states
            or tuple(IdentityState(name, False) for name in prepared.identities.items),
            distrust=tuple(dict.fromkeys(distrust)),
            notes=tuple(self._notes(cells, skipped)),
            version=oakum.__version__,
            field_lines=dict(prepared.model.field_locations()),
            allowed=options.allowances,
            contract_digest=prepared.contract_digest,
            writes=writes,
            items=items,
        )

    def _findings(self) -> list[Finding]:
        engine = self.asked.engine
        if engine is None:
            return []
        model, signals = self.prepared.model, engine.results.signals
        return conclude(model, engine.identities, engine.matrix, signals)

    def _cells(self) -> list[Cell]:
        engine = self.asked.engine
        if engine is None:
            return []
        why_not = engine.results.gaps.reasons(Section.CELLS)
        return report_cells(engine.matrix, why_not, reach(engine))

    def _skipped_operations(self) -> tuple[SkippedOperation, ...]:
        prepared = self.prepared
        writes = prepared.options.may.writes
        others = left_alone(
            prepared.model, self.asked.engine, prepared.skipped, prepared.feeds, writes=writes
        )
        return tuple(prepared.selection.skipped_operations(others))

    def _writes(self, counts: WriteCounts) -> Writes:
        prepared, asked = self.prepared, self.asked
        found = asked.engine.results.gaps.writes if asked.engine is not None else ()
        return counts.writes(
            prepared.whole,
            asked.work.governor.written,
            (*asked.left_behind, *asked.unsure, *asked.traces),
            all_untried(prepared.model, found, writes=prepared.options.may.writes),
        )

    def _notes(self, cells: Sequence[Cell], skipped: tuple[SkippedOperation, ...]) -> Iterator[str]:
        """Remarks for the report."""
        prepared, asked, engine = self.prepared, self.asked, self.asked.engine
        spending = prepared.spending
        left = len(engine.state.later if engine is not None else spending.left)
        yield from asked.notes
        yield from filter(None, (spending.note(left),))
        yield from asked.work.sessions.notes
        if engine is None:
            return
        yield from (*engine.results.notes, *asked_of_known(engine), *asked_by_everybody(engine))
        if prepared.scope is None:
            yield from (*said_unsent(engine), *unsent_choices(engine), *said_undeclared(engine))
            yield from without_fields(engine, cells, skipped)
        yield from (*map(bent, engine.evaluator.bent.items()), *wrote_to(engine))
        yield from recent(prepared.model, engine.knowledge.ambient.recent)
        yield from asked.unsure

    # ------------------------------------------------------------ whether it can be trusted

    def _doubts(
        self,
        findings: Sequence[Finding],
        cells: Sequence[Cell],
        skipped: tuple[SkippedOperation, ...],
    ) -> Iterator[str]:
        """Why the run is not trustworthy, besides errors during it."""
        prepared, engine, scope = self.prepared, self.asked.engine, self.prepared.scope
        shown = sum(cell.result is not Result.UNTESTED for cell in cells)
        share = 100 * shown / len(cells) if cells else 0.0
        seen = any(cell.result in (Result.OPEN, Result.LEAK) for cell in cells)
        if engine is not None:
            seen = seen or shown_in_graph(engine.matrix)
            seen = seen or (scope is not None and bool(engine.matrix.own))
            yield from (*engine.results.distrust, *unclear_masks(engine.matrix))
            if engine.context.memberships is not None:
                yield from engine.context.memberships.unread()
            yield from map(shown_twice, engine.evaluator.twice.items())
            yield from self._warn_of_unjudged(engine)
        least = prepared.options.min_shown
        if not seen:
            yield NOTHING_SHOWN
        elif cells and share < least:
            yield (
                f"only {share:.0f} % of {len(cells)} cells were shown,"
                f" less than the {least:g} % asked for"
            )
        drafted = not prepared.policy.stated  # a draft does not state what is left out on purpose
        if scope is None and engine is not None and seen and not (drafted and findings):
            yield from self._warn_of_untested(engine, cells, skipped)

    def _warn_of_unjudged(self, engine: Engine) -> Iterator[str]:
        """Reports resources that were seen, but never with an identity as owner."""
        scope, left = self.prepared.scope, resources_without_owner(engine.matrix)
        if scope is not None:
            left = [name for name in left if name == scope.focus.finding.resource]
        if left:
            named = ", ".join(f"`{name}`" for name in left)
            yield (
                f"{named} came, but never with an identity as owner: nothing of it was judged;"
                f" give each identity its id under `facts:`, such as"
                " `facts: {user_id: 7}`"
            )

    def _warn_of_untested(
        self, engine: Engine, cells: Sequence[Cell], skipped: Iterable[SkippedOperation]
    ) -> Iterator[str]:
        """Reports parts of the contract that the run could not test: identities, kinds of viewers,
        endpoints."""
        model, called = self.prepared.model, engine.requests.called
        near = within_reach(engine.identities, engine.matrix)
        silent = [each for each in skipped if each.endpoint.operation not in called]
        yield from alone(model, engine.identities)
        if is_spent(engine.context.pace):
            left = (each for each in TECHNIQUES if each not in engine.state.finished)
            prospect = self.prepared.prospect()
            yield from cut_short(each.HOW for each in left if any(each.foresee(prospect)))
        settings = engine.context.account_settings
        if settings is not None and settings.used and not settings.taken:
            yield vain(next(reversed(settings.refusals), ""))
        if settings is not None:
            yield from unchangeable(engine, settings, cells)
        yield from no_write_test(engine)
        yield from unseen(model, engine.identities, cells, reach(engine))
        found = {each.name: each for each in (*find_unasked(engine), *unsent(engine))}
        found |= {each.name: each for each in engine.results.gaps.of(Section.TRUST)}
        found |= {e.name: e for e in find_untested(self.prepared.whole, cells, silent, near)}
        yield from trust_reasons([found[name] for name in sorted(found)])

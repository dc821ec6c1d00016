"""Runs a scan: logs in, restores what a killed run left, sends the requests, and restores its own
changes; `run_report` makes the report."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from oakum.errors import InputError, Location, Problem, TargetError
from oakum.exchange import Exchange
from oakum.finding import Report
from oakum.scan.assembly import Assembly, Work, at_work
from oakum.scan.census.census_json import keeper
from oakum.scan.census.object_snapshots import Census
from oakum.scan.context import Event
from oakum.scan.discovery.security_contact import contact_notes
from oakum.scan.engine import Engine
from oakum.scan.evaluation.settings_effects import still_open
from oakum.scan.identities.account_deletion_by_others import report_deletable_accounts
from oakum.scan.identities.identity_verification import Examination, examine
from oakum.scan.identities.ids_and_claims import with_claims
from oakum.scan.identities.relation_lists import Relations
from oakum.scan.identities.verification_responses import (
    known_answers,
    not_before,
    read_again,
    whoami,
)
from oakum.scan.journal import Past, to_restore
from oakum.scan.killed_run_restoration import killed_run, mistrust, surely, without_settings
from oakum.scan.limits import BudgetSpent
from oakum.scan.options import Options
from oakum.scan.preparation import Preparation, prepare
from oakum.scan.run_report import Exploration, RunReport
from oakum.scan.scheduler import EarlierExchanges, Scheduler
from oakum.scan.techniques import TECHNIQUES
from oakum.scan.techniques.cross_user_cache import mixed_up
from oakum.scan.transport.fault_hook import FaultInjection
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.interrupt_delay import heard_late
from oakum.scan.undo.visibility_wait import VisibilityWait
from oakum.scan.write_counts import WriteCounts

_RESTORE_RESERVE = 200
"""Requests beyond the budget that may only be used for restoring."""


@dataclass
class Scan:
    """One run. All files are read and checked before the first request."""

    options: Options
    emit: Callable[[Event], None]
    sleep: Callable[[float], None] = time.sleep
    """Waits so many seconds, for a change to become visible or for the rate limit."""
    between: FaultInjection | None = None
    """Injects faults between the run and its target; None in every real run."""
    left_behind: tuple[str, ...] = ()
    """What could not be restored at the end, in words."""

    def __post_init__(self) -> None:
        self.prepared: Preparation = prepare(self.options)
        self.killed = killed_run(self.prepared)
        self.run = self.killed.past.run or secrets.token_hex(6)
        self.seal = Encryption(self.prepared.identities.secrets(), self.run)
        self.writes = WriteCounts()
        self._census: Census | None = None

    def report(self) -> Report:
        """Runs to the end whatever fails, and returns the report."""
        started, clock = datetime.now(UTC), time.monotonic()
        with ExitStack() as rest:  # a late interrupt is delayed until it is reported
            made = self._account_for(self._ask_all(rest))
        return replace(
            made,
            started=started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            seconds=round(time.monotonic() - clock, 2),
        )

    def _ask_all(self, rest: ExitStack) -> Exploration:
        """Sends all requests and restores all changes; from then on, and as long as `rest` is open,
        interrupts are delayed."""
        with self._at_work() as work:
            asked = Exploration(work)
            try:
                self._explore(asked)
            except BudgetSpent as error:
                asked.notes.append(f"{error}: requests that were not sent are reported as untested")
            except TargetError as error:
                asked.distrust.append(str(error))
            except KeyboardInterrupt:
                asked.distrust.append(
                    "interrupted: requests that were not sent are reported as untested"
                )
            finally:
                rest.enter_context(heard_late(self._say_late))
                with work.governor.reserve(_RESTORE_RESERVE):
                    self.left_behind = self._leave(asked.engine)
                    if work.journal is not None and self._census is not None:
                        work.journal.census("")
                asked.distrust += (*self.left_behind, *self.how_to_restore())
        return asked

    def _explore(self, asked: Exploration) -> None:
        """Logs in, restores what a killed run left, and sends the requests; `asked` records each
        step."""
        prepared, work, killed = self.prepared, asked.work, self.killed
        asked.notes += contact_notes(work.governor, self.options.target)
        found = self._examine(work)
        asked.states = found.states
        asked.notes += found.notes
        asked.distrust += [f"identity `{s.name}`: {s.message}" for s in found.states if not s.ok]
        engine, relations = self._build_engine(found, work, killed.past)
        asked.engine = engine
        given: EarlierExchanges = self._known_answers(found, work)
        if killed.past.has_work:
            with work.governor.reserve(_RESTORE_RESERVE):
                engine = self._put_back(asked, engine, relations, given)
        if killed.past.pending or killed.past.undos:
            found = with_claims(read_again(found, work.sessions), prepared.policy, work.sessions)
            engine, relations = self._anew(engine, found, work)
            asked.engine = engine
            given = not_before(killed.past.pending, self._known_answers(found, work))
        if killed.stale is not None:
            return
        if prepared.scope is not None:
            engine = asked.engine = prepared.scope.take(engine)
        keep = keeper(work.journal, self.seal)
        self._census = Census(engine, relations, VisibilityWait(self.sleep), keep=keep)
        self._schedule(engine, self._census, given, found)

    def _account_for(self, asked: Exploration) -> Report:
        stale = self.killed.stale
        if stale is not None:
            journal = Location(str(self.options.journal))
            left = [Problem(journal, each) for each in asked.distrust]
            raise InputError([*stale.problems, *left])
        asked.left_behind = self.left_behind
        unsure = asked.engine.context.unsure if asked.engine is not None else ()
        asked.unsure = (*self.killed.unsure, *unsure)
        asked.traces = tuple(self._census.traces) if self._census is not None else ()
        return RunReport(self.prepared, asked).report(self.writes)

    def how_to_restore(self) -> tuple[str, ...]:
        """How to undo what the run could not, at its end; empty where nothing is left."""
        return to_restore(self.options.journal) if self.left_behind else ()

    def restore(self) -> tuple[str, ...]:
        """Restores what a killed run left changed, and nothing else; returns failures in words."""
        killed = self.killed
        if not killed.past.has_work:
            return ()
        failed: list[str] = []
        with self._at_work() as work, work.governor.reserve(_RESTORE_RESERVE):
            try:
                found = self._examine(work)
                failed = [f"identity `{s.name}`: {s.message}" for s in found.states if not s.ok]
                engine, relations = self._build_engine(found, work, killed.past)
                Scheduler(engine).introduce(self._known_answers(found, work), killed.past.pending)
                with heard_late(self._say_late):
                    failed += killed.restore(engine, self.seal)
                    context = engine.context
                    settings = context.account_settings
                    killed.settings_differing = settings.differing if settings else None
                    failed += context.provisioned.restore() if context.provisioned else ()
                    failed += self._compare(engine, relations, work, settled=not failed)
            except (BudgetSpent, TargetError) as error:
                failed.append(str(error))
        return tuple(failed)

    # ------------------------------------------------------------ building

    def _at_work(self) -> AbstractContextManager[Work]:
        return at_work(self.prepared, self.run, self.seal, self.sleep, self.between)

    def _examine(self, work: Work) -> Examination:
        self.emit(Event("phase", {"name": "proving the identities"}))
        policy, document = self.prepared.policy, self.prepared.contract.document
        found = examine(self.prepared.identities, work.sessions, "", document, policy.caller)
        return with_claims(found, policy, work.sessions)

    def _known_answers(self, found: Examination, work: Work) -> list[tuple[str, str, Exchange]]:
        """Answers of logins and of who-am-I, which need not be asked again."""
        document, model = self.prepared.contract.document, self.prepared.model
        return [*known_answers(document, model, found, work.sessions)]

    def _build_engine(self, found: Examination, work: Work, past: Past) -> tuple[Engine, Relations]:
        patience = VisibilityWait(self.sleep)
        assembly = Assembly(self.prepared, work, past, self.emit, self.writes, patience)
        engine = assembly.engine(found)
        relations = assembly.relations(engine)
        if self.between is not None:
            engine = self.between.take(engine)
        return engine, relations

    def _schedule(
        self, engine: Engine, census: Census, given: EarlierExchanges, found: Examination
    ) -> None:
        scope = self.prepared.scope
        techniques = scope.watched_techniques if scope is not None else TECHNIQUES
        doubt = census.relations.doubt if census.relations is not None else tuple
        scheduler = Scheduler(engine, techniques, doubt, census.take)
        if scope is not None:
            scope.teach(scheduler, given)
        if found.mixed:  # who-am-I itself returned another caller's response
            scheduler.introduce(given)
            operation = whoami(self.prepared.contract.document, self.prepared.model, found)
            mixed_up(engine, operation.id if operation is not None else "", found)
        scheduler.explore(given)

    # ------------------------------------------------------------ putting back

    def _say_late(self) -> None:
        self.emit(Event("phase", {"name": "restoring and reporting, despite Ctrl-C"}))

    def _leave(self, engine: Engine | None) -> tuple[str, ...]:
        """Restores everything and compares with the state before; returns the differences
        in words."""
        left = self.killed.restore(engine, self.seal)
        if engine is None:
            return left
        if not left:
            left += surely("settings", partial(still_open, engine))
        if engine.context.provisioned is not None:
            left += surely("accounts", engine.context.provisioned.restore)
            report_deletable_accounts(engine)
        if self.writes.changes:
            left += surely("objects", self._census.differences) if self._census else ()
        return left

    def _compare(
        self, engine: Engine, relations: Relations, work: Work, *, settled: bool
    ) -> tuple[str, ...]:
        patience = VisibilityWait(self.sleep)
        return self.killed.compare(
            engine, relations, work.journal, self.seal, patience, settled=settled
        )

    def _put_back(
        self, asked: Exploration, engine: Engine, relations: Relations, given: EarlierExchanges
    ) -> Engine:
        """Puts back what a killed run left flipped, before anything else; `asked` hears what could
        not be, and what differs beside it."""
        self.killed.prepare(engine, given, self.emit)
        failed = self.killed.restore(engine, self.seal)
        if failed or not self.options.allow_own_settings:
            engine = asked.engine = without_settings(engine)
        self.killed.notes += self._compare(engine, relations, asked.work, settled=not failed)
        asked.distrust += (*failed, *(self.killed.differing or ()))
        return engine

    def _anew(self, engine: Engine, found: Examination, work: Work) -> tuple[Engine, Relations]:
        """A new engine without the knowledge from before the restore, which was about accounts and
        objects in another state."""
        fresh, relations = self._build_engine(found, work, self.killed.left_over(self.seal))
        if engine.context.account_settings is None:
            fresh = without_settings(fresh)
        mistrust(fresh.identities, self.options.journal)
        fresh.results.remark(*self.killed.notes)
        self.killed.unsure += engine.context.unsure
        return fresh, relations


__all__ = ["Options", "Scan"]

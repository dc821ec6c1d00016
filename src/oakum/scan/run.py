"""Runs a scan from files to report: read, log in, scan, restore, judge completeness."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import oakum
from oakum.authz import Model, compile_contract
from oakum.errors import InputError, Location, Problem, TargetError
from oakum.exposure.endpoints import asking_for_all, asking_for_more, feeds, survey
from oakum.exposure.findings import conclude
from oakum.exposure.report_cells import report_cells
from oakum.exposure.untested import unjudged
from oakum.finding import Cell, IdentityState, Report, Result, Skipped
from oakum.inference.draft import drafted_policy
from oakum.inference.params import infer_params
from oakum.policy.contract import Contract, contract_digest, load
from oakum.policy.model import Policy
from oakum.scan.assembly import Wiring
from oakum.scan.budget_plan import afford
from oakum.scan.census.census_record import differences, keeper
from oakum.scan.census.object_snapshots import Census
from oakum.scan.context import Event
from oakum.scan.coverage import (
    Untested,
    alone,
    bent,
    cut_short,
    masked,
    recent,
    shown_in_graph,
    shown_twice,
    told,
    unseen,
    untested,
    vain,
    within_reach,
)
from oakum.scan.discovery.security_contact import contact_notes
from oakum.scan.engine import Engine
from oakum.scan.evaluation.after_restore import still_open
from oakum.scan.evaluation.finding_confirmation import drop_unconfirmed
from oakum.scan.identities.credentials import Identities
from oakum.scan.identities.doctor import Examination, examine
from oakum.scan.identities.foreign_removals import tell_removals
from oakum.scan.identities.identities_file import load_identities
from oakum.scan.identities.ids_and_claims import with_claims
from oakum.scan.identities.relation_lists import Relations
from oakum.scan.identities.sent_choices import choices_of
from oakum.scan.identities.session import Sessions
from oakum.scan.identities.verification_answers import known_answers, not_before, read_again, whoami
from oakum.scan.limits import BudgetSpent, May, is_spent
from oakum.scan.named_operations import left_alone, unsent_choices, without_fields
from oakum.scan.narrowing import Scope, narrow
from oakum.scan.options import Options
from oakum.scan.owasp_items import tested_items
from oakum.scan.requests.called_operation import Names
from oakum.scan.requests.every_owner import asked_by_everybody, asked_of_known, unasked
from oakum.scan.requests.identity_parameters import without_sent
from oakum.scan.requests.uncalled_operations import all_untried
from oakum.scan.requests.undeclared_keys import said_undeclared
from oakum.scan.requests.unsent_parameters import said_unsent, unsent
from oakum.scan.scheduler import Given, Scheduler
from oakum.scan.selection import select
from oakum.scan.settings.next_settings import reach, unchangeable
from oakum.scan.technique import Prospect
from oakum.scan.techniques import TECHNIQUES
from oakum.scan.techniques.cache import mixed_up
from oakum.scan.transport.client import Governor, HttpTransport
from oakum.scan.transport.fault_hook import Between
from oakum.scan.transport.feeds import Feeds
from oakum.scan.transport.required_certificate import required_certificate
from oakum.scan.undo.after_a_kill import mistrust, put_back
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.interrupt_delay import heard_late
from oakum.scan.undo.journal import Journal, Past, recall, refuse_to_forget, to_restore
from oakum.scan.undo.setting_change import left_behind
from oakum.scan.undo.visibility_wait import Patience
from oakum.scan.write_counts import WriteCounts, wrote_to

_RESTORE_RESERVE = 200
"""Requests beyond the budget that only putting settings back may use."""

NOTHING_SHOWN = (
    "no owner received any of their own data: nothing was tested; run `oakum doctor` and check"
    " the parameters"
)


@dataclass(frozen=True)
class _Work:
    """What a run asks with; closed at its end."""

    governor: Governor
    sessions: Sessions
    listen: Feeds
    journal: Journal | None


@dataclass(frozen=True)
class _Exploration:
    """What a run knows when all is asked; `engine` is None where it did not come to ask."""

    work: _Work
    engine: Engine | None
    states: tuple[IdentityState, ...]
    distrust: list[str]
    notes: list[str]


@dataclass
class Scan:
    """One run. `prepare` reads and checks everything before the first request."""

    options: Options
    emit: Callable[[Event], None]
    warnings: list[Problem] = field(default_factory=list)
    sleep: Callable[[float], None] = time.sleep
    """Waits so many seconds for what was changed to be shown, or as the rate or the target asks."""
    between: Between | None = None
    """What stands between the run and its target; None: nothing, as in every real run."""
    left_behind: tuple[str, ...] = ()
    """What could not be put back at the end, in words."""
    differing: tuple[str, ...] | None = None
    """What differs from before the killed run beside what it wrote; None: it was not compared."""
    settings_differing: tuple[str, ...] | None = None
    """What settings differ from before it, beside those that it changed; likewise."""

    def __post_init__(self) -> None:
        options = self.options
        contract = load(options.contract, options.overlays)
        self.contract: Contract = contract
        self.contract_digest = contract_digest(contract, options.overlays)
        self.policy: Policy = contract.policy or drafted_policy(contract.document)
        self.identities: Identities = load_identities(
            options.identities, self.policy.relations, resources=self.policy.resources
        )
        compiled = compile_contract(contract.document, self.policy)
        self.choices = choices_of(compiled, self.identities)
        self.whole: Model = without_sent(compiled, self.identities, options.connection.headers)
        self.selection = select(self.whole, options.include, options.exclude)
        self.model: Model = self.selection.model
        self.warnings += [*contract.warnings, *self.whole.notes]
        self.warnings += [*self.identities.warnings, *self.identities.notes]
        self.inferred = infer_params(contract.document, self.policy)
        plain, self.skipped = survey(self.model, self.inferred, contract.document.closed)
        self.probes = [*plain, *asking_for_all(plain), *asking_for_more(plain)]
        self.feeds = feeds(self.model, self.inferred)
        self.scope: Scope | None = None
        if options.only is not None:
            self.scope = narrow(
                options.only, self.model, self.inferred, self.probes, self.feeds,
                own_settings=options.allow_own_settings,
                stated={o.resource for i in self.identities.items.values() for o in i.owns},
            )  # fmt: skip
            self.probes, self.feeds = self.scope.probes, self.scope.feeds
        self.spending = afford(
            self.model, self.probes, len(self.identities.items) + 1, options.budget
        )
        self.probes = self.spending.probes
        self.past = Past()
        self.run = secrets.token_hex(6)
        self.may = May(
            options.allow_own_settings, options.allow_writes, options.twins, options.twin,
            options.front_end,
        )  # fmt: skip
        self.seal = Encryption(self.identities.secrets(), self.run)
        self.writes = WriteCounts()
        self._census: Census | None = None
        self._told = tuple[str, ...]()
        """Remarks on comparing with before a killed run."""
        self._unsure = tuple[str, ...]()
        """What of a killed run was restored without certainty."""
        self.stale: InputError | None = None
        """Why the journal is of no use but to put settings back."""
        if options.resume or options.restore:
            self.past = self._recall()
            self.run = self.past.run
            self.seal = Encryption(self.identities.secrets(), self.run)
        elif options.journal is not None:
            refuse_to_forget(options.journal)

    def _recall(self) -> Past:
        if self.options.journal is None:
            raise InputError([Problem(Location("--resume"), "needs the `--journal` of the run")])
        past = recall(self.options.journal, outcomes_too=not self.options.restore)
        where = Location(str(self.options.journal), 1, 1)
        elsewhere = past.target != self.options.target
        if elsewhere or (past.contract != self._digest() and not self.options.restore):
            hint = "start a new run without --resume"
            if self.options.restore:
                hint = f"it is of `{past.target}`"
            error = InputError([Problem(where, "belongs to another target or contract", hint)])
            if elsewhere or not past.left:
                raise error
            self.stale = error
        return past

    def _digest(self) -> str:
        options = self.options
        files = (options.contract, options.identities, *options.overlays)
        parts = [file.read_bytes() for file in files]
        parts += [f"{each}".encode() for each in (options.include, options.exclude) if each]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]

    def prospect(self, may: May | None = None) -> Prospect:
        """All that techniques know before the first request. `may`: what the user allows, if not
        what this user does."""
        return Prospect(
            self.model, tuple(self.probes), may or self.may, tuple(self.feeds),
            self.contract.graphs, self.inferred, self.choices,
        )  # fmt: skip

    def report(self) -> Report:
        """Runs to the end, whatever fails, and reports what is known."""
        started, clock = datetime.now(UTC), time.monotonic()
        with ExitStack() as rest:  # a late interrupt is delayed until it is reported
            made = self._account_for(self._ask_all(rest))
        return replace(
            made,
            started=started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            seconds=round(time.monotonic() - clock, 2),
        )

    def _ask_all(self, rest: ExitStack) -> _Exploration:
        """Asks all that is to be asked and puts back what it changed; from then on, and as long as
        `rest` is open, interrupts are heard late."""
        options = self.options
        distrust, notes = list[str](), list[str]()
        states: tuple[IdentityState, ...] = ()
        engine: Engine | None = None
        with self._at_work() as work:
            try:
                notes += contact_notes(work.governor, options.target)
                found = self._examined(work)
                states = found.states
                notes += found.notes
                distrust += [f"identity `{s.name}`: {s.message}" for s in states if not s.ok]
                engine, relations = self._wired(found, work)
                given = [*known_answers(self.contract.document, self.model, found, work.sessions)]
                with work.governor.reserve(_RESTORE_RESERVE):
                    engine, failed = self._put_back(engine, relations, given, work.journal)
                distrust += failed
                if self.past.pending or self.past.undos:
                    found = with_claims(
                        read_again(found, work.sessions), self.policy, work.sessions
                    )
                    engine, relations = self._anew(engine, found, work)
                    told = known_answers(self.contract.document, self.model, found, work.sessions)
                    given = not_before(self.past.pending, told)
                if self.stale is None:
                    engine = self.scope.take(engine) if self.scope is not None else engine
                    keep = keeper(work.journal, self.seal)
                    census = Census(engine, relations, Patience(self.sleep), keep=keep)
                    self._explore(engine, census, given, found)
            except BudgetSpent as error:
                notes.append(f"{error}: requests that were not sent are reported as untested")
            except TargetError as error:
                distrust.append(str(error))
            except KeyboardInterrupt:
                distrust.append("interrupted: requests that were not sent are reported as untested")
            finally:
                rest.enter_context(heard_late(self._say_late))
                with work.governor.reserve(_RESTORE_RESERVE):
                    left = self._leave(engine)
                    if work.journal is not None and self._census is not None:
                        work.journal.census("")
                self.left_behind = left
                distrust += (*left, *self.how_to_restore())
        return _Exploration(work, engine, states, distrust, notes)

    def _account_for(self, asked: _Exploration) -> Report:
        work, engine, distrust = asked.work, asked.engine, asked.distrust
        if self.stale is not None:
            problems = _as_problems(self.options.journal, distrust)
            raise InputError([*self.stale.problems, *problems])
        unasked = len(engine.state.later if engine else self.spending.left)
        notes = [*asked.notes, *filter(None, (self.spending.note(unasked),)), *work.sessions.notes]
        unsure = (*self._unsure, *(engine.context.unsure if engine is not None else ()))
        made = self._write_up(engine, distrust)
        notes += [*self._remarks(engine, made), *unsure] if engine is not None else ()
        writes = self.writes.writes(
            self.whole,
            work.governor.written,
            (*self.left_behind, *unsure, *(self._census.traces if self._census else ())),
            all_untried(self.model, engine.state.untried if engine else (), writes=self.may.writes),
        )
        items = partial(
            tested_items, engine, made.cells, made.findings, self.prospect, wrote=writes.sent > 0
        )
        return replace(
            made,
            requests=work.governor.sent,
            identities=asked.states
            or tuple(IdentityState(name, False) for name in self.identities.items),
            notes=tuple(notes),
            writes=writes,
            items=items() if self.scope is None else (),
        )

    def how_to_restore(self) -> tuple[str, ...]:
        """How to undo what the run could not, at its end; empty where nothing is left."""
        return to_restore(self.options.journal) if self.left_behind else ()

    def _remarks(self, engine: Engine, made: Report) -> Iterator[str]:
        """What is to be noted of a run that could ask."""
        yield from (*engine.state.notes, *asked_of_known(engine), *asked_by_everybody(engine))
        if self.scope is None:
            yield from (*said_unsent(engine), *unsent_choices(engine), *said_undeclared(engine))
            yield from without_fields(engine, made.cells, made.skipped)
        yield from (*map(bent, engine.evaluator.bent.items()), *wrote_to(engine))
        yield from recent(self.model, engine.knowledge.ambient.recent)

    def _leave(self, engine: Engine | None) -> tuple[str, ...]:
        """Put all back and look whether it is as before; says what is not."""
        left = self._restore(engine)
        if engine is None:
            return left
        if not left:
            left += _surely("settings", partial(still_open, engine))
        if engine.context.provisioned is not None:
            left += _surely("accounts", engine.context.provisioned.restore)
            tell_removals(engine)
        if self.writes.changes:
            left += _surely("objects", self._census.differences) if self._census else ()
        return left

    def restore(self) -> tuple[str, ...]:
        """Restores what a killed run left changed, and nothing else; returns failures in words."""
        if not self.past.left:
            return ()
        failed: list[str] = []
        with self._at_work() as work, work.governor.reserve(_RESTORE_RESERVE):
            try:
                found = self._examined(work)
                failed = [f"identity `{s.name}`: {s.message}" for s in found.states if not s.ok]
                engine, relations = self._wired(found, work)
                given = known_answers(self.contract.document, self.model, found, work.sessions)
                Scheduler(engine).introduce(given, self.past.pending)
                with heard_late(self._say_late):
                    failed += self._restore(engine)
                    settings = engine.context.account_settings
                    self.settings_differing = settings.differing if settings else None
                    failed += (
                        engine.context.provisioned.restore() if engine.context.provisioned else ()
                    )
                    failed += self._compare(engine, relations, work.journal, settled=not failed)
            except (BudgetSpent, TargetError) as error:
                failed.append(str(error))
        return tuple(failed)

    def _say_late(self) -> None:
        self.emit(Event("phase", {"name": "restoring and reporting, despite Ctrl-C"}))

    @contextmanager
    def _at_work(self) -> Iterator[_Work]:
        options = self.options
        transport = HttpTransport(
            options.target,
            run_id=self.run,
            also=[*self.identities.origins(), *options.twin, *options.front_end],
            certificates=self.identities.certificates(),
            connection=options.connection,
            twins=options.twin,
        )
        between = self.between
        wire = between.wire(transport) if between is not None else transport
        names = Names(self.contract.document.declared, options.target)
        governor = Governor(
            wire, options.rate, options.budget, sleep=self.sleep, name=names,
            refusal=partial(self.selection.refusal, names),
            required=required_certificate(options.target, self.identities.certificates()),
        )  # fmt: skip
        sessions = Sessions(
            self.identities, governor, self.contract.document, options.target, also=options.twin
        )
        if between is not None:
            between.seat(sessions)
        listen = Feeds(transport, governor, sessions)
        journal = self._journal()
        try:
            yield _Work(governor, sessions, listen, journal)
        finally:
            listen.close()
            transport.close()
            if journal is not None:
                journal.close()

    def _examined(self, work: _Work) -> Examination:
        self.emit(Event("phase", {"name": "proving the identities"}))
        document, caller = self.contract.document, self.policy.caller
        found = examine(self.identities, work.sessions, "", document, caller)
        return with_claims(found, self.policy, work.sessions)

    def _wired(
        self, found: Examination, work: _Work, past: Past | None = None
    ) -> tuple[Engine, Relations]:
        closed = (each.operation for each in self.contract.document.closed)
        wiring = Wiring(
            self.contract, self.policy, self.model, self.identities, self.inferred,
            self.spending, self.feeds, self.may, self.options.target, past or self.past, self.seal,
            work.sessions, work.governor, work.listen, work.journal, self.emit, self.writes,
            Patience(self.sleep), (*self.selection.left_out.values(), *closed),
            self.options.connection.curl(), self.choices,
        )  # fmt: skip
        engine = wiring.engine(found)
        relations = wiring.relations(engine)
        if self.between is not None:
            engine = self.between.take(engine)
        return engine, relations

    def _explore(self, engine: Engine, census: Census, given: Given, found: Examination) -> None:
        self._census = census
        techniques = self.scope.watched if self.scope is not None else TECHNIQUES
        doubt = census.relations.doubt if census.relations is not None else tuple
        scheduler = Scheduler(engine, techniques, doubt, census.take)
        if self.scope is not None:
            self.scope.teach(scheduler, given)
        if found.mixed:  # who-am-I itself returned another caller's response
            scheduler.introduce(given)
            operation = whoami(self.contract.document, self.model, found)
            mixed_up(engine, operation.id if operation is not None else "", found)
        scheduler.explore(given)

    def _journal(self) -> Journal | None:
        options = self.options
        if options.journal is None:
            return None
        further = options.resume or options.restore
        return Journal(options.journal, self.run, options.target, self._digest(), further)

    def _compare(
        self, engine: Engine, relations: Relations, journal: Journal | None, *, settled: bool
    ) -> tuple[str, ...]:
        """Compares with before a killed run, and says what could not be read; `settled`: all that
        it wrote is undone, so that nothing is to be compared once more if nothing differs."""
        if not self.past.census:
            return ()
        state, patience = engine.state, Patience(self.sleep)
        before = len(state.notes)
        again = partial(differences, self.past.census, self.seal, engine, relations, patience)
        self.differing = _surely("objects", again)
        if journal is not None and settled and not self.differing:
            journal.census("")
        return tuple(state.notes[before:])

    def _put_back(
        self, engine: Engine, relations: Relations, given: Given, journal: Journal | None
    ) -> tuple[Engine, tuple[str, ...]]:
        """Put back what a killed run left flipped, before anything else; says what could not be,
        and what differs beside it."""
        if not self.past.left:
            return engine, ()
        unheard = replace(engine, context=replace(engine.context, emit=self.emit))  # no journal
        Scheduler(unheard).introduce(given, self.past.pending)
        failed = self._restore(engine)
        if failed or not self.options.allow_own_settings:
            # A second change would overwrite the original value that is to be restored.
            context = replace(engine.context, relationships=None, account_settings=None)
            engine = replace(engine, context=context)
        self._told += self._compare(engine, relations, journal, settled=not failed)
        return engine, (*failed, *(self.differing or ()))

    def _anew(self, engine: Engine, found: Examination, work: _Work) -> tuple[Engine, Relations]:
        """The engine of a run that knows nothing of what was read until all was put back: it was
        of accounts and objects that were otherwise."""
        fresh, relations = self._wired(found, work, put_back(self.past, self.seal))
        if engine.context.account_settings is None:
            context = replace(fresh.context, relationships=None, account_settings=None)
            fresh = replace(fresh, context=context)
        mistrust(fresh.identities, self.options.journal)
        fresh.state.remark(*self._told)
        self._unsure += engine.context.unsure
        return fresh, relations

    def _restore(self, engine: Engine | None) -> tuple[str, ...]:
        """Put back what is flipped still, however the run has ended; says what could not be."""
        if engine is None:
            return tuple(left_behind(flip) for flip in self.past.pending)
        shut = [name for name, sealed in self.past.undos.items() if not self.seal.opens(sealed)]
        return (
            *(f"{name} could not be undone: it was done with other credentials" for name in shut),
            *(
                said
                for what, restore in engine.context.undoing()
                for said in _surely(what, restore)
            ),
        )

    # ------------------------------------------------------------ the report

    def _write_up(self, engine: Engine | None, distrust: list[str]) -> Report:
        options = self.options
        if engine:
            drop_unconfirmed(engine.matrix)
        findings = (
            conclude(self.model, engine.identities, engine.matrix, engine.state.signals)
            if engine
            else []
        )
        cells = report_cells(engine.matrix, engine.state.why, reach(engine)) if engine else []
        shown = sum(cell.result is not Result.UNTESTED for cell in cells)
        share = 100 * shown / len(cells) if cells else 0.0
        seen = any(cell.result in (Result.OPEN, Result.LEAK) for cell in cells)
        seen = seen or (engine is not None and shown_in_graph(engine.matrix))
        distrust += [*engine.state.distrust, *masked(engine.matrix)] if engine else []
        if engine is not None and engine.context.memberships is not None:
            distrust += engine.context.memberships.unread()
        distrust += map(shown_twice, engine.evaluator.twice.items()) if engine else ()
        left = unjudged(engine.matrix) if engine else []
        if self.scope is not None:
            seen = seen or bool(engine and engine.matrix.own)
            left = [name for name in left if name == self.scope.focus.finding.resource]
        if left:
            named = ", ".join(f"`{name}`" for name in left)
            distrust.append(
                f"{named} came, but never with an identity as owner: nothing of it was judged;"
                f" give each identity its id under `facts:`, such as"
                " `facts: {user_id: 7}`"
            )
        if not seen:
            distrust.append(NOTHING_SHOWN)
        elif cells and share < options.min_shown:
            distrust.append(
                f"only {share:.0f} % of {len(cells)} cells were shown,"
                f" less than the {options.min_shown:g} % asked for"
            )
        others = left_alone(self.model, engine, self.skipped, self.feeds, writes=self.may.writes)
        skipped = tuple(self.selection.skipped(others))
        told = self.policy.stated or not findings  # a draft alone cannot tell what was left out
        if self.scope is None and engine is not None and seen and told:
            distrust += self._lacking(engine, cells, skipped)
        return Report(
            target=options.target,
            contract=str(options.contract),
            stated=self.policy.stated,
            run=self.run,
            started="",
            seconds=0.0,
            requests=0,
            budget=options.budget,
            findings=tuple(findings),
            cells=tuple(cells),
            skipped=skipped,
            identities=(),
            distrust=tuple(dict.fromkeys(distrust)),
            version=oakum.__version__,
            field_lines=dict(self.model.field_locations()),
            allowed=options.allowed,
            contract_digest=self.contract_digest,
        )

    def _lacking(
        self, engine: Engine, cells: Sequence[Cell], skipped: Iterable[Skipped]
    ) -> Iterator[str]:
        """What the run could not see, although the contract speaks of it: identities, kinds of
        viewers, endpoints."""
        near, called = within_reach(engine.identities, engine.matrix), engine.state.called
        silent = [each for each in skipped if each.endpoint.operation not in called]
        yield from alone(self.model, engine.identities)
        if is_spent(engine.context.pace):
            left = (each for each in TECHNIQUES if each not in engine.state.finished)
            yield from cut_short(each.HOW for each in left if any(each.foresee(self.prospect())))
        settings = engine.context.account_settings
        if settings is not None and settings.used and not settings.taken:
            yield vain(next(reversed(settings.refusals), ""))
        if settings is not None:
            yield from unchangeable(engine, settings, cells)
        yield from unseen(self.model, engine.identities, cells, reach(engine))
        lacking = {each.operation: each for each in (*unasked(engine), *unsent(engine))}
        lacking |= {what: Untested(what, why) for what, why in engine.state.lacking.items()}
        lacking |= {e.operation: e for e in untested(self.whole, cells, silent, near)}
        yield from told([lacking[each] for each in sorted(lacking)])


def _surely(what: str, restore: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """Put back; a fault of ours in one thing does not keep the next from being put back."""
    try:
        return restore()
    except Exception as error:  # noqa: BLE001 - said, not hidden: the run is not trustworthy
        return (f"{what} could not all be restored ({type(error).__name__}): check them by hand",)


def _as_problems(journal: Path | None, words: list[str]) -> list[Problem]:
    return [Problem(Location(str(journal)), each) for each in words]


__all__ = ["Options", "Scan"]

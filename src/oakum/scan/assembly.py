"""Builds the objects of a run: sessions, budget and journal, then the engine with its state."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial

from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.exposure.cells.matrix import Matrix, Outcome
from oakum.exposure.endpoints.probes import Probe, probe_of
from oakum.exposure.evidence import Redactor, declared_names, policy_names
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.values.knowledge import Knowledge, objects_of
from oakum.openapi.model import Json
from oakum.scan.context import Event, RunContext
from oakum.scan.coverage.uncalled_operations import barring_reason
from oakum.scan.coverage.untested import Section
from oakum.scan.endpoints_within_budget import cost
from oakum.scan.engine import Engine
from oakum.scan.evaluation.evaluator import Evaluator
from oakum.scan.evaluation.write_responses import WriteAnswers
from oakum.scan.identities import temporary_accounts
from oakum.scan.identities.identity_verification import Examination
from oakum.scan.identities.ids_and_claims import claims_of, drop_shared, ids_of
from oakum.scan.identities.memberships import Memberships
from oakum.scan.identities.model import Identities
from oakum.scan.identities.relation_lists import Relations
from oakum.scan.identities.relationships import Relationships
from oakum.scan.identities.session import Sessions
from oakum.scan.identities.temporary_accounts import ProvisionedAccounts
from oakum.scan.identities.verification_responses import claims_now
from oakum.scan.journal import Journal, Past
from oakum.scan.preparation import Preparation
from oakum.scan.requests.called_operation import OperationNames
from oakum.scan.requests.write_body import forbids_undeclared
from oakum.scan.settings.owner_writable_fields import own_fields
from oakum.scan.settings.settings_writer import AccountSettings
from oakum.scan.state import RunState
from oakum.scan.transport.client import HttpTransport
from oakum.scan.transport.fault_hook import FaultInjection
from oakum.scan.transport.feeds import Feeds
from oakum.scan.transport.rate_and_budget import Governor, together
from oakum.scan.transport.required_certificate import required_certificate
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.entries import from_json
from oakum.scan.undo.setting_change import SIGN, SettingChange
from oakum.scan.undo.settings_json import keep_settings, open_record
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.undo.visibility_wait import VisibilityWait
from oakum.scan.write_counts import WriteCounts


def switch_operations(prepared: Preparation) -> list[str]:
    """Ids of the operations that the contract names for changing settings, and that the scan may
    call."""
    names = [
        state.switch.operation
        for resource in prepared.policy.resources.values()
        for state in resource.states.values()
        if state.switch is not None
    ]
    found = (prepared.contract.document.operation(name) for name in dict.fromkeys(names))
    return [each.id for each in found if each is not None and each.id in prepared.model.operations]


@dataclass(frozen=True)
class Work:
    """What a run sends requests with, and its journal; all is closed at its end."""

    run: str
    """Id of the run, in its journal and in a header of each request."""
    governor: Governor
    sessions: Sessions
    listen: Feeds
    journal: Journal | None
    seal: Encryption
    """Encrypts values in the journal."""


@contextmanager
def at_work(
    prepared: Preparation,
    run: str,
    seal: Encryption,
    sleep: Callable[[float], None],
    between: FaultInjection | None,
) -> Iterator[Work]:
    """Opens the sessions, the budget, the feeds and the journal of a run, and closes them at its
    end."""
    options, identities, document = (
        prepared.options, prepared.identities, prepared.contract.document,
    )  # fmt: skip
    transport = HttpTransport(
        options.target,
        run_id=run,
        also=[*identities.origins(), *options.twin, *options.front_end],
        certificates=identities.certificates(),
        connection=options.connection,
        twins=options.twin,
    )
    wire = between.wire(transport) if between is not None else transport
    names = OperationNames(document.all_operations, options.target)
    governor = Governor(
        wire, options.rate, options.budget, sleep=sleep, name=names,
        refusal=partial(prepared.selection.refusal, names),
        required=required_certificate(options.target, identities.certificates()),
    )  # fmt: skip
    sessions = Sessions(identities, governor, document, options.target, also=options.twin)
    if between is not None:
        between.seat(sessions)
    listen, journal = Feeds(transport, governor, sessions), None
    if options.journal is not None:
        further = options.resume or options.restore
        journal = Journal(options.journal, run, options.target, prepared.digest(), further)
    try:
        yield Work(run, governor, sessions, listen, journal, seal)
    finally:
        listen.close()
        transport.close()
        if journal is not None:
            journal.close()


@dataclass(frozen=True)
class Assembly:
    """Builds the engine of a run from the preparation and the opened `Work`."""

    prepared: Preparation
    work: Work
    past: Past
    """What the journal of a killed run contains."""
    emit: Callable[[Event], None]
    writes: WriteCounts
    patience: VisibilityWait

    def engine(self, found: Examination) -> Engine:
        """The engine of one run, with the identities whose account is confirmed."""
        state, may = self._state(found), self.prepared.options.may
        if self.work.journal is not None and not self.work.seal.holds and may.writes:
            may = replace(may, writes=False)
            state.results.remark(
                "no journal was written: no identity has a secret to encrypt it with; omit"
                " --journal, or give the identities logins"
            )
        context = self._context(found)
        answers = WriteAnswers(Engine(context, state))
        context = replace(context, may=may, ask=answers.ask, told_once=answers.told_once)
        engine = Engine(context, state)
        writes = may.writes or bool(self.past.undos)
        settings = may.own_settings or bool(self.past.pending or self.past.settings)
        context = replace(
            context,
            memberships=self._memberships(engine),
            undo_log=self._undo_log(engine) if writes else None,
            provisioned=self._provisioned_accounts(engine) if writes else None,
            account_settings=self._account_settings(engine) if settings else None,
            relationships=self._relationships(engine) if settings else None,
        )
        return Engine(context, state)

    def _state(self, found: Examination) -> RunState:
        """The state of the run before its first request."""
        prepared, spending = self.prepared, self.prepared.spending
        document, identities = prepared.contract.document.raw, self._identities(found)
        knowledge = Knowledge(choices=frozenset(_choices(document)), accounts=identities.states)
        matrix = Matrix(prepared.model, [*spending.probes, *spending.left], identities)
        matrix.keyless = _keyless(prepared.identities)
        names = frozenset(declared_names(document)) | policy_names(prepared.policy)
        redactor = Redactor(os.urandom(16), names)
        evaluator = Evaluator(prepared.model, identities, knowledge, matrix, redactor)
        state = RunState(
            identities, knowledge, matrix, evaluator, list(spending.probes), list(spending.left)
        )
        for probe in spending.left:
            state.results.note_gap(probe.id, spending.why, Section.CELLS)
        return state

    def _on_event(self, event: Event) -> None:
        """Writes results to the journal, too."""
        if event.kind == "outcome" and self.work.journal is not None:
            outcome = event.data["outcome"]
            assert isinstance(outcome, Outcome)
            self.work.journal.outcome(outcome)
        self.emit(event)

    def _log_setting(self, kind: str, flip: SettingChange) -> None:
        if kind != "foreseen":  # `foreseen` only announces a change
            self.writes.count(kind, f"{flip.state} {flip.identity}")
        if self.work.journal is not None:
            kind = "flip" if kind == "foreseen" else kind
            self.work.journal.flip(kind, self._encrypt_flip(flip) if flip.secret else flip)

    def relations(self, engine: Engine) -> Relations:
        """Reads and compares the contract's relation lists."""
        prepared = self.prepared
        probes = self._named_probes(each.operation for each in prepared.policy.relations.values())
        return Relations(
            prepared.policy, probes, engine.identities, engine.knowledge, prepared.options.target,
            engine.context.ask,
        )  # fmt: skip

    def _memberships(self, engine: Engine) -> Memberships | None:
        """The reader of member lists of tenants; None if the contract names none."""
        prepared = self.prepared
        named = [
            each.operation for each in prepared.policy.relations.values() if each.is_membership
        ]
        probes = self._named_probes(named)
        if not named:
            return None
        return Memberships(
            prepared.policy, probes, engine.identities, engine.knowledge, prepared.options.target,
            engine.context.ask, engine.context.accounts,
        )  # fmt: skip

    def _context(self, found: Examination) -> RunContext:
        """The context of the run, before anything has to be restored."""
        prepared, work = self.prepared, self.work
        options, document = prepared.options, prepared.contract.document
        curl = options.connection.curl()
        closed = (each.operation for each in document.closed)
        return RunContext(
            prepared.model,
            options.target,
            self._ask,
            self._on_event,
            lambda who: (*curl, *work.sessions.curl_credentials(who)),
            may=options.may,
            pace=work.governor,
            together=together,
            listen=work.listen,
            feeds=tuple(prepared.feeds),
            price=partial(cost, viewers=len(prepared.identities.items) + 1),
            accounts=found.ids,
            owns=tuple(
                (name, each)
                for name, identity in prepared.identities.items.items()
                for each in identity.owns
            ),
            tokens=work.sessions.tokens,
            title=str(document.raw.get("info", {}).get("title", "")),
            params=prepared.inferred,
            graphs=prepared.contract.graphs,
            left_out=(*prepared.selection.left_out.values(), *closed),
            choices=prepared.choices,
            replay=self.past.outcomes,
        )

    def _ask(self, viewer: str | None, request: Request) -> Response:
        """Sends a request, unless the user excludes its operation."""
        if why := self.work.governor.refuses(request):
            raise TargetError(f"{self.work.governor.name(request)} was not requested: {why}")
        return self.work.sessions.send(viewer, request)

    def _encrypt_flip(self, flip: SettingChange) -> SettingChange:
        close = self.work.seal.close
        return replace(flip, before=close(flip.before), after=close(flip.after))

    def _undo_log(self, engine: Engine) -> UndoLog:
        work = self.work

        def log(kind: str, entry: Json) -> None:
            self.writes.count(kind, entry["name"] if kind == "undo" else entry)
            if work.journal is not None and kind == "undo":
                work.journal.undo(kind, entry["name"], work.seal.close(entry))
            elif work.journal is not None:
                # removed or already absent: no later run has to undo it
                work.journal.undo("undone", entry)

        left = [from_json(each) for each in self._undos() if "account" not in each]
        return UndoLog(engine.context.ask, log, left, patience=self.patience)

    def _undos(self) -> Iterator[Mapping[str, Json]]:
        """The undo entries that a killed run left, decrypted."""
        for each in self.past.undos.values():
            with suppress(ValueError):  # encrypted under other credentials: reported as left over
                yield self.work.seal.open(each)

    def _provisioned_accounts(self, engine: Engine) -> ProvisionedAccounts:
        prepared, work = self.prepared, self.work

        def log(kind: str, entry: Json) -> None:
            self.writes.count(kind, entry["account"])
            if work.journal is not None:
                sealed = work.seal.close(entry) if kind == "undo" else ""
                work.journal.undo(kind, entry["account"], sealed)

        past = [temporary_accounts.from_json(each) for each in self._undos() if "account" in each]
        return ProvisionedAccounts(
            prepared.model,
            prepared.inferred,
            work.sessions,
            engine.knowledge,
            prepared.options.target,
            log,
            work.governor,
            past,
        )

    def _decrypt_flip(self, flip: SettingChange) -> SettingChange:
        try:
            if not flip.secret:
                return flip
            before, after, *also = map(self.work.seal.open, (flip.before, flip.after, *flip.also))
            return replace(flip, before=before, after=after, also=tuple(also))
        except ValueError:
            return flip  # reported as not restorable

    def _relationships(self, engine: Engine) -> Relationships:
        prepared = self.prepared
        relations = prepared.policy.relations.values()
        steps = [step for each in relations for step in (*each.begin, *each.end)]
        stepped = {step.operation for step in steps}
        named = self._named_probes({*stepped, *(each.operation for each in relations)})
        probes = {
            name: each
            for name, each in named.items()
            if not (name in stepped and barring_reason(prepared.model, each.operation, named=True))
        }
        return Relationships(
            prepared.policy, probes, engine.identities, engine.knowledge, prepared.options.target,
            engine.context.ask, self._log_setting,
            [flip for flip in self.past.pending if SIGN in flip.state], patience=self.patience,
            claims=partial(claims_now, policy=prepared.policy, sessions=self.work.sessions),
        )  # fmt: skip

    def _named_probes(self, names: Iterable[str]) -> dict[str, Probe]:
        """Operation id → its endpoint, for operations that the contract names; without parameters
        that every identity sends."""
        prepared, model = self.prepared, self.prepared.model
        found = {name: prepared.contract.document.operation(name) for name in names if name}
        return {
            name: probe_of(model, model.operations[each.id], prepared.inferred.get(each.id, {}))
            for name, each in found.items()
            if each is not None and each.id in model.operations
        }

    def _account_settings(self, engine: Engine) -> AccountSettings:
        prepared, work, model = self.prepared, self.work, self.prepared.model
        fields = own_fields(model, prepared.inferred)
        if work.journal is not None and not work.seal.holds:
            # without encryption a killed run could not restore these, so they are not changed
            fields = {}
        named = [
            each
            for each in switch_operations(prepared)
            if not barring_reason(model, model.operations[each], named=True)
        ]
        ids = [*named, *(each.operation for each in fields.values())]
        operations = [model.operations[id] for id in dict.fromkeys(ids)]
        writers = {
            each.id: probe_of(model, each, prepared.inferred.get(each.id, {}))
            for each in operations
        }
        readers: dict[str, Probe] = {}
        for probe in (*prepared.spending.probes, *prepared.spending.left):
            if probe.operation.method == "GET":
                for each in operations:
                    if each.path == probe.operation.path:
                        readers[each.id] = probe
        found = AccountSettings(
            prepared.policy, writers, readers, engine.identities, engine.knowledge,
            prepared.options.target, engine.context.ask, self._log_setting,
            frozenset(
                e.id for e in operations if forbids_undeclared(prepared.contract.document.raw, e)
            ),
            fields,
            [self._decrypt_flip(flip) for flip in self.past.pending if SIGN not in flip.state],
            patience=self.patience, keep=partial(keep_settings, work.journal, work.seal),
            past={of: open_record(work.seal, each) for of, each in self.past.settings.items()},
        )  # fmt: skip
        found.be_wary([*prepared.spending.probes, *prepared.spending.left])
        return found

    def _identities(self, found: Examination) -> KnownIdentities:
        prepared = self.prepared
        named: dict[str, list[str]] = {}
        firm: dict[str, list[str]] = {}
        claims: dict[str, Mapping[str, Json]] = {}
        states: dict[tuple[str, str], Json] = {}
        relationships: dict[tuple[str, str], frozenset[str]] = {}
        failed = {state.name for state in found.states if not state.ok}
        for name, identity in prepared.identities.items.items():
            if name in failed:
                continue
            named[name] = list(ids_of(name, found, identity.facts))
            firm[name] = [str(each) for each in (found.ids.get(name), *identity.facts.values())]
            claims[name] = claims_of(name, found, prepared.policy, self.work.sessions)
            states.update({(name, path): value for path, value in identity.states.items()})
        told = drop_shared(named, firm)
        items = prepared.identities.items
        ids = {
            name: each
            or frozenset({KnownIdentities.placeholder(name, account=not items[name].whoami)})
            for name, each in told.items()
        }
        for tie in prepared.identities.between:
            if tie.viewer in ids and tie.owner in ids:
                pair = (tie.viewer, tie.owner)
                relationships[pair] = relationships.get(pair, frozenset()) | {tie.relation}
        unproven = {each.name: each.message for each in found.states if each.ok and each.message}
        return KnownIdentities(
            prepared.policy, ids, claims, relationships, states, unproven=unproven, stated={*states}
        )  # fmt: skip


def _keyless(identities: Identities) -> str:
    """Why an anonymous request may be refused only because it lacks the clients' key."""
    keys = identities.application_keys()
    if not keys or identities.anonymous is not None:
        return ""
    listed = ", ".join(f"`{each}`" for each in keys)
    return (
        f"every identity sends the same {listed}, but requests without a login sent none and"
        ' got nothing: write what all callers send as `anonymous: {header: "…"}` into `identities`'
    )


def _choices(document: Json) -> Iterator[str]:
    """Values that a document lists as possible (`enum`, `const`)."""
    for each in objects_of(document):
        listed = each.get("enum")
        values = [*listed] if isinstance(listed, list) else []
        yield from (v for v in (*values, each.get("const")) if isinstance(v, str))

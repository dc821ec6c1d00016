"""Builds the objects of a run: engine, sessions, undo, techniques."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from oakum.authz import Model
from oakum.errors import TargetError
from oakum.exchange import Request, Response
from oakum.exposure.endpoints import Probe, probe_of
from oakum.exposure.evidence import Redactor, declared_names, policy_names
from oakum.exposure.knowledge import Knowledge, objects_of
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.matrix import Matrix, Outcome
from oakum.openapi.model import Json, Operation
from oakum.policy.contract import Contract
from oakum.policy.model import Policy
from oakum.scan.budget_plan import Plan, cost
from oakum.scan.context import Event, RunContext
from oakum.scan.engine import Engine
from oakum.scan.evaluation.evaluator import Evaluator
from oakum.scan.evaluation.write_answers import WriteAnswers
from oakum.scan.identities import provisioned_accounts
from oakum.scan.identities.credentials import Identities
from oakum.scan.identities.doctor import Examination
from oakum.scan.identities.ids_and_claims import claims_of, ids_of, unshared
from oakum.scan.identities.memberships import Memberships
from oakum.scan.identities.provisioned_accounts import ProvisionedAccounts
from oakum.scan.identities.relation_lists import Relations
from oakum.scan.identities.relationships import Relationships
from oakum.scan.identities.sent_choices import Choice
from oakum.scan.identities.session import Sessions
from oakum.scan.identities.verification_answers import claims_now
from oakum.scan.limits import May
from oakum.scan.requests.uncalled_operations import barred
from oakum.scan.requests.write_body import forbids_undeclared
from oakum.scan.settings.account_settings import AccountSettings
from oakum.scan.settings.owned_fields import own_fields
from oakum.scan.state import RunState
from oakum.scan.transport.client import Governor, together
from oakum.scan.transport.streams import Listen
from oakum.scan.undo.encryption import Encryption
from oakum.scan.undo.entries import from_json
from oakum.scan.undo.journal import Journal, Past
from oakum.scan.undo.setting_change import SIGN, Flip
from oakum.scan.undo.settings_record import keep_settings, opened
from oakum.scan.undo.undo_log import UndoLog
from oakum.scan.undo.visibility_wait import Patience
from oakum.scan.write_counts import WriteCounts


def switch_operations(contract: Contract, policy: Policy, model: Model) -> list[str]:
    """Ids of the operations that the contract names for changing settings, and that the scan may
    call."""
    names = [
        state.switch.operation
        for resource in policy.resources.values()
        for state in resource.states.values()
        if state.switch is not None
    ]
    found = (contract.document.operation(name) for name in dict.fromkeys(names))
    return [each.id for each in found if each is not None and each.id in model.operations]


@dataclass(frozen=True)
class Wiring:
    """Everything that a run needs before its first request."""

    contract: Contract
    policy: Policy
    model: Model
    identities: Identities
    inferred: Mapping[str, Mapping[str, str]]
    spending: Plan
    feeds: list[Probe]
    may: May
    target: str
    past: Past
    seal: Encryption
    sessions: Sessions
    governor: Governor
    listen: Listen
    journal: Journal | None
    emit: Callable[[Event], None]
    writes: WriteCounts
    patience: Patience
    left_out: tuple[Operation, ...] = ()
    curl_headers: tuple[str, ...] = ()
    """Header lines that each curl line has, with variables for the values."""
    choices: tuple[Choice, ...] = ()

    def engine(self, found: Examination) -> Engine:
        """The engine of one run, with the identities whose account is confirmed."""
        identities = self._identities(found)
        choices = frozenset(_choices(self.contract.document.raw))
        knowledge = Knowledge(choices=choices, accounts=identities.states)
        matrix = Matrix(self.model, [*self.spending.probes, *self.spending.left], identities)
        matrix.keyless = _keyless(self.identities)
        names = frozenset(declared_names(self.contract.document.raw)) | policy_names(self.policy)
        redactor = Redactor(os.urandom(16), names)

        def emit(event: Event) -> None:
            if event.kind == "outcome" and self.journal is not None:
                outcome = event.data["outcome"]
                assert isinstance(outcome, Outcome)
                self.journal.outcome(outcome)
            self.emit(event)

        def log(kind: str, flip: Flip) -> None:
            if kind != "foreseen":  # only announced: nothing has changed yet
                self.writes.heard(kind, f"{flip.state} {flip.identity}")
            if self.journal is not None:
                kind = "flip" if kind == "foreseen" else kind
                self.journal.flip(kind, self._sealed(flip) if flip.secret else flip)

        evaluator = Evaluator(self.model, identities, knowledge, matrix, redactor)
        later = list(self.spending.left)
        state = RunState(
            identities, knowledge, matrix, evaluator, list(self.spending.probes), later,
            {probe.id: self.spending.why for probe in later},
        )  # fmt: skip
        context = self._context(found, emit)
        answers = WriteAnswers(Engine(context, state))
        context = replace(context, ask=answers.ask, told_once=answers.told_once)
        if self.journal is not None and not self.seal.holds and self.may.writes:
            context = replace(context, may=replace(self.may, writes=False))
            state.remark(
                "no journal was written: no identity has a secret to encrypt it with; omit"
                " --journal, or give the identities logins"
            )
        context = replace(context, memberships=self._memberships(Engine(context, state)))
        engine = Engine(context, state)
        if context.may.writes or self.past.undos:
            undo_log, provisioned = self._undo_log(engine), self._provisioned(engine)
            context = replace(context, undo_log=undo_log, provisioned=provisioned)
        if self.may.own_settings or self.past.pending or self.past.settings:
            settings = self._account_settings(engine, log)
            relationships = self._relationships(engine, log)
            context = replace(context, account_settings=settings, relationships=relationships)
        return Engine(context, state)

    def relations(self, engine: Engine) -> Relations:
        """Reads and compares the contract's relation lists."""
        probes = self._named_probes(each.operation for each in self.policy.relations.values())
        return Relations(
            self.policy, probes, engine.identities, engine.knowledge, self.target,
            engine.context.ask,
        )  # fmt: skip

    def _memberships(self, engine: Engine) -> Memberships | None:
        """The lists of members of tenants, if the contract names any."""
        named = [each.operation for each in self.policy.relations.values() if each.is_membership]
        probes = self._named_probes(named)
        if not named:
            return None
        return Memberships(
            self.policy, probes, engine.identities, engine.knowledge, self.target,
            engine.context.ask, engine.context.accounts,
        )  # fmt: skip

    def _context(self, found: Examination, emit: Callable[[Event], None]) -> RunContext:
        """All that is known of the run before there is anything to put back."""
        return RunContext(
            self.model,
            self.target,
            self._ask,
            emit,
            lambda who: (*self.curl_headers, *self.sessions.curl_credentials(who)),
            may=self.may,
            pace=self.governor,
            together=together,
            listen=self.listen,
            feeds=tuple(self.feeds),
            price=partial(cost, viewers=len(self.identities.items) + 1),
            accounts=found.ids,
            owns=tuple(
                (name, each)
                for name, identity in self.identities.items.items()
                for each in identity.owns
            ),
            tokens=self.sessions.tokens,
            title=str(self.contract.document.raw.get("info", {}).get("title", "")),
            params=self.inferred,
            graphs=self.contract.graphs,
            left_out=self.left_out,
            choices=self.choices,
            replay=self.past.outcomes,
        )

    def _ask(self, viewer: str | None, request: Request) -> Response:
        """Sends a request, but none to an operation that the user leaves out."""
        if why := self.governor.refuses(request):
            raise TargetError(f"{self.governor.name(request)} was not requested: {why}")
        return self.sessions.send(viewer, request)

    def _sealed(self, flip: Flip) -> Flip:
        return replace(flip, before=self.seal.close(flip.before), after=self.seal.close(flip.after))

    def _undo_log(self, engine: Engine) -> UndoLog:
        def log(kind: str, entry: Json) -> None:
            self.writes.heard(kind, entry["name"] if kind == "undo" else entry)
            if self.journal is not None and kind == "undo":
                self.journal.undo(kind, entry["name"], self.seal.close(entry))
            elif self.journal is not None:
                self.journal.undo("undone", entry)  # either way a later run need not undo it

        left = [from_json(each) for each in self._undos() if "account" not in each]
        return UndoLog(engine.context.ask, log, left, patience=self.patience)

    def _undos(self) -> Iterator[Mapping[str, Json]]:
        """What a killed run has left to be undone."""
        for each in self.past.undos.values():
            with suppress(ValueError):  # encrypted under other credentials: reported as left over
                yield self.seal.open(each)

    def _provisioned(self, engine: Engine) -> ProvisionedAccounts:
        def log(kind: str, entry: Json) -> None:
            self.writes.heard(kind, entry["account"])
            if self.journal is not None:
                sealed = self.seal.close(entry) if kind == "undo" else ""
                self.journal.undo(kind, entry["account"], sealed)

        past = [provisioned_accounts.from_json(each) for each in self._undos() if "account" in each]
        return ProvisionedAccounts(
            self.model,
            self.inferred,
            self.sessions,
            engine.knowledge,
            self.target,
            log,
            self.governor,
            past,
        )

    def _opened(self, flip: Flip) -> Flip:
        try:
            if not flip.secret:
                return flip
            before, after, *also = map(self.seal.open, (flip.before, flip.after, *flip.also))
            return replace(flip, before=before, after=after, also=tuple(also))
        except ValueError:
            return flip  # reported as not restorable

    def _relationships(self, engine: Engine, log: Callable[[str, Flip], None]) -> Relationships:
        relations = self.policy.relations.values()
        steps = [step for each in relations for step in (*each.begin, *each.end)]
        stepped = {step.operation for step in steps}
        named = self._named_probes({*stepped, *(each.operation for each in relations)})
        probes = {
            name: each
            for name, each in named.items()
            if not (name in stepped and barred(self.model, each.operation, named=True))
        }
        return Relationships(
            self.policy, probes, engine.identities, engine.knowledge, self.target,
            engine.context.ask, log,
            [flip for flip in self.past.pending if SIGN in flip.state], patience=self.patience,
            claims=partial(claims_now, policy=self.policy, sessions=self.sessions),
        )  # fmt: skip

    def _named_probes(self, names: Iterable[str]) -> dict[str, Probe]:
        """Endpoints of operations that the contract names, by the name that it has for them."""
        found = {name: self.contract.document.operation(name) for name in names if name}
        return {
            name: probe_of(self.model, each, self.inferred.get(each.id, {}))
            for name, each in found.items()
            if each is not None and each.id in self.model.operations
        }

    def _account_settings(
        self, engine: Engine, log: Callable[[str, Flip], None]
    ) -> AccountSettings:
        fields = own_fields(self.model, self.inferred)
        if self.journal is not None and not self.seal.holds:
            # without encryption a killed run could not restore these, so they are not changed
            fields = {}
        named = [
            each
            for each in switch_operations(self.contract, self.policy, self.model)
            if not barred(self.model, self.model.operations[each], named=True)
        ]
        ids = [*named, *(each.operation for each in fields.values())]
        operations = [self.model.operations[id] for id in dict.fromkeys(ids)]
        writers = {
            each.id: probe_of(self.model, each, self.inferred.get(each.id, {}))
            for each in operations
        }
        readers: dict[str, Probe] = {}
        for probe in (*self.spending.probes, *self.spending.left):
            if probe.operation.method == "GET":
                for each in operations:
                    if each.path == probe.operation.path:
                        readers[each.id] = probe
        found = AccountSettings(
            self.policy, writers, readers, engine.identities, engine.knowledge,
            self.target, engine.context.ask, log,
            frozenset(
                e.id for e in operations if forbids_undeclared(self.contract.document.raw, e)
            ),
            fields,
            [self._opened(flip) for flip in self.past.pending if SIGN not in flip.state],
            patience=self.patience, keep=partial(keep_settings, self.journal, self.seal),
            past={whose: opened(self.seal, each) for whose, each in self.past.settings.items()},
        )  # fmt: skip
        found.be_wary([*self.spending.probes, *self.spending.left])
        return found

    def _identities(self, found: Examination) -> KnownIdentities:
        named: dict[str, list[str]] = {}
        firm: dict[str, list[str]] = {}
        claims: dict[str, Mapping[str, Json]] = {}
        states: dict[tuple[str, str], Json] = {}
        relationships: dict[tuple[str, str], frozenset[str]] = {}
        failed = {state.name for state in found.states if not state.ok}
        for name, identity in self.identities.items.items():
            if name in failed:
                continue
            named[name] = list(ids_of(name, found, identity.facts))
            firm[name] = [str(each) for each in (found.ids.get(name), *identity.facts.values())]
            claims[name] = claims_of(name, found, self.policy, self.sessions)
            states.update({(name, path): value for path, value in identity.states.items()})
        told = unshared(named, firm)
        items = self.identities.items
        ids = {
            name: each
            or frozenset({KnownIdentities.placeholder(name, account=not items[name].whoami)})
            for name, each in told.items()
        }
        for tie in self.identities.between:
            if tie.viewer in ids and tie.owner in ids:
                pair = (tie.viewer, tie.owner)
                relationships[pair] = relationships.get(pair, frozenset()) | {tie.relation}
        unproven = {each.name: each.message for each in found.states if each.ok and each.message}
        return KnownIdentities(
            self.policy, ids, claims, relationships, states, unproven=unproven, stated={*states}
        )  # fmt: skip


def _keyless(identities: Identities) -> str:
    """Why an anonymous request may be refused only because it lacks the clients' key."""
    keys = identities.client_keys()
    if not keys or identities.anonymous is not None:
        return ""
    listed = ", ".join(f"`{each}`" for each in keys)
    return (
        f"every identity sends the same {listed}, but requests without a login sent none and"
        ' got nothing: write what all callers send as `anonymous: {header: "…"}` into `identities`'
    )


def _choices(document: Json) -> Iterator[str]:
    """Values that a document itself names as what may stand somewhere (`enum`, `const`)."""
    for each in objects_of(document):
        listed = each.get("enum")
        values = [*listed] if isinstance(listed, list) else []
        yield from (v for v in (*values, each.get("const")) if isinstance(v, str))

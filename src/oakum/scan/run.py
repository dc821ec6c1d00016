"""A scan from files to report: reads, logs in, explores, restores, and says what it is worth."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

import oakum
from oakum.contract import Contract, load
from oakum.contract.draft import drafted_policy
from oakum.contract.model import Json, Operation, Policy
from oakum.contract.params import infer_params
from oakum.errors import InputError, Location, Problem, TargetError
from oakum.exchange import Exchange, Request, Response
from oakum.finding import IdentityState, Report, Result
from oakum.scan.cast import Cast
from oakum.scan.conclude import conclude, field_lines
from oakum.scan.credentials import Identities
from oakum.scan.doctor import Examination, examine
from oakum.scan.doors import Gate, feeds, gate_of, survey
from oakum.scan.engine import Engine, Event
from oakum.scan.evidence import Redactor
from oakum.scan.feeds_transport import Feeds
from oakum.scan.identities import load_identities
from oakum.scan.journal import Journal, Past, left_flipped, recall
from oakum.scan.knowledge import Knowledge
from oakum.scan.ledger import Ledger, from_json
from oakum.scan.lookout import Lookout
from oakum.scan.matrix import Matrix, Outcome
from oakum.scan.owned import own_fields
from oakum.scan.seal import Seal
from oakum.scan.session import Sessions
from oakum.scan.switches import Flip, Switches, left_behind
from oakum.scan.technique import May, Prospect
from oakum.scan.techniques import TECHNIQUES
from oakum.scan.ties import SIGN, Ties
from oakum.scan.transport import BudgetSpent, Governor, HttpTransport
from oakum.semantics import Model, compile_contract
from oakum.semantics.model import pattern

_RESTORE_RESERVE = 200
"""Requests beyond the budget that only putting settings back may use."""


@dataclass(frozen=True)
class Options:
    """What the user asked for."""

    contract: Path
    target: str
    identities: Path
    overlays: tuple[Path, ...] = ()
    budget: int = 500
    rate: float = 10.0
    allow_own_settings: bool = False
    allow_writes: bool = False
    """May create, change and delete, on objects that the run makes itself."""
    twins: bool = False
    """May guess at doors outside the document: older versions, answers for a phone."""
    twin: tuple[str, ...] = ()
    """Further addresses of the same API, such as an old host."""
    front_end: tuple[str, ...] = ()
    """Pages whose scripts are read for the paths that they name."""
    journal: Path | None = None
    resume: bool = False
    min_shown: float = 10.0
    """Percent of cells that must be decided for the run to be worth anything."""


@dataclass
class Scan:
    """One run. `prepare` reads and checks everything before the first request."""

    options: Options
    emit: Callable[[Event], None]
    warnings: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        options = self.options
        contract = load(options.contract, options.overlays)
        self.contract: Contract = contract
        self.policy: Policy = contract.policy or drafted_policy(contract.document)
        self.model: Model = compile_contract(contract.document, self.policy)
        self.identities: Identities = load_identities(options.identities, self.policy.relations)
        self.warnings += [*contract.warnings, *self.identities.warnings, *self.identities.notes]
        self.inferred = infer_params(contract.document, self.policy)
        self.gates, self.skipped = survey(self.model, self.inferred)
        self.feeds = feeds(self.model, self.inferred)
        self.past = Past()
        self.run = secrets.token_hex(6)
        self.may = May(
            options.allow_own_settings, options.allow_writes, options.twins, options.twin,
            options.front_end,
        )  # fmt: skip
        self.seal = Seal(self.identities.secrets(), self.run)
        self.stale: InputError | None = None
        """Why the journal is of no use but to put settings back."""
        if options.resume:
            self.past = self._recall()
            self.run = self.past.run
            self.seal = Seal(self.identities.secrets(), self.run)
        elif options.journal is not None:
            _refuse_to_forget(options.journal)

    def _recall(self) -> Past:
        if self.options.journal is None:
            raise InputError([Problem(Location("--resume"), "needs the `--journal` of the run")])
        past = recall(self.options.journal)
        where = Location(str(self.options.journal), 1, 1)
        if past.target != self.options.target or past.contract != self._digest():
            hint = "start a new run without --resume"
            error = InputError([Problem(where, "belongs to another target or contract", hint)])
            if past.target != self.options.target or not past.pending:
                raise error
            self.stale = error
        return past

    def _digest(self) -> str:
        files = (self.options.contract, self.options.identities, *self.options.overlays)
        return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]

    # ------------------------------------------------------------ without a request

    def plan(self) -> list[Mapping[str, str]]:
        """Every kind of request that a run may send, values named and not filled in."""
        lines: list[Mapping[str, str]] = [
            {
                "as": "nobody logged in",
                "request": "GET /.well-known/security.txt",
                "why": "whom to tell",
            }
        ]
        for name in self.identities.items:
            lines.append({"as": name, "request": "log in, then ask who-am-I", "why": "identity"})
        for gate in self.gates:
            filled = ", ".join(f"{p} = {source}" for p, source in gate.sources.items())
            what = f"{gate.door.method} {gate.door.path}" + (f"  with {filled}" if filled else "")
            who = "every kind of viewer"
            if gate.personal:
                who = "each owner, once more for an id that does not exist, then every other viewer"
            if not gate.shows:
                who = "nobody logged in, and two identities"
            lines.append({"as": who, "request": what, "why": ", ".join(gate.shows) or "sweep"})
        prospect = Prospect(
            self.model, tuple(self.gates), self.may, tuple(self.feeds), self.contract.graphs
        )  # fmt: skip
        for technique in TECHNIQUES:
            lines += technique.foresee(prospect)
        if self.options.allow_own_settings:
            for operation in self._switch_operations():
                each = self.model.operations[operation]
                lines.append(
                    {
                        "as": "an owner, of their own account",
                        "request": f"{each.method} {each.path}",
                        "why": "privacy setting, put back at the end",
                    }
                )
        return lines

    def _switch_operations(self) -> list[str]:
        names = [
            state.switch.operation
            for resource in self.policy.resources.values()
            for state in resource.states.values()
            if state.switch is not None
        ]
        found = (self.contract.document.operation(name) for name in dict.fromkeys(names))
        return [operation.id for operation in found if operation is not None]

    # ------------------------------------------------------------ the run

    def report(self) -> Report:
        """Run to the end, whatever happens on the way, and report what is known."""
        options = self.options
        started, clock = datetime.now(UTC), time.monotonic()
        transport = HttpTransport(
            options.target,
            run_id=self.run,
            also=[*self.identities.origins(), *options.twin, *options.front_end],
        )
        governor = Governor(transport, options.rate, options.budget)
        sessions = Sessions(
            self.identities, governor, self.contract.document, options.target,
            also=(*options.twin, *options.front_end),
        )  # fmt: skip
        listen = Feeds(transport, governor, sessions)
        journal = self._journal()
        distrust: list[str] = []
        notes: list[str] = []
        states: tuple[IdentityState, ...] = ()
        engine: Engine | None = None
        try:
            notes += self._security_txt(governor)
            self.emit(Event("phase", {"name": "proving the identities"}))
            found = examine(
                self.identities, sessions, "", self.contract.document, self.policy.caller
            )
            states = found.states
            distrust += [f"identity `{s.name}`: {s.message}" for s in states if not s.ok]
            engine = self._engine(found, sessions, journal)
            engine.pace, engine.listen, engine.feeds = governor, listen, self.feeds
            given = list(self._given(found, sessions))
            with governor.reserve(_RESTORE_RESERVE):
                distrust += self._mend(engine, given)
            if self.stale is None:
                engine.explore(given)
        except BudgetSpent as error:
            notes.append(f"{error}: what was left unasked is reported as not shown")
        except TargetError as error:
            distrust.append(str(error))
        except KeyboardInterrupt:
            distrust.append("interrupted: what was left unasked is reported as not shown")
        finally:
            with governor.reserve(_RESTORE_RESERVE):
                distrust += self._restore(engine)
            listen.close()
            transport.close()
            if journal is not None:
                journal.close()
        if self.stale is not None:
            raise InputError([*self.stale.problems, *_as_problems(options.journal, distrust)])
        notes += [*sessions.notes, *(engine.notes if engine else ())]
        made = self._write_up(engine, distrust)
        return replace(
            made,
            started=started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            seconds=round(time.monotonic() - clock, 2),
            requests=governor.sent,
            identities=states or tuple(IdentityState(n, False) for n in self.identities.items),
            notes=tuple(notes),
        )

    def _journal(self) -> Journal | None:
        options = self.options
        if options.journal is None:
            return None
        return Journal(options.journal, self.run, options.target, self._digest(), options.resume)

    def _security_txt(self, governor: Governor) -> list[str]:
        """The contact the target names for security matters (RFC 9116)."""
        url = _origin(self.options.target) + "/.well-known/security.txt"
        response = governor.send(Request("GET", url, {"accept": "text/plain"}))
        if response.status != 200 or response.media_type != "text/plain":
            return []
        text = response.body.decode("utf-8", "replace")
        fields = [line for line in text.splitlines() if line.lower().startswith(_CONTACTS)]
        return [f"security.txt says {line.strip()[:200]}" for line in fields[:4]]

    def _engine(self, found: Examination, sessions: Sessions, journal: Journal | None) -> Engine:
        cast = self._cast(found, sessions)
        knowledge = Knowledge()
        matrix = Matrix(self.model, self.gates, cast)
        names = frozenset(_declared_names(self.contract.document.raw)) | _policy_names(self.policy)
        redactor = Redactor(os.urandom(16), names)

        def emit(event: Event) -> None:
            if event.kind == "outcome" and journal is not None:
                outcome = event.data["outcome"]
                assert isinstance(outcome, Outcome)
                journal.outcome(outcome)
            self.emit(event)

        def log(kind: str, flip: Flip) -> None:
            if journal is not None:
                journal.flip(kind, self._sealed(flip) if flip.secret else flip)

        engine = Engine(
            self.model, cast, knowledge, matrix,
            Lookout(self.model, cast, knowledge, matrix, redactor),
            self.gates, self.options.target, sessions.send, emit, sessions.curl_headers,
            may=self.may, techniques=TECHNIQUES, replay=self.past.outcomes,
        )  # fmt: skip
        engine.params, engine.accounts = self.inferred, found.ids
        engine.graphs = self.contract.graphs
        if self.options.allow_writes or self.past.undos:
            engine.ledger = self._ledger(engine, journal)
        if self.options.allow_own_settings or self.past.pending:
            engine.switches = self._switches(engine, log)
            engine.ties = self._ties(engine, log)
        return engine

    def _sealed(self, flip: Flip) -> Flip:
        return replace(flip, before=self.seal.close(flip.before), after=self.seal.close(flip.after))

    def _ledger(self, engine: Engine, journal: Journal | None) -> Ledger:
        def log(kind: str, entry: Json) -> None:
            if journal is not None and kind == "undo":
                journal.undo(kind, entry["name"], self.seal.close(entry))
            elif journal is not None:
                journal.undo(kind, entry)

        past = [from_json(self.seal.open(each)) for each in self.past.undos]
        return Ledger(engine.ask, log, past)

    def _opened(self, flip: Flip) -> Flip:
        try:
            return replace(flip, before=self.seal.open(flip.before)) if flip.secret else flip
        except ValueError:
            return flip  # is told that it cannot be put back

    def _ties(self, engine: Engine, log: Callable[[str, Flip], None]) -> Ties:
        relations = self.policy.relations.values()
        steps = [step for each in relations for step in (*each.begin, *each.end)]
        names = {*(step.operation for step in steps), *(each.operation for each in relations)}
        found = {name: self.contract.document.operation(name) for name in names if name}
        gates = {
            name: gate_of(self.model, each, self.inferred.get(each.id, {}))
            for name, each in found.items()
            if each is not None
        }
        return Ties(
            self.policy, gates, engine.cast, engine.knowledge, self.options.target, engine.ask, log,
            [flip for flip in self.past.pending if SIGN in flip.state],
        )  # fmt: skip

    def _switches(self, engine: Engine, log: Callable[[str, Flip], None]) -> Switches:
        fields = own_fields(self.model)
        if self.options.journal is not None and not self.seal.holds:
            fields = {}  # what could not be put back after a kill is not changed
        ids = [*self._switch_operations(), *(each.operation for each in fields.values())]
        operations = [self.model.operations[id] for id in dict.fromkeys(ids)]
        writers = {
            each.id: gate_of(self.model, each, self.inferred.get(each.id, {}))
            for each in operations
        }
        readers: dict[str, Gate] = {}
        for gate in self.gates:
            if gate.operation.method == "GET":
                for each in operations:
                    if each.path == gate.operation.path:
                        readers[each.id] = gate
        return Switches(
            self.policy, writers, readers, engine.cast, engine.knowledge,
            self.options.target, engine.ask, log,
            frozenset(each.id for each in operations if _closed(self.contract.document.raw, each)),
            fields,
            [self._opened(flip) for flip in self.past.pending if SIGN not in flip.state],
        )  # fmt: skip

    def _mend(self, engine: Engine, given: list[tuple[str, str, Exchange]]) -> tuple[str, ...]:
        """Put back what a killed run left flipped, before anything else; says what could not be."""
        if not self.past.pending and not self.past.undos:
            return ()
        engine.introduce(given)
        failed = self._restore(engine)
        if failed or not self.options.allow_own_settings:
            engine.ties = None
            engine.switches = None  # flipped once more, it would be forgotten how it was at first
        return failed

    def _restore(self, engine: Engine | None) -> tuple[str, ...]:
        """Put back what is flipped still, however the run has ended; says what could not be."""
        if engine is None:
            return tuple(left_behind(flip) for flip in self.past.pending)
        return (
            *(engine.ledger.restore() if engine.ledger else ()),
            *(engine.ties.restore() if engine.ties else ()),
            *(engine.switches.restore() if engine.switches else ()),
        )

    def _cast(self, found: Examination, sessions: Sessions) -> Cast:
        ids: dict[str, frozenset[str]] = {}
        claims: dict[str, Mapping[str, Json]] = {}
        states: dict[tuple[str, str], Json] = {}
        ties: dict[tuple[str, str], frozenset[str]] = {}
        failed = {state.name for state in found.states if not state.ok}
        for name, identity in self.identities.items.items():
            if name in failed:
                continue
            ids[name] = frozenset(_ids(name, found, identity.facts, identity.variables))
            claims[name] = {**_body_claims(found.facts.get(name)), **sessions.claims(name)}
            states.update({(name, path): value for path, value in identity.states.items()})
        for tie in self.identities.between:
            if tie.viewer in ids and tie.owner in ids:
                pair = (tie.viewer, tie.owner)
                ties[pair] = ties.get(pair, frozenset()) | {tie.relation}
        return Cast(self.policy, ids, claims, ties, states)

    def _given(self, found: Examination, sessions: Sessions) -> Iterator[tuple[str, str, Exchange]]:
        """Exchanges that proving the identities has made already: doors like any other."""
        operation = self.contract.document.operation(found.whoami) if found.whoami else None
        if operation is None:
            operation = next(
                (
                    each
                    for each in self.model.operations.values()
                    if each.method == "GET" and each.path == found.whoami
                ),
                None,
            )
        if operation is not None:
            for name, body in found.facts.items():
                headers = {"content-type": "application/json"}
                answer = Response(200, headers, orjson.dumps(body))
                yield operation.id, name, Exchange(Request("GET", operation.path), answer)
        for name, exchange in sessions.login_answers.items():
            path = exchange.request.url.removeprefix(_origin(self.options.target))
            for each in self.model.operations.values():
                if each.path == path and each.method == exchange.request.method:
                    yield each.id, name, exchange

    # ------------------------------------------------------------ the report

    def _write_up(self, engine: Engine | None, distrust: list[str]) -> Report:
        options = self.options
        findings = (
            conclude(self.model, engine.cast, engine.matrix, engine.signals) if engine else []
        )
        cells = engine.matrix.cells(engine.why, engine.reach()) if engine else []
        shown = sum(cell.result is not Result.NOT_SHOWN for cell in cells)
        share = 100 * shown / len(cells) if cells else 0.0
        seen = any(cell.result in (Result.OPEN, Result.LEAK) for cell in cells)
        distrust += engine.distrust if engine else []
        unjudged = engine.matrix.unjudged() if engine else []
        if unjudged:
            named = ", ".join(f"`{name}`" for name in unjudged)
            distrust.append(
                f"{named} came, but never with an owner that is one of the identities: nothing of"
                " it was judged; give each identity its id under `facts:`, such as"
                " `facts: {user_id: 7}`"
            )
        if not seen:
            distrust.append(
                "no owner was shown anything of their own: nothing was tested;"
                " run `oakum doctor` and look at the parameters"
            )
        elif share < options.min_shown:
            distrust.append(
                f"only {share:.0f} % of {len(cells)} cells were shown,"
                f" less than the {options.min_shown:g} % asked for"
            )
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
            skipped=tuple(self.skipped),
            identities=(),
            distrust=tuple(dict.fromkeys(distrust)),
            version=oakum.__version__,
            field_lines=dict(field_lines(self.model)),
        )


def _refuse_to_forget(journal: Path) -> None:
    """A new run begins its journal anew: not one that knows what is still to be put back."""
    names = " and ".join(dict.fromkeys(flip.identity for flip in left_flipped(journal)))
    if names:
        words = f"settings of {names} were flipped by an interrupted run"
        hint = "add --resume, or set them by hand and delete the file"
        raise InputError([Problem(Location(str(journal)), words, hint)])


def _as_problems(journal: Path | None, words: list[str]) -> list[Problem]:
    return [Problem(Location(str(journal)), each) for each in words]


def _closed(document: Json, writer: Operation) -> bool:
    """Whether the document says that a body holds no other members than those it declares."""
    shapes = [media.shape for media in writer.body if media.is_json and media.shape]
    todo = [_pointed(document, shape.pointer) for shape in shapes]
    seen: list[Json] = []
    while todo:
        at = todo.pop()
        if not isinstance(at, dict) or any(at is each for each in seen):
            continue
        seen.append(at)
        if at.get("additionalProperties") is False or at.get("unevaluatedProperties") is False:
            return True
        todo += at["allOf"] if isinstance(at.get("allOf"), list) else []
        todo.append(_pointed(document, str(at.get("$ref", ""))))
    return False


def _pointed(document: Json, pointer: str) -> Json:
    segments = pattern(pointer.partition("#")[2] if "#" in pointer else pointer)
    for segment in segments:
        document = document.get(segment) if isinstance(document, dict) else None
    return document if segments else None


_CONTACTS = ("contact:", "policy:")
_NAMES = ("username", "user_name", "handle", "login", "email", "uuid", "sub")


def _ids(
    name: str, found: Examination, facts: Mapping[str, Json], variables: Mapping[str, object]
) -> Iterator[str]:
    """Values that name an identity: what who-am-I calls it, and what the file says."""
    if name in found.ids:
        yield found.ids[name]
    yield from (str(value) for value in facts.values() if isinstance(value, str | int))
    for owner in _objects(found.facts.get(name)):
        if found.ids.get(name) in {str(value) for value in owner.values()}:
            yield from (str(owner[each]) for each in _NAMES if isinstance(owner.get(each), str))


def _objects(value: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _objects(child)


def _body_claims(body: Json) -> Mapping[str, Json]:
    """Roles and the like that who-am-I tells: claims where there is no token to hold them."""
    return {
        key: value
        for each in _objects(body)
        for key, value in each.items()
        if key in ("role", "roles", "groups", "scope", "scopes", "permissions")
    }


def _declared_names(document: Json) -> Iterator[str]:
    """Member names that the document declares: they may stand in evidence, other keys may not."""
    todo = [document]
    while todo:
        at = todo.pop()
        if isinstance(at, dict):
            declared = at.get("properties")
            if isinstance(declared, dict):
                yield from (str(name) for name in declared)
            todo += at.values()
        elif isinstance(at, list):
            todo += at


def _policy_names(policy: Policy) -> frozenset[str]:
    return frozenset(
        part
        for resource in policy.resources.values()
        for rule in resource.fields
        for part in rule.path.split(".")
    )


def _origin(target: str) -> str:
    scheme, _, rest = target.partition("://")
    return f"{scheme}://{rest.split('/')[0]}"


def diagnose(options: Options, warn: Callable[[list[Problem]], None]) -> Examination:
    """`oakum doctor`: log everybody in and ask who they are; nothing else is sent.

    `warn` hears what is doubtful about the files before the first request.
    """
    contract = load(options.contract, options.overlays)
    policy = contract.policy or drafted_policy(contract.document)
    identities = load_identities(options.identities, policy.relations)
    warn([*identities.warnings, *identities.notes])
    transport = HttpTransport(
        options.target, run_id=secrets.token_hex(6), also=identities.origins()
    )
    try:
        governor = Governor(transport, options.rate, options.budget)
        sessions = Sessions(identities, governor, contract.document, options.target)
        return examine(identities, sessions, "", contract.document, policy.caller)
    finally:
        transport.close()


__all__ = ["Options", "Scan", "diagnose"]

"""`oakum gate --self-test`: the gate on trial, before an API that leaks, and before a healthy one.

Each leak and each harmless change has a whole scan of its own and the whole gate after it. What
the healthy API has answered before is told from memory, so that it is asked once and not hundreds
of times.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import cycle, islice

from oakum.authz import Model, compile_contract
from oakum.contract_diff import changes, compare
from oakum.exchange import Request, Response
from oakum.exposure.endpoints.probes import is_graphql
from oakum.finding import Cell, Report, Result
from oakum.gate import Verdict, Widening
from oakum.inference.side_effects import classify
from oakum.policy.contract import Contract
from oakum.scan.engine import Engine
from oakum.scan.identities.session import Sessions
from oakum.scan.limits import BudgetSpent
from oakum.scan.options import Options
from oakum.scan.run import Scan
from oakum.scan.transport.rate_and_budget import Governor, Transport
from oakum_selftest import mutant as mutants
from oakum_selftest.answers import Does, Memory
from oakum_selftest.harmless import CHANGES, PERSONAL, Change
from oakum_selftest.mutant import Mutant
from oakum_selftest.reveal import Seeded, placed
from oakum_selftest.rules import Wider, shows_more, widened
from oakum_selftest.tally import Calm, Tally, Trial

Judged = Callable[[Report | None, tuple[Widening, ...] | None], Verdict]
"""The gate: over the report of a scan, and over what a contract has widened."""

_FRESH = 600.0
"""Seconds for which answers of the healthy API are remembered."""
_QUICK = 10_000.0
"""Requests a second that are answered from memory; what is sent keeps to the user's rate."""
_NO_LIMIT = 1 << 40
_DRAWS = 4
"""Leaks drawn for each one asked for, at most: some come to nothing."""


@dataclass
class _Wire:
    """What a run asks in place of its transport."""

    memory: Memory
    transport: Transport
    change: Change | None = None
    sessions: Sessions | None = None

    def send(self, request: Request) -> Response:
        asked = self.change.request(request) if self.change is not None else request
        entering = self.sessions is not None and self.sessions.entering
        answer = self.memory.send(asked, self.transport, entering=entering)
        return self.change.answer(answer) if self.change is not None else answer


@dataclass
class _Front:
    """Stands before the target in one run: with a leak, with a harmless change, or with neither."""

    memory: Memory
    rate: float
    leak: Mutant | None = None
    change: Change | None = None
    scan: Scan | None = None
    seeded: Seeded | None = None
    _wire: _Wire | None = None

    def wire(self, transport: Transport) -> Transport:
        self.memory.begin()
        self._wire = _Wire(self.memory, Governor(transport, self.rate, _NO_LIMIT), self.change)
        return self._wire

    def seat(self, sessions: Sessions) -> None:
        if self._wire is not None:
            self._wire.sessions = sessions

    def take(self, engine: Engine) -> Engine:
        """Answers are changed where it is still known who asks; nothing above can tell.

        Feeds go past all this, so they are left to the scan of the API as it is.
        """
        context = engine.context
        if self.leak is not None or self.change is not None:
            context = replace(context, listen=None, feeds=())
        healthy, change = context.ask, self.change
        if change is not None:

            def changed(viewer: str | None, request: Request) -> Response:
                answer = healthy(viewer, request)
                return change.answer_to(viewer, request, answer, engine.identities)

            context = replace(context, ask=changed)
        if self.leak is None or self._wire is None or self.scan is None:
            return replace(engine, context=context)
        aside = _Wire(self.memory, self._wire.transport)
        scan, options = self.scan.prepared, self.scan.options
        owners = Sessions(
            scan.identities, aside, scan.contract.document, options.target, also=options.twin
        )
        aside.sessions = owners
        for name in engine.identities.names():
            owners.login(name)
        seeded = Seeded(self.leak, scan.model, engine.identities, owners.send)

        def ask(viewer: str | None, request: Request) -> Response:
            if any(name[:2] in seeded.shown for name in engine.matrix.confirmed):
                raise BudgetSpent("the leak is proven, and no later answer takes that back")
            return seeded.answer(viewer, request, healthy(viewer, request))

        self.seeded = seeded
        return replace(engine, context=replace(context, ask=ask))


class _Broken(Exception):
    """The self-test cannot go on, and why."""


@dataclass
class SelfTest:
    """One self-test; `run` does it all."""

    options: Options
    judged: Judged
    contract: Contract
    model: Model
    seed: int
    say: Callable[[int, str], None]
    """Hears how many runs are over, and what is being done now."""
    trials: list[Trial] = field(default_factory=list)
    calms: list[Calm] = field(default_factory=list)
    healthy: tuple[Cell, ...] = ()
    """Cells of the scan of the API as it is."""

    def __post_init__(self) -> None:
        self.memory = Memory(self._does)
        self._since = time.monotonic()
        self._runs = 0

    def run(self, wanted: int, harmless: int, least: float) -> Tally:
        """Healthy first; then leaks until enough have come to something; then harmless changes."""
        broken = ""
        try:
            self._healthy()
            self._leaks(wanted)
            self._changes(harmless)
        except KeyboardInterrupt:
            broken = "interrupted"
        except _Broken as error:
            broken = str(error)
        closed = [each for each in self.healthy if not each.granted]
        shown = sum(each.result is Result.CLOSED for each in closed)
        return Tally(
            tuple(self.trials), tuple(self.calms), wanted, least, self.seed,
            len(closed), shown, self.memory.sent, self._runs, broken,
        )  # fmt: skip

    # ------------------------------------------------------------ one run

    def _report(self, front: _Front) -> Report:
        """A whole scan with something in front of the target; raises `_Broken`."""
        if time.monotonic() - self._since > _FRESH:
            self.memory.forget()
            self._since = time.monotonic()
        options = replace(self.options, rate=max(self.options.rate, _QUICK))
        scan = Scan(options, lambda _: None, between=front)
        front.scan = scan
        report = scan.report()
        self._runs += 1
        if scan.left_behind:
            raise _Broken(scan.left_behind[0])
        if any(each.startswith("interrupted") for each in report.distrust):
            raise KeyboardInterrupt
        return report

    def _front(self, leak: Mutant | None = None, change: Change | None = None) -> _Front:
        return _Front(self.memory, self.options.rate, leak, change)

    def _does(self, request: Request) -> Does:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return Does.READS
        for each in self.model.operations.values():
            if each.method == request.method and placed(each, request) is not None:
                rule = self.model.rule(each.id)
                kind = classify(each, rule).kind
                if kind == "read" or (is_graphql(each, rule) and rule.reads is not False):
                    return Does.READS
                return Does.TRIES if kind == "login" else Does.WRITES
        return Does.WRITES

    def _healthy(self) -> None:
        self.say(self._runs, "scanning the API as it is")
        report = self._report(self._front())
        self.healthy = report.cells
        red = _red(self.judged(report, None))
        if red:
            raise _Broken(f"the gate is not green on the API as it is: {red}")

    # ------------------------------------------------------------ leaks

    def _leaks(self, wanted: int) -> None:
        rules = {each.mutant: each for each in widened(self.model.policy)}
        space = [*mutants.of_cells(self.healthy, self.model, self.contract.graphs), *rules]
        seeded = 0
        for leak in islice(mutants.drawn(space, self.seed), wanted * _DRAWS):
            if seeded == wanted:
                return
            self.say(self._runs, f"leak {seeded + 1} of {wanted}: {leak.sentence}")
            trial = self._rule(rules[leak]) if leak in rules else self._leak(leak)
            self.trials.append(trial)
            seeded += trial.fate != "not seeded"

    def _rule(self, wider: Wider) -> Trial:
        """The contract with a rule widened, held against the one before: `--against`."""
        after = compile_contract(self.contract.document, wider.policy)
        if not shows_more(self.model, after):
            return Trial(wider.mutant, "not seeded", "the wider rule shows nobody any more")
        found = changes(
            compare(self.model, after), self.contract.document.locate, self.contract.document.locate
        )
        wide = tuple(
            Widening(each.sentence, each.endpoints, each.location) for each in found if each.widens
        )
        verdict = self.judged(None, wide)
        if any(each.name == "widening" for each in verdict.failed_criteria):
            return Trial(wider.mutant, "caught")
        return Trial(wider.mutant, "missed", "the comparison of the contracts says nothing of it")

    def _leak(self, leak: Mutant) -> Trial:
        front = self._front(leak)
        report = self._report(front)
        seeded = front.seeded
        if seeded is None:
            return Trial(leak, "missed", f"the run came to nothing: {_first(report.distrust)}")
        if not seeded.altered:
            return Trial(leak, "not seeded", self._why_not(leak, seeded))
        red = {each.name for each in self.judged(report, None).failed_criteria}
        whole = ("*", "") in seeded.shown  # the endpoint as such is shut to this viewer
        named = any(
            (each.resource, each.field) in seeded.shown
            or (whole and leak.endpoint in each.endpoints)
            for each in report.findings
        )
        if red & {"proven", "suspected"} and named:
            return Trial(leak, "caught", altered=seeded.altered)
        return Trial(leak, "missed", _why_missed(leak, seeded, report, red), seeded.altered)

    def _why_not(self, leak: Mutant, seeded: Seeded) -> str:
        if not seeded.met:
            return "the endpoint is not asked"
        for each in _cells(leak, self.healthy):
            if each.result is Result.UNTESTED:
                return each.reason
        return "no answer had a place for it, or what it would show is empty"

    # ------------------------------------------------------------ harmless changes

    def _changes(self, harmless: int) -> None:
        names = (*CHANGES, *PERSONAL)
        for number, name in enumerate(islice(cycle(names), harmless)):
            self.say(self._runs, f"harmless change {number + 1} of {harmless}: {name}")
            seed = self.seed + number // len(names)
            change = Change(name, seed, self.model)
            report = self._report(self._front(change=change))
            self.calms.append(Calm(name, seed, change.altered, _red(self.judged(report, None))))


def _red(verdict: Verdict) -> str:
    """Why a gate is red; empty when it is green."""
    said = []
    for each in verdict.failed_criteria:
        said.append(f"`{each.name}`: {next(map(str, each.details), each.figure)}")
    return "; ".join(said)


def _first(words: tuple[str, ...]) -> str:
    return words[0] if words else ""


def _cells(leak: Mutant, cells: tuple[Cell, ...], field: str = "") -> Iterator[Cell]:
    for each in cells:
        same = (each.endpoint, each.viewer, each.resource) == (
            leak.endpoint,
            leak.viewer,
            leak.resource,
        )
        wanted = field or leak.field
        if same and each.field == wanted and set(leak.state) <= set(each.state):
            yield each


def _why_missed(leak: Mutant, seeded: Seeded, report: Report, red: set[str]) -> str:
    times = f"shown in {seeded.altered} answers"
    said = {
        each.reason or f"it says `{each.result.value}`"
        for _, path in seeded.shown
        for each in _cells(leak, report.cells, path)
        if each.result is not Result.OPEN
    }
    if red & {"proven", "suspected"}:
        return f"{times}; red for another leak than this"
    if red:
        return f"{times}; held back for {', '.join(sorted(red))}, but the leak is not named"
    return f"{times}; {'; '.join(sorted(said)) or 'no cell speaks of it'}"

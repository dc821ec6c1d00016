"""The state of a run: known identities and values, requests sent, responses received, and results.

The engine records requests and responses here; techniques read them, and add what they find to
`results`. Values of responses are held in memory only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from oakum.exchange import Response
from oakum.exposure.cells.matrix import Matrix, Outcome
from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.known_identities import KnownIdentities
from oakum.exposure.leak_signal import Signal
from oakum.exposure.values.knowledge import Knowledge
from oakum.finding import Endpoint
from oakum.scan.coverage.untested import Gaps, Section, UntestedItem
from oakum.scan.evaluation.evaluator import Evaluator
from oakum.scan.evaluation.links_after_access_ends import LastingLink
from oakum.scan.evaluation.response_summary import Form, Head
from oakum.scan.requests.builder import FilledRequest

_MOST_LINKS = 400
_MOST_REPEATS = 3
"""How many broken responses of one endpoint are requested again, to spare a failing API."""
_Pairs = set[tuple[str, str]]
Place = tuple[str, str | None, str | None]
"""(endpoint, viewer, owner of the values) of a request."""


@dataclass(frozen=True)
class AbsentControl:
    """A request for an id that nobody has, and its response. Has values, in memory only."""

    probe: Probe
    who: str
    filled: FilledRequest
    answer: Response


@dataclass
class Requests:
    """The requests sent, so that none is repeated by accident and any can be repeated on
    purpose."""

    asked: set[str] = field(default_factory=set)
    """Keys of the requests that were sent, or need not be."""
    keys: dict[str, tuple[Probe, str | None, str | None, int]] = field(default_factory=dict)
    """Key → (endpoint, viewer, owner of the values, index of the value), to send it again."""
    called: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Operation → (place, name) of the parameters that any request sent."""
    early: dict[str, Response] = field(default_factory=dict)
    """Key → a response received in advance, which `put` uses."""
    limited: set[tuple[str, str | None]] = field(default_factory=set)
    """(endpoint, viewer) whose requests hit a rate limit."""
    _number: int = 0
    _repeats: Counter[str] = field(default_factory=Counter)

    def may_repeat(self, probe: Probe) -> bool:
        """Whether a broken answer of an endpoint is asked for once more: what always breaks is left
        alone, and so is a variant that nobody documents."""
        self._repeats[probe.id] += 1
        return not (probe.how or probe.query) and self._repeats[probe.id] <= _MOST_REPEATS

    def next_number(self) -> int:
        """The number of the next request, from 1."""
        self._number += 1
        return self._number

    def begin(self, key: str, probe: Probe, viewer: str | None, who: str | None, turn: int) -> None:
        """Records a request, so that it is not repeated and can be confirmed later."""
        self.asked.add(key)
        self.keys[key] = (probe, viewer, who, turn)


@dataclass
class Responses:
    """What responses showed: who received one, whose objects it had, and what is kept of it."""

    answered: dict[str, set[str | None]] = field(default_factory=dict)
    """Endpoint → viewers with a response, in the present settings."""
    seen: dict[tuple[str, str], dict[str | None, _Pairs]] = field(default_factory=dict)
    """(endpoint, whose parameters or which of nobody's) → viewer → (owner, resource) pairs in the
    answer, with the present settings."""
    judged: dict[tuple[str, str | None, str, str], set[str]] = field(default_factory=dict)
    """(endpoint, viewer, owner, resource) → labels by which objects in the answers were judged."""
    pages: dict[tuple[str, str], _Pairs] = field(default_factory=dict)
    """(endpoint, owner of the parameters) → (owner, resource) pairs that this owner was
    ever shown."""
    first: dict[tuple[str, str], int] = field(default_factory=dict)
    """(endpoint, owner) → position of the first object at which its owner was shown anything."""
    showed: dict[tuple[str, str], int] = field(default_factory=dict)
    """(endpoint, owner of the parameters) → position of the first of their values with which
    anything was shown to anybody."""
    good: dict[str, tuple[Probe, str | None, int]] = field(default_factory=dict)
    """Identity → (endpoint, owner of the values, index) of a request that showed it data of its
    own."""
    absent: dict[str, AbsentControl | None] = field(default_factory=dict)
    """Endpoints that were requested with an id that nobody has."""
    ignoring: set[str] = field(default_factory=set)
    """Endpoints that show the caller's own data whatever id is requested."""
    writing_own: set[str] = field(default_factory=set)
    """Paths at which a write, or a read by its writer, took the caller's own object for the one of
    another id."""
    listed: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """(identity, resource) → keys of objects that were listed without an owner and asked for."""
    forms: dict[Place, Form] = field(default_factory=dict)
    """The form of the last response to a request."""
    heads: dict[Place, Head] = field(default_factory=dict)
    """Status and headers of the last answer to a question, for techniques that send nothing. A run
    that is resumed has those of what owners were shown, and none of what it does not ask again."""
    lasting_links: list[LastingLink] = field(default_factory=list)
    """Links and cursors of the answers so far."""
    giving: dict[Place, None] = field(default_factory=dict)
    """Questions whose answers gave links or cursors."""

    def took(
        self,
        probe: Probe,
        viewer: str | None,
        who: str | None,
        outcome: Outcome,
        *,
        first: bool,
        turn: int = 0,
    ) -> None:
        """Records whose objects a response showed to whom. `first`: not a repetition; `turn`: which
        of the owner's objects was named."""
        self.answered.setdefault(probe.id, set()).add(viewer)
        if outcome.whole:
            whose = who or (f"value {turn}" if turn else "")  # another request, to compare apart
            self.seen.setdefault((probe.id, whose), {})[viewer] = set(outcome.sighted)
        for each in outcome.observations:
            place = (probe.id, viewer, each.owner, each.key.resource)
            self.judged.setdefault(place, set()).add(each.key.viewer)
        own = viewer is not None and any(name == viewer for name, _ in outcome.sighted)
        if own and viewer and first and not (probe.how or probe.batch):
            self.good.setdefault(viewer, (probe, who, turn))
        if outcome.sighted and first:
            self.showed.setdefault((probe.id, who or ""), turn)
        if viewer == who:
            self.pages.setdefault((probe.id, who or ""), set()).update(outcome.sighted)
            if outcome.sighted:
                self.first.setdefault((probe.id, who or ""), turn)

    def gather(self, found: Iterable[LastingLink]) -> None:
        """Keeps links and cursors of a response, up to a limit."""
        if len(self.lasting_links) < _MOST_LINKS:
            kept = list(found)
            self.lasting_links += kept
            self.giving |= dict.fromkeys(each.source for each in kept)

    def showing(self, probe: Probe, who: str | None) -> int:
        """Index of the first combination of parameter values with which an endpoint showed
        something; 0 if none did. Other requests of the endpoint use these values, since the
        first tenant in its path may hold nothing."""
        return self.showed.get((probe.id, who or ""), 0)

    def has_page(self, probe: Probe, who: str) -> bool:
        """Whether an endpoint ever showed an owner their own objects."""
        return bool(self.pages.get((probe.id, who)))


@dataclass
class Results:
    """Results outside the cells: other leaks, gaps, remarks, doubts."""

    gaps: Gaps = field(default_factory=Gaps)
    """What was not tested."""
    sent: set[str] = field(default_factory=set)
    """Rules of which a request was sent that tests them, where only a write can."""
    _signals: list[Signal] = field(default_factory=list)
    _notes: list[str] = field(default_factory=list)
    _distrust: list[str] = field(default_factory=list)

    def report(self, signal: Signal) -> None:
        """Adds a leak that is not a field of a response."""
        self._signals.append(signal)

    def note_gap(
        self, what: Endpoint | str, why: str, section: Section = Section.TRUST, viewer: str = ""
    ) -> None:
        """Records what could not be tested, or was left alone on purpose. `viewer`: the label of
        callers as whom alone it was not."""
        self.gaps.add(UntestedItem(what, why, section, viewer))

    def remark(self, *notes: str) -> None:
        """Adds a remark to the report."""
        self._notes += notes

    def doubt(self, reason: str) -> None:
        """Adds a reason to distrust the run, which then ends as not trustworthy."""
        self._distrust.append(reason)

    @property
    def signals(self) -> tuple[Signal, ...]:
        """All leaks outside fields."""
        return tuple(self._signals)

    @property
    def notes(self) -> tuple[str, ...]:
        """All remarks in order."""
        return tuple(self._notes)

    @property
    def distrust(self) -> tuple[str, ...]:
        """All reasons to distrust the run, beside gaps."""
        return tuple(self._distrust)


@dataclass
class RunState:
    """Everything that changes during a run."""

    identities: KnownIdentities
    """Who the identities are, what they are to each other, and how their accounts are set."""
    knowledge: Knowledge
    matrix: Matrix
    evaluator: Evaluator
    probes: list[Probe]
    """Endpoints that are requested."""
    later: list[Probe] = field(default_factory=list)
    """Endpoints that may exceed the budget, the riskiest first."""
    ways: list[Probe] = field(default_factory=list)
    """Undocumented variants that were found to work, repeated when settings change."""
    world: str = ""
    """Name of the present settings; empty: as found."""
    changed: str = ""
    """The identity whose account is changed at present; empty: none."""
    finished: list[object] = field(default_factory=list)
    """Techniques that ran to their end within the budget."""
    requests: Requests = field(default_factory=Requests)
    responses: Responses = field(default_factory=Responses)
    results: Results = field(default_factory=Results)

    def keep_way(self, *ways: Probe) -> None:
        """Adds undocumented variants that work, to repeat them when settings change."""
        self.ways += ways

    def was_asked(self, probe: Probe) -> bool:
        """Whether an endpoint was requested with any settings."""
        asked = (key.partition("|")[0] for key in self.requests.asked)
        return probe.id in self.responses.answered or probe.id in asked

    def enter(self, world: str, who: str) -> None:
        """Enters another state of `who`'s settings: earlier observations no longer apply, and
        requests may be repeated."""
        self.world, self.changed = world, who
        self.responses.answered.clear()
        self.responses.seen.clear()
        self.evaluator.forget(who)

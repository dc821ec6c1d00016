"""Limits a run to one finding (`oakum scan --only`): the endpoints and techniques that it needs.

Responses are judged as in a whole run. There are only fewer endpoints: those of the finding, and
those whose responses are needed to build its requests. The cells say whether a leak that was not
seen again is closed or was not requested; for findings of techniques, their record of requests
does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

import orjson

from oakum.authz import Model
from oakum.authz.table import granted_to_nobody
from oakum.errors import InputError, Location, Problem
from oakum.exchange import Request, Response
from oakum.exposure.cells.matrix import Key
from oakum.exposure.checks import CHECKS, OVER_BLOCK
from oakum.exposure.endpoints.probes import Probe, frame_media, probe_of
from oakum.finding import Endpoint, Finding
from oakum.http.methods import WRITES
from oakum.openapi.model import Operation
from oakum.scan.context import Event
from oakum.scan.engine import Engine
from oakum.scan.requests.builder import Ask
from oakum.scan.scheduler import EarlierExchanges, Scheduler
from oakum.scan.technique import Line, Prospect, Technique, is_silent
from oakum.scan.techniques import TECHNIQUES, optional_parameters, revocation

PLAIN = frozenset({check.RULE.id for check in CHECKS} | {OVER_BLOCK.id}).difference(
    *(technique.RULES for technique in TECHNIQUES)
)
"""Rules about cells: responses at any endpoint, requested in any way, can show them."""
_WRITTEN = frozenset({"bola-write", "mass-assignment"})
_TWO_STEPS = PLAIN | {"shadow-endpoint", "graphql-exposure"}
"""Rules for which an endpoint is requested as its owner first, and skipped if that is refused."""
_UNASKED = frozenset({"weak-jwt-secret", "unsafe-get"})
"""Rules that are decided without any request."""
READ = frozenset[str]().union(*(t.RULES for t in TECHNIQUES if is_silent(t))) - _UNASKED
"""Rules that are decided from what documented requests showed identities of their own data."""
EXAMPLES = READ | {"untrusted-origin-allowed"}
"""Rules about whole responses: the field of a finding is only an example."""
_FAILS = 500
"""Statuses from this one on are server errors (RFC 9110, 15.6)."""
_TEACHERS = 3
"""How many endpoints are requested to learn one value."""


@dataclass(frozen=True)
class Focus:
    """The finding that a run is limited to."""

    finding: Finding
    fields: tuple[str, ...]
    """Its field, and the others that the same rule, viewer and state had in the report."""
    viewers: frozenset[str | None] = frozenset()
    """Who was shown it in the report; None: an anonymous caller."""
    wide: bool = False
    """Whether all endpoints are requested to learn needed values, not only the likeliest."""


@dataclass(frozen=True)
class QuestionRecord:
    """One request of a run, without any value."""

    how: str
    """The technique that sent it; empty: none."""
    world: str
    viewer: str | None
    method: str
    path: str
    status: int = 0
    """0: the answer was a feed."""
    members: frozenset[str] = frozenset()
    """Names of the members that its body set."""


@dataclass
class Scope:
    """The endpoints of a narrow run, and its requests."""

    focus: Focus
    probes: list[Probe]
    feeds: list[Probe]
    teachers: list[Probe]
    techniques: tuple[Technique, ...]
    documented: frozenset[Endpoint]
    """Endpoints whose cells decide the finding."""
    plain: bool
    """Whether all endpoints of the finding are documented."""
    few: bool
    """Whether the finding needs no other cells than its own."""
    engine: Engine | None = None
    asked: list[QuestionRecord] = field(default_factory=list)
    given: set[str] = field(default_factory=set)
    """Operations of logins and who-am-I."""
    how: str = ""
    _told: QuestionRecord | None = None
    """A request that was announced and not yet sent."""

    def take(self, engine: Engine) -> Engine:
        """The engine, before its first request, limited to this scope."""
        context = engine.context
        kept = {probe.operation.id for probe in (*self.probes, *self.feeds)}
        kept |= {endpoint.operation for endpoint in self.focus.finding.endpoints}
        kept.add(engine.model.policy.caller.operation)
        known = engine.model.operations
        if self.focus.finding.rule in _WRITTEN:
            kept |= set(_beside(known, self.focus.finding.endpoints))
        few = {id: each for id, each in known.items() if id in kept}
        context = replace(
            context,
            model=replace(engine.model, operations=few),
            ask=self._ask(context.ask),
            emit=self._emit(context.emit),
        )
        if self.few:
            matrix = engine.matrix
            matrix.wanted, matrix.insists = self.wants, self.insists
            matrix.entries = {key: e for key, e in matrix.entries.items() if self.wants(key)}
        self.engine = Engine(context, engine.state)
        return self.engine

    @property
    def watched_techniques(self) -> tuple[Technique, ...]:
        """Its techniques, wrapped to record which one is active."""
        return tuple(_WatchedTechnique(each, self) for each in self.techniques)

    def wants(self, key: Key) -> bool:
        """Whether a cell belongs to the finding."""
        one = self.focus.finding
        return (key.resource, key.state) == (one.resource, one.state) and (
            key.field in self.focus.fields
        )

    def insists(self, key: Key, viewer: str | None) -> bool:
        """Whether a viewer of the original finding must be tested against every owner, since a
        single closed one proves little."""
        known = self.focus.viewers & {
            None,
            *(self.engine.identities.names() if self.engine else ()),
        }
        return key.viewer == self.focus.finding.viewer and (not known or viewer in known)

    def teach(self, scheduler: Scheduler, given: EarlierExchanges) -> None:
        """Requests the prerequisites as owners; twice, since one endpoint may need another's
        ids."""
        engine = scheduler.engine
        self.given |= {operation for operation, _, _ in given}
        if not self.teachers:
            return
        scheduler.introduce(given)
        for _ in range(2):
            for probe in self.teachers:
                for who in engine.identities.names():
                    engine.put(probe, who, who if probe.personal else None)

    def _ask(self, ask: Callable[[str | None, Request], Response]) -> Ask:
        def hear(viewer: str | None, request: Request) -> Response:
            answer = ask(viewer, request)
            told = self._told
            endpoint = (
                told if told and (told.viewer, told.method) == (viewer, request.method) else None
            )
            path = endpoint.path if endpoint else urlsplit(request.url).path
            if endpoint is not None:
                self.asked.remove(endpoint)
            members = _members(request.body)
            self._note(QuestionRecord("", "", viewer, request.method, path, answer.status, members))
            self._told = None
            return answer

        return hear

    def _emit(self, emit: Callable[[Event], None]) -> Callable[[Event], None]:
        def heard(event: Event) -> None:
            if event.kind == "ask":
                data = event.data
                self._told = QuestionRecord(
                    "", "", data["as"] or None, data["method"], data["path"]
                )
                self._told = self._note(self._told)
            emit(event)

        return heard

    def _note(self, asked: QuestionRecord) -> QuestionRecord:
        world = self.engine.state.world if self.engine else ""
        self.asked.append(replace(asked, how=self.how, world=world))
        return self.asked[-1]

    # -------------------------------------------------------- after the last request

    def was_asked(self, endpoint: Endpoint) -> bool:
        """Whether the run repeated the request that showed the leak at this endpoint."""
        rule, engine = self.focus.finding.rule, self.engine
        if rule in _UNASKED:
            return True
        if rule == "no-login-rate-limit":  # a login request alone does not test the rate limit
            provisioned = engine.context.provisioned if engine is not None else None
            return provisioned is not None and provisioned.guessed
        if engine is None or endpoint.operation in self.given - engine.matrix.probes.keys():
            return engine is not None
        if rule in READ:
            return self._has_shown(engine, endpoint)
        if rule == "feed-exposure" and not self._came(engine, endpoint):
            return False
        if rule not in _WRITTEN and not self._is_known(engine):
            return False
        return any(
            self._is_it(engine, each, endpoint) and each.status < _FAILS for each in self.asked
        )

    def failure(self, endpoint: Endpoint) -> int:
        """The status with which an endpoint failed when the request that showed the leak was
        repeated; 0: it did not fail."""
        engine = self.engine
        if engine is None:
            return 0
        found = [each.status for each in self.asked if self._is_it(engine, each, endpoint)]
        return max((status for status in found if status >= _FAILS), default=0)

    def _is_known(self, engine: Engine) -> bool:
        """Whether an owner was shown the field: else nobody could have told it from any other."""
        one = self.focus.finding
        table = engine.model.tables.get(one.resource)
        if table is None:
            return True
        # nobody may see the field, so any evidence of the object has to do
        hidden = granted_to_nobody(table, one.field)
        return any(
            resource == one.resource and (hidden or path == one.field)
            for _, resource, path in engine.knowledge.present
        )

    def _came(self, engine: Engine, endpoint: Endpoint) -> bool:
        """Whether a feed showed anything of the resource."""
        return any(
            engine.matrix.operation(probe) == endpoint.operation
            and name == self.focus.finding.resource
            for probe, name in engine.matrix.carried
        )

    def _has_shown(self, engine: Engine, endpoint: Endpoint) -> bool:
        """Whether a documented question showed an identity anything of its own there: no other
        answer, such as a refusal, has what is read from it."""
        ways = (engine.matrix.probes.get(place) for place, _, _ in engine.matrix.own)
        return any(way and way.endpoint == endpoint and not way.how for way in ways)

    def _is_it(self, engine: Engine, asked: QuestionRecord, endpoint: Endpoint) -> bool:
        rule = self.focus.finding.rule
        if asked.method != endpoint.method or not _matches(endpoint.path, asked.path):
            return False
        if rule in READ:
            return asked.viewer is not None and not asked.how
        if rule not in PLAIN and not asked.how and rule != "enumerable-ids":
            # enumerable keys are read from responses, and need no request unless they are
            # predictable
            return False
        ended = asked.world.startswith("end of ") or asked.world.endswith(" closed")
        if rule == "revocation-not-enforced" and not ended:
            return False
        if rule in _WRITTEN:
            name = self.focus.finding.field.split(".")[0]
            written = name in asked.members or asked.method == "DELETE"
            # an anonymous caller can also create an account of their own
            own = self.focus.finding.viewer == "owner"
            return written and (own or self._stands(engine, asked.viewer))
        dead = bool(asked.how) and 400 <= asked.status < 500 and rule in _TWO_STEPS
        return dead or self._stands(engine, asked.viewer)

    def _stands(self, engine: Engine, viewer: str | None) -> bool:
        """Whether some pair of identities has the relation of the finding's viewer, or known
        objects may give it."""
        identities, wanted = engine.identities, self.focus.finding.viewer
        if viewer is not None and viewer not in identities.ids:
            return True  # a provisioned account
        return any(
            identities.label(identities.relations(viewer, owner), viewer, owner) == wanted
            or (
                viewer != owner
                and engine.held_relations(viewer, owner).issuperset(wanted.split("+"))
            )
            for owner in identities.names()
        )


class _WatchedTechnique:
    """A technique, and the record of when it was at work."""

    def __init__(self, inner: Technique, scope: Scope) -> None:
        self.HOW, self.RULES, self.OPENS_WAYS = inner.HOW, inner.RULES, inner.OPENS_WAYS
        self.SILENT = is_silent(inner)
        self._inner, self._scope = inner, scope

    def run(self, engine: Engine) -> None:
        self._scope.how = self.HOW
        try:
            self._inner.run(engine)
        finally:
            self._scope.how = ""

    def foresee(self, prospect: Prospect) -> Iterator[Line]:
        yield from self._inner.foresee(prospect)


def narrow(
    focus: Focus,
    model: Model,
    inferred: Mapping[str, Mapping[str, str]],
    probes: list[Probe],
    feeds: list[Probe],
    *,
    own_settings: bool,
    stated: Collection[str] = (),
) -> Scope:
    """The endpoints and techniques that a finding needs. `own_settings`: also those that show
    changeable settings; `stated`: also one for each resource of which the identities file names
    objects, which are asked for before anything is judged."""
    one = focus.finding
    if one.resource not in (*model.policy.resources, "*"):
        words = f"has no resource `{one.resource}`, to which the finding belongs"
        raise InputError([Problem(Location("the contract"), words)])
    celled = one.rule in (*PLAIN, "cross-user-cache")
    documented = frozenset(probe.endpoint for probe in probes if celled)
    plain = documented.issuperset(one.endpoints)
    operations = {endpoint.operation for endpoint in one.endpoints}
    targets = [_widen(probe, focus) for probe in probes if probe.operation.id in operations]
    if (
        not operations <= model.operations.keys()
    ):  # any endpoint may have led to a finding without one
        targets += [
            g for g in probes if g.operation.id not in operations and one.resource in g.shows
        ]
    techniques = tuple(_techniques(one, targets, model, plain=plain))
    ids = {probe.id for probe in targets}
    others = [probe for probe in probes if probe.id not in ids and probe.shows]
    known = {probe.operation.id for probe in probes}
    asked = [
        probe_of(model, model.operations[id], inferred.get(id, {}))
        for id in operations & model.operations.keys() - known
    ]
    teachers = others if focus.wide else list(_teachers(focus, model, [*targets, *asked], others))
    written = {each.path for each in model.operations.values() if each.method in WRITES}
    readers = [
        g for g in probes if own_settings and g.operation.path in written and g.id not in ids
    ]
    kept = {probe.id: probe for probe in (*readers, *targets, *teachers)}
    for name in stated:
        kept = {probe.id: probe for probe in _by_key(model, name, probes)[:1]} | kept
    return Scope(
        focus,
        [kept[probe.id] for probe in probes if probe.id in kept],
        [feed for feed in feeds if feed.operation.id in operations],
        teachers,
        techniques,
        documented,
        plain,
        plain or (one.rule in PLAIN and all(isinstance(each, _Ways) for each in techniques)),
    )


def _techniques(
    one: Finding, targets: list[Probe], model: Model, *, plain: bool
) -> Iterator[Technique]:
    if one.rule in PLAIN:
        if plain:
            return
        ways = [
            way for endpoint in one.endpoints for probe in targets for way in _way(probe, endpoint)
        ]
        known = {probe.endpoint for probe in (*targets, *ways)} | set(_logins(model))
        if ways:
            yield _Ways(ways)
        if any(revocation.WAITING in endpoint.path for endpoint in one.endpoints):
            yield revocation
            return
        if known.issuperset(one.endpoints):
            return
        yield from (each for each in TECHNIQUES if each.OPENS_WAYS)
        return
    able = [each for each in TECHNIQUES if one.rule in each.RULES]
    yield from able or TECHNIQUES  # an unknown rule: run every technique


def _beside(known: Mapping[str, Operation], endpoints: tuple[Endpoint, ...]) -> Iterator[str]:
    """Operations at, above and below an endpoint's path: what makes an object, and what removes
    it."""
    paths = [endpoint.path.rstrip("/") for endpoint in endpoints]
    for each in known.values():
        one = each.path.rstrip("/")
        if any(one == p or one.startswith(f"{p}/") or p.startswith(f"{one}/") for p in paths):
            yield each.id


def _logins(model: Model) -> Iterator[Endpoint]:
    """Documented endpoints whose one answer is seen whenever identities log in, or never."""
    for each in model.operations.values():
        if not model.rule(each.id).graphql and frame_media(each) is None:
            yield Endpoint(each.method, each.path, each.id)


def _way(probe: Probe, endpoint: Endpoint) -> Iterator[Probe]:
    """The variants of a documented endpoint with the query parameters that the endpoint's name
    states."""
    path, _, query = endpoint.path.partition("?")
    if path == probe.endpoint.path and query and probe.operation.id == endpoint.operation:
        way = probe.otherwise(
            optional_parameters.HOW, query=tuple(parse_qsl(query, keep_blank_values=True))
        )
        if way.endpoint == endpoint:  # personal values in the query have a placeholder
            yield way


class _Ways:
    """Known ways through documented endpoints: they need not be looked for again."""

    HOW, RULES, OPENS_WAYS = (
        optional_parameters.HOW,
        optional_parameters.RULES,
        optional_parameters.OPENS_WAYS,
    )

    def __init__(self, ways: list[Probe]) -> None:
        self._ways = ways

    def run(self, engine: Engine) -> None:
        for way in self._ways:
            engine.matrix.open(way)
            engine.state.keep_way(way)
            for who in engine.identities.subjects() if way.personal else [None]:
                for viewer in (who, *engine.watchers(who)):
                    engine.put(way, viewer, who)

    def foresee(self, prospect: Prospect) -> Iterator[Line]:
        yield from ()


def _widen(probe: Probe, focus: Focus) -> Probe:
    """The endpoint with the finding's fields added to those that it shows, since they may be
    undeclared."""
    name = focus.finding.resource
    if name == "*":
        return probe
    known = probe.shows.get(name, ())
    more = tuple(each for each in focus.fields if each not in known)
    return replace(probe, shows={**probe.shows, name: (*known, *more)})


def _teachers(
    focus: Focus, model: Model, targets: list[Probe], others: list[Probe]
) -> Iterator[Probe]:
    """Endpoints that show what the targets' parameters, the comparison and the states need."""
    one = focus.finding
    todo = [source for probe in targets for source in probe.sources.values()]
    todo += [f"{one.resource}.{path}" for path in focus.fields]
    todo += _states(model, one.resource)
    done: set[str] = set()
    found: set[str] = set()
    while todo:
        source = todo.pop(0)
        name, _, path = source.partition(".")
        if source in done:
            continue
        done.add(source)
        resource = model.policy.resources.get(name)
        main = resource.main if resource else ""
        able = [
            g
            for g in others
            if path in g.shows.get(name, ()) and not g.batch and source not in g.sources.values()
        ]
        able.sort(key=lambda g: (not _is_near(model, g), g.id != main, len(g.sources), g.id))
        for probe in able[:_TEACHERS]:
            todo += probe.sources.values()
            if probe.id not in found:
                found.add(probe.id)
                yield probe


def _by_key(model: Model, name: str, probes: list[Probe]) -> list[Probe]:
    """Endpoints that show an object of a resource by its key, its main endpoint first."""
    resource = model.policy.resources[name]
    source = f"{name}.{resource.key}"
    able = [g for g in probes if name in g.shows and source in g.sources.values() and not g.batch]
    return sorted(able, key=lambda g: g.id != resource.main)


def _is_near(model: Model, probe: Probe) -> bool:
    """Whether an endpoint needs only the id of the caller's own account."""
    accounts = {
        f"{name}.{each.key}" for name, each in model.policy.resources.items() if each.is_account
    }
    return accounts.issuperset(probe.sources.values())


def _states(model: Model, name: str) -> Iterator[str]:
    """Members in which the states of a resource stand, in its own object or in another."""
    resource = model.policy.resources.get(name)
    for state in resource.states.values() if resource else ():
        whose, each = name, state
        while each.of:
            whose, _, word = each.of.partition(".")
            each = model.policy.resources[whose].states[word]
        if each.member:
            yield f"{whose}.{each.member}"


def _members(body: bytes) -> frozenset[str]:
    """Names of the members of a JSON body, at any depth."""
    found: set[str] = set()
    try:
        todo = [orjson.loads(body)] if body else []
    except orjson.JSONDecodeError:
        return frozenset()
    while todo:
        at = todo.pop()
        if isinstance(at, dict):
            found |= at.keys()
            todo += at.values()
        elif isinstance(at, list):
            todo += at
    return frozenset(found)


def _matches(endpoint: str, path: str) -> bool:
    """Whether a path is one of an endpoint's, whatever fills its parameters and stands before
    it."""
    if "?" in endpoint:
        return endpoint == path  # a variant of the plain request, which has its own name
    template = urlsplit(endpoint).path
    if template == urlsplit(path).path:
        return True
    parts = [re.escape(part) for part in re.split(r"\{[^}]*\}", template)]
    return re.fullmatch(".*" + "[^/]+".join(parts), path) is not None

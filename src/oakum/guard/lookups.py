"""Look-ups: what a decision still needs, the requests for it, and reading the responses.

Unknown is closed. If a look-up cannot be sent, or its response cannot be read completely, its
relation stays unknown. A page of a list that may continue proves nothing about accounts that are
not on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from oakum.authz import Model, Principal
from oakum.authz.id_spelling import identifiers, named_among, text
from oakum.authz.member_paths import is_blocked, is_garbled
from oakum.guard.cache_invalidation_ids import EVERYBODY
from oakum.guard.compiled.enforcement_plan import Home, LookupPlan
from oakum.guard.compiled.relation_lookup_invalidation import mark
from oakum.guard.lookup_cache import IdCache
from oakum.guard.lookup_completeness import is_failed, is_stale, is_whole
from oakum.guard.lookup_requirements import LookupRequirements, MissingFact, looked_up
from oakum.guard.tenant_selection import Conditions
from oakum.http.json_pointer import values_at
from oakum.http.octets import octets
from oakum.openapi.model import Json
from oakum.openapi.path_segments import parameter_names
from oakum.policy.model import Guarding, Policy, Relation, Service, origin
from oakum.routing.caller_credentials import RequestCredentials, Who, readable
from oakum.routing.http_messages import Headers, HttpRequest, HttpResponse, RequestSteps
from oakum.routing.route import path_of

KIND = ("content-type", "application/json")
"""Sent although there is no body: JSON clients do so, and some APIs accept a token only with it."""
QUESTION = (("accept", "application/json"), ("accept-encoding", "identity"), KIND)
"""Headers of every look-up, before its credentials."""


class LookupQuestion(NamedTuple):
    """A look-up of the plan (`ask`: its index) about an id; an empty id: about the caller."""

    ask: int
    about: str


@dataclass(frozen=True)
class ClientRequest:
    """The request on whose behalf look-ups are sent."""

    like: HttpRequest
    held: RequestCredentials
    """Credentials of the request."""
    conditions: Conditions


@dataclass(frozen=True)
class LookupResult:
    """What the response to one look-up says."""

    ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Relation → ids in its list."""
    whole: frozenset[str] = frozenset()
    """Relations whose list is certainly complete."""
    states: Mapping[str, Json] = field(default_factory=dict)
    """State → value, None if unset; unknown states are absent."""


NOTHING = LookupResult()


# --------------------------------------------------------------------------- asking


class LookupService:
    """Sends a contract's look-ups and caches the results for `guard.ttl` seconds."""

    def __init__(
        self, model: Model, plan: LookupPlan, memory: IdCache[LookupResult], service: str
    ) -> None:
        self.model = model
        self.dear = looked_up(model.policy)
        self.plan = plan
        self.memory = memory
        self.service = service

    @property
    def guard(self) -> Guarding:
        """The `guard:` section: timeouts, look-ups per request, and time to live."""
        return self.model.policy.guard

    def questions(self, want: MissingFact, who: Who) -> tuple[LookupQuestion, ...]:
        """Look-ups that can decide `want`; empty: none can, and it stays unknown."""
        if want.kind == "relation":
            index = self.plan.relations.get(want.name)
            relation = self.model.policy.relations[want.name]
            if index is None or not who.ids:
                return ()
            if not self._has_id_param(index):
                return (LookupQuestion(index, ""),) if relation.of == "caller" else ()
            about = [want.owner] if relation.of == "owner" else sorted(who.ids, key=octets)
            return tuple(LookupQuestion(index, each) for each in about)
        found = self.plan.states.get(_origin(self.model.policy, want.name))
        if found is None:
            return ()
        if self._has_id_param(found[0]):
            return (LookupQuestion(found[0], want.owner),)
        return (LookupQuestion(found[0], ""),) if want.owner in who.ids else ()

    def _has_id_param(self, ask: int) -> bool:
        """Whether the path has a parameter for an id; otherwise the look-up is about the caller."""
        return "{" in self.model.operations[self.plan.asks[ask].operation].path

    def may_ask(self, ask: int | None, on: ClientRequest) -> bool:
        """Whether the look-up exists, and the request provides everything it requires."""
        if ask is None:
            return False
        return (
            on.conditions.parameters_for(self.plan.selections[self.plan.asks[ask].operation])
            is not None
        )

    def lookup_request(self, question: LookupQuestion, on: ClientRequest) -> HttpRequest | None:
        """The request of a look-up; None if the id would make its path ambiguous, or if a required
        parameter is missing."""
        ask = self.plan.asks[question.ask]
        operation = self.model.operations[ask.operation]
        path = path_of(operation, dict.fromkeys(parameter_names(operation.path), question.about))
        if path is None:
            return None
        return self.request_to(ask.operation, path, ask.query, on, own=not question.about)

    def request_to(
        self, operation: str, path: str, query: str, on: ClientRequest, *, own: bool = False
    ) -> HttpRequest | None:
        """A look-up request under the conditions of the one that it decides, with the service's
        credential; with the caller's if there is none, or if the look-up is about the caller. None
        if it requires something that nobody says."""
        told = on.conditions.parameters_for(self.plan.selections[operation])
        if told is None:
            return None
        service, held = self.guard.service, on.held
        own = own or service is None or not self.service
        if own:  # its credentials are added separately below
            told = told.without({(each.where, each.name) for each in self.plan.credentials})
        pieces = [told.merge_into(query), *(held.query if own else ())]
        secret = held.headers if own else _pair(service, self.service)
        if not (own and held.has_all_cookies):
            secret = _with_cookies(secret, told.cookies)
        joined = "&".join(piece for piece in pieces if piece)
        return HttpRequest(
            "GET", f"{path}?{joined}" if joined else path, (*QUESTION, *secret, *told.headers), b"",
            on.like.host, on.like.scheme, on.like.address,
        )  # fmt: skip

    def key(self, question: LookupQuestion, on: ClientRequest) -> tuple[str, int, str, str, str]:
        """Cache key: one for each caller, or shared when the service's credential is used; and one
        for each condition."""
        credentials = "" if self.uses_service(question) else on.held.key
        return ("ask", question.ask, question.about, credentials, on.conditions.key)

    def uses_service(self, question: LookupQuestion) -> bool:
        """Whether the look-up uses the service's credential, so that its result is shared by all
        callers."""
        return bool(self.guard.service is not None and self.service and question.about)

    def read(
        self, question: LookupQuestion, answered: HttpResponse | None, *, shaped: bool = False
    ) -> LookupResult:
        """What a response says about every relation and state that this look-up serves. `shaped`:
        a parameter of the caller's may have left something out, so what it lacks is unknown."""
        value = readable(answered)
        if answered is None or value is None or is_stale(answered, self.guard.ttl):
            return NOTHING
        ids: dict[str, frozenset[str]] = {}
        whole: set[str] = set()
        for name, index in self.plan.relations.items():
            if index == question.ask:
                place = self.plan.places[name]
                ids[name] = frozenset(identifiers(values_at(value, place.pointer, place.maps)))
                if not shaped and is_whole(place, answered, value):
                    whole.add(name)
        states: dict[str, Json] = {}
        for path, (index, segments) in self.plan.states.items():
            if index == question.ask:
                home = self.plan.homes[path]
                if not is_failed(home.pointer, answered, value):
                    states |= _state(path, home, segments, value, question.about)
        if shaped:
            states = {path: said for path, said in states.items() if said is not None}
        return LookupResult(ids, frozenset(whole), states)


def _state(
    path: str, home: Home, segments: tuple[str, ...], value: Json, about: str
) -> dict[str, Json]:
    """The state's value that an account reports, None if unset; empty when the object there is not
    that account, when it or a copy of it in the response says another value too, or when nobody can
    read whose it is or what it says."""
    objects = values_at(value, home.pointer)
    if len(objects) != 1 or not isinstance(objects[0], dict):
        return {}
    at = ".".join(segments[len(home.pointer) :])
    if _unread(home, objects[0]) or is_blocked(objects[0], at):
        return {}
    ids = [id for each in home.owners for id in values_at(objects[0], each)]
    owners = _texts(ids)
    if about and about not in owners and (owners or None in ids):
        return {}  # `null` is no id: some APIs answer an absent account with default values
    member, own = segments[len(home.pointer) :], set(owners) or {about}
    said = _stated_values(objects[0], member)
    every = values_at(objects[0], member)
    if said and not all(_same(said[0], each) for each in every):
        return {}
    for copy in (each for place in home.copies for each in values_at(value, place)):
        theirs = {text for each in home.owners for text in _texts(values_at(copy, each))}
        if not isinstance(copy, dict) or not (theirs & own or _unread(home, copy)):
            continue
        other = _stated_values(copy, member)
        if is_blocked(copy, at) or (
            other and not (said and all(_same(said[0], each) for each in other))
        ):
            return {}
    if said:
        return {path: said[0]}
    known = owners if home.owners else home.names & objects[0].keys()
    return {path: None} if known else {}


def _unread(home: Home, account: Json) -> bool:
    """Whether an account names somebody whom nobody can read."""
    return any(is_garbled(account, ".".join(each)) for each in home.owners)


def _stated_values(value: Json, member: tuple[str, ...]) -> list[Json]:
    return [each for each in values_at(value, member) if each is not None]


def _same(one: Json, other: Json) -> bool:
    """Whether two values are the same scalar; `1`, `1.0`, `"1"` and `true` all differ."""
    return type(one) is type(other) and one == other and not isinstance(one, list | dict)


def _origin(policy: Policy, path: str) -> str:
    resource, _, name = path.partition(".")
    state = policy.resources[resource].states[name]
    return origin(policy, state) if state.of else path


def _texts(values: list[Json]) -> list[str]:
    return [text(v) for v in values if isinstance(v, str | int) and not isinstance(v, bool)]


def _pair(service: Service | None, value: str) -> Headers:
    return ((service.header, value),) if service is not None else ()


def _with_cookies(headers: Headers, cookies: tuple[str, ...]) -> Headers:
    """Headers with these cookies beside their own."""
    own = [value for name, value in headers if name == "cookie"]
    both = "; ".join((*own, *cookies))
    others = tuple(each for each in headers if each[0] != "cookie")
    return (*others, ("cookie", both)) if both else others


# --------------------------------------------------------------------------- one request's


_NOTHING_TOLD: Mapping[tuple[str, str], Json] = {}


@dataclass
class Lookups:
    """The look-ups of one request, within its budget of calls and seconds."""

    lookup_service: LookupService
    on: ClientRequest
    who: Who
    known: dict[LookupQuestion, LookupResult] = field(default_factory=dict)
    wants: dict[MissingFact, None] = field(default_factory=dict)
    asked: int = 0
    failed: int = 0
    _fresh: set[LookupQuestion] = field(default_factory=set)
    """Look-ups sent for this request, whose result is not from the cache."""
    _left: int = 0
    _until: float | None = None

    def begin(self) -> None:
        """Begins a request, or its response: with a whole budget, and without earlier results,
        which a write may have changed."""
        self._left, self._until = self.lookup_service.guard.lookups, None
        self.known.clear()
        self._fresh.clear()

    def again(self) -> RequestSteps[None]:
        """Repeats every look-up that was needed before."""
        yield from self._find_all(tuple(self.wants))

    def principal(self) -> Principal:
        """The caller with all relations and states known so far."""
        related: dict[tuple[str, str], bool] = {}
        states: dict[tuple[str, str], Json] = {}
        for want in self.wants:
            answers = [
                self.known.get(q, NOTHING) for q in self.lookup_service.questions(want, self.who)
            ]
            if want.kind == "state":
                path = _origin(self.lookup_service.model.policy, want.name)
                known = next((each.states for each in answers if path in each.states), None)
                if known is not None:
                    states[want.owner, want.name] = known[path]
            else:
                relation = self.lookup_service.model.policy.relations[want.name]
                found = _has_relation(relation, want.owner, self.who, answers)
                if found is not None:
                    related[want.name, want.owner] = found
        return Principal(self.who.ids, self.who.claims, related, states)

    def settle(
        self,
        gather: Callable[[LookupRequirements], object],
        told: Mapping[tuple[str, str], Json] = _NOTHING_TOLD,
    ) -> RequestSteps[bool]:
        """Looks up what `gather` needs until nothing is missing; returns whether anything was.
        `told`: as in `Principal`."""
        found = False
        while True:
            known = replace(self.principal(), told=told)
            needs = LookupRequirements(self.lookup_service.model, known, self.lookup_service.dear)
            gather(needs)
            new = tuple(want for want in needs.wants if want not in self.wants)
            if not new:
                return found
            found = True
            self.wants.update(dict.fromkeys(new))
            yield from self._find_all(new)

    def _find_all(self, wants: Iterable[MissingFact]) -> RequestSteps[None]:
        relations = self.lookup_service.model.policy.relations
        for want in wants:
            # The accounts in a list may change it by their own writes, which invalidate it, too.
            towards = frozenset[str]()
            if want.kind == "relation":
                of = relations[want.name].of
                towards = frozenset((want.owner,)) if of == "caller" else self.who.ids
            for question in self.lookup_service.questions(want, self.who):
                if question in self.known and (not towards or question in self._fresh):
                    continue
                yield from self._find(question, towards)

    def _find(self, question: LookupQuestion, towards: frozenset[str]) -> RequestSteps[None]:
        memory, key = self.lookup_service.memory, self.lookup_service.key(question, self.on)
        self.known.pop(question, None)
        # A look-up that this request may not send is not answered from the cache either.
        if not self.lookup_service.may_ask(question.ask, self.on):
            return
        believed = memory.get(key, towards)
        if believed is not None:
            self.known[question] = believed[0]
            return
        request = self.lookup_service.lookup_request(question, self.on)
        if request is None or not self.spend():
            return
        epoch, began = memory.epoch, memory.now()
        answered = yield from self.ask(request)
        shaped = bool(self.on.conditions.shaping)
        known = self.lookup_service.read(question, answered, shaped=shaped)
        ttl = self.lookup_service.guard.ttl
        # The API may have read its data at the start of the call, so the call counts as age.
        ttl = min(ttl, 1.0) if known is NOTHING else ttl - (memory.now() - began)
        about = {EVERYBODY, mark(self.lookup_service.plan.asks[question.ask].operation)}
        about |= {question.about} if question.about else set()
        if not self.lookup_service.uses_service(question):
            about |= {
                *self.who.ids,
                self.on.held.mark,
            }  # the caller's own writes may change the result too
        memory.put(key, known, about, ttl, epoch)
        self.known[question] = known
        self._fresh.add(question)

    def spend(self) -> bool:
        """Takes one look-up from the budget; False if none is left or the time is over."""
        now = self.lookup_service.memory.now()
        if self._until is None:
            self._until = now + 3 * self.lookup_service.guard.timeout
        if self._left <= 0 or now >= self._until:
            return False
        self._left -= 1
        return True

    @property
    def lookups_left(self) -> int:
        """Look-ups left in the budget."""
        return self._left

    def ask(self, request: HttpRequest) -> RequestSteps[HttpResponse | None]:
        """Sends one look-up and counts it, and counts an unusable response as failed."""
        self.asked += 1
        within = self.lookup_service.guard.timeout
        if self._until is not None:
            within = max(0.0, min(within, self._until - self.lookup_service.memory.now()))
        answered = yield replace(request, within=within)
        if readable(answered) is None:
            self.failed += 1
        return answered


def _has_relation(
    relation: Relation, owner: str, who: Who, answers: list[LookupResult]
) -> bool | None:
    """Whether a relation holds; None if the responses do not decide it."""
    lists = [(each.ids.get(relation.name), relation.name in each.whole) for each in answers]
    looked_for = who.ids if relation.of == "owner" else frozenset((owner,))
    if any(ids is not None and not ids.isdisjoint(looked_for) for ids, _ in lists):
        return True
    if not lists or not all(ids is not None and whole for ids, whole in lists):
        return None
    # One string of the list may contain several ids, as in a member of an object.
    return None if any(ids and named_among(looked_for, ids) for ids, _ in lists) else False

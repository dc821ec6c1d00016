"""The reference enforcement pipeline: a request in, its response out, in plain Python.

Default deny: each step either continues or denies. A response is read by its declared media type
and returned with only the fields that its caller may see, or not at all.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from oakum.authz import Call, Principal, Projection, Subject
from oakum.authz.content_disposition import shows_whole
from oakum.authz.decide import may_call
from oakum.errors import InputError, Location, Problem
from oakum.guard.audit_counts import count_removed, owners_shown
from oakum.guard.cache_invalidation_ids import EVERYBODY, named_by
from oakum.guard.caller_limits import Budgets
from oakum.guard.client_address import counting_key
from oakum.guard.compiled import cors_preflight
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.lookup_selection import LookupSelection
from oakum.guard.compiled.relation_lookup_invalidation import mark
from oakum.guard.compiled.request_places import RequestParts
from oakum.guard.compiled.written_object_type import looks_up_first
from oakum.guard.concealed_object_visibility import ConcealedSight, shows
from oakum.guard.credential_guesses import Guesses
from oakum.guard.forwarded_headers import ForwardedHeaders
from oakum.guard.graphql_argument_values import selected_owners
from oakum.guard.lookup_cache import IdCache
from oakum.guard.lookup_requirements import LookupRequirements
from oakum.guard.lookups import KIND, ClientRequest, LookupResult, Lookups, LookupService
from oakum.guard.projection import NULL, is_null, may_be_null, projector
from oakum.guard.request_body_checks import BodyChecks, ForwardedBody, absent
from oakum.guard.request_outcome import GuardedRequest, Refusal
from oakum.guard.tenant_selection import conditions
from oakum.http.methods import routed_method
from oakum.http.octets import octets
from oakum.openapi.model import Json
from oakum.routing.allowed_headers import (
    back,
    client,
    onward,
    refuse_lost,
    upgrades,
    without_file_name,
)
from oakum.routing.cached_responses import FRESH, kept_apart
from oakum.routing.caller_credentials import (
    NOBODY,
    NONE,
    NobodyNamed,
    Verifier,
    Who,
    by_answer,
    by_key,
    by_token,
    find_credentials,
    is_password,
    logged_in,
    nameless,
    only_token,
    readable,
    told_to_nobody,
    turned_away,
)
from oakum.routing.content_type import with_media_type
from oakum.routing.http_messages import Denial, HttpRequest, HttpResponse, RequestSteps, broken
from oakum.routing.request_head_checks import check, in_origin_form
from oakum.routing.route import (
    RequestTarget,
    filter_query,
    passes,
    split_target,
    with_query,
    without,
)

_BODILESS = (204, 205, 304)
_CAUSES = ("encoding", "error", "too-long", "truncated", "undeclared", "unreadable")
"""Defects of a response from the API: the audit records them, and the client does not see them."""
_PORT = re.compile(r":[0-9]*\Z")


class Gatekeeper:
    """Enforces one contract. Holds caches and counters, and no state of a single request."""

    def __init__(
        self,
        compiled: CompiledContract,
        *,
        now: Callable[[], float],
        elapsed: Callable[[], float],
        tokens: Verifier | None = None,
        api_keys: Mapping[str, Json] | None = None,
        service: str = "",
        audit_key: bytes,
        observe: bool = False,
        contract: str = "",
        denied: Mapping[str, float] | None = None,
    ) -> None:
        """`now` in Unix seconds; `elapsed` in seconds that nobody sets back, by which caches age;
        `service` is the header value that look-ups are sent with; `observe` decides and audits but
        changes nothing; `denied` maps audit hashes of callers to the end of their denial. Raises
        `InputError` when callers are identified by tokens and there is no verifier."""
        self.policy = compiled.policy
        if self.policy.caller.claim and tokens is None:
            where = self.policy.places.get(("caller",), Location(self.policy.file))
            hint = "write `guard: {jwt: {keys: …}}`"
            raise InputError(
                [Problem(where, "the contract does not say how to verify a token", hint)]
            )
        self.observe = observe
        self._model, self._plan = compiled.model, compiled.lookups
        self.paths = tuple(each.path for each in compiled.document.all_operations)
        self._router = compiled.router
        self._now, self._tokens = now, tokens
        self._api_keys = api_keys or {}
        self._audit_key = audit_key
        self._contract = contract
        self._denied = denied or {}
        memory = IdCache[LookupResult](elapsed)
        self._service = LookupService(self._model, self._plan, memory, service)
        self._callers = IdCache[Who](elapsed)
        self._claims = {each.claim for each in self.policy.relations.values() if each.claim}
        self._guesses = Guesses(now)
        self._budgets = Budgets(self.policy.limits, now)
        self._intake = BodyChecks(self._model)
        self._nameless = nameless(self._plan.credentials, self.policy)
        self._forwarded = ForwardedHeaders((*self._plan.credentials,), self.policy.guard)

    def enter(self, asked: HttpRequest) -> RequestSteps[GuardedRequest | Refusal]:
        """Decides a request; yields the look-ups that it needs. The body may be truncated one byte
        after `guard.max_body`."""
        came, asked = asked, in_origin_form(asked)
        request = GuardedRequest(asked, asked, self._contract, self._now())
        denied: Denial | None = None
        try:
            yield from self._enter(request)
        except Denial as said:
            denied = said
        except Exception as error:  # noqa: BLE001 - what is not decided does not pass
            denied = broken(error)
        if denied is not None:
            request.denied = denied.reason
            if not self.observe:
                answer = self._record_answer(request, self._denial(request, denied))
                return Refusal(answer.status, answer.headers, answer.body, audit=request.audit)
        if self.observe:
            request.forward = came
        return request

    def _enter(self, request: GuardedRequest) -> RequestSteps[None]:
        asked, guard = request.asked, self.policy.guard
        check(asked)
        if guard.hosts and _PORT.sub("", asked.host).lower() not in guard.hosts:
            raise Denial(404, "host")
        place = split_target(asked.target)
        if place is None:
            raise Denial(404, "path")
        if (yield from self._unread(request, place)) or self._preflight(request, place):
            return
        found = self._router.find(place, asked.method)
        endpoint = self._plan.endpoints.get(found[0].id) if found else None
        headless = asked.method == "HEAD" and endpoint is not None and endpoint.headless
        if found is None or endpoint is None or headless:
            raise Denial(404, "route")
        request.endpoint, request.params = endpoint, found[1]
        if not endpoint.allows(found[1]):
            raise Denial(404, "path")
        query = self._query(place, endpoint)
        parts = RequestParts(asked, query, found[1])
        request.sight = ConcealedSight.of(self._model, endpoint, parts)
        held = find_credentials(asked, query, self._plan.credentials)
        said = conditions(asked, query, self._plan.selections[endpoint.operation.id])
        if self.policy.caller.claim:
            held = only_token(held, self._nameless)
        lookups = request.lookups = Lookups(self._service, ClientRequest(asked, held, said), NOBODY)
        lookups.who = yield from self._who(lookups)
        self._admit(request, lookups.who)
        lookups.begin()
        yield from self._call(request, endpoint, lookups)
        if endpoint.acts:
            refuse_lost(asked, guard, endpoint.operation.header_names)
        try:
            taken = yield from self._intake.take(endpoint, found[1], lookups, asked, query)
        except Denial as denied:
            # A validation error on a write would reveal that the object exists.
            unfit = denied.status in (400, 413, 415, 422) or denied.reason == "target"
            checks = endpoint.checks
            first = (checks.target, checks.target.above, checks.typed, checks.standing)
            hides = endpoint.hidden and looks_up_first(*first)
            if hides and unfit and not (yield from request.sight.clear(lookups)):
                raise absent(endpoint, denied.reason) from None
            raise
        yield from request.sight.reach(lookups)
        if endpoint.asked.by:
            request.sight = request.sight.with_body(taken.value)
            yield from request.sight.before(lookups)
        request.forward = self._forward(request, endpoint, query, taken)
        if endpoint.write:
            ended = map(mark, self._plan.ends.get(endpoint.operation.id, ()))
            named = named_by(asked, found[1], query, said, endpoint.operation.beside_names)
            request.stale = (
                named
                | taken.about
                | lookups.who.ids
                | {*request.params.values(), held.mark, *ended}
            )
            self.forget(request)

    def _unread(self, request: GuardedRequest, place: RequestTarget) -> RequestSteps[bool]:
        """Lets WebSockets and static files through unread."""
        asked, guard = request.asked, self.policy.guard
        if upgrades(asked) or asked.method in ("CONNECT", "TRACE"):
            if asked.method != "GET" or not passes(guard.websockets, place):
                raise Denial(404, "route")
            request.forward = yield from self._join(request, place)
            request.switch = True
        elif asked.method in ("GET", "HEAD") and passes(guard.passes, place):
            if self._router.has_path(place):
                return False
            request.forward = self._forwarded.without_credentials(asked, place.query, raw=True)
        else:
            return False
        request.raw = True
        return True

    def _join(self, request: GuardedRequest, place: RequestTarget) -> RequestSteps[HttpRequest]:
        """A request for a WebSocket as it goes on. Whom a token or a key names is found out as in
        any request, since an API behind the guard may only decode it; nothing is looked up."""
        asked, caller, target = request.asked, self.policy.caller, request.asked.target
        names = self._forwarded.names
        held = find_credentials(asked, place.query, self._plan.credentials)
        if caller.claim or caller.api_key:
            held = only_token(held, self._nameless) if caller.claim else held
            original = ClientRequest(asked, held, conditions(asked, "", LookupSelection()))
            who = yield from self._who(Lookups(self._service, original, NOBODY))
            self._admit(request, who)
            if not who.ids and not all(map(is_password, asked.values("authorization"))):
                names -= {"authorization"}
        if dropped := held.names_dropped("query"):
            target = with_query(target, without(place.query, dropped))
        kept = self._forwarded.jar(onward(asked, self.policy.guard, names, raw=True), held=held)
        joins = (("connection", "Upgrade"), ("upgrade", "websocket"))
        return replace(asked, target=target, headers=(*kept, *joins))

    def _admit(self, request: GuardedRequest, who: Who) -> None:
        """Holds a caller to the deny list and the limits."""
        request.who = self._hash_id(who.name)
        if self._denied.get(request.who, 0.0) > self._now():
            raise Denial(403, "listed")
        self._rate(who, self._block(request.asked))

    def _preflight(self, request: GuardedRequest, place: RequestTarget) -> bool:
        """Handles a CORS preflight (Fetch standard)."""
        asked = request.asked
        wanted = asked.values("access-control-request-method")
        if asked.method != "OPTIONS" or len(wanted) != 1 or not asked.values("origin"):
            return False
        found = self._router.find(place, wanted[0])
        endpoint = self._plan.endpoints.get(found[0].id) if found else None
        if found is None or endpoint is None:
            return False
        if not endpoint.allows(found[1]):
            raise Denial(404, "path")
        if asked.body:
            raise Denial(400, "body")
        if not endpoint.preflight:
            raise Denial(404, "route")
        request.preflight = True
        ahead = replace(asked, target=endpoint.preflight)
        request.forward = self._forwarded.without_credentials(ahead, "", raw=False)
        return True

    def _query(self, place: RequestTarget, endpoint: GrantedEndpoint) -> str:
        return filter_query(
            place.query, endpoint.query, endpoint.lists, endpoint.nested,
            self._forwarded.places("query"), self._model.rule(endpoint.operation.id).at_most,
        )  # fmt: skip

    def _block(self, asked: HttpRequest) -> str:
        return counting_key(client(asked, self.policy.guard.hops), asked.address)

    def _rate(self, who: Who, address: str) -> None:
        kind, name = ("callers", who.name) if who.ids else ("anonymous", address)
        if wait := self._budgets.call(kind, name):
            raise Denial(429, "rate", retry_after=str(wait))

    def _who(self, lookups: Lookups) -> RequestSteps[Who]:
        held, caller = lookups.on.held, self.policy.caller
        if not held:
            return NOBODY
        if caller.claim and self._tokens is not None:
            return by_token(held, self._tokens, caller.claim, self._nameless)
        if not (named := held.identity_credentials(self._nameless)):
            return NOBODY
        if (known := self._callers.get(self._caller_key(lookups.on))) is not None:
            return known[0]
        if not caller.api_key and not self._service.may_ask(self._plan.whoami, lookups.on):
            return NOBODY
        guess = named.guess()
        if caller.api_key:  # every credential identifies the caller
            guess = replace(guess, key=guess.whole or guess.key, whole="")
        attempt = self._guesses.begin(self._block(lookups.on.like), guess)
        if attempt.wait:
            raise Denial(429, "rate", retry_after=str(attempt.wait))
        who: Who | None = None
        try:
            who = yield from self._learn(lookups)
        except Denial as denied:
            named_nobody = denied.status == 401 or isinstance(denied, NobodyNamed)
            who = NOBODY if named_nobody else None
            raise
        finally:
            self._guesses.end(attempt, who)
        return who

    def _learn(self, lookups: Lookups) -> RequestSteps[Who]:
        """Identifies the caller by the API keys or a who-am-I call; cached for `guard.ttl`."""
        held, caller, index = lookups.on.held, self.policy.caller, self._plan.whoami
        epoch, began = self._callers.epoch, self._callers.now()
        if caller.api_key or index is None:
            who = by_key(held.identity_credentials(self._nameless), self._api_keys)
        else:
            who = yield from self._caller(lookups, index)
        ttl, about = self.policy.guard.ttl, {EVERYBODY, mark(caller.operation), held.mark, *who.ids}
        ttl -= self._callers.now() - began
        self._callers.put(self._caller_key(lookups.on), who, about, ttl, epoch)
        return who

    def _caller_key(self, on: ClientRequest) -> tuple[str, str]:
        """The list of API keys is the same under every condition."""
        return on.held.key, "" if self.policy.caller.api_key else on.conditions.key

    def _caller(self, lookups: Lookups, index: int) -> RequestSteps[Who]:
        caller, on = self.policy.caller, lookups.on
        answered = yield from self._whoami(lookups, index, on)
        who = by_answer(answered, caller, self._claims if on.conditions.shaping else ())
        if who.ids and answered is not None and not kept_apart(answered):
            bare = yield from self._whoami(lookups, index, replace(on, held=on.held.app_keys))
            if not told_to_nobody(bare, caller, who.ids):
                raise Denial(503, "who") if readable(bare) is None else NobodyNamed
        return who

    def _whoami(
        self, lookups: Lookups, index: int, on: ClientRequest
    ) -> RequestSteps[HttpResponse | None]:
        """Calls who-am-I, with credentials or without, past every cache."""
        ask, failed = self._plan.asks[index], lookups.failed
        path = self._model.operations[ask.operation].path
        question = self._service.request_to(ask.operation, path, ask.query, on, own=True)
        if question is None:
            return None
        # A POST without a body has no JSON media type.
        plain = (each for each in question.headers if ask.method == "GET" or each != KIND)
        fresh = (*plain, FRESH)
        question = replace(question, method=ask.method, headers=fresh)
        answered = yield from lookups.ask(question)
        refused = not on.held and answered is not None and answered.status != 200
        if refused or turned_away(answered, self.policy.caller):
            lookups.failed = failed  # a rejection is a usable response too
        return answered

    def _call(
        self, request: GuardedRequest, endpoint: GrantedEndpoint, lookups: Lookups
    ) -> RequestSteps[None]:
        """Denies callers that may not use the endpoint at all."""
        model, operation, params = self._model, endpoint.operation.id, request.params
        if may_call(model, lookups.principal(), operation, params):
            return
        rule = model.rule(operation)
        if rule.call and rule.owner in params:
            call, owner = rule.call, Subject("", (params[rule.owner],))
            yield from lookups.settle(lambda needs: needs.any(call, owner))
            if may_call(model, lookups.principal(), operation, params):
                return
        raise absent(endpoint, "call") if lookups.who.ids else Denial(401, "call")

    def _forward(
        self,
        request: GuardedRequest,
        endpoint: GrantedEndpoint,
        query: str,
        taken: ForwardedBody,
    ) -> HttpRequest:
        parameters = endpoint.operation.parameters
        asked, declared = request.asked, self._forwarded.names
        declared |= endpoint.operation.header_names
        declared |= {"cookie" for e in parameters if e.where == "cookie"}
        named = {e.name for e in parameters if e.where == "cookie"}
        held = request.lookups.on.held if request.lookups else NONE
        kept = self._forwarded.jar(onward(asked, self.policy.guard, declared), named, held)
        headers = with_media_type(kept, taken.media)
        known = request.lookups is not None and request.lookups.who.ids
        if not known and "authorization" in self._forwarded.places("header"):
            # Credentials that identify nobody here must identify nobody upstream: some servers
            # accept `Bearer` followed by a tab. Basic credentials stay, since a client may log in
            # with them.
            headers = tuple(h for h in headers if h[0] != "authorization" or is_password(h[1]))
        return replace(
            asked,
            method=routed_method(asked.method),
            target=with_query(asked.target, without(query, held.names_dropped("query"))),
            headers=headers,
            body=taken.body,
        )

    def forget(self, request: GuardedRequest) -> None:
        """Drops cached look-ups about the accounts that a write may concern, and about the caller,
        who may have logged in or out."""
        if request.stale:
            self._service.memory.forget(request.stale)
            self._callers.forget(request.stale)

    def leave(self, request: GuardedRequest, answered: HttpResponse) -> RequestSteps[HttpResponse]:
        """Cuts a response down to what the caller may see; yields the look-ups that it needs."""
        request.upstream = None if answered.missing else answered.status
        if request.switch and answered.status != 101 and not self.observe:
            request.denied = "error" if answered.missing else "undeclared"
            return self._record_answer(request, self._denial(request, Denial(502, request.denied)))
        if request.raw or (self.observe and request.denied):
            return self._record_answer(request, answered)
        try:
            return (yield from self._reply(request, answered))
        except Exception as error:  # noqa: BLE001 - what is not decided does not pass
            denied = broken(error)
            request.denied = denied.reason
            sent = answered if self.observe else self._denial(request, denied)
            return self._record_answer(request, sent)

    def _reply(self, request: GuardedRequest, answered: HttpResponse) -> RequestSteps[HttpResponse]:
        if request.lookups is not None:
            request.lookups.begin()
        try:
            sent = yield from self._leave(request, answered)
        except Denial as denied:
            request.denied = denied.reason
            sent = self._denial(request, denied)
            if request.endpoint and request.endpoint.write and 200 <= answered.status < 300:
                sent = self._keep_status(answered, sent)
        if not self.observe and (yield from self._tells(request, answered)):
            request.denied = request.denied if request.denied in _CAUSES else "concealed"
            sent = self._denial(request, Denial(404, "concealed"))
        return self._record_answer(request, answered if self.observe else sent)

    def _keep_status(self, answered: HttpResponse, denial: HttpResponse) -> HttpResponse:
        """Keeps the success status of a completed write, whatever happens to its response."""
        if denial.status == 429:
            return denial
        guard = self.policy.guard
        headers = without_file_name(back(answered, guard, private=True), guard)
        kept = tuple(each for each in headers if each[0] != "content-type")
        return replace(answered, headers=kept, body=b"")

    def _tells(self, request: GuardedRequest, answered: HttpResponse) -> RequestSteps[bool]:
        """Whether a response without an object would reveal that a concealed object exists."""
        endpoint, lookups, sight = request.endpoint, request.lookups, request.sight
        sight = request.sight = sight and sight.widen_by_answer(answered.status, None)
        if (
            endpoint is None
            or lookups is None
            or sight is None
            or not sight.objects
            or request.preflight
            or request.raw
        ):
            return False
        done = sight.acts and 200 <= answered.status < 300
        same = endpoint.conceals and answered.status in (403, 404)
        if request.shown or done or same or request.denied == "budget":
            return False
        return not (yield from sight.clear(lookups))

    def _leave(self, request: GuardedRequest, answered: HttpResponse) -> RequestSteps[HttpResponse]:
        guard, endpoint, lookups = self.policy.guard, request.endpoint, request.lookups
        self.forget(request)
        if answered.missing:
            raise Denial(502, "error")
        if request.preflight or endpoint is None or lookups is None:
            headers = cors_preflight.answer_headers(back(answered, guard, private=False))
            return HttpResponse(cors_preflight.STATUS, headers)
        if not 200 <= answered.status <= 599:  # not a status of HTTP (RFC 9110, 15)
            raise Denial(502, "undeclared")
        if endpoint.conceals and answered.status in (403, 404):
            return self._denial(request, Denial(404, ""))
        login = self._model.rule(endpoint.operation.id).login
        private = bool(login) or not endpoint.operation.anonymous or lookups.on.held.has_credential
        whole = back(answered, guard, private=private)
        headers = without_file_name(whole, guard)
        if answered.status in _BODILESS or 300 <= answered.status < 400:
            return replace(answered, headers=headers, body=b"")
        if answered.is_encoded:
            raise Denial(502, "encoding")
        if answered.truncated or len(answered.body) > guard.max_body:
            raise Denial(502, "truncated" if answered.truncated else "too-long")
        if not answered.body:
            return replace(answered, headers=headers)
        body = yield from self._cut(request, endpoint, lookups, answered)
        call = Call(endpoint.operation.id, {}, answered.status, answered.media)
        removed = body != answered.body or body == NULL
        if removed or (whole != headers and call.status < 300 and shows_whole(self._model, call)):
            whole = headers
        return replace(answered, headers=whole, body=body)

    def _cut(
        self,
        request: GuardedRequest,
        endpoint: GrantedEndpoint,
        lookups: Lookups,
        answered: HttpResponse,
    ) -> RequestSteps[bytes]:
        operation, status = endpoint.operation, answered.status
        failed = status if status >= 400 else 502
        cut = projector(operation, answered)
        if cut is None:
            raise Denial(failed, "undeclared")
        choice = selected_owners(endpoint, request.asked, request.forward)
        call = Call(operation.id, request.params, status, answered.media, chosen=choice)
        # The response to a login belongs to the account that logs in. It needs no look-up: the
        # credentials of the request are not that account's.
        new = logged_in(answered, self._model.rule(operation.id).login)
        if not new.ids:
            yield from lookups.again()
        while True:
            principal = Principal(new.ids) if new.ids else lookups.principal()
            done = cut(self._model, principal, call, answered.body)
            if done.judged is None:
                raise Denial(failed, "unreadable")
            if new.ids:
                break
            seen, answer = done.judged.instances, LookupRequirements.answer
            wanted = partial(answer, call=call, instances=seen, closed=done.closed)
            if not (yield from lookups.settle(wanted, done.told)):
                break
        if (sight := request.sight) and not new.ids and (status < 300 or sight.mutates):
            request.sight = sight.widen_by_answer(status, done.body)
            alone = partial(cut, self._model, principal, replace(call, apart=True), answered.body)
            done = yield from request.sight.filter_response(lookups, done, alone)
        request.removed = count_removed(self._model, done)
        if done.body is None and done.judged is not None and done.judged.misfit:
            raise Denial(failed, "undeclared")
        none = done.body is None or is_null(done.body)
        nullable = none and status < 300 and may_be_null(operation, answered)
        if done.body is None and nullable and answered.body != NULL:
            removed, null = request.removed, replace(answered, body=NULL)
            body = yield from self._cut(request, endpoint, lookups, null)
            request.removed = removed
            return body
        if done.body is None:
            raise Denial(status, "nothing") if status >= 400 else absent(endpoint, "nothing")
        request.shown = shows(done)
        self._look(request, lookups, done, new.ids or lookups.who.ids)
        return NULL if nullable else done.body

    def _look(
        self,
        request: GuardedRequest,
        lookups: Lookups,
        done: Projection,
        own: frozenset[str],
    ) -> None:
        """Counts the owners whose objects are shown against the caller's limits; raises `Denial`
        (429)."""
        who, address = lookups.who, self._block(request.asked)
        shown = owners_shown(self.policy, done, self._budgets.limited_resources, request.tag)
        name = who.name if who.ids else f"@{address}"
        for limit in self.policy.limits:
            owners = shown.get(limit.name, frozenset()) - own
            if wait := self._budgets.look(limit, name, owners):
                raise Denial(429, "budget", retry_after=str(wait))

    def _denial(self, request: GuardedRequest, denied: Denial) -> HttpResponse:
        """A denial, with CORS headers for an origin that the contract names (Fetch)."""
        if denied.status == 401 and "authorization" in self._forwarded.places("header"):
            denied = Denial(401, denied.reason, www_authenticate="Bearer")
        made, said = denied.answer(), request.asked.values("origin")
        if len(said) != 1 or said[0] not in self.policy.guard.origins:
            return made
        readable = (
            ("access-control-allow-origin", said[0]),
            ("access-control-allow-credentials", "true"),
        )
        return replace(made, headers=(*made.headers, *readable))

    def _hash_id(self, id: str) -> str:
        if not id:
            return "anonymous"
        return hmac.digest(self._audit_key, octets(id), "sha256").hex()[:16]

    def _record_answer(self, request: GuardedRequest, answered: HttpResponse) -> HttpResponse:
        unread = (request.raw and not request.denied) or self.observe
        if request.asked.method == "HEAD" and not unread:
            answered = replace(answered, body=b"")
        request.status, request.bytes_out = answered.status, len(answered.body)
        return answered

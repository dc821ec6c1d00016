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
from oakum.authz.decide import may_call
from oakum.authz.file_names import shows_whole
from oakum.errors import InputError, Location, Problem
from oakum.guard.address import counting_key
from oakum.guard.audit_counts import count_removed, owners_shown
from oakum.guard.compiled import cors_preflight
from oakum.guard.compiled.compiled_contract import CompiledContract
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.relation_writes import mark
from oakum.guard.compiled.request_places import RequestParts
from oakum.guard.compiled.selecting_parameters import SelectingParameters
from oakum.guard.compiled.written_resource import looks_up_first
from oakum.guard.concealment import ConcealedSight, shows
from oakum.guard.forwarded_headers import ForwardedHeaders
from oakum.guard.graphql_argument_values import selected_owners
from oakum.guard.guesses import Guesses
from oakum.guard.lookup_cache import Budgets, IdCache
from oakum.guard.lookup_requirements import LookupRequirements
from oakum.guard.lookups import KIND, Behalf, Desk, Inquiry, LookUpResult
from oakum.guard.mentioned_ids import EVERYBODY, named_by
from oakum.guard.passed_request import Passing, Refusal
from oakum.guard.projection import NULL, is_null, may_be_null, projector
from oakum.guard.request_checks import ForwardedBody, Intake, absent
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
from oakum.routing.caching import FRESH, kept_apart
from oakum.routing.http_messages import Denial, HttpRequest, HttpResponse, RequestSteps, broken
from oakum.routing.media import with_media_type
from oakum.routing.request_head import check, in_origin_form
from oakum.routing.route import (
    RequestTarget,
    filter_query,
    passes,
    split_target,
    with_query,
    without,
)
from oakum.routing.who import (
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

Talk = RequestSteps[None]
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
        self._model, self._lookups = compiled.model, compiled.lookups
        self.paths = tuple(each.path for each in compiled.document.all_operations)
        self._router = compiled.router
        self._now, self._tokens = now, tokens
        self._api_keys = api_keys or {}
        self._audit_key = audit_key
        self._contract = contract
        self._denied = denied or {}
        self._desk = Desk(self._model, self._lookups, IdCache[LookUpResult](elapsed), service)
        self._callers = IdCache[Who](elapsed)
        self._guesses = Guesses(now)
        self._budgets = Budgets(self.policy.limits, now)
        self._intake = Intake(self._model)
        self._nameless = nameless(self._lookups.credentials, self.policy)
        self._forwarded = ForwardedHeaders((*self._lookups.credentials,), self.policy.guard)

    def enter(self, asked: HttpRequest) -> RequestSteps[Passing | Refusal]:
        """Decides a request; yields the look-ups that it needs. The body may be truncated one byte
        after `guard.max_body`."""
        came, asked = asked, in_origin_form(asked)
        passing = Passing(asked, asked, self._contract, self._now())
        denied: Denial | None = None
        try:
            yield from self._enter(passing)
        except Denial as said:
            denied = said
        except Exception as error:  # noqa: BLE001 - what is not decided does not pass
            denied = broken(error)
        if denied is not None:
            passing.denied = denied.reason
            if not self.observe:
                answer = self._record_answer(passing, self._denial(passing, denied))
                return Refusal(answer.status, answer.headers, answer.body, audit=passing.audit)
        if self.observe:
            passing.forward = came
        return passing

    def _enter(self, passing: Passing) -> Talk:
        asked, guard = passing.asked, self.policy.guard
        check(asked)
        if guard.hosts and _PORT.sub("", asked.host).lower() not in guard.hosts:
            raise Denial(404, "host")
        place = split_target(asked.target)
        if place is None:
            raise Denial(404, "path")
        if (yield from self._unread(passing, place)) or self._preflight(passing, place):
            return
        found = self._router.find(place, asked.method)
        endpoint = self._lookups.endpoints.get(found[0].id) if found else None
        headless = asked.method == "HEAD" and endpoint is not None and endpoint.headless
        if found is None or endpoint is None or headless:
            raise Denial(404, "route")
        passing.endpoint, passing.params = endpoint, found[1]
        _check(endpoint, found[1])
        query = self._query(place, endpoint)
        parts = RequestParts(asked, query, found[1])
        passing.sight = ConcealedSight.of(self._model, endpoint, parts)
        held = find_credentials(asked, query, self._lookups.credentials)
        said = conditions(asked, query, self._lookups.selections[endpoint.operation.id])
        if self.policy.caller.claim:
            held = only_token(held, self._nameless)
        inquiry = passing.inquiry = Inquiry(self._desk, Behalf(asked, held, said), NOBODY)
        inquiry.who = yield from self._who(inquiry)
        self._admit(passing, inquiry.who)
        inquiry.begin()
        yield from self._call(passing, endpoint, inquiry)
        if endpoint.acts:
            refuse_lost(asked, guard, endpoint.operation.header_names)
        try:
            taken = yield from self._intake.take(endpoint, found[1], inquiry, asked, query)
        except Denial as denied:
            # A validation error on a write would reveal that the object exists.
            unfit = denied.status in (400, 413, 415, 422) or denied.reason == "target"
            checks = endpoint.checks
            hides = (
                endpoint.hidden
                and looks_up_first(checks.target, checks.typed, checks.standing)
                and unfit
            )
            if hides and not (yield from passing.sight.clear(inquiry)):
                raise absent(endpoint, denied.reason) from None
            raise
        yield from passing.sight.reach(inquiry)
        if endpoint.asked.by:
            passing.sight = passing.sight.with_body(taken.value)
            yield from passing.sight.before(inquiry)
        passing.forward = self._forward(passing, endpoint, query, taken)
        if endpoint.write:
            ended = map(mark, self._lookups.ends.get(endpoint.operation.id, ()))
            named = named_by(asked, found[1], query, said, endpoint.operation.beside_names)
            passing.stale = (
                named
                | taken.about
                | inquiry.who.ids
                | {*passing.params.values(), held.mark, *ended}
            )
            self.forget(passing)

    def _unread(self, passing: Passing, place: RequestTarget) -> RequestSteps[bool]:
        """Lets WebSockets and static files through unread."""
        asked, guard = passing.asked, self.policy.guard
        if upgrades(asked) or asked.method in ("CONNECT", "TRACE"):
            if asked.method != "GET" or not passes(guard.websockets, place):
                raise Denial(404, "route")
            passing.forward = yield from self._join_request(passing, place)
            passing.switch = True
        elif asked.method in ("GET", "HEAD") and passes(guard.passes, place):
            if self._router.has_path(place):
                return False
            passing.forward = self._forwarded.without_credentials(asked, place.query, raw=True)
        else:
            return False
        passing.raw = True
        return True

    def _join_request(self, passing: Passing, place: RequestTarget) -> RequestSteps[HttpRequest]:
        """A request for a WebSocket as it goes on. Whom a token or a key names is found out as in
        any request, since an API behind the guard may only decode it; nothing is looked up."""
        asked, caller, target = passing.asked, self.policy.caller, passing.asked.target
        names = self._forwarded.names
        held = find_credentials(asked, place.query, self._lookups.credentials)
        if caller.claim or caller.api_key:
            held = only_token(held, self._nameless) if caller.claim else held
            behalf = Behalf(asked, held, conditions(asked, "", SelectingParameters()))
            who = yield from self._who(Inquiry(self._desk, behalf, NOBODY))
            self._admit(passing, who)
            if not who.ids and not all(map(is_password, asked.values("authorization"))):
                names -= {"authorization"}
            if dropped := held.names_dropped("query"):
                target = with_query(target, without(place.query, dropped))
        kept = self._forwarded.jar(onward(asked, self.policy.guard, names, raw=True), held=held)
        joins = (("connection", "Upgrade"), ("upgrade", "websocket"))
        return replace(asked, target=target, headers=(*kept, *joins))

    def _admit(self, passing: Passing, who: Who) -> None:
        """Holds a caller to the deny list and the limits."""
        passing.who = self._hash_id(who.name)
        if self._denied.get(passing.who, 0.0) > self._now():
            raise Denial(403, "listed")
        self._rate(who, self._block(passing.asked))

    def _preflight(self, passing: Passing, place: RequestTarget) -> bool:
        """Handles a CORS preflight (Fetch standard)."""
        asked = passing.asked
        wanted = asked.values("access-control-request-method")
        if asked.method != "OPTIONS" or len(wanted) != 1 or not asked.values("origin"):
            return False
        found = self._router.find(place, wanted[0])
        endpoint = self._lookups.endpoints.get(found[0].id) if found else None
        if found is None or endpoint is None:
            return False
        _check(endpoint, found[1])
        if asked.body:
            raise Denial(400, "body")
        if not endpoint.preflight:
            raise Denial(404, "route")
        passing.preflight = True
        ahead = replace(asked, target=endpoint.preflight)
        passing.forward = self._forwarded.without_credentials(ahead, "", raw=False)
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

    def _who(self, inquiry: Inquiry) -> RequestSteps[Who]:
        held, caller = inquiry.on.held, self.policy.caller
        if not held:
            return NOBODY
        if caller.claim and self._tokens is not None:
            return by_token(held, self._tokens, caller.claim, self._nameless)
        if not (named := held.identity_credentials(self._nameless)):
            return NOBODY
        if (known := self._callers.get(self._caller_key(inquiry.on))) is not None:
            return known[0]
        if not caller.api_key and not self._desk.may_ask(self._lookups.whoami, inquiry.on):
            return NOBODY
        guess = named.guess()
        if caller.api_key:  # every credential identifies the caller
            guess = replace(guess, key=guess.whole or guess.key, whole="")
        attempt = self._guesses.begin(self._block(inquiry.on.like), guess)
        if attempt.wait:
            raise Denial(429, "rate", retry_after=str(attempt.wait))
        who: Who | None = None
        try:
            who = yield from self._learn(inquiry)
        except Denial as denied:
            named_nobody = denied.status == 401 or isinstance(denied, NobodyNamed)
            who = NOBODY if named_nobody else None
            raise
        finally:
            self._guesses.end(attempt, who)
        return who

    def _learn(self, inquiry: Inquiry) -> RequestSteps[Who]:
        """Identifies the caller by the list of API keys or a who-am-I call; cached for
        `guard.ttl`."""
        held, caller, index = inquiry.on.held, self.policy.caller, self._lookups.whoami
        epoch, began = self._callers.epoch, self._callers.now()
        if caller.api_key or index is None:
            who = by_key(held.identity_credentials(self._nameless), self._api_keys)
        else:
            who = yield from self._caller(inquiry, index)
        ttl, about = self.policy.guard.ttl, {EVERYBODY, mark(caller.operation), held.mark, *who.ids}
        ttl -= self._callers.now() - began
        self._callers.put(self._caller_key(inquiry.on), who, about, ttl, epoch)
        return who

    def _caller_key(self, on: Behalf) -> tuple[str, str]:
        """The list of API keys is the same under every condition."""
        return on.held.key, "" if self.policy.caller.api_key else on.conditions.key

    def _caller(self, inquiry: Inquiry, index: int) -> RequestSteps[Who]:
        caller, on = self.policy.caller, inquiry.on
        answered = yield from self._whoami(inquiry, index, on)
        who = by_answer(answered, caller)
        if who.ids and answered is not None and not kept_apart(answered):
            bare = yield from self._whoami(inquiry, index, replace(on, held=on.held.clients))
            if not told_to_nobody(bare, caller, who.ids):
                raise Denial(503, "who") if readable(bare) is None else NobodyNamed
        return who

    def _whoami(
        self, inquiry: Inquiry, index: int, on: Behalf
    ) -> RequestSteps[HttpResponse | None]:
        """Calls who-am-I, with credentials or without, past every cache."""
        ask, failed = self._lookups.asks[index], inquiry.failed
        path = self._model.operations[ask.operation].path
        question = self._desk.request_to(ask.operation, path, ask.query, on, own=True)
        if question is None:
            return None
        # A POST without a body has no JSON media type.
        plain = (each for each in question.headers if ask.method == "GET" or each != KIND)
        fresh = (*plain, FRESH)
        question = replace(question, method=ask.method, headers=fresh)
        answered = yield from inquiry.ask(question)
        refused = not on.held and answered is not None and answered.status != 200
        if refused or turned_away(answered, self.policy.caller):
            inquiry.failed = failed  # a rejection is a usable response too
        return answered

    def _call(self, passing: Passing, endpoint: GrantedEndpoint, inquiry: Inquiry) -> Talk:
        """Denies callers that may not use the endpoint at all."""
        model, operation, params = self._model, endpoint.operation.id, passing.params
        if may_call(model, inquiry.principal(), operation, params):
            return
        rule = model.rule(operation)
        if rule.call and rule.owner in params:
            call, owner = rule.call, Subject("", (params[rule.owner],))
            yield from inquiry.settle(lambda needs: needs.any(call, owner))
            if may_call(model, inquiry.principal(), operation, params):
                return
        raise absent(endpoint, "call") if inquiry.who.ids else Denial(401, "call")

    def _forward(
        self, passing: Passing, endpoint: GrantedEndpoint, query: str, taken: ForwardedBody
    ) -> HttpRequest:
        parameters = endpoint.operation.parameters
        asked, declared = passing.asked, self._forwarded.names
        declared |= endpoint.operation.header_names
        declared |= {"cookie" for e in parameters if e.where == "cookie"}
        named = {e.name for e in parameters if e.where == "cookie"}
        held = passing.inquiry.on.held if passing.inquiry else NONE
        kept = self._forwarded.jar(onward(asked, self.policy.guard, declared), named, held)
        headers = with_media_type(kept, taken.media)
        known = passing.inquiry is not None and passing.inquiry.who.ids
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

    def forget(self, passing: Passing) -> None:
        """Drops cached look-ups about the accounts that a write may concern, and about the caller,
        who may have logged in or out."""
        if passing.stale:
            self._desk.memory.forget(passing.stale)
            self._callers.forget(passing.stale)

    def leave(self, passing: Passing, answered: HttpResponse) -> RequestSteps[HttpResponse]:
        """Cuts a response down to what the caller may see; yields the look-ups that it needs."""
        passing.upstream = None if answered.missing else answered.status
        if passing.switch and answered.status != 101 and not self.observe:
            passing.denied = "error" if answered.missing else "undeclared"
            return self._record_answer(passing, self._denial(passing, Denial(502, passing.denied)))
        if passing.raw or (self.observe and passing.denied):
            return self._record_answer(passing, answered)
        try:
            return (yield from self._respond(passing, answered))
        except Exception as error:  # noqa: BLE001 - what is not decided does not pass
            denied = broken(error)
            passing.denied = denied.reason
            sent = answered if self.observe else self._denial(passing, denied)
            return self._record_answer(passing, sent)

    def _respond(self, passing: Passing, answered: HttpResponse) -> RequestSteps[HttpResponse]:
        if passing.inquiry is not None:
            passing.inquiry.begin()
        try:
            sent = yield from self._leave(passing, answered)
        except Denial as denied:
            passing.denied = denied.reason
            sent = self._denial(passing, denied)
            if passing.endpoint and passing.endpoint.write and 200 <= answered.status < 300:
                sent = self._keep_status(answered, sent)
        if not self.observe and (yield from self._tells(passing, answered)):
            passing.denied = passing.denied if passing.denied in _CAUSES else "concealed"
            sent = self._denial(passing, Denial(404, "concealed"))
        return self._record_answer(passing, answered if self.observe else sent)

    def _keep_status(self, answered: HttpResponse, denial: HttpResponse) -> HttpResponse:
        """Keeps the success status of a completed write, whatever happens to its response."""
        if denial.status == 429:
            return denial
        guard = self.policy.guard
        headers = without_file_name(back(answered, guard, private=True), guard)
        kept = tuple(each for each in headers if each[0] != "content-type")
        return replace(answered, headers=kept, body=b"")

    def _tells(self, passing: Passing, answered: HttpResponse) -> RequestSteps[bool]:
        """Whether a response without an object would reveal that a concealed object exists."""
        endpoint, inquiry, sight = passing.endpoint, passing.inquiry, passing.sight
        sight = passing.sight = sight and sight.widen_by_answer(answered.status, None)
        if (
            endpoint is None
            or inquiry is None
            or sight is None
            or not sight.objects
            or passing.preflight
            or passing.raw
        ):
            return False
        done = sight.acts and 200 <= answered.status < 300
        same = endpoint.conceals and answered.status in (403, 404)
        if passing.shown or done or same or passing.denied == "budget":
            return False
        return not (yield from sight.clear(inquiry))

    def _leave(self, passing: Passing, answered: HttpResponse) -> RequestSteps[HttpResponse]:
        guard, endpoint, inquiry = self.policy.guard, passing.endpoint, passing.inquiry
        self.forget(passing)
        if answered.missing:
            raise Denial(502, "error")
        if passing.preflight or endpoint is None or inquiry is None:
            headers = cors_preflight.answer_headers(back(answered, guard, private=False))
            return HttpResponse(cors_preflight.STATUS, headers)
        if not 200 <= answered.status <= 599:  # not a status of HTTP (RFC 9110, 15)
            raise Denial(502, "undeclared")
        if endpoint.conceals and answered.status in (403, 404):
            return self._denial(passing, Denial(404, ""))
        login = self._model.rule(endpoint.operation.id).login
        private = bool(login) or not endpoint.operation.anonymous or inquiry.on.held.has_credential
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
        body = yield from self._cut(passing, endpoint, inquiry, answered)
        call = Call(endpoint.operation.id, {}, answered.status, answered.media)
        removed = body != answered.body or body == NULL
        if removed or (whole != headers and call.status < 300 and shows_whole(self._model, call)):
            whole = headers
        return replace(answered, headers=whole, body=body)

    def _cut(
        self, passing: Passing, endpoint: GrantedEndpoint, inquiry: Inquiry, answered: HttpResponse
    ) -> RequestSteps[bytes]:
        operation, status = endpoint.operation, answered.status
        failed = status if status >= 400 else 502
        cut = projector(operation, answered)
        if cut is None:
            raise Denial(failed, "undeclared")
        choice = selected_owners(endpoint, passing.asked, passing.forward)
        call = Call(operation.id, passing.params, status, answered.media, chosen=choice)
        # The response to a login belongs to the account that logs in. It needs no look-up: the
        # credentials of the request are not that account's.
        new = logged_in(answered, self._model.rule(operation.id).login)
        if not new.ids:
            yield from inquiry.again()
        while True:
            principal = Principal(new.ids) if new.ids else inquiry.principal()
            done = cut(self._model, principal, call, answered.body)
            if done.judged is None:
                raise Denial(failed, "unreadable")
            if new.ids:
                break
            seen, answer = done.judged.instances, LookupRequirements.answer
            wanted = partial(answer, call=call, instances=seen, closed=done.closed)
            if not (yield from inquiry.settle(wanted, done.told)):
                break
        if passing.sight is not None and not new.ids and status < 300:
            passing.sight = passing.sight.widen_by_answer(status, done.body)
            alone = partial(cut, self._model, principal, replace(call, apart=True), answered.body)
            done = yield from passing.sight.filter_response(inquiry, done, alone)
        passing.removed = count_removed(self._model, done)
        if done.body is None and done.judged is not None and done.judged.misfit:
            raise Denial(failed, "undeclared")
        none = done.body is None or is_null(done.body)
        nullable = none and status < 300 and may_be_null(operation, answered)
        if done.body is None and nullable and answered.body != NULL:
            removed, null = passing.removed, replace(answered, body=NULL)
            body = yield from self._cut(passing, endpoint, inquiry, null)
            passing.removed = removed
            return body
        if done.body is None:
            raise Denial(status, "nothing") if status >= 400 else absent(endpoint, "nothing")
        passing.shown = shows(done)
        self._look(passing, inquiry, done, new.ids or inquiry.who.ids)
        return NULL if nullable else done.body

    def _look(
        self, passing: Passing, inquiry: Inquiry, done: Projection, own: frozenset[str]
    ) -> None:
        """Counts the owners whose objects are shown against the caller's limits; raises `Denial`
        (429)."""
        who, address = inquiry.who, self._block(passing.asked)
        shown = owners_shown(self.policy, done, self._budgets.limited_resources, passing.tag)
        name = who.name if who.ids else f"@{address}"
        for limit in self.policy.limits:
            owners = shown.get(limit.name, frozenset()) - own
            if wait := self._budgets.look(limit, name, owners):
                raise Denial(429, "budget", retry_after=str(wait))

    def _denial(self, passing: Passing, denied: Denial) -> HttpResponse:
        """A denial, with CORS headers for an origin that the contract names (Fetch)."""
        if denied.status == 401 and "authorization" in self._forwarded.places("header"):
            denied = Denial(401, denied.reason, www_authenticate="Bearer")
        made, said = denied.answer(), passing.asked.values("origin")
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

    def _record_answer(self, passing: Passing, answered: HttpResponse) -> HttpResponse:
        unread = (passing.raw and not passing.denied) or self.observe
        if passing.asked.method == "HEAD" and not unread:
            answered = replace(answered, body=b"")
        passing.status, passing.bytes_out = answered.status, len(answered.body)
        return answered


def _check(endpoint: GrantedEndpoint, params: Mapping[str, str]) -> None:
    """Denies (404) a path parameter whose text the document does not allow."""
    if not all(allowed.matches(params[name]) for name, allowed in endpoint.texts.items()):
        raise Denial(404, "path")

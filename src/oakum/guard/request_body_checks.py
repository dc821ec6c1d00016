"""Checks a request: whose object it changes, and which members of its body may be set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from oakum.authz import Call, Model, Subject
from oakum.authz.accept import BodyDecision, Reading, request_media, weigh
from oakum.authz.body_objects import BodyObjects, TooMany
from oakum.authz.decide import may_set, may_write, settable_tables
from oakum.authz.declared_media import PATCH, key, split
from oakum.authz.id_spelling import identifiers, text
from oakum.authz.owners import says
from oakum.authz.strict_json import UnreadableBody, read, read_request
from oakum.guard.compiled.form_members import Form
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.multipart_part_names import overrides, pair_names, part_names
from oakum.guard.compiled.object_valued_parameters import sends
from oakum.guard.compiled.request_places import RequestParts
from oakum.guard.compiled.tenants_in_bodies_and_queries import is_named
from oakum.guard.compiled.write_targets import Target, TargetKind
from oakum.guard.form_bodies import as_json, keep_members
from oakum.guard.graphql_query import arguments, parameter, refusal_reason
from oakum.guard.lookup_requirements import LookupRequirements
from oakum.guard.lookups import Lookups
from oakum.guard.stored_object import find, object_in_response, question, stored_subjects, unlike
from oakum.http.media_type import is_json
from oakum.openapi.model import Json
from oakum.routing.caller_credentials import readable
from oakum.routing.content_type import FORM, PARTS, MediaType, is_plain, read_media_type
from oakum.routing.http_messages import Denial, HttpRequest, HttpResponse, RequestSteps
from oakum.routing.route import filter_query

_MOST_CUTS = 8
"""Most cuts of one body; beyond that it is refused."""


def absent(endpoint: GrantedEndpoint, reason: str) -> Denial:
    """A 403, or a 404 where the contract conceals that the object exists."""
    return Denial(404 if endpoint.conceals else 403, reason)


@dataclass(frozen=True)
class ForwardedBody:
    """The body to forward, and the ids that the request concerns."""

    body: bytes
    about: frozenset[str] = frozenset()
    media: str = ""
    """Media type to forward; empty when the client's `content-type` is ambiguous."""
    value: Json = None
    """The body, if it was read."""


class BodyChecks:
    """Checks the bodies of requests against `set:` of one contract, and chooses what is
    forwarded."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._guard = model.policy.guard

    def take(
        self,
        endpoint: GrantedEndpoint,
        params: Mapping[str, str],
        lookups: Lookups,
        asked: HttpRequest,
        query: str,
    ) -> RequestSteps[ForwardedBody]:
        """Checks a request and returns the body to forward. Raises `Denial` for a write to an
        object that the caller may not touch, and for a body that is unreadable or holds a field
        that the caller may not set. `query`: the part that is forwarded."""
        subject: Subject | None = None
        if endpoint.write:
            subject = yield from self._subject(endpoint, params, lookups)
        if endpoint.write and subject is not None and not self._names_all(endpoint):
            yield from self._may(endpoint, params, lookups, subject, endpoint.checks.target.kind)
        for each in subject.stands if subject is not None else ():
            if each.below:
                continue  # list elements are judged one by one
            yield from self._may(endpoint, params, lookups, each, "ask")
        if sends(asked, endpoint.checks.unread):
            raise Denial(422, "body")
        body, value = yield from self._body(endpoint, params, lookups, subject, asked)
        if endpoint.write and endpoint.checks.plain:
            yield from self._check_keys(endpoint, params, lookups, asked, query, value, subject)
        ids = frozenset(_scalars(value))
        owners = frozenset(subject.owners) if subject else frozenset[str]()
        media = str(read_media_type(asked.values("content-type")) or "")
        return ForwardedBody(body, ids | owners, media, value)

    # ------------------------------------------------------------ the object

    def _subject(
        self, endpoint: GrantedEndpoint, params: Mapping[str, str], lookups: Lookups
    ) -> RequestSteps[Subject]:
        target, subject = endpoint.checks.target, Subject("")
        match target.kind:
            case "caller":
                if target.above is not None:
                    yield from self._enter(endpoint, target.above, params, lookups)
                new = endpoint.operation.method == "POST"
                subject = Subject("", tuple(sorted(lookups.who.ids)), new=new)
            case "path":
                subject = Subject("", tuple(identifiers([params[target.param]])))
            case "ask":
                subject = yield from self._look_up_target(endpoint, target, params, lookups)
        owner = self._model.rule(endpoint.operation.id).owner
        found = [subject] if owner and target.kind == "ask" else []
        for each in target.around:
            found.append((yield from self._look_up_target(endpoint, each, params, lookups)))
        if not all(_is_of(each, params[owner], lookups.who.ids) for each in found):
            raise absent(endpoint, "call")
        key = params[target.last] if target.last else ""
        unlike = yield from self._unlike(endpoint, params, lookups, subject)
        stands = yield from self._stored_subject(endpoint, params, lookups, subject)
        return replace(
            subject, unnamed=target.unnamed, below=target.below, key=key, unlike=unlike,
            stands=stands,
        )  # fmt: skip

    def _enter(
        self,
        endpoint: GrantedEndpoint,
        above: Target,
        params: Mapping[str, str],
        lookups: Lookups,
    ) -> RequestSteps[None]:
        """Raises `Denial` unless the caller may create something below an object, whatever that is
        or because of their relation to it."""
        if (yield from self._may_all(endpoint, params, lookups)):
            return
        subject = Subject("")
        if above.kind == "path":
            subject = Subject("", tuple(identifiers([params[above.param]])))
        elif above.kind == "ask":
            subject = yield from self._look_up_target(endpoint, above, params, lookups)
        yield from self._may(endpoint, params, lookups, subject, above.kind)

    def _may_all(
        self, endpoint: GrantedEndpoint, params: Mapping[str, str], lookups: Lookups
    ) -> RequestSteps[bool]:
        """Whether the caller may write whatever the object is: of an unknown one, nobody knows that
        a relation in `unless` does not hold."""
        return (yield from self._reaches(endpoint, params, lookups, Subject(""), "none"))

    def _stored_subject(
        self,
        endpoint: GrantedEndpoint,
        params: Mapping[str, str],
        lookups: Lookups,
        subject: Subject,
    ) -> RequestSteps[tuple[Subject, ...]]:
        """What the API shows now at a path that ends with a word."""
        target = endpoint.checks.standing
        if target is None:
            return ()
        answered = yield from self._answer(endpoint, target, params, lookups)
        empty = answered is not None and answered.status == 204 and not answered.body
        if answered is not None and (empty or answered.status in (404, 410)):
            return ()
        shown = self._require_answer(endpoint, answered)
        found = stored_subjects(self._model, target, params, lookups, shown, subject)
        if found is None:
            raise absent(endpoint, "target")
        return found

    def _unlike(
        self,
        endpoint: GrantedEndpoint,
        params: Mapping[str, str],
        lookups: Lookups,
        subject: Subject,
    ) -> RequestSteps[frozenset[str]]:
        """Resources that the object does not belong to, as the API shows it now."""
        target = endpoint.checks.typed
        if target is None:
            return frozenset()
        if target.kind == "none":
            return frozenset(target.kinds if not subject.new else ()) - {subject.resource}
        answered = yield from self._answer(endpoint, target, params, lookups)
        if answered is not None and answered.status in (404, 410):
            if endpoint.operation.method == "PATCH":
                raise Denial(404, "target")
            return frozenset()
        return unlike(self._model, target, lookups, self._require_answer(endpoint, answered))

    def _look_up_target(
        self,
        endpoint: GrantedEndpoint,
        target: Target,
        params: Mapping[str, str],
        lookups: Lookups,
    ) -> RequestSteps[Subject]:
        """Looks up the object to be written."""
        answered = yield from self._answer(endpoint, target, params, lookups)
        if answered is not None and answered.status in (404, 410):
            if target.then is not None and target.made:
                return (yield from self._look_up_target(endpoint, target.then, params, lookups))
            if target.made and answered.status == 404:
                return Subject("", tuple(identifiers([params[target.made]])), new=True)
            raise Denial(404, "target")
        answered = self._require_answer(endpoint, answered)
        found = object_in_response(self._model, target, params, lookups, answered)
        if found is None:
            raise absent(endpoint, "target")
        owner = self._model.policy.resources[target.resource].owner
        if target.says and target.then is not None and not says(owner, found.value):
            other = yield from self._look_up_target(endpoint, target.then, params, lookups)
            return found if other.new or not other.owners else other
        return found

    def _answer(
        self,
        endpoint: GrantedEndpoint,
        target: Target,
        params: Mapping[str, str],
        lookups: Lookups,
    ) -> RequestSteps[HttpResponse | None]:
        asked = question(self._model, target, params, lookups)
        if asked is None:
            raise absent(endpoint, "target")
        if not lookups.spend():
            raise Denial(503, "target")
        return (yield from lookups.ask(asked))

    def _require_answer(
        self, endpoint: GrantedEndpoint, answered: HttpResponse | None
    ) -> HttpResponse:
        """A readable answer; raises `Denial`."""
        if answered is not None and 400 <= answered.status < 500:
            raise absent(endpoint, "target")
        if answered is None or readable(answered) is None:
            raise Denial(503, "target")
        return answered

    def _may(
        self,
        endpoint: GrantedEndpoint,
        params: Mapping[str, str],
        lookups: Lookups,
        subject: Subject,
        kind: TargetKind,
    ) -> RequestSteps[None]:
        if kind == "caller" and endpoint.checks.target.above is not None:
            return  # `_enter` has decided
        if not (yield from self._reaches(endpoint, params, lookups, subject, kind)):
            raise absent(endpoint, "call")

    def _reaches(
        self,
        endpoint: GrantedEndpoint,
        params: Mapping[str, str],
        lookups: Lookups,
        subject: Subject,
        kind: TargetKind,
    ) -> RequestSteps[bool]:
        """Whether the caller may write this object, after the look-ups on which that depends."""
        model, id = self._model, endpoint.operation.id
        if may_write(model, lookups.principal(), id, params, subject, kind):
            return True
        call = model.rule(id).call
        if call is not None:
            yield from lookups.settle(lambda needs: needs.any(call, subject))
        else:
            # Whoever may set any field of the object may continue; the body is checked later.
            yield from lookups.settle(
                lambda needs: needs.tables(settable_tables(model, id, subject))
            )
        return may_write(model, lookups.principal(), id, params, subject, kind)

    def _check_keys(
        self,
        endpoint: GrantedEndpoint,
        params: Mapping[str, str],
        lookups: Lookups,
        asked: HttpRequest,
        query: str,
        value: Json,
        subject: Subject | None,
    ) -> RequestSteps[None]:
        """Checks that the caller may write every object that a write names by a plain key."""
        model = self._model
        if (yield from self._may_all(endpoint, params, lookups)):
            return
        unread = asked.body if value is None else b""
        its = subject is not None and subject.resource == endpoint.checks.plain.kept_of
        shown = subject.value if its and subject is not None else None
        keys = endpoint.checks.plain.keys(
            RequestParts(asked, query, params, value, unread=unread), shown
        )
        if keys is None:
            raise absent(endpoint, "call")
        if subject is not None and not keys and self._names_all(endpoint):
            yield from self._may(endpoint, params, lookups, subject, endpoint.checks.target.kind)
        makes = endpoint.operation.method == "POST"
        named = BodyObjects(makes=makes, wanted=dict.fromkeys(keys))
        yield from find(model, endpoint.checks.finders, params, lookups, named)
        for subject in named.found.values():
            if subject is None or subject.new:
                raise absent(endpoint, "call")
            yield from self._may(endpoint, params, lookups, subject, "ask")

    def _names_all(self, endpoint: GrantedEndpoint) -> bool:
        """Whether only plain keys say which objects a write is of, so that `call:` is about these
        alone."""
        called = self._model.rule(endpoint.operation.id).call is not None
        return (
            bool(endpoint.checks.plain)
            and called
            and endpoint.checks.target.kind in ("caller", "none")
        )

    def _body(
        self,
        endpoint: GrantedEndpoint,
        params: Mapping[str, str],
        lookups: Lookups,
        subject: Subject | None,
        asked: HttpRequest,
    ) -> RequestSteps[tuple[bytes, Json]]:
        operation, body = endpoint.operation, asked.body
        unsaid = endpoint.write and self._model.rule(operation.id).call is None
        decides = unsaid and endpoint.binds
        if len(body) > self._guard.max_body:
            raise Denial(413, "too-long")
        if not body:
            reads = operation.method == "GET"
            url = asked.target.partition("?")[2]
            self._query(endpoint, {"query": parameter(url)} if reads else None, lookups)
            if decides and not self._own(endpoint, lookups, subject):
                raise Denial(422, "body")
            yield from self._sets(endpoint, lookups, subject)
            return body, None
        kind = self._media(endpoint, asked)
        form = endpoint.resource_form(kind.type)
        if form is None and not is_json(kind.type):
            if endpoint.checks.upload and not self._own(endpoint, lookups, subject):
                # The form is not a resource, so `set` grants do not apply to it; `call` has to.
                if unsaid:
                    raise absent(endpoint, "call")
                if endpoint.checks.upload == "own":
                    raise Denial(422, "body")
            return self._unread(endpoint, kind, body), None
        said = as_json(form, kind, body) if form is not None else body
        try:
            reading = read_request(said)
        except UnreadableBody:
            raise Denial(400, "body") from None
        self._query(endpoint, reading[0], lookups)
        call = Call(operation.id, params, media_type=str(kind))
        done = yield from self._filter_body(endpoint, call, lookups, subject, reading)
        if not done.sets and decides and not self._own(endpoint, lookups, subject):
            raise Denial(422, "body")  # the caller may set other fields only
        onward = done.body if done.whole or self._guard.unknown != "refuse" else None
        if onward is None:
            raise Denial(422, "body")
        if not done.sets:
            yield from self._sets(endpoint, lookups, subject)
        if form is not None:
            cut = body if onward == said else keep_members(kind, body, read(onward)[0])
            if cut is None:
                raise Denial(422, "body")
            onward = cut
        return onward, reading[0]

    def _filter_body(
        self,
        endpoint: GrantedEndpoint,
        call: Call,
        lookups: Lookups,
        subject: Subject | None,
        reading: Reading,
    ) -> RequestSteps[BodyDecision]:
        """What may be forwarded of a body, and may be alone as well: what is removed may have
        decided about the rest, as the type of an object does."""
        forms = {name: each.form for name, each in endpoint.checks.finders.items()}
        makes = endpoint.operation.method == "POST"
        named = BodyObjects(
            endpoint.checks.finders, endpoint.checks.local, makes=makes, forms=forms
        )
        done = yield from self._weigh_body(endpoint, call, lookups, subject, reading, named)
        for _ in range(_MOST_CUTS):
            if done.whole or done.body is None or self._guard.unknown == "refuse":
                return done
            done = yield from self._weigh_body(
                endpoint, call, lookups, subject, read(done.body), named
            )
        return done if done.whole else replace(done, keep=False)

    def _weigh_body(
        self,
        endpoint: GrantedEndpoint,
        call: Call,
        lookups: Lookups,
        subject: Subject | None,
        reading: Reading,
        named: BodyObjects,
    ) -> RequestSteps[BodyDecision]:
        """What may be forwarded of a body, after all look-ups that it needs."""
        while True:
            named.most = lookups.lookups_left
            try:
                done = weigh(self._model, lookups.principal(), call, subject, reading, named)
            except TooMany:
                raise Denial(413, "lookups") from None
            if subject is None or done.whole:
                return done
            if named.wanted:
                yield from find(self._model, endpoint.checks.finders, call.params, lookups, named)
            elif not (
                yield from lookups.settle(partial(LookupRequirements.tables, written=done.written))
            ):
                return done

    def _sets(
        self, endpoint: GrantedEndpoint, lookups: Lookups, subject: Subject | None
    ) -> RequestSteps[None]:
        """Denies an empty body, `null` and an empty list to callers to whom an empty object is
        denied: where the whole body is a resource, these are writes too."""
        model, id = self._model, endpoint.operation.id
        body = model.written.get(id)
        if subject is None or body is None or not body.whole:
            return
        yield from lookups.settle(lambda needs: needs.tables(settable_tables(model, id, subject)))
        if not may_set(model, lookups.principal(), id, subject):
            raise Denial(422, "body")

    def _query(self, endpoint: GrantedEndpoint, said: Json, lookups: Lookups) -> None:
        """Denies (400) a GraphQL query that `refused` rejects, where the response depends on one.
        Nothing is looked up for one that names the tenant."""
        if not self._model.rule(endpoint.operation.id).graphql:
            return
        if refusal_reason(said, writes=endpoint.write):
            raise Denial(400, "query")
        own = lookups.lookup_service.plan.selections[endpoint.operation.id]
        if any(is_named(each, own) for each in arguments(said)):
            unsaid = replace(lookups.on.conditions, unsaid=True)
            lookups.on = replace(lookups.on, conditions=unsaid)

    def _own(self, endpoint: GrantedEndpoint, lookups: Lookups, subject: Subject | None) -> bool:
        """Whether the object is the caller's own, as required where no body says what is set."""
        owners = subject.owners if subject else ()
        return endpoint.checks.target.kind == "caller" or not lookups.who.ids.isdisjoint(owners)

    def _unread(self, endpoint: GrantedEndpoint, kind: MediaType, body: bytes) -> bytes:
        """A body that is not JSON: only its member names are checked."""
        if kind.type == FORM and endpoint.form:
            return self._pairs(endpoint.form, body)
        if kind.type == FORM and overrides(pair_names(body)):
            raise Denial(422, "body")
        if kind.type == PARTS:
            found, form = part_names(body, dict(kind.params)["boundary"]), endpoint.parts
            if found is None:
                raise Denial(400, "body")
            if overrides(found) if form is None else not form.holds(found):
                raise Denial(422, "body")
        return body

    def _pairs(self, form: Form, body: bytes) -> bytes:
        """A URL-encoded body, cut down to its declared pairs as a query string is."""
        try:
            text = body.decode("ascii")
            kept = filter_query(text, form.names, form.lists, form.nested)
        except (UnicodeDecodeError, Denial):
            raise Denial(400, "body") from None
        said = "&".join(each for each in text.split("&") if each and each[0] != "=")
        if kept != said and self._guard.unknown == "refuse":
            raise Denial(422, "body")
        return kept.encode()

    def _media(self, endpoint: GrantedEndpoint, asked: HttpRequest) -> MediaType:
        """Media type of a request body. Raises `Denial`: 400 if none is expected, 415 if
        undeclared."""
        values = asked.values("content-type")
        if not endpoint.operation.body or len(values) > 1:
            raise Denial(400, "body")
        said = read_media_type(values)
        media = request_media(self._model, endpoint.operation.id, str(said)) if said else None
        if said is None or media is None or not is_plain(asked.values("content-encoding")):
            raise Denial(415, "media")
        judged = endpoint.binds or endpoint.checks.plain.body
        judged = judged and not (said.type == PARTS and endpoint.checks.upload)
        if not is_json(said.type) and judged and endpoint.resource_form(said.type) is None:
            raise Denial(415, "media")
        if key(media.type) in endpoint.checks.unjudged:
            raise Denial(415, "media")
        if judged and said.type == PATCH and split(media.type)[0] != PATCH:
            raise Denial(415, "media")  # a JSON Patch is no object
        if not said.is_utf_8 and (is_json(said.type) or said.type in (FORM, PARTS)):
            raise Denial(415, "media")
        return said


def _is_of(subject: Subject, owner: str, ids: frozenset[str]) -> bool:
    """Whether an object is of whom a path names as its owner; `ids`: all by which the caller is
    known, of which the two may be different ones."""
    return owner in subject.owners or (owner in ids and not ids.isdisjoint(subject.owners))


def _scalars(value: Json) -> Iterator[str]:
    """Every text and number of a body, since any may be an owner's id."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _scalars(each)
    elif isinstance(value, str | int) and not isinstance(value, bool):
        yield text(value)

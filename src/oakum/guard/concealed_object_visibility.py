"""Whether the caller may know that the concealed objects named in a request exist.

The caller may know it of an object of which they are certainly shown some part. If a look-up fails,
the object stays concealed. Conditions that need no look-up are checked first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from oakum.authz import Call, Model, Principal, Projection, Subject, project
from oakum.authz.decide import may_call, may_write
from oakum.authz.id_spelling import identifier
from oakum.authz.project import remains
from oakum.authz.relations import held_relations
from oakum.authz.strict_json import UnreadableBody, read
from oakum.guard.compiled.concealed_objects import ConcealedObject
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.compiled.path_objects import rename_parameters
from oakum.guard.compiled.request_places import RequestParts
from oakum.guard.form_bodies import as_json
from oakum.guard.graphql_argument_values import argument_values, asked_by_url
from oakum.guard.graphql_query import mutates
from oakum.guard.lookup_requirements import LookupRequirements
from oakum.guard.lookups import Lookups
from oakum.guard.request_body_checks import absent
from oakum.openapi.model import Json
from oakum.routing.caller_credentials import STRANGER, readable
from oakum.routing.content_type import FORM, PARTS, read_media_type
from oakum.routing.http_messages import Denial, RequestSteps
from oakum.routing.route import path_of

Named = tuple[tuple[ConcealedObject, Mapping[str, str]], ...]
"""(concealed object, parameters that identify it) pairs."""


def _merge_params(params: Mapping[str, str], named: Named) -> Named:
    return tuple((each, {**params, **its}) for each, its in named)


@dataclass
class ConcealedSight:
    """The concealed objects named in a request, and whether its caller may see something of
    each."""

    model: Model
    endpoint: GrantedEndpoint
    carried: RequestParts
    objects: tuple[tuple[ConcealedObject, Mapping[str, str]], ...]
    """(object, parameters that identify it) pairs."""
    acts: bool = False
    """Whether the response is judged as that of a write; GraphQL responses to mutations are not."""
    mutates: bool = False
    """Whether the request may run a GraphQL mutation."""
    _seen: bool | None = None
    _shown: list[tuple[ConcealedObject, Mapping[str, str]]] = field(default_factory=list)
    """Objects that the caller could see before a mutation, which may have deleted them, or sees
    since."""

    @classmethod
    def of(cls, model: Model, endpoint: GrantedEndpoint, carried: RequestParts) -> ConcealedSight:
        """The objects in the path, query, headers and cookies; the body is not read yet."""
        path = tuple((e, carried.params) for e in (endpoint.hidden, *endpoint.others) if e)
        named = _merge_params(carried.params, endpoint.asked.objects_in(carried))
        acts = endpoint.acts and not endpoint.graph
        return cls(model, endpoint, carried, (*path, *named), acts)

    def with_body(self, value: Json) -> ConcealedSight:
        """These objects and those that the body names."""
        asked = self.endpoint.asked
        if value is None and self.acts:
            value = self._form()
        said = asked_by_url(self.carried.query) if value is None else value
        keys = asked.keys.arguments or asked.keys.of_errors
        arguments = argument_values(said) if keys else ()
        body = self.carried.asked.body
        unread = body if value is None else b""
        # What a mutation answers in the place of an object tells of it, too.
        mutating = self.endpoint.graph and self.endpoint.acts and mutates(said)
        carried = replace(
            self.carried, value=value, arguments=arguments, unread=unread, failed=mutating
        )
        return replace(self._with_parts(carried), mutates=mutating)

    def _with_parts(self, carried: RequestParts) -> ConcealedSight:
        """The same of what else of the request is known."""
        named = self.endpoint.asked.objects_in(carried)
        known = (self.endpoint.hidden, *self.endpoint.others)
        path = tuple(each for each in self.objects if any(each[0] is one for one in known))
        objects = (*path, *_merge_params(carried.params, named))
        return ConcealedSight(self.model, self.endpoint, carried, objects, self.acts)

    def widen_by_answer(self, status: int, body: bytes | None) -> ConcealedSight:
        """This sight, widened by the objects that an error response may reveal; unchanged if
        there is no error."""
        if self.carried.failed or self.acts or not self.endpoint.asked.keys.of_errors:
            return self
        if status < 400 and not _has_errors(body or b""):
            return self
        return self._with_parts(replace(self.carried, failed=True))

    def _form(self) -> Json:
        """What a form says whose members were only declared and not judged."""
        asked = self.carried.asked
        kind = read_media_type(asked.values("content-type"))
        if kind is None:
            return None
        form = {FORM: self.endpoint.form, PARTS: self.endpoint.parts}.get(kind.type)
        try:
            return read(as_json(form, kind, asked.body))[0] if form is not None else None
        except (Denial, UnreadableBody):
            return None

    def before(self, lookups: Lookups) -> RequestSteps[None]:
        """Before a mutation, finds out which objects the caller may see: a deleted one cannot be
        looked up afterwards."""
        if not self.mutates or len(self.objects) > lookups.lookup_service.guard.lookups:
            return
        called = self.endpoint.operation.id
        for hidden, params in self.objects:
            if (yield from _visible(self.model, called, hidden, params, lookups)):
                self._shown.append((hidden, params))

    def clear(self, lookups: Lookups) -> RequestSteps[bool]:
        """Whether the caller may know that all of the objects exist."""
        if self._seen is None:
            self._seen = yield from self._all(self.objects, lookups)
        return self._seen

    def _all(
        self, objects: Sequence[tuple[ConcealedObject, Mapping[str, str]]], lookups: Lookups
    ) -> RequestSteps[bool]:
        if len(objects) > lookups.lookup_service.guard.lookups:
            return False
        called = self.endpoint.operation.id
        for hidden, params in objects:
            if (hidden, params) in self._shown:
                continue
            if not (yield from _visible(self.model, called, hidden, params, lookups)):
                return False
        return True

    def reach(self, lookups: Lookups) -> RequestSteps[None]:
        """Raises `Denial` if the caller of a write may see nothing of an object before the
        innermost in the path, as for a read, unless they may write whoever owns it."""
        above = [each for each in self.objects if each[0].above and self.endpoint.write]
        call = partial(may_write, self.model, lookups.principal(), self.endpoint.operation.id)
        if not above or call(self.carried.params, Subject("", owned=False), "none"):
            return
        if not (yield from self._all(above, lookups)):
            raise absent(self.endpoint, "call")

    def filter_response(
        self, lookups: Lookups, done: Projection, apart: Callable[[], Projection]
    ) -> RequestSteps[Projection]:
        """What stays of the response to a read: nothing below a hidden object in the path. Data
        without an owner of its own is judged by the objects named in the request, which are looked
        up only if it matters; `apart` cuts such data. Of a response to a mutation nothing stays if
        it named a hidden object."""
        own = self.endpoint.operation.id
        others = [each for each in self.objects if each[0].reader != own]
        if self.acts or not shows(done):
            return done
        if self.mutates and not (yield from self._may_tell_of_mutation(lookups)):
            self._seen = False
            return replace(done, body=None)
        its = [each for each in self.objects if each[0].reader == own]
        lost = [each for each in its if not _holds(done, each[0])]
        if lost and not (yield from self._all(lost, lookups)):
            self._seen = False
            return replace(done, body=None)
        if not others:
            return done
        outer = [each for each in others if each[0].above or each[0].around]
        if outer and not (yield from self._all(outer, lookups)):
            self._seen = False
            return replace(done, body=None)
        without = apart()
        if without.body == done.body:
            return done
        if len(others) == len(self.objects):
            seen = yield from self.clear(lookups)
        else:
            seen = yield from self._all(others, lookups)
        return done if seen else without

    def _may_tell_of_mutation(self, lookups: Lookups) -> RequestSteps[bool]:
        """Whether the caller may see each object that a mutation names, as far as a GET shows one.
        That it did anything tells that the object exists, whatever object it returns."""
        known = [each for each in self.objects if each[0].reader]
        seen = yield from self._all(known, lookups)
        self._shown += known if seen else []
        return seen


def _has_errors(body: bytes) -> bool:
    """Whether a response of GraphQL has an error."""
    if b'"errors"' not in body and b"\\u" not in body:
        return False
    try:
        value = read(body)[0]
    except UnreadableBody:
        return True
    return isinstance(value, dict) and bool(value.get("errors"))


def _visible(
    model: Model,
    operation: str,
    hidden: ConcealedObject,
    params: Mapping[str, str],
    lookups: Lookups,
) -> RequestSteps[bool]:
    """Whether the caller may see something of one object, which `params` names."""
    owner = params.get(hidden.whose)
    if owner in lookups.who.ids:
        return True
    # The caller may see something of every such object, whatever its owner and state.
    if _may_see(model, hidden, Principal(lookups.who.ids, lookups.who.claims), STRANGER):
        return True
    if owner is not None:
        yield from lookups.settle(
            partial(_collect_relations, model=model, hidden=hidden, owner=owner)
        )
        if _may_see(model, hidden, lookups.principal(), owner):
            return True
    if hidden.reader in ("", operation):
        return False
    return (yield from _read(model, hidden, params, lookups))


def _collect_relations(
    needs: LookupRequirements, *, model: Model, hidden: ConcealedObject, owner: str
) -> None:
    """Collects every relation of the caller to the owner."""
    for name in hidden.resources:
        for relation in model.tables[name].relations:
            needs.any((relation,), Subject(name, (owner,)))


def _may_see(model: Model, hidden: ConcealedObject, caller: Principal, owner: str) -> bool:
    """Whether the caller sees some of the owner's object in any state, whichever resource it is."""
    return all(
        model.tables[name].always_shows(
            held_relations(model.policy, caller, Subject(name, (owner,)))
        )
        for name in hidden.resources
    )


def _read(
    model: Model, hidden: ConcealedObject, params: Mapping[str, str], lookups: Lookups
) -> RequestSteps[bool]:
    """Reads the object and checks whether anything of it is shown."""
    wanted, params = params.get(hidden.key, ""), rename_parameters(params, hidden.names)
    path = path_of(model.operations[hidden.reader], params)
    if path is None or not lookups.spend():
        return False
    # The service's own view says nothing about the caller's.
    own = any(model.policy.resources[n].owner.kind == "caller" for n in hidden.resources)
    question = lookups.lookup_service.request_to(hidden.reader, path, "", lookups.on, own=own)
    if question is None:
        return False
    answered = yield from lookups.ask(question)
    value = readable(answered) if answered is not None else None
    if answered is None or value is None or not _is_asked(hidden, wanted, value):
        return False
    yield from lookups.again()
    if not may_call(model, lookups.principal(), hidden.reader, params):
        return False
    call = Call(hidden.reader, params, 200, answered.media)
    while True:
        done = project(model, lookups.principal(), call, answered.body)
        if done.judged is None:
            return False
        seen = done.judged.instances
        needs = partial(LookupRequirements.answer, call=call, instances=seen, closed=done.closed)
        if not (yield from lookups.settle(needs, done.told)):
            return shows(done) and _holds(done, hidden)


def _is_asked(hidden: ConcealedObject, wanted: str, value: Json) -> bool:
    """Whether a look-up shows the object that was asked for, by its key, and no other."""
    found = hidden.values_at(value, hidden.at)
    said = [*map(identifier, found)] if hidden.at else [wanted]
    return bool(said) and all(each == wanted for each in said)


def _holds(done: Projection, hidden: ConcealedObject) -> bool:
    """Whether something of the object that a request names remains at its place."""
    if not hidden.within or done.body is None:
        return done.body is not None
    try:
        value = read(done.body)[0]
    except UnreadableBody:  # no JSON, which has no such place
        return True
    found = hidden.values_at(value, hidden.within)
    return any(isinstance(each, dict | list) and bool(each) for each in found)


def shows(done: Projection) -> bool:
    """Whether anything of an object remains."""
    if done.body is None or done.judged is None:
        return False
    return any(
        remains(done.judged.keep, each.pointer)
        for each in done.judged.instances
        if any(leaf.allowed for leaf in each.leaves)
    )

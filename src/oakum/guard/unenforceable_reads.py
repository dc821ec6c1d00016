"""Warnings of `guard check` about reads that are granted but that the gateway refuses or withholds.

Warnings change nothing. Each names what stays closed, why, and the line that opens it. There is no
warning about data that only seems to be closed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from oakum.authz import ANONYMOUS, Model
from oakum.authz.claims import claim_path
from oakum.authz.decide import may_call
from oakum.authz.operations_outside_objects import OF_OBJECTS, account, asks
from oakum.authz.places import resource_of
from oakum.authz.table import leaf_index
from oakum.authz.unclear_list_members import cursors, told, unexplained
from oakum.errors import Location, Problem, few
from oakum.guard.unenforceable_answers import file_names, redirects, said_beside, undeclared
from oakum.guard.unenforceable_arguments import arguments, errors_of_arguments
from oakum.guard.unenforceable_bodies import bodies, other_kinds
from oakum.guard.unenforceable_calls import calls
from oakum.guard.unenforceable_containers import emptied, named_in_maps
from oakum.guard.unenforceable_creations import creations, placed, replaced
from oakum.guard.unenforceable_errors import errors, existence
from oakum.guard.unenforceable_feeds import feeds
from oakum.guard.unenforceable_filters import filters, pages
from oakum.guard.unenforceable_headers import answers, beside_a_token, conditions, cookies
from oakum.guard.unenforceable_members import members
from oakum.guard.unenforceable_methods import unsent_methods
from oakum.guard.unenforceable_names import Unstated
from oakum.guard.unenforceable_parameters import parameters
from oakum.guard.unenforceable_paths import below, outer
from oakum.guard.unenforceable_rows import alternatives, counts, rows, texts, untold
from oakum.guard.unenforceable_schemas import schemas
from oakum.guard.unenforceable_searches import searches
from oakum.guard.unenforceable_writes import Writes
from oakum.http.json_pointer import path_of
from oakum.http.media_type import essence
from oakum.openapi.document import Document
from oakum.openapi.model import Json, Operation, Shape
from oakum.openapi.shape_queries import element, member, scalars
from oakum.policy.model import Grant, Relation, Resource, State, origin
from oakum.policy.resource_schemas import success
from oakum.routing.lookup_plan import NEVER_SENT, Endpoint, LookupPlan, kind_of
from oakum.routing.path_objects import PathObjects

_PICKS = frozenset(
    ("fields", "keys", "select", "only", "include_fields", "exclude_fields", "excludekeys", "omit")
)
"""Lower-case names of query parameters with which callers select members of a response."""

_KINDS = {str: {"string"}, int: {"integer", "number"}, float: {"number"}}


def foreseen(document: Document, model: Model, wiring: LookupPlan) -> tuple[Problem, ...]:
    """Warnings about what stays denied behind a gateway, one kind after the other."""
    seen = _Seen(document, model, wiring)
    return (
        *seen.caller(),
        *seen.relations(),
        *seen.states(),
        *seen.unnamed(),
        *seen.shut(),
        *redirects(model, wiring.endpoints.values(), seen.where),
        *file_names(model, wiring.endpoints.values(), seen.where),
        *said_beside(model, wiring.endpoints.values(), seen.where),
        *undeclared(model, wiring.endpoints.values(), seen.where),
        *unsent_methods(document, model, wiring, seen.where),
        *seen.logins(),
        *seen.bodiless(),
        *seen.made(),
        *seen.key_spellings(),
        *seen.keys_in_puts(),
        *cookies(wiring.credentials, seen.policy),
        *beside_a_token(document, wiring.endpoints.values(), wiring.credentials, model),
        *conditions([*wiring.endpoints.values()], seen.policy.guard, seen.where),
        *answers([*wiring.endpoints.values()], seen.policy.guard, seen.where),
        *parameters(PathObjects(document, model), wiring.endpoints.values(), seen.where),
        *Unstated(model, [*wiring.endpoints.values()], seen.where).problems(),
        *members(model, wiring.endpoints.values(), seen.where),
        *filters(model, wiring.endpoints.values(), seen.where),
        *pages(model, wiring.endpoints.values(), seen.where),
        *bodies(model, wiring.endpoints.values(), seen.where),
        *calls(model, wiring.endpoints.values()),
        *searches(model, wiring.endpoints.values(), seen.where),
        *other_kinds(model, wiring.endpoints.values(), seen.where),
        *arguments(seen.policy.resources, wiring.endpoints.values(), seen.where),
        *errors_of_arguments(seen.policy.resources, wiring.endpoints.values(), seen.where),
        *rows(model, wiring.endpoints.values()),
        *texts(model, wiring.endpoints.values(), seen.where),
        *alternatives(model, wiring.endpoints.values(), seen.where),
        *counts(model, wiring.endpoints.values(), seen.where),
        *untold(model, wiring.endpoints.values(), seen.where),
        *emptied(model, [*wiring.endpoints.values()], seen.where),
        *named_in_maps(model, [*wiring.endpoints.values()], seen.where),
        *below(model, wiring.endpoints.values(), seen.where),
        *outer(PathObjects(document, model), wiring.endpoints.values(), seen.where),
        *schemas(model, wiring.endpoints.values(), seen.where),
        *feeds(model, wiring.endpoints.values(), seen.where),
        *(problem for endpoint in wiring.endpoints.values() for problem in seen.endpoint(endpoint)),
    )


class _Seen(Writes):
    # ------------------------------------------------------------ who is calling

    def caller(self) -> Iterator[Problem]:
        """Warns when who-am-I cannot be called, so that every caller is anonymous."""
        caller = self.policy.caller
        if caller.claim or caller.api_key or self.wiring.whoami is not None:
            return
        where = self.policy.places.get(("caller",), Location(self.policy.file))
        if not caller.operation:
            said, hint = "the contract does not say how to identify callers", "write `caller:`"
        else:
            said = f"`{caller.operation}` cannot be used to identify the caller"
            hint = "use a GET without path parameters, or a POST with `reads: true`"
        yield Problem(where, f"{said}, so every caller is anonymous behind a gateway", hint)

    def relations(self) -> Iterator[Problem]:
        """Warns about relations that can never be established."""
        for relation in self.policy.relations.values():
            if relation.kind == "lookup" and relation.name in self.wiring.relations:
                yield from self._lookup(relation)
            elif relation.claim and self.wiring.whoami is not None:
                yield from self._claim(relation)

    def _lookup(self, relation: Relation) -> Iterator[Problem]:
        ask = self.wiring.asks[self.wiring.relations[relation.name]]
        operation = self.model.operations[ask.operation]
        placed = "{" in operation.path
        every = self.policy.relations.values()
        takers = [e.name for e in every if relation.name in (*e.unless, *e.requires)]
        closed = f"nobody has `{relation.name}`" + (
            f", and therefore nobody has `{takers[0]}` either" if takers else ""
        )
        yield from self._goes_on(relation)
        if not placed and relation.of == "owner":
            said = (
                f"`{operation.id}` lists the caller's own relations, not those of an object's owner"
            )
            hint = "name a GET with the owner's id in its path"
            yield Problem(relation.location, f"{said}: {closed}", f"{hint}, or write `of: caller`")
        elif placed and relation.of == "owner" and self._owners_only(operation):
            said = (
                f"only its owner may call `{operation.id}`, but the gateway calls it with the"
                f" caller's credentials"
            )
            hint = "write `guard: {service: {header: …, env: …}}` with a credential that may"
            yield Problem(relation.location, f"{said}: {closed}", hint)

    def _goes_on(self, relation: Relation) -> Iterator[Problem]:
        """Warns about members beside a list that keep it from being known as complete, if somebody
        has a relation only if they are not on it."""
        every = self.policy.relations.values()
        takers = [each.name for each in every if relation.name in each.unless]
        if not takers:
            return
        place, id = self.wiring.places[relation.name], relation.operation
        where, nobody = f"beside the list of who is `{relation.name}`", f"nobody has `{takers[0]}`"
        if found := unexplained(place):
            said = (
                f"`{id}` declares {few(found, 5)} {where}, which may say that it goes on: if one"
                f" is neither null nor empty, and nothing says that the list ends, {nobody}"
            )
            hint = (
                f"name the member with the number of entries in `counts` of `{id}`,"
                " or send one that says that the list ends, such as `has_more: false`"
            )
            yield Problem(relation.location, said, hint)
        if found := told(place):
            said = (
                f"`{id}` declares {few(found, 5)} {where}: a text there counts as a failure unless"
                f" it says success, as `ok` does, and then {nobody}"
            )
            hint = "leave it out of that response, or name an operation in `in` that does not send"
            yield Problem(relation.location, said, f"{hint} it")
        if found := cursors(place):
            said = (
                f"`{id}` declares {few(found, 5)} {where}: while one is set, the list counts as"
                f" incomplete, even if another member says that it ends, and {nobody}"
            )
            hint = "let the API send null there, or leave it out, where the list ends"
            yield Problem(relation.location, said, hint)

    def _owners_only(self, operation: Operation) -> bool:
        """Whether a look-up with the caller's own credentials is refused for other owners."""
        call = self.model.rule(operation.id).call
        if self.policy.guard.service is not None or not call:
            return False
        return {self.policy.relations[name].kind for name in call} <= {"owner", "claim"}

    def _claim(self, relation: Relation) -> Iterator[Problem]:
        whoami = self.wiring.whoami
        assert whoami is not None
        operation = self.model.operations[self.wiring.asks[whoami].operation]
        media = operation.success()
        shape = media.shape if media is not None else None
        around = path_of(self.policy.caller.pointer)[:-1]
        for step in around:
            shape = member(shape, step) if shape is not None else None
        at = _told_at(shape, relation.claim) if shape is not None else None
        compared = relation.kind == "field"
        if at is not None and not compared and (kind := _other_kind(at, relation.has)):
            yield Problem(
                relation.location,
                f"`{operation.id}` declares `{relation.claim}` as {kind}, never"
                f" {json.dumps(relation.has)}, so nobody is `{relation.name}`",
                "name the member that contains that value, or write its value in `has`",
            )
        if shape is None or at is not None:
            return
        yield Problem(
            relation.location,
            f"`{operation.id}` declares no `{relation.claim}` beside the caller's id, so nobody is"
            f" `{relation.name}` unless its response contains it anyway",
            "declare it there if it does; a gateway does not read the claims of an identities file",
        )

    def states(self) -> Iterator[Problem]:
        """Warns about account states that only the owner can read."""
        for path, (index, _) in self.wiring.states.items():
            name, _, called = path.partition(".")
            resource = self.policy.resources[name]
            state = resource.states[called]
            operation = self.model.operations[self.wiring.asks[index].operation]
            if self.policy.guard.service is not None:
                continue
            if "{" not in operation.path:
                said = f"`{operation.id}` shows `{path}` to its owner only"
            elif self._owners_only(operation) or not self._told(resource, state):
                said = f"`{operation.id}` shows `{path}` only to its owner"
            else:
                yield from self._untold(path, operation)
                continue
            hint = "write `guard: {service: {header: …, env: …}}` with a credential that may see it"
            said = (
                f"{said}, so it is unknown for other callers, and the fields that it opens"
                f" stay closed"
            )
            yield Problem(state.location, said, hint)

    def _untold(self, path: str, operation: Operation) -> Iterator[Problem]:
        """Warns about callers to whom a state opens something that they are not told the state
        for: they ask with their own credentials."""
        for resource in self.policy.resources.values():
            for grant in (each for rule in resource.fields for each in rule.grants):
                for name, values in grant.when.items():
                    state = resource.states[name]
                    far = origin(self.policy, state) if state.of else f"{resource.name}.{name}"
                    late = [
                        each
                        for each in grant.see
                        if far == path and not self._is_told(each, path, values, operation)
                    ]
                    if late and (state.of or not state.member):
                        yield Problem(
                            grant.location,
                            f"callers who are `{late[0]}` may not read `{path}` at"
                            f" `{operation.id}`, and the guard looks it up with their credentials;"
                            f" so the fields of `{resource.name}` that depend on it stay closed for"
                            " them",
                            "write `guard: {service: {header: …, env: …}}` with a credential that"
                            " is shown it",
                        )
                        return

    def _is_told(
        self, relation: str, path: str, values: tuple[Json, ...], operation: Operation
    ) -> bool:
        """Whether holders of a relation are shown a state while it has one of some values."""
        name, _, called = path.partition(".")
        table, state = self.model.tables[name], self.policy.resources[name].states[called]
        kind = self.policy.relations[relation].kind
        if kind == "owner" or not (at := leaf_index(table, state.member)) >= 0:
            return True
        if kind == "anyone" and not may_call(self.model, ANONYMOUS, operation.id, {}):
            return False
        held = self._at_least(relation)
        return any(table.see(held, {called: value}) >> at & 1 for value in values)

    def unnamed(self) -> Iterator[Problem]:
        """Warns about operations that the contract does not mention, or only as a look-up; others
        whose response has a schema are reported by every contract check."""
        relations = self.policy.relations.values()
        asked = [self.policy.caller.operation, *(each.operation for each in relations)]
        known = {each.id for name in asked if name and (each := self.document.operation(name))}
        names = [
            each.id
            for each in self.document.operations
            if each.id not in self.wiring.endpoints
            and each.id not in self.model.rules
            and each.method not in NEVER_SENT
            and (not success(each) or each.id in known)
        ]
        if names:
            some = ", ".join(f"`{each}`" for each in names[:5]) + (", …" if names[5:] else "")
            said = f"no line mentions {some}, so a gateway answers 404 there"
            where = self.policy.places.get(("operations",), Location(self.policy.file))
            yield Problem(where, said, f"write `{names[0]}: {{}}` if callers should reach it")

    def shut(self) -> Iterator[Problem]:
        """Warns about fields that `anyone` may see, and that only operations show which the
        document opens to nobody without credentials."""
        found: dict[str, Location] = {}
        shut: dict[str, None] = {}
        for name, resource in self.policy.resources.items():
            grants = (grant for rule in resource.fields for grant in rule.grants)
            opened = next((each for each in grants if self._to_anyone(each)), None)
            shows = [
                each.operation
                for each in self.wiring.endpoints.values()
                if not each.write and name in self._shown(each.operation)
            ]
            kept = [each.id for each in shows if self.model.rule(each.id).call is None]
            kept.sort(key=resource.main.__ne__)
            reached = any(may_call(self.model, ANONYMOUS, each.id, {}) for each in shows)
            if opened is not None and kept and not reached:
                found[name] = opened.location
                shut |= dict.fromkeys(kept)
        if found:
            said = (
                f"`anyone` may see fields of {few([*found], 3)}, but the document asks for"
                f" credentials at {few([*shut], 3)}, so callers without any get 401 there"
            )
            hint = (
                f"write `{next(iter(shut))}: {{call: [anyone]}}` where no login is needed, or"
                " `security: []` in the document or an overlay"
            )
            yield Problem(next(iter(found.values())), said, hint)

    def _to_anyone(self, grant: Grant) -> bool:
        return any(self.policy.relations[name].kind == "anyone" for name in grant.see)

    # ------------------------------------------------------------ operations

    def endpoint(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about what a granted operation does not return behind a gateway."""
        yield from self._unreadable(endpoint)
        yield from self._anything(endpoint)
        yield from self._sparse(endpoint)
        yield from self._unasked(endpoint)
        yield from self.parted(endpoint)
        if endpoint.write:
            yield from self._write(endpoint)
            yield from creations(self.model, endpoint, self.where)
            yield from placed(self.model, endpoint, self.where)
            yield from replaced(self.model, endpoint, self.where)
            yield from existence(self.model, endpoint, self.where, self._at_least)
            yield from errors(self.model, endpoint, self.where)
        yield from self._forms(endpoint)
        if not endpoint.ahead:
            yield Problem(
                self.where(endpoint.operation),
                f"no valid value is known for the parameters of `{endpoint.operation.id}`, so"
                f" browsers cannot send a CORS preflight from a page of another origin",
                "let `pattern` or `enum` allow values that fit in a path segment",
            )

    def _unreadable(self, endpoint: Endpoint) -> Iterator[Problem]:
        operation = endpoint.operation
        several = [
            media
            for status, found in operation.responses.items()
            if status.startswith("2")
            for media in found
        ]
        if several and not any(kind_of(each) for each in several):
            types = ", ".join(dict.fromkeys(f"`{each.type}`" for each in several))
            done = "its response is sent empty" if endpoint.write else "it answers 502"
            yield Problem(
                self.where(operation),
                f"`{operation.id}` answers with {types}, which a gateway cannot read: {done}",
                "declare a list of objects whose members are the columns"
                if any(essence(each.type) == "text/csv" for each in several)
                else "no contract line can open it; route it to the API without the gateway",
            )

    def _anything(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about a place outside every resource where the document allows any value."""
        media = endpoint.operation.success()
        bound = self.model.bound
        todo: list[tuple[str, Shape]] = []
        if media is not None and media.shape is not None and kind_of(media) == "json":
            todo = [("", media.shape)]
        while todo:
            at, shape = todo.pop()
            pointed = any(
                segments == path_of(at) for segments in self._pointers(endpoint.operation)
            )
            if pointed or resource_of(shape, bound) or at.count("/") > 3:
                continue
            inner = shape.extra() if shape.extra is not None else shape
            if _is_anything(inner) or _is_bare(inner):
                where = f"at `{at}` of the response of" if at else "in the response of"
                said = f"{where} `{endpoint.operation.id}` the document allows anything"
                what = "objects and lists below it"
                if inner is shape:
                    what = "each member and element of what stands there"
                yield Problem(
                    self.where(endpoint.operation),
                    f"{said}, so the gateway removes {what}",
                    "declare them in the document or an overlay",
                )
                return
            todo += [(f"{at}/{name}", child()) for name, child in shape.properties.items()]
            todo += [(f"{at}/*", shape.items())] if shape.items is not None else []

    def _pointers(self, operation: Operation) -> list[tuple[str, ...]]:
        return [segments for segments, _ in self.model.shown.get(operation.id, ())]

    def _sparse(self, endpoint: Endpoint) -> Iterator[Problem]:
        needed = [
            (name, path)
            for name in self._shown(endpoint.operation)
            if (path := _needed(self.policy.resources[name]))
        ]
        for name in endpoint.query if needed else ():
            if name.lower() in _PICKS:
                resource, path = needed[0]
                said = f"a caller who omits `{path}` with `{name}` sees nothing that depends on it"
                yield Problem(
                    self.where(endpoint.operation),
                    f"{said} of a `{resource}` at `{endpoint.operation.id}`, not even of their own",
                    f"write `without: [{name}]`, or let clients request `{path}` too",
                )

    def _unasked(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about a read that `call:` opens to an owner or the like, with values outside any
        object: without an object of the caller's beside them, no look-up is made for them."""
        operation, rule = endpoint.operation, self.model.rule(endpoint.operation.id)
        if not asks(self.model, operation.id) or account(self.model, operation.id):
            return
        media = operation.success()
        # Without a schema, as a file in Swagger 2.0, a response is a value outside of objects.
        if media is None or (media.shape is not None and not self._beside(operation, media.shape)):
            return
        called = [self.policy.relations[name] for name in rule.call or ()]
        basic = self.policy.only("anyone", "authenticated")
        if any(each.name in basic and not each.unless for each in called):
            return
        free = [
            f"`{each.name}`"
            for each in called
            if self.policy.kinds(each.name).isdisjoint(OF_OBJECTS)
        ]
        who = f"only {' and '.join(free)} pass" if free else "nobody passes"
        said = f"nobody can tell whose object `{operation.id}` shows, so {who}"
        if self._shown(operation):
            said = (
                f"if none of the objects that `{operation.id}` shows lets the caller pass, the"
                f" values beside them are withheld (an empty list stays)"
            )
        hint = (
            "write `owner: PARAMETER` if the path contains the owner's id, or `call: […]` with"
            " those who may see it whatever it shows"
        )
        yield Problem(self.where(operation), said, hint)

    def _beside(self, operation: Operation, top: Shape) -> bool:
        """Whether the document declares a value outside every resource."""
        pointers, known = self._pointers(operation), set[Shape]()
        todo: list[tuple[tuple[str, ...], Shape]] = [((), top)]
        for at, shape in todo:
            if at in pointers or shape in known or resource_of(shape, self.model.bound):
                continue
            known.add(shape)
            if scalars(shape) and not shape.branches:
                return True
            todo += [((*at, name), child()) for name, child in shape.properties.items()]
            todo += [(at, branch()) for branch in shape.branches]
            for each in (shape.items, shape.extra):
                todo += [((*at, "*"), each())] if each is not None else []
        return False

    def _told(self, resource: Resource, state: State) -> bool:
        """Whether anybody but the owner and staff may see a state's value."""
        sees = {
            name
            for rule in resource.fields
            if rule.path == state.member or rule.path.endswith("**")
            for grant in rule.grants
            for name in grant.see
        }
        return any(self.policy.relations[name].kind not in ("owner", "claim") for name in sees)


def _told_at(shape: Shape, claim: str) -> Shape | None:
    """The schema at a claim's path, or that of undeclared members; None if there is none."""
    at: Shape | None = shape
    for step in claim_path(claim):
        at = member(at, step) if at is not None else None
    return at


def _other_kind(shape: Shape, value: Json) -> str:
    """The declared type of a claim that can never equal the value; empty when it can."""
    shape = element(shape) or shape
    kinds = {"boolean"} if isinstance(value, bool) else _KINDS.get(type(value), set())
    if not shape.kinds or shape.branches or not kinds or kinds & {*shape.kinds}:
        return ""
    return " or ".join(sorted(shape.kinds))


def _is_anything(shape: Shape) -> bool:
    said = (shape.names, shape.kinds, shape.properties, shape.branches, shape.items, shape.extra)
    return not any(said)


def _is_bare(shape: Shape) -> bool:
    """Whether an object or a list is declared without a word on what stands in it."""
    said = (shape.properties, shape.branches, shape.items, shape.extra)
    return bool(shape.kinds & {"object", "array"}) and not any(said)


def _needed(resource: Resource) -> str:
    """A member that decides an object's owner or state, without which nothing can be shown."""
    if resource.owner.kind == "field":
        return resource.owner.members[0]
    return next((state.member for state in resource.states.values() if state.member), "")

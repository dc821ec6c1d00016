"""Warnings of `guard check` about writes that are granted but that the gateway refuses.

There are warnings, too, about writes that it cannot check. Warnings change nothing. Each names what
stays closed, why, and the line that opens it.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import ANONYMOUS, Model
from oakum.authz.compiled_model import resources_in
from oakum.authz.decide import may_call
from oakum.authz.places import resource_of
from oakum.authz.table import leaf_index
from oakum.errors import Location, Problem, few
from oakum.guard.unenforceable_containers import many_of
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import element, member, scalars
from oakum.policy.model import Resource
from oakum.routing.largest_page import PAGING
from oakum.routing.lookup_plan import Endpoint, LookupPlan, kind_of
from oakum.routing.media import FORM, PARTS
from oakum.routing.objects_in_responses import enclosing, listed_at, shown_at
from oakum.routing.path_objects import PathObjects, key_lists, names
from oakum.routing.uploads import unset_files
from oakum.routing.write_targets import needs_object
from oakum.routing.written_resource import untold

_DEEP = 3
"""Nesting depth of a request body that is searched for lists of keys."""

_MANY = 3
"""From this number on, equal warnings are merged into one."""

_INSIDE = ("field", "path", "caller")
"""Kinds of owner for an object nested in one that is looked up by its key."""


class Writes:
    """Warnings about writes: granted by the contract, but denied or unchecked by the gateway."""

    def __init__(self, document: Document, model: Model, wiring: LookupPlan) -> None:
        self.document, self.model, self.wiring = document, model, wiring
        self.policy = model.policy

    def where(self, operation: Operation) -> Location:
        """The operation's line in the contract, else its place in the document."""
        if operation.id in self.model.rules:
            return self.model.rule(operation.id).location
        return self.document.locate(operation.pointer)

    def logins(self) -> Iterator[Problem]:
        """Warns about operations that are called before logging in: one by one, or merged."""
        found = [
            problem
            for endpoint in self.wiring.endpoints.values()
            for problem in self._login(endpoint)
        ]
        if len(found) < _MANY:
            yield from found
            return
        first = found[0]
        more = f" (and at {len(found) - 1} more operations that the document opens to all)"
        yield Problem(first.location, first.message + more, first.hint)

    def bodiless(self) -> Iterator[Problem]:
        """Warns about writes without a declared body: the gateway lets no body through."""
        found = [
            endpoint.operation
            for endpoint in self.wiring.endpoints.values()
            if endpoint.write
            and not endpoint.operation.body
            and endpoint.operation.method != "DELETE"
        ]
        if found:
            some = few([each.id for each in found], 3)
            said = (
                f"the document declares no request body of {some}, so requests with a body are"
                f" refused"
            )
            hint = "declare it in the document or an overlay if callers send one"
            yield Problem(self.where(found[0]), f"{said} with 400", hint)

    def _login(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about a response to an anonymous caller that shows what only an owner may see:
        usually a login or a sign-up."""
        operation, rule = endpoint.operation, self.model.rule(endpoint.operation.id)
        who = self._before(endpoint)
        shown = [self.policy.resources[name] for name in self._shown(operation)]
        for resource in sorted(shown, key=lambda each: not each.is_account):
            if rule.login or not who:
                return
            if resource.owner.kind in ("field", "caller") and (kept := self._kept(resource)):
                few = ", ".join(f"`{resource.name}.{each}`" for each in kept[:3])
                few += ", …" if kept[3:] else ""
                hint = (
                    "if it answers with the account that has just logged in, write"
                    f" `{operation.id}: {{login: /…}}`, the pointer to that account's id in the"
                    f" response"
                )
                yield Problem(
                    self.where(operation),
                    f"{who}, so the gateway removes {few} from its response",
                    hint,
                )
                return

    def _before(self, endpoint: Endpoint) -> str:
        """Says why a write's caller is anonymous; empty when it may be logged in. Where login is
        optional, only a sign-up is assumed to be anonymous."""
        operation, id = endpoint.operation, endpoint.operation.id
        if not endpoint.write or not may_call(self.model, ANONYMOUS, id, {}):
            return ""
        if operation.security is not None and not any(operation.security):
            return f"callers of `{id}` are anonymous"
        names = {*self._shown(operation), *self._written(operation)}
        account = any(self.policy.resources[name].is_account for name in names)
        makes = operation.method == "POST" and endpoint.target.kind == "caller"
        return f"callers of `{id}` are anonymous until they log in" if makes and account else ""

    def _unset(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about a body in which the caller, being anonymous, may set nothing."""
        id, who = endpoint.operation.id, self._before(endpoint)
        said = self.model.written.get(id)
        written = [self.policy.resources[name] for name in said.resources] if said and who else []
        grants = [g.set for each in written for rule in each.fields for g in rule.grants if g.set]
        anyone = {n for n, each in self.policy.relations.items() if each.kind == "anyone"}
        if grants and all(anyone.isdisjoint(each) for each in grants):
            yield Problem(
                self.where(endpoint.operation),
                f"{who}, and no line lets `anyone` set what its body contains, so every body"
                f" from them is refused",
                f'write `{id}: {{sets: {{RESOURCE: ""}}}}` with a write-only resource'
                " (`owner: none`, `set: [anyone]`)",
            )

    def _kept(self, resource: Resource) -> list[str]:
        """Fields that the owner may see and an anonymous caller may not."""
        return [
            rule.path
            for rule in resource.fields
            if (seers := {self.policy.relations[n].kind for g in rule.grants for n in g.see})
            and "owner" in seers
            and "anyone" not in seers
        ]

    def _write(self, endpoint: Endpoint) -> Iterator[Problem]:
        operation, rule = endpoint.operation, self.model.rule(endpoint.operation.id)
        kind, id = endpoint.target.kind, endpoint.operation.id
        if rule.call is None and kind == "none":
            what = (
                "so not even its owner may set anything"
                if endpoint.binds
                else "and no `call:` says who may call it, so nobody may"
            )
            said = f"the owner of the object that `{id}` writes is unknown, {what}"
            hint = f"{endpoint.helps}; or `{id}: {{call: […]}}` if the API checks the owner"
            if lists := key_lists(self.model, operation):
                hint = (
                    f"write `{id}: {{call: […]}}` with those who may, for example `owner`: each"
                    f" object that `{next(iter(lists))}` names is asked about"
                )
            yield Problem(self.where(operation), said, hint)
        elif rule.call is None and not endpoint.binds and kind in ("ask", "path"):
            below = not operation.path.rstrip("/").endswith("}")
            if (operation.method == "POST" and below) or self._links(operation):
                said = f"no `call:` says who may call `{id}`, so only the owner of the object may"
                hint = f"write `{id}: {{call: […]}}` with those who may, for example `owner`"
                yield Problem(self.where(operation), said, hint)
        written = [self.policy.resources[name] for name in self._written(operation)]
        if rule.call and kind == "none" and written and self._of_an_object(written):
            said = (
                f"the owner of the object that `{id}` writes is unknown, so fields that only its"
                f" owner may set are refused"
            )
            yield Problem(self.where(operation), said, endpoint.helps)
        yield from self._new(endpoint)
        yield from self._keys(endpoint)
        yield from self._unset(endpoint)
        yield from self._unexplained(endpoint)
        yield from self._named(endpoint)
        yield from self._typed(endpoint)
        if written and not any(_sets(each) for each in written):
            said = f"no line says who may set the body fields of `{id}`, so every body is refused"
            hint = "write `set: […]` beside `see:` for the fields that callers send"
            yield Problem(self.where(operation), said, hint)

    def _links(self, operation: Operation) -> bool:
        """Whether a write says what the caller does with the object: `PUT /following/{id}`, which
        sends nothing to set, and the DELETE that takes it back."""
        each = (other.operation for other in self.wiring.endpoints.values())
        puts = {found.path for found in each if found.method == "PUT" and not found.body}
        return operation.path in puts and operation.method in ("PUT", "DELETE")

    def _typed(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about a body of one of several resources where nothing shows which the object is
        of."""
        operation, typed = endpoint.operation, endpoint.typed
        if typed is not None and untold(endpoint.target, typed):
            kinds = " or ".join(f"a `{each}`" for each in typed.kinds)
            yield Problem(
                self.where(operation),
                f"nothing shows whether the object that `{operation.id}` writes is {kinds}, so"
                f" every body is refused",
                f"declare `GET {operation.path}` with that union as its response",
            )

    def _new(self, endpoint: Endpoint) -> Iterator[Problem]:
        """A PUT that would make what is not there, and may be elsewhere for all that is known."""
        operation, target = endpoint.operation, endpoint.target
        resource = self.policy.resources.get(target.resource)
        puts = operation.method == "PUT" and operation.path.endswith("}") and target.says
        if puts and resource is not None and not resource.main and resource.owner.kind == "field":
            yield Problem(
                self.where(operation),
                f"if `{operation.id}` does not find a `{resource.name}`, the gateway cannot tell"
                f" whether it exists elsewhere, so it lets none be created",
                f"name the GET that shows a `{resource.name}` by its key in `main:`",
            )

    def _of_an_object(self, written: list[Resource]) -> bool:
        """Whether every setting right depends on the caller's relation to the object."""
        grants = [g.set for each in written for rule in each.fields for g in rule.grants if g.set]
        return bool(grants) and all(needs_object(self.policy, setters) for setters in grants)

    def _keys(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about keys in bodies for which the gateway makes no look-up."""
        id = endpoint.operation.id
        said = self.model.written.get(id)
        for name in self._written(endpoint.operation):
            resource, table = self.policy.resources[name], self.model.settable[name]
            at = leaf_index(table, resource.key) if resource.key else -1
            finder = endpoint.finders.get(name)
            own = at >= 0 and bool(table.rules[at].grants)
            # In a map its name is its key, and one in a list needs no `set`.
            many = many_of(self.model, endpoint.operation, name) if resource.key else set[str]()
            if (finder and finder.kind == "ask") or not (own or many):
                continue
            first = said is not None and name in said.resources
            names_another = (
                self._unlooked(endpoint, name) if first else resource.owner.kind in _INSIDE
            )
            if names_another and not (first and resource.is_account):
                ways = [f"by `{resource.key}`"] if own or "list" in many else []
                by = " or ".join([*ways, *(["in a map"] if "map" in many else [])])
                whose = f"the owner of the `{name}` that a body of `{id}` names {by}"
                hint = f"name the GET that shows a `{name}` by its key in `main:`"
                if finder is not None:
                    hint = (
                        f"let a GET show a `{name}` by its key with no path parameters besides"
                        f" those of `{id}`, or let clients write such objects under the path"
                        f" that shows them"
                    )
                yield Problem(
                    self.where(endpoint.operation),
                    f"{whose} is unknown, so fields that only its owner may set are refused there",
                    _parted(resource) if resource.owner.kind == "parent" else hint,
                )

    def _unlooked(self, endpoint: Endpoint, name: str) -> bool:
        """Whether a key in a body may name another object than the one that was looked up."""
        target = endpoint.target
        makes = endpoint.operation.method == "POST"
        if target.kind == "none" or (makes and name not in endpoint.finders):
            return False
        if makes and target.kind == "caller" and True in self._stands(endpoint.operation, name):
            return True
        return target.unnamed or target.below or target.resource not in ("", name)

    def _stands(self, operation: Operation, name: str) -> set[bool]:
        """How top-level objects of a resource occur in a request body: True in a list or map, False
        alone."""
        found = {"*" in at for at, each in self.model.sets.get(operation.id, ()) if each == name}
        bound, known = self.model.bound, set[tuple[Shape, bool]]()
        todo = [(each.shape, False) for each in operation.body if each.shape is not None]
        for shape, many in todo:
            if resource_of(shape, bound):
                found |= {many} if resource_of(shape, bound) == name else set()
            elif (shape, many) not in known:
                known.add((shape, many))
                todo += [(child(), many) for child in (*shape.properties.values(), *shape.branches)]
                todo += [(each(), True) for each in (shape.items, shape.extra) if each is not None]
        return found

    def parted(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about objects owned through a parent that is absent from the response or body."""
        operation = endpoint.operation
        for name in self._shown(operation):
            resource = self.policy.resources[name]
            at = shown_at(self.model, operation, name)
            at = listed_at(self.model, operation, name) if at is None else at
            around = self._unowned(operation, name) if resource.owner.kind == "parent" else ""
            alone = around or (at is not None and not enclosing(self.model, operation, at))
            if resource.owner.kind == "parent" and alone and (kept := self._kept(resource)):
                few = ", ".join(f"`{name}.{each}`" for each in kept[:3])
                few += ", …" if kept[3:] else ""
                parent = f"an owner of the `{around}` around it" if around else ""
                said = (
                    f"`{operation.id}` shows a `{name}` without {parent or 'its parent object'}, so"
                    f" its owner is unknown there, and {few} stays hidden even from its owner"
                )
                yield Problem(self.where(operation), said, _parted(resource, reads=True))
        if endpoint.write and endpoint.unlooked:
            resource = self.policy.resources[endpoint.unlooked]
            if resource.owner.kind == "parent":
                said = f"the owner of the `{resource.name}` that `{operation.id}` writes is unknown"
                twice = PathObjects(self.document, self.model).is_parted_twice(operation)
                hint = endpoint.helps if twice else _parted(resource)
                where = self.where(operation)
                yield Problem(where, f"{said}, so not even its owner may write it", hint)

    def _unowned(self, operation: Operation, name: str) -> str:
        """The object around such a resource in a response, if it is its parent's in turn, or
        nobody's, so that no owner is known; empty if there is none."""
        media = operation.success()
        todo = [(media.shape, "")] if media is not None and media.shape is not None else []
        met = {*todo}
        for shape, around in todo:
            here = resource_of(shape, self.model.bound)
            if here == name and around:
                return around
            kind = self.policy.resources[here].owner.kind if here else "none"
            if kind in ("parent", "none"):
                next_ = (*shape.properties.values(), *shape.branches, shape.items, shape.extra)
                below = [(each(), here or around) for each in next_ if each is not None]
                todo += [each for each in dict.fromkeys(below) if each not in met]
                met.update(below)
        return ""

    def _named(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about objects that a write names by plain keys and that are not looked up."""
        operation, id = endpoint.operation, endpoint.operation.id
        rule = self.model.rule(id)
        checked = rule.call is None or needs_object(self.policy, rule.call)
        for place, resource in endpoint.plain.places.items() if checked else ():
            finder, name = endpoint.finders.get(resource), place.called
            other = _otherwise(id, name, resource)
            if finder is None or finder.kind != "ask":
                yield Problem(
                    self.where(operation),
                    f"the owner of the `{resource}` that `{name}` names at `{id}` is unknown, so"
                    f" requests that name one are refused",
                    f"let a GET show a `{resource}` by its key, or {other}",
                )
            elif names(operation) and place.where != "path":
                yield Problem(
                    self.where(operation),
                    f"`{id}` also requires that the caller may write each `{resource}` that"
                    f" `{name}` names",
                    f"{other} if it only refers to one, or says what to do with the object of the"
                    " path",
                )

    def _unexplained(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about parameters that may name the object of a write without a declared meaning."""
        operation, rule = endpoint.operation, self.model.rule(endpoint.operation.id)
        checked = rule.call is None or needs_object(self.policy, rule.call)
        if operation.method in ("POST", "QUERY") or names(operation) or not checked:
            return
        told = {each.name for each in endpoint.plain.places}
        query = [
            f"`{each.name}`"
            for each in operation.parameters
            if each.where == "query" and each.name in endpoint.query
            and each.name not in {*rule.params, *told} and each.name.lower() not in PAGING
            and not each.shape.enum and each.shape.kinds != {"boolean"}
        ]  # fmt: skip
        known = endpoint.plain.places or endpoint.target.kind == "none"
        found, id = [*query, *([] if known else sorted(self._lists(operation)))], operation.id
        if found:
            few = ", ".join(found[:3]) + (", …" if found[3:] else "")
            said = (
                f"`{id}` may take from {few} which objects it writes, and the gateway does"
                f" not check those"
            )
            name = found[0].strip("`") if found[0].startswith("`") else "NAME"
            hint = f"declare what it names, `{id}: {{params: {{{name}: RESOURCE.KEY}}}}`"
            hint += f", or remove it, `{id}: {{without: [{name}]}}`" if query else ""
            yield Problem(self.where(operation), said, hint)

    def _lists(self, operation: Operation) -> Iterator[str]:
        """Lists of scalars in a request body outside every resource, down to a few levels."""
        params = self.model.rule(operation.id).params
        todo = [((), each.shape) for each in operation.body if each.shape is not None]
        tops: list[tuple[tuple[str, ...], Shape]] = [*todo]
        for at, shape in tops:
            each, name = element(shape), ".".join(at)
            if each is not None and scalars(each) and not each.properties and name not in params:
                yield f"`{name}`" if at else "a list"
            if len(at) < _DEEP and not resource_of(shape, self.model.bound):
                tops += [((*at, name), child()) for name, child in shape.properties.items()]

    def made(self) -> Iterator[Problem]:
        """Warns once about keys whose availability is not checked."""
        found = [
            (endpoint.operation, self.policy.resources[name])
            for endpoint in self.wiring.endpoints.values()
            for name in self._free(endpoint)
        ]
        if found:
            operation, resource = found[0]
            more = f" (and at {len(found) - 1} more places)" if found[1:] else ""
            said = (
                f"callers of `{operation.id}` may choose any `{resource.key}`, even one that"
                f" exists: an API that saves by key would overwrite another user's"
                f" `{resource.name}`{more}"
            )
            hint = (
                f"remove `set` from `{resource.name}.{resource.key}` if clients do not choose"
                f" it; otherwise make sure that the API refuses an existing one"
            )
            yield Problem(self.where(operation), said, hint)

    def _free(self, endpoint: Endpoint) -> Iterator[str]:
        operation, target = endpoint.operation, endpoint.target
        written = self.model.written.get(operation.id)
        makes = operation.method == "POST" and endpoint.write and target.kind == "caller"
        for name in written.resources if written is not None and makes else ():
            resource, table = self.policy.resources[name], self.model.settable[name]
            at = leaf_index(table, resource.key) if resource.key else -1
            alone = not target.below and False in self._stands(operation, name)
            asked = name in endpoint.finders and not alone
            named = at >= 0 and bool(table.rules[at].grants)
            if named and not asked and resource.owner.kind != "none":
                yield name

    def key_spellings(self) -> Iterator[Problem]:
        """Warns once about names as keys: of integers and UUIDs each has one spelling alone."""
        found = [
            (endpoint.operation, self.policy.resources[name])
            for endpoint in self.wiring.endpoints.values()
            for name, finder in endpoint.finders.items()
            if finder.kind == "ask" and not finder.form and self._takes_free(endpoint, name)
        ]
        if found:
            operation, resource = found[0]
            more = f" (and at {len(found) - 1} more places)" if found[1:] else ""
            key = f"`{resource.name}.{resource.key}`"
            yield Problem(
                self.where(operation),
                f"callers of `{operation.id}` may set {key} to a text that the GET of it answers"
                f" with 404: an API that ignores case in a body would overwrite another user's"
                f" object{more}",
                f"remove `set` from {key} if clients do not choose it, declare it as an integer"
                " or with `format: uuid` if it is one, or make sure that the API ignores no case",
            )

    def keys_in_puts(self) -> Iterator[Problem]:
        """Warns once about a PUT that holds the key of the path's object, which nobody may set."""
        found = [
            (endpoint.operation, self.policy.resources[name])
            for endpoint in self.wiring.endpoints.values()
            if endpoint.write and endpoint.operation.method == "PUT" and endpoint.target.last
            for name in self._written(endpoint.operation)
            if endpoint.target.resource == name and self._says_key(endpoint.operation, name)
        ]
        if found and self.policy.guard.unknown == "refuse":
            operation, resource = found[0]
            more = f" (and at {len(found) - 1} more places)" if found[1:] else ""
            yield Problem(
                self.where(operation),
                f"a body of `{operation.id}` that holds `{resource.key}` is refused with 422, also"
                f" where it is that of the path, since nobody may set it{more}",
                "let clients leave it out, and say so in the document with `readOnly: true`, or"
                " have it removed with `guard: {unknown: remove}`",
            )

    def _says_key(self, operation: Operation, name: str) -> bool:
        """Whether a body is such an object alone, of which clients may send the key and not set."""
        key = self.policy.resources[name].key
        shapes = [e.shape for e in operation.body if e.shape is not None]
        tops = [e for e in shapes if resource_of(e, self.model.bound) == name]
        keys = [member(e, key) for e in tops] if key else []
        sent = any(each is not None and not each.read_only for each in keys)
        return sent and not self._sets_key(name)

    def _takes_free(self, endpoint: Endpoint, name: str) -> bool:
        """Whether a body may give an object a key that the API does not know."""
        if not name or not endpoint.write:
            return False
        names = endpoint.target.resource == name or endpoint.operation.method == "POST"
        written = self.model.written.get(endpoint.operation.id)
        held = written is not None and name in written.resources
        return held and names and self._sets_key(name)

    def _sets_key(self, name: str) -> bool:
        """Whether the contract lets anybody set the key of a resource."""
        table, key = self.model.settable[name], self.policy.resources[name].key
        at = leaf_index(table, key) if key else -1
        return at >= 0 and bool(table.rules[at].grants)

    def _at_least(self, relation: str) -> set[str]:
        """All relations that certainly hold for a caller who has this one to another's object."""
        known = self.policy.kinds(relation) != {"anyone"}
        base = self.policy.only(*(("anyone", "authenticated") if known else ("anyone",)))
        plain = (name for name in base if not self.policy.relations[name].unless)
        return {*self.policy.required(relation), *plain}

    def _forms(self, endpoint: Endpoint) -> Iterator[Problem]:
        """Warns about form bodies of a resource that a gateway cannot read."""
        for media in sorted(endpoint.unjudged):
            yield Problem(
                self.where(endpoint.operation),
                f"a gateway cannot read which fields a `{media}` body of"
                f" `{endpoint.operation.id}` sets: it is refused with 415",
                "let clients send a body that contains the resource, or say with `sets` where it"
                " is",
            )
        if endpoint.write and (files := [*unset_files(self.model, endpoint.operation)]):
            name, resource = files[0]
            yield Problem(
                self.where(endpoint.operation),
                f"no line lets anybody set `{name}` of a `{resource}`, so each form of"
                f" `{endpoint.operation.id}` with that file is refused with 422",
                f"write `{name}: [{{set: […]}}]` in `fields` of `{resource}`",
            )
        said = [
            each.type
            for each in endpoint.operation.body
            if kind_of(each) != "json" and endpoint.resource_form(each.type) is None
            if each.type != PARTS or not endpoint.upload
        ]
        if not (endpoint.binds or endpoint.plain.body) or not said:
            return
        types = ", ".join(f"`{each}`" for each in dict.fromkeys(said))
        hint = "let clients send JSON there, or declare it at an operation of its own"
        if FORM in said or PARTS in said:
            hint = "if the form is the resource, name its schema in `schemas` of that"
            hint += "; one with a file passes if it names no field that its owner may not set"
        what = "sets of a resource" if endpoint.binds else "names by keys"
        yield Problem(
            self.where(endpoint.operation),
            f"a gateway judges what a body of `{endpoint.operation.id}` {what}, and cannot in"
            f" {types}: that is refused with 415",
            hint,
        )

    def _shown(self, operation: Operation) -> list[str]:
        """Resources in an operation's success response."""
        media = operation.success()
        shape = media.shape if media is not None else None
        found = resources_in(shape, self.model.bound) if shape is not None else ()
        inside = (name for name, _ in found)
        pointed = (name for _, name in self.model.shown.get(operation.id, ()))
        return list(dict.fromkeys((*inside, *pointed)))

    def _written(self, operation: Operation) -> list[str]:
        """Resources in an operation's request body."""
        inside = (
            name
            for media in operation.body
            if media.shape is not None
            for name, _ in resources_in(media.shape, self.model.bound)
        )
        pointed = (name for _, name in self.model.sets.get(operation.id, ()))
        return list(dict.fromkeys((*inside, *pointed)))


def _otherwise(id: str, name: str, resource: str) -> str:
    """Hint for what is called like a key and is none."""
    return f"write `{id}: {{params: {{{name}: {resource}.FIELD}}}}` with what it holds"


def _sets(resource: Resource) -> bool:
    return any(grant.set for rule in resource.fields for grant in rule.grants)


def _parted(resource: Resource, *, reads: bool = False) -> str:
    """Hint for an object whose parent is not around it."""
    name = resource.name
    own = f"write `owner: FIELD` at `{name}` if it names its owner itself"
    if reads:
        return f"{own}; otherwise let clients read it inside its parent object"
    return (
        f"{own}, or let a GET on a prefix of the path, by key alone, show a list of `{name}`"
        f" inside their parent object"
    )

"""Which object a write changes, who owns it, and which request looks it up first.

A write changes the innermost object that its path names; an account after an object is an argument
(`PUT /lists/{id}/members/{user}`). The owner is what the API shows for that very object, found by
its key, or an owner's id in the path. If neither is available, the target is `none`, and only
relations that need no object permit the write: data around, beside or inside the object never
decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from oakum.authz import Model
from oakum.guard.compiled.objects_in_responses import (
    all_shown,
    answer,
    likeliest,
    listed_at,
    outer_at,
    shown_at,
    singles,
    stands_inside,
    within_at,
)
from oakum.guard.compiled.path_objects import (
    ObjectReader,
    PathObjects,
    PathStep,
    names,
    places,
    shut,
)
from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.openapi.shape_queries import member_by_name
from oakum.policy.model import Policy, Resource
from oakum.routing.paging_parameters import page

TargetKind = Literal["caller", "path", "ask", "none"]

_OF_OBJECTS = frozenset(("owner", "lookup", "field"))
"""Kinds of relations that a caller has to an object or its owner."""


@dataclass(frozen=True)
class Target:
    """How to find the object that a write changes, and its owner.

    `caller`: a new object, or the caller's own. `path`: the owner's id is the parameter `param`.
    `ask`: GET `operation` returns the object, a `resource` at `pointer` of its response; it has the
    same path parameters, or is a list of the caller's objects. `none`: unknown, or the path names
    several objects by key, so only relations that need no object permit the write.
    """

    kind: TargetKind
    param: str = ""
    operation: str = ""
    resource: str = ""
    pointer: tuple[str, ...] = ()
    """JSON Pointer of the object; if it ends with `*`, the list element whose `key` equals
    `param`."""
    key: tuple[str, ...] = ()
    query: str = ""
    """Query of the look-up."""
    names: tuple[tuple[str, str], ...] = ()
    """Path parameters with different names, as in `ObjectReader`."""
    unnamed: bool = False
    """As `Subject.unnamed`: only the body identifies the object."""
    below: bool = False
    """As `Subject.below`: the path names an enclosing object."""
    last: str = ""
    """The path parameter that ends the path; empty if a word does."""
    made: str = ""
    """The path parameter with the owner of an object that a PUT creates if none exists yet."""
    then: Target | None = None
    """The next look-up if this one finds nothing, before absence is believed; for a finder, and
    with `says`, also if the object found does not show its owner."""
    says: bool = False
    """Whether the owner in the path counts only if nothing else tells the owner."""
    own: bool = False
    """Whether the look-up uses the caller's credentials."""
    kinds: tuple[str, ...] = ()
    """Resources that the object may belong to, one of which the response shows."""
    parts: tuple[str, ...] = ()
    """Those of `kinds` whose object the path names: if shown without a key, it is that object."""
    above: Target | None = None
    """For a new object: the one below which it is created, which decides about callers whom
    `call:` does not let in whatever the object is."""
    around: tuple[Target, ...] = ()
    """Other objects in the path after the owner, which must belong to that owner."""
    form: str = ""
    """For a finder, the declared form of keys: `integer` or `uuid`."""


@dataclass(frozen=True)
class Targets:
    """Derives the target of each write of a contract."""

    paths: PathObjects

    @property
    def model(self) -> Model:
        return self.paths.model

    @property
    def policy(self) -> Policy:
        return self.model.policy

    def target(self, operation: Operation, resource: str) -> Target:
        """The target of a write; `resource`: the one in its request body, empty if it has none of
        the contract."""
        found = self._find_target(operation, resource)
        end = re.fullmatch(r".*/\{([^{}]+)\}", operation.path)
        if end is not None:
            return replace(found, last=end[1])
        twin = self._twin(operation)
        alone = twin is not None and resource in ("", twin[1].name)
        return replace(found, below=bool(places(operation)) and not alone)

    def _find_target(self, operation: Operation, written: str) -> Target:
        if not places(operation):
            if self._asked_for(operation, written):
                return Target("none")
            return Target("caller", unnamed=operation.method != "POST")
        rule, steps = self.model.rule(operation.id), self.paths.steps(operation)
        if any(each.kind == "keys" for each in steps):
            return Target("none")
        if not rule.owner and self._made_below(operation, steps, written):
            if not asks_object(self.policy, rule.call):
                return Target("caller")
            return Target("caller", above=self._at_path(operation, steps, written))
        return self._at_path(operation, steps, written)

    def _at_path(self, operation: Operation, steps: Sequence[PathStep], written: str) -> Target:
        """The object that the path of a write names."""
        found = self._find_at_path(operation, steps, written)
        if found.kind == "ask" and self.policy.resources[found.resource].owner.kind == "caller":
            # A service sees other callers' objects too, so seeing one does not prove ownership.
            return replace(found, own=True)
        return found

    def _find_at_path(
        self, operation: Operation, steps: Sequence[PathStep], written: str
    ) -> Target:
        rule = self.model.rule(operation.id)
        # Path segments before the owner's are ignored: the contract names the owner.
        owner = next((at for at, each in enumerate(steps) if each.param == rule.owner), -1)
        objects = [each for each in steps[owner + 1 :] if each.kind == "object"]
        single = self._single(operation, steps, written) if len(steps) > owner + 1 else None
        if not objects and single is None:
            return Target("path", rule.owner) if rule.owner else self._account(steps, written)
        if self._is_another(operation, steps, written):
            return Target("none")
        shown = [single] if single is not None else self.showing_response(steps, objects[-1])
        if not rule.owner:
            return shown[0] if shown else Target("none")
        if shown:
            around = objects if single is not None else objects[:-1]
            return self._behind_owner(operation, steps, around, shown)
        # If nothing else is known, the path alone determines the owner.
        known = [one for each in objects for one in self._possible_resources(each)]
        told = all(each.owner.kind in ("none", "path") for each in known)
        return Target("path", rule.owner) if told else Target("none")

    def _possible_resources(self, step: PathStep) -> list[Resource]:
        """What a step names, or may name by what the GET there shows."""
        if step.resource is not None:
            return [step.resource]
        return [
            one
            for each in self.paths.gets(step.path)
            for name, one in self.policy.resources.items()
            if not one.is_account
            and (
                outer_at(self.model, each.get, name)
                or listed_at(self.model, each.get, name) is not None
            )
        ]

    # ------------------------------------------------------------ what is written

    def _twin(self, operation: Operation) -> tuple[ObjectReader, Resource] | None:
        """The GET of the same path, and the one resource that it shows."""
        for reader in self.paths.gets(operation.path):
            found = self.paths.alone(reader.get)
            return (reader, found[0]) if found is not None else None
        return None

    def _single(
        self, operation: Operation, steps: Sequence[PathStep], written: str
    ) -> Target | None:
        """What a path without a key at its end names, as `/users/{uid}/cart` does: by the `main`
        that it is, or by what the GET there shows and a body changes."""
        twin = self._twin(operation)
        if operation.path.endswith("}") or operation.method == "POST" or twin is None:
            return None
        (reader, one), known = twin, {each.resource and each.resource.name for each in steps}
        named = one.name == written or self.paths.main(one) is reader.get
        if not named or one.name in known or one.is_account or one.owner.kind in ("none", "parent"):
            return None
        [at, *more] = outer_at(self.model, reader.get, one.name)
        return None if more else Target(
            "ask", operation=reader.get.id, resource=one.name, pointer=at, names=reader.names
        )  # fmt: skip

    def _is_another(self, operation: Operation, steps: Sequence[PathStep], written: str) -> bool:
        """Whether a body is an object that nobody looks at: an account that the path names below
        another object, or one thing with an owner of its own below an object."""
        if written not in self.paths.body(operation):
            return self.holds_unseen(operation)
        one = self.policy.resources[written]
        if one.is_account:
            return any(each.resource is one for each in steps)
        single = not operation.path.endswith("}") and operation.method != "POST"
        known = any(each.resource is one for each in steps) or self._twin(operation) is not None
        return single and one.owner.kind == "field" and not known

    def holds_unseen(self, operation: Operation) -> bool:
        """Whether the body holds one object with an owner of its own that no GET of the path
        shows."""
        if operation.path.endswith("}") or operation.method == "POST":
            return False
        steps = self.paths.steps(operation)
        known = {each.resource.name for each in steps if each.resource is not None}
        for each in self.paths.gets(operation.path):
            known |= all_shown(self.model, each.get)
        held = (self.policy.resources[name] for name in singles(self.model, operation) - known)
        return any(one.owner.kind == "field" and not one.is_account for one in held)

    def _made_below(self, operation: Operation, steps: Sequence[PathStep], written: str) -> bool:
        """Whether a POST makes a new object below one of another kind that is nobody's account,
        and the contract says who may: then the new one is the caller's."""
        call, above = self.model.rule(operation.id).call, steps[-1].resource
        if operation.method != "POST" or operation.path.endswith("}") or not written or not call:
            return False
        if above is None or above.is_account or above.name == written:
            return False
        return not needs_object(self.policy, call)

    def _asked_for(self, operation: Operation, written: str) -> bool:
        """Whether a query names the object by its key, and nobody looks at it by that."""
        params, finders = self.model.rule(operation.id).params, Finders(self.paths)
        for each in operation.parameters:
            said, _, path = params.get(each.name, "").partition(".")
            resource = self.policy.resources.get(said) if each.where != "path" else None
            if resource is not None and path == resource.key and written in ("", said):
                found = finders.by_key(operation, resource)
                plain = each.where == "query" and not written
                if not plain or found is None or found.kind != "ask":
                    return True
        return False

    # ------------------------------------------------------------ whose it is

    def _account(self, steps: Sequence[PathStep], written: str) -> Target:
        """Of accounts alone the first, which is its own owner, found by its key in the path."""
        step = next((each for each in steps if each.kind == "account"), None)
        one = step.resource if step is not None else None
        if step is None or one is None or (written == one.name and len(steps) > 1):
            return Target("none")
        for reader in self.paths.readers(steps, step):
            found = None if self._staffs(reader.get) else self._at(reader, step, one)
            if found is not None:
                return found
        return Target("path", step.param) if step.key == one.key else Target("none")

    def _staffs(self, reader: Operation) -> bool:
        """Whether an owner who asks it with their own credentials is refused."""
        call = self.model.rule(reader.id).call
        kinds = {self.policy.relations[name].kind for name in call or ()}
        return self.policy.guard.service is None and bool(call) and kinds == {"claim"}

    def showing_response(self, steps: Sequence[PathStep], step: PathStep) -> list[Target]:
        """Look-ups whose response shows one object of a path alone, with its key."""
        one = step.resource
        if one is None or one.owner.kind == "none":
            return []
        if one.owner.kind == "parent":
            found = in_parent(self.paths, steps, steps.index(step), one, step.param)
            return [found] if found is not None else []
        readers = self.paths.readers(steps, step)
        targets = [self._at(each, step, one) for each in readers]
        return [each for each in targets if each is not None] or self._targets_by_list(step, one)

    def _at(self, reader: ObjectReader, step: PathStep, one: Resource) -> Target | None:
        """The object that a GET shows: the one with the key that the path holds. An answer that is
        nothing but the object needs none where no key is declared. None: nobody can tell which."""
        get, outer = reader.get, outer_at(self.model, reader.get, one.name)
        at = likeliest(outer, one.name) if outer else listed_at(self.model, get, one.name)
        if at is None:
            return None
        found = Target("ask", operation=get.id, resource=one.name, pointer=at, names=reader.names)
        bare = not reader.whole and not step.stated
        if len(outer) == 1 and (
            (at == () and (bare or one.is_account)) or not self._says(get, at, step.key)
        ):
            return found
        keyed = replace(found, param=step.param, key=tuple(step.key.split(".")))
        return keyed if step.key else None

    def _says(self, get: Operation, at: tuple[str, ...], key: str) -> bool:
        """Whether the document lets an object at a place of an answer say its key."""
        shape = answer(get)
        for step in (*at, *key.split(".")) if key else ():
            shape = member_by_name(shape, step) if shape is not None else None
        return bool(key) and shape is not None

    def _targets_by_list(self, step: PathStep, one: Resource) -> list[Target]:
        """In the list below which it stands, which is then asked as the caller."""
        for above in self.paths.gets(step.path.rpartition("/")[0]):
            at = listed_at(self.model, above.get, one.name)
            if at is not None and step.key and one.owner.kind in ("field", "caller"):
                key, query = tuple(step.key.split(".")), page(above.get)[0]
                return [
                    Target("ask", step.param, above.get.id, one.name, at, key, query, above.names)
                ]
        return []

    def _behind_owner(
        self,
        operation: Operation,
        steps: Sequence[PathStep],
        around: Sequence[PathStep],
        shown: Sequence[Target],
    ) -> Target:
        """An object behind its owner in a path: who names themselves there may name another's. What
        does not say whose it is may do so elsewhere, and one that is not here may be there."""
        owner = self.model.rule(operation.id).owner
        looked = [
            (each, self.showing_response(steps, each)[:1] if each.resource else [])
            for each in around
            if each.resource is None or each.resource.owner.kind == "field"
        ]
        first, *others = shown
        one = self.policy.resources[first.resource]
        asked = self.paths.main(one) in [self._get(each) for each in shown]
        last = operation.path.endswith("}") and steps[-1].kind == "object"
        new = operation.method == "PUT" and last and asked
        known = all(found for _, found in looked) and places(self._get(first)) > 0
        return replace(
            first,
            made=owner if new and known and one.owner.kind == "field" else "",
            then=replace(others[0], made=owner) if others else None,
            says=True,
            around=tuple(at for _, found in looked for at in found),
        )

    def _get(self, target: Target) -> Operation:
        return self.model.operations[target.operation]


def in_parent(
    paths: PathObjects, steps: Sequence[PathStep], end: int, resource: Resource, param: str
) -> Target | None:
    """Look-up of an object with the key `param` inside its parent, in a GET that shows both.
    `steps[end]` is the object, or `end` is past all steps. It belongs to the parent's owner,
    whatever the path says. None: no GET shows both."""
    before = [each for each in steps[:end] if each.kind not in ("value", "keys")]
    own, model = steps[end] if end < len(steps) else None, paths.model
    word = own.path.split("/")[-2] if own is not None else ""
    for reader, around, itself in _parents(paths, steps, before[-1] if before else None, own):
        get, owner = reader.get, model.policy.resources[around].owner
        told = resource.key and owner.kind not in ("none", "parent")
        found = within_at(model, get, resource.name, around) if told else []
        lists = [at for at in found if at[-1:] == ("*",)]
        # One of several lists, or a single object, need not belong to that object.
        likely = lists if len(lists) < 2 else [at for at in lists if at[-2:-1] == (word,)]
        likely = likely or (found if itself and not lists else [])
        if len(likely) == 1 and (get.id in model.rules or get.id in model.showing):
            key = tuple((own.key if own is not None else resource.key).split("."))
            return Target("ask", param, get.id, resource.name, likely[0], key, names=reader.names)
    return None


def _parents(
    paths: PathObjects, steps: Sequence[PathStep], parent: PathStep | None, own: PathStep | None
) -> Iterator[tuple[ObjectReader, str, bool]]:
    """GETs that may show an object together with what it is of, and what that is: its own, one on
    the way to it, or that of the object right before it in the path, and nothing further out."""
    around = parent.resource.name if parent is not None and parent.resource is not None else ""
    segments = own.path.split("/") if own is not None else []
    nearest = len(parent.path.split("/")) if parent is not None else 1
    for size in range(len(segments), nearest, -1):
        for each in paths.gets("/".join(segments[:size])):
            alone, known = paths.alone(each.get), around if size == len(segments) else ""
            if alone is not None and known in ("", alone[0].name):
                yield each, alone[0].name, size == len(segments)
    for each in paths.readers(steps, parent) if parent is not None and around else ():
        yield each, around, False


@dataclass(frozen=True)
class Finders:
    """Derives how objects named in a request body are looked up."""

    paths: PathObjects

    @property
    def document(self) -> Document:
        return self.paths.document

    @property
    def model(self) -> Model:
        return self.paths.model

    def by_key(self, operation: Operation, resource: Resource) -> Target | None:
        """The GET that shows an object of a resource by its key. Its path ends with the key, and
        its other parameters are at the same places in the path of the operation. `none`: there is
        such a GET, but its parameters are not in this path. None: there is no such GET. An object
        owned through its parent needs a GET that also shows the parent."""
        if not resource.key or resource.owner.kind == "none":
            return None
        found = self._by_key(operation, resource)
        return replace(found, form=self._form(found, resource)) if found is not None else None

    def _form(self, found: Target, resource: Resource) -> str:
        """How keys are written: what the path of a finder or a schema of the resource declares."""
        get = self.document.operation(found.operation) if found.operation else None
        shapes = [e.shape for e in get.parameters if e.name == found.param] if get else []
        for name, of in self.model.bound.items():
            at = self.document.schemas.get(name) if of == resource.name else None
            shape = at() if at is not None else None
            for step in resource.key.split("."):
                shape = member_by_name(shape, step) if shape is not None else None
            shapes += [shape] if shape is not None else []
        if any(e.kinds and e.kinds <= {"integer", "number", "null"} for e in shapes):
            return "integer"
        return "uuid" if any(e.format == "uuid" for e in shapes) else ""

    def _by_key(self, operation: Operation, resource: Resource) -> Target | None:
        if resource.owner.kind != "parent":
            return self._shown_by_key(operation, resource)
        param = f"{resource.name}.{resource.key}"
        steps = self.paths.steps(operation)
        held = in_parent(self.paths, steps, len(steps), resource, param)
        if operation.method != "POST":
            return held
        # A POST may create an object with any free key.
        shown = self._shown_by_key(operation, resource)
        return replace(shown, then=held) if shown is not None else None

    def _shown_by_key(self, operation: Operation, resource: Resource) -> Target | None:
        main = self.document.operation(resource.main) if resource.main else None
        below, found = operation.path.split("/"), None
        for get in (*([main] if main else ()), *self.document.operations):
            *start, last = get.path.split("/")
            if not self._ends_with_key(get, resource):
                continue
            known = max((at for at, each in enumerate(start, 1) if "{" in each), default=0)
            at = self._at(get, resource)
            if at is not None and start[:known] == below[:known]:
                own, key = resource.owner.kind == "caller", tuple(resource.key.split("."))
                return Target("ask", last[1:-1], get.id, resource.name, at, key, own=own)
            found = Target("none")
        return found

    def _at(self, get: Operation, resource: Resource) -> tuple[str, ...] | None:
        """The place of one object, or of a list of them, in a response."""
        if outer := outer_at(self.model, get, resource.name):
            return likeliest(outer, resource.name)
        at = shown_at(self.model, get, resource.name)
        return listed_at(self.model, get, resource.name) if at is None else at

    def _ends_with_key(self, get: Operation, resource: Resource) -> bool:
        """Whether a path ends with the key of such a resource, and not of what stands around it in
        the answer: by what the contract says of the parameter, by a `main`, or by what the answer
        is."""
        last = get.path.rpartition("/")[2]
        if not re.fullmatch(r"\{[^{}]+\}", last) or not self._is_granted(get):
            return False
        alike = [each for each in self.document.operations if each.path == get.path]
        said = {self.model.rule(each.id).params.get(last[1:-1], "") for each in alike} - {""}
        mains = {each.main for each in self.model.policy.resources.values()}
        if said or get.id == resource.main:
            return get.id == resource.main or said == {f"{resource.name}.{resource.key}"}
        first = get.id not in mains and self._shows_first(get, resource)
        return first and self._alone(get, resource)

    def _shows_first(self, get: Operation, resource: Resource) -> bool:
        """Whether nothing of another kind stands around one in an answer, or beside it."""
        at = self._at(get, resource)
        if at is None or stands_inside(self.model, get, at):
            return False
        others = (name for name in self.model.policy.resources if name != resource.name)
        beside = [shown_at(self.model, get, name) for name in others]
        return all(each is None or len(each) > len(at) for each in beside)

    def _alone(self, get: Operation, resource: Resource) -> bool:
        """Whether what a path without another parameter ends with is what those end with that show
        one below something else: where they call it otherwise, it is not the same key."""
        if places(get) > 1:
            return True
        below = {
            names(each)[-1]
            for each in self.document.operations
            if self.paths.shows(each) and places(each) > 1 and each.path.endswith("}")
            and shown_at(self.model, each, resource.name) == ()
        }  # fmt: skip
        return not below or names(get)[-1] in below

    def itself(self, operation: Operation, target: Target, written: str) -> Target | None:
        """The GET of the same path, if nothing else has looked up the object. It uses the caller's
        credentials, since the service may not be shown the caller's objects."""
        get = self.document.operation(f"GET {operation.path}")
        unseen = target.kind == "path" or target.unnamed
        if get is None or not unseen or not written or not self._is_granted(get):
            return None
        at = shown_at(self.model, get, written)
        if at is None or stands_inside(self.model, get, at):
            return None
        return Target("ask", "", get.id, written, at, own=True)

    def _is_granted(self, get: Operation) -> bool:
        named = get.id in self.model.rules or get.id in self.model.showing
        return named and self.paths.shows(get) and not shut(self.model, get)


def asks_object(policy: Policy, call: tuple[str, ...] | None) -> bool:
    """Whether it depends on an object whom `call:` lets in: it names a relation to one, or one that
    takes another away (`unless`), and does not let in everybody with a login."""
    named = {other: None for each in call or () for other in policy.depends_on(each)}
    return not _is_open(policy, call) and any(
        each.kind in _OF_OBJECTS and not (each.kind == "lookup" and each.of == "caller")
        for each in map(policy.relations.__getitem__, named)
    )


def names_relation(policy: Policy, call: tuple[str, ...] | None) -> bool:
    """Whether `call:` lets some callers in only for their relation to an object."""
    related = not policy.kinds(*call or ()).isdisjoint(_OF_OBJECTS)
    return related and not _is_open(policy, call)


def _is_open(policy: Policy, call: tuple[str, ...] | None) -> bool:
    """Whether `call:` lets in everybody with a login."""
    return any(
        each.kind in ("authenticated", "anyone") and not (each.unless or each.requires)
        for each in map(policy.relations.__getitem__, call or ())
    )


def needs_object(policy: Policy, call: tuple[str, ...] | None) -> bool:
    """Whether `call:` lets nobody in without a relation to an object."""
    return bool(call) and all(not policy.kinds(name).isdisjoint(_OF_OBJECTS) for name in call or ())

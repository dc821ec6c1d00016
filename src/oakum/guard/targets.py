"""Whose object a write touches, and where that object can be looked at before it is written.

The law of this module: an object is somebody's by what the API shows of it, or by an owner's id in
the path. Where neither tells, the target is `none`, and only relations that need no object pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from oakum.contract.model import Operation, Policy, Resource, Shape
from oakum.contract.openapi import Document
from oakum.guard.paging import page
from oakum.guard.route import nameless
from oakum.semantics import Model
from oakum.semantics.table import element, member, resource_of

_NAME = re.compile(r"\{[^{}]+\}")
_DEEP = 3
"""Members within members of an answer in which a resource is looked for."""


TargetKind = Literal["caller", "path", "ask", "none"]


@dataclass(frozen=True)
class Target:
    """Whose object a write touches.

    `caller`: a new object, or the caller's own. `path`: the owner's id is the parameter `param`.
    `ask`: the object is at `operation` (a GET with the same path parameters, or a list of whoever
    asks), a `resource` at `pointer` of its answer. `none`: the contract cannot tell, so only
    relations that need no object can pass.
    """

    kind: TargetKind
    param: str = ""
    operation: str = ""
    resource: str = ""
    pointer: tuple[str, ...] = ()
    """With `*` at its end: the one element of that list whose `key` is the parameter `param`."""
    key: tuple[str, ...] = ()
    query: str = ""
    """As of an `Ask`."""
    names: tuple[tuple[str, str], ...] = ()
    """As of `Reader`."""
    unnamed: bool = False
    """As of a `Subject`."""
    below: bool = False
    """As of a `Subject`."""
    last: str = ""
    """The parameter that its path ends with; empty: it ends otherwise."""
    made: str = ""
    """The path parameter that holds the owner of what a PUT makes where nothing is there yet."""
    then: Target | None = None
    """What is asked where nothing is there, before that is believed; of a finder, where what is
    there does not say whose it is."""
    own: bool = False
    """It is asked as the caller."""
    around: tuple[Target, ...] = ()
    """Other objects that the path names behind its owner, and that have to be that one's."""


@dataclass(frozen=True)
class Reader:
    """A GET that shows an object which the path of another operation names."""

    get: Operation
    names: tuple[tuple[str, str], ...] = ()
    """Parameters of its path that the other one calls otherwise: its name, and the other's."""


def renamed(params: Mapping[str, str], names: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Parameters of a path, by the names that a reader has for them."""
    return {**params, **{its: params[name] for its, name in names}} if names else params


@dataclass(frozen=True)
class Targets:
    """Derives the target of each write of a contract."""

    document: Document
    model: Model

    @property
    def policy(self) -> Policy:
        return self.model.policy

    def target(self, operation: Operation, resource: str) -> Target:
        """`resource`: what the request body holds; empty: nothing that the contract knows."""
        found, end = self._touched(operation, resource), operation.path.rpartition("/")[2]
        if found.kind == "ask" and self.policy.resources[found.resource].owner.kind == "caller":
            # What a service is shown is not the caller's for that.
            found = replace(found, own=True)
        if _NAME.fullmatch(end):
            return replace(found, last=end[1:-1])
        twin = self.document.operation(f"GET {operation.path}")
        shown = self._shown(twin, resource) if twin is not None else None
        alone = shown is not None and resource in ("", shown[0])
        return replace(found, below=bool(places(operation)) and not alone)

    def _touched(self, operation: Operation, resource: str) -> Target:
        rule = self.model.rule(operation.id)
        if rule.owner:
            shown = self._below_owner(operation) or self._behind_owner(operation)
            around = self._around(operation)
            if shown is not None and around and around[-1].resource == shown.resource:
                around.pop()  # it is what is written
            return replace(shown or Target("path", param=rule.owner), around=tuple(around))
        if not places(operation):
            if self._asked_for(operation, resource):
                return Target("none")
            return Target("caller", unnamed=operation.method != "POST")
        if self._made_below(operation, resource):
            return Target("caller")
        # An object is known by the GET of the same place, or by its resource's main endpoint.
        twin = self.document.operation(f"GET {operation.path}")
        main = main_of(self.document, self.policy, rule.params, operation)
        found = [Reader(twin) if twin is not None else None, main]
        readers = [each for each in found if each is not None and not shut(self.model, each.get)]
        account = self._account(operation, resource)
        for reader, renamed in ((each.get, each.names) for each in readers):
            if account is not None and self._staffs(reader):
                continue
            found_at = self._shown(reader, resource)
            if found_at is not None:
                name, at = found_at
                held = self._held(operation, Reader(reader, renamed), name, at)
                return held or Target(
                    "ask", operation=reader.id, resource=name, pointer=at, names=renamed
                )
        return account or self._listed(operation, resource, readers) or Target("none")

    def _shown(self, reader: Operation, written: str) -> tuple[str, tuple[str, ...]] | None:
        """What a GET shows that is somebody's, and where: of the kind that is written, else what
        stands outermost."""
        kinds = self.policy.resources.values()
        owned = [each.name for each in kinds if each.owner.kind != "none"]
        shown = [(n, at) for n in owned if (at := shown_at(self.model, reader, n)) is not None]
        return min(shown, key=lambda each: (each[0] != written, len(each[1])), default=None)

    def _asked_for(self, operation: Operation, written: str) -> bool:
        """Whether a query names the object by its key, and nobody looks at it by that."""
        params, finders = self.model.rule(operation.id).params, Finders(self.document, self.model)
        for each in operation.parameters:
            said, _, path = params.get(each.name, "").partition(".")
            resource = self.policy.resources.get(said) if each.where != "path" else None
            if resource is not None and path == resource.key and written in ("", said):
                found = finders.by_key(operation, resource)
                plain = each.where == "query" and not written
                if not plain or found is None or found.kind != "ask":
                    return True
        return False

    def _below_owner(self, operation: Operation) -> Target | None:
        """What the GET of the same path shows, where it says itself whose it is: who names
        themselves in a path may name another's object behind it."""
        twin = self.document.operation(f"GET {operation.path}")
        if twin is None or shut(self.model, twin) or places(operation) < 2:
            return None
        for name, resource in self.policy.resources.items():
            at = shown_at(self.model, twin, name)
            if at is not None and resource.owner.kind == "field" and not resource.is_account:
                if operation.method != "PUT":
                    return Target("ask", operation=twin.id, resource=name, pointer=at)
                made, then = (
                    self.model.rule(operation.id).owner,
                    self._anywhere(operation, resource),
                )
                return Target(
                    "ask", operation=twin.id, resource=name, pointer=at, made=made, then=then
                )
        return None

    def _behind_owner(self, operation: Operation) -> Target | None:
        """What the last parameter of a path is said to be the key of, where a GET shows that by its
        key: who names themselves in a path may name another's object behind it."""
        keyed = self._keyed(operation) if places(operation) > 1 else None
        if keyed is None or operation.method == "POST" or keyed[1].is_account:
            return None
        found = self._anywhere(operation, keyed[1]) if keyed[1].owner.kind == "field" else None
        # Below more than its owner, nothing tells whose the place is in which a new one would be.
        makes = operation.method == "PUT" and places(operation) == 2
        return replace(found, made=found.made if makes else "") if found is not None else None

    def _around(self, operation: Operation) -> list[Target]:
        """Objects of which `params` says that a path names them behind its owner, at the GET that
        shows one by its key alone: who names themselves first may name another's behind it."""
        rule, found = self.model.rule(operation.id), list[Target]()
        for name in names(operation) if operation.method in ("PUT", "PATCH", "DELETE") else ():
            said, _, path = rule.params.get(name, "").partition(".")
            resource = self.policy.resources.get(said)
            if name == rule.owner or resource is None or path != resource.key:
                continue
            main = self.document.operation(resource.main) if resource.main else None
            if resource.is_account or resource.owner.kind != "field" or main is None:
                continue
            if main.method != "GET" or places(main) != 1 or shut(self.model, main):
                continue
            at = shown_at(self.model, main, said)
            at = listed_at(self.model, main, said) if at is None else at
            if at is not None:
                [own] = names(main)
                other = ((own, name),) if own != name else ()
                key = tuple(resource.key.split("."))
                found.append(Target("ask", name, main.id, said, at, key, names=other))
        return found

    def _anywhere(self, operation: Operation, resource: Resource) -> Target | None:
        """The object by its key alone, whoever's it is: where a path names its owner, too, the GET
        of that path may find it only below that one, and a write all the same."""
        rule, last = self.model.rule(operation.id), names(operation)[-1]
        main = self.document.operation(resource.main) if resource.main else None
        reader = main_of(self.document, self.policy, rule.params, operation)
        if reader is None and main is not None and names(main) == [last] != [rule.owner]:
            reader = Reader(main)
        if reader is None or places(reader.get) != 1 or shut(self.model, reader.get):
            return None
        at = shown_at(self.model, reader.get, resource.name)
        if at is None:
            return None
        return Target(
            "ask", operation=reader.get.id, resource=resource.name, pointer=at,
            names=reader.names, made=rule.owner,
        )  # fmt: skip

    def _made_below(self, operation: Operation, written: str) -> bool:
        """Whether a POST makes a new object below one of another kind that is nobody's account,
        and the contract says who may: then the new one is the caller's."""
        call = self.model.rule(operation.id).call
        if operation.method != "POST" or operation.path.endswith("}") or not written or not call:
            return False
        above = self._above(operation)
        if above is None or above.is_account or above.name == written:
            return False
        return not needs_object(self.policy, call)

    def _above(self, operation: Operation) -> Resource | None:
        """What the last parameter of a path names, by what the contract says of it anywhere: there,
        at another operation of the same path up to it, or at the main endpoint of a resource."""
        own = self._keyed(operation)
        if own is not None:
            return own[1]
        start = _start(operation.path)
        for each in self.document.operations:
            if _start(each.path) == start and (said := self._keyed(each)) is not None:
                return said[1]
        found = [each for each in self.policy.resources.values() if self._shows(start, each)]
        return next((each for each in found if each.is_account), found[0] if found else None)

    def _shows(self, start: str, resource: Resource) -> bool:
        """Whether such a resource is what the GET of a path (without names) answers with."""
        main = self.document.operation(resource.main) if resource.main else None
        if main is not None and nameless(main.path) == start:
            return True
        return any(
            shown_at(self.model, each, resource.name) == ()
            for each in self.document.operations
            if each.method == "GET" and nameless(each.path) == start
        )

    def _staffs(self, reader: Operation) -> bool:
        """Whether an owner who asks it with their own credentials is refused."""
        call = self.model.rule(reader.id).call
        kinds = {self.policy.relations[name].kind for name in call or ()}
        return self.policy.guard.service is None and bool(call) and kinds == {"claim"}

    def _keyed(self, operation: Operation) -> tuple[str, Resource] | None:
        """The last parameter of a path and the resource whose key it is said to be."""
        name = names(operation)[-1]
        said, _, path = self.model.rule(operation.id).params.get(name, "").partition(".")
        resource = self.policy.resources.get(said)
        return (name, resource) if resource is not None and path == resource.key else None

    def _account(self, operation: Operation, written: str) -> Target | None:
        """An account is its own owner, by the key that the path names."""
        found = self._keyed(operation) if places(operation) == 1 else None
        if found is None or not found[1].is_account or written not in ("", found[1].name):
            return None
        return Target("path", param=found[0])

    def _held(
        self, operation: Operation, reader: Reader, name: str, at: tuple[str, ...]
    ) -> Target | None:
        """What is its parent's owner's and is shown alone, in what shows that parent."""
        resource = self.policy.resources[name]
        if resource.owner.kind != "parent" or enclosing(self.model, reader.get, at):
            return None
        said, last = self._keyed(operation), names(reader.get)[-1]
        param = said[0] if said is not None and said[1] is resource else ""
        if not param and reader.get.id == resource.main and reader.get.path.endswith(f"{{{last}}}"):
            param = dict(reader.names).get(last, last)
        return in_parent(self.document, self.model, operation, resource, param) if param else None

    def _listed(
        self, operation: Operation, written: str, readers: Sequence[Reader]
    ) -> Target | None:
        """The element with the key that the path names: of a list at the object's own GET, or of
        the list below which it stands, which is then asked as the caller."""
        found = self._keyed(operation)
        below = not operation.path.endswith("}")
        if found is None or not (below or written in ("", found[1].name)):
            return None
        (name, resource), whole = found, operation.path.split("/")
        end = max(at for at, each in enumerate(whole) if f"{{{name}}}" in each)
        above = self.document.operation("GET " + "/".join(whole[:end]))
        if above is not None and not places(above) and not shut(self.model, above):
            readers = (*readers, Reader(above))
        for reader in readers if resource.owner.kind in ("field", "caller") else ():
            get, at = reader.get, listed_at(self.model, reader.get, resource.name)
            if at is not None:
                key, query = tuple(resource.key.split(".")), page(get)[0]
                return Target("ask", name, get.id, resource.name, at, key, query, reader.names)
        return None


def in_parent(
    document: Document, model: Model, operation: Operation, resource: Resource, param: str
) -> Target | None:
    """One with the key `param` in the object that a beginning of a path names: it is that one's,
    whatever a path says, if that one is shown with it."""
    for reader in above(document, operation) if resource.key else ():
        at = None if shut(model, reader.get) else within_at(model, reader.get, resource.name)
        if at is not None and (reader.get.id in model.rules or reader.get.id in model.showing):
            key = tuple(resource.key.split("."))
            return Target("ask", param, reader.get.id, resource.name, at, key, names=reader.names)
    return None


@dataclass(frozen=True)
class Finders:
    """Derives how the objects that a request body names are asked for."""

    document: Document
    model: Model

    def by_key(self, operation: Operation, resource: Resource) -> Target | None:
        """The GET that shows one by its key: it ends with that, and every other parameter of its
        path stands at the same place in the path of the operation. `none`: only such a GET shows
        one as cannot be asked with what that path says. None: no GET shows one by its key. What is
        its parent's owner's is that one's only where the parent is shown with it."""
        if not resource.key or resource.owner.kind == "none":
            return None
        if resource.owner.kind != "parent":
            return self._shown_by_key(operation, resource)
        param = f"{resource.name}.{resource.key}"
        held = in_parent(self.document, self.model, operation, resource, param)
        if operation.method != "POST":
            return held
        # What a POST makes may have any key that is free.
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
        """Where one stands in an answer, or a list of them."""
        at = shown_at(self.model, get, resource.name)
        return listed_at(self.model, get, resource.name) if at is None else at

    def _ends_with_key(self, get: Operation, resource: Resource) -> bool:
        """Whether a path ends with the key of such a resource, and not of what stands around it in
        the answer: by what the contract says of the parameter, by a `main`, or by what the answer
        is."""
        last = get.path.rpartition("/")[2]
        if get.method != "GET" or _NAME.fullmatch(last) is None or not self._granted(get):
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
            if each.method == "GET" and places(each) > 1 and each.path.endswith("}")
            and shown_at(self.model, each, resource.name) == ()
        }  # fmt: skip
        return not below or names(get)[-1] in below

    def itself(self, operation: Operation, target: Target, written: str) -> Target | None:
        """The GET of the same path, where nothing of the object was asked for by then: asked as the
        caller, who may be shown a key that the service is not."""
        get = self.document.operation(f"GET {operation.path}")
        unseen = target.kind == "path" or target.unnamed
        if get is None or not unseen or not written or not self._granted(get):
            return None
        at = shown_at(self.model, get, written)
        return Target("ask", "", get.id, written, at, own=True) if at is not None else None

    def _granted(self, get: Operation) -> bool:
        named = get.id in self.model.rules or get.id in self.model.showing
        return named and not shut(self.model, get)


def above(document: Document, operation: Operation) -> Iterator[Reader]:
    """What is shown at the beginnings of a path that end with a parameter, the longest first; one
    that has the same parameters under other names is the same path."""
    segments = operation.path.split("/")
    for end in range(len(segments), 0, -1):
        if "{" not in segments[end - 1]:
            continue
        path = "/".join(segments[:end])
        if (exact := document.operation(f"GET {path}")) is not None:
            yield Reader(exact)
            continue
        for each in document.operations:
            if each.method == "GET" and nameless(each.path) == nameless(path):
                pairs = zip(names(each), names(operation), strict=False)
                yield Reader(each, tuple(pair for pair in pairs if pair[0] != pair[1]))


def main_of(
    document: Document, policy: Policy, params: Mapping[str, str], operation: Operation
) -> Reader | None:
    """The main endpoint of a resource of which `params` says that a path holds the key."""
    for name in reversed(names(operation)):
        said, _, path = params.get(name, "").partition(".")
        resource = policy.resources.get(said)
        main = document.operation(resource.main) if resource and resource.main else None
        if resource is None or main is None or main.method != "GET":
            continue
        if names(main) == names(operation):
            return Reader(main)
        if path == resource.key and places(main) == 1:
            [own] = names(main)
            return Reader(main, ((own, name),) if own != name else ())
    return None


def needs_object(policy: Policy, call: tuple[str, ...] | None) -> bool:
    return bool(call) and all(
        policy.relations[name].kind in ("owner", "lookup", "field") for name in call or ()
    )


def shut(model: Model, operation: Operation) -> bool:
    """Whether nobody may call it: then it is not there, for whoever has not logged in either."""
    return model.rule(operation.id).call == ()


def shown_at(model: Model, operation: Operation, resource: str) -> tuple[str, ...] | None:
    """Where one such resource stands in an operation's good answer; None: nowhere near its top."""
    for segments, name in model.shown.get(operation.id, ()):
        if name == resource and "*" not in segments:
            return segments
    media = operation.success()
    if media is None or media.shape is None:
        return None
    if resource_of(media.shape, model.bound) == resource:
        return ()
    for name, child in media.shape.properties.items():
        if resource_of(child(), model.bound) == resource:
            return (name,)
    return None


def stands_inside(model: Model, operation: Operation, pointer: tuple[str, ...]) -> bool:
    """Whether what stands at a place of an operation's good answer may stand in an object of a
    resource, whose owner the path names and not that of what stands in it."""
    media = operation.success()
    shape = media.shape if media is not None else None
    shown = {segments for segments, _ in model.shown.get(operation.id, ())}
    for end, step in enumerate(pointer):
        ways = (shape, *(branch() for branch in shape.branches)) if shape is not None else ()
        if pointer[:end] in shown or any(resource_of(each, model.bound) for each in ways):
            return True
        shape = member(shape, step) if shape is not None else None
    return False


def enclosing(
    model: Model, operation: Operation, pointer: tuple[str, ...]
) -> tuple[tuple[int, str], ...]:
    """Resources of the objects in which a place of an operation's good answer stands, the outermost
    first, each with the number of steps to it; none where one may be of several resources."""
    media, found = operation.success(), list[tuple[int, str]]()
    shape = media.shape if media is not None else None
    shown = dict(model.shown.get(operation.id, ()))
    for end, step in enumerate(pointer):
        ways = [shape, *(branch() for branch in shape.branches)] if shape is not None else []
        said = {resource_of(each, model.bound) for each in ways if each.kinds != {"null"}}
        name = shown.get(pointer[:end]) or (said - {""} or {""}).pop()
        if len(said - {""}) > 1:
            return ()
        if name:
            found.append((end, name))
        shape = member(shape, step) if shape is not None else None
    return tuple(found)


def within_at(model: Model, operation: Operation, resource: str) -> tuple[str, ...] | None:
    """Where an operation's good answer shows such resources in an object of another one: a list of
    them, with `*` at the end, before one alone."""
    found = [at for at, name in model.shown.get(operation.id, ()) if name == resource]
    media = operation.success()
    top = media.shape if media is not None else None
    todo: list[tuple[tuple[str, ...], Shape]] = [((), top)] if top is not None else []
    for at, shape in todo:
        each = element(shape)
        if each is not None and resource_of(each, model.bound) == resource:
            found.append((*at, "*"))
        elif resource_of(shape, model.bound) == resource:
            found.append(at)
        elif len(at) < _DEEP:
            todo += [((*at, name), child()) for name, child in shape.properties.items()]
    held = [at for at in found if "*" not in at[:-1] and enclosing(model, operation, at)]
    return min(held, key=lambda at: at[-1:] != ("*",), default=None)


def listed_at(model: Model, operation: Operation, resource: str) -> tuple[str, ...] | None:
    """Where a list of such resources stands in an operation's good answer, with `*` at the end."""
    for segments, name in model.shown.get(operation.id, ()):
        if name == resource and segments[-1:] == ("*",) and segments.count("*") == 1:
            return segments
    media = operation.success()
    top = media.shape if media is not None else None
    todo: list[tuple[tuple[str, ...], Shape]] = [((), top)] if top is not None else []
    while todo:
        at, shape = todo.pop(0)
        each = element(shape)
        if each is not None and resource_of(each, model.bound) == resource:
            return (*at, "*")
        if len(at) < 3 and not resource_of(shape, model.bound):
            todo += [((*at, name), child()) for name, child in shape.properties.items()]
    return None


def _start(path: str) -> str:
    """A path up to its last parameter, without names."""
    whole = nameless(path)
    return whole[: whole.rfind("}") + 1]


def names(operation: Operation) -> list[str]:
    return [name[1:-1] for name in _NAME.findall(operation.path)]


def places(operation: Operation) -> int:
    return len(names(operation))

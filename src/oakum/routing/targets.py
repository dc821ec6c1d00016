"""Whose object a write touches, and where that object can be looked up first.

The law of this module: an object is somebody's by what the API shows of it, or by an owner's id in
the path. Where neither tells, the target is `none`, and only relations that need no object pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from oakum.authz import Model
from oakum.openapi.document import Document
from oakum.openapi.model import Operation
from oakum.policy.model import Policy, Resource
from oakum.routing.paging import page
from oakum.routing.route import nameless
from oakum.routing.shown import (
    enclosing,
    likeliest,
    listed_at,
    outer_at,
    shown_at,
    stands_inside,
    within_at,
)

_NAME = re.compile(r"\{[^{}]+\}")


TargetKind = Literal["caller", "path", "ask", "none"]


@dataclass(frozen=True)
class Target:
    """Whose object a write touches.

    `caller`: a new object, or the caller's own. `path`: the owner's id is the parameter `param`.
    `ask`: look the object up at `operation` (a GET with the same path parameters, or a list of the
    caller's), a `resource` at `pointer` of its response. `none`: unknown, so only relations that
    need no object can pass.
    """

    kind: TargetKind
    param: str = ""
    operation: str = ""
    resource: str = ""
    pointer: tuple[str, ...] = ()
    """Ends in `*` for the list element whose `key` equals the parameter `param`."""
    key: tuple[str, ...] = ()
    query: str = ""
    """As in `Ask`."""
    names: tuple[tuple[str, str], ...] = ()
    """As in `Reader`."""
    unnamed: bool = False
    """As in `Subject`."""
    below: bool = False
    """As in `Subject`."""
    last: str = ""
    """The path's final parameter; empty when it ends in a literal."""
    made: str = ""
    """Path parameter with the owner of what a PUT creates when nothing exists yet."""
    then: Target | None = None
    """Second look-up before absence is believed; for a finder with `says`, the one to use when the
    object does not name its owner."""
    says: bool = False
    """Whether the owner in the path counts only if nothing else names one."""
    own: bool = False
    """Whether to look it up with the caller's credentials."""
    around: tuple[Target, ...] = ()
    """Further objects in the path that must have the same owner."""


@dataclass(frozen=True)
class Reader:
    """A GET that returns an object named by another operation's path."""

    get: Operation
    names: tuple[tuple[str, str], ...] = ()
    """Path parameters with other names: its own name, and the other operation's."""


def renamed(params: Mapping[str, str], names: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    """Path parameters under the reader's names."""
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
        """`resource`: the one in the request body; empty when there is none."""
        found, end = self._touched(operation, resource), operation.path.rpartition("/")[2]
        if found.kind == "ask" and self.policy.resources[found.resource].owner.kind == "caller":
            # The service's own view says nothing about the caller's.
            found = replace(found, own=True)
        if _NAME.fullmatch(end):
            return replace(found, last=end[1:-1])
        twin = self.document.operation(f"GET {operation.path}")
        shown = self._shown(operation, twin, resource) if twin is not None else []
        alone = len(shown) == 1 and resource in ("", shown[0])
        return replace(found, below=bool(places(operation)) and not alone)

    def _touched(self, operation: Operation, resource: str) -> Target:
        rule = self.model.rule(operation.id)
        if rule.owner:
            shown = self._below_owner(operation, resource) or self._behind_owner(operation)
            around = self._around(operation)
            if shown is not None and around and around[-1].resource == shown.resource:
                around.pop()  # the target itself
            return replace(shown or Target("path", param=rule.owner), around=tuple(around))
        if not places(operation):
            if self._asked_for(operation, resource):
                return Target("none")
            return Target("caller", unnamed=operation.method != "POST")
        if self._made_below(operation, resource):
            return Target("caller")
        # The object is looked up by a GET of the same path, or by its resource's main endpoint.
        twin = self.document.operation(f"GET {operation.path}")
        main = main_of(self.document, self.policy, rule.params, operation)
        found = [Reader(twin) if twin is not None else None, main]
        readers = [each for each in found if each is not None and not shut(self.model, each.get)]
        account = self._account(operation, resource)
        for reader, renamed in ((each.get, each.names) for each in readers):
            if account is not None and self._staffs(reader):
                continue
            kinds = self._shown(operation, reader, resource)
            one = Reader(reader, renamed)
            touched = self._at(operation, one, kinds[0]) if len(kinds) == 1 else None
            if touched is not None:
                return self._held(operation, one, touched) or touched
        return account or self._listed(operation, resource, readers) or Target("none")

    def _shown(self, operation: Operation, get: Operation, written: str) -> list[str]:
        """Resources that the path may name among those a GET returns: the one that `params` or a
        `main` says, else the written one, else the outermost; several when ambiguous. An object
        nested in another does not count unless the path leads to it."""
        kinds = self.policy.resources
        outer = {n: min(map(len, at)) for n in kinds if (at := self._outer(get, n))}
        keyed = self._keyed(operation) if operation.path.endswith("}") else None
        mains = [n for n in outer if kinds[n].main == get.id]
        owned = written and kinds[written].owner.kind != "none"
        further = owned and get.path != operation.path and operation.method != "POST"
        if keyed is not None and (keyed[1].name in outer or not written):
            found = [keyed[1].name] if keyed[1].name in outer else []
        elif further and shown_at(self.model, get, written) is not None:
            found = [written]
        elif len(mains) == 1:
            found = mains
        elif written in outer:
            found = [written]
        else:
            found = [name for name, depth in outer.items() if depth == min(outer.values())]
        if len(found) == 1 and kinds[found[0]].owner.kind == "none":
            return []
        return found

    def _outer(self, get: Operation, name: str) -> list[tuple[str, ...]]:
        """Places of a resource in a GET's response, outside every other resource."""
        return outer_at(self.model, get, name)

    def _at(self, operation: Operation, reader: Reader, name: str) -> Target | None:
        """The look-up of an object that a GET returns; of several, the one with the key in the
        path. None when ambiguous."""
        outer, resource = self._outer(reader.get, name), self.policy.resources[name]
        at = outer[0] if outer else shown_at(self.model, reader.get, name)
        if at is None:
            return None
        found = Target(
            "ask", operation=reader.get.id, resource=name, pointer=at, names=reader.names
        )
        if len(outer) < 2:
            return found
        param, key = self._key_param(operation, reader, resource), tuple(resource.key.split("."))
        likely = likeliest(outer, name)
        return replace(found, pointer=likely, param=param, key=key) if param else None

    def _key_param(self, operation: Operation, reader: Reader, resource: Resource) -> str:
        """Path parameter with the key of the object that a GET returns; empty when unknown."""
        said, last = self._keyed(operation), names(reader.get)[-1]
        if not resource.key:
            return ""
        if said is not None and said[1] is resource:
            return said[0]
        main = reader.get.id == resource.main and reader.get.path.endswith(f"{{{last}}}")
        return dict(reader.names).get(last, last) if main else ""

    def _asked_for(self, operation: Operation, written: str) -> bool:
        """Whether a query names the object by its key and no look-up uses that key."""
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

    def _below_owner(self, operation: Operation, written: str) -> Target | None:
        """The object at the GET of the same path, if it names its own owner: a caller may put their
        own id in the path and another's object after it."""
        twin = self.document.operation(f"GET {operation.path}")
        if twin is None or shut(self.model, twin) or places(operation) < 2:
            return None
        shown = self._shown(operation, twin, written)
        own = [each for each in shown if self._says(self.policy.resources[each])]
        found = self._at(operation, Reader(twin), own[0]) if len(shown) == 1 and own else None
        if found is None:
            return Target("none") if own else None
        made = self.model.rule(operation.id).owner if operation.method == "PUT" else ""
        then = self._anywhere(operation, self.policy.resources[found.resource])
        return replace(found, made=made, then=then, says=True)

    def _says(self, resource: Resource) -> bool:
        """Whether its objects name their owner and are not accounts."""
        return resource.owner.kind == "field" and not resource.is_account

    def _behind_owner(self, operation: Operation) -> Target | None:
        """The object whose key is the last path parameter, if a GET returns it by key: a caller may
        put their own id in the path and another's object after it."""
        keyed = self._keyed(operation) if places(operation) > 1 else None
        if keyed is None or operation.method == "POST" or keyed[1].is_account:
            return None
        found = self._anywhere(operation, keyed[1]) if keyed[1].owner.kind == "field" else None
        # Below more than the owner, a new object's owner cannot be derived from the path.
        makes = operation.method == "PUT" and places(operation) == 2
        return replace(found, made=found.made if makes else "") if found is not None else None

    def _around(self, operation: Operation) -> list[Target]:
        """Objects that the path names after its owner, each looked up by key alone: a caller may
        put their own id first and another's object after it."""
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
        """The object looked up by its key alone: a GET below its owner may filter by owner, while
        the write does not."""
        rule, last = self.model.rule(operation.id), names(operation)[-1]
        main, keyed = self.document.operation(resource.main), self._keyed(operation)
        if main is None or main.method != "GET" or places(main) != 1 or shut(self.model, main):
            return None
        [own] = names(main)
        if keyed is not None and keyed[1] is not resource:
            return None
        if keyed is None and (own != last or last == rule.owner):
            return None
        reader = Reader(main, ((own, last),) if own != last else ())
        found = self._at(operation, reader, resource.name)
        inside = found is None or stands_inside(self.model, main, found.pointer)
        return replace(found, made=rule.owner) if found is not None and not inside else None

    def _made_below(self, operation: Operation, written: str) -> bool:
        """Whether a POST creates an object below one of another kind, not an account, and `call:`
        says who may; the new object is then the caller's."""
        call = self.model.rule(operation.id).call
        if operation.method != "POST" or operation.path.endswith("}") or not written or not call:
            return False
        above = self._above(operation)
        if above is None or above.is_account or above.name == written:
            return False
        return not needs_object(self.policy, call)

    def _above(self, operation: Operation) -> Resource | None:
        """The resource that the last path parameter names, according to the contract at this
        operation, at one with the same prefix, or at a main endpoint."""
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
        """Whether a GET of this nameless path returns the resource itself."""
        main = self.document.operation(resource.main) if resource.main else None
        if main is not None and nameless(main.path) == start:
            return True
        return any(
            shown_at(self.model, each, resource.name) == ()
            for each in self.document.operations
            if each.method == "GET" and nameless(each.path) == start
        )

    def _staffs(self, reader: Operation) -> bool:
        """Whether owners with their own credentials are denied, so that only staff may call it."""
        call = self.model.rule(reader.id).call
        kinds = {self.policy.relations[name].kind for name in call or ()}
        return self.policy.guard.service is None and bool(call) and kinds == {"claim"}

    def _keyed(self, operation: Operation) -> tuple[str, Resource] | None:
        """The last path parameter and the resource whose key it is, according to `params`."""
        name = names(operation)[-1]
        said, _, path = self.model.rule(operation.id).params.get(name, "").partition(".")
        resource = self.policy.resources.get(said)
        return (name, resource) if resource is not None and path == resource.key else None

    def _account(self, operation: Operation, written: str) -> Target | None:
        """An account's target: it is its own owner, by the key in the path."""
        found = self._keyed(operation) if places(operation) == 1 else None
        if found is None or not found[1].is_account or written not in ("", found[1].name):
            return None
        return Target("path", param=found[0])

    def _held(self, operation: Operation, reader: Reader, shown: Target) -> Target | None:
        """An object owned through its parent, looked up inside the parent."""
        resource = self.policy.resources[shown.resource]
        if resource.owner.kind != "parent" or enclosing(self.model, reader.get, shown.pointer):
            return None
        param = self._key_param(operation, reader, resource)
        return in_parent(self.document, self.model, operation, resource, param) if param else None

    def _listed(
        self, operation: Operation, written: str, readers: Sequence[Reader]
    ) -> Target | None:
        """The list element with the key in the path: in the object's own GET, or in the enclosing
        list, which is read as the caller."""
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
    """An object with key `param` inside the parent that a path prefix names; ownership follows the
    parent only if both are returned together."""
    for reader in above(document, operation) if resource.key else ():
        at = None if shut(model, reader.get) else within_at(model, reader.get, resource.name)
        if at is not None and (reader.get.id in model.rules or reader.get.id in model.showing):
            key = tuple(resource.key.split("."))
            return Target("ask", param, reader.get.id, resource.name, at, key, names=reader.names)
    return None


@dataclass(frozen=True)
class Finders:
    """Derives look-ups of the objects that a request body names."""

    document: Document
    model: Model

    def by_key(self, operation: Operation, resource: Resource) -> Target | None:
        """The GET that returns an object by its key: the path ends in the key, and all other
        parameters are also in the operation's path. `none`: there is such a GET, but its parameters
        are not available. None: there is no such GET. An object owned through its parent must be
        returned with it."""
        if not resource.key or resource.owner.kind == "none":
            return None
        if resource.owner.kind != "parent":
            return self._shown_by_key(operation, resource)
        param = f"{resource.name}.{resource.key}"
        held = in_parent(self.document, self.model, operation, resource, param)
        if operation.method != "POST":
            return held
        # A POST may use any key that is free.
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
        """Place of one object in the response, otherwise of a list of them."""
        if outer := outer_at(self.model, get, resource.name):
            return likeliest(outer, resource.name)
        at = shown_at(self.model, get, resource.name)
        return listed_at(self.model, get, resource.name) if at is None else at

    def _ends_with_key(self, get: Operation, resource: Resource) -> bool:
        """Whether a path ends in this resource's key and not in that of an enclosing object,
        according to `params`, a `main`, or the response."""
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
        """Whether the response has no other resource around or beside it."""
        at = self._at(get, resource)
        if at is None or stands_inside(self.model, get, at):
            return False
        others = (name for name in self.model.policy.resources if name != resource.name)
        beside = [shown_at(self.model, get, name) for name in others]
        return all(each is None or len(each) > len(at) for each in beside)

    def _alone(self, get: Operation, resource: Resource) -> bool:
        """Whether a path with a single parameter uses the same key as nested paths do, judged by
        the parameter's name."""
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
        """The GET of the same path, when nothing of the object was looked up so far; called as the
        caller, who may see a key that the service may not."""
        get = self.document.operation(f"GET {operation.path}")
        unseen = target.kind == "path" or target.unnamed
        if get is None or not unseen or not written or not self._granted(get):
            return None
        at = shown_at(self.model, get, written)
        if at is None or stands_inside(self.model, get, at):
            return None
        return Target("ask", "", get.id, written, at, own=True)

    def _granted(self, get: Operation) -> bool:
        named = get.id in self.model.rules or get.id in self.model.showing
        return named and not shut(self.model, get)


def above(document: Document, operation: Operation) -> Iterator[Reader]:
    """GETs at prefixes of a path that end in a parameter, longest first; paths that differ only in
    parameter names are the same."""
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
    """The main endpoint of a resource whose key the path holds, according to `params`."""
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
    """Whether `call: []` denies everybody."""
    return model.rule(operation.id).call == ()


def _start(path: str) -> str:
    """A path up to its last parameter, without parameter names."""
    whole = nameless(path)
    return whole[: whole.rfind("}") + 1]


def names(operation: Operation) -> list[str]:
    return [name[1:-1] for name in _NAME.findall(operation.path)]


def places(operation: Operation) -> int:
    return len(names(operation))

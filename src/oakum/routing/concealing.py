"""Which objects a request names that have to be concealed from callers who may not know of them.

The law of this module: of those in a path the innermost counts, as for a write, and each that a
query names by its key. Where it cannot be told which of several resources an object is of, it is
concealed only if each of them is; then whoever is not shown any of them must not learn of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from oakum.authz import Model
from oakum.authz.model import outermost
from oakum.authz.places import resource_of
from oakum.openapi.model import Json, Operation, Shape
from oakum.routing.object_locations import answer, shown_at
from oakum.routing.objects_by_key import Plain, asked_keys
from oakum.routing.path_objects import PathObjects, Reader, names

_DEEP = 5
"""Depth of nested unions that are searched."""


KEY = "?"
"""What the key of an object is called that a query names; no parameter of a path is."""


@dataclass(frozen=True)
class Concealed:
    """A concealed object that a request names."""

    reader: str
    """Id of the GET that returns it; empty: none does, so nobody is shown it that way."""
    resources: tuple[str, ...]
    """Resources that it may belong to, each concealed."""
    whose: str = ""
    """Parameter with its owner's id; empty when none certainly holds it."""
    names: tuple[tuple[str, str], ...] = ()
    """As in `Reader`."""


@dataclass(frozen=True)
class Asked:
    """Concealed objects that a read names beside its path."""

    keys: Plain = field(default_factory=Plain)
    by: Mapping[str, Concealed] = field(default_factory=dict)
    """Resource → how one with the key `KEY` is looked up."""

    def named(
        self,
        query: str,
        value: Json = None,
        beside: Iterable[tuple[str, str]] = (),
        params: Mapping[str, str] | None = None,
        *,
        unread: bool = False,
    ) -> tuple[tuple[Concealed, Mapping[str, str]], ...]:
        """The objects that a query, a body, what stands beside them and a list in the path name,
        each with its key; without one if what stands there is no key, or if the body was not
        read."""
        if not self.by:
            return ()
        hidden = unread and bool(self.keys.body)
        keys = None if hidden else self.keys.keys(query, value, beside, params)
        if keys is None:
            return tuple((replace(each, reader=""), {}) for each in self.by.values())
        return tuple((self.by[name], {KEY: key}) for name, key in dict.fromkeys(keys))


def concealed(paths: PathObjects, operation: Operation) -> Concealed | None:
    """The concealed object in a path: the innermost of which a GET returns one. An account behind
    something else says what is done with that, unless a GET of this very path shows it there."""
    model, steps = paths.model, paths.steps(operation)
    params = model.rule(operation.id).params
    for at, step in reversed([*enumerate(steps)]):
        if step.kind == "keys":
            continue
        beside = at > 0 and step.kind == "account"
        for each in paths.gets(step.path) if beside else paths.readers(steps, step):
            get = each.get
            if get.id not in model.rules and get.id not in model.showing:
                continue
            found = _resources(paths, each, params)
            if found:
                if not all(model.policy.resources[name].conceal for name in found):
                    return None
                return Concealed(get.id, found, _whose(model, operation, each, found), each.names)
    return None


def asked(paths: PathObjects, operation: Operation) -> Asked:
    """The concealed objects that a read may name by their keys beside its path."""
    policy = paths.model.policy
    keys = asked_keys(paths, operation)
    by = {}
    for name in dict.fromkeys((*keys.query.values(), *keys.body.values(), *keys.beside.values())):
        one = policy.resources[name]
        if one.conceal:
            reader = paths.by_key(operation, one, KEY)
            whose = KEY if one.is_account else ""
            if reader is not None:
                by[name] = Concealed(reader.get.id, (name,), whose, reader.names)
            else:  # the read itself may be what shows it
                own = shown_at(paths.model, operation, name) is not None
                by[name] = Concealed(operation.id if own else "", (name,), whose)
    query, body, beside = (
        {param: name for param, name in each.items() if name in by}
        for each in (keys.query, keys.body, keys.beside)
    )
    joined = {param: mark for param, mark in keys.joined.items() if param in {*query, *beside}}
    return Asked(Plain(query, joined, body, beside), by)


def _resources(paths: PathObjects, reader: Reader, params: Mapping[str, str]) -> tuple[str, ...]:
    """The resource that an operation returns one object of; several when it is one of them."""
    model, operation, top = paths.model, reader.get, answer(reader.get)
    keyed = _keyed(paths, reader, params)
    if keyed and keyed in _held(model, operation):
        return (keyed,)
    places = {name: shown_at(model, operation, name) for name in model.policy.resources}
    shown = [(len(at), name) for name, at in places.items() if at is not None]
    if shown:
        return (min(shown, key=lambda each: each[0])[1],)
    if top is None:
        return ()
    for shape in (top, *(child() for child in top.properties.values())):
        found = tuple(dict.fromkeys(_branches(shape, model.bound, _DEEP)))
        if found and "" not in found:
            return found
    return ()


def _held(model: Model, operation: Operation) -> Iterator[str]:
    """Resources in an operation's success response at any depth, without nested ones."""
    yield from (name for _, name in model.shown.get(operation.id, ()))
    top = answer(operation)
    if top is not None:
        yield from outermost(top, model.bound)


def _keyed(paths: PathObjects, reader: Reader, params: Mapping[str, str]) -> str:
    """The resource that an operation returns one of by its key, according to the contract; empty
    when the contract does not say."""
    model = paths.model
    for name, resource in model.policy.resources.items():
        if resource.main == reader.get.id:
            return name
    last = next(reversed(names(reader.get)), "")
    own = model.rule(reader.get.id).params.get(last, "")
    said, _, path = (own or params.get(dict(reader.names).get(last, last), "")).partition(".")
    known = model.policy.resources.get(said)
    return said if known is not None and path == known.key else ""


def _branches(shape: Shape, bound: Mapping[str, str], deep: int) -> Iterator[str]:
    """Resources of a shape's alternatives, wrapped or not; `""` for an alternative without one.
    Null is skipped."""
    for each in (branch() for branch in shape.branches):
        if each.kinds == {"null"}:
            continue
        inside = (resource_of(child(), bound) for child in each.properties.values())
        name = resource_of(each, bound) or next(filter(None, inside), "")
        if not name and each.branches and deep:
            yield from _branches(each, bound, deep - 1)
        else:
            yield name


def _whose(model: Model, operation: Operation, reader: Reader, found: tuple[str, ...]) -> str:
    owner = model.rule(operation.id).owner
    if owner:
        return owner
    # An account is its own owner, so the parameter with its key's name holds the owner's id.
    keys = {model.policy.resources[name].key for name in found}
    accounts = all(model.policy.resources[name].is_account for name in found)
    [key] = keys if accounts and len(keys) == 1 else [""]
    if not key or reader.get.path.split("/")[-1] != f"{{{key}}}":
        return ""
    return dict(reader.names).get(key, key)

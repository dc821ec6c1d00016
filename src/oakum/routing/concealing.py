"""Which object in a path has to be concealed from callers who may not know that it exists.

The law of this module: where it cannot be told which of several resources the object is of, it is
concealed only if each of them is; then whoever is not shown any of them must not learn of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from oakum.authz import Model
from oakum.authz.model import outermost
from oakum.authz.table import resource_of
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Shape
from oakum.policy.model import Policy
from oakum.routing.object_locations import shown_at
from oakum.routing.path_objects import Reader, names, places, shut
from oakum.routing.route import nameless

_DEEP = 5
"""Depth of nested unions that are searched."""


@dataclass(frozen=True)
class Concealed:
    """A concealed object that a path names."""

    reader: str
    """Id of the GET that returns it."""
    resources: tuple[str, ...]
    """Resources that it may belong to, each concealed."""
    whose: str = ""
    """Path parameter with its owner's id; empty when none certainly holds it."""
    names: tuple[tuple[str, str], ...] = ()
    """As in `Reader`."""


def concealed(document: Document, model: Model, operation: Operation) -> Concealed | None:
    """The concealed object in a path: found by the longest prefix with a GET that returns it by id,
    otherwise by the main endpoint of a resource whose key the path holds according to `params`."""
    params = model.rule(operation.id).params
    main = main_of(document, model.policy, params, operation)
    for each in (*above(document, operation), *([main] if main is not None else [])):
        get = each.get
        if shut(model, get) or (get.id not in model.rules and get.id not in model.showing):
            continue
        found = _resources(document, model, each, params)
        if found:
            if not all(model.policy.resources[name].conceal for name in found):
                return None
            whose = _whose(model, operation, each, found)
            return Concealed(get.id, found, whose, each.names)
    return None


def _resources(
    document: Document, model: Model, reader: Reader, params: Mapping[str, str]
) -> tuple[str, ...]:
    """The resource that an operation returns one object of; several when it is one of them."""
    operation, media = reader.get, reader.get.success()
    keyed = _keyed(document, model, reader, params)
    if keyed and keyed in _held(model, operation):
        return (keyed,)
    places = {name: shown_at(model, operation, name) for name in model.policy.resources}
    shown = [(len(at), name) for name, at in places.items() if at is not None]
    if shown:
        return (min(shown, key=lambda each: each[0])[1],)
    if media is None or media.shape is None:
        return ()
    for shape in (media.shape, *(child() for child in media.shape.properties.values())):
        found = tuple(dict.fromkeys(_branches(shape, model.bound, _DEEP)))
        if found and "" not in found:
            return found
    return ()


def _held(model: Model, operation: Operation) -> Iterator[str]:
    """Resources in an operation's success response at any depth, without nested ones."""
    yield from (name for _, name in model.shown.get(operation.id, ()))
    media = operation.success()
    if media is not None and media.shape is not None:
        yield from outermost(media.shape, model.bound)


def _keyed(document: Document, model: Model, reader: Reader, params: Mapping[str, str]) -> str:
    """The resource that an operation returns one of by its key, according to the contract; empty
    when the contract does not say."""
    for name, resource in model.policy.resources.items():
        main = document.operation(resource.main) if resource.main else None
        if main is not None and main.id == reader.get.id:
            return name
    last = names(reader.get)[-1]
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

"""Where an operation's successful answer shows the objects of a resource, as declared.

The law of this module: what stands in an object is told apart from what stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.table import element, member, resource_of, ways
from oakum.openapi.model import Operation, Shape

_DEEP = 3
"""Members within members of an answer in which a resource is looked for."""


def shown_at(model: Model, operation: Operation, resource: str) -> tuple[str, ...] | None:
    """Where one such resource stands in an operation's good answer; None: nowhere near its top."""
    return next(all_at(model, operation, resource), None)


def all_at(model: Model, operation: Operation, resource: str) -> Iterator[tuple[str, ...]]:
    """Where such resources stand in an operation's good answer, near its top."""
    found: dict[tuple[str, ...], None] = {}
    for segments, name in model.shown.get(operation.id, ()):
        if name == resource and "*" not in segments:
            found[segments] = None
    media = operation.success()
    if media is not None and media.shape is not None:
        if resource_of(media.shape, model.bound) == resource:
            found[()] = None
        for name, child in media.shape.properties.items():
            if resource_of(child(), model.bound) == resource:
                found[(name,)] = None
    yield from found


def outer_at(model: Model, operation: Operation, resource: str) -> list[tuple[str, ...]]:
    """Those of them that stand in no object of a resource."""
    found = all_at(model, operation, resource)
    return [at for at in found if not stands_inside(model, operation, at)]


def likeliest(places: list[tuple[str, ...]], resource: str) -> tuple[str, ...]:
    """Of places beside each other the one that is called as the resource is, else the first: it
    only says where to look, and the key there decides."""
    return next((at for at in places if at and _plain(at[-1]) == _plain(resource)), places[0])


def _plain(name: str) -> str:
    """A name however it is spelt."""
    return "".join(filter(str.isalnum, name)).lower()


def copies(model: Model, operation: Operation, resource: str) -> tuple[tuple[str, ...], ...]:
    """Everywhere that an operation's good answer shows such resources, `*` for every element of a
    list and value of a map, within a few members."""
    found = {at: None for at, name in model.shown.get(operation.id, ()) if name == resource}
    media = operation.success()
    top = media.shape if media is not None else None
    todo: list[tuple[tuple[str, ...], Shape]] = [((), top)] if top is not None else []
    for at, shape in todo:
        for way in ways(shape):
            if resource_of(way, model.bound) == resource:
                found[at] = None
            if len(at) < _DEEP:
                todo += [((*at, name), child()) for name, child in way.properties.items()]
                inside = (way.items, way.extra)
                todo += [((*at, "*"), each()) for each in inside if each is not None]
    return tuple(found)


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

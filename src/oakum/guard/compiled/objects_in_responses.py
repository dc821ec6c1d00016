"""Where an operation's success response contains the objects of a resource, as declared.

A place that declares one resource counts as that one's also where an object of another may stand:
what is found there tells which it is. Places inside an object of another resource are distinguished
from places beside it, since the owner of the outer object does not own what is beside it.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz import Model
from oakum.authz.compiled_model import resources_in
from oakum.authz.places import declared_as
from oakum.http.media_type import essence
from oakum.openapi.model import Operation, Shape
from oakum.openapi.shape_queries import element, member, ways
from oakum.policy.resource_schemas import resource_of
from oakum.routing.content_type import FEEDS

_DEEP = 3
"""How deep a response is searched for a resource."""


def answer(operation: Operation) -> Shape | None:
    """The shape of the success response; None if none is declared. For a feed, a document declares
    one event; the shape is a list of these."""
    media = operation.success()
    shape = media.shape if media is not None else None
    if shape is None or not _is_feed(operation) or element(shape) is not None:
        return shape
    # The list gets no pointer: with the event's, a walk would mistake it for the event.
    return Shape(kinds=frozenset(("array",)), items=lambda: shape)


def shows_pointers(model: Model, operation: Operation) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Pointers of `shows` into `answer`, each with its resource."""
    shown = model.shown.get(operation.id, ())
    return tuple((("*", *at), name) for at, name in shown) if _is_feed(operation) else shown


def _is_feed(operation: Operation) -> bool:
    media = operation.success()
    return media is not None and essence(media.type) in FEEDS


def shown_at(model: Model, operation: Operation, resource: str) -> tuple[str, ...] | None:
    """Pointer to the first object of this resource near the top of the success response; None if
    there is none."""
    return next(all_at(model, operation, resource), None)


def all_at(model: Model, operation: Operation, resource: str) -> Iterator[tuple[str, ...]]:
    """Pointers to objects of this resource near the top of the success response."""
    found: dict[tuple[str, ...], None] = {}
    for segments, name in shows_pointers(model, operation):
        if name == resource and "*" not in segments:
            found[segments] = None
    top = answer(operation)
    if top is not None:
        if declared_as(top, model.bound) == resource:
            found[()] = None
        for name, child in top.properties.items():
            if declared_as(child(), model.bound) == resource:
                found[(name,)] = None
    yield from found


def outer_at(model: Model, operation: Operation, resource: str) -> list[tuple[str, ...]]:
    """Pointers to objects of this resource that are in no other object, list or map, within a few
    levels."""
    found = dict.fromkeys(all_at(model, operation, resource))
    top = answer(operation)
    wraps: list[tuple[tuple[str, ...], Shape]] = [((), top)] if top is not None else []
    for at, shape in wraps:
        name = declared_as(shape, model.bound)
        if name == resource:
            found[at] = None
        elif not name and len(at) < _DEEP:
            wraps += [((*at, name), child()) for name, child in shape.properties.items()]
    return [at for at in found if not stands_inside(model, operation, at)]


def may_show(model: Model, operation: Operation, resource: str) -> bool:
    """Whether contract or document declare this resource near the top of the success response."""
    if any(name == resource for _, name in model.shown.get(operation.id, ())):
        return True
    return shown_at(model, operation, resource) is not None


def all_shown(model: Model, operation: Operation) -> set[str]:
    """Resources anywhere in the success response."""
    top = answer(operation)
    found = {name for name, _ in resources_in(top, model.bound)} if top is not None else set()
    return found | {name for _, name in shows_pointers(model, operation)}


def singles(model: Model, operation: Operation) -> set[str]:
    """Resources in a request body outside every other object, list and map."""
    found = {name for at, name in model.sets.get(operation.id, ()) if "*" not in at}
    todo = [each.shape for each in operation.body if each.shape is not None]
    met = set(todo)
    for shape in todo:
        if name := resource_of(shape, model.bound):
            found.add(name)
            continue
        below = [each() for each in (*shape.properties.values(), *shape.branches)]
        todo += [each for each in below if each not in met]
        met.update(below)
    return found


def likeliest(places: list[tuple[str, ...]], resource: str) -> tuple[str, ...]:
    """Of several places, the one whose name resembles the resource, otherwise the first. It only
    chooses where to look; the key found there decides."""
    return next((at for at in places if at and _plain(at[-1]) == _plain(resource)), places[0])


def _plain(name: str) -> str:
    """A name without case and punctuation."""
    return "".join(filter(str.isalnum, name)).lower()


def copies(model: Model, operation: Operation, resource: str) -> tuple[tuple[str, ...], ...]:
    """All places of such resources in the success response down to a few levels; `*` stands for
    list elements and map values."""
    found = {at: None for at, name in shows_pointers(model, operation) if name == resource}
    top = answer(operation)
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
    """Whether a place of the success response is inside a resource's object, in which case the path
    names the outer object's owner."""
    shape = answer(operation)
    shown = {segments for segments, _ in shows_pointers(model, operation)}
    for end, step in enumerate(pointer):
        if pointer[:end] in shown or any(
            resource_of(each, model.bound) for each in _shapes_with(shape, step)
        ):
            return True
        shape = member(shape, step) if shape is not None else None
    return False


def _shapes_with(shape: Shape | None, step: str) -> list[Shape]:
    """What may stand at a place and hold something at a step: an object in place of a list holds no
    element of it."""
    found = [shape, *(branch() for branch in shape.branches)] if shape is not None else []
    several = [each for each in found if each.items is not None or each.extra is not None]
    return several if step == "*" and several else found


def stands_alone(model: Model, operation: Operation, at: tuple[str, ...], resource: str) -> bool:
    """Whether an object may stand in place of the list that holds it, of `oneOf: [Cat, [Cat]]`;
    `at` ends with `*`."""
    shape = answer(operation) if at[-1:] == ("*",) else None
    for each in at[:-1]:
        shape = member(shape, each) if shape is not None else None
    return shape is not None and any(resource_of(w, model.bound) == resource for w in ways(shape))


def enclosing_resources(
    model: Model, operation: Operation, pointer: tuple[str, ...]
) -> tuple[tuple[int, str], ...]:
    """Resources of the objects around a place of the success response, outermost first, each with
    its depth; empty where one is ambiguous."""
    shape, found = answer(operation), list[tuple[int, str]]()
    shown = dict(shows_pointers(model, operation))
    for end, step in enumerate(pointer):
        ways = [each for each in _shapes_with(shape, step) if each.kinds != {"null"}]
        said = {resource_of(each, model.bound) for each in ways}
        name = shown.get(pointer[:end]) or (said - {""} or {""}).pop()
        if len(said - {""}) > 1:
            return ()
        if name:
            found.append((end, name))
        shape = member(shape, step) if shape is not None else None
    return tuple(found)


def within_at(
    model: Model, operation: Operation, resource: str, around: str
) -> list[tuple[str, ...]]:
    """Pointers to objects of `resource` within an outermost object of `around` in the success
    response, ending in `*` for list elements; empty if there may be several objects of `around`."""
    found = [at for at, name in shows_pointers(model, operation) if name == resource]
    top = answer(operation)
    todo: list[tuple[tuple[str, ...], Shape]] = [((), top)] if top is not None else []
    for at, shape in todo:
        each = element(shape)
        if each is not None and resource_of(each, model.bound) == resource:
            found.append((*at, "*"))
        elif resource_of(shape, model.bound) == resource:
            found.append(at)
        elif len(at) < _DEEP:
            todo += [((*at, name), child()) for name, child in shape.properties.items()]
    held = {
        at: inside[0]
        for at in found
        if "*" not in at[:-1] and len(inside := enclosing_resources(model, operation, at)) == 1
        if inside[0][1] == around
    }
    several = len({at[:depth] for at, (depth, _) in held.items()}) > 1
    return [] if several else [*held]


def listed_at(model: Model, operation: Operation, resource: str) -> tuple[str, ...] | None:
    """Place of a list of such resources in the success response, ending in `*`."""
    for segments, name in shows_pointers(model, operation):
        if name == resource and segments[-1:] == ("*",) and segments.count("*") == 1:
            return segments
    top = answer(operation)
    todo: list[tuple[tuple[str, ...], Shape]] = [((), top)] if top is not None else []
    while todo:
        at, shape = todo.pop(0)
        each = element(shape)
        if each is not None and declared_as(each, model.bound) == resource:
            return (*at, "*")
        if len(at) < 3 and not declared_as(shape, model.bound):
            todo += [((*at, name), child()) for name, child in shape.properties.items()]
    return None

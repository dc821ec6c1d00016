"""Joins policy and document: the schemas of each resource, and the operations that return it.

Only declarations are used. A schema that declares nothing at a level allows any value there, so
`declares` answers yes, no, or *cannot tell*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from oakum.http.json_pointer import path_of
from oakum.openapi.document import Document
from oakum.openapi.model import Operation, Shape
from oakum.openapi.reachable_components import NamesBelow
from oakum.openapi.schema import children, elements
from oakum.openapi.shape_queries import event_of, names_of
from oakum.openapi.shape_walk import reachable
from oakum.policy.model import OperationRule, Policy


def declares(shapes: Sequence[Shape], path: Sequence[str]) -> bool | None:
    """Whether any of the shapes declares a value at a path, `*` for elements; None: unknown."""
    answers = {_declares(shape, tuple(path)) for shape in shapes}
    return True if True in answers else None if None in answers or not answers else False


def _declares(shape: Shape, path: tuple[str, ...]) -> bool | None:
    if not path or path[0] == "**":
        return True
    below, star = children(shape), elements(shape)
    if path[0] in below:
        return _declares(below[path[0]], path[1:])
    if star is not None and (path[0] == "*" or "array" not in shape.kinds):
        return _declares(star, path[1:])
    if below and path[0] == "*":  # `*` matches declared members too
        return declares([*below.values()], path[1:])
    return False if below or star is not None or _is_scalar(shape) else None


def _is_scalar(shape: Shape) -> bool:
    return bool(shape.kinds) and shape.kinds.isdisjoint(("object", "array"))


def at(shape: Shape, path: Sequence[str]) -> Shape | None:
    """The declared shape at a path below a shape, `*` for elements; None: undeclared."""
    here: Shape | None = shape
    for part in path:
        if here is None:
            return None
        here = children(here).get(part) or (elements(here) if part == "*" else None)
    return here


def siblings(shapes: Sequence[Shape], path: Sequence[str]) -> list[str]:
    """Declared paths that differ from an undeclared one in one name, as suggestions."""
    found: dict[str, None] = {}
    for shape in shapes:
        for end in range(len(path)):
            inner = at(shape, path[:end])
            for name in children(inner) if inner else ():
                stem = (*path[:end], name)
                for near in (stem, (*stem, *path[end + 1 :])):
                    if _declares(shape, near):
                        found[".".join(near)] = None
    return list(found)


def answers(operation: Operation) -> Iterator[Shape]:
    """The shapes of every declared response of an operation."""
    for media in operation.responses.values():
        yield from (each.shape for each in media if each.shape is not None)


def success(operation: Operation) -> list[Shape]:
    """The shape of its success response, or of one event of a feed; empty if none is declared."""
    media = operation.success()
    shape = event_of(media) if media is not None else None
    return [shape] if shape is not None else []


def request_shapes(operation: Operation) -> list[Shape]:
    """The shapes of its declared request bodies."""
    return [media.shape for media in operation.body if media.shape]


@dataclass(frozen=True)
class View:
    """What the document declares for each resource of the policy."""

    document: Document
    policy: Policy
    bound: Mapping[str, str]
    """Schema name → resource name."""
    shapes: dict[str, list[Shape]] = field(default_factory=dict)
    """Resource → its declared shapes: of its schemas, and of responses that `shows` names."""
    given: dict[str, list[Shape]] = field(default_factory=dict)
    """Resource → its declared shapes in request bodies that `sets` names."""
    endpoints: dict[str, list[str]] = field(default_factory=dict)
    """Resource → ids of operations that return it."""
    strangers: dict[str, list[str]] = field(default_factory=dict)
    """Schema of an object that belongs to no resource → ids of operations that return it."""

    def resource_of(self, shape: Shape) -> str:
        """The resource that a shape is bound to; empty: none."""
        return resource_of(shape, self.bound) if shape.names else ""

    def embedded_resource(self, shape: Shape) -> str:
        """The resource of a shape, or of its list elements, map values or alternatives."""
        waiting, done = [shape], set[Shape]()
        while waiting:
            here = waiting.pop()
            if own := self.resource_of(here):
                return own
            done.add(here)
            inner = [thunk() for thunk in here.branches]
            inner += [each] if (each := elements(here)) is not None else []
            waiting += [each for each in inner if each not in done]
        return ""


def _resource_by_schema(policy: Policy) -> dict[str, str]:
    return {
        schema: resource.name
        for resource in policy.resources.values()
        for schema in sorted(resource.schemas)
    }


def resource_of(shape: Shape, bound: Mapping[str, str]) -> str:
    """The resource that the most specific of a shape's schema names is bound to; empty if none."""
    return next((bound[name] for name in names_of(shape) if name in bound), "")


def told_apart(document: Document, policy: Policy) -> Document:
    """The document, with a place read as a union if its schema allows an object of another resource
    there."""
    bound = _resource_by_schema(policy)
    names = (name for name in bound if name in document.schemas)
    return document.told_apart(names, partial(resource_of, bound=bound))


def view(document: Document, policy: Policy) -> View:
    """Builds the view of a document under a policy."""
    bound = _resource_by_schema(policy)
    shapes: dict[str, list[Shape]] = {name: [] for name in policy.resources}
    for schema, resource in bound.items():
        if schema in document.schemas:
            shapes[resource].append(document.schemas[schema]())
    for name in dict.fromkeys(each for names in document.alternatives.values() for each in names):
        shape = document.schemas[name]() if name in document.schemas and name not in bound else None
        if shape is not None and (own := resource_of(shape, bound)):
            shapes[own].append(shape)
    given: dict[str, list[Shape]] = {name: [] for name in policy.resources}
    endpoints: dict[str, list[str]] = {name: [] for name in policy.resources}
    seen = View(document, policy, bound, shapes, given, endpoints)
    sent = _ResponseResources(seen)
    rules: dict[str, OperationRule] = {}
    for name, rule in policy.operations.items():
        if (called := document.operation(name)) is not None:
            rules.setdefault(called.id, rule)
    for operation in document.operations:
        _look(seen, sent, operation, rules.get(operation.id) or OperationRule(operation.id))
    return seen


def _look(seen: View, every: _ResponseResources, operation: Operation, rule: OperationRule) -> None:
    """Note what one operation sends."""
    sent = dict.fromkeys(name for name, _ in rule.shows if name in seen.endpoints)
    shown: dict[Shape, str] = {}
    # `shows` describes success responses, as it does when they are judged.
    for shape in success(operation):
        for resource, pointer in rule.shows:
            if resource in sent and (found := at(shape, path_of(pointer))) is not None:
                shown[found] = resource
                if found not in seen.shapes[resource]:
                    seen.shapes[resource].append(found)
    resources, titles = every.resources_and_others([*answers(operation)], shown)
    sent.update(dict.fromkeys(resources))
    for title in titles:
        seen.strangers.setdefault(title, []).append(operation.id)
    for name in sent:
        seen.endpoints[name].append(operation.id)
    for shape in request_shapes(operation):
        for resource, pointer in rule.sets:
            if resource in seen.given and (found := at(shape, path_of(pointer))) is not None:
                seen.given[resource].append(found)


def _title(shape: Shape) -> str:
    return next(iter(names_of(shape)))


class _ResponseResources:
    """What answers hold by their schemas, without a walk from every one of them."""

    def __init__(self, seen: View) -> None:
        self._own = seen.resource_of
        self._resources = NamesBelow(lambda at: filter(None, [self._own(at)]))
        self._titles = NamesBelow(
            lambda at: [_title(at)] if at.names and not self._own(at) else [],
            lambda at: not self._own(at),
        )
        self._met: set[Shape] = set()

    def resources_and_others(
        self, shapes: Sequence[Shape], shown: Mapping[Shape, str]
    ) -> tuple[Iterable[str], Iterable[str]]:
        """The resources in answers, and the schemas of objects outside of every resource, where
        `shown` says of some shapes what they are."""
        told = {shape for shape, resource in shown.items() if self._own(shape) != resource}
        if any(map(self._own, told)):
            at = reachable(shapes)
            resources = {own for each in at if (own := shown.get(each) or self._own(each))}
        else:
            resources = {*self._resources.names(shapes)}
        # Schemas that no earlier response had, in the order of the document.
        titles = dict.fromkeys(self._outside(shapes, told, set() if told else self._met))
        return resources, titles if told else titles | dict.fromkeys(self._titles.names(shapes))

    def _outside(self, shapes: Sequence[Shape], told: set[Shape], met: set[Shape]) -> Iterator[str]:
        """The schemas of objects outside of every resource, without shapes that were met before."""
        waiting = [*shapes]
        while waiting:
            shape = waiting.pop()
            if shape in met:
                continue
            met.add(shape)
            if shape not in told and not self._own(shape):
                if shape.names:
                    yield _title(shape)
                waiting += shape.below()

"""Objects of a resource that a document declares in JSON Schema keywords no other module reads.

A gateway judges such an object by the lines of its resource or withholds it; no line about the data
around it opens it. An object below `then` or `contains` is treated as declared in that place. A
text that holds an object as JSON (`contentSchema`) is one value that a gateway cannot cut. So the
object itself is treated as declared in its place, and the gateway withholds the text, which is no
object.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from oakum.errors import Problem
from oakum.openapi.document import Document
from oakum.openapi.model import Media, Operation, Shape
from oakum.openapi.shape_queries import merge, scalars, ways
from oakum.openapi.shape_walk import Thunk, shape_with

_NOTES = ("_below", "_atoms", "_children")
"""Attributes of a shape in which walks cache results."""


def with_hidden(
    document: Document, bound: Collection[str]
) -> tuple[Document, tuple[Problem, ...]] | None:
    """The document with such objects declared in their place, and a warning for each string that
    contains JSON of one; None if there are none."""
    every = (
        media.shape
        for each in document.operations
        for medias in (each.body, *each.responses.values())
        for media in medias
        if media.shape is not None
    )
    found = {shape: names for shape in _all(every) if (names := _resource_schemas(shape, bound))}
    if not found:
        return None
    closed = _ClosedShapes(found, bound)
    made = {each.id: closed.operation(each) for each in document.operations}
    return document.extend(made, {}, document.files[1:]), tuple(
        Problem(
            document.locate(shape.pointer),
            f"this string contains a `{names[0]}` as encoded JSON (`contentSchema`). The gateway"
            " cannot remove fields inside a string, so it withholds the string and rejects"
            " requests that send it",
            "let the API send the object itself; or remove `contentSchema` by an overlay, if"
            " whoever receives the string may have all of it",
        )
        for shape, names in found.items()
        if shape.content is not None
    )


def _all(shapes: Iterable[Shape]) -> Iterator[Shape]:
    """Every shape at or below these, what only their hidden schemas say included."""
    waiting, done = list(shapes), set[Shape]()
    while waiting:
        shape = waiting.pop()
        if shape not in done:
            done.add(shape)
            yield shape
            waiting += [*shape.below(), *_hidden_schemas(shape)]


def _hidden_schemas(shape: Shape) -> list[Shape]:
    texts = (shape.content,) if shape.content is not None else ()
    return [each() for each in (*texts, *shape.unread)]


def _resource_schemas(shape: Shape, bound: Collection[str]) -> list[str]:
    """Names of the schemas of resources that the hidden schemas of a shape lead to."""
    return sorted(
        {name for each in _all(_hidden_schemas(shape)) for name in each.names if name in bound}
    )


@dataclass
class _ClosedShapes:
    """Copies of shapes, each made once, with what hidden schemas declare."""

    found: Collection[Shape]
    bound: Collection[str]
    _made: dict[Shape, Shape] = field(default_factory=dict)
    _unions: dict[tuple[Shape, ...], Shape] = field(default_factory=dict)

    def operation(self, operation: Operation) -> Operation:
        responses = {status: self._all(each) for status, each in operation.responses.items()}
        return replace(operation, body=self._all(operation.body), responses=responses)

    def _all(self, medias: tuple[Media, ...]) -> tuple[Media, ...]:
        return tuple(
            replace(each, shape=self.shape(each.shape)) if each.shape is not None else each
            for each in medias
        )

    def shape(self, shape: Shape) -> Shape:
        """A shape without hidden schemas of a resource."""
        if shape not in self._made:
            if shape not in self.found:
                self._made[shape] = self._copy(shape)
            elif shape.content is not None:
                self._made[shape] = inner = shape.content()
                said = {**vars(self.shape(inner)), "content": shape.content}
                for name in _NOTES:
                    said.pop(name, None)
                # Keep `content`, so that a string at this place still has a declared type.
                self._made[shape] = shape_with(said)
            else:
                self._made[shape] = self._expand_hidden(shape)
        return self._made[shape]

    def _expand_hidden(self, shape: Shape) -> Shape:
        said = dict[Shape, None]()
        todo = [*shape.unread]
        for thunk in todo:
            for way in ways(thunk()):
                if way not in said and way is not shape:
                    said[way] = None
                    todo += way.unread
        own = not shape.names.isdisjoint(self.bound)
        whole = [] if own else [each for each in said if not each.names.isdisjoint(self.bound)]
        base = self._copy(shape, [each for each in said if each not in whole])
        return self._either(base, whole) if whole else base

    def _either(self, base: Shape, others: Iterable[Shape]) -> Shape:
        """What is one of several, each time the same one; a base that allows anything would make it
        nobody's."""
        says = base.properties or base.items or base.extra or base.branches
        kept = [base] if says or base.kinds & scalars(base) else []
        found = tuple(dict.fromkeys((*kept, *map(self.shape, others))))
        return self._unions.setdefault(found, merge([*found]))

    def _copy(self, shape: Shape, more: Collection[Shape] = ()) -> Shape:
        """`more`: what else declares members and elements of it."""
        said: dict[str, Any] = {**vars(shape)}
        for name in (*_NOTES, "content", "unread"):
            said.pop(name, None)
        said["branches"] = tuple(self._of([each]) for each in shape.branches)
        found = {name: [each] for name, each in shape.properties.items()}
        for each in more:
            for name, thunk in each.properties.items():
                found.setdefault(name, []).append(thunk)
        said["properties"] = {name: self._of(thunks) for name, thunks in found.items()}
        for name in ("items", "extra"):
            thunks = [at for each in (shape, *more) if (at := getattr(each, name)) is not None]
            if thunks:
                said[name] = self._of(thunks)
        return shape_with(said)

    def _of(self, thunks: list[Thunk]) -> Thunk:
        """The first, or what leads to a resource of the others."""

        @cache
        def make() -> Shape:
            first, *others = [each() for each in thunks]
            leading = [each for each in others if self._leads(each)]
            return self._either(self.shape(first), leading) if leading else self.shape(first)

        return make

    def _leads(self, shape: Shape) -> bool:
        return any(not each.names.isdisjoint(self.bound) for each in _all([shape]))

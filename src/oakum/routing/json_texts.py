"""Texts that hold JSON with objects of a resource (`contentSchema`).

The law of this module: what a gateway cannot cut, it withholds. A text is one value, so for a
gateway such an object is declared itself in its place, and a text is none.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from oakum.errors import Problem
from oakum.openapi.document import Document
from oakum.openapi.model import Media, Operation, Shape
from oakum.openapi.walk import Thunk, reachable, shape_with


def without_texts(
    document: Document, bound: Collection[str]
) -> tuple[Document, tuple[Problem, ...]]:
    """The document without texts that hold an object of one of these schemas, and a warning for
    each."""
    every = (
        media.shape
        for each in document.operations
        for medias in (each.body, *each.responses.values())
        for media in medias
        if media.shape is not None
    )
    found = {shape: names for shape in reachable(every) if (names := _held(shape, bound))}
    if not found:
        return document, ()
    closed = _Closed(found)
    made = {each.id: closed.operation(each) for each in document.operations}
    return document.extended(made, {}, document.files[1:]), tuple(
        Problem(
            document.locate(shape.pointer),
            f"this text holds JSON with a `{names[0]}`, and a gateway cannot cut a text: it is"
            f" withheld, and refused in a request",
            "let the API send the object itself; or remove `contentSchema` by an overlay, if"
            " whoever gets the text may have all of it",
        )
        for shape, names in found.items()
    )


def _held(shape: Shape, bound: Collection[str]) -> list[str]:
    """Names of the schemas of resources in the JSON that a text holds."""
    inside = reachable([shape.content()]) if shape.content is not None else ()
    return sorted({name for each in inside for name in each.names if name in bound})


@dataclass
class _Closed:
    """Copies of shapes, each made once, with what a text holds in place of the text."""

    texts: Collection[Shape]
    _made: dict[Shape, Shape] = field(default_factory=dict)

    def operation(self, operation: Operation) -> Operation:
        responses = {status: self._all(each) for status, each in operation.responses.items()}
        return replace(operation, body=self._all(operation.body), responses=responses)

    def _all(self, medias: tuple[Media, ...]) -> tuple[Media, ...]:
        return tuple(
            replace(each, shape=self.shape(each.shape)) if each.shape is not None else each
            for each in medias
        )

    def shape(self, shape: Shape) -> Shape:
        """A shape without texts."""
        if shape not in self._made:
            if shape in self.texts and shape.content is not None:
                self._made[shape] = shape.content()
            else:
                self._made[shape] = self._copy(shape)
        return self._made[shape]

    def _copy(self, shape: Shape) -> Shape:
        said: dict[str, Any] = {**vars(shape)}
        said.pop("_below", None)
        said["properties"] = {name: self._of(each) for name, each in shape.properties.items()}
        said["branches"] = tuple(self._of(each) for each in shape.branches)
        for name in ("items", "extra"):
            each: Thunk | None = getattr(shape, name)
            if each is not None:
                said[name] = self._of(each)
        said.pop("_atoms", None)
        return shape_with(said)

    def _of(self, thunk: Thunk) -> Thunk:
        return lambda: self.shape(thunk())

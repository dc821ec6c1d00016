"""Reads an OpenAPI document (2.0, 3.0, 3.1, 3.2): its operations and the shapes of their bodies.

A collection of requests (Postman, Insomnia, Bruno) is read as the document that it stands for.

A mistake is no reason to refuse the rest of a document: it closes the operations that it belongs
to, and is a warning with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import partial
from pathlib import Path

from oakum.errors import Location, Problem
from oakum.openapi import overlay, source
from oakum.openapi.broken_references import broken
from oakum.openapi.collections.collection_reader import folder, folder_of, stand_in
from oakum.openapi.foreign_formats import recognise, refuse_other_text
from oakum.openapi.model import ClosedOperation, Json, Operation, Shape
from oakum.openapi.operation_reader import OperationReader, extensions, members
from oakum.openapi.reference_resolution import DescriptionFile, Library, LocatedValue
from oakum.openapi.schema import Schemas
from oakum.openapi.subtypes import Subtypes


class Document:
    """One OpenAPI document with everything that it refers to, overlays applied."""

    def __init__(self, file: DescriptionFile, refs: Mapping[str, Path] | None = None) -> None:
        """Raises `InputError` when nothing of it can be read; use `load` or `parse`."""
        self._format = recognise(file)
        self.file: str = file.name
        self.file_parts = file.parts
        """The files of a folder that was given as the document."""
        self.raw: Json = file.root
        self._library = Library(file, refs)
        self._schemas = Schemas(self._library)
        reader = self._read()
        self.closed: tuple[ClosedOperation, ...] = tuple(reader.closed)
        """Operations that a mistake in the document closes; none of them is in `operations`."""
        self.warnings: tuple[Problem, ...] = tuple(sorted(set(reader.problems)))
        """Mistakes in the document, and what the overlays asked for and nothing matched."""
        root = LocatedValue(file, "", file.root)
        self._home = root.at(*self._format.schemas)
        self.schemas: Mapping[str, Callable[[], Shape]] = self._components()
        """Shapes of the components by name; a second call gives the same shape."""
        said = root.at(*self._format.security_schemes)
        schemes = {name: self._library.value(place) for name, place in members(said)}
        self.security_schemes: Mapping[str, Json] = {
            name: self._format.security_scheme(each) for name, each in schemes.items()
        }
        self.extensions: Mapping[str, Json] = extensions(file.root)
        """The `x-…` members of the document itself."""
        self.alternatives: Mapping[str, tuple[str, ...]] = {}
        """Components in whose place another may stand that is not its owner's (`told_apart`)."""
        self.stand_ins: Mapping[str, frozenset[str]] = {}
        """By owner the others, whose objects may stand where its own are declared."""
        self._origin: Document = self

    def _read(self) -> OperationReader:
        reader = self._format.reader(self._library, self._schemas, broken(self._library))
        self.operations: tuple[Operation, ...] = reader.operations()
        self._by_id = reader.by_id
        return reader

    def _components(self) -> dict[str, Callable[[], Shape]]:
        return {name: partial(self._schemas.own, place) for name, place in members(self._home)}

    def told_apart(self, bound: Iterable[str], owner: Callable[[Shape], str]) -> Document:
        """This document, with a place read as a union if its schema allows an object of another
        owner there. `bound`: component names with an owner; `owner`: the owner of a shape. GraphQL
        endpoints are added afterwards (`extend`)."""
        origin = self._origin
        found = Subtypes(origin._library, origin._schemas, dict(members(origin._home)), owner)
        found.find(bound)
        if not found.bases:
            return origin
        made = copy(origin)
        made._schemas = Schemas(origin._library, found.bases, found.tags)
        made._read()
        made.schemas = made._components()
        made.alternatives, made.stand_ins = found.names, found.owners
        return made

    @classmethod
    def load(
        cls, path: Path, overlays: Sequence[Path] = (), refs: Mapping[str, Path] | None = None
    ) -> Document:
        """Reads a document and applies overlays in order. `refs`: external URL → the file saved
        from it. Raises `InputError`."""
        if (home := folder_of(path)) is not None:
            file, problems = folder(home)
        else:
            data = source.read_bytes(path)
            refuse_other_text(data, str(path))
            file = DescriptionFile(str(path), data, path)
            problems = stand_in(file)
        for other in overlays:
            patch = DescriptionFile(str(other), source.read_bytes(other), other)
            root, ignored = overlay.apply(file.root, patch.root, patch.locate)
            file.patch(root)
            problems += ignored
        made = cls(file, refs)
        made.warnings += tuple(problems)
        return made

    @classmethod
    def parse(cls, data: bytes, file: str, base: Path | None = None) -> Document:
        """Reads a document from JSON or YAML text. `file` names it in messages; references to
        other files start from the folder `base`. Raises `InputError`."""
        refuse_other_text(data, file)
        read = DescriptionFile(file, data, base / Path(file).name if base is not None else None)
        problems = stand_in(read)
        made = cls(read)
        made.warnings += tuple(problems)
        return made

    files_beside: tuple[Path, ...] = ()
    """Files that declare schemas of the document beside it, of GraphQL."""

    def extend(
        self,
        endpoints: Mapping[str, Operation],
        schemas: Mapping[str, Callable[[], Shape]],
        files: tuple[Path, ...],
    ) -> Document:
        """A copy with operations of the same id replaced, further or replaced component schemas,
        and the files that declare them."""
        made = copy(self)
        made.operations = tuple(endpoints.get(each.id, each) for each in self.operations)
        made._by_id = {name: endpoints.get(each.id, each) for name, each in self._by_id.items()}
        made.schemas = {**self.schemas, **schemas}
        made.files_beside = files
        return made

    @property
    def all_operations(self) -> tuple[Operation, ...]:
        """Every operation, including those that a mistake closes, of which only id, method and path
        are known."""
        return (*self.operations, *(each.operation for each in self.closed))

    @property
    def schemas_pointer(self) -> str:
        """JSON pointer to the component schemas."""
        return self._home.pointer

    @property
    def files(self) -> tuple[Path, ...]:
        """The document's file, and those read through references so far."""
        return (*self._library.paths, *self.file_parts, *self.files_beside)

    def operation(self, id: str) -> Operation | None:
        """The operation with this `operationId` or `GET /path`, with or without the server's base
        path; None if there is none."""
        method, _, path = id.partition(" ")
        return self._by_id.get(id) or self._by_id.get(f"{method.upper()} {path.strip()}")

    def names_operation(self, id: str) -> bool:
        """Whether the document has an operation of this name, readable or not."""
        return self.operation(id) is not None or self.closed_operation(id) is not None

    def closed_operation(self, id: str) -> ClosedOperation | None:
        """The operation of this name that a mistake closes; None if there is none."""
        method, _, path = id.partition(" ")
        plain = (method.upper(), path.strip())
        for each in self.closed:
            if id == each.operation.id or plain == (each.operation.method, each.operation.path):
                return each
        return None

    def locate(self, pointer: str) -> Location:
        """The file location of the value at a JSON pointer, or at a `Shape.pointer`."""
        return self._library.locate(pointer)

"""Reads a collection of requests as the OpenAPI document that it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from oakum.errors import Location, Problem
from oakum.openapi.collections import bruno, insomnia, postman
from oakum.openapi.collections.inferred_document import InferredDocument, infer_document
from oakum.openapi.collections.saved_request import Collection
from oakum.openapi.formats import format_of
from oakum.openapi.model import Json
from oakum.openapi.reference_resolution import DescriptionFile


class CollectionFormat(Protocol):
    """The module of a tool whose collections Oakum reads."""

    NAME: str
    """Name of the format in messages."""

    def tells(self, root: Mapping[str, Json]) -> str:
        """Pointer to the member that identifies this format; empty: it is another one."""

    def read(self, file: DescriptionFile) -> Collection:
        """Reads a collection; requests that cannot be read are skipped and reported with their
        place."""


COLLECTIONS: tuple[CollectionFormat, ...] = (postman, insomnia, bruno)
"""Readers in the order in which they are tried on a file."""


def stand_in(file: DescriptionFile) -> list[Problem]:
    """Replaces the content of a collection file by the inferred document; other files are
    unchanged. Returns a warning for each skipped part. Raises `InputError` if no request can be
    read."""
    root = file.root
    if type(root) is not dict or format_of(root) is not None:
        return []
    for each in COLLECTIONS:
        if pointer := each.tells(root):
            return _replace_root(
                file,
                infer_document(each.read(file), each.NAME, lambda: file.written_location(pointer)),
            )
    return []


folder_of = bruno.folder_of


def folder(path: Path) -> tuple[DescriptionFile, list[Problem]]:
    """A Bruno folder as one description file, with a warning for each skipped part."""
    collection, files = bruno.read_folder(path)
    file = DescriptionFile(str(path), b"{}", path)
    file.parts = files
    whole = Location(str(files[0]), 1, 1)
    return file, _replace_root(file, infer_document(collection, bruno.NAME, lambda: whole))


def _replace_root(file: DescriptionFile, made: InferredDocument) -> list[Problem]:
    file.stand_for(made.root, made.locate)
    return list(made.problems)

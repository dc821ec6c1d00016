"""Reads a collection of requests as the OpenAPI document that it stands for."""

from __future__ import annotations

from pathlib import Path

from oakum.errors import Location, Problem
from oakum.openapi.collections import bruno, insomnia, postman
from oakum.openapi.collections.inferred_document import Inferred, inferred
from oakum.openapi.foreign_formats import BRUNO, INSOMNIA, POSTMAN, collection_format
from oakum.openapi.reference import DescriptionFile

_READERS = {POSTMAN: postman.read, INSOMNIA: insomnia.read, BRUNO: bruno.read}


def stand_in(file: DescriptionFile) -> list[Problem]:
    """Replaces a collection by the document that it stands for; anything else stays. What of it is
    left aside, each at its place. Raises `InputError` where no request of it can be read."""
    found = collection_format(file.root)
    if found is None:
        return []
    kind, pointer = found
    return _replaced(file, inferred(_READERS[kind](file), kind, lambda: file.written(pointer)))


folder_of = bruno.folder_of


def folder(path: Path) -> tuple[DescriptionFile, list[Problem]]:
    """A folder of Bruno's as one file of a description, and what is left aside."""
    collection, files = bruno.read_folder(path)
    file = DescriptionFile(str(path), b"{}", path)
    file.parts = files
    return file, _replaced(file, inferred(collection, BRUNO, lambda: Location(str(files[0]), 1, 1)))


def _replaced(file: DescriptionFile, made: Inferred) -> list[Problem]:
    file.stand_for(made.root, made.locate)
    return list(made.problems)

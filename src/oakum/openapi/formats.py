"""The formats of API descriptions that Oakum reads, each told by the member that has its version.

What stands elsewhere in a format is said here, or by its `OperationReader`. Collections of requests
are read as the OpenAPI document that they stand for (`collections/reading.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from oakum.openapi.model import Json
from oakum.openapi.operation_reader import OperationReader
from oakum.openapi.swagger import SwaggerReader, security_scheme


def _as_written(scheme: Json) -> Json:
    return scheme


class DocumentFormat(NamedTuple):
    """A format of API descriptions, and where it has what each of them says."""

    member: str
    """The member of the document that has the version."""
    name: str
    """In messages."""
    versions: tuple[str, ...]
    """Without the patch: `3.1` is 3.1.0 as well."""
    reader: type[OperationReader]
    schemas: tuple[str, ...]
    """Path of the map of schemas."""
    security_schemes: tuple[str, ...]
    """Path of the map of security schemes."""
    security_scheme: Callable[[Json], Json] = _as_written
    """A security scheme as OpenAPI 3 writes it."""

    def reads(self, version: str) -> bool:
        return any(f"{version}.".startswith(f"{each}.") for each in self.versions)


FORMATS = (
    DocumentFormat(
        "openapi",
        "OpenAPI",
        ("3.0", "3.1", "3.2"),
        OperationReader,
        ("components", "schemas"),
        ("components", "securitySchemes"),
    ),
    DocumentFormat(
        "swagger",
        "Swagger",
        ("2.0",),
        SwaggerReader,
        ("definitions",),
        ("securityDefinitions",),
        security_scheme,
    ),
)


def format_of(root: Json) -> DocumentFormat | None:
    """The format that a document says it is in, whatever its version; None: in none of these."""
    if type(root) is not dict:
        return None
    return next((each for each in FORMATS if each.member in root), None)


def readable() -> str:
    """What Oakum reads, for a hint: `Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger 2.0`."""
    found = [f"{each.name} {_enumerate_words(each.versions, ' and ')}" for each in FORMATS]
    return f"Oakum reads {_enumerate_words(found, ', and ')}"


def _enumerate_words(words: tuple[str, ...] | list[str], last: str) -> str:
    return last.join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]

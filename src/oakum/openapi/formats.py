"""The formats of API descriptions that Oakum reads, each identified by the member with its version.

Where a format keeps things elsewhere, it is declared here or implemented by its `OperationReader`.
Collections of requests are read as the OpenAPI document inferred from them
(`collections/reading.py`).
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
    """A format of API descriptions, and where it keeps schemas and security schemes."""

    member: str
    """The member that holds the version."""
    name: str
    """Name of the format in messages."""
    versions: tuple[str, ...]
    """Supported versions without the patch: `3.1` includes 3.1.0."""
    reader: type[OperationReader]
    schemas: tuple[str, ...]
    """Path of the map of schemas."""
    security_schemes: tuple[str, ...]
    """Path of the map of security schemes."""
    security_scheme: Callable[[Json], Json] = _as_written
    """Converts a security scheme to the form of OpenAPI 3."""

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
    """The format that a document declares, whatever its version; None: none of these."""
    if type(root) is not dict:
        return None
    return next((each for each in FORMATS if each.member in root), None)


def readable() -> str:
    """The supported formats, for a hint: `Oakum reads OpenAPI 3.0, 3.1 and 3.2, and Swagger
    2.0`."""
    found = [f"{each.name} {_enumerate_words(each.versions, ' and ')}" for each in FORMATS]
    return f"Oakum reads {_enumerate_words(found, ', and ')}"


def _enumerate_words(words: tuple[str, ...] | list[str], last: str) -> str:
    return last.join((", ".join(words[:-1]), words[-1])) if len(words) > 1 else words[0]

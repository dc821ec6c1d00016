"""Finds the operation that a request calls."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from oakum.exchange import Request
from oakum.openapi.model import Operation
from oakum.routing.operation_by_path_values import params_of
from oakum.scan.requests.builder import path_on

_AN_ID = re.compile(r"[^/]*\d[^/]*|[^/]{25,}")
"""A path segment that looks like an id, where no document helps."""


class OperationNames:
    """Names requests after operations; the most literal template wins (OpenAPI 3.1, Paths)."""

    def __init__(self, operations: Iterable[Operation], target: str) -> None:
        base = urlsplit(target).path.rstrip("/")
        found = [
            (path.count("{"), each, base + path, re.compile(base_pattern(base + path)))
            for each in operations
            if (path := path_on(each, target))
        ]
        self._known = sorted(found, key=lambda entry: entry[0])

    def operation(self, request: Request) -> Operation | None:
        """The documented operation that a request calls; None if unknown."""
        return self._find(request)[0]

    def values(self, request: Request) -> dict[str, str]:
        """Path parameters of a request by name."""
        operation, template = self._find(request)
        found = path_values(template, urlsplit(request.url).path)
        return params_of(operation, found) if operation is not None else found

    def _find(self, request: Request) -> tuple[Operation | None, str]:
        """The operation that a request calls, and its path template on the target."""
        path = urlsplit(request.url).path
        return next(
            (
                (each, template)
                for _, each, template, at in self._known
                if each.method == request.method and at.fullmatch(path)
            ),
            (None, ""),
        )

    def __call__(self, request: Request) -> str:
        """`GET /people/{id}`, as the document writes it, else with `{}` for what looks like an id;
        no value of anybody stands in it."""
        known = self.operation(request)
        if known is not None:
            return f"{known.method} {known.path}"
        return f"{request.method} {_AN_ID.sub('{}', urlsplit(request.url).path)}"


def base_pattern(template: str) -> str:
    """A path template as a regular expression."""
    return "[^/]+".join(re.escape(part) for part in re.split(r"\{[^}]*\}", template))


def path_values(template: str, path: str) -> dict[str, str]:
    """Decoded path parameters by name; empty if the path does not match."""
    names = re.findall(r"\{([^}]*)\}", template)
    found = re.fullmatch(base_pattern(template).replace("[^/]+", "([^/]+)"), path)
    return dict(zip(names, map(unquote, found.groups()), strict=True)) if found else {}


NOTHING = OperationNames((), "")
"""Knows no document."""

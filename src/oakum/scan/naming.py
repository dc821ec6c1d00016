"""Which operation of the document a request is a call of."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from oakum.contract.model import Operation
from oakum.exchange import Request
from oakum.scan.asking import path_on

_AN_ID = re.compile(r"[^/]*\d[^/]*|[^/]{25,}")
"""A segment that names one of many, where no document says so."""


class Names:
    """Names requests after operations; the most literal template wins (OpenAPI 3.1, Paths)."""

    def __init__(self, operations: Iterable[Operation], target: str) -> None:
        base = urlsplit(target).path.rstrip("/")
        found = [
            (path.count("{"), each.method, re.compile(base_pattern(base + path)), each)
            for each in operations
            if (path := path_on(each, target))
        ]
        self._known = sorted(found, key=lambda entry: entry[0])

    def operation(self, request: Request) -> Operation | None:
        """The operation of the document that a request calls; None: none is known."""
        path = urlsplit(request.url).path
        return next(
            (each for _, method, at, each in self._known
             if method == request.method and at.fullmatch(path)),
            None,
        )  # fmt: skip

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


NOTHING = Names((), "")
"""Knows no document."""

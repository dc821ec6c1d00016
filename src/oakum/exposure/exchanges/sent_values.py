"""The values in a request: a response that repeats them discloses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import parse_qsl, unquote, urlsplit

from oakum.exchange import Request
from oakum.exposure.values.knowledge import canonical, leaves_of


def sent_of(request: Request, params: Mapping[str, str]) -> frozenset[str]:
    """Every value in a request."""
    found = {*params.values(), *map(unquote, urlsplit(request.url).path.split("/"))}
    found.update(value for name, value in request.headers.items() if name != "authorization")
    return frozenset((found | body_of(request)) - {""})


def body_of(request: Request) -> frozenset[str]:
    """Every value in the query and in the body of a request."""
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    text = request.body.decode("utf-8", "replace")
    found = {value for _, value in (*query, *parse_qsl(text))}
    with suppress(ValueError, RecursionError):
        found.update(canonical(leaf) for _, leaf in leaves_of(json.loads(text)))
    return frozenset(found - {""})

"""The form of a response: media type, left-out values, caching headers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from oakum.authz import Table
from oakum.authz.compiled_model import declared_answers
from oakum.authz.judgement import Judgement
from oakum.authz.table import leaf_index
from oakum.exchange import Response
from oakum.exposure.knowledge import canonical, leaves_of
from oakum.openapi.model import Operation

Form = tuple[int, str, frozenset[tuple[str, ...]], int]
"""Status, media type, places of values with list positions left out, and how many values."""


@dataclass(frozen=True)
class Keeping:
    """The instructions of a response to shared caches (RFC 9111)."""

    always: bool
    """They may keep it whoever asked: `public` or `s-maxage` (3.5)."""
    without_authorization: bool
    """They may keep it where nothing in `Authorization` has asked for it."""
    told_apart: frozenset[str]
    """Request headers by which caches separate its readers (`Vary`), in lower case; `*`: all."""
    status: int
    media_type: str
    text: int
    """Hash of the body, valid in this process only; no personal value."""
    governed: int
    """The same of the values that the contract governs, which excludes such as request ids."""
    etag: str
    """A strong validator (RFC 9110, 8.8.3) by which a shared cache may take another's answer for
    this one; empty: there is none, or no shared cache may keep the answer (RFC 9111, 5.2.2)."""


def is_broken(operation: Operation, answer: Response) -> bool:
    """Whether an answer is none to the question, and may be one the next time: a server's error, or
    a page in place of what is declared."""
    if answer.status >= 500:
        return True
    declared = [each.type for each in declared_answers(operation, answer.status)]
    return (
        200 <= answer.status < 300
        and bool(answer.body and declared)
        and answer.media_type == "text/html"
        and "text/html" not in declared
    )


def governed(judged: Judgement, tables: Mapping[str, Table]) -> int:
    """A hash of all values that the contract governs, with their owners."""
    return hash(
        frozenset(
            (each.resource, tuple(each.owners), leaf.path, canonical(leaf.value))
            for each in judged.instances
            for leaf in each.leaves
            if not isinstance(leaf.value, dict | list)
            and leaf_index(tables[each.resource], leaf.path) >= 0
        )
    )


def keeping_of(answer: Response, values: Callable[[], int]) -> Keeping:
    """Cache properties of a response; a missing header counts as not cacheable. `values`: computes
    the `governed` hash on demand."""
    said = [each.strip().lower() for each in answer.headers.get("cache-control", "").split(",")]
    given = {name: value for name, _, value in (each.partition("=") for each in said)}
    ages = [given[name].strip('"') for name in ("s-maxage", "max-age") if name in given]
    shut = bool({"private", "no-store", "no-cache"} & given.keys()) or ages[:1] == ["0"]
    vary = answer.headers.get("vary", "").split(",")
    unkept = {"private", "no-store"} & given.keys()
    etag = "" if unkept else answer.headers.get("etag", "")
    etag = "" if etag.startswith("W/") else etag
    return Keeping(
        not shut and bool({"public", "s-maxage"} & given.keys()),
        not shut and bool(ages or "public" in given),
        frozenset(each.strip().lower() for each in vary) - {""},
        answer.status,
        answer.media_type,
        hash(answer.body),
        values() if etag else 0,
        etag,
    )


def form_of(answer: Response) -> Form:
    """Structure of a response without values."""
    text = answer.body.decode("utf-8", "replace")
    try:
        found = list(leaves_of(orjson.loads(answer.body))) if answer.body else []
    except orjson.JSONDecodeError:
        lines = text.splitlines()
        return answer.status, answer.media_type, frozenset({(lines[0][:200],)}), len(lines)
    places = frozenset(tuple("*" if p.isdigit() else p for p in at) for at, _ in found)
    return answer.status, answer.media_type, places, len(found)

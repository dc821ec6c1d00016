"""What answers look like, values left out, and what they say to caches."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from oakum.exchange import Response
from oakum.scan.knowledge import leaves_of

Form = tuple[int, str, frozenset[tuple[str, ...]], int]
"""Status, media type, places of values with list positions left out, and how many values."""


@dataclass(frozen=True)
class Keeping:
    """What an answer says to caches that many share (RFC 9111)."""

    always: bool
    """They may keep it whoever asked: `public` or `s-maxage` (3.5)."""
    without_authorization: bool
    """They may keep it where nothing in `Authorization` has asked for it."""
    told_apart: frozenset[str]
    """Names of request headers that its readers are told apart by, in lower case; `*`: all."""
    status: int
    media_type: str
    text: int
    """Hash of the body, for this process alone: nobody's value."""
    etag: str
    """A strong validator (RFC 9110, 8.8.3), or empty: no other text at the address may have it."""


def keeping_of(answer: Response) -> Keeping:
    """What an answer says to caches; nothing said is taken for a *no*, as it means for most."""
    said = [each.strip().lower() for each in answer.headers.get("cache-control", "").split(",")]
    given = {name: value for name, _, value in (each.partition("=") for each in said)}
    ages = [given[name].strip('"') for name in ("s-maxage", "max-age") if name in given]
    shut = bool({"private", "no-store", "no-cache"} & given.keys()) or ages[:1] == ["0"]
    vary = answer.headers.get("vary", "").split(",")
    etag = answer.headers.get("etag", "")
    return Keeping(
        not shut and bool({"public", "s-maxage"} & given.keys()),
        not shut and bool(ages or "public" in given),
        frozenset(each.strip().lower() for each in vary) - {""},
        answer.status,
        answer.media_type,
        hash(answer.body),
        "" if etag.startswith("W/") else etag,
    )


def form_of(answer: Response) -> Form:
    """What an answer looks like, values left out: two answers of one form may differ in values."""
    text = answer.body.decode("utf-8", "replace")
    try:
        found = list(leaves_of(orjson.loads(answer.body))) if answer.body else []
    except orjson.JSONDecodeError:
        lines = text.splitlines()
        return answer.status, answer.media_type, frozenset({(lines[0][:200],)}), len(lines)
    places = frozenset(tuple("*" if p.isdigit() else p for p in at) for at, _ in found)
    return answer.status, answer.media_type, places, len(found)

"""Picks the declared media type that applies to a body.

A body is judged by the schema that is declared for its own media type. The most specific
declaration applies (RFC 9110, 12.5.1; OpenAPI, Media Type Object): first the type with the same
parameters, then a range: `application/*+json`, `application/*`, `*/*`. An undeclared JSON type is
judged as the JSON type of the document, if there is only one. If two declarations fit equally,
neither applies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oakum.http.media_type import is_json
from oakum.openapi.model import Media
from oakum.openapi.shape_queries import element, member_by_name, member_names

PATCH = "application/json-patch+json"
"""Media type of JSON Patch, whose operations name fields by pointers in strings (RFC 6902)."""
_ASIDE = ("boundary", "q")
"""Parameters that do not distinguish media types."""


def split(media_type: str) -> tuple[str, Mapping[str, str]]:
    """Type in lower case, and its parameters: names in lower case, values without quotes."""
    base, *rest = media_type.split(";")
    said: dict[str, str] = {}
    for each in rest:
        name, _, value = each.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        if name == "charset":
            value = "utf-8" if value.lower() == "utf8" else value.lower()
        if name and name not in _ASIDE:
            said[name] = value
    return base.strip().lower(), said


def key(media_type: str) -> str:
    """Canonical form of a declared media type: `type; name=value`, sorted, without quotes."""
    base, said = split(media_type)
    return "; ".join((base, *(f"{name}={said[name]}" for name in sorted(said))))


def distinct(declared: Sequence[Media]) -> dict[str, Media]:
    """Media types by key; equal keys with different schemas are ambiguous and left out."""
    found: dict[str, Media] = {}
    doubtful = set[str]()
    for media in declared:
        name = key(media.type)
        if found.setdefault(name, media).shape is not media.shape:
            doubtful.add(name)
    return {name: media for name, media in found.items() if name not in doubtful}


def select_media(declared: Sequence[Media], media_type: str) -> Media | None:
    """The declaration that applies to this media type with parameters; None if undeclared."""
    base, said = split(media_type)
    named = [(*split(name), media) for name, media in distinct(declared).items()]
    for wanted in (base, *ranges(base)):
        alike = [(params, media) for name, params, media in named if name == wanted]
        if (found := _best_match(alike, said)) is not None:
            return found
    alone = [media for name, _, media in named if is_json(name)] if is_json(base) else []
    return alone[0] if len(alone) == 1 else None


def edits(media: Media) -> bool:
    """Whether a body holds patch operations, which name fields in strings (JSON Patch, RFC 6902;
    SCIM, RFC 7644, 3.5.2)."""
    if split(media.type)[0] == PATCH:
        return True
    if media.shape is None:
        return False
    below = (member_by_name(media.shape, name) for name in member_names(media.shape))
    lists = (media.shape, *(each for each in below if each is not None))
    orders = (set(member_names(each)) for each in (media.shape, *map(element, lists)) if each)
    return any("op" in names and not names.isdisjoint(("path", "from")) for names in orders)


def ranges(base: str) -> tuple[str, ...]:
    """Media ranges that cover a type, the most specific first: `application/*+json`,
    `application/*`, `*/*`."""
    top, slash, _ = base.partition("/")
    if not slash:
        return ()
    structured = (f"{top}/*+json",) if base.endswith("+json") else ()
    return (*structured, f"{top}/*", "*/*")


def _best_match(
    alike: Sequence[tuple[Mapping[str, str], Media]], said: Mapping[str, str]
) -> Media | None:
    """Of declarations of one type, the one with the most matching parameters. A single declaration
    also fits a value that omits parameters without contradiction."""
    whole = [(len(params), media) for params, media in alike if params.items() <= said.items()]
    if whole:
        most = max(count for count, _ in whole)
        best = [media for count, media in whole if count == most]
        return best[0] if len(best) == 1 else None
    if len(alike) != 1:
        return None
    params, media = alike[0]
    return media if all(said.get(name, value) == value for name, value in params.items()) else None

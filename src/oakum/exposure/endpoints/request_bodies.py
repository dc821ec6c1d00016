"""Encodes request bodies in the media type that the document declares.

JSON if the operation accepts it (under the name that it has there, such as
`application/merge-patch+json`), else a form: urlencoded (WHATWG URL, 5.2) or multipart (RFC 7578).
For any other type no body is written, and the reason is reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode

import orjson

from oakum.exchange import json_bytes
from oakum.http.media_type import essence, is_json
from oakum.openapi.model import Json, Media, Operation, Shape
from oakum.openapi.shape_queries import scalars

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
BOUNDARY = "oakum-7d1f0c5e9b3a"
"""Separates the parts of a multipart body; no value that is sent contains it."""
_PATCHES = ("application/json-patch+json", "application/json-seq")
"""JSON types whose body is not an object with the declared members (RFC 6902)."""


def media_of(operation: Operation) -> Media | None:
    """The media type to send a body in; None when no supported one is declared."""
    known = {essence(media.type): media for media in reversed(operation.body)}
    for wanted in (JSON, *(each for each in known if _is_json(known[each])), FORM, MULTIPART):
        if wanted in known:
            return known[wanted]
    return next((media for base, media in known.items() if base in ("*/*", "application/*")), None)


def body_shape(operation: Operation) -> Shape | None:
    """The body's schema for the media type that is sent."""
    media = media_of(operation)
    return media.shape if media is not None else None


_DEPTH = 3
"""How many levels of nested objects are searched for members."""


@dataclass(frozen=True)
class Member:
    """A member of a request body, with the names that lead to it."""

    at: tuple[str, ...]
    shape: Shape
    required: bool
    """Whether every valid body has it, so that all objects around it are required, too."""

    @property
    def name(self) -> str:
        """The dotted name in a contract: `filter.userId`."""
        return ".".join(self.at)


def body_members(operation: Operation) -> Mapping[str, Member]:
    """Dotted name → member, for the body and the objects in it, without those that are
    `readOnly`."""
    shape = body_shape(operation)
    return _members_of(shape) if shape is not None else {}


@lru_cache(maxsize=1 << 10)
def _members_of(shape: Shape) -> Mapping[str, Member]:
    return {each.name: each for each in _members_below(shape, (), required=True)}


def _members_below(shape: Shape, at: tuple[str, ...], *, required: bool) -> Iterator[Member]:
    for name, thunk in shape.properties.items():
        inner, needed = thunk(), required and name in shape.required
        if inner.read_only:
            continue
        yield Member((*at, name), inner, needed)
        if inner.properties and len(at) + 1 < _DEPTH:
            yield from _members_below(inner, (*at, name), required=needed)


def json_value(text: str, shape: Shape) -> Json:
    """A text as a value of a JSON body: a number or a boolean where the schema allows no text."""
    kinds = scalars(shape)
    if "string" in kinds or not kinds:
        return text
    try:
        value: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    exact = isinstance(value, bool | int | float) and json_bytes(value).decode() == text
    return value if exact else text


def unwritable(operation: Operation) -> str:
    """Why no body can be written for an operation; empty if one can, or if none is needed."""
    if not operation.body:
        return ""
    media = media_of(operation)
    if media is None:
        types = ", ".join(f"`{each.type}`" for each in operation.body[:3])
        return f"its body is {types}, which the scan cannot write"
    shape = media.shape
    files = [
        name
        for name, thunk in (shape.properties.items() if shape is not None else ())
        if name in (shape.required if shape else ()) and thunk().format in ("binary", "byte")
    ]
    return f"its body needs a file (`{files[0]}`), and the scan creates none" if files else ""


def encode(operation: Operation, content: Json) -> tuple[str, bytes]:
    """Content type and bytes of a body; JSON if the document declares none."""
    media = media_of(operation)
    base = essence(media.type) if media is not None else JSON
    kind = base if base == FORM else f"{MULTIPART}; boundary={BOUNDARY}"
    if base not in (FORM, MULTIPART):
        kind = media.type if media is not None and _is_json(media) else JSON
    return kind, encode_as(kind, content)


def encode_as(kind: str, content: Json) -> bytes:
    """The bytes of a body in the content type `kind`, as returned by `encode`."""
    if kind.startswith(FORM):
        return urlencode(list(_pairs(content))).encode()
    return _parts(content) if kind.startswith(MULTIPART) else json_bytes(content)


def writes_json(operation: Operation) -> bool:
    """Whether `encode` writes the body as JSON, and not as a form."""
    media = media_of(operation)
    return media is None or essence(media.type) not in (FORM, MULTIPART)


def decode(kind: str, body: bytes) -> Mapping[str, Json]:
    """Members of a body made by `encode`; empty if it is not an object."""
    if kind.startswith(MULTIPART):
        parts = body.decode("utf-8", "replace").split(f"--{BOUNDARY}")[1:-1]
        named = (part.partition("\r\n\r\n") for part in parts)
        return {head.split('name="')[-1].rstrip('"'): text[:-2] for head, _, text in named}
    if kind.startswith(FORM):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_json(media: Media) -> bool:
    return is_json(media.type) and essence(media.type) not in _PATCHES


def _pairs(content: Json) -> Iterator[tuple[str, str]]:
    """Members as form fields: lists repeat their name, objects are JSON (OpenAPI 3.1, Encoding
    Object)."""
    for name, value in content.items() if isinstance(content, Mapping) else ():
        for each in value if isinstance(value, list) else (value,):
            yield name, _text(each)


def _parts(content: Json) -> bytes:
    lines: list[str] = []
    for name, text in _pairs(content):
        quoted = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        lines += [f"--{BOUNDARY}", f'Content-Disposition: form-data; name="{quoted}"', "", text]
    return "\r\n".join([*lines, f"--{BOUNDARY}--", ""]).encode()


def _text(value: Json) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_bytes(value).decode()

"""Form bodies that hold a resource, read as the JSON object with the same members.

Each member occurs once, by its plain name; only a list repeats its name, or stands in one text if
the document says how. What some servers read
otherwise is refused before: brackets in the name of a member that is no list, another charset.
Every value is a text, unless the document declares an integer for a member outside every resource.
A member that holds an object is not read from a form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection

from oakum.guard.compiled.form_members import Form
from oakum.guard.compiled.multipart_part_names import parts_of
from oakum.openapi.model import Json
from oakum.routing.content_type import FORM, MediaType
from oakum.routing.http_messages import Denial
from oakum.routing.route import decoded_name, decoded_value, filter_query

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,29})")
_LONGEST = 1024
"""Most bytes of a value that may be a key; a longer one is replaced by an empty string."""


def as_json(form: Form, kind: MediaType, body: bytes) -> bytes:
    """The body as a JSON object. Raises `Denial` for duplicate or unreadable members."""
    said: dict[str, Json] = {}
    for name, text in _pairs(form, kind, body):
        if name in form.lists:
            listed = said.setdefault(name, [])
            assert isinstance(listed, list)
            mark = form.marks.get(name)
            listed += [_read(form, name, each) for each in (text.split(mark) if mark else [text])]
        elif name in said:
            raise Denial(400, "body")
        else:
            said[name] = _read(form, name, text)
    return json.dumps(said).encode()


def _read(form: Form, name: str, text: str) -> Json:
    return int(text) if name in form.numbers and _INTEGER.fullmatch(text) else text


def keep_members(kind: MediaType, body: bytes, names: Collection[str]) -> bytes | None:
    """The body with these members only; None if it is not URL-encoded and so cannot be cut."""
    if kind.type != FORM:
        return None
    pieces = body.decode("ascii").split("&")
    return "&".join(each for each in pieces if each and decoded_name(each) in names).encode()


def _pairs(form: Form, kind: MediaType, body: bytes) -> list[tuple[str, str]]:
    if kind.type == FORM:
        try:
            text = body.decode("ascii")
            filter_query(text, form.names, form.lists, {})
        except (UnicodeDecodeError, Denial):
            raise Denial(400, "body") from None
        return [
            (decoded_name(each), _short(decoded_value(each))) for each in text.split("&") if each
        ]
    parts = parts_of(body, dict(kind.params)["boundary"])
    if parts is None:
        raise Denial(400, "body")
    return [(name, _text(content)) for name, content in parts]


def _short(text: str) -> str:
    return text if len(text.encode()) <= _LONGEST else ""


def _text(content: bytes) -> str:
    if len(content) > _LONGEST:
        return ""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return ""

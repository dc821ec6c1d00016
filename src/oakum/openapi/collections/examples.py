"""Infers the shapes of saved example bodies, as from recorded traffic.

Tools write `<string>` in place of a value of that type, and `{{name}}` for a variable; comments in
examples are ignored.
"""

from __future__ import annotations

import re

import orjson

from oakum.openapi.model import Json
from oakum.openapi.observed_shape import ObservedValues, schema

UNREAD = object()
"""Returned for text that is not JSON."""
_MOST = 8_000_000
_MOST_DEPTH = 100
_TOKENS = re.compile(
    r'("(?:[^"\\]|\\.)*")|(//[^\n]*|/\*.*?\*/)|(\{\{[^{}"]*\}\})|(,)(?=\s*[\]}])', re.S
)
_TAG = re.compile(r"\{%.*?%\}", re.S)
_STAND_INS: dict[str, Json] = {
    "string": "", "integer": 0, "long": 0, "int32": 0, "int64": 0, "number": 0.5, "float": 0.5,
    "double": 0.5, "boolean": True, "dateTime": "2000-01-01T00:00:00Z", "date": "2000-01-01",
    "uuid": "00000000-0000-0000-0000-000000000000", "email": "a@example.com",
    "uri": "https://example.com", "object": {}, "array": [],
}  # fmt: skip


def parse_body(text: str) -> object:
    """The value of a saved body, with stand-ins for placeholders; `UNREAD` if it is not JSON."""
    if not text.strip() or len(text) > _MOST:
        return UNREAD
    try:
        return _plain(orjson.loads(text), 0)
    except orjson.JSONDecodeError:
        pass
    try:
        return _plain(orjson.loads(_TOKENS.sub(_replace_token, _TAG.sub("0", text))), 0)
    except orjson.JSONDecodeError:
        return UNREAD


def _replace_token(found: re.Match[str]) -> str:
    if found[1] is not None:
        return found[1]
    return "null" if found[3] is not None else ""


def _plain(value: Json, depth: int) -> Json:
    if depth > _MOST_DEPTH:
        return None
    if isinstance(value, dict):
        return {name: _plain(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, str) and value[:1] == "<" and value[-1:] == ">":
        return _STAND_INS.get(value[1:-1], None if " " in value else "")
    if isinstance(value, str) and "{{" in value:
        return ""
    return value


def schema_of(learnt: ObservedValues) -> Json:
    """A JSON Schema of the examples. Members present in all examples are not marked as required,
    and a member that is always null may have any type."""
    return _loosen(schema(learnt))


def _loosen(made: Json) -> Json:
    if not isinstance(made, dict):
        return made
    found = {name: each for name, each in made.items() if name != "required"}
    if found.get("type") == "null":
        del found["type"]
    if isinstance(found.get("properties"), dict):
        found["properties"] = {n: _loosen(each) for n, each in found["properties"].items()}
    for word in ("items", "additionalProperties"):
        if word in found:
            found[word] = _loosen(found[word])
    return found

"""Path segments: which can only be ids, and which are parameters of a template."""

from __future__ import annotations

import re

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}")
VERSION = re.compile(r"v\d{1,3}(?:\.\d{1,3})*|\d{4}-\d\d-\d\d")
_NAME = re.compile(r"\{([^{}]+)\}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z_.~-]{0,39}\d{0,2}")


def id_form(segment: str) -> str | None:
    """`integer`, `uuid` and the like for a segment that can only be an id; None: it may be a
    word."""
    if re.fullmatch(r"-?\d+", segment):
        return "integer"
    if _UUID.fullmatch(segment):
        return "uuid"
    if VERSION.fullmatch(segment):
        return "string" if "-" in segment else None
    return None if _WORD.fullmatch(segment) and not _ULID.fullmatch(segment) else "string"


def nameless(path: str) -> str:
    """A path template without the names of its parameters."""
    return _NAME.sub("{}", path)


def parameter_names(path: str) -> list[str]:
    """The names of a path template's parameters, in their order."""
    return _NAME.findall(path)

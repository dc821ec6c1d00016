"""Values of JSON at a dotted field path; `*` stands for every element or map value."""

from __future__ import annotations

from oakum.authz.id_spelling import identifier, identifiers
from oakum.openapi.model import Json


def lacks(value: Json, path: str) -> bool:
    """Whether a member on a path is missing; `null` counts as present."""
    return _lacks(value, path.split("."))


def _lacks(value: Json, segments: list[str]) -> bool:
    if not segments or value is None:
        return False
    if segments[0] == "*":
        below = list(value.values()) if isinstance(value, dict) else value
        return not isinstance(below, list) or any(_lacks(each, segments[1:]) for each in below)
    there = isinstance(value, dict) and segments[0] in value
    return not (isinstance(value, dict) and there) or _lacks(value[segments[0]], segments[1:])


def is_garbled(value: Json, path: str) -> bool:
    """Whether a path holds, or is interrupted by, a value that is neither an id nor a sign of
    absence: null, an empty string, an empty object or list."""
    return _is_garbled_at(value, path.split("."), ids=True)


def is_blocked(value: Json, path: str) -> bool:
    """Whether a value on a path cannot be descended into, such as a string in place of an
    object."""
    return _is_garbled_at(value, path.split("."), ids=False)


def _is_garbled_at(value: Json, segments: list[str], *, ids: bool) -> bool:
    if value is None or (isinstance(value, str) and identifier(value) is None):
        return False
    if not segments:
        return ids and identifier(value) is None
    if not isinstance(value, dict | list):
        return True
    if segments[0] == "*":
        below = value.values() if isinstance(value, dict) else value
        return any(_is_garbled_at(each, segments[1:], ids=ids) for each in below)
    if isinstance(value, list):
        return bool(value)
    return segments[0] in value and _is_garbled_at(value[segments[0]], segments[1:], ids=ids)


def at_path(value: Json, path: str) -> list[Json]:
    """Values at a dotted field path; `*` stands for every element or map value."""
    found = [value]
    for segment in path.split("."):
        found = [child for each in found for child in _below(each, segment)]
    return found


def _below(value: Json, segment: str) -> list[Json]:
    if isinstance(value, list):
        return value if segment == "*" else []
    if not isinstance(value, dict):
        return []
    if segment == "*":
        return list(value.values())
    return [value[segment]] if segment in value else []


def texts(value: Json, path: str, *, spread: bool = True) -> list[str]:
    """Ids at a field path as text; `spread`: include the elements of a list there."""
    flat: list[Json] = []
    for each in at_path(value, path):
        flat += each if spread and isinstance(each, list) else [each]
    return identifiers(flat)


def key_in(value: Json, path: str) -> str:
    """The key that an object shows at the path of its resource's key; empty if none, or no path."""
    return next(iter(texts(value, path)), "") if path else ""

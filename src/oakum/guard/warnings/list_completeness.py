"""Warnings about members declared around a list because of which it is not known to be complete.

`authz.complete_lists` has the rule; this module applies it to declared names and types, for
warnings.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.authz.complete_lists import ListPlace
from oakum.authz.completeness_names import ENDED, FAILED, ON, has_part, kind_of, plain_name


def unexplained_members(place: ListPlace) -> list[str]:
    """Members of unknown meaning: any value in one may mean that the list goes on."""
    known = ON | FAILED | {"total"}
    return [
        name
        for name, kinds in _around(place)
        if name not in place.harmless
        and kinds != {"object"}
        and not _kind(name)
        and not has_part(plain_name(name), known)
        and not any(name in path for path in place.counts)
    ]


def failure_members(place: ListPlace) -> list[str]:
    """Members whose text counts as a failure unless it says success."""
    return [
        name
        for name, kinds in _around(place)
        if _kind(name) in ("words", "status") and (not kinds or "string" in kinds)
    ]


def cursors(place: ListPlace) -> list[str]:
    """Members whose presence means that the list goes on, if another member can say that it
    ends."""
    found = [*_around(place)]
    ends = any(kinds == {"boolean"} and _says_the_end(name) for name, kinds in found)
    return [
        name
        for name, kinds in found
        if ends and (not kinds or not kinds <= {"boolean", "array", "null"})
        and (_kind(name) == "cursor" or (not _kind(name) and _goes_on(name)))
    ]  # fmt: skip


def _around(place: ListPlace) -> Iterator[tuple[str, frozenset[str]]]:
    return ((name, kinds) for name, kinds in place.declared.items() if name not in place.pointer)


def _kind(name: str) -> str:
    return kind_of(plain_name(name))


def _goes_on(name: str) -> bool:
    return has_part(plain_name(name), ON)


def _says_the_end(name: str) -> bool:
    plain = plain_name(name)
    return has_part(plain, ON | ENDED) or kind_of(plain) in ("left", "done")

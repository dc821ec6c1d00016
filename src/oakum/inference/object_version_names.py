"""Names of members and headers with the version that a write is based on: `version`, `If-Match`."""

from __future__ import annotations

from collections.abc import Iterable

from oakum.inference.lexicon import word_set, words

_VERSIONS = word_set("etag generation modified rev revision unmodified updated version")
_PAIRS = (("e", "tag"), ("if", "match"), ("concurrency", "stamp"), ("concurrency", "token"))
_OF_PROGRAMS = word_set("api app client format platform protocol schema sdk")

_BESIDE = word_set("base current expected if known last lock object old previous resource row x")
"""Words that do not distinguish versions of an object."""


def version_member(parameter: str, resource: str, members: Iterable[str]) -> str:
    """The member with the version that a parameter requires: `version` for `expected_version`;
    empty if there is none, or several."""

    def bare(name: str) -> tuple[str, ...]:
        return tuple(each for each in words(name) if each not in _BESIDE.union(words(resource)))

    found = [each for each in members if each == parameter] or [
        each for each in members if names_version(each) and bare(each) == bare(parameter)
    ]
    return found[0] if len(found) == 1 else ""


def names_version(name: str) -> bool:
    """Whether a name is that of a version or an entity tag of one object (`version`, `If-Match`),
    and not of a program's version (`api_version`)."""
    said = words(name)
    if not _OF_PROGRAMS.isdisjoint(said):
        return False
    return not _VERSIONS.isdisjoint(said) or said[:2] in _PAIRS

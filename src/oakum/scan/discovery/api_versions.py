"""Other versions of a documented path, media type or version parameter.

Pure. Each guess costs a request to try, so few are made: the versions right before, the first, the
next, and the path without any.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from oakum.exposure.values.knowledge import canonical
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Parameter

_ROOTS = word_set("api rest services service ws public")
"""Leading segments after which a version is inserted."""
_SEGMENT = re.compile(r"(?i)((?:[a-z]+[-_.])?v(?:er|ersion)?[-_.]?)(\d{1,3})(?:\.(\d{1,3}))?")
_BARE = re.compile(r"()(\d{1,2})(?:\.(\d{1,2}))?")
"""A plain number as version, directly behind one of `_ROOTS` or `version`: `/api/3/users`."""
_IN_TEXT = re.compile(
    r"(?i)(?<![a-z0-9])(?<!\d[-.])((?:v(?:er|ersion)?[-_.=: ]?)?)(\d{1,3})(?:\.(\d{1,3}))?"
    r"(?![\w-]|\.\d)"
)
_SAYS = word_set("version ver")
_MOST = 3
"""How many values replace the one in a header or query."""


@dataclass(frozen=True)
class VersionedPath:
    """A path split at its version: `/api`, `v2`, `/users/{id}`."""

    before: str
    version: str
    """The version as written; empty if the path has none."""
    after: str

    def at(self, version: str) -> str:
        """The path with this version; an empty one gives the path without a version."""
        return f"{self.before}/{version}{self.after}" if version else self.before + self.after


def shared_root(paths: Iterable[str]) -> int:
    """Number of leading segments that all documented paths share as a root, such as 1 for
    `/parse/users` and `/parse/health`."""
    cut = [path.split("/")[1:] for path in set(paths)]
    depth = 0
    while cut and all(len(each) > depth + 1 and each[depth] == cut[0][depth] for each in cut):
        depth += 1
    behind = {each[depth] for each in cut}
    literal = not any("{" in each for each in (*behind, *(cut[0][:depth] if cut else ())))
    return depth if literal and len(behind) > 1 else 0


def split(path: str, root: int = 0) -> VersionedPath:
    """Splits a path template at its first version, or where one would be: after the `root` first
    segments."""
    parts = path.split("/")
    for nth, part in enumerate(parts):
        bare = nth > 0 and parts[nth - 1].lower() in _ROOTS | _SAYS and _BARE.fullmatch(part)
        if _SEGMENT.fullmatch(part) or bare:
            return VersionedPath("/".join(parts[:nth]), part, _join_path(parts[nth + 1 :]))
    roots = 1
    while roots < len(parts) - 1 and parts[roots].lower() in _ROOTS:
        roots += 1
    roots = max(roots, min(1 + root, len(parts) - 1))
    return VersionedPath("/".join(parts[:roots]), "", _join_path(parts[roots:]))


def _join_path(parts: list[str]) -> str:
    return "".join(f"/{part}" for part in parts)


def others(version: str) -> tuple[str, ...]:
    """Versions to try besides this one, most likely first."""
    found = _SEGMENT.fullmatch(version) or _BARE.fullmatch(version)
    if found is None:
        return ("v1", "v2", "v0")
    return (*_beside(found), "")


def other_versions(text: str) -> tuple[str, ...]:
    """The text with other versions: `application/vnd.x.v2+json`, `2.0`; empty if it has none. Dates
    are not varied."""
    found = _IN_TEXT.search(text)
    if found is None or ("/" in text and not found[1]):
        return ()  # in a media type, only an explicit version counts
    head, tail = text[: found.start()], text[found.end() :]
    return tuple(f"{head}{each}{tail}" for each in _beside(found))[:_MOST]


def _beside(found: re.Match[str]) -> tuple[str, ...]:
    """Neighbouring versions in the notation of the one that was found."""
    written, number, minor = found[1], int(found[2]), found[3]
    end = "" if minor is None else ".0"
    tried: dict[str, None] = {}
    if minor is not None and int(minor) > 0:
        tried[f"{number}.{int(minor) - 1}"] = None
    for each in (number - 1, number - 2, 1, number + 1, number - 1):
        if each > 0 or (number == 1 and tried):
            tried[f"{each}{end}"] = None
    same = found[0].removeprefix(written)
    return tuple(written + each for each in tried if each != same)


def says_version(parameter: Parameter) -> bool:
    """Whether a header or query parameter selects a version: `X-API-Version`, `v`."""
    said = words(parameter.name)
    return parameter.where in ("header", "query") and (
        bool(_SAYS & set(said)) or said in (("v",), ("api", "v"))
    )


def other_values(parameter: Parameter) -> tuple[str, ...]:
    """Other values for a version parameter: the document's own choices before guesses."""
    shape = parameter.shape
    given = [parameter.example, shape.example, parameter.default, *shape.enum]
    known = dict.fromkeys(canonical(each) for each in given if each is not None)
    if not known:
        return ("1", "2")
    current = next(iter(known))
    guesses = () if len(shape.enum) > 1 else other_versions(current)
    return tuple(dict.fromkeys([*list(known)[1:], *guesses]))[:_MOST]

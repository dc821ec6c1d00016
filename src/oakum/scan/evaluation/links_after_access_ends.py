"""Links and cursors of a response that may still work after access has ended. In memory only.

A cursor may lead to a copy, and a signed link may bypass every check, so both are requested again
after access was revoked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from oakum.exposure.endpoints.probes import Probe
from oakum.exposure.values.knowledge import leaves_of
from oakum.inference.lexicon import word_set, words
from oakum.scan.evaluation.judged_response import JudgedResponse

_CURSORS = word_set("cursor next after before continuation pagetoken since")
_TOKENS = word_set("page offset")
"""Words that make a member named `…token` a cursor: `pageToken`."""
_LEAST = 6
"""Fewest characters of a cursor; a shorter one may be a page number."""
_MOST = 40
"""How many links and cursors of one response are kept."""


@dataclass(frozen=True)
class LastingLink:
    """A link or cursor that is requested again later."""

    kind: Literal["link", "cursor"]
    value: str
    probe: Probe
    """The endpoint whose response contained it."""
    viewer: str | None
    who: str | None
    """The owner of the values in the request."""
    name: str = ""
    """The member that contained it."""

    @property
    def source(self) -> tuple[str, str | None, str | None]:
        """The request that returned it: endpoint, caller, owner."""
        return self.probe.id, self.viewer, self.who

    @property
    def sort(self) -> tuple[str, str | None, str]:
        """Key of a group of interchangeable links, such as those to pictures."""
        return self.probe.id, self.viewer, self.name


def gather(seen: JudgedResponse, who: str | None, origin: str) -> Iterator[LastingLink]:
    """Links to the target, and cursors, in a JSON response."""
    if not seen.response.is_json or not seen.response.ok:
        return
    probe, viewer, found = seen.probe, seen.question.viewer, 0
    for at, leaf in (leaf for each in seen.parsed for leaf in leaves_of(each)):
        if not isinstance(leaf, str) or not at or found >= _MOST:
            continue
        if _is_link(leaf, origin):
            found += 1
            yield LastingLink("link", leaf, probe, viewer, who, at[-1])
        elif _names_cursor(at[-1]) and len(leaf) >= _LEAST and " " not in leaf:
            found += 1
            yield LastingLink("cursor", leaf, probe, viewer, who, at[-1])


def _is_link(text: str, origin: str) -> bool:
    if text.startswith("/") and not text.startswith("//"):
        return len(text) > 1 and " " not in text
    if not text.startswith(("http://", "https://")):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:  # users may have written anything here
        return False
    return f"{parts.scheme}://{parts.netloc}" == origin


def _names_cursor(name: str) -> bool:
    said = set(words(name))
    return bool(said & _CURSORS) or ("token" in said and bool(said & _TOKENS))


def cursor_parameter(probe: Probe) -> str:
    """The query parameter for a cursor; empty if none is declared."""
    names = [each.name for each in probe.operation.parameters if each.where == "query"]
    return next(filter(_names_cursor, names), "")

"""Remembers object ids of earlier responses, to find which objects a later one leaves out.

In memory only: it holds ids and nothing else of an object. Beyond `_MOST` objects no new id is
remembered; then a draft may lose evidence against a grant of objects that came later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field

_MOST = 200_000
_EACH = 8
"""Most kinds of objects that a refusal of one request counts for."""


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """An object reduced to resource, id, owners and place."""

    resource: str
    place: tuple[str, ...]
    """Its path in the response, `*` for list positions."""
    owners: tuple[str, ...]
    key: str


Question = tuple[object, ...]
"""(operation id, path parameters)."""


@dataclass
class AnsweredQuestions:
    """Requests, and the objects that their responses contained."""

    _listed: dict[tuple[Question, str], dict[ObjectReference, None]] = field(default_factory=dict)
    """(question, query) → objects in any response."""
    _kinds: dict[Question, dict[ObjectReference, None]] = field(default_factory=dict)
    """Question → one object of each owner and place, for refusals, whatever the query."""
    _many: int = 0

    def missing(
        self, question: Question, query: str, items: Iterable[ObjectReference], named: Set[str]
    ) -> Iterator[ObjectReference]:
        """Learns from a response, and returns list elements that others received and it lacks.
        `named`: ids in the path, which say what a refusal is about."""
        known = self._listed.setdefault((question, query), {})
        here = dict.fromkeys(items)
        yield from (each for each in known if each not in here and "*" in each.place)
        fresh = [each for each in here if each not in known]
        if self._many + len(fresh) > _MOST:
            return
        self._many += len(fresh)
        known.update(dict.fromkeys(fresh))
        alone = len(here) == 1
        for each in fresh if named else ():
            kinds = self._kinds.setdefault(question, {})
            if len(kinds) < _EACH and (alone or not named.isdisjoint(each.owners)):
                kinds[ObjectReference(each.resource, each.place, each.owners, "")] = None

    def of(self, question: Question) -> Iterable[ObjectReference]:
        """The objects that other callers received for a request."""
        return self._kinds.get(question, ())

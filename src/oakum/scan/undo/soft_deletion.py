"""Objects that an API keeps after deletion: marked as `status: deleted`, or in a list of such.

They count as deleted.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.exchange import Request
from oakum.inference.lexicon import word_set, words
from oakum.openapi.model import Json
from oakum.scan.undo.entries import CreatedObject

_DELETED = word_set("deleted removed trashed binned")
_LIVES = word_set("status state lifecycle stage phase")
"""Words of a member that says what has become of an object."""
_OTHERWISE = word_set("can be may not never include including show only un if")
"""Words beside which a name says something else: `can_be_deleted`."""


def lists_of_what_stands(made: CreatedObject) -> list[tuple[Request, tuple[str, ...]]]:
    """Lists in which its owner sees it until it is removed, each with the parameters of its pages:
    one of what was removed says nothing of what stands."""
    removed = {listed.url for listed, _ in made.purge}
    turns = made.turns or ((),) * len(made.find)
    lists = zip(made.find, turns, strict=True)
    return [(request, names) for request, names in lists if request.url not in removed]


def is_deleted(shown: Mapping[str, Json]) -> bool:
    """Whether an object says of itself that it is deleted."""
    return any(_says_so(name, value) for name, value in shown.items())


def deletion_members(shown: Mapping[str, Json]) -> list[str]:
    """Members that would say that an object is deleted, whatever they say now: `deleted_at`."""
    return [name for name in shown if _is_about_deletion({*words(name)})]


def _is_about_deletion(said: set[str]) -> bool:
    return bool(said & _DELETED) and said.isdisjoint(_OTHERWISE)


def _says_so(name: str, value: Json) -> bool:
    said = {*words(name)}
    if said & _DELETED:
        return bool(value) and value != "false" and _is_about_deletion(said)
    lives = isinstance(value, str) and not said.isdisjoint(_LIVES)
    return lives and len(words(str(value))) == 1 and not _DELETED.isdisjoint(words(str(value)))

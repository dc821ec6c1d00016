"""Objects that an API keeps after deletion and marks: `status: deleted`, `deleted_at`.

They count as deleted.
"""

from __future__ import annotations

from collections.abc import Mapping

from oakum.inference.lexicon import listed, words
from oakum.openapi.model import Json

_DELETED = listed("deleted removed trashed binned")
_LIVES = listed("status state lifecycle stage phase")
"""Words of a member that says what has become of an object."""
_OTHERWISE = listed("can be may not never include including show only un if")
"""Words beside which a name says something else: `can_be_deleted`."""


def is_deleted(shown: Mapping[str, Json]) -> bool:
    """Whether an object says of itself that it is deleted."""
    return any(_says_so(name, value) for name, value in shown.items())


def _says_so(name: str, value: Json) -> bool:
    said = {*words(name)}
    if said & _DELETED:
        return bool(value) and value != "false" and said.isdisjoint(_OTHERWISE)
    lives = isinstance(value, str) and not said.isdisjoint(_LIVES)
    return lives and len(words(str(value))) == 1 and not _DELETED.isdisjoint(words(str(value)))

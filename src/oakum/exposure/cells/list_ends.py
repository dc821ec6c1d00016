"""Objects that are missing from lists, whether or not the lists were read to their end."""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.finding import State

UNENDED = "the list continues after the last page that was read, and the evidence may be there"


@dataclass
class Ends:
    """Lists that were read to their end, and what is closed by what did not come in them."""

    by_absence: set[tuple[str, str, str, str, State]] = field(default_factory=set)
    """Keys of the cells that are closed by a list in which no object of the owner's came."""
    unended: set[tuple[str, str]] = field(default_factory=set)
    """(endpoint, viewer) of lists that go on behind the last page that was read."""
    came_later: set[tuple[str, str | None, str, str]] = field(default_factory=set)
    """(endpoint, viewer, owner, resource) of objects on further pages of a list."""
    blank: set[tuple[str, str, str, str, str]] = field(default_factory=set)
    """Endpoint and `Outcome.blank`: what did come, and is not closed by what did not."""

    def why_not(self, key: tuple[str, str, str, str, State], viewer: str | None, owner: str) -> str:
        """Why a cell is not closed by what did not come to `viewer` of `owner`; empty: it is."""
        endpoint, resource, _, label, _ = key
        if key not in self.by_absence or (endpoint, label) not in self.unended:
            return ""
        return "" if (endpoint, viewer, owner, resource) in self.came_later else UNENDED

"""Objects that are missing from lists, and whether the lists were read to their end."""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.finding import State

UNENDED = "the list continues after the last page that was read, and the evidence may be there"


@dataclass
class ListEnds:
    """Which lists were read to their last page, and which cells depend on that."""

    by_absence: set[tuple[str, str, str, str, State]] = field(default_factory=set)
    """Keys of cells that are closed because a list contained no object of the owner."""
    unended: set[tuple[str, str]] = field(default_factory=set)
    """(endpoint, viewer) of lists that have more pages than were read."""
    came_later: set[tuple[str, str | None, str, str]] = field(default_factory=set)
    """(endpoint, viewer, owner, resource) of objects on further pages of a list."""
    blank: set[tuple[str, str, str, str, str]] = field(default_factory=set)
    """(endpoint, *`Outcome.blank`): fields that came empty, so that their absence closes
    nothing."""

    def why_not(self, key: tuple[str, str, str, str, State], viewer: str | None, owner: str) -> str:
        """Why the absence of the owner's objects does not close a cell; empty if it does."""
        endpoint, resource, _, label, _ = key
        if key not in self.by_absence or (endpoint, label) not in self.unended:
            return ""
        return "" if (endpoint, viewer, owner, resource) in self.came_later else UNENDED

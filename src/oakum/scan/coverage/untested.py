"""What a run did not test: one record type for all of it, and one place that collects them.

The engine and the techniques record it while they run (`engine.results.untested`); coverage adds
the rest after the last request. `section` says where the report lists it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from oakum.finding import Endpoint, SkippedOperation


class Section(Enum):
    """The section of a report that lists what was not tested."""

    CELLS = "the reason of untested cells; `what` is the id of an endpoint"
    WRITES = "the writes that were left alone; `what` is an operation"
    RULES = "the item of OWASP's list; `what` is the id of a rule, and the run is trustworthy"
    TRUST = "why the run is not trustworthy; `what` is an operation, or words"


@dataclass(frozen=True)
class UntestedItem:
    """One thing that was not tested, why, and what would change that."""

    what: Endpoint | str
    """An endpoint, or words, as the section requires."""
    why: str
    section: Section = Section.TRUST
    viewer: str = ""
    """Label of the only callers for whom it was not tested; empty: for no caller."""

    @property
    def name(self) -> str:
        """`what` in words, such as `GET /feed`."""
        if isinstance(self.what, Endpoint):
            return f"{self.what.method} {self.what.path}"
        return self.what

    @property
    def reason(self) -> str:
        """Why it was not tested, preceded by the viewer if the gap is one viewer's."""
        return f"not tested as `{self.viewer}`: {self.why}" if self.viewer else self.why


@dataclass
class Gaps:
    """All that a run did not test, in the order in which it was recorded."""

    _found: list[UntestedItem] = field(default_factory=list)

    def add(self, *gaps: UntestedItem) -> None:
        """Records gaps. Of several reasons for the same gap, the first is kept."""
        known = {(each.section, each.name) for each in self._found}
        self._found += (
            each
            for each in gaps
            if each.section is Section.WRITES or (each.section, each.name) not in known
        )

    def forget(self, endpoint: str) -> None:
        """Removes the gap of an endpoint that is requested after all."""
        self._found = [
            each for each in self._found if (each.section, each.what) != (Section.CELLS, endpoint)
        ]

    def of(self, section: Section) -> Iterator[UntestedItem]:
        """The gaps in one section of the report."""
        return (each for each in self._found if each.section is section)

    def reasons(self, section: Section) -> dict[str, str]:
        """Endpoint, rule or words → the reason, in one section."""
        return {each.name: each.reason for each in self.of(section)}

    @property
    def writes(self) -> tuple[SkippedOperation, ...]:
        """Writing operations that were not called, as the report lists them."""
        return tuple(
            SkippedOperation(each.what, each.reason)
            for each in self.of(Section.WRITES)
            if isinstance(each.what, Endpoint)
        )

"""What a run did not test: one record for all of it, and one place that collects.

The engine and techniques record it while they run (`engine.results.untested`), and coverage finds
the rest when all is asked. `section` says where the report tells it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from oakum.finding import Endpoint, SkippedOperation


class Section(Enum):
    """Where a report tells what was not tested."""

    CELLS = "the reason of untested cells; `what` is the id of an endpoint"
    WRITES = "the writes that were left alone; `what` is an operation"
    RULES = "the item of OWASP's list; `what` is the id of a rule, and the run is trustworthy"
    TRUST = "why the run is not trustworthy; `what` is an operation, or words"


@dataclass(frozen=True)
class UntestedItem:
    """One thing that was not tested, and why, with what would change that."""

    what: Endpoint | str
    """As its section says."""
    why: str
    section: Section = Section.TRUST
    viewer: str = ""
    """Label of the callers as whom it was not tested; empty: as nobody at all."""

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
    """All that one run did not test, in the order in which it was noticed."""

    _found: list[UntestedItem] = field(default_factory=list)

    def add(self, *gaps: UntestedItem) -> None:
        """Records gaps. Of what a run should have tested, one reason is enough: the first."""
        known = {(each.section, each.name) for each in self._found}
        self._found += (
            each
            for each in gaps
            if each.section is Section.WRITES or (each.section, each.name) not in known
        )

    def forget(self, endpoint: str) -> None:
        """An endpoint is requested after all."""
        self._found = [
            each for each in self._found if (each.section, each.what) != (Section.CELLS, endpoint)
        ]

    def of(self, section: Section) -> Iterator[UntestedItem]:
        """What one section of the report tells."""
        return (each for each in self._found if each.section is section)

    def reasons(self, section: Section) -> dict[str, str]:
        """Endpoint, rule or words → the reason."""
        return {each.name: each.reason for each in self.of(section)}

    @property
    def writes(self) -> tuple[SkippedOperation, ...]:
        """Operations that write and were left alone, as the report has them."""
        return tuple(
            SkippedOperation(each.what, each.reason)
            for each in self.of(Section.WRITES)
            if isinstance(each.what, Endpoint)
        )

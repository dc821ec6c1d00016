"""Requests that tested filters, and what they showed about each filter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from oakum.exposure.endpoints.probes import Probe
from oakum.scan.filters.hidden_values import HiddenValue
from oakum.scan.filters.json_filters import Dialect


@dataclass(frozen=True)
class FilterForm:
    """A parameter, and the syntax in which a condition is written into it."""

    probe: Probe
    parameter: str
    form: str
    """One of `meanings.forms`, or a place of a condition in JSON; empty: the parameter is that of a
    field."""

    @property
    def place(self) -> tuple[str, str]:
        return f"{self.probe.endpoint.method} {self.probe.endpoint.path}", self.parameter

    @property
    def key(self) -> tuple[str, str, str]:
        return self.probe.operation.id, self.parameter, self.form


class TrialResults:
    """Results by form: a form that made a server fail is not repeated, nor one that was
    rejected."""

    def __init__(self) -> None:
        self.failed: set[tuple[str, str, str]] = set()
        self.refused: set[tuple[tuple[str, str, str], str, str]] = set()
        self.works: set[tuple[str, str]] = set()
        """Parameters that are known to filter."""
        self.spoken: dict[tuple[str, str, str | None], Dialect | None] = {}
        """(endpoint, parameter, viewer) → the dialect in which it filters by what the viewer may
        see; None: in none that is known."""
        self.learnt: dict[tuple[str, str], bool] = {}
        """(endpoint, parameter) → whether it was seen to filter in a form by what the viewer may
        see; absent: it answered no such question."""
        self.undeclared: set[tuple[str, str]] = set()
        """Parameters that no document has: that they filter nothing is no news."""
        self.searched: set[tuple[str, str]] = set()
        """(endpoint, parameter) that were asked for a hidden value as such, as a search is."""
        self._vain: set[tuple[tuple[str, str, str], bool]] = set()
        """Forms that are refused where another, with the same field and value, is not; and whether
        the value is a number."""
        self._forms: dict[tuple[str, str], bool] = {}

    def is_vain(self, way: FilterForm, hidden: HiddenValue) -> bool:
        asked = (way.key, hidden.resource, hidden.field)
        failed = [each for each in self.failed if each[:2] == way.key[:2]]
        unread = way.key in failed or (way.key, is_number(hidden.value)) in self._vain
        return unread or len(failed) >= _MOST_FAILED or asked in self.refused

    def note_status(self, way: FilterForm, hidden: HiddenValue, status: int) -> None:
        """Records a response's status."""
        if way.form:
            self._forms[way.place] = self._forms.get(way.place, False) or 200 <= status < 300
        if status >= FAILS:
            self.failed.add(way.key)
        elif status in REFUSES:
            self.refused.add((way.key, hidden.resource, hidden.field))

    def are_vain(self, ways: Iterable[FilterForm], value: str) -> None:
        """Records syntaxes in which a condition with a value had no effect."""
        self._vain |= {(way.key, is_number(value)) for way in ways}

    def notes(self) -> list[str]:
        """Remarks on parameters that rejected every syntax, or that found no object by visible
        values."""
        said = []
        without = {place[:2] for place, found in self.spoken.items() if found is None}
        without |= {place for place, found in self.learnt.items() if not found}
        for (endpoint, name), taken in self._forms.items():
            why = "" if taken else "every syntax was refused"
            if taken and (endpoint, name) in without:
                why = "no condition on a field that the caller may see found its object"
            if why and (endpoint, name) not in self.works | self.undeclared:
                asked = (endpoint, name) in self.searched and taken
                was = f"`{name}` was asked for hidden values as a search is, but " if asked else ""
                what = "no filter by a field" if asked else f"no filter in `{name}`"
                said.append(f"{endpoint}: {was}{what} was tested: {why}")
        return said


FAILS = 500
_MOST_FAILED = 3
"""After so many syntaxes with a server error, no other is tried in the same parameter."""
REFUSES = (400, 406, 409, 415, 422)
"""Statuses that reject the form of a request (RFC 9110, 15.5)."""


def is_number(value: str) -> bool:
    """Whether a filter syntax may take the value without quotation marks."""
    return re.fullmatch(r"-?\d+(\.\d+)?", value) is not None

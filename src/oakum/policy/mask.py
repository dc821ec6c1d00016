"""Masks: the form of a partly hidden value.

A mask is recognised by its form alone, so that scan, tests and `project` agree on a value without
knowing what it hides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from oakum.errors import NOWHERE, Location
from oakum.openapi.model import Json

_HIDDEN = re.compile(r"[*•●·█#]{2,}|…+|[xX]{4,}|(?<=\w)\.{3}(?=@|$)")
"""Matches characters that replace hidden ones."""
_BETWEEN = re.compile(r"[\s<>(),;:\[\]\"']+")
_ADDRESS = re.compile(r"[^@]+@[^@]+\.[^@]{2,}")


@dataclass(frozen=True)
class Mask:
    """One form of a masked value."""

    kind: Literal["empty", "stars", "ends", "decimals", "beside"]
    first: int = 0
    """`ends`: number of letters and digits visible at the start; `decimals`: digits after the
    point."""
    last: int = 0
    """`ends`: number of letters and digits visible at the end."""
    member: str = ""
    """`beside`: the sibling member with the same value."""
    location: Location = field(default=NOWHERE, compare=False, repr=False)
    """`beside`: where the contract names that member."""

    def __str__(self) -> str:
        if self.kind == "ends":
            said = (("first", self.first), ("last", self.last))
            return "{" + ", ".join(f"{name}: {n}" for name, n in said if n) + "}"
        if self.kind == "decimals":
            return f"{{decimals: {self.first}}}"
        return f"{{beside: {self.member}}}" if self.kind == "beside" else self.kind

    def within(self, other: Mask) -> bool:
        """Whether every value of this form also has the other."""
        if self.kind != other.kind or self.member != other.member:
            return False
        return self.first <= other.first and self.last <= other.last

    def fits(self, value: Json, around: Json = None) -> bool:
        """Whether a value has this form. `around`: the object in which it stands."""
        if isinstance(value, dict | list) or value is None:
            return self.kind == "empty" and not value
        if self.kind == "empty":
            return value == "" and isinstance(value, str)
        if self.kind == "beside":
            there = around.get(self.member) if isinstance(around, Mapping) else None
            return there is not None and type(there) is type(value) and there == value
        if self.kind == "decimals":
            return _is_rounded(value, self.first)
        if isinstance(value, bool | float):
            return False
        text = str(value)
        if self.kind == "stars":
            return isinstance(value, str) and _is_starred(text)
        return self._shows_ends(text)

    def _shows_ends(self, text: str) -> bool:
        shown = [sum(map(str.isalnum, part)) for part in _HIDDEN.split(text)]
        if len(shown) == 1:
            return shown[0] <= self.first + self.last
        return shown[0] <= self.first and shown[-1] <= self.last and not any(shown[1:-1])


def _is_starred(text: str) -> bool:
    """Whether characters of a text are replaced: stars beside a whole e-mail address replace
    none of it."""
    words = _BETWEEN.split(text) if "@" in text else ()
    return _HIDDEN.search(text) is not None and not any(
        _ADDRESS.fullmatch(word) and not _HIDDEN.search(word) for word in words
    )


def _is_rounded(value: Json, most: int) -> bool:
    """Whether a number, or a text that is one, has at most so many digits after its dot."""
    if isinstance(value, bool):
        return False
    found = re.fullmatch(r"-?[0-9]+(?:\.([0-9]+))?", str(value))
    return found is not None and len((found[1] or "").rstrip("0")) <= most

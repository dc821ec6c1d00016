"""Compares contract, responses and usage of one page. Pure.

The verdicts hold only for the driven pages and their caller. A *leak* is sent although the contract
grants it in no relation that this caller may have to the object. *Excess* is granted, sent and
unused. A contract is *too wide* if what it grants was never used, sent or not, and *too narrow* if
what it denies was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from oakum.errors import Location
from oakum.frontend.usage import UNUSED, USED, USES, Use

Verdict = Literal["leak", "narrow", "excess", "wide"]
VERDICTS: Mapping[Verdict, str] = {
    "leak": "leak",
    "narrow": "contract too narrow",
    "excess": "excess",
    "wide": "contract too wide",
}
"""Verdict → its name in outputs, the gravest first."""
Viewed = tuple[str, str]
"""(resource, the caller's relation to the owner)."""


@dataclass(frozen=True)
class ContractField:
    """A field of the contract that a response contained."""

    viewed: Viewed
    field: str
    endpoint: str
    granted: bool
    """Whether the contract certainly shows the field to this caller."""
    leak: bool
    """Whether the contract certainly denies the field to this caller. If neither holds, it is
    unclear."""
    use: Use


@dataclass(frozen=True)
class PageField:
    """A field of a resource as the driven pages received it, for one kind of viewer."""

    resource: str
    viewer: str
    field: str
    verdicts: tuple[Verdict, ...]
    """Empty if the field is granted and used, or could not be judged."""
    use: Use | Literal["unsent"]
    endpoints: tuple[str, ...]
    line: Location
    """The line of the contract that rules it."""


def compare_page(
    sights: Iterable[ContractField],
    granted: Mapping[Viewed, frozenset[str]],
    line: Callable[[str, str], Location],
) -> tuple[PageField, ...]:
    """A row for each field that was received, or that is granted of a received resource.

    `granted`: fields that the contract shows to each kind of viewer of the received objects.
    `line`: (resource, field) → its contract line.
    """
    seen: dict[tuple[Viewed, str], list[ContractField]] = defaultdict(list)
    for each in sights:
        seen[each.viewed, each.field].append(each)
    for viewed, fields in granted.items():
        for name in fields:
            seen.setdefault((viewed, name), [])
    order: list[str] = list(USES)
    rows = [
        PageField(
            *viewed,
            name,
            _verdicts(found),
            min((each.use for each in found), key=order.index) if found else "unsent",
            tuple(sorted({each.endpoint for each in found})),
            line(viewed[0], name),
        )
        for (viewed, name), found in seen.items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.resource, row.viewer, row.line, row.field)))


def _verdicts(found: list[ContractField]) -> tuple[Verdict, ...]:
    uses = {each.use for each in found}
    if any(each.leak for each in found):
        narrow = any(each.leak and each.use in USED for each in found)
        return ("leak", "narrow") if narrow else ("leak",)
    if not found:
        return ("wide",)
    if uses <= UNUSED and all(each.granted for each in found):
        return ("excess", "wide")
    return ()

"""A cell that the contract denies and the API serves, with what the rules look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from oakum.contract.lexicon import FieldClass

Severity = Literal["critical", "high", "medium", "low"]


@dataclass(frozen=True)
class Leak:
    """One kind of viewer, one field, one state; all doors together."""

    resource: str
    field: str
    viewer: str
    state: tuple[tuple[str, str], ...]
    field_class: FieldClass
    anonymous: bool
    """Nobody logged in was needed."""
    stranger: bool
    """The viewer is no more to the owner than any caller with an account."""
    owner: bool
    anonymous_closed: bool
    """Somebody without a login asked the same doors and got nothing of the field."""
    entitled: bool
    """The contract shows this viewer something else of such an object in this state."""
    open_elsewhere: tuple[tuple[str, str], ...]
    """A state in which the contract would show the field to this viewer; empty: none."""
    promise: str
    how: frozenset[str] = frozenset()
    """Techniques without which no door showed it; empty: a documented question did."""
    says: str = ""
    """What differed, for a leak that stands in no field."""

    def only(self, how: str) -> bool:
        """Whether this technique alone has found it."""
        return self.how == {how}


@dataclass(frozen=True)
class Rule:
    """What a finding is called, and where the field files it."""

    id: str
    owasp: str
    """OWASP API Security Top 10 2023."""
    cwe: tuple[str, ...]
    severity: Severity | None = None
    """How grave it is, where the field's name does not tell; None: the name does."""


def severity(leak: Leak) -> Severity:
    """From the class of the field; one step up when no login is needed.

    The class comes from the field's name, so this is a first order of urgency, not a CVSS score.
    """
    steps: tuple[Severity, ...] = ("low", "medium", "high", "critical")
    match leak.field_class:
        case FieldClass.SECRET:
            step = 3
        case (
            FieldClass.CONTACT
            | FieldClass.IDENTITY_DOCUMENT
            | FieldClass.PERSONAL
            | FieldClass.LOCATION
        ):
            step = 2
        case FieldClass.ACTIVITY | FieldClass.AUTHORITY:
            step = 1
        case _:
            step = 0
    return steps[min(3, step + (1 if leak.anonymous else 0))]


def whose(leak: Leak) -> str:
    """`Member.location` of owners with private=true."""
    said = ", ".join(f"{name}={value}" for name, value in leak.state)
    return f"`{leak.resource}.{leak.field}`" + (f" of owners with {said}" if said else "")

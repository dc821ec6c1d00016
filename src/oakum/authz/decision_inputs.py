"""What a decision is given: the caller, and what is known of the object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.authz.three_valued_logic import Truth
from oakum.openapi.model import Json


@dataclass(frozen=True)
class Principal:
    """The caller as decisions see them. Ids are text: JSON `7` and claim `"7"` are equal."""

    ids: frozenset[str] = frozenset()
    """Every value that identifies the caller (id, user name); empty: anonymous."""
    claims: Mapping[str, Json] = field(default_factory=dict)
    related: Mapping[tuple[str, str], bool] = field(default_factory=dict)
    """(relation, id of the owner, or of the tenant) → whether it holds, from look-ups; absent:
    unknown."""
    states: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    """(owner id, `Resource.state`) → value in the owner's account, from look-ups; None: unset;
    absent: unknown."""
    told: Mapping[tuple[str, str], Json] = field(default_factory=dict)
    """The same values as shown by the response being judged. They count where they are more
    closed."""


ANONYMOUS = Principal()


@dataclass(frozen=True)
class Subject:
    """One object of a resource: its owners' ids and, if known, its content."""

    resource: str
    owners: tuple[str, ...] = ()
    value: Json = None
    owned: bool = True
    """False: it has no owner, so no look-up can hold. True without owners: unknown."""
    partly: bool = False
    """Whether it may have further owners that it does not name."""
    unnamed: bool = False
    """Whether the path does not identify it, so that a key in the body selects the object."""
    new: bool = False
    """Whether it is about to be created."""
    below: bool = False
    """Whether the path names an enclosing object, so that a key in a body may be of any object."""
    key: str = ""
    """Value of the final path parameter of a write."""
    unlike: frozenset[str] = frozenset()
    """Resources that the document allows here, but to which the stored object does not belong."""
    stands: tuple[Subject, ...] = ()
    """Objects that the API shows at the path of a write whose last segment is a word, not a key."""
    kinds: Mapping[int, str] = field(default_factory=dict, repr=False, compare=False)
    """`id()` of each object within `value` → resource that the API shows it as; empty: unclear."""
    chosen: bool = False
    """Whether the caller chose its members, so that it may say more than here."""
    named: Mapping[str, Truth] = field(default_factory=dict)
    """Relation → whether its member names the caller, for relations read from another response."""

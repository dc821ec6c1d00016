"""A leaking cell with the facts that rules look at."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.inference.lexicon import FieldClass, words
from oakum.policy.model import Severity


@dataclass(frozen=True)
class Leak:
    """One kind of viewer, one field, one state; all endpoints together."""

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
    """Somebody without a login asked the same endpoints and got nothing of the field."""
    entitled: bool
    """The contract shows this viewer something else of such an object in this state."""
    open_elsewhere: tuple[tuple[str, str], ...]
    """A state in which the contract would show the field to this viewer; empty: none."""
    promise: str
    how: frozenset[str] = frozenset()
    """Techniques without which no endpoint showed it; empty: a documented question did."""
    says: str = ""
    """What differed, for a leak that is not in a field."""
    owned: bool = True
    """Objects of the resource belong to somebody."""
    account: bool = False
    """An object of it is somebody's account."""
    whole: bool = False
    """Another's object of which this viewer, nobody to its owner, may see nothing at all."""
    unguessable: bool = False
    """Every endpoint wants an id that nobody can guess, and no endpoint hands them out."""
    some: bool = False
    """Another viewer of this kind got nothing of the field at the same endpoints."""

    def only(self, how: str) -> bool:
        """Whether no other technique found it."""
        return self.how == {how}


def severity(leak: Leak) -> Severity:
    """Severity by what leaks, to whom, how much, and how; documented in docs/reference/report.md.

    1. *What*: the field's class. Personal data outranks plain fields; ownerless data is not
    personal.
    2. *To whom*: one step up if anonymous callers see personal data; two down if it is the owner.
    3. *How much*: a whole object of somebody else is at least *high*, whatever its fields are
    called.
    4. *How*: one step down if every object needs an unpredictable id that no list reveals.

    A priority, not a CVSS score. `severity:` in the contract overrides it.
    """
    kind = _step(leak)
    step = kind + (1 if leak.anonymous and (kind or not leak.whole) else 0)
    if leak.whole:
        step = max(step, 2)
    if leak.owner:
        step -= 2
    if leak.unguessable and not leak.anonymous:
        step -= 1
    return _STEPS[max(0, min(3, step))]


_STEPS: tuple[Severity, ...] = ("low", "medium", "high", "critical")


def _step(leak: Leak) -> int:
    match leak.field_class:
        case FieldClass.SECRET:
            return 3
        case (
            FieldClass.CONTACT
            | FieldClass.IDENTITY_DOCUMENT
            | FieldClass.PERSONAL
            | FieldClass.LOCATION
        ):
            return 2 if leak.owned else 1
        case FieldClass.ACTIVITY | FieldClass.AUTHORITY:
            return 1 if leak.owned else 0
        case _:
            return 0


# --------------------------------------------------------------------------- titles


def who(leak: Leak) -> str:
    """Who sees it, as a sentence begins: `Any member`."""
    if leak.anonymous:
        return "Anyone"
    if (
        leak.viewer == "anyone"
    ):  # a stranger in no relation, where anonymous callers may get nothing
        return "Anyone who is logged in"
    if leak.owner:
        return "Owners"
    if leak.viewer == "unknown account":
        return "An identity whose account is unknown"
    if leak.only("request"):
        return (
            f"Any {leak.viewer.replace('_', ' ')} who asks for a relation, and is not accepted yet,"
        )
    return f"{'At least one' if leak.some else 'Any'} {leak.viewer.replace('_', ' ')}"


def things(leak: Leak) -> str:
    """What leaks, in the plural: `other users' expenses`, `their own accounts`."""
    parts = list(words(leak.resource)) or [leak.resource]
    if leak.account and parts[-1] not in ("profile", "account"):
        parts = ["account"]
    said = " ".join([*parts[:-1], _plural(parts[-1])])
    if not leak.owned:
        return said
    return f"their own {said}" if leak.owner else f"other users' {said}"


def describe_extent(leak: Leak) -> str:
    """What the viewer sees of the objects: all of them, or fields hidden from a viewer of the
    rest."""
    return f"hidden fields of {things(leak)}" if leak.entitled else things(leak)


def _plural(word: str) -> str:
    if word == "person":
        return "people"
    if word.endswith(("s", "data", "info")) and not word.endswith(("ss", "us")):
        return word
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")


def which(leak: Leak) -> str:
    """The end of a title: the owners' setting, where one is at stake, and the field. A report that
    brings several fields together says how many in its place: `(9 fields)`."""
    said = setting(leak)
    return (f" where {said}" if said else "") + f" (`{leak.resource}.{leak.field}`)"


def setting(leak: Leak) -> str:
    """The owners' setting at stake: `private=true`; empty: none is."""
    return ", ".join(f"{name}={value}" for name, value in leak.state)


def whose(leak: Leak) -> str:
    """`Member.location` of owners with private=true."""
    said = ", ".join(f"{name}={value}" for name, value in leak.state)
    return f"`{leak.resource}.{leak.field}`" + (f" of owners with {said}" if said else "")

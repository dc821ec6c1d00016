"""The facts about a leak from which rules, titles and severities are derived."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.inference.lexicon import FieldClass, words
from oakum.policy.model import Severity


@dataclass(frozen=True)
class Leak:
    """A leak to one kind of viewer of one field in one state, over all endpoints."""

    resource: str
    field: str
    viewer: str
    state: tuple[tuple[str, str], ...]
    field_class: FieldClass
    anonymous: bool
    """Whether an anonymous caller received it."""
    stranger: bool
    """Whether the viewer has no relation to the owner beyond having an account."""
    owner: bool
    anonymous_closed: bool
    """Whether anonymous callers requested the same endpoints and did not receive the field."""
    entitled: bool
    """Whether the contract shows this viewer another field of such an object in this state."""
    open_elsewhere: tuple[tuple[str, str], ...]
    """A state in which the contract would show the field to this viewer; empty if there is none."""
    promise: str
    how: frozenset[str] = frozenset()
    """Techniques that all endpoints needed to show it; empty if a documented request did."""
    says: str = ""
    """What differed between responses, for a leak that is not in a field."""
    owned: bool = True
    """Whether objects of the resource have owners."""
    account: bool = False
    """Whether an object of the resource is an account."""
    whole: bool = False
    """Whether the viewer is a stranger to the owner and may see nothing of the object."""
    unguessable: bool = False
    """Whether every endpoint needs an unpredictable id that no endpoint returns to this viewer."""
    some: bool = False
    """Whether another viewer of this kind did not receive the field at the same endpoints."""

    def only(self, how: str) -> bool:
        """Whether `how` is the only technique that found it."""
        return self.how == {how}


def severity(leak: Leak) -> Severity:
    """Severity by what leaks, to whom, how much, and how, or by what is written; documented in
    docs/reference/report.md.

    1. *What*: the field's class. Personal data outranks plain fields; ownerless data is not
    personal. 2. *To whom*: one step up if anonymous callers see personal data; two down if it is
    the owner. 3. *How much*: a whole object of another user is at least *high*, whatever its fields
    are named. 4. *How*: one step down if every object needs an unpredictable id that no list
    reveals.

    A priority, not a CVSS score. `severity:` in the contract overrides it.
    """
    if (written := _step_of_write(leak)) is not None:
        return _STEPS[written]
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


def _step_of_write(leak: Leak) -> int | None:
    """To write or delete what is another user's harms them whatever the field is; an own member
    that nobody may set matters most if it says what an account may do. None: nothing is written."""
    if leak.only("bola-write"):
        return 3 if leak.anonymous else 1 if leak.owner else 2
    if leak.only("mass-assignment"):
        return 2 if leak.field_class in (FieldClass.AUTHORITY, FieldClass.SECRET) else 1
    return None


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
    """The viewer as the subject of a sentence: `Any member`."""
    if leak.anonymous:
        return "Anyone"
    if leak.viewer == "anyone":  # a stranger, where anonymous callers are refused
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
    """Whether the viewer sees the objects as a whole, or fields hidden from a viewer of the
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
    """The end of a title: the owners' setting if there is one, and the field. Reports put the
    number of fields in its place when they group findings: `(9 fields)`."""
    said = setting(leak)
    return (f" where {said}" if said else "") + f" (`{leak.resource}.{leak.field}`)"


def setting(leak: Leak) -> str:
    """The owners' setting that the leak ignores: `private=true`; empty if there is none."""
    return ", ".join(f"{name}={value}" for name, value in leak.state)


def whose(leak: Leak) -> str:
    """The field and its owners: `Member.location` of owners with private=true."""
    said = ", ".join(f"{name}={value}" for name, value in leak.state)
    return f"`{leak.resource}.{leak.field}`" + (f" of owners with {said}" if said else "")

"""The verdict on one field and one kind of viewer, from contract, traffic and use. Pure.

Exactly one verdict holds. Three properties are tested: a leak stays a leak (or a use that the
contract denies) whatever else is seen; a field whose use is not known is never called excess; and
*fine* needs an observation, and in each state in which the contract denies the field, one that it
is withheld.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from oakum.errors import count_of
from oakum.frontend.usage import UNUSED, USED, Use

Grant = Literal["granted", "denied", "unclear"]
"""`granted` or `denied` if that holds for every relation and state that the viewer and the object
may have; otherwise `unclear`."""
Verdict = Literal["leak", "narrow", "excess", "wide", "unknown", "fine"]
VERDICTS: Mapping[Verdict, str] = {
    "leak": "leak",
    "narrow": "contract too narrow",
    "excess": "excess",
    "wide": "contract too wide",
    "unknown": "not known",
    "fine": "fine",
}
"""Verdict → its name in outputs, the gravest first."""
SAYS: Mapping[Verdict, str] = {
    "leak": "sent, and not granted",
    "narrow": "used on the pages driven, but not granted: a leak that a page depends on",
    "excess": "granted and sent, but unused on the pages driven",
    "wide": "granted, and never sent",
    "unknown": "not enough was observed",
    "fine": "granted, sent and used; or denied, and withheld where others got it",
}
State = tuple[tuple[str, str], ...]
"""Settings of the owner on which the grant depends, with their values as text, by name."""
Came = Use | Literal["unsent"]
_WEIGHT: Mapping[Came, int] = {
    "rendered": 5, "read": 4, "unobserved": 3, "copied": 2, "untouched": 1, "unsent": 0
}  # fmt: skip
"""Which of several uses counts, the highest: an unobserved load may have used the field."""


@dataclass(frozen=True)
class ReceivedObjects:
    """Objects in one state that the viewer received from one endpoint, and how many had the
    field."""

    state: State
    """The known values of the settings that decide the grant."""
    present: int
    of: int
    grant: Grant
    carries: bool = True
    """Whether this endpoint ever sent the field to anybody; if not, its absence proves nothing."""


@dataclass(frozen=True)
class FieldUse:
    """What a page did with the field when such a viewer opened it; `unsent`: the field did not
    arrive."""

    use: Came
    grant: Grant


@dataclass(frozen=True)
class FieldEvidence:
    """What is known of one field for one kind of viewer."""

    met: tuple[ReceivedObjects, ...] = ()
    used: tuple[FieldUse, ...] = ()
    grants: bool = False
    """Whether the contract shows the field to this viewer in some state."""
    denied: frozenset[State] = frozenset()
    """States in which the contract denies the field; not empty if `grants` is False."""


def judge(found: FieldEvidence) -> tuple[Verdict, str]:
    """(verdict, reason in words)."""
    came = [each for each in found.used if each.use != "unsent"]
    if any(each.grant == "denied" and each.use in USED for each in came):
        return "narrow", "a page uses it, but the contract does not grant it to them"
    paged = any(each.grant == "denied" for each in came)
    sent = [each for each in found.met if each.present]
    leaks = [each for each in sent if each.grant == "denied"]
    if leaks:
        many = count_of(sum(each.present for each in leaks), "time")
        return "leak", f"sent {many}{_while(leaks)}{', and to a page' if paged else ''}"
    if paged:
        return "leak", "sent to a page that was driven"
    if any(each.grant == "unclear" for each in (*sent, *(() if sent else came))):
        return "unknown", "sent; whether it is granted depends on facts that are unknown"
    if not sent and not came:
        return _unsent(found)
    return _sent_verdict(found, strongest(each.use for each in found.used))


def strongest(uses: Iterable[Came]) -> Came | None:
    """The strongest of several uses; None without any."""
    return max(uses, key=_WEIGHT.__getitem__, default=None)


def _sent_verdict(found: FieldEvidence, use: Came | None) -> tuple[Verdict, str]:
    """The verdict on a granted field that was sent, by its use."""
    if use in UNUSED:
        return "excess", "sent, but neither shown nor read on the pages driven"
    if use is None or use == "unsent":
        return "unknown", "sent, but no driven page received it for such a viewer"
    if use == "unobserved":
        return "unknown", "sent, but it could not be observed what a page does with it"
    missed = found.denied - _withheld_states(found)
    if missed:
        return "unknown", f"used; but denied{_describe_state(min(missed))}, which never occurred"
    return "fine", "granted, sent and used"


def _unsent(found: FieldEvidence) -> tuple[Verdict, str]:
    """The verdict on a field that was never sent: either it is withheld, or the API does not have
    it."""
    if found.grants:
        met = sum(each.of for each in found.met if each.grant == "granted")
        if met:
            return "wide", f"granted, and in none of {met:,} objects that were sent"
        if any(each.grant == "granted" for each in found.used):
            return "wide", "granted, but no driven page received it"
        return "unknown", "no such object was sent to such a viewer where it is granted"
    if found.denied and found.denied <= _withheld_states(found):
        return "fine", "denied, and withheld where others got it"
    return "unknown", "denied; no other viewer was seen to get it there either"


def _withheld_states(found: FieldEvidence) -> frozenset[State]:
    """States in which the field was observed to be withheld."""
    return frozenset(
        each.state for each in found.met if each.of and not each.present and each.carries
    )


def _while(met: Iterable[ReceivedObjects]) -> str:
    states = {each.state for each in met}
    if len(states) > 2:
        return f", in {len(states)} states"
    return " or".join(_describe_state(each) for each in sorted(states)) if all(states) else ""


def _describe_state(state: State) -> str:
    words = {"true": "{0}", "false": "not {0}"}
    said = [words.get(value, "{0} {1}").format(name, value) for name, value in state]
    return f" while {' and '.join(said)}" if said else ""

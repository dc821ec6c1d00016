"""How much of an owner's value another viewer's value in its place discloses.

The contract says in which forms others may see a field (`policy.mask`). A form is recognised
without the value that it hides; here that value is known. So a value is found that has the form and
still discloses more, and one that has no form: more digits, the whole value in other groups or in
upper case, beside stars, cut short, or with more decimals.

Values are compared by their letters and digits, without case. Parts that several owners' values
have in common, such as the domain of an address, disclose nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Literal

from oakum.exposure.values.spellings import readings
from oakum.openapi.model import Json
from oakum.policy.mask import Mask

PROOF = 4
"""Letters and digits beyond every form that prove a leak: a guess would match with a chance of one
in ten thousand."""
_LEAST = 4
"""Shortest text without hidden characters that counts as the start or end of a value."""
_BLOCK = 5
"""Shortest part of a value that is recognised anywhere in another text."""
_WORD = 3
"""Shortest part of a value that a neighbouring member may explain."""
_COMMON = 4
"""Shortest part that two owners' values do not have in common by chance."""
_LONGEST = 300
"""Longest value in characters whose parts are searched for."""
_HIDDEN = re.compile(r"[*•●·█#…]+|\.{3}|[xX]{2,}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.([0-9]{1,20}))?")

Kind = Literal["within", "alike", "beyond", "unclear"]
"""`within`: has a granted form and shows no more. `alike`: has a granted form, and the owner is
shown no more either. `beyond`: shows more of the owner's value. `unclear`: none of these is
certain."""


@dataclass(frozen=True)
class MaskedValue:
    """What a received value shows of the owner's value."""

    kind: Kind
    excess: int = 0
    """For `beyond`: number of letters and digits of the owner's value beyond every form."""


@dataclass(frozen=True)
class OwnersValue:
    """A value that an owner is shown, prepared for comparison."""

    text: str
    plain: str
    """Its letters and digits."""
    common: frozenset[int]
    """Indices in `plain` at which other owners' values agree with it."""

    @classmethod
    def of(cls, text: str, others: Iterable[str]) -> OwnersValue:
        """Prepares a value. `others`: letters and digits of other owners' values of the
        same field."""
        text = text[:_LONGEST]
        plain = letters(text)
        shared = {
            at + step
            for at in range(len(plain) - _COMMON + 1)
            if any(plain[at : at + _COMMON] in other for other in others)
            for step in range(_COMMON)
        }
        return cls(text, plain, frozenset(shared))


def letters(text: str) -> str:
    """The letters and digits of a text, without case."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def judge(
    value: Json, forms: Sequence[Mask], wholes: Collection[OwnersValue], around: Json = None
) -> MaskedValue:
    """What a value shows. `forms`: granted in this state; `wholes`: values that its owner is shown
    in this field, at least one; `around`: the object that contains it."""
    text = str(value)
    fits = any(mask.fits(value, around) for mask in forms)
    if fits and all(_shows_no_more(each, text, forms, around) for each in wholes):
        return MaskedValue("alike")
    found = [_excess(text, each, forms, around) for each in wholes]
    if fits and (0 in found or None in found):
        same = any(letters(text) == each.plain for each in wholes)
        return MaskedValue("alike" if same else "within")
    excess = max((each for each in found if each), default=0)
    if fits and excess < PROOF:
        return MaskedValue("unclear" if excess == PROOF - 1 else "within")
    return MaskedValue("beyond", excess) if excess else MaskedValue("unclear")


def _shows_no_more(whole: OwnersValue, text: str, forms: Sequence[Mask], around: Json) -> bool:
    """Whether the owner is shown the same text, or a value that itself has a granted form."""
    shown: Json = whole.text
    return whole.text == text or any(mask.fits(shown, around) for mask in forms)


def _excess(text: str, whole: OwnersValue, forms: Sequence[Mask], around: Json) -> int | None:
    """How many letters and digits of a value a text shows beyond every form and beyond what others
    have in common with it; None if the text does not come from the value."""
    digits = _decimals(text, whole.text)
    if digits is not None and (rounded := [each for each in forms if each.kind == "decimals"]):
        return max(0, digits - max(each.first for each in rounded)) if digits >= 0 else None
    shown = set[int]().union(
        *(_shown_places(each, whole.plain) for each in readings(text[:_LONGEST]))
    )
    if not shown:
        return None
    return min(
        _beyond(shown, allowed, whole, text)
        for allowed in (
            [_allowed_places(mask, whole, shown, text, around) for mask in forms] or [set[int]()]
        )
    )


def _beyond(shown: set[int], allowed: set[int], whole: OwnersValue, text: str) -> int:
    """How many places a text shows that a form may not show: none if the allowed places alone spell
    the text, as `0000` is the end of `0000000000`."""
    spelt = iter(whole.plain[at] for at in sorted(allowed) if at < len(whole.plain))
    if all(each in spelt for each in letters(text)):
        return 0
    return len(shown - allowed - whole.common)


def _allowed_places(
    mask: Mask, whole: OwnersValue, shown: set[int], text: str, around: Json
) -> set[int]:
    """Indices of a value that a form may show in a text."""
    every = range(len(whole.plain))
    if mask.kind == "ends":
        return {*every[: mask.first], *every[len(every) - min(mask.last, len(every)) :]}
    if mask.kind == "stars":
        # `a***@x.test` hides nothing of `a@x.test`, and is how a short address is masked;
        # `/***@x.test` hides nothing of `/@x.test`, which has no letter before the `@`
        first, *rest = _HIDDEN.split(text)
        short = any(0 < len(letters(part)) < _BLOCK for part in (first, *rest))
        short = short or (bool(first) and not letters(first) and whole.text.startswith(first))
        return shown if mask.fits(text) and (short or len(shown) < len(every)) else set()
    if mask.kind == "decimals":
        before = re.match(r"[^.]*", whole.text)
        return {*every[: len(letters(before[0] if before else "")) + mask.first]}
    if mask.kind == "beside" and isinstance(around, Mapping):
        return _blocks(letters(str(around.get(mask.member, ""))), whole.plain, _WORD)
    return set()


def _decimals(text: str, whole: str) -> int | None:
    """Number of decimals in which a text is another number, rounded or cut; -1 if it is not; None
    if one is no number."""
    one, other = _NUMBER.fullmatch(text), _NUMBER.fullmatch(whole)
    if one is None or other is None:
        return None
    digits = len((one[1] or "").rstrip("0"))
    near = abs(Decimal(text) - Decimal(whole)) < Decimal(1).scaleb(-digits)
    return digits if near else -1


def _shown_places(text: str, plain: str) -> set[int]:
    """Indices in the letters and digits of a value that a text shows."""
    split = _HIDDEN.split(text)
    parts = [letters(each) for each in split]
    found = _in_order(parts, plain) if len(parts) > 1 else _at_an_end(parts[0], plain)
    if found is None:
        found = set[int]().union(*(_blocks(each, plain, _BLOCK) for each in parts))
    return found


def _in_order(parts: list[str], plain: str) -> set[int] | None:
    """Indices of the parts between hidden characters; None if they do not occur in this order."""
    first, *between, last = parts
    if not (any(parts) and plain.startswith(first) and plain.endswith(last)):
        return None
    found, at, end = {*range(len(first))}, len(first), len(plain) - len(last)
    for each in between:
        here = plain.find(each, at, end)
        if here < 0:
            return None
        at = here + len(each)
        found.update(range(here, at))
    if at > end:
        return None
    return found | {*range(end, len(plain))}


def _at_an_end(part: str, plain: str) -> set[int] | None:
    """Indices that a text covers as the start or the end of a value; None if it is neither."""
    if min(len(part), len(plain)) < _LEAST:
        return {*range(len(plain))} if part == plain else None
    if plain.endswith(part):
        return {*range(len(plain) - len(part), len(plain))}
    return {*range(len(part))} if plain.startswith(part) else None


def _blocks(part: str, plain: str, least: int) -> set[int]:
    """Indices of parts of a value, each of at least `least` characters, that a text has in the same
    order."""
    if min(len(part), len(plain)) < least:
        return set()
    matcher = SequenceMatcher(None, part, plain, autojunk=False)
    blocks = (each for each in matcher.get_matching_blocks() if each.size >= least)
    return {at for each in blocks for at in range(each.b, each.b + each.size)}

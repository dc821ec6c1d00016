"""Which parameters filter a list by a field, and the value that such a one takes."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache

from oakum.inference.lexicon import FieldClass, label_field, word_set, words
from oakum.openapi.model import Parameter
from oakum.scan.requests.builder import unlike

EQUALS = word_set(
    "by criteria eq equals exact filter filters find i iexact in ieq is match matches of q query"
    " search value where"
)
_PARTS = word_set(
    "any begin begins cont contain containing contains end ending ends endswith has icontains"
    " iendswith ilike istartswith like part prefix start starting starts startswith suffix with"
)
"""Operators that match a part of a value: the whole value matches, too."""
_PATTERNS = word_set("iregex pattern regex regexp")
_FROM = word_set("min minimum gt gte gteq ge from after since above over start least")
_UPTO = word_set("max maximum lt lte lteq le to until before below under end most")
_NOT = word_set("exclude excluded excluding except ne neq nin not without")
_SET = word_set("exists present notnull set")
_UNSET = word_set("blank empty isnull missing null unset")
_YEAR = word_set("year")
_OPERATORS = (
    EQUALS | _PARTS | _PATTERNS | _FROM | _UPTO | _NOT | _SET | _UNSET | _YEAR | word_set("cs and")
)
_SAME = word_set("address no num number text")
"""Words that another name of the same thing may add: `phone_number`, `email_address`."""
_VAGUE = word_set("id uuid guid key name title type kind status state date time code number value")
"""Names of fields that are also part of names of other things."""
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Filter:
    """How a parameter filters by a field."""

    said: frozenset[str]
    """Words of its name beside the field's."""
    named: bool
    """Whether the parameter has exactly the field's name; otherwise it may mean another field."""

    @property
    def by_value(self) -> bool:
        """Whether the filter takes a value of the field, or a part of one."""
        return not self.said & (_FROM | _UPTO | _NOT | _SET | _UNSET | _YEAR | _PATTERNS)

    def pair(self, value: str, other: str) -> tuple[str, str] | None:
        """Two texts of which only the first matches an object with `value`; `other`: another value.
        None if unknown."""
        above, below = bool(self.said & _FROM), bool(self.said & _UPTO)
        if above or below:
            less, more = _next(value, -1), _next(value, 1)
            if less is not None and more is not None:
                return (less, more) if above else (more, less)
            if not self.said & _PARTS:
                return None
        negated = bool(self.said & _NOT)
        if self.said & (_SET | _UNSET):
            return ("false", "true") if bool(self.said & _UNSET) != negated else ("true", "false")
        if self.said & _YEAR:
            value, other = value[:4], another(value[:4])
        if self.said & _PATTERNS:
            value, other = re.escape(value), re.escape(other)
        return (other, value) if negated else (value, other)


def filter_by(parameter: Parameter, field: str) -> Filter | None:
    """How an optional parameter may filter by a field; None if its name does not suggest it.

    Recognises the field's name with operators of common dialects (Ransack's `_cont`, Django's
    `__startswith`, `email[like]`), synonyms, and additional words.
    """
    said, own = words(parameter.name), words(field.rpartition(".")[2])
    if not own or parameter.shape.enum:
        return None
    rest = _beside(said, own)
    unsaid = frozenset(rest or ()) - _OPERATORS - _SAME
    if rest is None or (unsaid and (own[-1] in _VAGUE or _vague(unsaid))):
        return None
    alone = set(rest) <= _OPERATORS and set(own) <= set(said)
    found = Filter(frozenset(rest), alone)
    if parameter.shape.kinds - {"null"} == {"boolean"} and not found.said & (_SET | _UNSET):
        return found if alone else None
    return found


def _vague(unsaid: frozenset[str]) -> bool:
    """Whether the other words of a name show that it means a property of the field:
    `email_verified`."""
    return any(each.endswith("ed") for each in unsaid)


def _beside(said: tuple[str, ...], own: tuple[str, ...]) -> list[str] | None:
    """The words of a name besides those of the field; None if the name is not of this field."""
    if set(own) <= set(said):
        return [each for each in said if each not in own]
    if "".join(own) in said:
        return [each for each in said if each != "".join(own)]
    core = tuple(each for each in said if each not in _OPERATORS)
    if core and _thing(core) and _thing(core) == _thing(own):
        return [each for each in said if each not in core]
    return None


@lru_cache(maxsize=1 << 14)
def _thing(said: tuple[str, ...]) -> str:
    """The kind of data that a name means (`dob`: a date of birth); empty if unknown."""
    label = label_field("_".join(said))
    named = label.kind not in (FieldClass.PLAIN, FieldClass.KEY, FieldClass.HANDLE)
    return label.reason.partition("` names ")[2] if named else ""


def another(value: str) -> str:
    """Another value of the same form: the next number or date, otherwise a similar text; the value
    itself if none is safe."""
    if value in OPPOSITES:
        return OPPOSITES[value]
    plain = _NUMBER.fullmatch(value) or _DATE.fullmatch(value)
    return (plain and _next(value, 1)) or unlike(value)


OPPOSITES = {"true": "false", "false": "true"}
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _next(value: str, step: int) -> str | None:
    try:
        return str(int(value) + step)
    except ValueError:
        pass
    try:
        number = float(value)
        return str(int(number) + step) if number.is_integer() else str(number + step)
    except (ValueError, OverflowError):
        pass
    try:
        return (datetime.date.fromisoformat(value[:10]) + step * _DAY).isoformat()
    except (ValueError, OverflowError):
        return None

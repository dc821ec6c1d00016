"""Which identifier of an object a path parameter takes, if the object has several.

The name decides: `{documentId}` takes `documentId`, not `id`, although it ends with that too. A
format, pattern or example overrides the name only if it excludes the member of that name: `{id}`
with `format: uuid` is not an integer `id`, if exactly one other identifier is a UUID.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping

from oakum.inference.lexicon import word_set, words
from oakum.inference.path_nouns import ACCOUNTS, SAYS_AN_ID, without_id
from oakum.openapi.model import Parameter, Shape
from oakum.openapi.shape_queries import scalars

_OF_ITSELF = SAYS_AN_ID | word_set(
    "cuid document entity external global hash nano object pub public record reference resource "
    "short ulid unique"
)
"""Words in names of identifiers that fit any kind of object."""
_NUMBERS = frozenset(("integer", "number"))
_OF_NUMBERS = word_set("decimal double float int32 int64")
_ANYTHING = re.compile(r"\^?(?:\.|\\[SwW]|\[[^\]]*\])[+*]\$?|\^?\S?\.[+*]\$?")
_LOOKUP = re.compile(r"(?<=\w)__i?exact$")
_NUMBERED = re.compile(r"(?<=[A-Za-z])_\d+$")
_SHORT = 64
_SLOW = re.compile(r"\)[*+{]|\\\d")
_REPEATS = re.compile(r"[*+]|\{\d*,")


def named_after(parameter: str, members: Iterable[str]) -> str:
    """The longest member name with which a parameter's name ends; empty: none."""
    said = words(own_name(parameter))
    found = [each for each in members if (own := words(each)) and said[-len(own) :] == own]
    return max(found, key=lambda each: len(words(each)), default="")


def own_name(parameter: str) -> str:
    """A parameter's name without what tools add: `name_1` is a second `{name}`, and Django finds
    by `code__iexact` what has this `code`, in any case."""
    return _NUMBERED.sub("", _LOOKUP.sub("", parameter))


def is_foreign(member: str, noun: str, nouns: Container[str]) -> bool:
    """Whether a member is the id of another object: of an account, or of one of `nouns`."""
    of = without_id(member)
    return of != noun and (of in ACCOUNTS or of in nouns) and of != "_".join(words(member))


def formed_as(
    parameter: Parameter, members: Mapping[str, Shape], named: str, noun: str, nouns: Container[str]
) -> str:
    """The only identifier with the parameter's format, pattern or example, if the member `named`
    does not fit it; otherwise empty. With an equal pattern the names may differ."""
    fits = _fits(parameter, members[named]) if named in members else False
    if fits:
        return ""
    own = _OF_ITSELF.union(noun.split("_"))
    found = [
        name
        for name, shape in members.items()
        if (own.issuperset(words(name)) or _is_alike(parameter, shape))
        and not is_foreign(name, noun, nouns)
        and _fits(parameter, shape)
        and (fits is False or shape.pattern)
    ]
    return found[0] if len(found) == 1 else ""


def _is_alike(parameter: Parameter, member: Shape) -> bool:
    """Whether both have one pattern, of more than the usual characters."""
    pattern = member.pattern
    return bool(pattern) and pattern == parameter.shape.pattern and not _ANYTHING.fullmatch(pattern)


def _fits(parameter: Parameter, member: Shape) -> bool | None:
    """Whether a member has the form of a parameter's values; None: the document does not say."""
    asked = parameter.shape
    given = [each for each in (parameter.example, asked.example) if isinstance(each, str)]
    form, other = (e.format if e.format not in _OF_NUMBERS else "" for e in (asked, member))
    if (asked.pattern and asked.pattern == member.pattern) or member.example in given:
        return True
    if form and other:
        return form == other
    found = [_has(member.pattern, each) for each in given if member.pattern]
    if found and None not in found:
        return all(found)
    text = bool(asked.pattern or form) or any(not each.lstrip("-").isdigit() for each in given)
    return False if text and not _NUMBERS.isdisjoint(scalars(member)) else None


def _has(pattern: str, value: str) -> bool | None:
    """Whether a text has a pattern; None: it is not tried, since a document's pattern may take
    for ever, or be of a dialect that Python does not read."""
    if len(value) > _SHORT or _SLOW.search(pattern) or len(_REPEATS.findall(pattern)) > 1:
        return None
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return None

"""Kind and sensitivity of the data behind a field name.

Only names, declared types and declared formats label a field, never a value: a plain id such as
`4155552671` is also a valid phone number, and a label made of values would be wrong on the first
page of ids. English compounds put the head last, so the longest known phrase at the *end* of a
name decides: `home_phone` is a phone, `phone_model` is a model, `email_verified` is no e-mail.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from oakum.inference.lexicon_phrases import (
    ADDRESS,
    MAY,
    OF_A_PERSON,
    PHONE,
    PHRASES,
    PLACE,
    THERE,
    TOPICS,
    FieldClass,
)
from oakum.openapi.model import Shape
from oakum.openapi.name_words import singular, words

__all__ = [
    "LETS_IN",
    "FieldClass",
    "Label",
    "classify_field",
    "label_field",
    "singular",
    "word_set",
    "words",
]


@dataclass(frozen=True)
class Label:
    """A data class with its reason: "`birthday` names a date of birth"."""

    kind: FieldClass
    reason: str


def word_set(text: str) -> frozenset[str]:
    """The set of words in a space-separated string."""
    return frozenset(text.split())


GOES_ON = word_set(
    "after marker older newer omitted skipped rest left range lastkey lastevaluatedkey"
    " terminatedearly"
)
"""Plain names of members beside a list that, if they have a value, say that the list is
incomplete."""
CURSORS = word_set("after marker older lastkey lastevaluatedkey")
"""Those of them that hold a cursor: an empty one means the end of the list."""

_ABOUT = word_set("type unit url enabled required supported policy format version template")
"""Last words that describe an attribute of the subject and not its value: `phone_type`."""

_PASSING = word_set(
    "value text raw string number num no full plain plaintext cleartext masked encrypted hashed "
    "hash digest md sha bcrypt line list array field data normalized normalised canonical lowercase"
)
"""Last words that leave the meaning to the word before them: `phone_number`, `password_hash`."""

_FROM_PARENT = _PASSING | word_set("name first last given family address date year day")
"""Names without meaning of their own, read together with the parent's: `card.number`."""

_FLAG = word_set(
    "is has can should was are did needs need allow allows enable enables require requires use "
    "uses send receive show hide disable"
)
LETS_IN = (FieldClass.SECRET, FieldClass.HANDLE, FieldClass.KEY, FieldClass.CONTACT)
"""Classes that identify an account or authenticate it: changing one may lock the account or send
mail."""
_WORDED = (FieldClass.SECRET, FieldClass.IDENTITY_DOCUMENT, FieldClass.CONTACT)
"""Classes whose values are never an enumeration of words."""
_ABOUT_SOMEBODY = (FieldClass.CONTACT, FieldClass.PERSONAL, FieldClass.LOCATION)
_TEXT_ONLY = word_set("token secret hash salt credential email mail cookie bearer key vat")
_REGIONS = word_set("country country_sub_division country_subdivision county province region state")
_OF_AN_ADDRESS = word_set(
    "address billing card contact customer location mailing person profile residence shipping user "
    "vcard"
)
"""Words beside which `region` or `state` is part of an address, unlike in `status.state` or a
cloud's `region`."""
_OF_A_THING = word_set(
    "article box cargo category criteria dimension edge font freight item line menu node option "
    "order package page parcel product question rule shipment sku sort tag variant"
)
"""Things with a weight or size that are not a body."""
_OF_A_BODY = word_set("height weight")
_MEDIA = word_set(
    "image photo picture thumb thumbnail avatar video media icon logo banner size frame"
)
_NO_VISIT = word_set("update change modification sync edit check run refresh push build")
_FORMATS = {
    "password": (FieldClass.SECRET, "a password"),
    "email": (FieldClass.CONTACT, ADDRESS),
    "idn-email": (FieldClass.CONTACT, ADDRESS),
    "phone": (FieldClass.CONTACT, PHONE),
    "ipv4": (FieldClass.ACTIVITY, "an address on the network"),
    "ipv6": (FieldClass.ACTIVITY, "an address on the network"),
}

_Entry = tuple[FieldClass, str]


def _entries() -> Iterator[tuple[tuple[str, ...], bool, _Entry]]:
    for kind, noun, phrases in PHRASES:
        for phrase in phrases.split():
            parts = tuple(singular(part) for part in phrase.lstrip("^").split("_"))
            yield parts, phrase.startswith("^"), (kind, noun)
            if len(parts) > 1:
                yield ("".join(parts),), phrase.startswith("^"), (kind, noun)


_ENDINGS = {parts: entry for parts, whole, entry in _entries() if not whole}
_WHOLE = {parts: entry for parts, whole, entry in _entries() if whole}
_LONGEST = max(len(parts) for parts in _ENDINGS)


def classify_field(path: str, shape: Shape | None = None) -> FieldClass:
    """The class of the field at a path such as `profile.birthday` or `items.*.owner.email`."""
    return label_field(path, shape).kind


@lru_cache(maxsize=1 << 14)
def label_field(path: str, shape: Shape | None = None) -> Label:
    """The class of a field with the reason in words; `shape` is what the document declares there.

    Names of lists and maps (`emails.*`) label their elements. Declared types correct a name: a
    boolean called `gender` is a switch about it, a number called `token` counts them.
    """
    names = [part for part in path.split(".") if part.strip("*")]
    if not names:
        return Label(FieldClass.PLAIN, "the path has no name")
    own = tuple(singular(word) for word in words(names[-1]))
    above = tuple(singular(word) for word in words(names[-2])) if len(names) > 1 else ()
    name = ".".join(names[-2:]) if _needs_parent(own, above) else names[-1]
    shape = shape or Shape()
    kind, noun = _by_name(own, above, shape)
    form = _FORMATS.get(shape.format)
    if form and kind in (FieldClass.PLAIN, FieldClass.HANDLE):
        return Label(form[0], f"the document declares `{name}` as {form[1]}")
    if shape.format in ("uri", "url") and kind is FieldClass.LOCATION:
        kind = FieldClass.PLAIN
    if kind is FieldClass.PLAIN:
        return Label(kind, f"`{name}` needs no rule of its own")
    return Label(kind, f"`{name}` names {noun}")


_NOTHING: _Entry = (FieldClass.PLAIN, "")


def _needs_parent(own: Sequence[str], above: Sequence[str]) -> bool:
    return bool(above) and all(word in _FROM_PARENT or word.isdigit() for word in own)


def _by_name(own: tuple[str, ...], above: tuple[str, ...], shape: Shape) -> _Entry:
    kinds = shape.kinds - {"null"}
    if "permission" in above:
        return FieldClass.AUTHORITY, MAY
    if not own:
        return _NOTHING
    flag = own[0] in _FLAG
    if flag or kinds == {"boolean"}:
        return _switch(own, flag=flag)
    kind, noun = _read(own, above)
    numeric = bool(kinds) and kinds <= {"integer", "number"}
    if (numeric and own[-1] in _TEXT_ONLY) or (shape.enum and kind in _WORDED):
        return _NOTHING
    if own[-1] == "height" and _MEDIA & {*above, *own}:
        return _NOTHING
    if own[-1] in _OF_A_BODY and _OF_A_THING & {*above, *own}:
        return _NOTHING
    if kind is FieldClass.PLAIN and _is_region(own, above):
        return FieldClass.LOCATION, PLACE
    return kind, noun


def _is_region(own: tuple[str, ...], above: tuple[str, ...]) -> bool:
    return "_".join(own) in _REGIONS and not _OF_AN_ADDRESS.isdisjoint(above)


def _read(own: tuple[str, ...], above: tuple[str, ...]) -> _Entry:
    if _needs_parent(own, above):
        joined = _ending(above + own)
        return joined or _read(own, ())
    bare = own[:-1] if own[-1].isdigit() else own  # `tel1`
    if whole := _WHOLE.get(own) or _WHOLE.get(bare):
        return whole
    if own[-1] not in _ABOUT and (topic := _topic(own)):
        return FieldClass.PERSONAL, topic
    if _is_visit(own):
        return FieldClass.ACTIVITY, THERE
    return _ending(own) or _NOTHING


def _ending(own: tuple[str, ...]) -> _Entry | None:
    while own:
        for size in range(min(len(own), _LONGEST), 0, -1):
            if own[-size:] in _ENDINGS:
                return _ENDINGS[own[-size:]]
        if own[-1] not in _PASSING and not own[-1].isdigit():
            break
        own = own[:-1]
    return None


def _switch(own: tuple[str, ...], *, flag: bool) -> _Entry:
    """The class of a flag, whatever its name is about."""
    if own[0] in ("hide", "show"):
        return FieldClass.SETTING, "a privacy setting"
    said = own[1:] if flag and len(own) > 1 else own
    kind, noun = _WHOLE.get(own) or _WHOLE.get(said) or _ending(said) or _NOTHING
    if kind in (FieldClass.AUTHORITY, FieldClass.SETTING) or noun in (OF_A_PERSON, THERE):
        return kind, noun
    if kind in _ABOUT_SOMEBODY and not flag:
        return FieldClass.SETTING, f"a switch about {noun}"
    return _NOTHING


def _topic(own: tuple[str, ...]) -> str:
    """The grave subject that a name speaks of; empty when it does of none."""
    parts = (*pairwise(own), *((word,) for word in own))
    return next((TOPICS[part] for part in parts if part in TOPICS), "")


def _is_visit(own: tuple[str, ...]) -> bool:
    """`last_workout_at`, but not `last_updated_at`: a noun between `last` and the time."""
    if len(own) != 3 or own[0] != "last" or own[2] not in ("at", "date", "time", "on"):
        return False
    return not own[1].endswith("ed") and own[1] not in _NO_VISIT

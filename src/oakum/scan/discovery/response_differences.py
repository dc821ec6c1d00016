"""Differences between responses about an existing and an absent person.

Each response is split into features: status, names and values of headers, names of cookies, every
place of the body with the kind of its value and the value, and the length of the text around the
values. Whatever the request itself contained is masked first. A feature is a difference if it is
the same in all responses of a side, and not the same on both sides; one that changes by itself is
none.

CWE-204, Observable Response Discrepancy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

import orjson

from oakum.exchange import Response, json_bytes
from oakum.exposure.values.knowledge import canonical, leaves_of, says_nothing
from oakum.inference.lexicon import word_set
from oakum.openapi.model import Json

Feature = tuple[str, ...]
"""`status`, `header`, `cookie`, `body`, `text` or `size`, and where."""

Features = Mapping[Feature, str]
"""Feature → `kind:value`, the value masked. In memory only."""

_ABSENT = "absent:"
_SENT = "‹sent›"
_STARS = re.compile(r"[*•●·…]+")
_LEAST = 3
"""A shorter value, in characters, is not masked as an echo, since it occurs by chance."""
_LEAST_INSIDE = 5
"""A shorter value, in characters, is not searched for inside a sentence."""
_MOST_WORDS = 4000
_LEFT_OUT = word_set(
    "age connection content-encoding content-length date keep-alive set-cookie transfer-encoding"
)
"""Headers that describe how a response was sent; lengths and cookies are features of their own."""


def take_apart(answer: Response, sent: Collection[str]) -> dict[Feature, str]:
    """Features of a response → their text. `sent`: values of the compared requests, which are
    masked so that an echoed name makes no difference."""
    mask = RequestMask(sent)
    found: dict[Feature, str] = {("status",): f"status:{answer.status}"}
    for name, text in answer.headers.items():
        if name not in _LEFT_OUT:
            found[("header", name)] = f"text:{mask(text)}"
    for name, text in answer.cookies.items():
        found[("cookie", name)] = "set:" if text else "taken:"
    value = _value(answer)
    if isinstance(value, str) and answer.body[:1] != b'"':
        return found | _words(mask(value))
    around = len(answer.body)
    for at, each in _places(value):
        found[("body", *map(mask, at))] = _describe_value(each, mask)
        if not isinstance(each, dict | list):
            around -= len(json_bytes(each))
        around -= len(at[-1].encode("utf-8", "replace")) if at and not at[-1].isdigit() else 0
    return found | {("size",): f"size:{around}"}


def differences(
    known: Mapping[str, Sequence[Features]], unknown: Sequence[Features], *, doubtful: bool = False
) -> frozenset[Feature]:
    """Features that distinguish responses about existing people from those about non-existing ones.
    `known`: responses by person.

    A feature counts if each side is uniform and they differ, or if only the non-existing side is
    uniform and repeated requests about one person agree; `doubtful` drops the latter condition.
    """
    answers = [each for asked in known.values() for each in asked]
    if not answers or not unknown:
        return frozenset()
    names = {name for each in (*answers, *unknown) for name in each}
    return frozenset(name for name in names if _tells(name, known, unknown, doubtful))


def _tells(
    name: Feature,
    known: Mapping[str, Sequence[Features]],
    unknown: Sequence[Features],
    doubtful: bool,
) -> bool:
    nobodys = {each.get(name, _ABSENT) for each in unknown}
    theirs = [{each.get(name, _ABSENT) for each in asked} for asked in known.values() if asked]
    somebodys = set().union(*theirs)
    one, other = _kinds(somebodys), _kinds(nobodys)
    if len(one) == len(other) == 1 and one != other:
        return True
    if len(nobodys) > 1 or nobodys & somebodys:
        return False
    again = all(len(asked) > 1 for asked in known.values())
    own = again and all(len(each) == 1 for each in theirs)
    return doubtful or own or len(somebodys) == 1


def outline(answer: Response) -> frozenset[tuple[Feature, str]]:
    """Status and features of a response, without values."""
    taken = take_apart(answer, ())
    return frozenset(
        (name, text if name == ("status",) else text.partition(":")[0])
        for name, text in taken.items()
        if name[0] in ("status", "body")
    )


def describe_differences(features: Collection[Feature]) -> str:
    """Differences in words, without values."""
    words = {
        "status": "another status",
        "header": "a header",
        "cookie": "a cookie",
        "body": "another value in the body",
        "text": "another text",
        "size": "another length",
    }
    kinds = {each[0] for each in features}
    return ", ".join(said for kind, said in words.items() if kind in kinds)


def _kinds(values: Collection[str]) -> set[str]:
    return {each.partition(":")[0] for each in values}


def _places(value: Json, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """(path, value) for every value, containers included."""
    yield at, value
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _places(child, (*at, str(key)))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _places(child, (*at, str(index)))


def _describe_value(value: Json, mask: RequestMask) -> str:
    match value:
        case dict():
            return "object:"
        case list():
            return "array:"
        case None | "":
            return "nothing:" if value is None else "empty:"
        case bool():
            return f"boolean:{canonical(value)}"
        case int() | float():
            return f"number:{mask(canonical(value))}"
        case _:
            return f"text:{mask(str(value))}"


def _words(text: str) -> dict[Feature, str]:
    found = re.findall(r"\w+|[^\w\s]", text)[:_MOST_WORDS]
    features: dict[Feature, str] = {("text", str(nth)): f"text:{w}" for nth, w in enumerate(found)}
    spaces = sum(char.isspace() for char in text)
    return features | {("size",): f"size:{spaces}"}


class RequestMask:
    """Removes the request's values from a text, in every form in which they may be echoed."""

    def __init__(self, sent: Collection[str]) -> None:
        whole = {form for each in sent for form in (each, quote(each, safe=""), quote_plus(each))}
        parts = {form for each in sent for form in _parts(each)}
        patterns = [re.escape(form) for form in whole if len(form) >= _LEAST]
        patterns += [rf"\b{re.escape(form)}\b" for form in parts if len(form) >= _LEAST]
        longest = sorted(patterns, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(longest), re.I) if longest else None

    def __call__(self, text: str) -> str:
        masked = self._known.sub(_SENT, text) if self._known else text
        return _STARS.sub("*", masked)  # each masked letter becomes one star


def _parts(value: str) -> Iterator[str]:
    """Further texts of a value that a response may repeat: the mailbox of an address, the digits of
    a number."""
    local, at, _ = value.partition("@")
    if at:
        yield local
    digits = "".join(char for char in value if char.isdigit())
    if len(digits) > len(value) // 2:
        yield digits


# -------------------------------------------------------------------- personal values in a response


def texts(answer: Response, sent: Collection[str]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text in a response with its path (without list positions); echoes are masked."""
    mask = RequestMask(sent)
    for name, text in answer.headers.items():
        yield ("header", name), mask(text)
    for at, leaf in leaves_of(_value(answer)):
        if leaf is not None and not isinstance(leaf, bool):
            place = ("*" if part.isdigit() else part for part in at)
            yield ("body", *place), mask(canonical(leaf))


def holds(text: str, value: str) -> bool:
    """Whether a text equals a value or contains it as whole words."""
    if text == value:
        return True
    at = text.find(value) if len(value) >= _LEAST_INSIDE else -1
    around = text[max(0, at - 1) : at] + text[at + len(value) : at + len(value) + 1]
    return at >= 0 and not any(char.isalnum() for char in around)


def is_echo(value: str, sent: Collection[str]) -> bool:
    """Whether the request contained the value, or its part before an `@`."""
    forms = {form.lower() for each in sent for form in (each, *_parts(each))}
    return says_nothing(value) or value.lower() in forms


def _value(answer: Response) -> Json:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return answer.body.decode("utf-8", "replace")

"""Answers about somebody and answers about nobody: what of the first is never so in the second.

Each answer is taken apart into features: status, names and values of headers, names of cookies,
every place of the body with the kind of its value and the value, and how much text is around the
values. What the question itself held is masked first. A feature tells the two sides apart when it
is the same in all answers of a side; one that changes by itself tells nothing.

CWE-204, Observable Response Discrepancy.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

import orjson

from oakum.contract.model import Json
from oakum.exchange import Response
from oakum.scan.knowledge import canonical
from oakum.scan.reading import OWN_HEADERS

Feature = tuple[str, ...]
"""`status`, `header`, `cookie`, `body`, `text` or `size`, and where."""

Features = Mapping[Feature, str]
"""Feature → `kind:value`, the value masked. In memory only."""

_ABSENT = "absent:"
_SENT = "‹sent›"
_STARS = re.compile(r"[*•●·…]+")
_LEAST = 3
"""Characters below which an echo cannot be told from chance."""
_MOST_WORDS = 4000
_CODED = frozenset({"set-cookie", "content-encoding", "transfer-encoding"})


def take_apart(answer: Response, sent: Collection[str]) -> dict[Feature, str]:
    """The features of an answer to a question that held the values `sent`."""
    mask = _Mask(sent)
    found: dict[Feature, str] = {("status",): f"status:{answer.status}"}
    for name, text in answer.headers.items():
        if name not in OWN_HEADERS | _CODED:
            found[("header", name)] = f"text:{mask(text)}"
    for name, text in answer.cookies.items():
        found[("cookie", name)] = "set:" if text else "taken:"
    try:
        value = orjson.loads(answer.body) if answer.body.strip() else None
    except orjson.JSONDecodeError:
        return found | _words(mask(answer.body.decode("utf-8", "replace")))
    around = len(answer.body)
    for at, each in _places(value):
        found[("body", *map(mask, at))] = _told(each, mask)
        if not isinstance(each, dict | list):
            around -= len(orjson.dumps(each))
        around -= len(at[-1].encode("utf-8", "replace")) if at else 0
    return found | {("size",): f"size:{around}"}


def differences(
    known: Mapping[str, Sequence[Features]], unknown: Sequence[Features]
) -> frozenset[Feature]:
    """What tells answers about somebody from answers about nobody.

    `known`: by whom they are about. Either all of a side are of one kind, and the other side is of
    another; or all about nobody are alike, none about somebody is so, and these are alike too, at
    least those about one and the same.
    """
    answers = [each for asked in known.values() for each in asked]
    if not answers or not unknown:
        return frozenset()
    names = {name for each in (*answers, *unknown) for name in each}
    return frozenset(name for name in names if _tells(name, known, unknown))


def told(features: Collection[Feature]) -> str:
    """Differences in words that hold nobody's value."""
    words = {
        "status": "another status",
        "header": "another header",
        "cookie": "another cookie",
        "body": "another body",
        "text": "another text",
        "size": "another length",
    }
    kinds = {each[0] for each in features}
    return ", ".join(said for kind, said in words.items() if kind in kinds)


def _tells(
    name: Feature, known: Mapping[str, Sequence[Features]], unknown: Sequence[Features]
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
    return len(somebodys) == 1 or (again and all(len(each) == 1 for each in theirs))


def _kinds(values: Collection[str]) -> set[str]:
    return {each.partition(":")[0] for each in values}


def _places(value: Json, at: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Every value with its place, containers too."""
    yield at, value
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _places(child, (*at, str(key)))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _places(child, (*at, str(index)))


def _told(value: Json, mask: _Mask) -> str:
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
    features[("size",)] = f"size:{len(re.sub(r'[^\s]+', '', text))}"
    return features


class _Mask:
    """Takes out of a text what the question held, as it was written or as it may be repeated."""

    def __init__(self, sent: Collection[str]) -> None:
        forms = {form for each in sent for form in _forms(each) if len(form) >= _LEAST}
        longest = sorted(forms, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, longest)), re.I) if longest else None

    def __call__(self, text: str) -> str:
        masked = self._known.sub(_SENT, text) if self._known else text
        return _STARS.sub("*", masked)  # as many stars as there were letters


def _forms(value: str) -> Iterator[str]:
    yield from (value, quote(value, safe=""), quote_plus(value))
    local, at, _ = value.partition("@")
    if at:
        yield local
    digits = "".join(char for char in value if char.isdigit())
    if len(digits) > len(value) // 2:
        yield digits

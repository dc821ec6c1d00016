"""Signals beside the fields of objects: presence, order, counts.

Two responses to one request are compared place by place. A place that also differs when no value
was changed is noise, and is ignored. A place that differs only when a hidden value differs reveals
that value.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from oakum.authz import Leaf
from oakum.authz.judgement import Judgement
from oakum.exchange import Response
from oakum.exposure.values.knowledge import canonical
from oakum.http.json_pointer import Pointer, any_element
from oakum.inference.lexicon import words
from oakum.openapi.model import Json

Place = tuple[str, ...]
"""Kind of difference (`status`, `order`, `members`, `count`, `value`, `header`, or `figure` and
`word` of a granted field), and path."""

_ECHO = "‹asked›"
SERVERS_OWN = frozenset({"date", "server", "connection", "keep-alive", "content-length", "age"})
"""Headers that the server itself sets; the length depends on the body only."""


@dataclass(frozen=True)
class ResponseReading:
    """One response as the sets that are compared. In memory only: it holds values."""

    places: Mapping[Place, Json]
    members: frozenset[tuple[str, str]]
    """(resource, owner) of each object in the response."""
    objects: frozenset[tuple[str, str]] = frozenset()
    """(resource, key) of each object in the response."""
    unnamed: int = 0
    """Number of list elements in which no value identifies an object, and of objects that a stated
    count adds."""


def read(
    value: Json,
    judged: Judgement,
    response: Response,
    keys: Mapping[str, str],
    sent: Collection[str],
) -> ResponseReading:
    """Takes a response apart. `keys`: resource → its key field; `sent`: values of the request,
    which may be echoed.

    Of known objects only granted fields count, since a granted distance may reveal a hidden
    position.
    """
    places: dict[Place, Json] = {("status",): response.status}
    lists: dict[Place, list[str]] = {}
    members: set[tuple[str, str]] = set()
    objects: set[tuple[str, str]] = set()
    known: set[Pointer] = set()
    for instance in judged.instances:
        key = keys.get(instance.resource, "")
        named = next((canonical(leaf.value) for leaf in instance.leaves if leaf.path == key), "")
        token = named or "+".join(sorted(instance.owners))
        lists.setdefault(any_element(instance.pointer), []).append(f"{instance.resource}:{token}")
        members |= {(instance.resource, owner) for owner in instance.owners}
        if token:
            known.update(instance.pointer[:n] for n in range(len(instance.pointer) + 1))
        if named:
            objects.add((instance.resource, named))
        for leaf in instance.leaves:
            if leaf.allowed and isinstance(leaf.value, int | float | str):
                kind = "word" if isinstance(leaf.value, bool | str) else "figure"
                places[(kind, instance.resource, leaf.path, token)] = leaf.value
    for where, tokens in lists.items():
        places[("order", *where)] = tuple(tokens)
        places[("members", *where)] = tuple(sorted(tokens))
        places[("count", *where)] = len(tokens)
    rest: dict[Place, list[str]] = {}
    for leaf in judged.unbound:
        text = canonical(leaf.value)
        rest.setdefault(any_element(leaf.pointer), []).append(_ECHO if text in sent else text)
    places |= {("value", *where): tuple(texts) for where, texts in rest.items()}
    places |= {
        ("header", name): _mask_echoes(text, sent)
        for name, text in response.headers.items()
        if name not in SERVERS_OWN
    }
    unnamed = _elements_beside(value, known) + sum(map(_stated_count, judged.unbound))
    return ResponseReading(places, frozenset(members), frozenset(objects), unnamed)


_COUNTS = frozenset(("count", "found", "hits", "matches", "total"))
"""Words in names of numbers that say how many objects there are."""


def _stated_count(leaf: Leaf) -> int:
    """The number of objects that a member such as `total` states; 0 if it states none."""
    number = leaf.value if isinstance(leaf.value, int) else 0
    return number if leaf.pointer and _COUNTS.intersection(words(leaf.pointer[-1])) else 0


def _elements_beside(value: Json, known: Collection[Pointer]) -> int:
    """Number of elements of outermost lists that contain none of these objects."""
    found, ahead = 0, [(Pointer(), value)]
    while ahead:
        at, each = ahead.pop()
        if isinstance(each, dict):
            ahead += [((*at, name), child) for name, child in each.items()]
        elif isinstance(each, list):
            found += sum((*at, str(n)) not in known for n in range(len(each)))
    return found


def differences(one: ResponseReading, other: ResponseReading) -> frozenset[Place]:
    """Places at which two readings differ."""
    every = one.places.keys() | other.places.keys()
    return frozenset(each for each in every if one.places.get(each) != other.places.get(each))


def is_derived(place: Place) -> bool:
    """Whether a place is a granted field of an object, which may be computed from a hidden one."""
    return place[0] in ("figure", "word")


def describe_differences(places: Iterable[Place]) -> str:
    """Differences in words, without values."""
    words = {
        "status": "another status",
        "order": "another order of objects",
        "members": "other objects",
        "count": "another number of objects",
        "value": "another value beside the objects",
        "header": "another header",
        "figure": "another number in a field that the viewer may see",
    }
    kinds = {each[0] for each in places}
    if "members" in kinds:
        kinds -= {"order"}
    return ", ".join(words[kind] for kind in words if kind in kinds)


def _mask_echoes(text: str, sent: Collection[str]) -> str:
    longest = sorted((each for each in sent if len(each) > 2), key=len, reverse=True)
    # In one pass: a value may contain another.
    return re.sub("|".join(map(re.escape, longest)), _ECHO, text) if longest else text

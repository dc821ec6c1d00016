"""The words of a name, and their singular."""

from __future__ import annotations

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\d_A-Z]+|[A-Z]+|\d+")
_ODD_PLURALS = {
    "ids": "id",
    "ips": "ip",
    "alias": "alias",
    "aliases": "alias",
    "canvas": "canvas",
    "movies": "movie",
    "series": "series",
    "news": "news",
    "people": "person",
    "children": "child",
    "statuses": "status",
}


@lru_cache(maxsize=65536)
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of a `camelCase`, `snake_case`, `kebab-case` or `dotted.name`."""
    for odd, regular in (("IDs", "Ids"), ("OAuth", "Oauth"), ("IPv", "Ipv"), ("eMail", "email")):
        name = name.replace(odd, regular)
    return tuple(word.lower() for word in _WORD.findall(name))


def singular(word: str) -> str:
    """The singular of a lower-case English noun; other words stay as they are."""
    if word in _ODD_PLURALS:
        return _ODD_PLURALS[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes", "zes")):
        return word[:-2]
    return word[:-1]

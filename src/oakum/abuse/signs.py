"""What is counted for each caller and endpoint, and which kind of abuse a high count indicates.

Each sign counts *different* things, such as different ids, so a client that repeats one request
does not add to it. Each sign has a minimum below which it is not reported, whatever the other
callers do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from oakum.inference.lexicon import words

Kind = Literal["walk", "guess", "scrape", "probe", "share", "stuff", "scan"]
KINDS: Final[Mapping[Kind, str]] = {
    "walk": "walks ids in order",
    "guess": "requests ids that no response showed it",
    "scrape": "reads lists to their end",
    "probe": "asks who has an account",
    "share": "one token from many addresses",
    "stuff": "tries credentials of others",
    "scan": "tries endpoints that it may not use",
}
"""What each kind of abuse is, in words."""


@dataclass(frozen=True)
class Sign:
    """A quantity that is counted for each caller and endpoint."""

    name: str
    kind: Kind
    least: int
    """Counts below this are never reported."""
    alone: bool
    """Whether it measures volume, which is usual at some endpoints: then a caller is only compared
    with others at the same endpoint. Other signs are unusual everywhere, so where an endpoint has
    few callers, those of all endpoints count."""
    says: str
    """A phrase for reports, with `{}` for the number."""


(
    UNSHOWN, MISSED, ORDERED, FIRST, LAST, OBJECTS, UNKNOWN, HOURS, NAMES, FAILED, FROM,
    REFUSED, IDS, WORKED,
) = range(14)  # fmt: skip
COUNTED: Final = 14
_NOBODY = "names or addresses that no account has"
_OBJECTS = "requested {} different objects"
_LIST = "of a list"
SIGNS: Final[Mapping[int, Sign]] = {
    UNSHOWN: Sign("unshown", "guess", 20, False, f"{_OBJECTS} that no response had shown it"),
    MISSED: Sign(
        "missed", "guess", 20, False, f"{_OBJECTS} that do not exist or are not visible to it"
    ),
    ORDERED: Sign("ordered", "walk", 30, False, f"{_OBJECTS}, one after the other"),
    FIRST: Sign("first", "scrape", 30, True, f"requested {{}} values of one parameter {_LIST}"),
    LAST: Sign("last", "scrape", 30, True, f"requested {{}} different pages {_LIST}"),
    OBJECTS: Sign("objects", "scrape", 400, True, "received {} different objects in lists"),
    UNKNOWN: Sign("unknown", "probe", 30, False, f"searched for {{}} different {_NOBODY}"),
    HOURS: Sign("hours", "probe", 8, False, f"searched in {{}} different hours for {_NOBODY}"),
    NAMES: Sign("names", "probe", 50, True, "searched for {} different names or addresses"),
    FAILED: Sign("failed", "stuff", 15, False, "failed to log in to {} accounts"),
    REFUSED: Sign("refused", "scan", 8, True, "was refused, or found nothing, at {} operations"),
    FROM: Sign(
        "addresses", "share", 15, True, "came from {} network addresses that no other caller uses"
    ),
}
"""`FIRST` counts values of the first query parameter, if there are several, and `LAST` those of the
last, by which most lists are paged. `IDS` and `WORKED` (successful logins) are counted as well, but
are no signs."""

SAMPLE: Final = 4
"""Of the objects in lists, one in so many is counted, and the count is multiplied by it."""

_CONTACT = frozenset(
    (
        "search", "find", "lookup", "autocomplete", "suggest", "exists", "available",
        "availability",
        "forgot", "reset", "recover", "recovery", "invite", "invitation", "contacts", "register",
        "signup", "registration", "check",
    )
)  # fmt: skip
_LOGIN = frozenset(("login", "signin", "logon", "authenticate", "token"))


@dataclass(frozen=True)
class CountedEndpoint:
    """The properties of an operation that decide what is counted there."""

    method: str
    path: str
    ids: int
    """Number of path parameters."""
    use: Literal["item", "contact", "login", "whole"]

    @property
    def lists(self) -> bool:
        """Whether it probably returns a list, which is guessed where no response body is
        recorded."""
        return self.method == "GET" and not self.path.endswith("}")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def endpoint(method: str, path: str, operation: str = "") -> CountedEndpoint:
    """Classifies an operation by the words of its path template and operation id."""
    said = {each for part in re.split(r"[/{}]", path) for each in words(part)}
    said |= set(words(operation))
    use: Literal["item", "contact", "login"] = "item"
    if _CONTACT & said or {"sign", "up"} <= said:
        use = "contact"
    elif method == "POST" and (_LOGIN & said or {"log", "in"} <= said or {"sign", "in"} <= said):
        use = "login"
    return CountedEndpoint(method, path, path.count("{"), use)

"""Saved requests and collections as plain values, the same for every tool.

They contain no value of a header, parameter or credential, except where its type is inferred from
it, and such values never leave this package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from oakum.errors import Location, Problem
from oakum.openapi.model import Json

Place = Callable[[], Location]
Schemes = Mapping[str, Json]
"""Security schemes by name, all of which a request uses; empty: explicitly none."""


@dataclass(frozen=True)
class Pair:
    """A name with its value: a parameter, a header, or a field of a form."""

    name: str
    value: str = ""
    disabled: bool = False
    file: bool = False


@dataclass(frozen=True)
class Body:
    """What a request sends: text, or the fields of a form."""

    media: str
    text: str = ""
    form: tuple[Pair, ...] = ()


@dataclass(frozen=True)
class SavedResponse:
    """An example response that was saved with a request."""

    status: int
    text: str
    media: str = ""
    """Media type; empty: not saved."""


@dataclass(frozen=True)
class SavedRequest:
    """One request of a collection as saved, its variables unresolved."""

    name: str
    method: str
    url: str
    """URL as written, with unresolved variables."""
    place: Place
    folder: str = ""
    description: str = ""
    query: tuple[Pair, ...] = ()
    """Query parameters saved separately; those within the URL are read from it."""
    path: tuple[Pair, ...] = ()
    """Values of the variables of the path."""
    headers: tuple[Pair, ...] = ()
    body: Body | None = None
    auth: Schemes | None = None
    """Security schemes by its settings or those of its folders; None: not set."""
    answers: tuple[SavedResponse, ...] = ()


@dataclass
class Collection:
    """The content of a collection, filled by the reader of its format."""

    title: str
    requests: list[SavedRequest] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    """Variable → value, for values that may begin a URL: origins, base paths."""
    problems: list[Problem] = field(default_factory=list)

    def leave(self, place: Place, what: str, hint: str = "") -> None:
        """Records that a part was skipped, with its place."""
        self.problems.append(Problem(place(), f"{what}: left aside", hint))


def text_of(value: Json) -> str:
    """A text, whether written plainly or as `{content: …}`; empty for anything else."""
    if isinstance(value, dict):
        value = value.get("content")
    return value if isinstance(value, str) else ""


def maps(value: Json) -> list[dict[str, Json]]:
    """The objects in a list; empty if the value is no list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def pairs(value: Json, name: str = "key") -> tuple[Pair, ...]:
    """Pairs from a list of `{key, value}`, or from an object of values."""
    if isinstance(value, dict):
        return tuple(Pair(str(key), scalar(each)) for key, each in value.items())
    return tuple(
        Pair(
            each[name],
            scalar(each.get("value")),
            each.get("disabled") is True or each.get("enabled") is False,
            each.get("type") == "file",
        )
        for each in maps(value)
        if isinstance(each.get(name), str) and each[name]
    )


def scalar(value: Json) -> str:
    """A value as written in a URL or a form."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""

"""The nouns of paths and parameters: `/v1/users/{userId}/_debug` is about a user."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from oakum.inference.lexicon import singular, word_set, words
from oakum.openapi.model import Operation

ACCOUNTS = word_set(
    "account athlete author client creator customer driver employee guest member owner participant "
    "patient person player profile rider student subscriber user"
)
"""Nouns for whoever has an account."""

RECORDED = word_set(
    "athlete author client customer driver employee guest participant patient person player rider "
    "student subscriber"
)
"""Account nouns that often are mere records, kept by an API's staff."""

CROWDS = word_set(
    "app bot channel company group institution integration org organization project room team "
    "tenant workspace"
)
"""Nouns of things with a handle that are no person."""

SAYS_AN_ID = word_set("code gid guid handle id key name no num number or sid slug the uid uuid")
"""Words for an identifier, which say nothing about the kind of object."""

SAYS_A_TEXT = word_set("filter keyword q query search term text")

_IN_FULL = {
    "app": ("application",),
    "config": ("configuration",),
    "dept": ("department",),
    "dir": ("directory",),
    "doc": ("document",),
    "env": ("environment",),
    "org": ("organization", "organisation"),
    "repo": ("repository",),
}
"""Short form in paths → long forms in schema names: `/repos/{repo}` is about a `Repository`."""

COUNTS = word_set("iid index no number ordinal position seq sequence")
"""Words for a running number of objects, mostly within one parent."""

_NO_NOUN = re.compile(r"v?\d[\d.]*(?:beta|alpha)?\d*|api|rest|internal|public|private|_.*")
_SUFFIX = re.compile(r"\.(?:csv|json|php|xml|yaml)$", re.I)
_VERBS = word_set(
    "add cancel check create delete edit fetch find get info insert list load lookup modify post "
    "put query read remove retrieve save search send set show update upsert view"
)
"""Verbs before or after the noun in paths that name a procedure: `getUser`."""
_SELF = word_set("authenticated me mine my myself self whoami")
SELF_MARKS = frozenset(("-", "~"))
"""Segments in the place of an id that mean the caller: `/users/~`, `/user/-/profile`."""
_BESIDE_SELF = _SELF | word_set("account current profile user")
_KEPT = word_set(
    "basket bookmark bookmarked bookmarks cart drafts favorites favourites followed follower "
    "followers following followings follows inbox outbox readinglist watchlist wishlist"
)
"""Words for what each caller keeps, where a path begins with one."""
_ACTIONS = _SELF | word_set(
    "active all archived batch bulk by count current debug detail details export featured find "
    "latest list lookup mine new popular query recent search trending"
)


def without_id(name: str) -> str:
    """The noun of a member's name, without words for an identifier: `user_id`, `ownerUsername` and
    `fk_user_id` give the noun of the object."""
    parts = [*words(name)]
    if len(parts) > 1 and parts[0] == "fk":  # a foreign key of a database
        parts = parts[1:]
    while len(parts) > 1 and parts[-1] in SAYS_AN_ID | {"username"}:
        parts.pop()
    if len(parts) == 1 and parts[0].removesuffix("id") in ACCOUNTS:  # `authorid`
        return parts[0].removesuffix("id")
    return "_".join(parts)


def is_segment(name: str) -> bool:
    """Whether a member's name can be a segment of a field path."""
    return bool(name) and not re.search(r"[.,*/\s]", name)


def nouns(path: str, parameter: str) -> Iterator[str]:
    """Nouns that a path parameter may refer to, such as `order_item`, the likeliest first;
    expansions of short forms come last."""
    said = [word for word in words(parameter) if word not in SAYS_AN_ID | SAYS_A_TEXT]
    named = [noun_of_path(path.partition("{" + parameter + "}")[0])]
    if said:
        named = ["_".join((*said[:-1], singular(said[-1]))), singular(said[-1]), *named]
    yield from named
    yield from dict.fromkeys(full for noun in named for full in _IN_FULL.get(noun, ()))


@lru_cache(1 << 16)
def noun_of_path(path: str) -> str:
    """The last literal segment that names things, in the singular; empty when none does."""
    for segment in reversed(path.split("/")):
        parts = words(_SUFFIX.sub("", segment))
        if not parts or "{" in segment or _NO_NOUN.fullmatch(segment.lower()):
            continue
        parts = without_verbs(parts)
        if not all(part in _ACTIONS for part in parts):
            return "_".join((*parts[:-1], singular(parts[-1])))
    return ""


def without_verbs(parts: tuple[str, ...]) -> tuple[str, ...]:
    """The words without a leading or trailing verb: `getUser` and `users.list` are about a user. A
    verb alone stays."""
    while len(parts) > 1 and parts[0] in _VERBS:
        parts = parts[1:]
    while len(parts) > 1 and parts[-1] in _VERBS:
        parts = parts[:-1]
    return parts


def parameter_before(path: str, parameter: str) -> str:
    """The parameter directly before another, without a literal between; empty if none. In
    `/repos/{owner}/{repo}`, a name distinguishes repositories of one owner, and the owner is not
    one of them."""
    found = re.search(r"\{([^{}]+)\}/\{" + re.escape(parameter) + r"\}", path)
    return found[1] if found else ""


def parameter_after(path: str, parameter: str) -> str:
    """The parameter directly after another, without a literal between; empty if none."""
    found = re.search(r"\{" + re.escape(parameter) + r"\}/\{([^{}]+)\}", path)
    return found[1] if found else ""


def last_parameter(path: str) -> str:
    """The parameter that ends a path; empty if a literal does."""
    found = re.search(r"\{([^{}]+)\}/?$", path)
    return found[1] if found else ""


def is_of_caller(operation: Operation) -> bool:
    """Whether the path refers to the caller: `/me`, `/users/self/orders`, or, to whoever has to log
    in, `/bookmarks`."""
    steps = operation.path.split("/")
    segments = [set(words(step)) for step in steps]
    return (
        _is_kept(operation)
        or not SELF_MARKS.isdisjoint(steps)
        or any(
            parts <= _BESIDE_SELF and (parts & _SELF or parts == {"current", "user"})
            for parts in segments
        )
    )


def _is_kept(operation: Operation) -> bool:
    """Whether a path begins with what each caller keeps for themselves."""
    steps = [each for each in operation.path.split("/") if each and not _NO_NOUN.fullmatch(each)]
    return bool(steps) and "".join(words(steps[0])) in _KEPT and not operation.anonymous

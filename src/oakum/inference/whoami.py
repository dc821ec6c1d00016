"""Finds the who-am-I endpoint, which identifies the caller.

It is recognised by its name (`/me`) or description (*the authenticated user*); otherwise it is an
endpoint without parameters that returns one person with a key and contact data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from oakum.inference.lexicon import FieldClass, classify_field, word_set, words
from oakum.inference.path_nouns import ACCOUNTS, CROWDS, SELF_MARKS, noun_of_path
from oakum.inference.response_objects import DeclaredObject
from oakum.inference.side_effects import classify
from oakum.openapi.document import Document
from oakum.openapi.model import Parameter
from oakum.openapi.schema import children

_WHO = ("me", "self", "myself", "whoami", "userinfo", "currentuser", "authenticateduser")
_WHO_TOO = ("profile", "account", "user", "session", "current", "verifycredentials")
_TOO = (2, 2 + len(_WHO_TOO))
"""Ranks of these names."""
_CALLS_ONESELF = re.compile(
    r"\b(?:authenticated|calling|current(?:ly)?|logged[- ]?in|signed[- ]?in)[\w -]{0,24}?\s"
    r"(?:account|customer|member|person|player|principal|profile|user)\b",
    re.I,
)
_CREDENTIALS = re.compile(
    r"auth|token|api[-_]?key|accept|content-type|version|session|cookie|agent|language", re.I
)
"""Matches names of headers that any request may have."""


_SEARCHES = word_set("filter find list lookup query search")
_WITHIN = ACCOUNTS | {""}
"""Members of a response that may hold the caller's account."""


def who_am_i(seen: Sequence[DeclaredObject], document: Document) -> DeclaredObject | None:
    """The response that identifies its caller, recognised by its endpoint's name."""
    secured = any(operation.security for operation in document.operations)
    likely = [(at, each) for at, each in enumerate(seen) if _holder(each) in _WITHIN]
    asked = {each.operation.id for _, each in likely if each.inside}
    keyed = {(s.operation.id, s.pointer) for s in seen if s.operation.id in asked and s.keys}
    ranked = [
        (rank, at)
        for at, each in likely
        if (rank := _rank(each, secured, _is_held(each, keyed))) is not None
    ]
    return seen[_around(min(ranked), ranked, seen)[1]] if ranked else None


_Ranked = tuple[tuple[int, bool, bool, int], int]


def _around(found: _Ranked, ranked: Sequence[_Ranked], seen: Sequence[DeclaredObject]) -> _Ranked:
    """Of `/account` and `/account/profile` the former, which holds all that is the caller's."""
    if not _TOO[0] <= found[0][0] < _TOO[1]:
        return found
    path = seen[found[1]].operation.path
    holding = [
        each
        for each in ranked
        if each[0][0] < _TOO[1] and path.startswith(f"{seen[each[1]].operation.path.rstrip('/')}/")
    ]
    return min(holding, default=found)


def _is_held(seen: DeclaredObject, keyed: set[tuple[str, str]]) -> bool:
    """Whether an account stands in an object that is no other: `user` in `{user, permissions}`."""
    around = (seen.operation.id, seen.pointer.rpartition("/")[0])
    return _holder(seen) in ACCOUNTS and around not in keyed


def _holder(seen: DeclaredObject) -> str:
    """What the member is called that holds an object: `profile` for `Profile`."""
    return "_".join(words(seen.inside))


def _rank(seen: DeclaredObject, secured: bool, held: bool) -> tuple[int, bool, bool, int] | None:
    """How certainly an endpoint identifies its caller, lowest first; None if it does not. Where a
    document asks for no credentials anywhere, an endpoint without them tells nothing. `held`: only
    an endpoint that is called who-am-I tells it so."""
    operation = seen.operation
    asked = any(
        p.where == "path" or (p.required and not _is_given(p)) for p in operation.parameters
    )
    inside = bool(seen.inside) and not held
    if operation.method != "GET" or asked or inside or "*" in seen.pointer or not seen.keys:
        return None
    if classify(operation).kind != "read":
        return None
    end = operation.path.rstrip("/").rpartition("/")[2]
    last = _WHO[0] if end in SELF_MARKS else "".join(words(end))
    said = "".join(words(re.split(r"[./#]", operation.id)[-1])).removeprefix("get")
    named = {seen.noun.rpartition("_")[2], noun_of_path(operation.path)}
    crowd = seen.noun.rpartition("_")[2] in CROWDS
    rest = (crowd, named.isdisjoint(ACCOUNTS), operation.path.count("/"))
    taken = any(operation.security or ())  # a login may be optional
    closed = taken or not secured
    if last in _WHO:
        return 0, *rest[:2], _WHO.index(last) + len(_WHO) * rest[2]
    if said in (*_WHO, "authenticated", "myprofile", "myaccount", "loggedinuser"):
        return 1, *rest
    if held:
        return None
    if last in _WHO_TOO and closed:
        return _TOO[0] + _WHO_TOO.index(last), *rest
    later = _TOO[1]
    if closed and _CALLS_ONESELF.search(f"{operation.summary}\n{operation.description}"):
        return (later, *rest) if not named.isdisjoint(ACCOUNTS) else None
    kinds = {classify_field(name) for name in children(seen.shape)}
    alone = noun_of_path(operation.path) == seen.noun == last and not crowd  # `/skipper`
    person = (alone or not named.isdisjoint(ACCOUNTS)) and last not in _SEARCHES
    if person and FieldClass.CONTACT in kinds and taken:
        return later + 1, *rest
    return None


def _is_given(parameter: Parameter) -> bool:
    """Whether a required parameter says nothing of whom a request is about."""
    header = parameter.where in ("header", "cookie") and bool(_CREDENTIALS.search(parameter.name))
    return header or parameter.default is not None or len(parameter.shape.enum) == 1

"""Identifies who sent a request: by its credentials, and what is known about them.

A caller who cannot be identified is unknown, and never counts as anonymous. The sources, in this
order: the developer, the framework, the token's claims, and what the API answered to the same
credentials. No signature is verified: the application under test did that.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args
from urllib.parse import urlsplit

from oakum.authz import Principal, Subject
from oakum.authz.id_spelling import text
from oakum.authz.relations import holds, may_hold
from oakum.exchange import Request, Response
from oakum.http.cookies import cookie_names
from oakum.http.json_pointer import path_of, values_at
from oakum.http.jwt import claims_of
from oakum.inference.lexicon import words
from oakum.openapi.model import Json
from oakum.policy.model import Policy
from oakum.routing.caller_and_relation_lookups import Credential
from oakum.routing.caller_credentials import RequestCredentials, find_credentials
from oakum.routing.http_messages import Denial, HttpRequest

Source = Literal["said", "framework", "token", "answer", "nobody", "unknown"]
_USUAL = (Credential("header", "authorization"), Credential("header", "cookie"))
_STANDS_IN = {"user", "auth", "token", "principal", "login", "identity", "account", "caller"}
"""Words in the name of a dependency that identifies the caller."""


@dataclass(frozen=True)
class IdentifiedCaller:
    """Who sent a request, as far as it is known."""

    source: Source
    ids: frozenset[str] = frozenset()
    """Ids of the caller; empty if the caller is anonymous or unknown."""
    claims: Mapping[str, Json] = field(default_factory=dict, repr=False)
    unsure: frozenset[str] = frozenset()
    """Claims that the caller may have although `claims` lacks them."""

    @property
    def is_known(self) -> bool:
        """Whether the caller is known, possibly as anonymous."""
        return self.source != "unknown"

    @property
    def is_nobody(self) -> bool:
        """Whether the caller is known to have sent no valid credentials."""
        return self.is_known and not self.ids

    @property
    def principal(self) -> Principal:
        """The caller as a principal; an unknown one has an id that no owner has."""
        return Principal(self.ids if self.is_known else frozenset(("\0",)), self.claims)

    def possible(self, policy: Policy, subject: Subject) -> frozenset[str]:
        """Relations that this caller may have to an object: all that no known fact excludes."""
        return frozenset(name for name in policy.relations if self._may_be(policy, name, subject))

    def _may_be(self, policy: Policy, name: str, subject: Subject) -> bool:
        relation, principal = policy.relations[name], self.principal
        if any(holds(policy, other, principal, subject) for other in relation.unless):
            return False
        if not all(self._may_be(policy, other, subject) for other in relation.requires):
            return False
        if self.is_known and not self.ids:
            return relation.kind == "anyone"
        match relation.kind:
            case "owner" if subject.owned and not subject.owners:
                return True
            case "owner" | "field" if not self.is_known:
                return True
            case "claim" | "field" if relation.claim in self.unsure:
                return True
            case "claim" if not self.is_known:
                return True
            case "lookup" if not self.is_known:
                return subject.owned
            case _:
                return may_hold(policy, name, principal, subject)


def viewer_of(policy: Policy, label: str, caller: IdentifiedCaller) -> str:
    """The label of a caller in reports. A logged-in stranger has that of an anonymous caller if no
    relation of the contract stands for being logged in."""
    relation = policy.relations.get(label)
    plain = relation is None or relation.kind == "anyone"
    return f"{label} who is logged in" if plain and caller.ids else label


NOBODY = IdentifiedCaller("nobody")
UNKNOWN = IdentifiedCaller("unknown")


class Callers:
    """Identifies callers for one contract. Remembers credentials in memory only."""

    def __init__(
        self,
        policy: Policy,
        credentials: tuple[Credential, ...],
        said: Callable[[Request], object],
    ) -> None:
        """`said`: the developer's own function that names a request's caller; returns None if it
        does not know."""
        self._policy = policy
        # Callers may send these even if the document does not declare them.
        self._places = tuple(dict.fromkeys((*credentials, *_USUAL)))
        self._said = said
        self.test = ""
        """The running test, since it may override the login with its own dependency."""
        self.moved = False
        """Whether the same credentials have identified two callers."""
        self._known: dict[tuple[str, str], IdentifiedCaller] = {}
        self._ids: dict[str, frozenset[str]] = {}
        """Whom credentials identified last, in the whole run."""
        self._last: tuple[Request | None, RequestCredentials] = (None, RequestCredentials())
        self._stands_in: dict[int, bool] = {}
        self._claims = frozenset(each.claim for each in policy.relations.values() if each.claim)

    def of(
        self,
        request: Request,
        app: object,
        user: Callable[[], object] | None,
        own_cookies: frozenset[str] = frozenset(),
    ) -> IdentifiedCaller:
        """The caller, without any request. `user`: the framework's user; `own_cookies`: names of
        cookies that only the framework reads."""
        said = self._said(request)
        if said is not None:
            return self._caller_in_object(said, "said")
        held = self.credentials_of(request)
        key = self._key(held, app)
        if user is not None and (known := user()) is not None:
            caller = self._caller_in_object(known, "framework")
            # The view may read a token that the framework does not know.
            if caller is not NOBODY or not self._find_credentials(_without(request, own_cookies)):
                return caller
        if key and self._policy.caller.claim:
            return UNKNOWN if self._stand_ins(app) else self._by_claims(held)
        return self._known.get(self._at(key, request, app), UNKNOWN if key else NOBODY)

    def forget(self) -> None:
        """Forgets the responses of who-am-I. In another test, or after a write such as a login or a
        changed role, the same credentials may mean another caller or other claims."""
        self._known.clear()

    def credentials_of(self, request: Request) -> RequestCredentials:
        """The credentials of a request, at the places that the document declares."""
        if self._last[0] is not request:
            self._last = (request, self._find_credentials(request))
        return self._last[1]

    def _find_credentials(self, request: Request) -> RequestCredentials:
        parts = urlsplit(request.url)
        asked = HttpRequest(request.method, parts.path, tuple(request.headers.items()))
        try:
            return find_credentials(asked, parts.query, self._places)
        except Denial:  # ambiguous credentials, such as a repeated one
            return RequestCredentials()

    def key(self, request: Request, app: object) -> str:
        """Cache key of who-am-I results; empty when the request has no credentials."""
        return self._key(self.credentials_of(request), app)

    def _key(self, held: RequestCredentials, app: object) -> str:
        if stand_ins := self._stand_ins(app):
            return f"{self.test} {stand_ins}"
        return held.key if held else ""

    def learn(self, request: Request, app: object, response: Response) -> IdentifiedCaller:
        """Records who-am-I's response to this request's credentials and returns the caller."""
        caller = UNKNOWN
        if response.status == 200:
            caller = self._caller_in_answer(response)
        elif response.status == 401:
            caller = NOBODY  # whatever the credentials are, the API rejects them
        if caller.is_known:
            key = self.key(request, app)
            before = self._ids.get(key, frozenset())
            self.moved |= bool(key and before and caller.ids and before != caller.ids)
            self._ids[key] = caller.ids or before
            self._known[self._at(key, request, app)] = caller
        return caller

    @staticmethod
    def _at(key: str, request: Request, app: object) -> tuple[str, str]:
        """Cache key of who-am-I results by application, since tests may give each its own database.
        A request without credentials has one, too: a suite may turn the login off."""
        return key, urlsplit(request.url).netloc if app is None else f"{id(app):x}"

    def _caller_in_answer(self, response: Response) -> IdentifiedCaller:
        try:
            value = json.loads(response.body)
        except ValueError:
            return UNKNOWN
        *stem, last = path_of(self._policy.caller.pointer) or ("",)
        around = values_at(value, tuple(stem))
        ids = _texts(each for one in around for each in values_at(one, (last,)))
        claims = around[0] if around and isinstance(around[0], dict) else {}
        return IdentifiedCaller("answer", ids, claims) if ids else UNKNOWN

    def _by_claims(self, held: RequestCredentials) -> IdentifiedCaller:
        for _, value in held.values:
            claims = claims_of(value.rpartition(" ")[2])
            ids = _texts([claims.get(self._policy.caller.claim)])
            if ids:
                return IdentifiedCaller("token", ids, claims)
        return UNKNOWN

    def _caller_in_object(self, said: object, source: Source) -> IdentifiedCaller:
        """The caller that a mapping or an object with attributes describes; a mapping counts as
        complete."""
        if isinstance(said, Mapping):
            rest = dict(said)
            ids = _texts([rest.pop(name, None) for name in self._names if name in rest])
            return IdentifiedCaller(source, ids, rest) if ids else NOBODY
        if getattr(said, "is_anonymous", None) is True:
            return NOBODY
        ids = _texts(_attributes(said, self._names))
        claims = {name: getattr(said, name) for name in self._claims if hasattr(said, name)}
        return (
            IdentifiedCaller(source, ids, claims, self._claims - claims.keys()) if ids else UNKNOWN
        )

    @property
    def _names(self) -> tuple[str, ...]:
        """Possible names of the id member, the contract's own first."""
        caller = self._policy.caller
        own = (path_of(caller.pointer) or ("",))[-1] if caller.pointer else caller.claim
        return tuple(dict.fromkeys(filter(None, (own, "id", "pk"))))

    def _stand_ins(self, app: object) -> str:
        """Identifies FastAPI `dependency_overrides` of the dependency that identifies the caller.
        With them, credentials or their absence mean nothing."""
        overrides = getattr(app, "dependency_overrides", None)
        if not isinstance(overrides, dict):
            return ""
        return " ".join(f"{id(put):x}" for old, put in overrides.items() if self._says_who(old))

    def _says_who(self, dependency: Any) -> bool:
        key = id(dependency)
        if key not in self._stands_in:
            self._stands_in[key] = _says_who(dependency, 0)
        return self._stands_in[key]


def _says_who(dependency: Any, depth: int) -> bool:
    name = getattr(dependency, "__name__", type(dependency).__name__)
    module = type(dependency).__module__
    if module.startswith("fastapi.security") or not _STANDS_IN.isdisjoint(words(name)):
        return True
    if depth > 8:
        return False
    try:
        parameters = inspect.signature(dependency).parameters.values()
    except (TypeError, ValueError):
        return False
    hints = getattr(dependency, "__annotations__", {})
    parts = [each.default for each in parameters]
    parts += [part for hint in hints.values() for part in get_args(hint)[1:]]
    below = (getattr(part, "dependency", None) for part in parts)
    return any(each is not None and _says_who(each, depth + 1) for each in below)


def _without(request: Request, cookies: frozenset[str]) -> Request:
    """The request without these cookies."""
    every = request.headers.get("cookie", "").split(";")
    kept = [each for each in every if cookies.isdisjoint(cookie_names(each))]
    rest = {name: value for name, value in request.headers.items() if name != "cookie"}
    left = {"cookie": ";".join(kept)} if "".join(kept).strip() else {}
    return replace(request, headers={**rest, **left})


def _attributes(said: object, names: tuple[str, ...]) -> list[Json]:
    """The value of the first attribute that exists, as a list: two attributes may name different
    things."""
    return next(([getattr(said, name)] for name in names if hasattr(said, name)), [])


def _texts(values: Any) -> frozenset[str]:
    """Ids as text; other types, such as UUID, by `str`."""
    flat: Iterator[Json] = (
        one for each in values for one in (each if isinstance(each, list | tuple) else [each])
    )
    kept = (each for each in flat if each is not None and not isinstance(each, bool | dict))
    return frozenset(text(each) for each in kept)

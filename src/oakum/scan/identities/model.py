"""The model of the identities file: test accounts, their logins, relationships and objects.

No secret is printed by accident: secrets are of type `Secret`, and templates contain names in their
place (`$password` is a variable of the identity, `${ANN_PASSWORD}` one of the environment).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, TypeAlias

from oakum.errors import Location, Problem
from oakum.http.origin import origin_of
from oakum.openapi.model import Json
from oakum.scan.transport.certificates import Certificate

_NAME = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<environment>\w+)\}|(?P<variable>[A-Za-z_]\w*))")

NOWHERE = Location("")


class Secret:
    """A string that shows as `<secret>` wherever it is printed, logged or formatted."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret string, for sending only."""
        return self._value

    def __repr__(self) -> str:
        return "<secret>"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def names(template: Json) -> Iterator[tuple[Literal["environment", "variable"], str]]:
    """Names in a template, in order, at any depth of maps and lists."""
    if isinstance(template, str):
        for match in _NAME.finditer(template):
            if match["environment"]:
                yield "environment", match["environment"]
            elif match["variable"]:
                yield "variable", match["variable"]
    elif isinstance(template, Mapping):
        for value in template.values():
            yield from names(value)
    elif isinstance(template, list | tuple):
        for value in template:
            yield from names(value)


def escape(text: str) -> str:
    """Text with `$` escaped for a template."""
    return text.replace("$", "$$")


@dataclass(frozen=True)
class Send:
    """A header, cookie or query parameter in every request of an identity."""

    where: Literal["header", "cookie", "query"]
    name: str
    """As written; header names are sent in lower case."""
    value: str
    """Template: `Bearer $token`."""
    location: Location = NOWHERE


@dataclass(frozen=True)
class Csrf:
    """A value fetched before the login and echoed in it, or set by it (double submit)."""

    get: str
    """Path, URL or operation id of the page that gives it; empty: the login sets the cookie."""
    cookie: str = ""
    """The value is this cookie; else `pointer` into the JSON answer, else the HTML `input`."""
    pointer: str = ""
    input: str = ""
    header: str = ""
    """Header that carries it, in the login and in every later request that is not a read."""
    field: str = ""
    """Member of the login's body that carries it."""


class LoginWay:
    """The interface of all ways to log in, with defaults."""

    csrf: Csrf | None = None
    cookie: str = ""
    """Name of the cookie to keep; `*`: every cookie set."""
    renews: bool = True
    """Whether it can log in again by itself."""

    @property
    def steps(self) -> tuple[Login, ...]:
        """The requests of a login, in order; none: it is no request."""
        return ()

    @property
    def gives_token(self) -> bool:
        """Whether `$token` will have a value."""
        return True

    def origins(self) -> frozenset[str]:
        """Origins of the services that it names as URLs."""
        return frozenset()

    def keeps(self, cookie: str) -> bool:
        """Whether a cookie that the target sets belongs to the session."""
        return False

    def cookies_sent(self, held: Iterable[str] | None, paths: Container[str]) -> list[str]:
        """Names of the cookies in a curl line. `held`: those of the session, None: there is none;
        `paths`: those that go to a part of the target alone."""
        return []

    @property
    def refusal_advice(self) -> str:
        """What the user can do if the API does not accept the returned credentials."""
        return "the API does not accept what the login returned; check `send:` and `cookie:`"


@dataclass(frozen=True)
class Login(LoginWay):
    """One request that answers with a token, cookies, or both."""

    method: str
    where: str
    """Operation id, path from `/`, or absolute URL; empty: the token endpoint of the `issuer`."""
    encoding: Literal["none", "json", "form", "raw"] = "none"
    body: Json = field(default=None, repr=False)
    """Template: a JSON value, a map of form fields, or a string (`raw`)."""
    content_type: str = ""
    """For `raw` only."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Templates; names in lower case. Sent with the login only."""
    basic: str = field(default="", repr=False)
    """Template of a name and a password with a colon between, for the header (RFC 7617)."""
    csrf: Csrf | None = None
    token: str = ""
    """JSON pointer (RFC 6901) of the token in the answer."""
    token_header: str = ""
    """Or the response header that contains the token, in lower case."""
    cookie: str = ""
    hint: str = ""
    """What to try when it is refused."""
    location: Location = NOWHERE
    grant: str = ""
    """Of OAuth: `password` or `client_credentials`."""
    issuer: str = ""
    """OpenID issuer, whose metadata says where the token endpoint is."""
    before: tuple[Login, ...] = ()
    """Requests that go before it, in order: each sends what those before it returned."""

    @property
    def steps(self) -> tuple[Login, ...]:
        return (*self.before, self)

    @property
    def gives_token(self) -> bool:
        return any(step.token or step.token_header for step in self.steps)

    @property
    def places(self) -> list[str]:
        """Operations, paths and URLs that it requests."""
        return [
            each for step in self.steps for each in (step.where, step.csrf.get if step.csrf else "")
        ]

    def origins(self) -> frozenset[str]:
        places = (*self.places, self.issuer)
        return frozenset(origin_of(each) for each in places if "://" in each)

    def keeps(self, cookie: str) -> bool:
        csrf = self.csrf.cookie if self.csrf else ""
        return self.cookie in ("*", cookie) or cookie == csrf

    def cookies_sent(self, held: Iterable[str] | None, paths: Container[str]) -> list[str]:
        if not self.cookie:
            return []
        return [*held] if held is not None else [self.cookie] if self.cookie != "*" else []


@dataclass(frozen=True)
class Command(LoginWay):
    """A program that prints a token; run in `directory`, without a shell."""

    argv: tuple[str, ...] = field(repr=False)
    directory: Path
    location: Location = NOWHERE


LOOPBACK = "http://127.0.0.1/callback"
"""Where a browser comes back to after a login, at a port that is free then (RFC 8252, 7.3)."""


@dataclass(frozen=True)
class OAuth(LoginWay):
    """Tokens of an authorization server, by a grant that a person or a refresh token takes part in.
    Each URL is absolute or a path of the target; an empty one is taken from the issuer's metadata.
    """

    grant: Literal["authorization_code", "device_code", "refresh_token"]
    issuer: str = ""
    authorization_url: str = ""
    device_url: str = ""
    token_url: str = ""
    jwks_url: str = ""
    scope: str = ""
    prompt: str = "login"
    """The `prompt` parameter (OpenID Connect Core, 3.1.2.1). `login`, since the browser may be
    logged in as another identity."""
    redirect: str = LOOPBACK
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Templates of fields of each request to the server: the client, and what it needs beside."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    keep: bool = False
    """Whether the refresh token stays in the keyring of the system between runs."""
    location: Location = NOWHERE

    def origins(self) -> frozenset[str]:
        urls = (self.issuer, self.authorization_url, self.device_url, self.token_url, self.jwks_url)
        return frozenset(origin_of(url) for url in urls if "://" in url)


@dataclass(frozen=True)
class StorageState(LoginWay):
    """A browser session in a file that Playwright has saved."""

    path: Path
    token: str = ""
    """JSON pointer whose first part is a name in `localStorage`; empty: the cookies."""
    csrf: Csrf | None = None
    location: Location = NOWHERE
    renews: bool = field(default=False, init=False)

    @property
    def gives_token(self) -> bool:
        return bool(self.token)

    def cookies_sent(self, held: Iterable[str] | None, paths: Container[str]) -> list[str]:
        # A curl line cannot restrict a cookie to some paths of the target.
        names = [*(held or ())]
        return [name for name in names if name not in paths] or names

    @property
    def refusal_advice(self) -> str:
        return f"the session in `{self.path.name}` has ended; record the login again"


Way: TypeAlias = Login | Command | OAuth | StorageState
"""Every way to log in; `Sessions` opens each."""


@dataclass(frozen=True)
class OwnedObject:
    """An object that the file says an identity owns: `owns: {Doc: [d1]}`."""

    resource: str
    key: str = field(repr=False)
    location: Location = NOWHERE


@dataclass(frozen=True)
class Identity:
    """A caller with credentials."""

    name: str
    login: Way | None = None
    """None: its credentials are fixed and stand in `sends`."""
    sends: tuple[Send, ...] = ()
    variables: Mapping[str, Secret] = field(default_factory=dict)
    environment: Mapping[str, Secret] = field(default_factory=dict)
    claims: Mapping[str, Json] = field(default_factory=dict, repr=False)
    """What its token says, for relations by claim: `{roles: [staff]}`."""
    facts: Mapping[str, Json] = field(default_factory=dict, repr=False)
    """Values known to be its own: `{id: …}`."""
    states: Mapping[str, Json] = field(default_factory=dict)
    """How the account is set: `{Member.private: true}`."""
    location: Location = NOWHERE
    owns: tuple[OwnedObject, ...] = ()
    """Objects of its own, by their keys."""
    whoami: str = ""
    """Operation id or path that verifies the credentials of a caller without an account; empty for
    an account."""
    certificate: Certificate | None = None
    """Client certificate of its connections (mutual TLS)."""

    @property
    def shows(self) -> str:
        """The name under which its client certificate is stored; empty if it has none."""
        return self.name if self.certificate is not None else ""

    def fill(self, template: Json, extra: Mapping[str, Secret] | None = None) -> Json:
        """The template with values filled in; `extra` adds variables such as `token`."""
        known = {**self.variables, **(extra or {})}

        def put(match: re.Match[str]) -> str:
            if match["dollar"]:
                return "$"
            if match["environment"]:
                return self.environment[match["environment"]].reveal()
            return known[match["variable"]].reveal()

        def walk(value: Json) -> Json:
            if isinstance(value, str):
                return _NAME.sub(put, value)
            if isinstance(value, Mapping):
                return {name: walk(child) for name, child in value.items()}
            if isinstance(value, list):
                return [walk(child) for child in value]
            return value

        return walk(template)

    def literal_tokens(self) -> Iterator[str]:
        """Texts of its own lines that may be a token: `Authorization` first, then what else it
        sends, then its variables. `environment` is the whole file's, with others' tokens."""
        for send in sorted(self.sends, key=lambda it: it.name.lower() != "authorization"):
            if _variables(send.value) <= self.variables.keys():
                yield from str(self.fill(send.value)).split()
        for each in self.variables.values():
            yield each.reveal().removeprefix("Bearer ")

    def shell(self, template: str) -> str:
        """The template for double quotes in a shell: ann's `$token` becomes `$ANN_TOKEN`."""

        def put(match: re.Match[str]) -> str:
            if match["dollar"]:
                return r"\$"
            if match["environment"]:
                return f"${match['environment']}"
            return shell_name(self.name, match["variable"])

        return _NAME.sub(put, re.sub(r'([\\"`])', r"\\\1", template))


def shell_name(identity: str, word: str) -> str:
    """`$ANN_TOKEN` for (`ann`, `token`)."""
    return "$" + re.sub(r"\W", "_", f"{identity}_{word}").upper()


@dataclass(frozen=True)
class Tie:
    """`viewer` is `relation` of `owner`: flo is follower of pia."""

    viewer: str
    relation: str
    owner: str
    label: bool = False
    """Whether it is no relation of the contract, but only the user's own word."""
    location: Location = NOWHERE

    def __str__(self) -> str:
        return f"{self.relation} of {self.owner}"


def _variables(template: str) -> set[str]:
    return {name for kind, name in names([template]) if kind == "variable"}


@dataclass(frozen=True)
class Identities:
    """The content of an identities file."""

    items: Mapping[str, Identity]
    between: tuple[Tie, ...] = ()
    whoami: str = ""
    """Operation id or path of who-am-I; empty: as the contract says."""
    warnings: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    cleaner: Identity | None = None
    """Identity that deletes accounts registered by the run, and sends nothing else."""
    anonymous: Identity | None = None
    """What callers without a login send, such as an API key; None: nothing."""
    _secrets: frozenset[Secret] = frozenset()

    def secrets(self) -> frozenset[str]:
        """Every secret of the file with 4 or more characters, none of which may be written out."""
        revealed = (secret.reveal() for secret in self._secrets)
        return frozenset(text for text in revealed if len(text) >= 4)

    def application_keys(self) -> tuple[str, ...]:
        """Names of credentials that are equal for all identities: they identify the application."""
        sent: list[dict[tuple[str, str], str]] = []
        for each in self.items.values():
            known = set(each.variables)
            fixed = (s for s in each.sends if _variables(s.value) <= known)
            sent.append({(s.where, s.name.lower()): each.fill(s.value) for s in fixed})
        if len(sent) < 2:
            return ()
        alike = set(sent[0].items()).intersection(*(each.items() for each in sent[1:]))
        names = {name for (_, name), _ in alike}
        shown = {each.certificate for each in self.items.values()}
        if len(shown) == 1 and None not in shown:
            names.add("client certificate")
        return tuple(sorted(names - {"accept", "user-agent", "accept-language", "content-type"}))

    def certificates(self) -> Mapping[str, Certificate]:
        """Client certificates by the names of the callers that show them."""
        callers = (*self.items.values(), self.cleaner, self.anonymous)
        return {each.name: each.certificate for each in callers if each and each.certificate}

    def with_one(self, identity: Identity) -> Identities:
        """A copy with another identity and its secrets."""
        held = self._secrets | frozenset(identity.variables.values())
        return replace(self, items={**self.items, identity.name: identity}, _secrets=held)

    def origins(self) -> frozenset[str]:
        """Origins of login services given as URLs (`https://login.example`)."""
        found: set[str] = set()
        for identity in filter(None, (*self.items.values(), self.cleaner)):
            found |= identity.login.origins() if identity.login is not None else set()
        return frozenset(found)

"""Reads the credentials of a request, and identifies the caller by them."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import unquote

from oakum.authz.claim_paths import unsaid, with_claim
from oakum.authz.complete_lists import is_problem
from oakum.authz.id_spelling import identifier, identifiers
from oakum.authz.strict_json import UnreadableBody, read
from oakum.http.cookies import cookie_pairs
from oakum.http.json_pointer import path_of, values_at
from oakum.http.media_type import is_json
from oakum.http.octets import octets, sha256_of_texts
from oakum.openapi.model import Json
from oakum.policy.model import Caller, Policy
from oakum.routing.allowed_headers import (
    for_this_hop,
    is_against_forgery,
    is_only_against_forgery,
    names_nobody,
)
from oakum.routing.cached_responses import handed_on
from oakum.routing.caller_and_relation_lookups import Credential
from oakum.routing.content_type import read_media_type
from oakum.routing.http_messages import Denial, Headers, HttpRequest, HttpResponse
from oakum.routing.request_head_checks import is_several
from oakum.routing.route import decoded_name
from oakum.routing.tenant_words import is_tenants_key

Verifier = Callable[[str], Mapping[str, Json] | None]
"""Returns a token's claims; None when it is not valid now."""
_NOT_LOGGED_IN = frozenset((204, *range(400, 500))) - {408, 425, 429}
"""Statuses that mean "not logged in", by a refusal or without content (RFC 9110, 15.3.5); the other
4xx mean "try later"."""
_LATER = frozenset((408, 425, 429))
"""Statuses that mean "try later"; like 5xx they say nothing about the caller."""


@dataclass(frozen=True)
class Guess:
    """Credentials that may turn out to be invalid."""

    key: str
    several: bool = False
    """Whether more than one of the credentials may identify a caller."""
    whole: str = ""
    """Key of all credentials, if `key` leaves out a whole `cookie` header that is sent beside
    others."""


@dataclass(frozen=True)
class RequestCredentials:
    """The credentials of a request."""

    values: tuple[tuple[Credential, str], ...] = ()
    """(credential, value) in the contract's order; an empty value counts as missing."""
    query: tuple[str, ...] = ()
    """Undecoded `name=value` pieces of the query that hold credentials."""
    dropped: frozenset[Credential] = frozenset()
    """Credentials that are not forwarded, as nobody has verified them; not among `values`."""
    empty: frozenset[Credential] = frozenset()
    """Credentials without a value. They are not forwarded either: beside another one the API might
    take them for its caller's, and who-am-I is not asked with them."""

    def __bool__(self) -> bool:
        return any(not each.client for each, _ in self.values)

    @property
    def has_credential(self) -> bool:
        """Whether the request has any credential, for whatever purpose."""
        return bool(self.values or self.dropped)

    def names_dropped(self, where: str) -> frozenset[str]:
        """Names of credentials in one part of the request that are not forwarded."""
        return frozenset(each.name for each in self.dropped | self.empty if each.where == where)

    @property
    def app_keys(self) -> RequestCredentials:
        """The application keys among them, which identify no caller."""
        return RequestCredentials(
            tuple((each, value) for each, value in self.values if each.client)
        )

    @property
    def has_all_cookies(self) -> bool:
        """Whether the whole `cookie` header is a credential."""
        return any(e.where == "header" and e.name == "cookie" for e, _ in self.values)

    @property
    def key(self) -> str:
        """SHA-256 of the credentials, to recognise them without storing them."""
        return sha256_of_texts(
            p for each, value in self.values for p in (each.where, each.name, value)
        )

    def identity_credentials(self, nameless: Collection[Credential]) -> RequestCredentials:
        """Those credentials that may identify a caller."""
        return RequestCredentials(
            tuple(
                (c, v)
                for c, v in self.values
                if not c.client and c not in nameless
                if (c.where, c.name) != ("header", "cookie") or not is_only_against_forgery(v)
            )
        )

    def guess(self) -> Guess:
        """The guess under which these credentials are counted and, if valid, remembered. A whole
        `cookie` header beside another credential changes often, so it is left out of the key."""
        bare = [(c, v) for c, v in self.values if c.where != "header" or c.name != "cookie"]
        several = len(self.values) > 1
        if not bare or len(bare) == len(self.values):
            return Guess(self.key, several)
        return Guess(RequestCredentials(tuple(bare)).key, several, self.key)

    @property
    def mark(self) -> str:
        """Pseudo-id for these credentials; no real id begins with NUL."""
        return f"\0{self.key}"

    @property
    def headers(self) -> Headers:
        """The headers that send exactly these credentials."""
        found = [(c.name, v) for c, v in self.values if c.where == "header" and c.name != "cookie"]
        whole = [v for c, v in self.values if c.where == "header" and c.name == "cookie"]
        single = [f"{c.name}={v}" for c, v in self.values if c.where == "cookie"]
        cookie = whole or ["; ".join(single)]
        return (*found, *((("cookie", cookie[0]),) if cookie[0] else ()))


NONE = RequestCredentials()


def nameless(credentials: Iterable[Credential], policy: Policy) -> frozenset[Credential]:
    """Credentials that never identify a caller."""
    claim, guard = policy.caller.claim, policy.guard
    return frozenset(
        each
        for each in credentials
        if (claim and names_nobody(each.where, each.name, guard))
        or is_against_forgery(each.where, each.name)
    )


def find_credentials(
    asked: HttpRequest, query: str, places: Iterable[Credential]
) -> RequestCredentials:
    """The credentials in a request.

    Raises `Denial` for a repeated or ambiguous one, and for one that would not be forwarded, since
    the API would then act for another caller.
    """
    values: list[tuple[Credential, str]] = []
    pieces: list[str] = []
    empty: set[Credential] = set()
    cookie = "; ".join(asked.values("cookie"))
    ends_here = for_this_hop(asked)
    for each in places:
        if each.header in ends_here:
            raise Denial(400, "who")
        if each.where == "header" and each.name == "cookie":
            found = [cookie] if asked.values("cookie") else []
        elif each.where == "header":
            found = asked.values(each.name)
            if each.name == "authorization" and any(map(is_several, found)):
                raise Denial(400, "who")
        elif each.where == "cookie":
            found = cookies(cookie, each.name)
        else:
            mine = [piece for piece in query.split("&") if decoded_name(piece) == each.name]
            pieces += [piece for piece in mine if piece.partition("=")[2]]
            found = [piece.partition("=")[2] for piece in mine]
        if len(found) > 1:
            raise Denial(400, "who")
        values += [(each, value) for value in found if value]
        empty |= {each for value in found if not value}
    return RequestCredentials(tuple(values), tuple(pieces), empty=frozenset(empty))


_QUOTED = re.compile(r"=[ \t]*(\"[^;]*)")
_BARE = re.compile(r"[\x21-\x7e](?:.*[\x21-\x7e])?", re.DOTALL)
"""A value that no server trims."""
_PARTS = r"^\x21\x23-\x2b\x2d-\x3a\x3c-\x7e"
_PARTED = re.compile(rf"[{_PARTS}]")
"""Characters after which some servers start another cookie. White space beyond ASCII counts too,
depending on how a server decodes."""


_SOFT = "_ .[+"
"""PHP reads all of these as `_` in cookie names; `+` is a space to servers that decode names."""
_FOLDED = str.maketrans(dict.fromkeys(_SOFT, "_"))
_SEGMENTS = re.compile(r"([^;,\"=]*)(=?)[;,\"]?")


def cookies(text: str, name: str) -> list[str]:
    """The values of a cookie (RFC 6265, 4.2.1). Raises `Denial` where servers disagree on whether a
    cookie of this name is present: after a comma or space, with a space around `=`, in a quoted
    value that contains `;` (RFC 2109), or under a name that differs only in case, escapes, or in
    `.` and the like for `_`."""
    found = [value for each, equals, value in cookie_pairs(text) if each == name and equals]
    quoted = [each.rstrip(" \t") for each in _QUOTED.findall(text)] if found else []
    bare = all(_BARE.fullmatch(value) for value in found if value)
    twice = _named_alike(text, name) != len(found)
    if not bare or twice or any(_runs_on(each) for each in quoted):
        raise Denial(400, "who")
    return found


def _named_alike(text: str, name: str) -> int:
    """Number of cookies that some server would take for this name."""
    wanted = name.lower().translate(_FOLDED)
    decoded = (unquote(each, "latin-1") for each in _encoded_names(text))
    hidden = sum(each.lower().translate(_FOLDED) == wanted for each in decoded)
    return hidden + sum(1 for _ in _alike(name).finditer(text))


def _encoded_names(text: str) -> Iterator[str]:
    """Cookie names with a `%`: the whole text before `=`, and its part after white space."""
    if "%" not in text:
        return
    for segment, equals in _SEGMENTS.findall(text):
        if equals and "%" in segment:
            yield from {segment.strip(" \t"), _PARTED.split(segment.strip(" \t"))[-1]}


@cache
def _alike(name: str) -> re.Pattern[str]:
    """Finds every place where some server starts a cookie of this name, in any case."""
    soft = re.escape(_SOFT)
    letters = [f"[{soft}]" if each in _SOFT else re.escape(each) for each in name]
    named = rf"(?![ ])(?i:{''.join(letters)})"
    return re.compile(rf"(?:^|(?<=[{_PARTS}]))(?={named}[^\x21-\x7e]*=)", re.ASCII)


def _runs_on(value: str) -> bool:
    """Whether a quoted value may end elsewhere than at its `;` for some server."""
    if len(value) < 2 or not value.endswith('"') or value.endswith('\\"'):
        return True
    return '"' in re.sub(r"\\.", "", value[1:-1], flags=re.DOTALL)


@dataclass(frozen=True)
class Who:
    """The caller that credentials identify; without ids: anonymous."""

    ids: frozenset[str] = frozenset()
    claims: Mapping[str, Json] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """The caller's smallest id, used for counting; empty when anonymous."""
        return min(self.ids, key=octets, default="")


NOBODY = Who()
STRANGER = "\0"
"""Id of an owner that no caller has: stands for any owner to whom the caller has no relation."""


def by_token(
    held: RequestCredentials, verify: Verifier, claim: str, nameless: Collection[Credential] = ()
) -> Who:
    """The caller of a JSON Web Token. Raises `Denial` (401) for an invalid one."""
    token = one_token(held, nameless)
    if token is None:
        return NOBODY
    claims = verify(token)
    ids = _ids([claims[claim]] if claims and claim in claims else [])
    if claims is None or not ids:
        raise Denial(401, "who")
    return Who(ids, claims)


_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


def one_token(held: RequestCredentials, nameless: Collection[Credential] = ()) -> str | None:
    """The token of a request; None if there is none. Raises `Denial` if two differ, or if another
    value is in its place. A session or other key beside a token is ignored, and so are values in
    `nameless` places, unless some server may read a token in them."""
    tokens: set[str] = set()
    other = strange = False
    for credential, value in held.values:
        if credential.client:
            continue
        if credential.where == "header" and credential.name == "authorization":
            scheme, _, rest = value.partition(" ")
            if scheme.lower() == "bearer" and rest.strip(" "):
                tokens.add(rest.strip(" "))
            else:
                other = True
        elif credential.name == "cookie" and credential.where == "header":
            continue  # it is removed anyway
        elif _TOKEN.fullmatch(value):
            tokens.add(value)
        else:
            # Some servers strip quotes or stop at a space or comma, and then read a token.
            pieces = re.split(r"[\s,\"]+", value)
            likely = any(map(_TOKEN.fullmatch, pieces)) or _may_be_token(value)
            other = other or likely
            strange = strange or likely or credential not in nameless
    if len(tokens) > 1 or (tokens and other) or (strange and not tokens):
        raise Denial(401, "who")
    return next(iter(tokens), None)


_HEAD = re.compile(r"(?<![\w+/-])([\w+/-]+)=*\.", re.ASCII)
"""Matches what a lenient decoder may read as the first part of a token."""
_ALPHABET = str.maketrans("-_", "+/")
_BEFORE_JSON = b" \t\r\n\0\xef\xbb\xbf\xfe\xff"
"""White space and byte order marks, in UTF-8 or UTF-16."""
_ESCAPED_TIMES = 4


def _may_be_token(text: str) -> bool:
    """Whether a server may decode a token from a text, of however many parts, signed or not, with
    padding, in quotes, or percent-encoded: one that is verified elsewhere is only decoded here."""
    for _ in range(_ESCAPED_TIMES):
        if any(_begins_object(each) for each in _HEAD.findall(text)):
            return True
        plain = unquote(text, "latin-1")
        if plain == text:
            return False
        text = plain
    return True


def _begins_object(part: str) -> bool:
    """Whether base64 of either alphabet begins as a JSON object does."""
    whole = part[: len(part) - (len(part) % 4 == 1)].translate(_ALPHABET)
    made = b64decode(whole + "=" * (-len(whole) % 4))
    return made.lstrip(_BEFORE_JSON).startswith(b"{")


def only_token(held: RequestCredentials, nameless: Collection[Credential]) -> RequestCredentials:
    """The credentials reduced to the token to be verified, application keys, and values in
    `nameless` places, which identify nobody. The API might take any other for its caller. Raises
    `Denial` as `one_token`."""
    token = one_token(held, nameless)

    def stays(each: Credential, value: str) -> bool:
        if each.client or each in nameless:
            return True
        if each.where == "header" and each.name == "authorization":
            return True  # `authorization` holds the token, if there is one
        return value == token

    kept = tuple((each, value) for each, value in held.values if stays(each, value))
    names = {each.name for each, _ in kept if each.where == "query"}
    dropped = frozenset(each for each, value in held.values if not stays(each, value))
    query = tuple(piece for piece in held.query if decoded_name(piece) in names)
    return RequestCredentials(kept, query, dropped, held.empty)


def by_key(named: RequestCredentials, keys: Mapping[str, Json]) -> Who:
    """The caller of an API key, by the credentials that may identify one; `keys`: SHA-256 → holder.
    A value named like a tenant that is no known key selects data beside a key. Raises `Denial` for
    an unknown key, and if two differ."""
    if not named:
        return NOBODY
    said, beside = set[str](), set[str]()
    for place, value in named.values:
        key = _as_key(place, value)
        about = _digest(key) not in keys and is_tenants_key(place.where, place.name)
        (beside if about else said).add(key)
    said = said or beside
    known = keys.get(_digest(said.pop()))
    claims = known if isinstance(known, dict) else {}
    ids = _ids([claims["id"]] if "id" in claims else [])
    if said or not ids:
        raise Denial(401, "who")
    return Who(ids, claims)


def _digest(key: str) -> str:
    return hashlib.sha256(octets(key)).hexdigest()


def _as_key(place: Credential, value: str) -> str:
    """A key as its holder knows it: after the scheme of `authorization`, and decoded from a
    query."""
    if place.where != "query":
        return value.partition(" ")[2] if place.name == "authorization" and " " in value else value
    return unquote(value.replace("+", " "))


class NobodyNamed(Denial):
    """Who-am-I responded without naming a caller; credentials with this result count as invalid
    guesses."""

    def __init__(self) -> None:
        super().__init__(503, "who")


def by_answer(answered: HttpResponse | None, caller: Caller, doubted: Collection[str] = ()) -> Who:
    """The caller according to who-am-I. `doubted`: claims that a parameter of the caller's may have
    left out, so that they are unknown where they are missing. Raises `Denial` (503) without a
    usable response, or if a cache may have served another caller's."""
    if turned_away(answered, caller):
        return NOBODY
    if answered is not None and not handed_on(answered):
        ids, beside = _caller_in_response(answered, caller)
        if ids:
            claims = beside if isinstance(beside, dict) else {}
            for name in doubted:
                if unsaid(claims, name):
                    claims = with_claim(claims, name, {})  # no value that anybody can read
            return Who(ids, claims)
        if _value(answered) is not None:
            raise NobodyNamed
    raise Denial(503, "who")


def logged_in(answered: HttpResponse, pointer: str) -> Who:
    """The account that has just logged in, by the response of a declared login; anonymous when it
    does not name exactly one account, or came from a cache."""
    good = 200 <= answered.status < 300 and not answered.truncated and not answered.is_encoded
    if not pointer or not good or not _is_json(answered) or handed_on(answered):
        return NOBODY
    try:
        value = read(answered.body)[0]
    except UnreadableBody:
        return NOBODY
    found = values_at(value, path_of(pointer))
    ids = _ids(found)
    return Who(ids) if len(found) == len(ids) == 1 else NOBODY


def told_to_nobody(answered: HttpResponse | None, caller: Caller, ids: Collection[str]) -> bool:
    """Whether who-am-I without credentials returns other ids or none; otherwise a cache may serve
    all callers the same response."""
    if answered is None or answered.status in _LATER or answered.status >= 500:
        return False
    if answered.status == 200 and _value(answered) is None:
        return False
    return _caller_in_response(answered, caller)[0].isdisjoint(ids)


def turned_away(answered: HttpResponse | None, caller: Caller) -> bool:
    """Whether who-am-I says "not logged in", by its status or, as session libraries do, by nothing
    where the id would be, or what would hold it, as in `{}` and `{"user": null}`."""
    if answered is None or answered.status in _NOT_LOGGED_IN:
        return answered is not None
    said = _value(answered)
    if said is None or handed_on(answered):
        return False
    return _names_nobody(said[0], path_of(caller.pointer))


def _names_nobody(value: Json, path: Sequence[str]) -> bool:
    for step in path:
        if value in (None, {}):
            return True
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return value in (None, "")


def _is_json(answered: HttpResponse) -> bool:
    """Whether a response is JSON in UTF-8, and not a problem document."""
    said = [value for name, value in answered.headers if name == "content-type"]
    media = read_media_type(said)
    if media is None or media.charset not in ("", "utf-8", "us-ascii"):
        return False
    return is_json(media.type) and not is_problem(media.type)


def _caller_in_response(answered: HttpResponse, caller: Caller) -> tuple[frozenset[str], Json]:
    """The caller's ids in a response, and the object around them."""
    value = readable(answered)
    *stem, last = path_of(caller.pointer) or ("",)
    around = values_at(value, tuple(stem)) if caller.pointer else []
    return _ids([each for one in around for each in values_at(one, (last,))]), next(
        iter(around), None
    )


def _ids(values: list[Json]) -> frozenset[str]:
    """Valid ids; one with a NUL is none, since some parsers end a text there. None at all beside
    one that cannot be read: what else the caller is called may be the name that is refused."""
    found = identifiers(values)
    said = [each for each in values if not (each is None or isinstance(each, str))]
    odd = any(identifier(each) is None for each in said) or any(STRANGER in id for id in found)
    return frozenset(() if odd else found)


def readable(answered: HttpResponse | None) -> Json:
    """The JSON value of a look-up's 200 response; None when it is not usable."""
    return (_value(answered) or (None,))[0]


def _value(answered: HttpResponse | None) -> tuple[Json] | None:
    """The same, of a response that may be no more than `null`; None when it is not usable."""
    if answered is None or answered.status != 200 or answered.truncated or answered.is_encoded:
        return None
    if not _is_json(answered):
        return None
    try:
        return (read(answered.body)[0],)
    except UnreadableBody:
        return None


_BASIC = re.compile(r"[Bb][Aa][Ss][Ii][Cc] +([A-Za-z0-9+/]+)={0,2}\Z")


def is_password(value: str) -> bool:
    """Whether this is exactly a user name and a password (RFC 7617): with anything after it, or
    without a colon, some servers find another scheme or a token."""
    said = _BASIC.match(value)
    try:
        return said is not None and b":" in b64decode(said[1] + "=" * (-len(said[1]) % 4))
    except ValueError:
        return False

"""The inventory: for each endpoint its calls, callers, credentials and fields.

Sums and small sketches only, so that memory does not grow with the traffic. Callers are counted by
a hash under a key that is drawn for one run and never written.
"""

from __future__ import annotations

import csv
import hmac
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappush, heappushpop
from itertools import islice
from urllib.parse import parse_qsl, urlsplit

import orjson

from oakum.authz.strict_json import MAX_DEPTH
from oakum.exchange import Request
from oakum.http.cookies import cookie_pairs
from oakum.http.jwt import claims_of
from oakum.http.media_type import essence, is_json
from oakum.inference.lexicon import FieldClass, label_field, words
from oakum.openapi.observed_shape import ObservedValues
from oakum.traffic.graphql_operation import graphql
from oakum.traffic.recorded_exchange import RecordedExchange

_SKETCH = 1024
_CREDENTIAL = re.compile(
    r"(?:x-)?(?:api[-_]?key|auth(?:orization)?[-_]?token|access[-_]?token)", re.I
)
_SCHEMES = frozenset(
    (
        "apikey", "basic", "bearer", "digest", "dpop", "gnap", "hawk", "hmac", "hoba", "jwt", "key",
        "mutual", "negotiate", "ntlm", "oauth", "privatetoken", "token", "vapid",
    )
)  # fmt: skip
"""Authorization schemes: IANA's registry (RFC 9110, 16.4.1) and common ones. Any other word may be
the beginning of a secret."""
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(?::\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::\d{1,5})?")
_SESSION = re.compile(r"sess|sid|auth|token|jwt|login", re.I)
_COOKIE = re.compile(r"(?!(?:.*[0-9]){4})[A-Za-z0-9_.-]{1,40}")
"""Matches a plausible name of a cookie without long numbers."""
_JWT = re.compile(r"[\w-]+\.[\w-]+\.[\w-]*", re.ASCII)
_WHO = ("sub", "user_id", "userId", "uid", "username", "preferred_username", "email")
"""Claims that identify somebody. All are combined, since some libraries put the same `sub` into
every token."""
_NAMING = frozenset(
    (word,)
    for word in [
        "id",
        "ids",
        "uuid",
        "slug",
        "username",
        "login",
        "handle",
        "nickname",
        "name",
        "key",
        "code",
        "email",
        "phone",
    ]
)
FORM = "application/x-www-form-urlencoded"
_MOST_HANDED = 500_000
_MOST_QUERY = 64
_MOST_HOSTS = 16
_MOST_PARTS = 200
_FEWEST_NAMES = 4
"""Number of operation names, each used by a single caller, that is no coincidence."""
_COLUMN = re.compile(r"(?!(?:.*[0-9]){5})[A-Za-z_][A-Za-z0-9_.-]{0,47}")
_ROWS = 200


@dataclass
class Distinct:
    """A count of distinct values: exact up to 1,024, then an estimate (k minimum values, Bar-Yossef
    et al. 2002; standard error about 3 %)."""

    _heap: list[int] = field(default_factory=list)
    _in: set[int] = field(default_factory=set)
    _over: bool = False

    def see(self, mark: int) -> None:
        """Counts a value by its 64-bit hash."""
        if mark in self._in:
            return
        if len(self._heap) < _SKETCH:
            heappush(self._heap, -mark)
            self._in.add(mark)
            return
        self._over = True
        if mark < -self._heap[0]:
            self._in.discard(-heappushpop(self._heap, -mark))
            self._in.add(mark)

    def add(self, other: Distinct) -> None:
        """Adds the counts of another inventory."""
        self._over |= other._over
        kept = sorted(self._in | other._in)
        self._over |= len(kept) > _SKETCH
        self._in = set(kept[:_SKETCH])
        self._heap = [-each for each in self._in]
        heapify(self._heap)

    @property
    def marks(self) -> frozenset[int]:
        """The stored hashes, at most 1,024."""
        return frozenset(self._in)

    @property
    def count(self) -> int:
        """The number of distinct values, or its estimate."""
        if not self._over:
            return len(self._in)
        return int((_SKETCH - 1) * (1 << 64) / -self._heap[0])


@dataclass
class HostCounts:
    """Counts of one operation at one host."""

    good: int = 0
    """Number of successful responses."""
    auth: Counter[str] = field(default_factory=Counter)
    answer: ObservedValues | None = None
    """Shape of the responses at this host; None: the endpoint has only one host."""

    def add(self, other: HostCounts) -> None:
        """Adds the counts of another inventory for the same host."""
        self.good += other.good
        self.auth.update(other.auth)
        if other.answer is not None:
            self.answer = self.answer or ObservedValues()
            self.answer.add(other.answer)


@dataclass
class SeenEndpoint:
    """What was seen of one operation."""

    seen: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    media: Counter[str] = field(default_factory=Counter)
    auth: Counter[str] = field(default_factory=Counter)
    """Kinds of credentials in successful requests; `none`, or `unknown` if the record keeps
    none."""
    sites: dict[str, HostCounts] = field(default_factory=dict)
    """Host → its counts."""
    callers: Distinct = field(default_factory=Distinct)
    bodies: Counter[str] = field(default_factory=Counter)
    """Successful responses by what the record has of the body: `whole`, `cut`, `absent`,
    `unreadable`."""
    answer: ObservedValues = field(default_factory=ObservedValues)
    """Shape of successful JSON responses."""
    sent: ObservedValues = field(default_factory=ObservedValues)
    """Shape of JSON request bodies."""
    form: ObservedValues = field(default_factory=ObservedValues)
    """Shape of form request bodies (`application/x-www-form-urlencoded`), as an object of
    strings."""
    query: dict[str, ObservedValues] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)
    """Field → how often Oakum's guard removed it."""
    groups: set[int | str] = field(default_factory=set)
    """Numbers or shapes under which an SQL engine counted this endpoint."""
    told: int | None = None
    """Number of distinct callers as counted by an SQL engine; None: counted here."""
    parts: dict[str, SeenEndpoint] = field(default_factory=dict)
    """GraphQL operation (kind, name and root fields) → its counts."""
    nameless: str = ""
    """For a GraphQL operation: kind and root fields without the name."""

    @property
    def different(self) -> int:
        """Number of distinct callers, as counted by an SQL engine if one was used."""
        return self.callers.count if self.told is None else self.told

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts at which the endpoint was seen."""
        return frozenset(self.sites)

    @property
    def marks(self) -> frozenset[int]:
        """Hashes of its callers; not all of them if there are many."""
        return self.callers.marks

    def told_parts(self) -> dict[str, SeenEndpoint]:
        """GraphQL operations with names that are safe to report. If operations differ only in name
        and each has its own caller, the names may be personal data, and are left out."""
        groups: dict[str, list[str]] = {}
        for name, endpoint in self.parts.items():
            if name != endpoint.nameless and len(endpoint.marks) == 1:
                groups.setdefault(endpoint.nameless, []).append(name)
        found = dict(self.parts)
        for nameless, names in groups.items():
            callers = {mark for name in names for mark in self.parts[name].marks}
            if len(names) >= _FEWEST_NAMES and len(callers) == len(names):
                made = SeenEndpoint(nameless=nameless)
                for name in (*names, *([nameless] if nameless in found else [])):
                    made.add(found.pop(name))
                found[nameless] = made
        return found

    def at_host(self, host: str) -> HostCounts | None:
        """The counts of a host; None if it is not among the first 16 by name. From the second host
        on, each learns the shape of its own responses."""
        if host not in self.sites:
            self._part()
            self.sites[host] = HostCounts(answer=ObservedValues() if self.sites else None)
            if len(self.sites) > _MOST_HOSTS:
                del self.sites[max(self.sites)]
        return self.sites.get(host)

    def _part(self) -> None:
        """Moves the counts of a single host to a host entry when a second host appears."""
        for only in self.sites.values() if len(self.sites) == 1 else ():
            if only.answer is None:
                only.answer = ObservedValues()
                only.answer.add(self.answer)

    def add(self, other: SeenEndpoint) -> None:
        """Adds the counts of another path that turned out to be this endpoint."""
        self.seen += other.seen
        if self.sites.keys() != other.sites.keys():
            self._part()
            other._part()
        for host, site in other.sites.items():
            self.sites.setdefault(host, HostCounts()).add(site)
        while len(self.sites) > _MOST_HOSTS:
            del self.sites[max(self.sites)]
        for name, endpoint in other.parts.items():
            self.parts.setdefault(name, SeenEndpoint(nameless=endpoint.nameless)).add(endpoint)
        for mine, theirs in (
            (self.statuses, other.statuses), (self.media, other.media), (self.auth, other.auth),
            (self.bodies, other.bodies), (self.removed, other.removed),
        ):  # fmt: skip
            mine.update(theirs)  # type: ignore[arg-type]
        self.groups |= other.groups
        self.callers.add(other.callers)
        self.answer.add(other.answer)
        self.sent.add(other.sent)
        self.form.add(other.form)
        for name, each in other.query.items():
            self.query.setdefault(name, ObservedValues()).add(each)

    def alike(self, other: SeenEndpoint) -> bool:
        """Whether the responses of both have the same member names, or none."""
        mine, theirs = self.answer.members.keys(), other.answer.members.keys()
        if not mine or not theirs:
            return mine == theirs and self.answer.kinds.keys() == other.answer.kinds.keys()
        return len(mine & theirs) * 2 > len(mine | theirs)


class InventoryCounter:
    """Counts exchanges at their endpoints; `key`: key of the hashes, for this run only."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._handed: set[int] = set()

    def has_shown(self, text: str) -> bool:
        """Whether a response contained this text as a name or an id."""
        return self.hash(text) in self._handed

    def take(self, endpoint: SeenEndpoint, passed: RecordedExchange, body: object) -> None:
        """Counts an exchange at its endpoint; `body`: the parsed response, or `UNREAD`."""
        request, response = passed.exchange.request, passed.exchange.response
        endpoint.seen += 1
        endpoint.statuses[response.status] += 1
        host = host_of(request.url)
        site = endpoint.at_host(host) if host else None
        endpoint.removed.update(passed.removed)
        good = response.ok
        self._who(endpoint, site, passed, good)
        if not good:
            return
        if site is not None:
            site.good += 1
            if site.answer is not None and body is not UNREAD and not isinstance(body, FeedEvents):
                site.answer.learn(body)
        endpoint.bodies[
            "unreadable" if body is UNREAD and passed.body == "whole" else passed.body
        ] += 1
        if body is not UNREAD:
            endpoint.media[_media(response.media_type)] += 1
            for each in body if isinstance(body, FeedEvents) else (body,):
                self._learn(endpoint, each)
        sent = read(request.body, request.headers.get("content-type", ""))
        if sent is not UNREAD:
            endpoint.sent.learn(sent)
            asked, nameless = graphql(sent)
            room = asked in endpoint.parts or len(endpoint.parts) < _MOST_PARTS
            if asked and room and body is not UNREAD:
                self._part(
                    endpoint.parts.setdefault(asked, SeenEndpoint(nameless=nameless)), passed, body
                )
        elif request.body and request.media_type == FORM:
            posted = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
            endpoint.form.learn({name: "" for name, _ in posted[:_MOST_QUERY]})
        for name, value in parse_qsl(urlsplit(request.url).query)[:_MOST_QUERY]:
            if name in endpoint.query or len(endpoint.query) < _MOST_QUERY:
                endpoint.query.setdefault(name, ObservedValues()).learn(_convert_value(value))

    @staticmethod
    def tally(
        endpoint: SeenEndpoint, passed: RecordedExchange, kinds: Iterable[str], body: str, many: int
    ) -> None:
        """Counts an exchange that an SQL engine has met `many` times, with these kinds of
        credentials; `body`: what the records have of the body, empty if counted separately."""
        response = passed.exchange.response
        endpoint.seen += many
        endpoint.statuses[response.status] += many
        host = host_of(passed.exchange.request.url)
        site = endpoint.at_host(host) if host else None
        for name, times in passed.removed.items():
            endpoint.removed[name] += times * many
        if response.ok:
            told = [endpoint.auth, site.auth] if site is not None else [endpoint.auth]
            for kind in kinds:
                for each in told:
                    each[kind] += many
            if site is not None:
                site.good += many
            if body:
                endpoint.bodies[body] += many

    def _learn(self, endpoint: SeenEndpoint, body: object) -> None:
        endpoint.answer.learn(body)
        for text in names_and_ids(body):
            if len(self._handed) < _MOST_HANDED:
                self._handed.add(self.hash(text))

    def _part(self, endpoint: SeenEndpoint, passed: RecordedExchange, body: object) -> None:
        endpoint.seen += 1
        endpoint.statuses[passed.exchange.response.status] += 1
        self._who(endpoint, None, passed, True)
        endpoint.bodies[passed.body] += 1
        endpoint.answer.learn(body)

    def _who(
        self, endpoint: SeenEndpoint, site: HostCounts | None, passed: RecordedExchange, good: bool
    ) -> None:
        kinds = credentials(passed.exchange.request) if passed.headers else {"unknown": ""}
        if good:
            endpoint.auth.update(kinds.keys() or ("none",))
            if site is not None:
                site.auth.update(kinds.keys() or ("none",))
        mark = passed.who or telling_credential(kinds)
        if mark:
            endpoint.callers.see(self.hash(mark))

    def hash(self, text: str) -> int:
        """A keyed 64-bit hash, only for comparing values within this run."""
        made = hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256")
        return int.from_bytes(made[:8])


def names_and_ids(
    body: object, name: str = "", depth: int = 0, *, numbers: bool = False
) -> Iterator[str]:
    """Short texts of a body that are names or ids, by member; with `numbers` also integer ids, as
    text."""
    if isinstance(body, dict) and depth < MAX_DEPTH:
        for key, child in body.items():
            yield from names_and_ids(child, key, depth + 1, numbers=numbers)
    elif isinstance(body, list) and depth < MAX_DEPTH:
        for child in body:
            yield from names_and_ids(child, name, depth + 1, numbers=numbers)
    elif isinstance(body, str):
        if 0 < len(body) < 80 and words(name)[-1:] in _NAMING:
            yield body
    elif numbers and type(body) is int and words(name)[-1:] in _NAMING:
        yield str(body)


class _Unread:
    """The marker for a body that is not JSON."""


UNREAD = _Unread()


def read(body: bytes, media_type: str) -> object:
    """Parses a body as JSON; `UNREAD` if it is not. Without a media type it is tried."""
    if not body or (essence(media_type) and not is_json(media_type)):
        return UNREAD
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return UNREAD


class FeedEvents(list[object]):
    """The events of a feed, each treated as a response."""


def events(body: bytes, media_type: str) -> object:
    """The events of a feed (HTML standard, 9.2) whose data are JSON; `UNREAD` when it is none."""
    if essence(media_type) != "text/event-stream":
        return UNREAD
    found = FeedEvents()
    for block in re.split(rb"\r?\n\r?\n", body)[:_ROWS]:
        lines = [line for line in block.splitlines() if line.startswith(b"data:")]
        value = read(b"\n".join(line[5:].strip() for line in lines), "")
        found += [] if value is UNREAD else [value]
    return found or UNREAD


def rows(body: bytes, media_type: str) -> object:
    """The rows of a CSV with a header (RFC 4180); `UNREAD` for other text, or if the header may
    contain personal data."""
    if essence(media_type) != "text/csv" or not body:
        return UNREAD
    reader = csv.reader(io.StringIO(body.decode("utf-8", "replace").lstrip("\ufeff")))
    try:
        head = next(reader)
        below = list(islice(reader, _ROWS))
    except (csv.Error, StopIteration):
        return UNREAD
    named = len(set(head)) == len(head) > 1 and all(map(_COLUMN.fullmatch, head))
    if (
        not named
        or not any(map(_says_field, head))
        or all(_COLUMN.fullmatch(cell) for row in below for cell in row)
    ):
        return UNREAD
    return [{n: _convert_value(cell) for n, cell in zip(head, row, strict=False)} for row in below]


def _says_field(name: str) -> bool:
    """Whether a word at the head of a column is one that fields are called by, and no value."""
    return words(name)[-1:] in _NAMING or label_field(name).kind is not FieldClass.PLAIN


def host_of(url: str) -> str:
    """The host of a URL, with its port (RFC 3986, 3.2.2); empty: none, or an implausible one that a
    client invented."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    return host if _HOST.fullmatch(host) else ""


def credentials(request: Request) -> dict[str, str]:
    """Kind of credential → its value in a request; kept in memory only."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        if name == "authorization" and value:
            scheme, _, rest = value.partition(" ")
            kind = scheme.lower() if rest and scheme.lower() in _SCHEMES else "other"
            jwt = kind == "bearer" and _JWT.fullmatch(rest.strip())
            found["bearer (JWT)" if jwt else kind] = value
        elif name == "cookie" and value:
            found |= _cookies(value)
        elif _CREDENTIAL.fullmatch(name) and value:
            found[f"header {name}"] = value
    for name, value in parse_qsl(urlsplit(request.url).query):
        if _CREDENTIAL.fullmatch(name):
            found[f"query {name}"] = value
    return found


def telling_credential(kinds: Mapping[str, str]) -> str:
    """The credential that identifies the caller: the token, otherwise the session cookies,
    otherwise a key. Others may be invented by a client and differ in each request. Of a JWT, the
    identifying claims count, since clients renew tokens."""
    ranks = ("cookie ", "header ", "query ", "other cookies")
    best = [[text for kind, text in sorted(kinds.items()) if kind.startswith(r)] for r in ranks]
    token = [text for kind, text in sorted(kinds.items()) if not kind.startswith(ranks)]
    return "\0".join(map(_credential_subject, next(filter(None, (token, *best)), ())))


def _credential_subject(credential: str) -> str:
    """Whom a JWT names, as a text that is no id; any other credential as it is."""
    claims = claims_of(credential.rpartition(" ")[2])
    named = {name: claims[name] for name in _WHO if claims.get(name)}
    whole = {**named, "iss": claims.get("iss")} if named else None
    return json.dumps(whole, sort_keys=True) if whole else credential


def _cookies(value: str) -> dict[str, str]:
    """Of the cookies those that sound like a session; without one, all as `other cookies`."""
    named = {f"cookie {name}": text for name, _, text in cookie_pairs(value) if _is_session(name)}
    return named or {"other cookies": value}


def _is_session(name: str) -> bool:
    return bool(_SESSION.search(name) and _COOKIE.fullmatch(name))


def _media(name: str) -> str:
    """A media type, if it is a common one; others may be personal data."""
    return name if re.fullmatch(r"[a-z]+/[a-z0-9.+-]{1,60}", name) else "application/json"


def _convert_value(value: str) -> object:
    """A query value converted to a number or boolean if it looks like one."""
    if re.fullmatch(r"-?\d{1,15}", value):
        return 0
    if value in ("true", "false"):
        return True
    return value

"""What a gateway is told: all of it is read, and whatever would open an endpoint is refused."""

# ruff: noqa: E501 - a message stands on one line, as its reader sees it

from __future__ import annotations

import pytest

from oakum.errors import Location
from oakum.policy.model import Guarding, Limit, Service, Tokens
from tests.unit.policy.grammar import policy, read, said, whole

EVERYTHING = """\
caller: {claim: sub}
guard:
  jwt:
    keys: keys.json
    algorithms: [ES256, EdDSA]
    issuer: https://login.example.com
    audiences: [api, app]
  service: {header: X-Service-Key, env: CREW_SERVICE_KEY}
  api_keys: api-keys.json
  ttl: 10s
  timeout: 250ms
  lookups: 50
  pass: [/, "/page/**", "/a/*/c", /%C3%A9/x.js]
  websockets: /live
  hosts: [API.example.com, 127.0.0.1, "[::1]"]
  origins: [https://app.example.com, "http://127.0.0.1:3000"]
  strip: [X-Debug-User]
  headers: [X-Total-Count, Link]
  unknown: remove
  max_body: 64KiB
  hops: 1
limits:
  Member: {distinct: 100, per: 1h}
  callers: {rate: 600, per: 1m}
  anonymous: {rate: 60, per: 1d}
"""


def test_everything_is_read() -> None:
    found = policy(whole(EVERYTHING))
    assert found.guard == Guarding(
        tokens=Tokens(
            "keys.json",
            ("ES256", "EdDSA"),
            "https://login.example.com",
            ("api", "app"),
            Location("p", 5, 5),
        ),
        service=Service("x-service-key", "CREW_SERVICE_KEY"),
        ttl=10.0,
        timeout=0.25,
        lookups=50,
        api_keys="api-keys.json",
        passes=("/", "/page/**", "/a/*/c", "/%C3%A9/x.js"),
        websockets=("/live",),
        hosts=("api.example.com", "127.0.0.1", "[::1]"),
        origins=("https://app.example.com", "http://127.0.0.1:3000"),
        strip=("x-debug-user",),
        headers=("x-total-count", "link"),
        unknown="remove",
        max_body=65536,
        hops=1,
    )
    assert found.limits == (
        Limit("Member", "distinct", 100, 3600.0, Location("p", 24, 3)),
        Limit("callers", "rate", 600, 60.0, Location("p", 25, 3)),
        Limit("anonymous", "rate", 60, 86400.0, Location("p", 26, 3)),
    )


def test_what_is_left_out_is_as_usual() -> None:
    assert policy(whole("guard: {}")).guard == policy(whole("")).guard == Guarding()
    assert policy(whole("")).limits == ()
    tokens = policy(whole("guard: {jwt: {keys: k, audience: api}}")).guard.tokens
    assert tokens == Tokens("k", ("RS256",), audiences=("api",), location=Location("p", 2, 14))


SYMMETRIC = "mix a shared secret with public keys; keep one kind"
WAY = "is not a path pattern; plain segments, `*` for any one segment, and `**` at the end for the rest"


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        ("[]", "`guard` must be a map, not an empty list"),
        ("{jwts: {}}", "`guard` has no key `jwts`; did you mean `jwt`?"),
        ("{jwt: {}}", "`jwt` has no `keys`; write a file of keys (RFC 7517), or the URL of one"),
        ("{jwt: {keys: k, key: k}}", "`jwt` has no key `key`; did you mean `keys`?"),
        ("{jwt: {keys: k, audience: a, audiences: b}}", "`audience` and `audiences` are the same; keep one of the two"),
        ("{jwt: {keys: k, algorithms: none}}", "with the algorithm `none` anybody can forge a token; name one that signs"),
        ("{jwt: {keys: k, algorithms: [RS256, NONE]}}", "with the algorithm `NONE` anybody can forge a token; name one that signs"),
        ("{jwt: {keys: k, algorithms: RS265}}", "`RS265` is not a JWT signature algorithm; did you mean `RS256`?"),
        ("{jwt: {keys: k, algorithms: []}}", "`algorithms` is empty, so no token would be accepted; leave it out"),
        ("{jwt: {keys: k, algorithms: [HS256, RS256]}}", f"`HS256`, `RS256` {SYMMETRIC}"),
        ("{jwt: {keys: k, algorithms: [ES256, HS512]}}", f"`ES256`, `HS512` {SYMMETRIC}"),
        ("{jwt: {keys: k, algorithms: [EdDSA, HS384]}}", f"`EdDSA`, `HS384` {SYMMETRIC}"),
        ("{jwt: {keys: k, algorithms: [PS256, HS256]}}", f"`PS256`, `HS256` {SYMMETRIC}"),
        ("{service: {header: x-key}}", "`service` has no `env`"),
        ("{service: {env: KEY}}", "`service` has no `header`"),
        ("{service: {header: x key, env: KEY}}", "`x key` is not a header name; write the name alone, such as `x-api-key`"),
        ("{service: {header: 'x-key: 1', env: KEY}}", "`x-key: 1` is not a header name; write the name alone, such as `x-api-key`"),
        ("{service: {header: Host, env: KEY}}", "only the gateway may write `host`"),
        ("{ttl: 30}", "`ttl` must be a duration, such as `500ms`, `30s`, `1m`, `1h` or `1d`, not the number `30`; say the unit: `30s`"),
        ("{timeout: 0ms}", "`timeout` must be a duration, such as `500ms`, `30s`, `1m`, `1h` or `1d`, not the word `0ms`"),
        ("{lookups: -1}", "`lookups` must be a whole number of at least 0, not the number `-1`"),
        ("{hops: one}", "`hops` must be a whole number of at least 0, not the word `one`"),
        ("{max_body: 1MB}", "`max_body` must be a size, such as `64KiB`, `1MiB` or a number of bytes, not the word `1MB`; write `1MiB`"),
        ("{unknown: ignore}", "`unknown` must be `refuse` or `remove`, not the word `ignore`"),
        ("{api_keys: [a]}", "`api_keys` must be a word, not a list"),
        ("{pass: page}", "`page` is not a path pattern; write `/page`"),
        ("{pass: '**'}", "`**` is not a path pattern; write `/**`"),
        ("{pass: /a/**/b}", "`**` must be at the end of `/a/**/b`"),
        ("{pass: /a*}", f"`/a*` {WAY}"),
        ("{pass: /a//b}", f"`/a//b` {WAY}"),
        ("{pass: /a/../b}", f"`/a/../b` {WAY}"),
        ("{pass: '/a?b'}", f"`/a?b` {WAY}"),
        ("{pass: '/a;b'}", f"`/a;b` {WAY}"),
        ("{pass: '/a#b'}", f"`/a#b` {WAY}"),
        ("{pass: /%zz}", f"`/%zz` {WAY}"),
        ("{pass: /é}", f"`/é` {WAY}"),
        ("{websockets: [live]}", "`live` is not a path pattern; write `/live`"),
        ("{origins: ['*']}", "`*` is not the origin of a page; write scheme, host and port as a browser does, `https://app.example.com`; no path, no `*`"),
        ("{origins: ['https://a.b/']}", "`https://a.b/` is not the origin of a page; write scheme, host and port as a browser does, `https://app.example.com`; no path, no `*`"),
        ("{hosts: []}", "`hosts` names none; omit it if any host is accepted"),
        ("{hosts: 'https://a.b'}", "`https://a.b` is not a host name; write it without scheme, port and path"),
        ("{hosts: 'a.b:80'}", "`a.b:80` is not a host name; write it without scheme, port and path"),
        ("{headers: ETag}", "`etag` reveals removed data, and cannot be allowed"),
        ("{headers: [content-length]}", "only the gateway may write `content-length`"),
        ("{strip: [Connection]}", "only the gateway may write `connection`"),
    ],
)  # fmt: skip
def test_what_would_open_an_endpoint_is_refused(guard: str, expected: str) -> None:
    assert said(f"guard: {guard}") == [expected]


def test_a_secret_in_place_of_a_name_is_not_repeated() -> None:
    (problem,) = said("guard: {service: {header: x-key, env: s3cret-value}}")
    assert problem == "`env` names no environment variable; a contract holds no secret"


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("{Membr: {distinct: 1, per: 1h}}", "`Membr` is not a resource; did you mean `Member`?"),
        ("{callers: {distinct: 1, per: 1h}}", "`callers` is not a resource; known: `Member`"),
        ("{anonymus: {rate: 1, per: 1h}}", "a `rate` is of `callers` or of `anonymous`, not of `anonymus`; did you mean `anonymous`?"),
        ("{Member: {rate: 1, per: 1h}}", "a `rate` is of `callers` or of `anonymous`, not of `Member`; `distinct` limits how many owners' objects one caller may read"),
        ("{Member: {distinct: 1}}", "the limit `Member` has no `per`; add its time window, such as `1h`"),
        ("{Member: {per: 1h}}", "the limit `Member` must count exactly one thing; `distinct` counts the owners whose objects are read, `rate` the calls"),
        ("{callers: {distinct: 1, rate: 1, per: 1h}}", "the limit `callers` must count exactly one thing; `distinct` counts the owners whose objects are read, `rate` the calls"),
        ("{Member: {distinct: 0, per: 1h}}", "`distinct` must be a whole number of at least 1, not the number `0`"),
        ("{callers: {rate: 1.5, per: 1h}}", "`rate` must be a whole number of at least 1, not the number `1.5`"),
        ("{callers: {rate: 1, per: hour}}", "`per` must be a duration, such as `500ms`, `30s`, `1m`, `1h` or `1d`, not the word `hour`"),
        ("{callers: 600}", "a limit must be a map, not the number `600`"),
        ("[Member]", "`limits` must be a map of names, not a list"),
    ],
)  # fmt: skip
def test_a_limit_counts_something_that_there_is(limit: str, expected: str) -> None:
    assert said(f"limits: {limit}") == [expected]


def test_what_is_nobodys_has_no_owners_to_count() -> None:
    part = "resources: {Ride: {owner: none}}\nlimits: {Ride: {distinct: 1, per: 1h}}"
    assert said(part) == ["`Ride` has no owners to count"]


def test_all_mistakes_are_told_at_once_and_where_they_stand() -> None:
    text = whole(
        """
        guard:
          jwt: {algorithms: [HS256, none]}
          ttl: soon
          pass: [/, page]
        limits:
          callers: {rate: lots, per: 1h}
        """
    )
    places = [problem.split(": ")[0] for problem in read(text)[1]]
    assert places == ["3:8", "3:29", "4:8", "5:13", "7:19"]

"""Who is calling, whatever the request looks like: the reference and the runtime of the engines.

Tokens are names here: `t.ann.ok` and `t.eve.ok` hold, everything else is forged. One law is stated
without the code that it judges: whoever is named has a token that holds in the raw text of the
request, and nobody else's credential of another kind stands where a token is read.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import quick_yaml
from tests.conformance.exchange_lua import WORKERS, LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import FOLDER, Case, Headers, Outcome, Request, Response, Upstream
from tests.properties.pool import LAW

GOOD = {"t.ann.ok": "ann", "t.eve.ok": "eve"}
TOKENS = (*GOOD, "t.ann.forged", "t.eve.forged", "opaque", "")
PARTS = ("eyJh", "eyJzdWIiOiJhbm4ifQ", "IHsi", "77u_e30", "e", *"=.%- ", "%2e", "%252E", "+/")
"""Of what some server may decode as a token."""
FORGED = re.compile(r"t\.\w+\.forged")


def case(name: str, **policy: Any) -> Case:
    shared = quick_yaml.load((FOLDER / f"{name}.yaml").read_text())
    said = {"name": "any", "policy": policy, "upstream": []}
    return Case("any", name, {**said, "request": {}, "expect": {}}, shared)


class Everything(Upstream):
    """An API whose featured member is Ann, private data and all; who-am-I answers as it is told."""

    def __init__(self) -> None:
        super().__init__([])
        self.whoami: Response | None = None
        self.bare: Response | None = Response(401)

    def answer(self, request: Request) -> Response | None:
        if request.target == "/me":
            known = request.header("cookie") or request.header("authorization")
            return self.whoami if known else self.bare
        body = b'{"id":"ann","name":"Ann","email":"a@x.test"}'
        return Response(200, (("content-type", "application/json"),), body)


@pytest.fixture(scope="module")
def by_token() -> Iterator[tuple[PythonGuard, LuaGuard]]:
    yield from both("credentials")


@pytest.fixture(scope="module")
def by_answer() -> Iterator[tuple[PythonGuard, LuaGuard]]:
    yield from both("callers", guard={"ttl": "1ms"})


def both(name: str, **policy: Any) -> Iterator[tuple[PythonGuard, LuaGuard]]:
    with TemporaryDirectory() as folder:
        setup = case(name, **policy).setup(Path(folder))
        object.__setattr__(setup, "upstream", Everything())
        yield PythonGuard(setup), LuaGuard(setup, f"{folder}/state", worker=WORKERS.next())


BETWEEN = st.sampled_from(("; ", ";", " ", ", ", ",", "\t", '"', " ; ", ";;", "=", '="', "&"))
NAMES = st.sampled_from(("sid", "SID", "s%69d", "xsid", "sid ", " sid", "a", "$sid", "a.sid"))
VALUES = st.one_of(
    st.sampled_from(TOKENS),
    st.sampled_from(TOKENS).map('"{}"'.format),
    st.text(string.printable[:95], max_size=6),
    st.lists(st.sampled_from(PARTS), max_size=7).map("".join),
)
PIECES = st.tuples(NAMES, st.sampled_from(("=", " =", "= ", "==", "")), VALUES).map("".join)
COOKIES = st.lists(st.tuples(PIECES, BETWEEN).map("".join), max_size=4).map("".join)
SCHEMES = st.sampled_from(("Bearer ", "bearer ", "BEARER  ", "Bearer", "Basic ", "", " Bearer "))
ENDINGS = st.sampled_from(("", ",", " ", ", Bearer t.eve.ok"))
AUTHORIZATIONS = st.tuples(SCHEMES, VALUES, ENDINGS).map("".join)
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.just("cookie"), COOKIES),
        st.tuples(st.just("authorization"), AUTHORIZATIONS),
        st.tuples(st.sampled_from(("x-oakum-token", "x-user", "remote-user")), VALUES),
    ),
    max_size=4,
).map(tuple)


def named(outcome: Outcome) -> str:
    """Who was taken for the caller, as the answer shows: only the owner sees Ann's address."""
    if outcome.audit["who"] == "anonymous":
        return ""
    return "ann" if b"a@x.test" in outcome.response.body else "eve"


def ask(guard: PythonGuard | LuaGuard, headers: Headers) -> Outcome:
    return guard.exchange(Request("GET", "/members/featured", headers))


@LAW
@given(headers=HEADERS)
def test_only_the_credential_that_was_verified_names_the_caller(
    by_token: tuple[PythonGuard, LuaGuard], headers: Headers
) -> None:
    outcomes = [ask(guard, headers) for guard in by_token]
    for outcome in outcomes:
        holds_of(named(outcome), headers)
    python, lua = outcomes
    assert (python.response, python.audit["who"]) == (lua.response, lua.audit["who"])


def holds_of(who: str, headers: Headers) -> None:
    """Whoever is named sent a token that holds, and nothing that some server reads otherwise."""
    if not who:
        return
    sent = "\n".join(value for name, value in headers if name in ("cookie", "authorization"))
    holding = {owner for token, owner in GOOD.items() if token in sent}
    assert who in holding
    # Two readings are none: no other token stands where some server would look for one.
    places = re.findall(r"(?i)(?:^|[;,\s\"])s(?:i|%69)d\s*=\s*\"?(t\.\w+\.\w+)(?=[;,\s\"]|$)", sent)
    places += re.findall(r"(?i)^\s*bearer\s+(t\.\w+\.\w+)\s*$", sent, re.MULTILINE)
    assert {GOOD.get(each) for each in places} == {who}


IDS = st.sampled_from(("ann", "eve", "", None, True, 1.5, ["ann"], {"id": "ann"}, 7))
SAID = st.sampled_from(
    (
        ("cache-control", "public, max-age=60"), ("cache-control", "s-maxage=5"), ("age", "3"),
        ("age", "soon"), ("x-cache", "HIT"), ("cf-cache-status", "HIT"), ("x-cache-hits", "1"),
        ("cache-status", "a; hit"), ("x-varnish", "12 34"), ("cdn-cache-control", "max-age=9"),
        ("content-type", "text/html"), ("content-encoding", "gzip"), ("content-type", "x"),
        ("x-from-cache", "1"), ("warning", '110 - "x"'), ("server-timing", "cdn-cache; desc=HIT"),
    )
)  # fmt: skip
NAMES_OF_CACHES = st.one_of(
    st.sampled_from(("x-cache", "x-from-cache", "x-cache-hit", "x-cache-age", "x-varnish-hits")),
    st.sampled_from(("x-cached", "warning", "server-timing", "via", "x-hits", "x-nc", "x-cdn-age")),
    st.sampled_from(("x-cache-key", "x-cacheable", "x-total", "cdn-cache-status", "x-edge-cache")),
)
SAYING = st.lists(
    st.one_of(
        st.sampled_from(
            ("hit", "HIT", "miss", "fresh", "stale", "cached", "cache", "no", "not", "0")
        ),
        st.sampled_from(
            ("1", "10", "110", "true", "yes", "pass", "cdn", "[cHs f ]", "c", "R", "dynamic")
        ),
        st.sampled_from((" ", ",", ", ", ";", "-", "_", "=", "'", ".", "]", "[", "\t")),
    ),
    max_size=6,
).map("".join)
FINE = (("content-type", "application/json"), ("cache-control", "no-store"))


@LAW
@given(
    id=IDS,
    status=st.sampled_from((200, 200, 200, 201, 203, 206, 302, 401, 404, 429, 500, 503)),
    worse=st.lists(SAID, max_size=2),
    cut=st.integers(0, 3),
    truncated=st.booleans(),
)
def test_a_worse_answer_to_who_am_i_never_names_anybody(
    by_answer: tuple[PythonGuard, LuaGuard],
    id: Any,
    status: int,
    worse: list[tuple[str, str]],
    cut: int,
    truncated: bool,
) -> None:
    whole = json.dumps({"id": id}).encode()
    names = {name for name, _ in worse}
    headers = (*(pair for pair in FINE if pair[0] not in names), *worse)
    body = whole[: len(whole) - cut]
    bad = bool(worse) or cut > 0 or truncated or status != 200 or id not in ("ann", "eve", 7)
    seen = []
    for guard in by_answer:
        world = guard.setup if isinstance(guard, LuaGuard) else guard._setup
        assert isinstance(world.upstream, Everything)
        world.upstream.whoami = Response(status, headers, body, truncated)
        world.clock.now += 10
        seen.append(ask(guard, (("cookie", "sid=any"),)))
    assert [each.audit["who"] == "anonymous" for each in seen] == [bad, bad]
    assert seen[0].response == seen[1].response
    assert seen[0].audit["who"] == seen[1].audit["who"]


@LAW
@example(name="x-cache", value="freshnotcached", control="private")
@given(name=NAMES_OF_CACHES, value=SAYING, control=st.sampled_from(("private", "no-store")))
def test_a_cache_is_found_out_by_both_alike(
    by_answer: tuple[PythonGuard, LuaGuard], name: str, value: str, control: str
) -> None:
    fine = (("content-type", "application/json"), ("cache-control", control))
    seen = []
    for guard in by_answer:
        world = guard.setup if isinstance(guard, LuaGuard) else guard._setup
        assert isinstance(world.upstream, Everything)
        world.upstream.whoami = Response(200, (*fine, (name, value)), b'{"id":"ann"}')
        world.clock.now += 10
        outcome = ask(guard, (("cookie", "sid=any"),))
        seen.append((outcome.response.status, len(outcome.asked)))
    assert seen[0] == seen[1]

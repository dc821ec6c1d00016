"""The upstream's reading counts (law 13): what a framework parses is what the guard judged.

What each of them reads is in `upstreams`, what goes by which contract in `guarded`, and requests of
which two readers may think differently in `corpus`. One process each for the whole run.
`OAKUM_EXAMPLES=10000 pytest tests/frameworks` draws more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.conformance.exchange_lua import LuaGuard
from tests.conformance.exchange_python import PythonGuard
from tests.conformance.exchanges import Request
from tests.frameworks.corpus import BODIES, FORMS, HEADERS, QUERIES, TYPES, requests
from tests.frameworks.guarded import differences, guards, onward
from tests.frameworks.upstreams import NAMES, Upstream, lacking, running
from tests.properties.pool import MANY

Guards = dict[str, PythonGuard | LuaGuard]

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("frameworks")]


@pytest.fixture(scope="module", params=NAMES)
def framework(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    if missing := lacking(request.param):
        pytest.skip(f"no {missing}")
    with running(request.param) as upstream:
        yield upstream


@pytest.fixture(scope="module")
def both() -> Iterator[Guards]:
    with guards() as made:
        yield made


def parsed(framework: Upstream, sent: Request) -> list[str] | None:
    """Where the framework parsed something else; None: it refused the request."""
    _, said = framework.ask(sent.method, sent.target, sent.headers, sent.body)
    return None if said is None else differences(sent, said)


def test_of_all_that_passes_a_framework_parses_what_was_judged(
    framework: Upstream, both: Guards
) -> None:
    read = 0
    for about, request in requests():
        passes = {name: onward(guard, request) for name, guard in both.items()}
        forwarded = passes["python"]
        assert (forwarded is None) == (passes["lua"] is None), (about, request)
        if forwarded is None or "multipart" in (forwarded.header("content-type") or ""):
            continue
        lua = passes["lua"]
        assert lua is not None and (lua.target, lua.body) == (forwarded.target, forwarded.body)
        assert lua.header("content-type") == forwarded.header("content-type")
        found = parsed(framework, forwarded)
        assert not found, (about, request, found)
        read += found is not None
    assert read > 80, "a run in which nothing passes compares nothing"


def test_without_the_guard_it_parses_what_nobody_may_set(framework: Upstream) -> None:
    """The echo can tell: a member that is withheld, and a method that is another."""
    kind = (("content-type", "application/json"),)
    _, said = framework.ask("PUT", "/things/t1", kind, b'{"city":"a","role":"staff"}')
    assert said is not None and said["fields"]["role"] == "staff"
    found = differences(Request("PUT", "/things/t1", kind, b'{"city":"a"}'), said)
    assert found == ["fields.role"]


@st.composite
def drawn(draw: st.DrawFn) -> Request:
    method = draw(st.sampled_from(["PUT", "PUT", "PUT", "GET", "POST"]))
    query = "&".join(draw(st.lists(st.sampled_from(QUERIES), max_size=2)))
    headers = draw(st.sampled_from([(), (), *HEADERS]))
    body = b""
    if method == "POST":
        kind, body = draw(st.sampled_from([each for each in FORMS if "multipart" not in each[0]]))
        headers = (("content-type", kind), *headers)
    elif method == "PUT":
        kind = draw(st.one_of(st.just("application/json"), st.sampled_from(TYPES)))
        headers = (("content-type", kind), *headers)
        body = draw(st.one_of(st.sampled_from(BODIES), MEMBERS))
    return Request(method, "/things/t1" + (f"?{query}" if query else ""), headers, body)


SCALARS = st.one_of(
    st.text(max_size=4), st.integers(-(2**70), 2**70), st.booleans(), st.none(), st.floats(),
    st.sampled_from(['"', "\\", "+ACI-", "\u202e", "\x7f", "é", "\U0001f600"]),
).map(json.dumps)  # fmt: skip
KEYS = st.sampled_from(
    ['"city"', '"name"', '"note"', '"c\\u0069ty"', '"n\\u0061me"', '"role"', '"City"', '"ROLE"',
     '"r\\u006fle"', '"city "', '"ci\\u200bty"', '"__proto__"', '"note[a]"', '""']
)  # fmt: skip
PAIRS = st.tuples(KEYS, st.sampled_from([":", " : ", ":\n"]), SCALARS).map("".join)
MEMBERS = st.lists(PAIRS, max_size=4).map(lambda each: ("{" + ",".join(each) + "}").encode())


def test_what_passes_is_what_was_judged(framework: Upstream, both: Guards) -> None:
    read = 0

    @settings(
        max_examples=MANY,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn())
    def holds(request: Request) -> None:
        nonlocal read
        forwarded, lua = (onward(both[name], request) for name in ("python", "lua"))
        assert (forwarded is None) == (lua is None)
        if forwarded is not None:
            found = parsed(framework, forwarded)
            assert not found, found
            read += found is not None

    holds()
    assert read > MANY // 10, "a run in which nothing passes compares nothing"

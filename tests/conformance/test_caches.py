"""What headers say of a cache, for the reference and the runtime."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.routing.cached_responses import handed_on, kept_apart
from oakum.routing.http_messages import HttpResponse
from tests.conformance.lua import runtime

NAMES = st.sampled_from(
    (
        *("cache-status", "server-timing", "x-cache", "x-cdn", "x-varnish-status", "x-nc"),
        *("x-cache-hits", "x-from-cache", "via", "warning", "age", "x-hits"),
    )
)
WORDS = st.sampled_from(
    (
        *("hit", "HIT", "miss", "stale", "fresh", "edge", "app", "fwd", "fwd=stale", "fwd=miss"),
        *("hit=?0", "hit=?1", "collapsed", "collapsed=?0", "fwd-status=304", "fwd=other", "1"),
        *("stored", "stored=?0", "stored=?1"),
        *("cdn-cache", "cache", "cache_fetch_hit.active_support", "cdn-cache-refresh", "desc"),
        *('"hit, 1"', '"a;hit"', '"\\""', '"', "0", "not cached", "cached", "=", " ", "from", ""),
    )
)
VALUES = st.lists(st.tuples(WORDS, st.sampled_from((";", "; ", ", ", ",", " ", "=", "_", "-"))))
TEXTS = VALUES.map(lambda pieces: "".join(map("".join, pieces)).rstrip(" "))
CONTROLS = st.sampled_from(("no-store", "private", "no-cache"))


@given(NAMES, TEXTS, CONTROLS)
def test_what_a_cache_says_is_read_alike(name: str, value: str, control: str) -> None:
    answered = HttpResponse(200, (("cache-control", control), (name, value)), b"")
    lua = runtime()
    caching = lua.eval(b'require("oakum.caching")')
    headers = lua.table_from({b"cache-control": control.encode(), name.encode(): value.encode()})
    said = [caching[each](headers) for each in (b"handed_on", b"kept_apart")]
    assert [bool(each) for each in said] == [handed_on(answered), kept_apart(answered)]

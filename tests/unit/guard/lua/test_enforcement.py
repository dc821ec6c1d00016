"""Enforcement in Lua, where an exchange cannot show it: several workers, hosts, bounds, errors."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from oakum.guard.denylist import check_of
from tests.conformance.exchange_lua import LuaGuard, lua_guard
from tests.conformance.exchanges import AUDIT_KEY, Case, Request, Response, Setup
from tests.conformance.lua import runtime

ANN = (("cookie", "sid=ann"),)
BOB = (("cookie", "sid=bob"),)
POLICY = {"limits": {"Member": {"distinct": 2, "per": "1h"}, "callers": {"rate": 3, "per": "1m"}}}
JSON = (("content-type", "application/json"),)


def setup_of(folder: Path, **said: Any) -> Setup:
    shared = {"contract": "club.yaml", "policy": said.pop("policy", {})}
    return Case("unit", "unit", said, shared).setup(folder)


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    follows = [
        {"request": {"target": "/members/bob/blocked"}, "answer": {"body": '{"data":[]}'}},
        {
            "request": {"target": "/members/bob/followers?limit=3"},
            "answer": {"body": '{"data":[{"id":"ann"}]}'},
        },
    ]
    note = {"request": {"method": "POST", "target": "/me/inbox"}, "answer": {"status": 204}}
    return setup_of(tmp_path, upstream=[*follows, note])


@pytest.fixture
def guard(setup: Setup) -> Iterator[LuaGuard]:
    with lua_guard(setup) as made:
        yield made


def get(target: str, headers: tuple[tuple[str, str], ...] = ()) -> Request:
    return Request("GET", target, headers)


# --------------------------------------------------------------------------- several workers


def test_a_write_in_one_worker_makes_stale_what_another_believes(
    setup: Setup, tmp_path: Path
) -> None:
    one, other = (LuaGuard(setup, str(tmp_path / "state")) for _ in range(2))
    assert len(other.exchange(get("/members/bob", ANN)).asked) == 3
    assert other.exchange(get("/members/bob", ANN)).asked == []
    note = Request("POST", "/me/inbox", (*BOB, *JSON), b'{"text":"x"}')
    assert one.exchange(note).response.status == 204
    assert [each.target for each in other.exchange(get("/members/bob", ANN)).asked] == [
        "/members/bob/followers?limit=3",
        "/members/bob/blocked",
    ]


_ORDER = b"""
local lookups, steps, both = require "oakum.lookups", ...
local guard = { service = "", ttl = 30, timeout = 1, lookups = 9 }
local function step(_, id) steps(id) end
local asking = lookups.new({ asks = {}, guard = guard }, { time = function() return 1 end },
  { bump = step, begin = step }, nil, 1)
asking[both](asking, { "ann", "bob" })
"""


@pytest.mark.parametrize("when", [b"expect", b"forget"])
def test_the_era_of_a_write_changes_before_the_marks_of_ids_and_after_them(when: bytes) -> None:
    """Before: an answer from during the write, with a mark from after it, is seen to be old. After:
    what was fresh by the old marks is not taken for fresh in the new era."""
    steps: list[bytes] = []
    runtime().execute(_ORDER, steps.append, when)
    assert steps == [b"\0era", b"ann", b"bob", b"\0era"]


def test_budgets_are_those_of_all_workers_together(tmp_path: Path) -> None:
    setup = setup_of(tmp_path, policy=POLICY)
    one, other = (LuaGuard(setup, str(tmp_path / "state")) for _ in range(2))
    statuses = [
        each.exchange(get("/members/ann", ANN)).response.status for each in (one, other) * 2
    ]
    assert statuses == [200, 200, 200, 429]


def test_what_is_under_way_when_somebody_writes_is_not_believed(
    setup: Setup, tmp_path: Path
) -> None:
    reader, writer = (LuaGuard(setup, str(tmp_path / "state")) for _ in range(2))
    answer = setup.upstream.answer

    def meanwhile(request: Request) -> Response | None:
        if request.target == "/members/bob/blocked":
            setup.upstream.answer = answer  # type: ignore[method-assign]
            writer.exchange(Request("POST", "/me/inbox", (*BOB, *JSON), b'{"text":"x"}'))
        return answer(request)

    setup.upstream.answer = meanwhile  # type: ignore[method-assign]
    reader.exchange(get("/members/bob", ANN))
    asked = [each.target for each in reader.exchange(get("/members/bob", ANN)).asked]
    assert "/members/bob/blocked" in asked


class HungUpError(Exception):
    """The client has gone: no engine calls for the answer's half any more."""


@pytest.mark.parametrize("end", ["answered", "dropped", "cut off", "hung up"])
def test_what_is_looked_up_while_a_write_is_under_way_is_not_believed_after_it(
    setup: Setup, tmp_path: Path, end: str
) -> None:
    reader, writer = (LuaGuard(setup, str(tmp_path / "state")) for _ in range(2))
    answer = setup.upstream.answer

    def meanwhile(request: Request) -> Response | None:
        if request.method == "GET":
            return answer(request)
        assert len(reader.exchange(get("/members/bob", ANN)).asked) == 3
        if end == "hung up":
            raise HungUpError
        return {
            "dropped": Response(0, raw=b""),
            "cut off": Response(204, truncated=True),
            "answered": Response(204),
        }[end]

    setup.upstream.answer = meanwhile  # type: ignore[method-assign]
    note = Request("POST", "/me/inbox", (*BOB, *JSON), b'{"text":"x"}')
    with suppress(HungUpError):
        writer.exchange(note)

    def asked() -> list[str]:
        return [each.target for each in reader.exchange(get("/members/bob", ANN)).asked]

    again = ["/members/bob/followers?limit=3", "/members/bob/blocked"]
    # Nobody knows of a client that has gone until the API must have answered; nor, when it has not
    # answered, whether it is still at it.
    assert asked() == ([] if end == "hung up" else again)
    assert asked() == []
    setup.clock.now += 15
    assert asked() == again
    assert asked() == []


# --------------------------------------------------------------------------- the host


def test_a_host_that_asks_several_at_once_is_given_all_that_is_missing(guard: LuaGuard) -> None:
    batches: list[int] = []
    guard.ask_all(batches.append)
    assert guard.exchange(get("/members/bob", ANN)).response.body == (
        b'{"id":"bob","name":"Bob","city":"Bonn"}'
    )
    people = [{"id": f"u{n}", "city": "x"} for n in range(5)]
    script = {"request": {"target": "/members"}, "answer": {"body": json.dumps({"data": people})}}
    guard.setup.upstream.script.insert(0, script)
    guard.exchange(get("/members", ANN))
    assert max(batches) >= 5


@pytest.mark.parametrize(
    ("why", "status", "reason"),
    [("too long", 413, "too-long"), ("cut short", 400, "truncated")],
)
def test_a_body_that_the_engine_could_not_read(
    guard: LuaGuard, why: str, status: int, reason: str
) -> None:
    sent = Request("PUT", "/members/ann", (*ANN, *JSON), b'{"city":"x"}')
    outcome = guard.exchange(sent, unread=why)
    assert (outcome.response.status, outcome.audit["denied"]) == (status, reason)
    assert outcome.forwarded is None


def test_an_answer_of_the_engine_itself_goes_out_as_it_is(guard: LuaGuard) -> None:
    own = Response(504, (("content-type", "application/problem+json"),), b"{}")
    outcome = guard.exchange(get("/members/ann", ANN), own=own)
    assert outcome.response == own
    assert (outcome.audit["status"], outcome.audit["upstream"]) == (504, None)


def test_a_status_that_no_standard_knows_keeps_its_number(guard: LuaGuard) -> None:
    odd = {"request": {"target": "/rides/a"}, "answer": {"status": 520, "body": "{}"}}
    guard.setup.upstream.script.insert(0, odd)
    outcome = guard.exchange(get("/rides/a"))
    assert outcome.response.body == (
        b'{"type":"about:blank","title":"Internal Server Error","status":520}'
    )


def test_the_line_of_the_audit_is_json_whatever_was_sent(guard: LuaGuard) -> None:
    outcome = guard.exchange(Request('G"\\E\x01T', "/members/ann", ANN))
    assert outcome.audit["method"] == 'G"\\E\x01T'
    assert outcome.audit["denied"] == "route"


def test_who_is_written_down_by_a_keyed_hash(setup: Setup) -> None:
    with lua_guard(setup) as guard:
        line = guard.exchange(get("/members/bob", ANN)).audit
    assert line["who"] == hmac.new(AUDIT_KEY, b"ann", hashlib.sha256).hexdigest()[:16]
    assert "ann" not in json.dumps(line)


# --------------------------------------------------------------------------- the parts


def lua(code: str, *arguments: Any) -> Any:
    return runtime().execute(code.encode(), *arguments)


@pytest.mark.parametrize(
    ("template", "segment", "values"),
    [
        ("{id}.json", "a.json", "a"),
        ("{id}.json", "a.b.json", "a.b"),
        ("{id}.json", ".json", None),
        ("{id}.json", "a.jso", None),
        ("v{major}.{minor}", "v1.2", "1,2"),
        ("v{major}.{minor}", "v1.2.3", None),
        ("v{major}.{minor}", "v1.", None),
        ("v{major}.{minor}", "1.2", None),
        ("{a}-{b}-{c}", "x-y-z", "x,y,z"),
        ("{a}-{b}-{c}", "x-y", None),
        ("{a}-{b}", "--", None),
        ("{a}-{b}", "x--y", None),
        ("{a}{b}", "xy", None),
        ("<{a}>", "<>", None),
    ],
)
def test_a_segment_with_text_and_parameters_has_one_reading_or_none(
    template: str, segment: str, values: str | None
) -> None:
    found = lua(
        """
        local route = require "oakum.route"
        local template, segment = ...
        local endpoint = { segments = { template }, method = "GET" }
        local routes = route.new({ endpoint }, {}, {})
        local x = {}
        if not route.read(x, "/" .. segment) or not routes:find(x) then return nil end
        local params, list = route.params(endpoint, x), {}
        for name in template:gmatch "{(%w+)}" do list[#list + 1] = params[name] end
        return table.concat(list, ",")
        """,
        template.encode(),
        segment.encode(),
    )
    assert (found and found.decode()) == values


@pytest.mark.parametrize(
    ("target", "endpoint"),
    [
        ("/a/b", "1"),
        ("/a/x", "2"),
        ("/a/b/c", "3"),  # the literal leads nowhere, so its neighbour is tried
        ("/a/b/d", "4"),
        ("/a/x.txt", "5"),
        ("/a/x.y.txt", "6"),  # more text wins
        ("/z", None),
        ("/a", None),
    ],
)
def test_the_most_literal_path_wins_wherever_it_leads(target: str, endpoint: str | None) -> None:
    found = lua(
        """
        local route = require "oakum.route"
        local endpoints = {}
        for i, segments in ipairs {
          { "a", "b" }, { "a", "{x}" }, { "a", "{x}", "c" }, { "a", "b", "d" },
          { "a", "{x}.txt" }, { "a", "{x}.y.txt" },
        } do endpoints[i] = { segments = segments, method = "GET", id = tostring(i) } end
        local routes, x = route.new(endpoints, {}, {}), {}
        assert(route.read(x, ...))
        local leaf = routes:find(x)
        return leaf and leaf.GET and leaf.GET.id
        """,
        target.encode(),
    )
    assert (found and found.decode()) == endpoint


@pytest.mark.parametrize(
    ("text", "n", "entry"),
    [
        ("a, b, c", 1, "c"),
        ("a, b, c", 3, "a"),
        ("a, b, c", 4, None),
        ("a", 1, "a"),
        ("a,", 1, None),
        ("", 1, None),
    ],
)
def test_addresses_are_counted_from_the_right(text: str, n: int, entry: str | None) -> None:
    found = lua('return (require "oakum.headers").from_right(...)', text.encode(), n)
    assert (found and found.decode()) == entry


def test_a_cache_is_bounded_whatever_its_keys_are() -> None:
    kept, young, fresh = lua(
        """
        local cache = require("oakum.cache").new(100000)
        cache:put("used", 1)
        for i = 1, 5000 do
          cache:put(("x"):rep(100) .. i, i)
          cache:get "used"
        end
        local n = 0
        for _ in pairs(cache.young) do n = n + 1 end
        for _ in pairs(cache.old) do n = n + 1 end
        return cache:get "used", n, cache:get(("x"):rep(100) .. 5000)
        """
    )
    assert (kept, fresh) == (1, 5000)
    assert young < 700


def test_names_of_headers_that_clients_make_up_do_not_pile_up() -> None:
    assert lua(
        """
        local headers = require("oakum.headers").new(
          { service = "", strip = {}, headers = {} }, {})
        local function size()
          collectgarbage()
          return collectgarbage "count"
        end
        local before = size()
        for i = 1, 20000 do
          headers:read({}, { { "x-" .. i, "v" }, { ("y"):rep(200) .. i, "v" } })
          headers:answered({ { "x-" .. i, "v" } }, false)
        end
        return size() - before < 2000
        """
    )


def test_a_setup_without_a_key_still_hides_who_it_was(setup: Setup, tmp_path: Path) -> None:
    lines = []
    for name in ("a", "b"):
        guard = LuaGuard(setup, str(tmp_path / name), audit_key=None)
        lines.append(guard.exchange(get("/members/ann", ANN)).audit["who"])
    assert lines[0] != lines[1]


def test_a_service_without_a_value_leaves_the_callers_own_credentials(tmp_path: Path) -> None:
    service = {"guard": {"service": {"header": "x-service-key", "env": "CLUB_KEY"}}}
    setup = replace(setup_of(tmp_path, policy=service), service="")
    with lua_guard(setup) as guard:
        asked = guard.exchange(get("/members/bob", ANN)).asked
    assert [each.header("cookie") for each in asked] == ["sid=ann"] * 3
    assert [each.header("x-service-key") for each in asked] == [None] * 3


def test_an_engine_that_is_started_without_its_service_key_lets_nothing_through(
    tmp_path: Path,
) -> None:
    service = {"guard": {"service": {"header": "x-service-key", "env": "CLUB_KEY"}}}
    setup = replace(setup_of(tmp_path, policy=service), service="")
    guard = LuaGuard(setup, str(tmp_path / "state"), service_env="CLUB_KEY")
    outcome = guard.exchange(get("/members/bob", ANN))
    assert outcome.response.status == 503
    assert not outcome.asked and outcome.forwarded is None


@pytest.mark.parametrize(("key", "passes"), [(AUDIT_KEY, True), (b"another", False), (None, False)])
def test_a_deny_list_of_another_key_lets_nothing_through(
    setup: Setup, tmp_path: Path, key: bytes | None, passes: bool
) -> None:
    made = check_of(AUDIT_KEY)
    guard = LuaGuard(setup, str(tmp_path / "state"), audit_key=key, deny_key=made)
    outcome = guard.exchange(get("/members/ann", ANN))
    assert (outcome.response.status != 503) == passes
    assert bool(outcome.asked) == passes

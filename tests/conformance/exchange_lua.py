"""The Lua runtime behind the exchange cases: what an engine's adapter does, without an engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from oakum.routing.problem_details import PROBLEM_HEADERS, problem
from tests.conformance.exchanges import AUDIT_KEY, Headers, Outcome, Request, Response, Setup
from tests.conformance.lua import runtime

_BRIDGE = b"""
local json, enforcement = require "oakum.json", require "oakum.enforcement"
local bridge = {}

-- The same marks of staleness each time: two ids may share one, so that a write of one makes the
-- other stale. By keys that are drawn, 5 of 1,500 runs of a case asked once more who the caller is.
local hash = require "oakum.hash"
local random = hash.random
function hash.random(n) return n == 8 and "\\1\\2\\3\\4\\5\\6\\7\\8" or random(n) end

local function unflat(text)
  local list = {}
  for name, value in text:gmatch "([^%z]*)%z([^%z]*)%z" do list[#list + 1] = { name, value } end
  return list
end

local function flat(list)
  local parts = {}
  for i, pair in ipairs(list) do parts[i] = pair[1] .. "\\0" .. pair[2] .. "\\0" end
  return table.concat(parts)
end

function bridge.host(port)
  local host, claims = {}, {}
  function host.now() return port.now() - 1e9 end
  function host.time() return port.now() end
  function host.log(level, text) error(text) end
  function host.token(token)
    if claims[token] == nil then
      local text = port.token(token)
      claims[token] = text and json.decode(text) or false
    end
    return claims[token]
  end
  function host.ask(q)
    local status, headers, body, truncated =
      port.ask(q.method, q.target, flat(q.headers), q.timeout)
    if not status then return nil, "timeout" end
    local named = {}
    for _, pair in ipairs(unflat(headers)) do
      local before = named[pair[1]]
      named[pair[1]] = before and before .. ", " .. pair[2] or pair[2]
    end
    return { status = status, headers = named, body = body, truncated = truncated }
  end
  return host
end

function bridge.new(plan, port, settings)
  return enforcement.new(plan, bridge.host(port), json.plain(settings))
end

function bridge.enter(guard, method, target, headers, body, host, scheme, address, unread)
  local function read()
    if unread then return nil, unread end
    return body
  end
  local x = guard:enter {
    method = method, target = target, headers = unflat(headers), host = host, scheme = scheme,
    address = address, body = read,
  }
  if x.deny then return x, x.deny.status, flat(x.deny.headers), x.deny.body end
  local drop, kept = {}, {}
  for _, name in ipairs(x.remove) do drop[name] = true end
  for _, pair in ipairs(x.set) do drop[pair[1]] = true end
  for _, pair in ipairs(unflat(headers)) do
    if not drop[pair[1]] then kept[#kept + 1] = pair end
  end
  for _, pair in ipairs(x.set) do kept[#kept + 1] = pair end
  return x, nil, flat(kept), x.body or body, x.method, x.target
end

function bridge.leave(guard, x, status, headers, body, truncated, own)
  local out = guard:leave(x, {
    status = status, headers = unflat(headers), body = body, truncated = truncated, own = own,
  })
  return out.status, flat(out.headers), out.body or ""
end

function bridge.begin(guard, x, status, headers, kind)
  local head = { status = status, headers = unflat(headers), body = "", stream = kind }
  local out = guard:leave(x, head)
  return out.status, out.status == status and out.body == "" and type(x.stream) == "table"
end

function bridge.event(guard, x, text) return guard:event(x, text) end

function bridge.several(guard, port)
  local host = guard.host
  function host.ask_all(list)
    port.batch(#list)
    local answers = {}
    for i, q in ipairs(list) do answers[i] = host.ask(q) or false end
    return answers
  end
end

function bridge.audit(guard, x) return guard:audit(x) end
return bridge
"""


def _flat(headers: Headers) -> bytes:
    return b"".join(part.encode() + b"\0" for pair in headers for part in pair)


def _unflat(text: bytes) -> Headers:
    parts = [part.decode() for part in text.split(b"\0")[:-1]]
    return tuple(zip(parts[::2], parts[1::2], strict=True))


Worker = tuple[Any, Any]
"""A Lua state and its bridge, as a worker of an engine has one: its modules keep no more than what
is the same for every contract, so several guards may come of it, one after another."""


def begun() -> Worker:
    lua = runtime()
    return lua, lua.execute(_BRIDGE)


class LuaGuard:
    """Enforcement by `oakum.guard.lua`, in this process."""

    def __init__(
        self,
        setup: Setup,
        state: str,
        audit_key: bytes | None = AUDIT_KEY,
        worker: Worker | None = None,
        **more: str,
    ) -> None:
        """`worker`: whose modules it takes, in place of its own; `more`: settings as an engine's
        own."""
        self.lua, self._bridge = worker or begun()
        lua = self.lua
        self.setup = setup
        self._asked: list[Request] = []
        port = lua.table()
        port[b"now"] = lambda: setup.clock.now
        port[b"token"] = self._token
        port[b"ask"] = self._ask
        settings = {
            "state": state,
            "observe": setup.observe,
            "timeout": 15.0,
            "denied": dict(setup.denied),
            "service": setup.service,
            **({"audit_key": audit_key.decode()} if audit_key else {}),
            **more,
        }
        plan = setup.plan
        self._port = port
        self._guard = self._bridge.new(plan.encode(), port, orjson.dumps(settings))

    def ask_all(self, note: Callable[[int], None]) -> None:
        """From now on the host asks several at once; `note` is told how many."""
        self._port[b"batch"] = note
        self._bridge.several(self._guard, self._port)

    def _token(self, token: bytes) -> bytes | None:
        claims = self.setup.tokens.get(token.decode())
        return None if claims is None else orjson.dumps(claims)

    def _ask(self, method: bytes, target: bytes, headers: bytes, timeout: float) -> Any:
        request = Request(method.decode(), target.decode(), _unflat(headers))
        self._asked.append(request)
        assert timeout > 0
        answer = self.setup.upstream.answer(request)
        if answer is None:
            self.setup.clock.now += timeout
        if answer is None or answer.raw is not None:
            return None
        return answer.status, _flat(answer.headers), answer.body, answer.truncated

    def exchange(
        self, request: Request, *, unread: str | None = None, own: Response | None = None
    ) -> Outcome:
        """`unread`: why the engine could not read the body; `own`: its own answer instead."""
        self._asked = []
        x, status, headers, body, *rest = self._bridge.enter(
            self._guard,
            request.method.encode(),
            request.target.encode(),
            _flat(request.headers),
            request.body,
            request.host.encode(),
            request.scheme.encode(),
            request.address.encode(),
            unread and unread.encode(),
        )
        if status is not None:
            sent = Response(int(status), _unflat(headers), body)
            return Outcome(sent, None, self._asked, self._audit(x))
        method, target = rest
        forwarded = Request(method.decode(), target.decode(), _unflat(headers), body)
        answer = own or self.setup.upstream.answer(forwarded)
        if answer is None or answer.raw is not None:
            answer = own = Response(502, PROBLEM_HEADERS, problem(502).encode())
        out = self._bridge.leave(
            self._guard, x, answer.status, _flat(answer.headers), answer.body, answer.truncated,
            own is not None,
        )  # fmt: skip
        sent = Response(int(out[0]), _unflat(out[1]), out[2])
        return Outcome(sent, forwarded, self._asked, self._audit(x))

    def listen(self, request: Request, kind: str, events: list[bytes]) -> tuple[int, list[bytes]]:
        """The status of a feed, and what comes of its events."""
        self._asked = []
        x, status, *_ = self._bridge.enter(
            self._guard, request.method.encode(), request.target.encode(), _flat(request.headers),
            request.body, request.host.encode(), request.scheme.encode(),
            request.address.encode(), None,
        )  # fmt: skip
        if status is not None:
            return int(status), []
        typed = _flat((("content-type", kind),))
        name = {"text/event-stream": b"sse"}.get(kind, b"ndjson")
        status, begins = self._bridge.begin(self._guard, x, 200, typed, name)
        heard = [self._bridge.event(self._guard, x, each) for each in events] if begins else []
        return int(status), [each for each in heard if each is not None]

    def _audit(self, x: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._bridge.audit(self._guard, x))
        return found


class Workers:
    """A worker for the guards of many contracts. To read and start the modules takes as long as an
    exchange. Every few guards another one takes over: the files of state that the guards have
    mapped go with it."""

    def __init__(self, guards: int = 25) -> None:
        self._guards, self._left = guards, 0

    def next(self) -> Worker:
        if not self._left:
            self._worker, self._left = begun(), self._guards
        self._left -= 1
        return self._worker


WORKERS = Workers()


@contextmanager
def lua_guard(setup: Setup) -> Iterator[LuaGuard]:
    with TemporaryDirectory() as folder:
        yield LuaGuard(setup, f"{folder}/state", worker=WORKERS.next())

"""What the guard does to one answer, without a gateway around it, in microseconds.

    python benchmarks/filter.py [--rounds 7]

First the projection alone: the Lua runtime (LuaJIT, in this process) cuts answers of 0.9 KB, 10 KB
and 1 MB for the owner and for a stranger in turn, beside the same done by hand with orjson (decode,
cut, encode) and the Python reference.

Then a whole request through the runtime, while the contract grows from 10 to 1,000 operations and
from 15 to 500 fields of the resource; the answer stays as it is. The goal is a cost that grows by
less than 20 %. `benchmarks/gateway/growth.py` asks the same of real gateways.

All take turns, round after round; shown are medians, and ratios within a round.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from lupa.luajit21 import LuaRuntime

from oakum.authz import Principal, compile_contract, project
from oakum.authz.project import Call
from oakum.guard.contract_reader import read_contract
from oakum.guard.lua import MODULES, source
from oakum.policy.contract import load

sys.path.insert(0, str(Path(__file__).with_name("gateway")))
import world

_LEAST = 0.05
"""Seconds that one measurement takes at least."""
_GROWN = ((10, 15), (1000, 15), (10, 500), (1000, 500))

Work = Callable[[int], None]
"""Does something so many times."""

_LUA = """
local json, project = require "oakum.json", require "oakum.project"

local M = {}

local function unasked() return nil end

function M.projection(plan_text, endpoint, path, body)
  local plan = project.load(json.plain(plan_text))
  local node = plan.endpoints[endpoint].answers["200"]["application/json"].node
  local params = {id = "u7"}
  local knows = {}
  for at, id in ipairs {"u7", "u21"} do
    knows[at] = {ids = {[id] = true}, claims = {}, related = unasked, state = unasked}
  end
  return function(count)
    local out
    for at = 1, count do
      local know, seen = knows[at % 2 + 1], {removed = {}}
      out = assert(project.body(plan, node, know, endpoint, params, 200, body, seen))
    end
    return out
  end
end

function M.request(plan_text, state, target, body)
  local host = {
    now = os.clock, time = os.time, log = function() end,
    ask = function() return nil, "nobody to ask" end,
    token = function(request) return request.claims end,
  }
  local settings = {audit_key = "k", service = "", state = state}
  local guard = require("oakum.enforcement").new(plan_text, host, settings)
  local requests = {}
  for at, id in ipairs {"u7", "u21"} do
    requests[at] = {
      method = "GET", target = target, host = "api", scheme = "http", address = "127.0.0.1",
      headers = {{"host", "api"}, {"accept", "*/*"}, {"authorization", "Bearer " .. id}},
      body = function() return "" end, claims = {sub = id},
    }
  end
  local answer = {status = 200, body = body, truncated = false, headers = {
    {"content-type", "application/json"}, {"content-length", tostring(#body)}}}
  return function(count)
    local out
    for at = 1, count do
      local x = guard:enter(requests[at % 2 + 1])
      assert(not x.deny, x.deny and x.deny.body)
      out = guard:leave(x, answer)
      assert(out.status == 200, out.body)
      guard:audit(x)
    end
    return out.body
  end
end

return M
"""


def main() -> int:
    """Measures and prints; 1 when the cost grows with the contract."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    print(
        f"Python {platform.python_version()}, orjson {orjson.__version__}, {os.cpu_count()} CPUs,"
        f" load {os.getloadavg()[0]:.2f}; medians of {rounds} rounds"
    )
    with tempfile.TemporaryDirectory() as name:
        small = world.make(Path(name) / "small")
        bodies = {
            "0.9 KB": (world.OBJECT, world.text(world.OBJECT).encode()),
            "10 KB": (world.LIST, world.text(world.LIST).encode()),
            "1 MB": (world.LIST, _list(2160)),
        }
        print(f"\n{'projection':10} {'Lua µs':>10} {'orjson µs':>10} {'Python µs':>10}  Lua/orjson")
        for label, (path, body) in bodies.items():
            _projected(label, small, path, body, rounds)
        return _growth(Path(name), rounds)


def _list(length: int) -> bytes:
    """A list of so many members, as the API would send it."""
    value = {"data": [world.member(number, 92) for number in range(1, length + 1)]}
    return json.dumps(value, separators=(",", ":")).encode()


def _projected(label: str, made: world.World, path: str, body: bytes, rounds: int) -> None:
    policy = made.policy("RS256")
    plan = read_contract(policy).plan.text
    contract = load(policy)
    assert contract.policy is not None
    model = compile_contract(contract.document, contract.policy)
    operation = "getMember" if path == world.OBJECT else "listMembers"
    endpoint = [each["id"] for each in json.loads(plan)["endpoints"]].index(operation) + 1
    lua = _runtime().projection(plan.encode(), endpoint, path.encode(), body)
    viewers = (world.OWNER, world.STRANGER)

    def by_hand(count: int) -> None:
        for at in range(count):
            world.filtered(body, viewers[at % 2])

    def reference(count: int) -> None:
        for at in range(count):
            who = Principal(frozenset((viewers[at % 2],)))
            project(model, who, Call(operation, {"id": "u7"}), body)

    shown = project(model, Principal(frozenset(("u7",))), Call(operation, {"id": "u7"}), body).body
    assert lua(2) == shown, "the runtime and the reference differ"
    assert orjson.loads(world.filtered(body, "u7")) == orjson.loads(shown or b"")
    took = _turns({"lua": lua, "orjson": by_hand, "python": reference}, rounds)
    ratio = [a / b for a, b in zip(took["lua"], took["orjson"], strict=True)]
    columns = "".join(f" {median(each) * 1e6:10.1f}" for each in took.values())
    print(f"{label:10}{columns}  {median(ratio):.2f} ({min(ratio):.2f}-{max(ratio):.2f})")


def _growth(folder: Path, rounds: int) -> int:
    """Whether a request costs more when the contract is larger."""
    requests: dict[str, Work] = {}
    compiling: dict[str, float] = {}
    for operations, fields in _GROWN:
        name = f"{operations} operations, {fields} fields"
        made = world.make(folder / name.replace(" ", ""), operations, fields)
        start = time.perf_counter()
        plan = read_contract(made.policy("RS256")).plan.text
        compiling[name] = time.perf_counter() - start
        body = world.text(world.OBJECT).encode()
        state = bytes(made.folder / "state")
        requests[name] = _runtime().request(plan.encode(), state, world.OBJECT.encode(), body)
    took = _turns(requests, rounds)
    base = took[next(iter(took))]
    print(f"\n{'one request of 0.9 KB':28} {'µs':>8}  {'ratio (min-max)':18} {'compiled in':>11}")
    grown = []
    for name, mine in took.items():
        ratios = [a / b for a, b in zip(mine, base, strict=True)]
        span = f"{median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        print(f"{name:28} {median(mine) * 1e6:8.2f}  {span:18} {compiling[name]:9.2f} s")
        grown.append(median(ratios))
    print(f"largest ratio {max(grown):.2f}; goal at most 1.20")
    return int(max(grown) > 1.2)


def _runtime() -> Any:
    """The measuring functions in a fresh LuaJIT that has the runtime's modules."""
    lua = LuaRuntime(encoding=None)
    preload = lua.eval(b"function(name, text) package.preload[name] = assert(load(text, name)) end")
    for name in MODULES:
        try:
            preload(f"oakum.{name}".encode(), source(name).encode())
        except FileNotFoundError:
            continue
    return lua.execute(_LUA.encode())


def _turns(works: dict[str, Work], rounds: int) -> dict[str, list[float]]:
    """Seconds of CPU that each takes for one, round after round; the first is not counted."""
    counts = {name: _enough(work) for name, work in works.items()}
    took: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            start = time.process_time()
            work(counts[name])
            if number:
                took[name].append((time.process_time() - start) / counts[name])
    return took


def _enough(work: Work) -> int:
    """How many fill the least time; an even number, since two callers take turns."""
    count = 2
    while True:
        start = time.process_time()
        work(count)
        if time.process_time() - start > _LEAST:
            return count
        count *= 2


if __name__ == "__main__":
    sys.exit(main())

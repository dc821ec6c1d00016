"""The Lua runtime in this process, behind the signature of the reference."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import lupa.luajit21 as lupa
import orjson

from oakum.authz import Model, Principal
from oakum.authz.compiled_model import answer_media
from oakum.authz.declared_media import key
from oakum.authz.project import Call
from oakum.guard.compiled.enforcement_plan import LookupPlan, _far_states, kind_of
from oakum.guard.compiled.granted_endpoint import GrantedEndpoint
from oakum.guard.lua import MODULES, source
from oakum.guard.plan.render import _Renderer
from oakum.openapi.model import Json
from oakum.routing.operation_by_path_values import path_choices

_BRIDGE = b"""
local json, project, decide = require "oakum.json", require "oakum.project", require "oakum.decide"
local cutters = { json = project.body, csv = require "oakum.csv".body }
local bridge = { seen = { removed = {} } }
function bridge.load(text) return project.load(assert(json.plain(text))) end
-- A caller at an endpoint: a function from bodies to what of them passes.
function bridge.at(plan, endpoint, who, call)
  local told, asked = assert(json.decode(who)), assert(json.decode(call))
  local ids, anonymous = {}, true
  for i = 1, told.ids.n do ids[told.ids[i]] = true; anonymous = false end
  local know = { ids = ids, anonymous = anonymous, claims = told.claims }
  function know.related(index, owner)
    local known = told.related[plan.relations[index].name]
    return known and known[owner]
  end
  function know.state(path, owner)
    local known = told.states[path]
    return known and known[owner]
  end
  local params = asked.params
  if not decide.may_call(plan, endpoint, know, params) then
    return function() return nil, "call" end
  end
  if asked.accept ~= json.null then
    local node, subject = plan.endpoints[endpoint].accept[asked.media], nil
    if asked.accept then
      local said = asked.accept
      subject = { owners = said.owners, resource = said.resource, states = said.states }
    end
    return function(body)
      return project.accept(plan, node, know, endpoint, params, body, subject, { removed = {} })
    end
  end
  local answers = plan.endpoints[endpoint].answers
  local answer = asked.status ~= json.null and answers[asked.status][asked.media]
  local node = answer and (asked.good and answer.node or answer.error)
  local chosen = asked.chosen ~= json.null and {} or false
  for i = 1, chosen and asked.chosen.n or 0 do chosen[asked.chosen[i]] = true end
  return function(body)
    if body == "" then return "" end
    if not node then return nil, "undeclared" end
    local cut = cutters[answer.kind]
    local status = asked.good and 200 or 404
    bridge.seen = { removed = {}, owners = {}, chosen = chosen }
    return cut(plan, node, know, endpoint, params, status, body, bridge.seen)
  end
end
return bridge
"""


def runtime() -> Any:
    """A Lua state with every module of the runtime preloaded."""
    lua = lupa.LuaRuntime(encoding=None, unpack_returned_tuples=True)
    preload = lua.eval(
        b"function(name, code)"
        b" package.preload[name] = function() return assert(loadstring(code))() end"
        b" end"
    )
    for name, code in _modules():
        preload(name, code)
    return lua


@cache
def _modules() -> list[tuple[bytes, bytes]]:
    """Names and bytecode of the modules: parsed once, for hundreds of states."""
    lua = lupa.LuaRuntime(encoding=None, unpack_returned_tuples=True)
    compiled = lua.eval(
        b"function(name, text) return string.dump(assert(loadstring(text, '@' .. name))) end"
    )
    found = []
    for name in MODULES:
        with suppress(FileNotFoundError):
            full = f"oakum.{name}".encode()
            found.append((full, compiled(full, _sparse(name, source(name)).encode())))
    return found


RESERVED, SPARSE = "C.posix_fallocate(fd, 0, SIZE)", "C.ftruncate(fd, SIZE)"
"""How the file of state gets its size, and how it does for the length of a test: to write zeros to
all of it takes longer than what most cases do with it. `tests/unit/guard/lua/test_shared.py` tests
the former."""


def _sparse(name: str, text: str) -> str:
    assert text.count(RESERVED) == (name == "shared")
    return text.replace(RESERVED, SPARSE)


Removed = Mapping[str, int]
Cut = Callable[[bytes], bytes | None]


class Lua:
    """A model compiled and loaded; `at` and `project` answer as `semantics.project` does.
    `settings`: as of `compiled`."""

    def __init__(self, model: Model, lua: Any = None, settings: Collection[str] = ()) -> None:
        self._model = model
        self._bridge = (lua or runtime()).execute(_BRIDGE)
        self.plan = compiled(model, settings)
        self._plan = self._bridge.load(orjson.dumps(self.plan))
        self._endpoints = {
            endpoint["id"]: index + 1 for index, endpoint in enumerate(self.plan["endpoints"])
        }

    def project(self, principal: Principal, call: Call, body: bytes) -> bytes | None:
        return self.at(principal, call)(body)

    def at(self, principal: Principal, call: Call) -> Cut:
        """What of each body passes to this caller at this endpoint."""
        operation = self._model.operations.get(call.operation)
        if operation is None or call.operation not in self._endpoints:
            return lambda body: None
        media = answer_media(operation, call.status, call.media_type)
        status = next((s for s, each in operation.responses.items() if media in each), None)
        asked = {
            "params": dict(call.params),
            "status": status if media is not None and kind_of(media) in ("json", "csv") else None,
            "media": key(media.type) if media is not None else "",
            "good": call.status < 300,
            "accept": None,
            "chosen": None if call.chosen is None else sorted(call.chosen),
        }
        cut = self._bridge.at(
            self._plan,
            self._endpoints[call.operation],
            orjson.dumps(_told(principal)),
            orjson.dumps(asked),
        )
        return lambda body: _first(cut(body))

    @property
    def removed(self) -> Removed:
        """How often each field was removed from the last body, if that could be read."""
        told = self._bridge.seen[b"removed"]
        return {name.decode(): int(times) for name, times in told.items()} if told else {}

    @property
    def shown(self) -> bool:
        """Whether what passes of the last body shows an object, if anything of it passes."""
        return bool(self._bridge.seen[b"shown"])


def _first(found: Any) -> bytes | None:
    made: bytes | None = found[0] if isinstance(found, tuple) else found
    return made


def _told(principal: Principal) -> Json:
    related: dict[str, dict[str, bool]] = {}
    for (name, owner), held in principal.related.items():
        related.setdefault(name, {})[owner] = held
    states: dict[str, dict[str, Json]] = {}
    for (owner, path), value in principal.states.items():
        states.setdefault(path, {})[owner] = value
    return {
        "ids": sorted(principal.ids),
        "claims": dict(principal.claims),
        "related": related,
        "states": states,
    }


def compiled(model: Model, settings: Collection[str] = ()) -> Mapping[str, Any]:
    """The plan of a model whose document is only its operations. Nothing is looked up; a test says
    what was found of the settings that the contract looks up, and of `settings`
    (`Resource.state`)."""
    endpoints = {
        id: GrantedEndpoint(operation, tuple(operation.path.strip("/").split("/")), conceals=True)
        for id, operation in model.operations.items()
        if id in model.rules or id in model.showing
    }
    operations = [*model.operations.values()]
    plan = LookupPlan(endpoints, (), {}, {}, path_choices(operations), None, ())
    states = {path: {"ask": 0} for path in (*_far_states(model.policy), *settings)}
    return {**_Renderer(model, plan).plan(Path()), "states": states}

"""The Lua runtime in this process, behind the signature of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lupa.luajit21 as lupa
import orjson

from oakum.contract.model import Json
from oakum.guard.lua import MODULES, source
from oakum.guard.plan import _Compiler
from oakum.guard.wiring import Door, Target, Wiring
from oakum.semantics import Model, Principal
from oakum.semantics.model import answer_media
from oakum.semantics.project import Call

_BRIDGE = b"""
local json, project, held = require "oakum.json", require "oakum.project", require "oakum.held"
local bridge = {}
function bridge.load(text) return project.load(assert(json.plain(text))) end
function bridge.run(plan, door, who, call, body)
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
  if not held.may_call(plan, door, know, asked.params) then return nil, "call" end
  if asked.accept ~= json.null then
    local node = plan.doors[door].accept[asked.media]
    local subject
    if asked.accept then
      subject = { owners = asked.accept.owners, resource = asked.accept.resource, states = asked.accept.states }
    end
    return project.accept(plan, node, know, door, asked.params, body, subject, { removed = {} })
  end
  local answer = plan.doors[door].answers[asked.status][asked.media]
  local node = asked.good and answer.node or answer.error
  local seen = { removed = {}, owners = {} }
  return project.body(plan, node, know, door, asked.params, 200, body, seen)
end
return bridge
"""


def runtime() -> Any:
    """A Lua state with every module of the runtime preloaded."""
    lua = lupa.LuaRuntime(encoding=None, unpack_returned_tuples=True)
    for name in MODULES:
        try:
            text = source(name)
        except FileNotFoundError:
            continue
        lua.globals().package.preload[f"oakum.{name}".encode()] = lua.eval(
            b"function(name, text) return function() return assert(loadstring(text, name))() end end"
        )(f"@oakum/{name}.lua".encode(), text.encode())
    return lua


class Lua:
    """A model compiled and loaded; `project` answers as `semantics.project` does."""

    def __init__(self, model: Model, lua: Any = None) -> None:
        self._model = model
        self._bridge = (lua or runtime()).execute(_BRIDGE)
        self.plan = compiled(model)
        self._plan = self._bridge.load(orjson.dumps(self.plan))
        self._doors = {door["id"]: index + 1 for index, door in enumerate(self.plan["doors"])}

    def project(self, principal: Principal, call: Call, body: bytes) -> bytes | None:
        operation = self._model.operations.get(call.operation)
        if operation is None or call.operation not in self._doors:
            return None
        if not body:
            return b""
        media = answer_media(operation, call.status, call.media_type)
        if media is None or not media.is_json:
            return None
        status = next(s for s, each in operation.responses.items() if media in each)
        asked = {
            "params": dict(call.params),
            "status": status,
            "media": media.type.split(";")[0].strip().lower(),
            "good": call.status < 300,
            "accept": None,
        }
        return self._run(call.operation, principal, asked, body)

    def _run(
        self, operation: str, principal: Principal, asked: Json, body: bytes
    ) -> bytes | None:
        found = self._bridge.run(
            self._plan,
            self._doors[operation],
            orjson.dumps(_told(principal)),
            orjson.dumps(asked),
            body,
        )
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


def compiled(model: Model) -> Mapping[str, Any]:
    """The plan of a model whose document is only its operations: nothing can be looked up."""
    doors = {
        id: Door(
            operation,
            tuple(operation.path.strip("/").split("/")),
            False,
            Target("none"),
            (),
            frozenset(),
            True,
            False,
        )
        for id, operation in model.operations.items()
        if id in model.rules or id in model.showing
    }
    wiring = Wiring(doors, (), {}, {}, None, ())
    from pathlib import Path

    return _Compiler(model, wiring).plan(Path())

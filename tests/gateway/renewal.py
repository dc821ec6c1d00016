"""Engines that forget: one process for many cases, and for each a guard that has seen no request
before.

To start an engine takes twenty times what it takes to make a guard within one. So the rendered
script is the body of a function here, which a request of the tests runs anew: every module of the
runtime is loaded again, over a new file of state. The script of another contract is loaded from a
file in its place, where that contract changes no other file of the engine. What the engine keeps is
its connections to the API, and a module that declares a type, which no process takes twice.

The marks of staleness are the same each time: two ids may share one, so that a write of one makes
the other stale. By keys that are drawn, one run of a case in some hundreds asks once more for it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from oakum.errors import Problem
from oakum.guard.engine_protocol import Deployment, EngineControl, EngineTarget
from oakum.openapi.document import Document
from oakum.openapi.model import Json
from tests.conformance.lua import RESERVED, SPARSE

HEADER = "x-renew-guard"
DONE = 204

_ANEW = """
local function make()
%s
end
local function anew(script)
  if script ~= "same" then make = setfenv(assert(loadfile(script)), getfenv(1)) end
  for name in pairs(package.loaded) do
    if name:find("^oakum%%.") and name ~= "oakum.places" then package.loaded[name] = nil end
  end
  return make()
end
"""
# The line is one of the audit, as every request has one; and by it the sentinel knows the reply.
_ENVOY = """
make()
local enter, leave = envoy_on_request, envoy_on_response
function envoy_on_request(handle)
  local script = handle:headers():get "x-renew-guard"
  if not script then return enter(handle) end
  local own, other = envoy_on_request, envoy_on_response
  anew(script)
  enter, leave = envoy_on_request, envoy_on_response
  envoy_on_request, envoy_on_response = own, other
  handle:streamInfo():dynamicMetadata():set("oakum", "line", "{}")
  handle:respond({ [":status"] = "204" }, "")
end
function envoy_on_response(handle) return leave(handle) end
"""
_NGINX = """
local heeding
function heeding(made)
  local content = made.content
  function made.content()
    local script = ngx.req.get_headers()["x-renew-guard"]
    if not script then return content() end
    oakum.now = heeding(anew(script))
    return ngx.exit(204)
  end
  return made
end
return heeding(make())
"""


_SCRIPTS = "policy.json", "oakum.lua"
_FOR_TESTS = {
    "hash.random(8)": r'"\1\2\3\4\5\6\7\8"',
    RESERVED: SPARSE,
}


def _prepared(code: str) -> str:
    """A rendered script with the same marks each time."""
    for said, instead in _FOR_TESTS.items():
        assert code.count(said) == 1
        code = code.replace(said, instead)
    return code


class Renewable:
    """An engine whose guard is made anew by a request with `HEADER`: `same`, or the path of another
    contract's script."""

    def __init__(self, target: EngineTarget) -> None:
        self._target = target
        self.name, self.feeds, self.audit_log = target.name, target.feeds, target.audit_log
        self.distribution = target.distribution
        self.control: EngineControl = target.control
        self._others: Mapping[str, bytes] = {}

    def render(self, deployment: Deployment) -> Mapping[str, bytes]:
        rendered = dict(self._target.render(deployment))
        self._others = _others(rendered)
        if self.name == "envoy":
            policy, code = _policy(rendered)
            code["inline_string"] = _ANEW % _prepared(code["inline_string"]) + _ENVOY
            rendered["policy.json"] = json.dumps(policy).encode()
        else:
            first, _, rest = rendered["oakum.lua"].decode().partition("\n")
            anew = (
                f"{first}\n{_ANEW % _prepared(rest)}{_NGINX}"  # by the first, changes are noticed
            )
            rendered["oakum.lua"] = anew.encode()
        return rendered

    def script(self, deployment: Deployment) -> str | None:
        """What makes the guard of another deployment in the running engine; None where other files
        differ as well."""
        rendered = self._target.render(deployment)
        if _others(rendered) != self._others:
            return None
        if self.name == "envoy":
            return _prepared(_policy(rendered)[1]["inline_string"])
        return _prepared(rendered["oakum.lua"].decode())

    def program(self) -> str:
        return self._target.program()

    def unserved_operations(self, document: Document) -> Iterable[Problem]:
        return self._target.unserved_operations(document)

    def command(self, folder: Path, *, exported: bool = False) -> list[str]:
        return self._target.command(folder, exported=exported)

    def validate(self, folder: Path) -> None:
        self._target.validate(folder)


def _others(rendered: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The files beside the script."""
    return {name: text for name, text in rendered.items() if name not in _SCRIPTS}


def _policy(rendered: Mapping[str, bytes]) -> tuple[Json, dict[str, str]]:
    """Envoy's policy, and the part of it that is the script."""
    policy = json.loads(rendered["policy.json"])
    return policy, policy["resources"][0]["typed_config"]["default_source_code"]

"""Engines that forget: one process for the cases of one contract, and for each a guard that has
seen no request before.

To start an engine takes twenty times what it takes to make a guard within one. So the rendered
script is the body of a function here, which a request of the tests runs anew: every module of the
runtime is loaded again, over a new file of state. What the engine keeps is its connections to the
API, and a module that declares a type, which no process takes twice.

The marks of staleness are the same each time: two ids may share one, so that a write of one makes
the other stale. By keys that are drawn, one run of a case in some hundreds asks once more for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from oakum.guard.target import Control, Deployment, Target

HEADER = "x-renew-guard"
DONE = 204

_ANEW = """
local function make()
%s
end
local function anew()
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
  if not handle:headers():get "x-renew-guard" then return enter(handle) end
  local own, other = envoy_on_request, envoy_on_response
  anew()
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
    if not ngx.req.get_headers()["x-renew-guard"] then return content() end
    oakum.now = heeding(anew())
    return ngx.exit(204)
  end
  return made
end
return heeding(make())
"""


_DRAWN, _SAME = "hash.random(8)", r'"\1\2\3\4\5\6\7\8"'


def _repeatable(code: str) -> str:
    """A rendered script with the same marks each time."""
    assert code.count(_DRAWN) == 1
    return code.replace(_DRAWN, _SAME)


class Renewable:
    """An engine whose guard is made anew by a request with `HEADER`."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.name, self.feeds = target.name, target.feeds
        self.control: Control = target.control

    def render(self, deployment: Deployment) -> Mapping[str, bytes]:
        rendered = dict(self._target.render(deployment))
        if self.name == "envoy":
            policy = json.loads(rendered["policy.json"])
            code = policy["resources"][0]["typed_config"]["default_source_code"]
            code["inline_string"] = _ANEW % _repeatable(code["inline_string"]) + _ENVOY
            rendered["policy.json"] = json.dumps(policy).encode()
        else:
            said = rendered["oakum.lua"].decode()
            first, _, rest = said.partition("\n")  # by which workers notice a change
            rendered["oakum.lua"] = f"{first}\n{_ANEW % _repeatable(rest)}{_NGINX}".encode()
        return rendered

    def command(self, folder: Path) -> list[str]:
        return self._target.command(folder)

    def validate(self, folder: Path) -> None:
        self._target.validate(folder)

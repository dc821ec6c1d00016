"""The real bundle around a core that decides nothing (`core.lua`), so that an engine is tested
alone."""

from __future__ import annotations

import json
from pathlib import Path

from oakum.guard.lua import bundle
from oakum.openapi.model import Json

CORE = Path(__file__).with_name("core.lua").read_text("utf-8")
GUARD: dict[str, Json] = {
    "max_body": 16384,
    "hops": 0,
    "websockets": ["/websocket"],
    "tokens": None,
}


def stubbed(adapter: str, plan: str, *, packed: bool = False) -> str:
    """Stands in for `oakum.guard.lua.bundle`."""
    preload = f'package.preload["oakum.enforcement"] = function(...)\n{CORE}\nend\n'
    return bundle(preload + adapter, plan, packed=packed)


def plan(contract: str = "0123456789abcdef", **guard: Json) -> str:
    return json.dumps(
        {
            "version": 1,
            "contract": contract,
            "credentials": [
                {"where": "header", "name": "authorization"},
                {"where": "cookie", "name": "session.id"},
                {"where": "query", "name": "key"},
            ],
            "guard": GUARD | guard,
        }
    )

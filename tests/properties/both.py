"""One contract in front of one API, enforced in Python and in Lua: both have to agree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.conformance.exchanges import Request, Setup


@dataclass(repr=False)
class Both:
    """The guards of a contract, and what they let ann write."""

    setup: Setup
    guards: list[Any]

    def onward(self, method: str, target: str, body: Any) -> Any:
        """What goes on of a body of ann's, the same of each implementation; None: it is refused."""
        headers = (("x-session", "ann"), ("content-type", "application/json"))
        sent = Request(method, target, headers, json.dumps(body).encode())
        found = []
        for guard in self.guards:
            self.setup.clock.now += 1e5
            forwarded = guard.exchange(sent).forwarded
            found.append(forwarded and forwarded.body)
        assert found[0] == found[1]
        return None if found[0] is None else json.loads(found[0])

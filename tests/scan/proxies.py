"""An HTTP proxy that forwards to one server on loopback, until it stops."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.scan.servers import Call, Reply

_OWN = frozenset({"connection", "content-length", "content-type", "host", "transfer-encoding"})


@dataclass
class Proxy:
    """Answers `stopped` in place of the server, once `at` has said so of a call that was answered.
    `without`: how many further calls pass before that."""

    target: str
    stopped: Reply = field(default_factory=lambda: Reply(drop=True))
    at: Callable[[Call], bool] = lambda call: False
    is_stopped: bool = False

    def __call__(self, call: Call) -> Reply:
        if self.is_stopped:
            return self.stopped
        passed = self._passed(call)
        self.is_stopped = self.at(call)
        return passed

    def _passed(self, call: Call) -> Reply:
        server = http.client.HTTPConnection(urlsplit(self.target).netloc)
        path = f"{call.path}?{call.asked}" if call.asked else call.path
        headers = {name: value for name, value in call.headers.items() if name != "host"}
        server.request(call.method, path, call.body, headers)
        answer = server.getresponse()
        body = answer.read()
        server.close()
        kept = tuple(
            (name, value) for name, value in answer.getheaders() if name.lower() not in _OWN
        )
        typed = (("content-type", answer.getheader("content-type", "text/plain")),)
        return Reply(answer.status, body, (*kept, *typed))

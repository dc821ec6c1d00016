"""A browser's worth of HTTP for one application in this process: cookies, JSON, no socket.

Starlette's test client starts a thread for each request, which is most of the time it takes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import unquote

from fastapi import FastAPI

_LOOP = asyncio.new_event_loop()
_PATIENCE = 60.0  # seconds for one answer: an endpoint that waits for ever fails, and does not hang


@dataclass(frozen=True)
class Answer:
    status_code: int
    headers: dict[str, str]
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


class Client:
    """Keeps the cookies that it is given, and sends its headers with every request.

    Of a feed it hears what there is, and hangs up at the first comment.
    """

    def __init__(self, app: FastAPI, headers: Mapping[str, str] | None = None) -> None:
        self._app = app
        self._headers = [(k.encode(), v.encode("latin-1")) for k, v in (headers or {}).items()]
        self._cookies: dict[str, str] = {}

    def get(self, url: str) -> Answer:
        return self.request("GET", url)

    def post(self, url: str, json: Any) -> Answer:
        return self.request("POST", url, json)

    def put(self, url: str, json: Any) -> Answer:
        return self.request("PUT", url, json)

    def delete(self, url: str) -> Answer:
        return self.request("DELETE", url)

    def request(self, method: str, url: str, body: Any = None) -> Answer:
        path, _, query = url.partition("?")
        headers = [(b"content-type", b"application/json"), *self._headers]
        if self._cookies:
            line = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            headers.append((b"cookie", line.encode()))
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method.upper(),
            "path": unquote(path),
            "query_string": query.encode(),
            "headers": headers,
        }
        sent = b"" if body is None else json.dumps(body).encode()
        return _LOOP.run_until_complete(self._exchange(scope, sent))

    async def _exchange(self, scope: dict[str, Any], sent: bytes) -> Answer:
        messages: list[Any] = []
        heard_all = asyncio.Event()

        requests = iter([{"type": "http.request", "body": sent}])

        async def receive() -> dict[str, Any]:
            for request in requests:
                return request
            await heard_all.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)
            if message.get("body", b"").startswith(b":"):
                heard_all.set()

        async with asyncio.timeout(_PATIENCE):
            await self._app(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        for name, morsel in SimpleCookie(headers.get("set-cookie", "")).items():
            self._cookies[name] = morsel.value
        content = b"".join(message.get("body", b"") for message in messages[1:])
        return Answer(messages[0]["status"], headers, content)

"""A proxy as a Python programmer writes it by hand: verify, forward, filter, answer. ASGI.

The strongest honest form of it: tokens are verified once, connections to the API stay open, and
the filter is written out for this one API. `forward` is the same proxy without the filter.

Environment: `API_PORT`, and for `app` `API_KEYS` (file of the key set) and `API_ALGORITHM`.
"""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import orjson
import world
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_PORT = int(os.environ["API_PORT"])
_idle: list[Stream] = []


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Verified, forwarded and filtered."""
    if scope["type"] != "http":
        return
    viewer = _viewer(dict(scope["headers"]).get(b"authorization", b""))
    if viewer is None:
        await _answer(send, 401, b"{}")
        return
    status, body = await _ask(scope["raw_path"])
    await _answer(send, status, world.filtered(body, viewer) if status == 200 else body)


async def forward(scope: Scope, receive: Receive, send: Send) -> None:
    """Forwarded only."""
    if scope["type"] == "http":
        await _answer(send, *await _ask(scope["raw_path"]))


@functools.lru_cache(maxsize=1000)
def _viewer(header: bytes) -> str | None:
    keys = KeySet.import_key_set(orjson.loads(Path(os.environ["API_KEYS"]).read_bytes()))
    check = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": world.ISSUER},
        aud={"essential": True, "value": world.AUDIENCE},
        exp={"essential": True},
    )
    try:
        token = jwt.decode(
            header.removeprefix(b"Bearer "), keys, algorithms=[os.environ["API_ALGORITHM"]]
        )
        check.validate(token.claims)
    except (JoseError, ValueError):
        return None
    return str(token.claims["sub"])


async def _ask(path: bytes) -> tuple[int, bytes]:
    reader, writer = _idle.pop() if _idle else await asyncio.open_connection("127.0.0.1", _PORT)
    writer.write(b"GET " + path + b" HTTP/1.1\r\nhost: api\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
    body = await reader.readexactly(int(length))
    _idle.append((reader, writer))
    return int(head[9:12]), body


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""A real engine behind the exchange cases: real sockets, real tokens, a scripted API."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cached_property
from typing import Any

from joserfc import jwt
from joserfc.jwk import OctKey

from oakum.guard.engine_protocol import EngineTarget
from oakum.openapi.model import Json
from tests.conformance.exchanges import AUDIT_KEY, START, Headers, Outcome, Request, Response, Setup
from tests.gateway.client import Reply, request, send
from tests.gateway.engine import Engine, planned, start
from tests.gateway.renewal import DONE, HEADER, Renewable

SERVICE, KEY = "TEST_SERVICE_KEY", "TEST_AUDIT_KEY"
MARK = "x-correlation-id"
"""Stands on what a client sent, and so not on what the guard itself asks."""
SECRET = b"a key for the tokens of tests: 32 bytes and more"
FORGER = b"a key that nobody trusts, of 32 bytes and more"
_FRAMING = ("content-length", "connection", "transfer-encoding", "keep-alive")
"""An HTTP server's own, like the date of what no API has dated."""


class Scripted:
    """The script of a case as a server; notes what it is asked."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.seen: list[Request] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def play(self, setup: Setup) -> None:
        """Another script from now on."""
        self._setup = setup
        self.seen.clear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def hang_up(self) -> None:
        """Takes no connection any more, and ends those that there are."""
        self.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError), connection.makefile("rb") as reader:
            while line := reader.readline():
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = []
                while field := reader.readline().decode("latin-1").rstrip("\r\n"):
                    name, _, value = field.partition(":")
                    headers.append((name.lower(), value.strip()))
                body = _body(reader, dict(headers))
                asked = Request(method, target, tuple(headers), body)
                self.seen.append(asked)
                answer = self._setup.upstream.answer(_unsigned(asked))
                if answer is None:
                    time.sleep(4)
                    return
                if answer.raw is not None:
                    connection.sendall(answer.raw)
                    return
                connection.sendall(_written(answer))
                if answer.truncated:
                    return


def _body(reader: Any, headers: Mapping[str, str]) -> bytes:
    if "chunked" not in headers.get("transfer-encoding", ""):
        return bytes(reader.read(int(headers.get("content-length", "0"))))
    parts = []
    while size := int(reader.readline().split(b";")[0], 16):
        parts.append(reader.read(size))
        reader.readline()
    reader.readline()
    return b"".join(parts)


def _written(answer: Response) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} Said"]
    lines += [f"{name}: {value}" for name, value in answer.headers if name not in _FRAMING]
    length = len(answer.body) + (10 if answer.truncated else 0)
    if answer.status not in (204, 304) and answer.status >= 200:
        lines.append(f"content-length: {length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + answer.body


# --------------------------------------------------------------------------- tokens


_NAMED = re.compile(r"\bt\.(\w+)\.(ok|forged)\b")
_TOKEN = re.compile(r"(?<![\w-])[\w-]++\.([\w-]++)\.[\w-]+")


def _signed(setup: Setup, value: str) -> str:
    """A header with the name of a token replaced by a token that says what the name stands for:
    `Bearer name`, or `t.name.ok` anywhere; `t.name.forged` says the same, and nobody signed it."""
    word, _, name = value.partition(" ")
    if word.lower() == "bearer" and name.strip() in setup.tokens:
        return f"{word} {_token(setup, name.strip())}"
    return _NAMED.sub(lambda found: _token(setup, found[0]), value)


def _token(setup: Setup, name: str) -> str:
    good = name.replace(".forged", ".ok")
    claims = {"exp": int(time.time()) // 600 * 600 + 1200, "is": name, **setup.tokens[good]}
    return jwt.encode(
        {"alg": "HS256"}, claims, OctKey.import_key(SECRET if good == name else FORGER)
    )


def _unsigned(asked: Request) -> Request:
    """And back, so that a script may name it."""
    headers = tuple((name, _TOKEN.sub(_name, value)) for name, value in asked.headers)
    return replace(asked, headers=headers, target=_TOKEN.sub(_name, asked.target))


def _name(token: re.Match[str]) -> str:
    with suppress(ValueError, KeyError, TypeError):
        part = token[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return str(claims["is"])
    return token[0]


def _plan(setup: Setup) -> str:
    """The compiled plan; where it verifies tokens, by a key of ours. An API that answers is waited
    for as long as a busy machine may need."""
    plan = json.loads(setup.plan)
    if not setup.upstream.breaks:
        plan["guard"]["timeout"] = max(plan["guard"]["timeout"], _PATIENCE)
    if plan["guard"]["tokens"]:
        key = base64.urlsafe_b64encode(SECRET).rstrip(b"=").decode()
        plan["guard"]["tokens"].update(
            issuer="", audiences=[], algorithms=["HS256"], keys="keys.json",
            jwks={"keys": [{"kty": "oct", "k": key, "alg": "HS256"}]},
        )  # fmt: skip
    return json.dumps(plan)


# --------------------------------------------------------------------------- the engine


class _Line(Mapping[str, Any]):
    """A line of the audit, waited for when somebody looks at it, as it may take a second."""

    def __init__(self, engine: Engine, number: int) -> None:
        self._engine, self._number = engine, number

    @cached_property
    def _said(self) -> Mapping[str, Any]:
        return self._engine.audit(self._number)[self._number - 1]

    def __getitem__(self, key: str) -> Any:
        return self._said[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)


_PATIENCE = 20
"""Seconds that a look-up may take."""
_RENEWALS = 400
"""Most guards made within one engine: each declares C types anew, and a state of LuaJIT holds
65,536 of them (`table overflow`)."""


class Gateway:
    def __init__(self, setup: Setup, engine: Engine, upstream: Scripted) -> None:
        self._setup, self._engine, self._upstream = setup, engine, upstream
        self._lines = 1  # the knock
        self._renewals = 0

    def renew(self, setup: Setup) -> bool:
        """A guard that has seen nothing, for another case, in an engine whose script renews it: see
        `tests/gateway/renewal.py`. False where the case needs another engine."""
        script = "same" if _guarded(setup) == _guarded(self._setup) else self._script(setup)
        self._renewals += 1
        if script is None or self._renewals > _RENEWALS:
            return False
        assert len(self._engine.audit(self._lines)) == self._lines
        os.truncate(self._engine.deployment.audit, 0)  # engines append to it
        self._setup, self._lines = setup, 0
        self._upstream.play(setup)
        self._engine.deployment.state.unlink()
        self._lines += 1
        reply = send(self._engine.listen, request("GET", "/", f"{HEADER}: {script}"))
        assert reply.status == DONE, (reply, self._engine.log)
        return True

    def _script(self, setup: Setup) -> str | None:
        """The path of the script for another contract."""
        target, before = self._engine.target, self._engine.deployment
        if not isinstance(target, Renewable) or setup.service != self._setup.service:
            return None
        deployment = replace(before, plan=planned(_plan(setup)), observe=setup.observe)
        code = target.script(deployment)
        if code is None:
            return None
        path = before.folder / "renewed.lua"
        path.write_text(code, encoding="utf-8")
        self._engine.deployment = deployment
        return str(path)

    def exchange(self, asked: Request) -> Outcome:
        """All that became of a request."""
        self._upstream.seen.clear()
        reply = self.reply(asked)
        seen = [_unsigned(each) for each in self._upstream.seen]
        marked = [each for each in seen if each.header(MARK)]
        own = reply.header("content-type") in ("application/problem+json", None)
        skipped = (*_FRAMING, "date") if own else _FRAMING
        headers = tuple(each for each in reply.headers if each[0] not in skipped)
        return Outcome(
            Response(reply.status, headers, reply.body),
            _plain(marked[0]) if marked else None,
            [each for each in seen if not each.header(MARK)],
            _Line(self._engine, self._lines),
        )

    def reply(self, asked: Request) -> Reply:
        """What the client gets."""
        lines = [f"host: {asked.host}", f"{MARK}: 1"]
        lines += [f"{name}: {_signed(self._setup, value)}" for name, value in asked.headers]
        target = _signed(self._setup, asked.target)
        sent = request(asked.method, target, *lines, body=asked.body)
        self._lines += 1
        return send(self._engine.listen, sent, head=asked.method == "HEAD", seconds=20)


def _plain(forwarded: Request) -> Request:
    """What the guard decided, without what an HTTP client adds of its own."""
    added = (MARK, "host", "connection", "content-length", "transfer-encoding")
    headers: Headers = tuple(each for each in forwarded.headers if each[0] not in added)
    if (forwarded.header("connection") or "").lower() == "upgrade":
        headers = (*headers, ("connection", "Upgrade"))
    return replace(forwarded, headers=headers)


def _guarded(setup: Setup) -> tuple[str, str, bool]:
    """What a guard is made of."""
    return setup.plan, setup.service, setup.observe


KEPT = 2
"""Engines of a kind, as files about tokens and limits of a body take turns with those without."""


class Engines:
    """Of each engine the last, which serve on for a contract that needs no other files of them."""

    def __init__(self) -> None:
        self._kept: dict[str, list[tuple[ExitStack, Gateway]]] = {}
        self.started = 0

    @contextmanager
    def serve(self, target: EngineTarget, setup: Setup) -> Iterator[Gateway]:
        """A guard of its own for a case; a case that fails, or ends connections, or denies a caller
        from the start of an engine on, leaves no engine to the next."""
        kept = self._kept.setdefault(target.name, [])
        renewed = (each for each in kept if not setup.denied and each[1].renew(setup))
        if (own := next(renewed, None)) is not None:
            kept.remove(own)
        else:
            while len(kept) >= KEPT:
                kept.pop()[0].close()
            self.started += 1
            stack = ExitStack()
            own = stack, stack.enter_context(gateway(Renewable(target), setup))
        try:
            yield own[1]
        except BaseException:
            own[0].close()
            raise
        if setup.denied or setup.upstream.breaks:
            own[0].close()
        else:
            kept.insert(0, own)

    def close(self) -> None:
        for stack, _ in (each for kept in self._kept.values() for each in kept):
            stack.close()
        self._kept.clear()


@contextmanager
def gateway(target: EngineTarget, setup: Setup, **more: Json) -> Iterator[Gateway]:
    """`more` are fields of the deployment."""
    upstream = Scripted(setup)
    environ = {SERVICE: setup.service, KEY: AUDIT_KEY.decode()}
    try:
        with start(
            target,
            _plan(setup),
            upstream.url,
            environ,
            validate=False,
            observe=setup.observe,
            denied={who: time.time() + ends - START for who, ends in setup.denied.items()},
            service_env=SERVICE if setup.service else "",
            audit_key_env=KEY,
            **more,
        ) as engine:
            yield Gateway(setup, engine, upstream)
    finally:
        upstream.close()

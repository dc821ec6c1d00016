"""Whatever an API does with what it is sent, all that was there before a run is as it was, or is
named in the report.

Writes are done and answered with an error, ignored, done by halves, answered with another status,
late, or with another object's name. `HARMLESS=20` draws so many behaviours for each API.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response

from oakum.scan.run import Scan
from oakum_catalogue import entries
from oakum_catalogue.kit import Entry, Json
from tests.catalogue.play import hasty, options_of, serving
from tests.scan import market

RUNS = int(os.environ.get("HARMLESS", "2"))
NAMES = os.environ.get(
    "HARMED", "p12-wardens p12-stalls p12-skippers p12-lessons p15-runners p16-flights market"
)
ENTRIES = {each.name: each for each in (*entries().values(), market.ENTRY)}
HOW = (
    "done and 500", "done and 404", "done and 200", "refused", "ignored", "ignored and 500",
    "by halves", "late", "renamed", "done and empty",
)  # fmt: skip
pytestmark = pytest.mark.server


class Fickle:
    """An app that does with each write what is drawn for it; reads are answered as they are.

    `often`: the share of writes with which it does anything of its own. Logins are left in peace.
    """

    def __init__(self, inner: Starlette, rng: random.Random, often: float) -> None:
        self.inner, self.rng, self.often = inner, rng, often
        self.log: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path", "")
        writes = scope["type"] == "http" and scope["method"] not in ("GET", "HEAD")
        plain = any(word in path for word in ("login", "session", "auth", "token", "search"))
        if not writes or plain or self.rng.random() >= self.often:
            await self.inner(scope, receive, send)
            return
        how = self.rng.choice(HOW)
        self.log.append(f"{scope['method']} {path}: {how}")
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if how == "by halves":
            body = halved(body)
        if how == "refused":
            await Response(status_code=403)(scope, receive, send)
            return
        if how.startswith("ignored"):
            code = 500 if how.endswith("500") else 204
            await Response(status_code=code)(scope, receive, send)
            return
        await self._done(scope, body, how, send)

    async def _done(self, scope: Any, body: bytes, how: str, send: Any) -> None:
        sent: list[Any] = []

        async def given() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def keep(message: Any) -> None:
            sent.append(message)

        await self.inner(scope, given, keep)
        status = sent[0]["status"]
        content = b"".join(each.get("body", b"") for each in sent[1:])
        head = {k.decode(): v.decode() for k, v in sent[0]["headers"] if k != b"content-length"}
        if how.startswith("done and ") and how.split()[-1].isdigit():
            status, content = int(how.split()[-1]), b""
        elif how == "done and empty":
            content = b""
        elif how == "renamed":
            content = renamed(content)
        elif how == "late":
            await asyncio.sleep(0.05)
        await Response(b"" if status == 204 else content, status, head)(scope, given, send)


def halved(body: bytes) -> bytes:
    """A body of which the last member is lost."""
    try:
        value = json.loads(body)
    except ValueError:
        return body.rpartition(b"&")[0] or body
    if isinstance(value, dict) and len(value) > 1:
        value.popitem()
    return json.dumps(value).encode()


def renamed(content: bytes) -> bytes:
    """An answer with other keys than the object has."""
    try:
        value = json.loads(content)
    except ValueError:
        return content

    def walk(at: Any) -> Any:
        if isinstance(at, dict):
            return {k: "0" if k.lower().endswith("id") else walk(v) for k, v in at.items()}
        return [walk(each) for each in at] if isinstance(at, list) else at

    return json.dumps(walk(value)).encode()


def lost(before: Json, after: Json, at: str = "") -> list[str]:
    """Places at which something is not as it was; what is new beside it is listed apart."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            place
            for key, value in before.items()
            for place in (
                lost(value, after[key], f"{at}/{key}") if key in after else [f"{at}/{key}"]
            )
        ]
    if isinstance(before, list) and isinstance(after, list):
        return [] if all(each in after for each in before) else [at]
    return [] if before == after else [at]


@pytest.mark.parametrize("turn", range(RUNS))
@pytest.mark.parametrize("name", NAMES.split())
def test_what_was_there_before_is_as_it_was_or_is_named(
    name: str, turn: int, tmp_path: Path
) -> None:
    entry: Entry = ENTRIES[name]
    rng = random.Random(f"{name} {turn}")
    policy = entry.write(tmp_path, 1)
    app = entry.app("leaky" if rng.random() < 0.7 else "fixed", 1)
    before = copy.deepcopy(app.state.db)
    fickle = Fickle(app, rng, rng.choice((0.1, 0.3, 0.6)))
    with serving(fickle) as target:  # type: ignore[arg-type]
        report = Scan(options_of(entry, policy, target), lambda event: None, sleep=hasty).report()
    left, story = report.writes.left, "\n".join((*fickle.log, *report.distrust))
    gone = lost(before, app.state.db)
    assert not gone or left, f"{gone} is not told\n{story}"
    assert app.state.db == before or left, f"something new is not told\n{story}"
    assert report.writes.undone + len(left) >= report.writes.changes - len(report.distrust), story
    assert {*left} <= {*report.distrust, *report.notes}, story

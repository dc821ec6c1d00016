"""An entry of the catalogue served on loopback and scanned, as a person would."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oakum.finding import Finding, Report
from oakum.scan.options import Options
from oakum.scan.run import Scan
from oakum_catalogue.kit import Entry, Json, Mode
from tests.patience import patient


@dataclass
class Played:
    """What a scan of an entry said, and what it left behind."""

    report: Report
    before: Json
    after: Json


def whole(app: ASGIApp) -> ASGIApp:
    """Reads a request to its end before the app sees it: uvicorn hangs up on who is answered
    before, and a client on a busy machine may be so late with a body."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        come: list[Message] = []
        while scope["type"] == "http" and (not come or come[-1].get("more_body")):
            come.append(await receive())

        async def again() -> Message:
            return come.pop(0) if come else await receive()

        await app(scope, again, send)

    return asked


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The address of an app on loopback, until the block ends."""
    server = uvicorn.Server(
        uvicorn.Config(
            whole(app),
            port=0,
            log_level="critical",
            lifespan="off",
            ws="websockets-sansio",
            timeout_keep_alive=600,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=patient(10))


def play(
    entry: Entry,
    mode: Mode,
    seed: int,
    folder: Path,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> Played:
    """Serve, scan with the options that the entry names, and compare all that lasts. `around`: what
    is put before the API."""
    policy = entry.write(folder, seed)
    app = entry.app(mode, seed)
    before = copy.deepcopy(app.state.db)
    with serving(around(app)) as target:
        report = Scan(options_of(entry, policy, target), lambda event: None, sleep=hasty).report()
    return Played(report, before, app.state.db)


def options_of(entry: Entry, policy: Path, target: str) -> Options:
    """The options that an entry names, and no rate to speak of."""
    words = [each.replace("{target}", target) for each in entry.options]
    twins = tuple(after for word, after in pairwise(words) if word == "--twin")
    pages = tuple(after for word, after in pairwise(words) if word == "--front-end")
    return Options(
        policy,
        target,
        policy.parent / "identities.yaml",
        rate=1000,
        budget=2000,
        allow_own_settings="--allow-own-settings" in words,
        allow_writes="--allow-writes" in words,
        twins="--twins" in words,
        twin=twins,
        front_end=pages,
    )


def hasty(seconds: float) -> None:
    """Waits for a moment in place of seconds: what these APIs change is shown at once, or never."""
    time.sleep(min(seconds, 0.02))


def missed(entry: Entry, findings: tuple[Finding, ...]) -> list[str]:
    """Truths of a leaky entry that no finding names with the verdict that is due."""
    return [
        f"{each.resource}.{field} to {viewer} at {each.endpoint}"
        for each in entry.truth
        for field in each.fields
        for viewer in each.viewers
        if not any(
            (found.resource, found.field, found.viewer) == (each.resource, field, viewer)
            and found.verdict == each.verdict
            and any(
                f"{endpoint.method} {endpoint.path}".startswith(each.endpoint)
                for endpoint in found.endpoints
            )
            for found in findings
        )
    ]


def invented(entry: Entry, findings: tuple[Finding, ...]) -> list[str]:
    """Findings that are none of an entry's truths."""
    return [
        f"{found.rule} ({found.verdict}): {found.resource}.{found.field} to {found.viewer}"
        f" at {', '.join(f'{endpoint.method} {endpoint.path}' for endpoint in found.endpoints)}"
        for found in findings
        if not any(
            each.resource == found.resource
            and found.field in each.fields
            and found.viewer in each.viewers
            for each in entry.truth
        )
    ]

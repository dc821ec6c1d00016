"""The application: one of three stages over the same people."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from socket import AF_INET, IPPROTO_TCP, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from cadence.describe import describe
from cadence.endpoints import classes, follows, graph, links, people, session, workouts
from cadence.endpoints.page import add_page
from cadence.store import opened
from cadence.world import Stage, World

SERVICE_KEY = "CADENCE_SERVICE_KEY"
"""The environment variable with the key of a gateway in front; empty or absent: there is none."""


def create_app(stage: Stage, members: int = 200, seed: int = 1, service_key: str = "") -> FastAPI:
    """The API at one stage of its history: "1" before the report, "2" after the silent half
    of a fix, "fixed" as it should have been. The personas and `members` made-up people use it.

    Who sends `service_key` as `x-service-key` is a gateway: in every stage it reads profiles,
    settings, workouts, follows and blocks of anybody, whether they have revoked their link, and
    classes, and nothing else.
    """
    app = FastAPI(title="Cadence", version="1.0.0", docs_url=None, redoc_url=None)
    app.state.world = World(opened(members, seed), stage, service_key)
    for endpoints in (session, people, follows, workouts, links, classes, graph):
        app.include_router(endpoints.router)
    add_page(app)
    app.add_exception_handler(RequestValidationError, _not_as_documented)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


async def _not_as_documented(_: Request, __: Exception) -> JSONResponse:
    # FastAPI's own answer repeats what was sent.
    return JSONResponse({"detail": "the request is not as documented"}, 400)


def bound(port: int) -> socket:
    """A socket of 127.0.0.1 for `serve`; port 0 picks a free one. Raises `OSError` when taken."""
    # asyncio only switches Nagle's delay off (40 ms an answer) where the protocol is named.
    listening = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)
    listening.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.close()
        raise
    return listening


def serve(
    stage: Stage,
    listening: socket,
    members: int = 200,
    seed: int = 1,
    service_key: str | None = None,
) -> None:
    """Run a stage until interrupted, and say on standard error where it is.

    The key of a gateway in front is that of `CADENCE_SERVICE_KEY` unless it is given.
    """
    key = os.environ.get(SERVICE_KEY, "") if service_key is None else service_key
    app = create_app(stage, members, seed, key)
    host, port = listening.getsockname()
    listening.listen()  # who reads the address may come at once
    sys.stderr.write(f"cadence, stage {stage}, on http://{host}:{port}\n")
    with suppress(KeyboardInterrupt):
        # Nobody waits for the end of a feed.
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        uvicorn.Server(config).run([listening])

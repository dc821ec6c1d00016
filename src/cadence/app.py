"""The application: one of three stages over the same people."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from cadence.describe import describe
from cadence.doors import classes, follows, people, session, workouts
from cadence.doors.page import add_page
from cadence.store import opened
from cadence.world import Stage, World


def create_app(stage: Stage, members: int = 200, seed: int = 1) -> FastAPI:
    """The API at one stage of its history: "1" before the report, "2" after the silent half
    of a fix, "fixed" as it should have been. The personas and `members` made-up people use it.
    """
    app = FastAPI(title="Cadence", version="1.0.0", docs_url=None, redoc_url=None)
    app.state.world = World(opened(members, seed), stage)
    for doors in (session, people, follows, workouts, classes):
        app.include_router(doors.router)
    add_page(app)
    app.add_exception_handler(RequestValidationError, _not_as_documented)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app


async def _not_as_documented(_: Request, __: Exception) -> JSONResponse:
    # FastAPI's own answer repeats what was sent.
    return JSONResponse({"detail": "the request is not as documented"}, 400)


def serve(
    stage: Stage, port: int, members: int = 200, seed: int = 1, host: str = "127.0.0.1"
) -> None:
    """Run a stage until interrupted."""
    uvicorn.run(create_app(stage, members, seed), host=host, port=port, log_level="warning")

"""The members' page, which hides in the browser what the API sends."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

_PAGE = Path(__file__).parent.parent / "page"
_ONLY_OWN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/")
async def page() -> FileResponse:
    return FileResponse(_PAGE / "index.html", headers={"content-security-policy": _ONLY_OWN})


def add_page(app: FastAPI) -> None:
    app.include_router(router)
    app.mount("/page", StaticFiles(directory=_PAGE))

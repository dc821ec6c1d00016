"""Pages of one file, opened from the disk: nothing may be said, asked or loaded by any."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from playwright.sync_api import Browser, Page


class Opens(Protocol):
    """Opens the text of a page."""

    def __call__(
        self, html: str, *, width: int = 1280, dark: bool = False, anchor: str = ""
    ) -> Page: ...


@contextmanager
def opening(browser: Browser, folder: Path) -> Iterator[Opens]:
    """At the end all pages are closed, and fail the test if one was not quiet."""
    contexts, wrong = [], list[str]()
    file = folder / "page.html"

    def opened(html: str, *, width: int = 1280, dark: bool = False, anchor: str = "") -> Page:
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("dialog", lambda dialog: wrong.append(f"dialog: {dialog.message}"))
        page.on(
            "request",
            lambda request: (
                wrong.append(f"loaded: {request.url}")
                if not request.url.startswith((file.as_uri(), "data:"))
                else None
            ),
        )
        page.goto(f"{file.as_uri()}{anchor}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []

"""Drives pages in a browser, once plain and once instrumented; the only module that opens one.

The instrumented load counts only if it behaved like the plain one: the same text on the page, the
same requests, the same errors. If it did not, a second plain load tells whether the page behaves
the same twice at all.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from oakum.errors import InputError, Location, OakumError, Problem, TargetError, install_hint
from oakum.frontend.script_copy_tracking import HELPER
from oakum.frontend.script_replacement import Follower
from oakum.frontend.usage import Load, ReceivedResponse

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

How = Literal["plain", "watched", "followed"]
"""`plain`: uninstrumented; `watched`: reads are recorded; `followed`: scripts are also rewritten so
that copies are tracked."""
Steps = Callable[["Page"], None]
"""What to do with a fresh page: open addresses, log in, click."""
_BROWSERS = (
    # the same engine without a user interface: it takes 40 % of the CPU time
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
)
_QUIET = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_PARTS = ("record", "track", "copies", "answers", "page")


def _instrument(name: str, workers: frozenset[str]) -> str:
    """The source of the instrument: `name` is its global function in a page, `workers` the URLs of
    worker scripts."""
    folder = Path(__file__).parent / "instrument"
    values = {"NAME": name, "HELPER": HELPER, "WORKERS": sorted(workers)}
    constants = [f"const {key} = {json.dumps(value)};" for key, value in values.items()]
    parts = [(folder / f"{part}.js").read_text(encoding="utf-8") for part in _PARTS]
    return "\n".join(["(() => {", '"use strict";', *constants, *parts, "})();"])


_MOST = 64 << 20
"""How many bytes of a response body are kept."""
_UNREAD = 2.0
"""Seconds to wait for the end of a response that has begun."""
_UNQUIET = 15.0
"""Seconds to wait for a page that never stops changing."""


@dataclass
class DrivenPages:
    """What one drive through the pages received, and how the pages looked. Holds values."""

    load: Load
    words: list[str]
    requests: Counter[str]
    complaints: Counter[str]
    workers: frozenset[str]
    """URLs of the workers' scripts."""

    def differs(self, other: DrivenPages) -> tuple[str, ...]:
        """In what two drives differ, in words that quote nothing of the pages."""
        failed = [each["failures"] for load in (self.load, other.load) for each in load.told]
        pairs = (
            ("what the instrument can do", 0, sum(failed)),
            ("the words on the page", self.words, other.words),
            ("the requests", self.requests, other.requests),
            ("the errors and messages of its console", self.complaints, other.complaints),
        )
        return tuple(what for what, mine, its in pairs if mine != its)


@dataclass  # not frozen: Playwright sets an attribute on the object whose method is a handler
class _Watch:
    """Records the requests, responses and console messages of one browser context."""

    name: str
    follower: Follower | None = None
    heard: list[ReceivedResponse] = field(default_factory=list)
    told: dict[float, dict[str, Any]] = field(default_factory=dict)
    """Document → the latest record of the instrument in it."""
    requests: Counter[str] = field(default_factory=Counter)
    complaints: Counter[str] = field(default_factory=Counter)
    waiting: dict[Request, float] = field(default_factory=dict)
    """Request → until when to wait for its response: a response that no script reads never
    finishes."""
    pages: list[Page] = field(default_factory=list)
    workers: set[str] = field(default_factory=set)

    def listen(self, context: BrowserContext) -> None:
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("requestfinished", self._on_finish)
        context.on("requestfailed", self._on_failure)
        context.on("page", self._on_page)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self._add_complaint(f"error {error.error}"))

    def _on_page(self, page: Page) -> None:
        self.pages.append(page)
        page.on("worker", lambda worker: self.workers.add(worker.url.split("#")[0]))

    def _on_console(self, message: ConsoleMessage) -> None:
        # the instrument's record of a page that is being closed
        if message.text.startswith(self.name):
            self._take(json.loads(message.text.removeprefix(self.name)))
        else:
            self._add_complaint(f"{message.type} {message.text}")

    def _take(self, told: dict[str, Any]) -> None:
        self.told[told["document"]] = told

    def _add_complaint(self, words: str) -> None:
        self.complaints[words] += 1

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("blob", "data"):
            return  # its URL is new in each load, so two loads cannot be compared by it
        self.waiting[request] = math.inf
        self.requests[f"{request.method} {parts.netloc}{parts.path}"] += 1

    def _on_response(self, response: Response) -> None:
        if response.request in self.waiting:
            self.waiting[response.request] = time.monotonic() + _UNREAD

    def _on_failure(self, request: Request) -> None:
        self.waiting.pop(request, None)
        self._miss(request)

    def _miss(self, request: Request) -> None:
        """Counts a response whose body is not available, such as a stream."""
        if request.resource_type in ("fetch", "xhr"):
            self.heard.append(ReceivedResponse(request.method, request.url.split("#")[0], 0, b""))

    def _on_finish(self, request: Request) -> None:
        from playwright.sync_api import Error

        try:
            if request.resource_type in ("document", "fetch", "xhr", "other"):
                self._hear(request)
        except Error:
            self._miss(request)  # the page was closed in the meantime, or there is no body
        finally:
            self.waiting.pop(request, None)

    def _hear(self, request: Request) -> None:
        response = request.response()
        if response is None or 300 <= response.status < 400:
            return
        posted = (request.post_data_buffer or b"").decode("utf-8", "replace")
        document = request.resource_type == "document"
        url = response.url.split("#")[0]
        as_it_came = self.follower.pages.get(url) if document and self.follower else None
        body = response.body()[:_MOST] if as_it_came is None else as_it_came
        is_json = "json" in response.headers.get("content-type", "")
        # JSON without a body was read as a blob, which the browser does not keep
        status = response.status if body or not is_json else 0
        asked = {} if document else request.all_headers()
        self.heard.append(
            ReceivedResponse(request.method, url, status, body, posted, document, asked)
        )

    def settle(self, quiet: float) -> None:
        """Waits until the page sends no requests and no longer changes."""
        deadline, since, last = time.monotonic() + _UNQUIET, time.monotonic(), ""
        while time.monotonic() < deadline:
            waiting = sum(until > time.monotonic() for until in self.waiting.values())
            now = f"{waiting} {self.words()}"
            if now != last or waiting:
                since, last = time.monotonic(), now
            elif time.monotonic() - since >= quiet:
                return
            self.pages[0].wait_for_timeout(20)

    def words(self) -> list[str]:
        """The title and visible text of each open page."""
        found = (_evaluate(page, _WORDS) for page in self.pages if not page.is_closed())
        return [each for each in found if each is not None]

    def collect(self) -> None:
        """Takes the instrument's records from all open documents and workers; requests that never
        finished count as missed."""
        for request in list(self.waiting):
            self._on_failure(request)
        pages = [page for page in self.pages if not page.is_closed()]
        for where in (each for page in pages for each in (*page.frames, *page.workers)):
            told = _evaluate(where, f"globalThis[{self.name!r}]?.()")
            if told:
                self._take(told)


_WORDS = "`${document.title}\\n${document.body?.innerText ?? ''}`"


def _evaluate(where: Any, expression: str) -> Any:
    from playwright.sync_api import Error

    try:
        return where.evaluate(expression)
    except Error:
        return None  # the page is navigating


def browser_path() -> str:
    """Path of the default browser; empty if none is installed."""
    return next(filter(None, map(shutil.which, _BROWSERS)), "")


@contextmanager
def open_browser(executable: str = "") -> Iterator[Browser]:
    """A headless browser. Raises `InputError` if Chromium or a package of the extra is missing."""
    try:
        import tree_sitter  # noqa: F401
        import tree_sitter_javascript  # noqa: F401
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        hint = install_hint("front-end")
        raise InputError(
            [Problem(Location("observe front-end"), f"needs `{error.name}`", hint)]
        ) from None
    found = executable or browser_path()
    if not found:
        hint = "apt-get install chromium-headless-shell, or pass `--browser FILE`"
        raise InputError([Problem(Location(""), "Chromium is not installed", hint)])
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    if not shutil.which(found):
        problem = Problem(Location(found), "cannot be started: it is not a program")
        raise InputError([problem])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*_QUIET, *sandbox])
        try:
            yield browser
        finally:
            browser.close()


def drive(
    browser: Browser,
    steps: Steps,
    *,
    how: How,
    target: str,
    quiet: float,
    workers: frozenset[str] = frozenset(),
) -> DrivenPages:
    """Drives the pages once in a separate context, without cookies or caches of other drives."""
    context = browser.new_context(base_url=target, service_workers="block")
    name = f"__{secrets.token_hex(8)}"
    script = _instrument(name, workers if how == "followed" else frozenset())
    follower = Follower(script, workers) if how == "followed" else None
    watch = _Watch(name, follower)
    try:
        watch.listen(context)
        if how != "plain":
            context.add_init_script(script)
        page = context.new_page()
        if follower:
            follower.attach(page)
            follower.attach_workers(context)
            context.on("page", follower.attach)
        steps(page)
        watch.settle(quiet)
        watch.collect()
        scripts = (follower.followed, follower.left) if follower else (0, 0)
        load = Load(tuple(watch.heard), tuple(watch.told.values()), *scripts)
        return DrivenPages(
            load, watch.words(), watch.requests, watch.complaints, frozenset(watch.workers)
        )
    finally:
        context.close()


def load_address(url: str) -> Steps:
    """Steps that load one URL; a page that does not load raises `TargetError`."""

    def steps(page: Page) -> None:
        from playwright.sync_api import Error

        try:
            page.goto(url)
        except Error as error:
            said = str(error).split("\n")[0].partition(" at ")[0]
            raise TargetError(f"`{url}` cannot be opened: {said}") from None

    return steps


def load_script(file: Path) -> Steps:
    """Steps that call `drive(page)` of a user's script. Raises `InputError` for a file
    without it."""
    try:
        code = compile(file.read_bytes(), str(file), "exec")
    except OSError as error:
        said = f"cannot be read: {error.strerror}"
        raise InputError([Problem(Location(str(file)), said)]) from None
    except (SyntaxError, ValueError) as error:
        at = Location(str(file), getattr(error, "lineno", 0) or 0, getattr(error, "offset", 0) or 0)
        raise InputError(
            [Problem(at, "is not valid Python", "write a function `drive(page)`")]
        ) from None

    names: dict[str, Any] = {"__name__": "oakum_script", "__file__": str(file)}
    with _blame_script(file):
        exec(code, names)
    found = names.get("drive")
    if not callable(found):
        hint = 'write `def drive(page): page.goto("/")`'
        raise InputError([Problem(Location(str(file)), "has no function `drive`", hint)])

    def steps(page: Page) -> None:
        with _blame_script(file):
            found(page)

    return steps


@contextmanager
def _blame_script(file: Path) -> Iterator[None]:
    """Turns an error in the user's script into one with its line. The message is dropped, since it
    may quote a page."""
    try:
        yield
    except OakumError:
        raise
    except Exception as error:  # noqa: BLE001 - code of the user's may raise anything
        trace = traceback.extract_tb(error.__traceback__)
        lines = [each.lineno or 0 for each in trace if each.filename == str(file)]
        at = Location(str(file), lines[-1], 1) if lines else Location(str(file))
        said = f"the script ended with {type(error).__name__}"
        raise TargetError(f"{at}: {said}; run it alone to see why") from None


@dataclass(frozen=True)
class WatchedLoad:
    """An instrumented load, or why it does not count."""

    load: Load | None
    why: str = ""


def watch(browser: Browser, steps: Steps, target: str, quiet: float) -> WatchedLoad:
    """Drives pages once plain and once instrumented. The instrumented load counts if both behave
    alike; otherwise the pages are loaded once more with unmodified scripts."""

    def once(how: How, workers: frozenset[str] = frozenset()) -> DrivenPages:
        return drive(browser, steps, how=how, target=target, quiet=quiet, workers=workers)

    plain = once("plain")
    seen = once("followed", plain.workers)
    if not plain.differs(seen):
        return WatchedLoad(seen.load)
    again = once("plain")  # a second plain load shows whether the page differs by itself
    if not again.differs(seen):
        return WatchedLoad(seen.load)
    if unsteady := plain.differs(again):
        return WatchedLoad(
            None, f"differs from load to load, even without observation, in {_and(unsteady)}"
        )
    unfollowed = once("watched")  # without rewritten scripts: do they cause the difference?
    if not plain.differs(unfollowed):
        left = replace(unfollowed.load, left=seen.load.followed + seen.load.left)
        return WatchedLoad(left)
    return WatchedLoad(
        None, f"behaves differently under observation, in {_and(plain.differs(unfollowed))}"
    )


def _and(words: tuple[str, ...]) -> str:
    return " and in ".join(words)

"""Replaces the scripts that a page loads with instrumented ones.

Only scripts, and those within a page's HTML, are replaced, never a response of the API. A script
that is protected by a hash (subresource integrity, a policy with hashes) or cannot be parsed is
left as it is, and counted.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from oakum.frontend.script_copy_tracking import rewritten, rewritten_page

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, CDPSession, Page, Route

_HASHED = re.compile(r"sha(?:256|384|512)-")
_META = re.compile(rb"<meta\b[^>]*content-security-policy[^>]*sha(?:256|384|512)-", re.I)
_SEALED = re.compile(rb"<(?:script|link)\b[^>]*\bintegrity\s*=[^>]*>", re.I)
_ADDRESS = re.compile(rb"""\b(?:src|href)\s*=\s*["']?([^"'\s>]+)""", re.I)
_PATTERNS = [{"resourceType": kind, "requestStage": "Response"} for kind in ("Document", "Script")]
_OF_THE_BODY = ("content-length", "content-encoding", "transfer-encoding")


@dataclass
class Follower:
    """Rewrites the scripts that the pages of one browser context load."""

    instrument: str
    """Source that runs in a worker before its own script; pages get it from the browser."""
    workers: frozenset[str] = frozenset()
    """URLs of the workers' scripts."""
    pages: dict[str, bytes] = field(default_factory=dict, repr=False)
    """URL of a page → its HTML before rewriting."""
    followed: int = 0
    left: int = 0
    """Number of scripts that were left as they are."""
    _sealed: set[str] = field(default_factory=set)

    def attach(self, page: Page) -> None:
        """Rewrites what this page loads from now on."""
        session = page.context.new_cdp_session(page)
        session.on("Fetch.requestPaused", partial(self._on_pause, session))
        session.send("Fetch.enable", {"patterns": _PATTERNS})

    def attach_workers(self, context: BrowserContext) -> None:
        """Rewrites what workers load; their requests do not appear in the session of a page."""
        if self.workers:
            context.route("**/*", self._on_route)

    def _on_route(self, route: Route) -> None:
        request = route.request
        by_worker = request.headers.get("referer", "") in self.workers
        if request.resource_type != "script" or not (request.url in self.workers or by_worker):
            route.continue_()
            return
        answer = route.fetch()
        made = None
        if answer.status == 200:
            head = self.instrument if request.url in self.workers else ""
            made = self._script(request.url, answer.body(), head)
        route.fulfill(response=answer, body=answer.body() if made is None else made)

    def _on_pause(self, session: CDPSession, event: dict[str, Any]) -> None:
        from playwright.sync_api import Error

        try:
            made = self._rewrite_body(session, event)
            if made is None:
                session.send("Fetch.continueRequest", {"requestId": event["requestId"]})
                return
            kept = [
                each
                for each in event["responseHeaders"]
                if each["name"].lower() not in _OF_THE_BODY
            ]
            answer = {
                "requestId": event["requestId"],
                "responseCode": event["responseStatusCode"],
                "responseHeaders": kept,
                "body": base64.b64encode(made).decode(),
            }
            session.send("Fetch.fulfillRequest", answer)
        except Error:
            pass  # the page has been closed

    def _rewrite_body(self, session: CDPSession, event: dict[str, Any]) -> bytes | None:
        if event.get("responseStatusCode") != 200:
            return None
        got = session.send("Fetch.getResponseBody", {"requestId": event["requestId"]})
        body = base64.b64decode(got["body"]) if got["base64Encoded"] else got["body"].encode()
        url = event["request"]["url"].split("#")[0]
        headers = {each["name"].lower(): each["value"] for each in event["responseHeaders"]}
        if event["resourceType"] == "Document":
            return self._page(url, body, headers)
        return self._script(url, body)

    def _page(self, url: str, body: bytes, headers: dict[str, str]) -> bytes | None:
        if "html" not in headers.get("content-type", ""):
            return None
        self.pages[url] = body
        for tag in _SEALED.findall(body):
            address = _ADDRESS.search(tag)
            if address:
                self._sealed.add(urljoin(url, address[1].decode("utf-8", "replace")))
        if _HASHED.search(headers.get("content-security-policy", "")) or _META.search(body):
            self.left += 1
            return None
        made, followed, left = rewritten_page(body)
        self.followed += followed
        self.left += left
        return made if followed else None

    def _script(self, url: str, body: bytes, head: str = "") -> bytes | None:
        made = None if url in self._sealed else rewritten(body, head)
        self.followed += made is not None
        self.left += made is None
        return made

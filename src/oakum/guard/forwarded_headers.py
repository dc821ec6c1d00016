"""Which credentials and cookies of a request are forwarded, and a request without credentials."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from oakum.policy.model import Guarding
from oakum.routing.allowed_headers import onward, with_cookies
from oakum.routing.caller_and_relation_lookups import Credential
from oakum.routing.caller_credentials import NONE, RequestCredentials
from oakum.routing.content_type import with_media_type
from oakum.routing.http_messages import Headers, HttpRequest
from oakum.routing.route import with_query, without


@dataclass(frozen=True)
class ForwardedHeaders:
    """Decides which credentials are forwarded, by the document and the contract's `guard`."""

    credentials: tuple[Credential, ...]
    guard: Guarding

    def places(self, where: Literal["header", "cookie", "query"]) -> set[str]:
        """Names of declared credentials in one part of the request."""
        return {each.name for each in self.credentials if each.where == where}

    @property
    def names(self) -> set[str]:
        """Lower-case names of headers that carry credentials, or cookies named in the contract."""
        cookies = self.places("cookie") or self.guard.cookies
        return self.places("header") | ({"cookie"} if cookies else set())

    def jar(
        self, headers: Headers, declared: Collection[str] = (), held: RequestCredentials = NONE
    ) -> Headers:
        """The headers, with only those cookies that document or contract name, and without
        credentials that nobody has verified (`RequestCredentials.dropped`)."""
        dropped = held.names_dropped("header")
        headers = tuple(h for h in headers if h[0] == "cookie" or h[0] not in dropped)
        if "cookie" in self.places("header") - dropped:
            return headers
        more = self.guard.cookies or ()
        named = {*self.places("cookie"), *more, *declared} - held.names_dropped("cookie")
        return with_cookies(headers, named)

    def without_credentials(self, asked: HttpRequest, query: str, *, raw: bool) -> HttpRequest:
        """A copy of a request without any credentials; `raw`: its response is forwarded unread."""
        secret = {"cookie", "authorization", *self.places("header")}
        kept = onward(asked, self.guard, (), raw=raw)
        kept = kept if raw else with_media_type(kept, "")
        headers = tuple((name, value) for name, value in kept if name not in secret)
        rest = without(query, self.places("query"))
        return replace(asked, target=with_query(asked.target, rest), headers=headers)

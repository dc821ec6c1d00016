"""Parameters by which a request selects data, such as a tenant, apart from path and credentials.

A look-up's result is valid only for requests with the same conditions. So the look-up is sent with
the conditions of the request, and they are part of the key under which its result is cached.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from oakum.guard.compiled.lookup_selection import LookupSelection, Place
from oakum.guard.compiled.tenants_in_bodies_and_queries import names_tenant
from oakum.http.octets import sha256_of_texts
from oakum.routing.allowed_headers import for_this_hop
from oakum.routing.caller_credentials import cookies
from oakum.routing.http_messages import Denial, Headers, HttpRequest
from oakum.routing.route import decoded_name


@dataclass(frozen=True)
class SelectionParameters:
    """The selecting parameters to send with a look-up."""

    headers: Headers = ()
    cookies: tuple[str, ...] = ()
    query: tuple[str, ...] = ()
    """`name=value` pieces of the query, as received."""

    def without(self, places: Collection[tuple[str, str]]) -> SelectionParameters:
        """These parameters without some headers and cookies."""
        headers = tuple(each for each in self.headers if ("header", each[0]) not in places)
        named = ((each.partition("=")[0], each) for each in self.cookies)
        cookies = tuple(each for name, each in named if ("cookie", name) not in places)
        return SelectionParameters(headers, cookies, self.query)

    def merge_into(self, query: str) -> str:
        """A look-up's query with these parameters added; those of the request override defaults."""
        names = {_base(each) for each in self.query}
        own = [each for each in query.split("&") if each and decoded_name(each) not in names]
        return "&".join((*own, *self.query))


@dataclass(frozen=True)
class Conditions:
    """The conditions of one request: what it selects data by."""

    host: str = ""
    headers: Headers = field(default=(), repr=False)
    cookies: Headers = field(default=(), repr=False)
    query: tuple[str, ...] = field(default=(), repr=False)
    path: tuple[str, ...] = ()
    """Path templates up to the tenant, as in `LookupSelection.path`."""
    unsaid: bool = False
    """Whether the request names the tenant where no look-up can repeat it."""
    shaping: frozenset[Place] = frozenset()
    """Those of its parameters that may leave out of a response what it would show."""

    @property
    def key(self) -> str:
        """SHA-256 of the conditions, to compare them without storing them."""
        parts = [self.host, *(part for pair in self.headers for part in pair), ""]
        parts += [*(part for pair in self.cookies for part in pair), "", *self.query]
        return sha256_of_texts(parts)

    @property
    def beside(self) -> tuple[tuple[str, str], ...]:
        """(`header NAME` or `cookie NAME`, value) pairs."""
        headers = ((f"header {name}", value) for name, value in self.headers)
        return (*headers, *((f"cookie {name}", value) for name, value in self.cookies))

    def parameters_for(self, look: LookupSelection) -> SelectionParameters | None:
        """The parameters for a look-up of an operation; None if it must not be sent, since a
        required parameter is missing or a condition cannot be repeated."""
        if not look.caller and (self.unsaid or not {*self.path}.issubset(look.paths)):
            return None
        if not {_base(each) for each in self.query}.isdisjoint(look.unclear):
            return None
        query = tuple(each for each in self.query if _base(each) in look.query)
        sent = {
            *(("header", name) for name, _ in self.headers),
            *(("cookie", name) for name, _ in self.cookies),
            *(("query", _base(each)) for each in query),
        }
        if not sent.issuperset(look.needed):
            return None
        only = {(each.where, each.name) for each in look.supplied if each.only}
        more = [e for e in look.supplied if e.only or (e.where, e.name) not in sent]
        return SelectionParameters(
            (
                *(each for each in self.headers if ("header", each[0]) not in only),
                *((each.name, each.value) for each in more if each.where == "header"),
                ("x-forwarded-host", self.host),
            ),
            (
                *(f"{n}={value}" for n, value in self.cookies if ("cookie", n) not in only),
                *(f"{each.name}={each.value}" for each in more if each.where == "cookie"),
            ),
            query,
        )


def conditions(asked: HttpRequest, query: str, selection: LookupSelection) -> Conditions:
    """The conditions of a request of an operation; `query`: what is forwarded of its query.

    Raises `Denial` for a cookie that servers may read differently.
    """
    ends_here = for_this_hop(asked)
    headers = [
        (name, value)
        for name in selection.headers
        if name not in ends_here
        for value in asked.values(name)
    ]
    cookie = "" if "cookie" in ends_here else "; ".join(asked.values("cookie"))
    found = {name: cookies(cookie, name) for name in selection.cookies if cookie}
    if any(len(values) > 1 for values in found.values()):
        raise Denial(400, "unreadable")
    pieces = [each for each in query.split("&") if each and _base(each) in selection.query]
    said = {("header", name) for name, _ in headers} | {("query", _base(each)) for each in pieces}
    said |= {("cookie", name) for name, values in found.items() if values}
    return Conditions(
        asked.host,
        tuple(headers),
        tuple((name, value) for name, values in found.items() for value in values),
        tuple(pieces),
        selection.path,
        names_tenant(asked, query, selection),
        frozenset(said.intersection(selection.shaping)),
    )


def _base(piece: str) -> str:
    """The name of a parameter, without a member's name in brackets."""
    return decoded_name(piece).partition("[")[0]

"""Asks as a page of an origin that nobody can trust: `untrusted-origin-allowed`."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.exchange import Response
from oakum.exposure.checks.untrusted_origin_allowed import RULE
from oakum.exposure.endpoints.probes import Probe
from oakum.scan.coverage.untested import Section
from oakum.scan.engine import Engine
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import fill
from oakum.scan.technique import Line, Prospect

HOW = "origin"
RULES: frozenset[str] = frozenset({RULE.id})
OPENS_WAYS = False

_ORIGINS = {"https://oakum.invalid": "any site", "null": "the origin `null`"}
"""Origins that nobody can trust, and what pages of them are called. RFC 6761, 6.4: there is no host
below `invalid`."""


def run(engine: Engine) -> None:
    """Asks each GET that showed an identity its own once more, as a page of an untrusted origin."""
    engine.say("asking as a page of another origin")
    cookies = [who for who in engine.identities.names() if _has_cookie(engine, who)]
    if not cookies:
        engine.results.note_gap(RULE.id, "no identity logs in with a cookie", Section.RULES)
        return
    asked = False
    for probe in list(engine.state.probes):
        plain = probe.operation.method == "GET" and not (probe.how or probe.query or probe.batch)
        if plain and not is_spent(engine.context.pace):
            asked |= _ask(engine, probe, cookies)
    if not asked:
        engine.results.note_gap(
            RULE.id, "no identity with a cookie was shown anything of its own", Section.RULES
        )


def foresee(prospect: Prospect) -> Iterator[Line]:
    """One line for all; nothing is sent by identities without a cookie."""
    if any(probe.operation.method == "GET" and probe.shows for probe in prospect.probes):
        yield {
            "as": "an identity that logs in with a cookie",
            "request": f"each GET that showed it its own, with `Origin: {'` or `'.join(_ORIGINS)}`",
            "why": "whether pages of any site may read it",
        }


def _ask(engine: Engine, probe: Probe, cookies: list[str]) -> bool:
    """Asks as the first identity that was shown anything private of its own; whether it did."""
    shown = ((who, engine.most_private(probe.id, who)) for who in cookies)
    viewer, about = next(((who, found) for who, found in shown if found), ("", None))
    asked = False
    for origin, pages in _ORIGINS.items() if about is not None else ():
        way = probe.otherwise(HOW, headers={"origin": origin})
        filled = fill(way, engine.target, engine.knowledge, viewer if probe.personal else None)
        pace = engine.context.pace
        if about is None or filled is None or (pace and pace.spares(filled.request)):
            break
        answer, asked = engine.send(way, viewer, filled), True
        if not _heeds_origins(answer):
            break
        if _lets_in(answer, origin):
            engine.tell(
                HOW, way, viewer, engine.kind(None, viewer).label, answer,
                f"pages of {pages} may read it with the cookie of whoever opens them",
                filled=filled, about=about, own=True,
                doubt="whether browsers send the cookie from other sites is unknown (`SameSite`)",
            )  # fmt: skip
            break
    return asked


def _has_cookie(engine: Engine, viewer: str) -> bool:
    """Whether a browser sends the login by itself."""
    lines = engine.context.credentials(viewer)
    return any(line.partition(":")[0].strip().lower() == "cookie" for line in lines)


def _heeds_origins(answer: Response) -> bool:
    """Whether an answer looks as if it could be another for pages of another origin."""
    vary = answer.headers.get("vary", "").lower()
    return "origin" in vary or any(n.startswith("access-control-") for n in answer.headers)


def _lets_in(answer: Response, origin: str) -> bool:
    """Whether a page of this origin may read the answer to a request with credentials (Fetch,
    "CORS check")."""
    return (
        answer.ok
        and answer.headers.get("access-control-allow-origin", "").strip() == origin
        and answer.headers.get("access-control-allow-credentials", "").strip() == "true"
    )

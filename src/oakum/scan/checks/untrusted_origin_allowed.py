"""`untrusted-origin-allowed`: pages of any site may read personal responses with one's cookie.

It cannot know whether browsers send the cookie from another site: its `SameSite` decides. So it
suspects, and proves nothing.
Remedy: name the trusted origins in `Access-Control-Allow-Origin`, never the one that asks, or `null`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oakum.exchange import Response
from oakum.exposure.endpoints import Probe
from oakum.rules import Rule
from oakum.scan.checks.leak import Leak, whose
from oakum.scan.limits import is_spent
from oakum.scan.requests.builder import fill
from oakum.scan.rule_stories import Story

if TYPE_CHECKING:  # whoever names findings loads no engine
    from oakum.scan.engine import Engine
    from oakum.scan.technique import Line, Prospect

RULE = Rule(
    "untrusted-origin-allowed", "API8:2023", ("CWE-942",), "medium",
    {"CWE-942": "Permissive Cross-domain Security Policy with Untrusted Domains"},
)  # fmt: skip

STORY = Story(
    "A response with personal data lets pages of any site read it with the cookie of whoever opens them.",
    "Whoever is logged in and opens such a page hands it what the API shows them, without a click.",
    None,
    (
        "answer `Access-Control-Allow-Origin` from a fixed list of trusted origins, never with the `Origin` that asks, and never with `null`",
        "send `Access-Control-Allow-Credentials: true` only where pages of another origin need the login",
        "set `SameSite=Lax` or `Strict` on the session cookie",
    ),
    "cannot",
    "CORS headers of the API's own responses pass unchanged.",
    ("Fetch standard, 3.3 (CORS protocol)", "RFC 6454, 7.3"),
)  # fmt: skip

REFERENCE = """
*API8:2023 · CWE-942*

**Finds** responses with personal data to a caller who logs in with a cookie that have `Access-Control-Allow-Credentials: true` and name
in `Access-Control-Allow-Origin` whatever origin asks, or `null`, which any page in a sandboxed frame has. The scan asks each `GET` that
showed such a caller something of their own once more, with the `Origin` of a site that cannot exist, and if that is not let in but the
response has headers of CORS or `Vary: Origin`, with `null`.

**Cannot know** whether a browser sends the cookie from a page of another site (`SameSite`), so the finding is at most *suspected*. Nor
which other origins are let in, such as each whose name ends like a trusted one.

**Remedy**: a fixed list of trusted origins, without `null`.

**Example**: `GET /me` with `Origin: https://oakum.invalid` has `Access-Control-Allow-Origin: https://oakum.invalid`.
"""

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
        engine.state.untested(RULE.id, "no identity logs in with a cookie")
        return
    asked = False
    for probe in list(engine.state.probes):
        plain = probe.operation.method == "GET" and not (probe.how or probe.query or probe.batch)
        if plain and not is_spent(engine.context.pace):
            asked |= _ask(engine, probe, cookies)
    if not asked:
        engine.state.untested(RULE.id, "no identity with a cookie was shown anything of its own")


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


def matches(leak: Leak) -> bool:
    """Found by asking as a page of another origin, and by nothing else."""
    return leak.only(HOW)


def title(leak: Leak) -> str:
    """One sentence: whose data, and by which pages."""
    return f"a web page of another site may read {whose(leak)}: {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "answer `Access-Control-Allow-Origin` from a fixed list of trusted origins, never with the `Origin` that asks, and never with `null`"

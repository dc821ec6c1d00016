"""`untrusted-origin-allowed`: pages of any site may read personal responses with the user's cookie.

Limits: whether browsers send the cookie from another site depends on its `SameSite`. So findings
are *suspected*, never proven.
Remedy: name the trusted origins in `Access-Control-Allow-Origin`, and never echo the request's
`Origin`, or `null`.
"""

from __future__ import annotations

from oakum.exposure.leak_severity import Leak, whose
from oakum.exposure.rule_documentation import Story
from oakum.rules import Rule

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

**Limits**: the finding is at most *suspected*, since the `SameSite` attribute of the cookie decides whether a browser sends it from a page of
another site. Other origins that the API may allow, such as any whose name ends like a trusted one, are not tested.

**Remedy**: a fixed list of trusted origins, without `null`.

**Example**: `GET /me` with `Origin: https://oakum.invalid` has `Access-Control-Allow-Origin: https://oakum.invalid`.
"""


def matches(leak: Leak) -> bool:
    """Whether only a request with a foreign `Origin` showed it."""
    return leak.only("origin")


def title(leak: Leak) -> str:
    """One sentence: whose data pages of which origins can read."""
    return f"a web page of another site may read {whose(leak)}: {leak.says}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "answer `Access-Control-Allow-Origin` from a fixed list of trusted origins, never with the `Origin` that asks, and never with `null`"

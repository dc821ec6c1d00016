"""`cacheable-personal-data`: headers allow shared caches to store personal responses.

Limits: there may be no such cache, so findings are *suspected*, never proven.
Remedy: `Cache-Control: private` or `no-store` (RFC 9111, 5.2.2.5 and 5.2.2.7), or `Vary`.
"""

from __future__ import annotations

from oakum.exposure.leak_severity import Leak, whose
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("cacheable-personal-data", "API8:2023", ("CWE-525", "CWE-524"), "medium")

STORY = Story(
    "A response for one caller tells shared caches to keep it for everybody.",
    "It does no harm until such a cache is in front: then the next reader gets the response for the previous one.",
    Incident(
        "Steam", "2015",
        "a cache configured in a hurry showed account pages of strangers, with addresses and partial card numbers, to 34,000 users within 90 minutes",
    ),
    (
        "send `Cache-Control: private, no-store` with every personal answer",
        "if a response must be cached, list in `Vary` the headers that identify callers",
        "give each response its own `ETag`, never the same for two readers",
    ),
    "partly",
    "it replaces the header: responses with personal data are sent as `no-store`, whatever the API says.",
    ("RFC 9111, 3.5 and 4.1", "RFC 9110, 8.8.3 and 12.5.5"),
)  # fmt: skip

REFERENCE = """
*API8:2023 · CWE-525, CWE-524*

**Finds** responses with personal data that tell shared caches to keep them for everybody: `public` or `s-maxage`, or any age if the
request had no `Authorization`, and a `Vary` that does not name what identifies callers. It also finds one strong `ETag` on two responses
of one address whose governed values differ (a number of the request beside them is no difference), unless `private`, `no-store` or `Vary`
keeps shared caches from mixing them up. The scan reads this from the responses it already has.

**Limits**: the finding is at most *suspected*, since there may be no such cache.

**Remedy**: `Cache-Control: private, no-store`; else `Vary`, and an `ETag` for each text.

**Example**: `GET /me` with `Cache-Control: public, max-age=60`.
"""


def matches(leak: Leak) -> bool:
    """Whether the headers of a response with personal data let shared caches store it."""
    return leak.only("kept")


def title(leak: Leak) -> str:
    """One sentence: whose response may be served to others."""
    return f"a shared cache may hand out {whose(leak)}: {leak.says}"


def advice(leak: Leak) -> str:
    """The fix for this leak in the API, as one sentence: it replaces the first step of `STORY.fix`."""
    return "send `Cache-Control: private, no-store`; or list in `Vary` the headers that identify callers, and give each response its own `ETag`"

"""`cross-user-cache`: a cache serves one caller a response that was made for another.

Limits: it does not tell which cache between client and API it is. A leak of the API itself is
excluded by the same request with a query that no cache has stored: its response does not leak.
Remedy: `Cache-Control: private, no-store` (RFC 9111, 5.2.2) on every response with personal data.
"""

from oakum.exposure.leak_severity import Leak, describe_extent, which, who
from oakum.exposure.rule_documentation import Incident, Story
from oakum.rules import Rule

RULE = Rule("cross-user-cache", "API8:2023", ("CWE-524", "CWE-525"))

STORY = Story(
    "A cache gives one caller the response for another.",
    "No attack is needed: every reader sees the account of the previous caller.",
    Incident(
        "Klarna", "2021",
        "for 31 minutes users of the app saw strangers' accounts, because a cache kept personal responses",
    ),
    (
        "send `Cache-Control: private, no-store` with every personal response",
        "include what identifies callers in the cache key: `Authorization`, the session cookie",
        "never let a cache rule depend only on the end of a path (`.css`, `.js`)",
    ),
    "partly",
    "it filters responses from a cache behind it like any others: an object that names its owner is reduced for everybody else. It cannot recognise a wrong response about `me` that names no owner. Caches in front of it keep no personal data: responses are sent as `no-store`.",
    ("RFC 9111, 3.5, 5.2.2.5 and 5.2.2.7",),
)  # fmt: skip

REFERENCE = """
*API8:2023 · CWE-524, CWE-525*

**Finds** a response made for one caller that a cache hands to another. It is gone if the same request has a query that the cache has not
seen, and it is back if the owner reads first.

**Limits**: the rule does not tell which cache between client and API it is.

**Remedy**: `Cache-Control: private, no-store` on personal responses; a cache key that includes the caller.

**Example**: the bill of whoever asked first, for twenty seconds.
"""


def matches(leak: Leak) -> bool:
    """Whether the leak disappears when the cache is bypassed."""
    return leak.only("cache")


def title(leak: Leak) -> str:
    """One sentence: who receives which field of another caller."""
    return f"{who(leak)} gets {describe_extent(leak)} from a shared cache{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change, and where."""
    return "send `Cache-Control: private, no-store` with personal responses, and include what identifies callers in the cache key: `Authorization`, the session cookie"

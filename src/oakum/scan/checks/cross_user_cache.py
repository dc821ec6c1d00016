"""`cross-user-cache`: a cache serves one caller a response that was made for another.

It cannot know which cache on the way it is. It was told from a leak of the API itself by asking
the same with a query that no cache has seen: then nothing leaks.
Remedy: `Cache-Control: private, no-store` (RFC 9111, 5.2.2) on every personal answer.
"""

from oakum.rules import Rule
from oakum.scan.checks.leak import Leak, seen, which, who
from oakum.scan.stories import Incident, Story

RULE = Rule("cross-user-cache", "API8:2023", ("CWE-524", "CWE-525"))

STORY = Story(
    "A cache hands one caller the answer that was made for another.",
    "Nobody has to attack: every reader is shown the account of whoever asked before.",
    Incident(
        "Klarna", "2021",
        "for 31 minutes users of the app saw accounts of strangers, since a cache kept personal"
        " answers",
    ),
    (
        "send `Cache-Control: private, no-store` with every personal answer",
        "let the cache's key hold what tells callers apart: `Authorization`, the session"
        " cookie",
        "let no rule of a cache go by the end of a path (`.css`, `.js`) alone",
    ),
    "partly",
    "it judges what comes out of a cache behind it like any answer: an object that names its"
    " owner is cut down for everybody else. A bare answer about `me` it cannot tell from the"
    " right one. In front of it no cache keeps a personal answer: they go out as `no-store`.",
    ("RFC 9111, 3.5, 5.2.2.5 and 5.2.2.7",),
)  # fmt: skip

REFERENCE = """
*API8:2023 · CWE-524, CWE-525*

**Finds** a response made for one caller that a cache hands to another. It is gone if the same request has a query that the cache has not
seen, and it is back if the owner reads first.

**Cannot know** which cache on the way it is.

**Remedy**: `Cache-Control: private, no-store` on personal responses; a cache key that includes the caller.

**Example**: the bill of whoever asked first, for twenty seconds.
"""


def matches(leak: Leak) -> bool:
    """The leak disappears when the cache is bypassed."""
    return leak.only("cache")


def title(leak: Leak) -> str:
    """One sentence: who is handed what of whom."""
    return f"{who(leak)} is handed {seen(leak)} by a shared cache{which(leak)}"


def advice(leak: Leak) -> str:
    """What to change, and where."""
    return (
        "send `Cache-Control: private, no-store` with personal answers, and key the cache by what"
        " tells callers apart: `Authorization`, the session cookie"
    )

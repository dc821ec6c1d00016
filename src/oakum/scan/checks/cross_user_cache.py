"""`cross-user-cache`: a cache serves one caller a response that was made for another.

It cannot know which cache on the way it is. It was told from a leak of the API itself by asking
the same with a query that no cache has seen: then nothing leaks.
Remedy: `Cache-Control: private, no-store` (RFC 9111, 5.2.2) on every personal answer.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, seen, which, who

RULE = RULES["cross-user-cache"]


def matches(leak: Leak) -> bool:
    """Gone when the same is asked past the cache."""
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

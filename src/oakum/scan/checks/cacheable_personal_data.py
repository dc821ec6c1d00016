"""`cacheable-personal-data`: headers allow shared caches to store personal responses.

It cannot know whether such a cache stands anywhere: so it suspects, and proves nothing.
Remedy: `Cache-Control: private` or `no-store` (RFC 9111, 5.2.2.5 and 5.2.2.7), or `Vary`.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak, whose

RULE = RULES["cacheable-personal-data"]


def matches(leak: Leak) -> bool:
    """The headers of a personal answer say so."""
    return leak.only("kept")


def title(leak: Leak) -> str:
    """One sentence: whose answer may be handed to others."""
    return f"a shared cache may hand out {whose(leak)}: {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return (
        "send `Cache-Control: private, no-store`; or name in `Vary` what tells callers apart, and"
        " give each text an `ETag` of its own"
    )

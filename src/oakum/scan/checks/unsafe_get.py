"""`unsafe-get`: a GET without a login creates or deletes data, by its own words.

It cannot know whether it really does, for it is never called: *suspected* at most.
Remedy: take it out of what is deployed, or ask for a login, a role and a method that is not safe.
"""

from oakum.rules import RULES
from oakum.scan.checks.leak import Leak

RULE = RULES["unsafe-get"]


def matches(leak: Leak) -> bool:
    """Read in the document."""
    return leak.only("wipe")


def title(leak: Leak) -> str:
    """One sentence: what anybody may do."""
    return f"anybody can change everybody's data with a read: {leak.says}"


def advice(leak: Leak) -> str:
    """What to change in the API."""
    return "leave it out of production; else ask for a role, and for POST (RFC 9110, 9.2.1)"
